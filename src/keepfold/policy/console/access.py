"""Who may see what: for every kind of data, which role sees it, how, and for which purposes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from keepfold.gate.grants import allows_action, allows_purpose
from keepfold.people import queries as people
from keepfold.people.types import Role
from keepfold.policy.console import words
from keepfold.policy.queries import ActivePolicy
from keepfold.ui import tables

_OPENS = ("vault.record.open", "vault.record.open_many")


def table(active: ActivePolicy) -> tables.Table:
    """Return the table's columns: the data, then every role that may open something."""
    columns = [
        tables.Column("item", _("Data")),
        *(tables.Column(role.name, words.said(role.label, "en", role.name)) for role in _roles()),
    ]
    return tables.Table(
        key="access", caption=_("Who may see what under version %(version)s") % {"version": active.version[:8]},
        columns=tuple(columns), sort="", limit=100,
    )  # fmt: skip


def source(active: ActivePolicy) -> Callable[[tables.Query], tables.Slice]:
    """Return where the rows come from."""
    found = list(_rows(active))
    return lambda _query: tables.Slice(found, total=len(found), first=1)


def _rows(active: ActivePolicy) -> Iterator[dict[str, Any]]:
    names, roles = words.Names(active.policy), _roles()
    for name in active.policy.data:
        row: dict[str, Any] = {"item": names.item(name)}
        row |= {role.name: _cell(active, names, name, role) for role in roles}
        yield row


def _cell(active: ActivePolicy, names: words.Names, item: str, role: Role) -> str:
    clear: list[str] = []
    masked: list[str] = []
    for name, purpose in active.compiled.purposes.items():
        if item in purpose.fields and allows_purpose(role.grants.purposes, name):
            shown = purpose.treatments((role.name,))[item]
            (clear if shown == "clear" else masked).append(names.purpose(name))
    parts = []
    if clear:
        parts.append(_("In full: %(purposes)s") % {"purposes": "; ".join(clear)})
    if masked:
        parts.append(_("In part: %(purposes)s") % {"purposes": "; ".join(masked)})
    return ". ".join(parts) or "–"


def _roles() -> list[Role]:
    return [role for role in people.roles().values() if any(allows_action(role.grants.actions, one) for one in _OPENS)]
