"""Nothing changes or removes what was said: triggers refuse it, whoever asks and through whatever program."""

from typing import Any

from django.db import migrations

SQLITE = (
    """
    CREATE TRIGGER consent_event_no_update BEFORE UPDATE ON consent_event
    BEGIN SELECT RAISE(ABORT, 'consent_event is append-only'); END
    """,
    """
    CREATE TRIGGER consent_event_no_delete BEFORE DELETE ON consent_event
    BEGIN SELECT RAISE(ABORT, 'consent_event is append-only'); END
    """,
)
# INSERT OR REPLACE removes a row without firing the trigger above unless recursive triggers are on; so it is refused too.
SQLITE_REPLACE = """
    CREATE TRIGGER consent_event_no_replace BEFORE INSERT ON consent_event
    WHEN EXISTS (SELECT 1 FROM consent_event WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'consent_event is append-only'); END
    """
POSTGRES = (
    """
    CREATE FUNCTION consent_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'consent_event is append-only'; END $$
    """,
    """
    CREATE TRIGGER consent_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON consent_event
    FOR EACH STATEMENT EXECUTE FUNCTION consent_event_append_only()
    """,
)


def forbid(_apps: Any, schema_editor: Any) -> None:
    """Make the triggers."""
    postgres = schema_editor.connection.vendor == "postgresql"
    for statement in POSTGRES if postgres else (*SQLITE, SQLITE_REPLACE):
        schema_editor.execute(statement)


def permit(_apps: Any, schema_editor: Any) -> None:
    """Remove the triggers, for going back to an empty installation."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER consent_event_append_only ON consent_event")
        schema_editor.execute("DROP FUNCTION consent_event_append_only()")
        return
    for name in ("update", "delete", "replace"):
        schema_editor.execute(f"DROP TRIGGER consent_event_no_{name}")


class Migration(migrations.Migration):
    dependencies = [("consent", "0001_start")]

    operations = [migrations.RunPython(forbid, permit)]
