"""Running counts of where people stand and what was said, begun with what is there; and what finds the latest events."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

# Days since 1970; a status that never ends is counted under day 0.
STANDING = """
    INSERT INTO consent_count (kind, purpose, word, day, slot, number)
    SELECT 0, purpose, status, coalesce(expires_s / 86400, 0), 0, count(*) FROM consent_state
    GROUP BY purpose, status, coalesce(expires_s / 86400, 0)
"""
SAID = """
    INSERT INTO consent_count (kind, purpose, word, day, slot, number)
    SELECT 1, purpose, said, at_us / 86400000000, 0, count(*) FROM consent_event
    GROUP BY purpose, said, at_us / 86400000000
"""


def begin(_apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.alias == "default":
        schema_editor.execute(STANDING)
        schema_editor.execute(SAID)


class Migration(migrations.Migration):
    dependencies = [("consent", "0002_append_only")]
    operations = [
        migrations.CreateModel(
            name="Count",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "kind",
                        "purpose",
                        "word",
                        "day",
                        "slot",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("kind", models.SmallIntegerField()),
                ("purpose", models.IntegerField()),
                ("word", models.SmallIntegerField()),
                ("day", models.IntegerField()),
                ("slot", models.SmallIntegerField()),
                ("number", models.BigIntegerField()),
            ],
            options={"db_table": "consent_count"},
        ),
        migrations.AddIndex(
            model_name="event", index=models.Index(fields=["purpose", "id"], name="consent_event_latest")
        ),
        migrations.AddIndex(
            model_name="state",
            index=models.Index(
                condition=models.Q(("pending_s__isnull", False)),
                fields=["purpose", "pending_s"],
                name="consent_state_waiting",
            ),
        ),
        migrations.RunPython(begin, migrations.RunPython.noop),
    ]
