"""Who may see what: for every kind of data and every role, whether it is seen, in full or in part, and what for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from keepfold.gate.grants import allows_action, allows_purpose
from keepfold.people import queries as people
from keepfold.people.types import Role
from keepfold.policy.console import words
from keepfold.policy.queries import ActivePolicy
from keepfold.ui import components as ui
from keepfold.ui import tables

_OPENS = ("vault.record.open", "vault.record.open_many")


def table(active: ActivePolicy) -> tables.Table:
    """Return the table: a line for each kind of data and role."""
    names = words.Names(active.policy)
    return tables.Table(
        key="access",
        caption=_("Who may see what under version %(version)s") % {"version": active.version[:8]},
        columns=(
            tables.Column("item", _("Data")),
            tables.Column("role", _("Role")),
            tables.Column("shown", _("Sees"), kind="badge"),
        ),
        filters=(
            tables.Choice("role", _("Role"), tuple((role.name, _label(role)) for role in _roles())),
            tables.Choice("item", _("Data"), tuple((name, names.item(name)) for name in active.policy.data)),
        ),
        limit=100,
    )


def source(active: ActivePolicy) -> Callable[[tables.Query], tables.Slice]:
    """Return where the rows come from."""

    def rows(query: tables.Query) -> tables.Slice:
        wanted = query.filters
        found = [
            row
            for row in _rows(active)
            if wanted.get("role") in {None, row["key"]} and wanted.get("item") in {None, row["name"]}
        ]
        return tables.Slice(found, total=len(found), first=1)

    return rows


def _rows(active: ActivePolicy) -> Iterator[dict[str, Any]]:
    names = words.Names(active.policy)
    for name in active.policy.data:
        for role in _roles():
            clear, masked = _purposes(active, names, name, role)
            yield {
                "name": name,
                "key": role.name,
                "item": names.item(name),
                "note": "; ".join([*clear, *(_("%(purpose)s (in part)") % {"purpose": one} for one in masked)]),
                "role": _label(role),
                "shown": _badge(bool(clear), bool(masked)),
            }


def _purposes(active: ActivePolicy, names: words.Names, item: str, role: Role) -> tuple[list[str], list[str]]:
    """Return for which purposes a role sees a kind of data in full, and in part."""
    clear: list[str] = []
    masked: list[str] = []
    for name, purpose in active.compiled.purposes.items():
        if item in purpose.fields and allows_purpose(role.grants.purposes, name):
            shown = purpose.treatments((role.name,))[item]
            (clear if shown == "clear" else masked).append(names.purpose(name))
    return clear, masked


def _badge(clear: bool, masked: bool) -> ui.Badge:  # noqa: FBT001  two facts
    if clear:
        return ui.Badge(_("in full"), "good")
    return ui.Badge(_("in part"), "line") if masked else ui.Badge(_("nothing"))


def _label(role: Role) -> str:
    return words.said(role.label, "en", role.name)


def _roles() -> list[Role]:
    return [role for role in people.roles().values() if any(allows_action(role.grants.actions, one) for one in _OPENS)]
