"""Which table is meant."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from keepfold.kernel.errors import Invalid, NotFound

_MOST = 500
_PEOPLE = ("customer", "client", "user", "member", "contact", "person", "people", "kunde", "patient", "account")


def choose_table(name: str | None, there: Sequence[str]) -> str:
    """Return the table to read: the named one (schema.table is taken as it is), or the only one there is.

    Raises `NotFound` with the nearest name, or `Invalid` with a list to choose from.
    """
    if name is None:
        return _only(there)
    if name in there or "." in name:
        return name
    folded = [table for table in there if table.lower() == name.lower()]
    if len(folded) == 1:
        return folded[0]
    near = get_close_matches(name.lower(), [table.lower() for table in there], n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There are: {_listed(there)}."
    raise NotFound(f"There is no table {name}.", code="intake.table-missing", next_step=hint)


def _only(there: Sequence[str]) -> str:
    if len(there) == 1:
        return there[0]
    if not there:
        raise NotFound("This database holds no table that you may read.", code="intake.no-tables")
    likely = [table for table in there if any(word in table.lower() for word in _PEOPLE)]
    raise Invalid(
        "This database holds several tables.",
        code="intake.table-unnamed",
        next_step=f"Name one with --table. {'Likely' if likely else 'There are'}: {_listed(likely or there)}.",
        tables=sorted(there)[:_MOST],
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(sorted(names)[:12])
    return f"{shown} and {len(names) - 12} more" if len(names) > 12 else shown
