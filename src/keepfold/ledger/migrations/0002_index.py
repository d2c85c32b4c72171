"""An index and tallies over entries, what an actor's entries are found by, and verifications that somebody asked for."""

from typing import Any

from django.db import migrations, models

from keepfold.ledger.classes import groups, runs, tallies

_WITHOUT_ROWID = ("ledger_index", "ledger_tally")
_PAGE = 4096


def without_rowid(_apps: Any, editor: Any) -> None:
    """Make these tables, which are empty yet, anew without row numbers on SQLite."""
    if editor.connection.vendor != "sqlite":
        return
    for table in _WITHOUT_ROWID:
        with editor.connection.cursor() as cursor:
            cursor.execute("SELECT sql FROM sqlite_master WHERE tbl_name = %s AND type = 'table'", [table])
            made = cursor.fetchone()[0]
            cursor.execute(f'DROP TABLE "{table}"')
            cursor.execute(f"{made} WITHOUT ROWID")


def entries_in_one_tree(_apps: Any, editor: Any) -> None:
    """Let the entries on SQLite lie in the order of their indexes: it pays for the trees that this migration adds."""
    if editor.connection.vendor != "sqlite":
        return
    with editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT sql FROM sqlite_master WHERE tbl_name = 'ledger_entry' AND sql IS NOT NULL ORDER BY type DESC"
        )
        table, *indexes = [row[0] for row in cursor.fetchall()]
        cursor.execute('ALTER TABLE "ledger_entry" RENAME TO "ledger_entry_before"')
        cursor.execute(f"{table} WITHOUT ROWID")
        cursor.execute(
            'INSERT INTO "ledger_entry" (log, idx, ref, body, mac, actor)'
            ' SELECT log, idx, ref, body, mac, actor FROM "ledger_entry_before" ORDER BY log, idx'
        )
        cursor.execute('DROP TABLE "ledger_entry_before"')
        for index in indexes:
            cursor.execute(index)


def fill(_apps: Any, editor: Any) -> None:
    """Enter the entries that are there already; what their actors are found by was not kept then."""
    with editor.connection.cursor() as cursor:
        after = -1
        while True:
            cursor.execute(
                "SELECT idx, body FROM ledger_entry WHERE log = 1 AND idx > %s ORDER BY idx LIMIT %s", [after, _PAGE]
            )
            page = cursor.fetchall()
            if not page:
                return
            after = page[-1][0]
            found = groups([bytes(body) for _, body in page], page[0][0])
            cursor.executemany(
                "INSERT INTO ledger_index (log, number, low, entries, packed) VALUES (1, %s, %s, %s, %s)",
                [tuple(run) for group in found for run in runs(group.number, group.indexes)],
            )
            cursor.executemany(
                "INSERT INTO ledger_tally (log, span, hour, number, entries, low, high)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (log, span, hour, number) DO UPDATE SET"
                " entries = ledger_tally.entries + excluded.entries, high = excluded.high",
                [(1, *row) for row in tallies(found)],
            )


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_start")]

    operations = [
        migrations.CreateModel(
            name="Index",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "log", "number", "low", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("log", models.IntegerField()),
                ("number", models.BigIntegerField()),
                ("low", models.BigIntegerField()),
                ("entries", models.SmallIntegerField()),
                ("packed", models.BinaryField()),
            ],
            options={"db_table": "ledger_index"},
        ),
        migrations.CreateModel(
            name="Tally",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "log", "span", "hour", "number", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("log", models.IntegerField()),
                ("span", models.SmallIntegerField()),
                ("hour", models.BigIntegerField()),
                ("number", models.BigIntegerField()),
                ("entries", models.BigIntegerField()),
                ("low", models.BigIntegerField()),
                ("high", models.BigIntegerField()),
            ],
            options={"db_table": "ledger_tally"},
        ),
        migrations.CreateModel(
            name="Verification",
            fields=[
                ("id", models.BinaryField(primary_key=True, serialize=False)),
                ("log", models.IntegerField()),
                ("state", models.SmallIntegerField()),
                ("asked_us", models.BigIntegerField()),
                ("began_us", models.BigIntegerField(null=True)),
                ("seen_us", models.BigIntegerField(null=True)),
                ("ended_us", models.BigIntegerField(null=True)),
                ("stop", models.BooleanField(default=False)),
                ("stage", models.CharField(default="", max_length=10)),
                ("done", models.BigIntegerField(default=0)),
                ("total", models.BigIntegerField(default=0)),
                ("report", models.TextField(default="")),
                ("mac", models.BinaryField(null=True)),
            ],
            options={
                "db_table": "ledger_verification",
                "indexes": [models.Index(fields=["log", "asked_us"], name="ledger_verification_asked")],
            },
        ),
        migrations.AddField(model_name="pending", name="actor", field=models.BinaryField(null=True)),
        migrations.AddField(model_name="entry", name="actor", field=models.BinaryField(null=True)),
        migrations.RunPython(without_rowid, migrations.RunPython.noop),
        migrations.RunPython(entries_in_one_tree, migrations.RunPython.noop),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
