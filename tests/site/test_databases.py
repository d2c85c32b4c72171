"""Which databases there are, how they are opened, and which model lives where."""

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connections

from keepfold.kernel.errors import Invalid
from keepfold.site.databases import databases
from keepfold.site.router import Router, database_of


def test_two_files_in_the_home_when_nothing_else_is_said(home):
    found = databases(home=home, data_url="", keys_url="")
    assert [found[alias]["NAME"] for alias in ("default", "keys")] == [
        str(home / "data.sqlite3"),
        str(home / "keys.sqlite3"),
    ]


def test_a_url_is_taken_apart_and_its_escapes_are_undone(home):
    url = "postgresql://keep%40fold:p%2Fw@db.example:5433/vault?sslmode=verify-full"
    found = databases(home=home, data_url=url, keys_url="")["default"]
    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"]) == (
        "keep@fold",
        "p/w",
        "db.example",
        "5433",
    )
    assert found["NAME"] == "vault"
    assert found["OPTIONS"] == {"sslmode": "verify-full"}


def test_a_socket_folder_may_stand_in_the_query(home):
    found = databases(home=home, data_url="", keys_url="postgresql:///keys?host=/run/postgresql")["keys"]
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("/run/postgresql", "", "keys")


@pytest.mark.parametrize("url", ["mysql://x/y", "data.sqlite3", "postgresql://h:many/name"])
def test_an_address_of_another_kind_is_refused_without_being_repeated(home, url):
    with pytest.raises(Invalid) as refused:
        databases(home=home, data_url=url, keys_url="")
    assert "data_url" in refused.value.readable()
    assert url not in refused.value.readable()


@pytest.mark.parametrize("alias", ["default", "keys"])
def test_sqlite_is_durable_and_checks_foreign_keys(stores, alias):
    with connections[alias].cursor() as cursor:
        asked = {
            name: cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "temp_store")
        }
    assert asked == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "busy_timeout": 30_000,
        "temp_store": 2,
    }


def test_destroyed_keys_are_overwritten_at_once(stores):
    with connections["keys"].cursor() as cursor:
        assert cursor.execute("PRAGMA secure_delete").fetchone() == (1,)


def test_full_synchronous_is_the_default(home):
    assert "synchronous=FULL" in databases(home=home, data_url="", keys_url="")["default"]["OPTIONS"]["init_command"]


def test_every_model_lies_in_exactly_the_store_that_it_names(stores):
    tables = {alias: set(connections[alias].introspection.table_names()) for alias in ("default", "keys")}
    # A library brings tables that nothing here reads; those are never made.
    never_made = {label for label, migrations in settings.MIGRATION_MODULES.items() if migrations is None}
    for model in apps.get_models():
        if model._meta.app_label in never_made:
            assert not any(model._meta.db_table in there for there in tables.values())
            continue
        here = database_of(model)
        other = "keys" if here == "default" else "default"
        assert model._meta.db_table in tables[here], model
        assert model._meta.db_table not in tables[other], model


def test_keys_of_people_lie_in_the_key_store():
    assert {model.__name__ for model in apps.get_models() if database_of(model) == "keys"} >= {"PersonKey", "ShardKey"}


def test_no_relation_reaches_across_the_two_stores():
    router = Router()
    person_key, record = apps.get_model("vault", "PersonKey"), apps.get_model("vault", "Record")
    assert not router.allow_relation(person_key(), record())
    assert router.allow_relation(record(), record())


def test_raw_sql_of_a_migration_runs_in_one_store_only():
    router = Router()
    assert router.allow_migrate("default", "vault")
    assert not router.allow_migrate("keys", "vault")
    assert router.allow_migrate("keys", "vault", keepfold_database="keys")
    assert not router.allow_migrate("default", "vault", keepfold_database="keys")
