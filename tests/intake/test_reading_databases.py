from __future__ import annotations

import socket
import sqlite3
from contextlib import closing

import psycopg
import pytest
import sqlalchemy as sa

from keepfold.intake.rules.selects import single_select
from keepfold.intake.sources.opening import Options, open_source
from keepfold.intake.types import Position
from keepfold.kernel.errors import Invalid, KeepfoldError, NotFound, Unavailable

BEGIN = Position()
WANTED = ["Email", "LastName"]


def place_of(kind, request):
    if kind == "sqlite":
        return str(request.getfixturevalue("chinook") / "chinook.sqlite")
    return request.getfixturevalue(f"chinook_{kind}")


def names_for(kind):
    return ["email", "last_name"] if kind == "postgresql" else WANTED


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.postgres),
        pytest.param("mysql", marks=pytest.mark.mysql),
    ]
)
def kind(request):
    return request.param


@pytest.fixture
def opened(kind, request):
    found = []

    def open_(**options):
        found.append(open_source(place_of(kind, request), Options(**options), {}))
        return found[-1]

    yield open_
    for source in found:
        source.close()


def everything(source, names, start=BEGIN, size=10):
    return [row for batch in source.batches(names, start, size) for row in batch.rows]


def table(kind):
    return "customer" if kind == "postgresql" else "Customer"


def test_a_customer_table_is_read_by_column_in_the_order_of_its_key(kind, opened):
    source = opened(table=table(kind))
    assert len(source.columns()) == 13
    assert source.total() == 59
    rows = everything(source, names_for(kind))
    assert [number for number, _ in rows] == list(range(1, 60))
    assert rows[0][1] == ("luisg@embraer.com.br", "Gonçalves")
    assert rows[58][1] == ("puja_srivastava@yahoo.in", "Srivastava")


def test_reading_goes_on_after_any_batch(kind, opened):
    source = opened(table=table(kind))
    names = names_for(kind)
    whole = everything(source, names)
    for batch in list(source.batches(names, BEGIN, 7)):
        assert everything(source, names, batch.after) == whole[batch.after.row :]


def test_a_query_is_read_in_the_order_of_the_natural_key(kind, opened):
    quote = {"sqlite": '"', "postgresql": "", "mysql": "`"}[kind]
    column = "country" if kind == "postgresql" else "Country"
    source = opened(query=f"SELECT * FROM {quote}{table(kind)}{quote} WHERE {column} LIKE '%razi%' -- only these\n;")
    names = names_for(kind)
    source.order_by(names[:1])
    rows = everything(source, names, size=2)
    assert len(rows) == 5
    assert [row[0] for _, row in rows] == sorted(row[0] for _, row in rows)
    assert everything(source, names, Position(2), size=2) == rows[2:]


def test_the_fingerprint_is_the_same_twice_and_another_for_another_question(kind, opened):
    first, second = opened(table=table(kind)), opened(table=table(kind))
    assert first.fingerprint() == second.fingerprint()
    other = opened(query=f"select * from {table(kind)}")
    assert other.fingerprint() != first.fingerprint()


def test_a_missing_table_is_named_with_the_nearest(kind, opened):
    with pytest.raises(NotFound) as caught:
        opened(table="Custommer")
    assert "customer" in caught.value.next_step.lower()


def test_several_tables_ask_which_one_and_offer_the_likely(kind, opened):
    with pytest.raises(Invalid) as caught:
        opened()
    assert "Likely" in caught.value.next_step
    assert "customer" in caught.value.next_step.lower()


@pytest.mark.parametrize("query", ["SELECT no_such FROM nowhere", "SELECT * FROM (SELECT"])
def test_a_query_that_the_database_refuses_is_a_clear_error(kind, opened, query):
    with pytest.raises(KeepfoldError) as caught:
        opened(query=query)
    assert caught.value.code == "intake.database-refused"


@pytest.mark.postgres
def test_a_refused_conversion_does_not_show_the_value(chinook_postgresql):
    options = Options(query="SELECT CAST(email AS integer) AS email FROM customer")
    with closing(open_source(chinook_postgresql, options, {})) as source, pytest.raises(KeepfoldError) as caught:
        everything(source, ["email"])
    assert "embraer" not in caught.value.readable()
    assert "22P02" in caught.value.readable()


def test_nothing_can_be_written_through_the_connection(kind, opened):
    source = opened(table=table(kind))
    with pytest.raises(sa.exc.DBAPIError):
        source._connection.exec_driver_sql(f"DELETE FROM {source._from()}")
    source._connection.rollback()
    assert source.total() == 59


def test_a_wrong_password_is_told_without_the_password(mariadb):
    mariadb.run("CREATE DATABASE IF NOT EXISTS shop; CREATE OR REPLACE USER carl@localhost IDENTIFIED BY 'right'")
    with pytest.raises(Unavailable) as caught:
        open_source(mariadb.url("shop", user="carl", password="wrong-secret"), Options(), {})
    assert "Access denied" in caught.value.readable()
    assert "wrong-secret" not in caught.value.readable()


