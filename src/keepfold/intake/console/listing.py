"""The table of imports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from keepfold.gate import Actor
from keepfold.intake import actions, queries
from keepfold.intake.console import words
from keepfold.intake.types import Held
from keepfold.kernel import ids
from keepfold.people import queries as people
from keepfold.ui import tables

IMPORTS = tables.Table(
    key="imports",
    caption=_("Imports"),
    columns=(
        tables.Column("label", _("Source")),
        tables.Column("state", _("State"), kind="badge"),
        tables.Column("kind", _("Kind"), rank=3),
        tables.Column("who", _("By"), rank=3),
        tables.Column("sealed", _("Sealed"), kind="number", rank=2),
        tables.Column("refused", _("Refused"), kind="number", rank=2),
        tables.Column("at", _("Begun"), kind="moment"),
    ),
    empty=(
        _("Nothing was imported yet"),
        _(
            "Bring in the customers that you already have: from a file, or straight from a database. "
            "Nothing is stored before you have seen a dry run."
        ),
    ),
)


def source_for(actor: Actor) -> tables.Source:
    """Return the source of the imports that somebody may know of."""

    def source(query: tables.Query) -> tables.Slice:
        seen = tables.cursor_values(query.after, int, str) if query.after else None
        before = (seen[0], bytes.fromhex(seen[1])) if seen and _is_hex(seen[1]) else None
        rows = queries.imports(actor, before, query.limit + 1)
        names = people.names_of({held.owner for held in rows})
        # One way only: back is the browser's own.
        return tables.slice_of(rows, query, _cursor, lambda held: _row(held, names))._replace(before="")

    return source


def _is_hex(text: str) -> bool:
    try:
        return len(bytes.fromhex(text)) == 16
    except ValueError:
        return False


def _cursor(held: Held) -> str:
    return tables.cursor(held.created_us, held.id.hex())


def _row(held: Held, names: Mapping[bytes, str]) -> dict[str, Any]:
    run = queries.run(held.run) if held.run else None
    return {
        "label": queries.words_of(held).label,
        "href": reverse("import_run", args=[ids.show(actions.PREFIX, held.id)]),
        "state": words.state(held.state),
        "kind": words.kind(held.kind) if held.kind else "",
        "who": names.get(held.owner, ""),
        "sealed": run.tally.sealed + run.tally.partial if run else None,
        "refused": run.tally.refused if run else None,
        "at": held.created_us,
    }
