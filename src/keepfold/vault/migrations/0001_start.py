"""The tables of the vault in both stores, made by hand: `WITHOUT ROWID` halves the work of a row on SQLite."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.db import migrations, models

DATA = (
    "vault_home (id SMALLINT PRIMARY KEY CHECK (id = 1), tenant BLOB NOT NULL)",
    "vault_person (id BLOB NOT NULL PRIMARY KEY, created_us BIGINT NOT NULL, changed_us BIGINT NOT NULL, "
    "tags BLOB NOT NULL)",
    "vault_record (person BLOB NOT NULL, compartment INTEGER NOT NULL, sealed BLOB NOT NULL, "
    "PRIMARY KEY (person, compartment))",
    "vault_index (slot BIGINT NOT NULL, tag BLOB NOT NULL, person BLOB NOT NULL, PRIMARY KEY (slot, tag, person))",
    "vault_identity (slot BIGINT NOT NULL, tag BLOB NOT NULL, person BLOB NOT NULL, PRIMARY KEY (slot, tag))",
    "vault_tombstone (mark BLOB NOT NULL PRIMARY KEY, person BLOB NULL, erased_us BIGINT NOT NULL, "
    "destroyed_us BIGINT NULL)",
)
KEYS = (
    "vault_keyring (id SMALLINT PRIMARY KEY CHECK (id = 1), tenant BLOB NOT NULL, root_kind VARCHAR(16) NOT NULL, "
    "root_id BLOB NOT NULL, salt BLOB NOT NULL, lanes INTEGER NOT NULL, memory_kib INTEGER NOT NULL, "
    "passes INTEGER NOT NULL, shards INTEGER NOT NULL, created_us BIGINT NOT NULL)",
    "vault_named_key (name VARCHAR(100) NOT NULL, version INTEGER NOT NULL, wrapped BLOB NOT NULL, "
    "created_us BIGINT NOT NULL, PRIMARY KEY (name, version))",
    "vault_shard_key (compartment INTEGER NOT NULL, shard INTEGER NOT NULL, version INTEGER NOT NULL, "
    "wrapped BLOB NOT NULL, wraps BIGINT NOT NULL, created_us BIGINT NOT NULL, "
    "PRIMARY KEY (compartment, shard, version))",
    "vault_person_key (person BLOB NOT NULL, compartment INTEGER NOT NULL, generation SMALLINT NOT NULL, "
    "shard INTEGER NOT NULL, wrapped BLOB NOT NULL, PRIMARY KEY (person, compartment, generation))",
    "vault_actor_key (actor BLOB NOT NULL PRIMARY KEY, wrapped BLOB NOT NULL)",
    "vault_shredded (mark BLOB NOT NULL PRIMARY KEY, destroyed_us BIGINT NOT NULL)",
)
OPEN_TOMBSTONES = "CREATE INDEX vault_tombstone_open ON vault_tombstone (person) WHERE person IS NOT NULL"


def create(tables: tuple[str, ...], further: tuple[str, ...] = ()) -> Callable[[Any, Any], None]:
    """Return the step that makes these tables in the dialect of the connection."""

    def step(_apps: Any, editor: Any) -> None:
        for table in tables:
            if editor.connection.vendor == "sqlite":
                editor.execute(f"CREATE TABLE {table} WITHOUT ROWID")
            else:
                editor.execute("CREATE TABLE " + re.sub(r"\bBLOB\b", "BYTEA", table))
        for statement in further:
            editor.execute(statement)

    return step


def drop(tables: tuple[str, ...]) -> Callable[[Any, Any], None]:
    """Return the step that removes them."""

    def step(_apps: Any, editor: Any) -> None:
        for table in tables:
            editor.execute(f"DROP TABLE {table.split()[0]}")

    return step


def model(name: str, table: str, *fields: tuple[str, models.Field[Any, Any]], **options: Any) -> migrations.CreateModel:
    """Return the state of one table, so that Django knows what `models.py` describes."""
    return migrations.CreateModel(name=name, fields=list(fields), options={"db_table": table, **options})


def blob(length: int | None = None, **options: Any) -> models.BinaryField[Any, Any]:
    """Return a field of bytes."""
    return models.BinaryField(max_length=length, **options)


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                model(
                    "Home",
                    "vault_home",
                    ("id", models.SmallIntegerField(primary_key=True, serialize=False)),
                    ("tenant", blob(16)),
                ),
                model(
                    "Person",
                    "vault_person",
                    ("id", blob(16, primary_key=True, serialize=False)),
                    ("created_us", models.BigIntegerField()),
                    ("changed_us", models.BigIntegerField()),
                    ("tags", blob()),
                ),
                model(
                    "Record",
                    "vault_record",
                    (
                        "pk",
                        models.CompositePrimaryKey(
                            "person", "compartment", blank=True, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("person", blob(16)),
                    ("compartment", models.IntegerField()),
                    ("sealed", blob()),
                ),
                model(
                    "IndexRow",
                    "vault_index",
                    (
                        "pk",
                        models.CompositePrimaryKey(
                            "slot", "tag", "person", blank=True, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("slot", models.BigIntegerField()),
                    ("tag", blob(8)),
                    ("person", blob(16)),
                ),
                model(
                    "Identity",
                    "vault_identity",
                    (
                        "pk",
                        models.CompositePrimaryKey(
                            "slot", "tag", blank=True, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("slot", models.BigIntegerField()),
                    ("tag", blob(8)),
                    ("person", blob(16)),
                ),
                model(
                    "Tombstone",
                    "vault_tombstone",
                    ("mark", blob(16, primary_key=True, serialize=False)),
                    ("person", blob(16, null=True)),
                    ("erased_us", models.BigIntegerField()),
                    ("destroyed_us", models.BigIntegerField(null=True)),
                    indexes=[
                        models.Index(
                            fields=["person"], name="vault_tombstone_open", condition=models.Q(person__isnull=False)
                        )
                    ],
                ),
            ],
            database_operations=[migrations.RunPython(create(DATA, (OPEN_TOMBSTONES,)), drop(DATA))],
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                model(
                    "Keyring",
                    "vault_keyring",
                    ("id", models.SmallIntegerField(primary_key=True, serialize=False)),
                    ("tenant", blob(16)),
                    ("root_kind", models.CharField(max_length=16)),
                    ("root_id", blob(16)),
                    ("salt", blob(16)),
                    ("lanes", models.IntegerField()),
                    ("memory_kib", models.IntegerField()),
                    ("passes", models.IntegerField()),
                    ("shards", models.IntegerField()),
                    ("created_us", models.BigIntegerField()),
                ),
                model(
                    "NamedKey",
                    "vault_named_key",
                    (
                        "pk",
                        models.CompositePrimaryKey(
                            "name", "version", blank=True, editable=False, primary_key=True, serialize=False
                        ),
                    ),
                    ("name", models.CharField(max_length=100)),
                    ("version", models.IntegerField()),
                    ("wrapped", blob(65)),
                    ("created_us", models.BigIntegerField()),
                ),
                model(
                    "ShardKey",
                    "vault_shard_key",
                    (
                        "pk",
                        models.CompositePrimaryKey(
                            "compartment",
                            "shard",
                            "version",
                            blank=True,
                            editable=False,
                            primary_key=True,
                            serialize=False,
                        ),
                    ),
                    ("compartment", models.IntegerField()),
                    ("shard", models.IntegerField()),
                    ("version", models.IntegerField()),
                    ("wrapped", blob(65)),
                    ("wraps", models.BigIntegerField()),
                    ("created_us", models.BigIntegerField()),
                ),
                model(
                    "PersonKey",
                    "vault_person_key",
                    (
                        "pk",
                        models.CompositePrimaryKey(
                            "person",
                            "compartment",
                            "generation",
                            blank=True,
                            editable=False,
                            primary_key=True,
                            serialize=False,
                        ),
                    ),
                    ("person", blob(16)),
                    ("compartment", models.IntegerField()),
                    ("generation", models.SmallIntegerField()),
                    ("shard", models.IntegerField()),
                    ("wrapped", blob(65)),
                ),
                model(
                    "ActorKey",
                    "vault_actor_key",
                    ("actor", blob(16, primary_key=True, serialize=False)),
                    ("wrapped", blob(65)),
                ),
                model(
                    "Shredded",
                    "vault_shredded",
                    ("mark", blob(16, primary_key=True, serialize=False)),
                    ("destroyed_us", models.BigIntegerField()),
                ),
            ],
            database_operations=[
                migrations.RunPython(create(KEYS), drop(KEYS), hints={"keepfold_database": "keys"}),
            ],
        ),
    ]