def test_the_password_may_come_from_the_environment_or_a_file(mariadb, tmp_path):
    mariadb.run(
        "CREATE DATABASE IF NOT EXISTS shop; CREATE TABLE IF NOT EXISTS shop.people (id int primary key);"
        "CREATE OR REPLACE USER carl@localhost IDENTIFIED BY 'right'; GRANT SELECT ON shop.* TO carl@localhost"
    )
    url = mariadb.url("shop", user="carl").replace("carl:@", "carl@")
    secret = tmp_path / "secret"
    secret.write_text("right\n")
    for environment in ({"KEEPFOLD_IMPORT_PASSWORD": "right"}, {"KEEPFOLD_IMPORT_PASSWORD_FILE": str(secret)}):
        source = open_source(url, Options(), environment)
        assert "right" not in source.label
        source.close()
    with pytest.raises(Unavailable):
        open_source(url, Options(), {"KEEPFOLD_IMPORT_PASSWORD_FILE": str(tmp_path / "absent")})


@pytest.mark.loopback
@pytest.mark.parametrize("scheme", ["postgresql", "mysql", "mariadb"])
def test_a_server_that_is_not_there_is_a_clear_error(scheme):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"{scheme}://ana:s3cret@127.0.0.1:{unused.getsockname()[1]}/shop"
        with pytest.raises(Unavailable) as caught:
            open_source(url, Options(), {})
    assert "s3cret" not in caught.value.readable()
    assert "127.0.0.1" in caught.value.readable()


@pytest.mark.parametrize(
    "url", ["oracle://a/b", "postgresql://host", "http://example.com/x.csv", "://", "mysql://ho st:x/y"]
)
def test_an_address_of_another_kind_is_refused(url):
    with pytest.raises(Invalid, match=r"database|address"):
        open_source(url, Options(), {})


def sqlite_file(path, *statements):
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return path


def test_a_table_without_a_whole_number_key_goes_on_by_rows(tmp_path):
    path = sqlite_file(
        tmp_path / "x.db",
        'CREATE TABLE "odd name" ("e mail" TEXT PRIMARY KEY, "or""der" TEXT) WITHOUT ROWID',
        """INSERT INTO "odd name" VALUES ('c@example.com', '1'), ('a@example.com', '2'), ('b@example.com', '3')""",
    )
    with closing(open_source(str(path), Options(), {})) as source:
        assert [row for _, row in everything(source, ["e mail", 'or"der'])] == [
            ("a@example.com", "2"), ("b@example.com", "3"), ("c@example.com", "1"),
        ]  # fmt: skip
        assert everything(source, ["e mail"], Position(2)) == [(3, ("c@example.com",))]


def test_a_table_without_any_key_says_so(tmp_path):
    path = sqlite_file(tmp_path / "x.db", "CREATE TABLE t (a TEXT)", "INSERT INTO t VALUES ('x')")
    with closing(open_source(str(path), Options(), {})) as source:
        assert "no primary key" in source.notes[0]


def test_text_that_is_not_utf8_does_not_stop_the_others(tmp_path):
    path = sqlite_file(
        tmp_path / "x.db", "CREATE TABLE t (a TEXT)", "INSERT INTO t VALUES ('ok'), (CAST(x'ff41' AS TEXT))"
    )
    with closing(open_source(str(path), Options(), {})) as source:
        assert {row[0] for _, row in everything(source, ["a"])} == {"ok", "\udcffA"}


def fingerprint_of(path):
    with closing(open_source(str(path), Options(), {})) as source:
        return source.fingerprint()


def test_a_table_that_grew_has_another_fingerprint(tmp_path):
    path = sqlite_file(
        tmp_path / "x.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)", "INSERT INTO t VALUES (1, 'x')"
    )
    before = fingerprint_of(path)
    assert fingerprint_of(path) == before
    sqlite_file(path, "INSERT INTO t VALUES (2, 'y')")
    assert fingerprint_of(path) != before


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1",
        "select 'a;b' as x, \"drop\" from t; ",
        "WITH x AS (SELECT 1) SELECT * FROM x",
        "SELECT replace(name, 'a', 'b') FROM t -- into outfile",
        "SELECT `update` FROM t",
        "SELECT $x$;delete$x$",
    ],
)
def test_one_select_is_accepted(query):
    assert single_select(query).startswith(query.split()[0])


@pytest.mark.parametrize(
    ("query", "dialect"),
    [
        ("", "standard"),
        ("DELETE FROM t", "standard"),
        ("SELECT 1; DROP TABLE t", "standard"),
        ("WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone", "standard"),
        ("SELECT * INTO other FROM t", "standard"),
        ("SELECT a FROM t INTO OUTFILE '/tmp/x'", "mysql"),
        ("SELECT 1 /*!50000 INTO OUTFILE '/tmp/x' */", "mysql"),
        ("SELECT 1 /*M!100100 INTO OUTFILE '/tmp/x' */", "mysql"),
        ("SELECT 1--1 INTO OUTFILE '/tmp/x'", "mysql"),
        (r"SELECT '\'; DELETE FROM t; --'", "standard"),
        ("SELECT 1 # 2; DELETE FROM t", "standard"),
        ("EXPLAIN ANALYZE SELECT 1", "standard"),
    ],
)
def test_anything_but_one_select_is_refused(query, dialect):
    with pytest.raises(Invalid) as caught:
        single_select(query, dialect)
    assert caught.value.code.startswith("intake.query")


def test_postgres_url_of_the_fixture_is_real(chinook_postgresql):
    with psycopg.connect(chinook_postgresql) as connection:
        assert connection.execute("SELECT count(*) FROM customer").fetchone() == (59,)
