"""A running count of the people in the vault, begun with those who are there."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models


def begin(_apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.alias == "default":
        schema_editor.execute(
            "INSERT INTO vault_count (slot, people) SELECT 0, count(*) FROM vault_person HAVING count(*) > 0"
        )


class Migration(migrations.Migration):
    dependencies = [("vault", "0002_index_builds")]
    operations = [
        migrations.CreateModel(
            name="Count",
            fields=[
                ("slot", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("people", models.BigIntegerField()),
            ],
            options={"db_table": "vault_count"},
        ),
        migrations.RunPython(begin, migrations.RunPython.noop),
    ]
