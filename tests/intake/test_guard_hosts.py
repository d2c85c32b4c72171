"""Which servers the console may connect to: a form must not become a way into the network."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from keepfold.intake import drafts, hosts, queries
from keepfold.intake.sources.opening import Options
from keepfold.intake.types import Draft, Origin
from keepfold.kernel import db
from keepfold.kernel.errors import Invalid, NotAllowed, Unavailable
from tests.intake.importing import Importing, main_of
from tests.intake.searching import hits
from tests.support.relay import relay

USUAL = ("loopback", "private")


def answers(monkeypatch, *addresses: str) -> None:
    """Let every name stand for these addresses."""
    found = [(0, 0, 0, "", (address, 0)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: found)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.10",
        "::1",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "fd00::1",
        "::ffff:10.0.0.1",
    ],
)
def test_loopback_and_private_addresses_are_allowed_by_default(address):
    assert hosts.is_allowed(ip_address(address), "x", USUAL)


@pytest.mark.parametrize(
    "address",
    ["93.184.216.34", "172.32.0.1", "100.64.0.1", "2606:4700::1", "::ffff:93.184.216.34", "169.254.169.254", "fe80::1",
     "0.0.0.0", "::", "224.0.0.1", "ff02::1", "240.0.0.1", "255.255.255.255", "::ffff:169.254.169.254", "2002:7f00:1::", "64:ff9b::7f00:1"],
)  # fmt: skip
def test_all_else_is_not(address):
    assert not hosts.is_allowed(ip_address(address), "x", USUAL)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "fe80::1",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "::ffff:169.254.169.254",
        "2002:a9fe:a9fe::",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a9fe:a9fe",
        "fd00:ec2::254",
    ],
)
@pytest.mark.parametrize("allowed", [("any",), ("169.254.0.0/16", "0.0.0.0/0", "::/0"), ("metadata",)])
def test_where_clouds_keep_secrets_nobody_gets_whatever_the_setting_says(address, allowed):
    assert not hosts.is_allowed(ip_address(address), "metadata", allowed)


def test_networks_and_names_can_be_allowed(monkeypatch):
    assert hosts.is_allowed(ip_address("93.184.216.34"), "x", ("93.184.216.0/24",))
    assert hosts.is_allowed(ip_address("93.184.216.34"), "db.example.org", ("DB.example.org.",))
    assert not hosts.is_allowed(ip_address("93.184.216.34"), "other.example.org", ("db.example.org",))
    assert not hosts.is_allowed(ip_address("127.0.0.1"), "x", ())


def test_every_address_of_a_name_must_be_allowed(monkeypatch):
    answers(monkeypatch, "10.0.0.1", "93.184.216.34")
    with pytest.raises(NotAllowed) as refused:
        hosts.address_of("db.example.org", 5432, USUAL)
    assert refused.value.rule == "import_hosts"
    answers(monkeypatch, "10.0.0.1", "10.0.0.2")
    assert hosts.address_of("db.example.org", 5432, USUAL) == "10.0.0.1"


@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        "a b",
        "db/../x",
        "user@db",
        "db:5432",
        "http://db",
        "-db",
        "db-",
        "db..x",
        "/var/run/postgresql",
        "a" * 64,
        "db?x=1",
        "[::1]",
        "{{7*7}}",
    ],
)
def test_what_is_no_host_name_is_never_looked_up(monkeypatch, host):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: pytest.fail("looked up"))
    with pytest.raises(Invalid):
        hosts.address_of(host, 1, ("any",))


def test_an_unknown_name_is_said(monkeypatch):
    def unknown(*_a, **_k):
        raise socket.gaierror(-2, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Unavailable, match="no server of this name"):
        hosts.address_of("db.example.org", 1, ("any",))


@given(st.ip_addresses())
def test_without_any_setting_nothing_is_allowed(address):
    assert not hosts.is_allowed(address, "x", ())


def form(**changes: str) -> dict[str, str]:
    return {
        "kind": "postgresql",
        "host": "db.example.org",
        "database": "shop",
        "user": "reader",
        "password": "open sesame 4711",
        "table": "",
    } | changes


def test_the_form_says_beside_the_field_why_a_server_is_refused(installation, monkeypatch):
    answers(monkeypatch, "93.184.216.34")
    ana = Importing()
    answer = ana.browser.post("/imports/new/database", form())
    page = main_of(answer)
    assert answer.status_code == 422
    assert "The console may not connect to this server." in page
    assert "import_hosts" in page
    assert "open sesame" not in page
    assert 'value="reader"' in page
    assert db.fetch_all("default", "SELECT 1 FROM intake_import") == []


def test_a_name_that_stands_for_another_address_later_is_judged_again_and_not_connected_to(installation, monkeypatch):
    from keepfold.intake.sources import fenced

    answers(monkeypatch, "10.0.0.1")
    ana = Importing()
    ana.where = ana.browser.post("/imports/new/database", form())["Location"]
    answers(monkeypatch, "169.254.169.254")
    monkeypatch.setattr(fenced.Fenced, "open_database", lambda *_a, **_k: pytest.fail("connected"))
    ana.work()
    assert drafts.words_of(ana.held).code == "intake.host-not-allowed"


def test_the_connection_goes_to_the_address_that_was_judged(monkeypatch):
    from keepfold.intake.sources import mysql, opening, postgresql

    made = []
    monkeypatch.setattr(postgresql.Postgresql, "__init__", lambda self, url, label, **_: made.append((url, label)))
    monkeypatch.setattr(mysql.Mysql, "__init__", lambda self, url, label, **_: made.append((url, label)))
    opening.open_database("postgresql://u:p@db.example.org/shop", Options(), address="10.0.0.1")
    opening.open_database("mysql://u:p@db.example.org/shop", Options(), address="10.0.0.1")
    assert made[0][0].query["hostaddr"] == "10.0.0.1"
    assert made[1][0].host == "10.0.0.1"
    assert [label.rpartition("@")[2] for _, label in made] == [
        "postgresql://db.example.org/shop",
        "mysql://db.example.org/shop",
    ]


def test_a_password_is_never_shown_again_nor_kept_nor_lies_open(installation, monkeypatch, caplog):
    answers(monkeypatch, "127.0.0.1")
    ana = Importing()
    ana.where = ana.browser.post("/imports/new/database", form(port="1"))["Location"]
    secret = ["open sesame 4711", "open%20sesame%204711", "open+sesame+4711"]
    db.fetch_all("default", "PRAGMA wal_checkpoint(FULL)")
    assert hits(installation.home, secret) == []
    pages = [ana.page(), ana.work().page(), main_of(ana.browser.get("/imports"))]
    assert ana.held.state == "failed"
    assert (ana.held.wrapped, ana.held.draft) == (None, None)
    for part in secret:
        assert all(part not in page for page in pages)
        assert part not in caplog.text
    assert repr(Origin(url="postgresql://u:open@x/y")) == "Origin(…)"
    assert repr(Draft(origin=Origin(url="postgresql://u:open@x/y"))) == "Draft(…)"


def through_all_steps(ana: Importing, table: str, **changes: str) -> None:
    """Go from the form for databases to the end."""
    ana.where = ana.browser.post("/imports/new/database", form(**changes))["Location"]
    assert "Which table holds the customers?" in ana.work().page()
    ana.decide("table", table=table)
    assert "Each column becomes" in ana.work().page()
    ana.check()
    assert "59 rows were looked at." in ana.work().page()
    ana.decide("launch")
    ana.work()
    assert ana.held.state == "done"
    assert queries.run(ana.held.run).tally.sealed == 59
    assert not ana.held.open


@pytest.mark.postgres
def test_a_postgresql_is_chosen_mapped_and_imported_and_its_password_goes(
    installation, chinook_postgresql, monkeypatch
):
    answers(monkeypatch, "127.0.0.1")
    folder = Path(chinook_postgresql.partition("?host=")[2])
    with relay(next(folder.glob(".s.PGSQL.*[0-9]"))) as port:
        name = chinook_postgresql.rpartition("@/")[2].partition("?")[0]
        through_all_steps(Importing(), "customer", port=str(port), database=name, user="postgres", password="any")


@pytest.mark.mysql
def test_a_mariadb_is_chosen_mapped_and_imported_and_its_password_goes(installation, chinook_mysql, monkeypatch):
    answers(monkeypatch, "127.0.0.1")
    url = sa.make_url(chinook_mysql)
    with relay(Path(str(url.query["unix_socket"]))) as port:
        changes = {"database": str(url.database), "user": str(url.username), "password": str(url.password)}
        through_all_steps(Importing(), "Customer", kind="mysql", port=str(port), **changes)
