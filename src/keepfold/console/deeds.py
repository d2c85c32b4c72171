"""What the console audit says about entries: topics, names, and sealed details in words."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from keepfold import packs
from keepfold.gate import known_actions
from keepfold.kernel import ids
from keepfold.kernel.errors import KeepfoldError
from keepfold.ledger.types import EntryView
from keepfold.people import queries as people
from keepfold.people.types import Deed, Who
from keepfold.ui import components as ui
from keepfold.ui import say

OPERATOR = "operator"
MOST_NAMED = 500
# What can be asked for, by the beginnings of actions' names.
TOPICS: Mapping[str, tuple[str | Promise, tuple[str, ...]]] = {
    "signing-in": (_("Signing in"), ("people.session.", "people.password.", "people.factor.", "people.link.")),
    "people": (_("Staff and roles"), ("people.staff.", "people.role.", "people.owner.")),
    "clients": (_("API clients"), ("people.client.",)),
    "policy": (_("Policy"), ("policy.",)),
    "customers": (_("Customers and consents"), ("vault.record.", "vault.erasure.", "consent.")),
    "imports": (_("Imports"), ("intake.", "demo.")),
    "running": (_("Running Keepfold"), ("console.", "site.", "kernel.", "vault.keys.", "vault.index.", "ledger.")),
    "looking": (_("Looked at something"), ()),
}


@cache
def _words() -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = tomllib.loads(packs.read_text("grants.toml"))["actions"]
    return found


@cache
def changing() -> frozenset[int]:
    """Return the numbers of the actions that change something; the others only look."""
    looking = {name for name, entry in _words().items() if entry.get("looks")}
    return frozenset(
        line.number for name, line in known_actions().items() if name not in looking and line.kind != "access"
    )


def topic_choices() -> list[tuple[str, str | Promise]]:
    """Return the topics to choose among."""
    return [(key, label) for key, (label, _beginnings) in TOPICS.items()]


def actions_of(topic: str) -> frozenset[int]:
    """Return the numbers of the actions of a topic; without one, of all that change something."""
    everything = known_actions()
    if topic == "looking":
        return frozenset(line.number for line in everything.values()) - changing()
    if topic not in TOPICS:
        return changing()
    beginnings = TOPICS[topic][1]
    return frozenset(line.number for name, line in everything.items() if name.startswith(beginnings)) & changing()


# ---------------------------------------------------------------------------------------------------------------- names


def who_choices() -> list[tuple[str, str]]:
    """Return the members of staff and the command line, to choose among."""
    rows = people.staff_rows().order_by("name").values_list("id", "name")[:MOST_NAMED]
    return [(OPERATOR, gettext("Command line")), *((ids.show("stf", one.bytes), name) for one, name in rows)]


def who_of(asked: str) -> Who | None:
    """Return whom a choice names, or None for everybody."""
    if asked == OPERATOR:
        return Who(people.OPERATOR_ID, "system")
    try:
        return Who(ids.parse("stf", asked), "staff") if asked else None
    except KeepfoldError:
        return None


def names(found: Sequence[Deed]) -> dict[bytes, str]:
    """Return the names of those who did it, by id."""
    return people.names_of(deed.who for deed in found if deed.who is not None)


def who_name(deed: Deed, known: Mapping[bytes, str]) -> str:
    """Return who did it."""
    if deed.view.actor_kind == "system":
        return gettext("Command line")
    if deed.view.actor_kind == "anonymous":
        return gettext("Not signed in")
    if deed.who is None:
        return gettext("A member of staff")
    return known.get(deed.who, gettext("A member of staff"))


def label(view: EntryView) -> str:
    """Return what was done, in the reader's language."""
    language = (get_language() or "en").partition("-")[0]
    unknown = gettext("Something that this version does not know")
    return view.label.get(language) or view.label.get("en") or unknown


# -------------------------------------------------------------------------------------------------------------- details

# What the details of an entry may tell, in this order, and what it is called.
_TOLD: Mapping[str, str | Promise] = {
    "actor": _("Who"),
    "roles": _("In the roles"),
    "at_ms": _("When"),
    "staff": _("Member of staff"),
    "of": _("Whose deeds"),
    "client": _("API client"),
    "name": _("Name"),
    "role": _("Role"),
    "actions": _("Grants"),
    "purposes": _("Purposes"),
    "purpose": _("Purpose"),
    "version": _("Policy version"),
    "with": _("By way of"),
    "overlap_s": _("Overlap in seconds"),
    "revoked": _("Clients that ended"),
    "sessions": _("Sessions that ended"),
    "index": _("Entry"),
    "file": _("Taken out as a file"),
    "rows": _("Rows"),
    "job": _("Job"),
    "delivery": _("Delivery"),
    "reason": _("Reason"),
    "refusal": _("Why it was refused"),
    "rules": _("Rules"),
}


def told(details: Mapping[str, Any]) -> list[ui.Pair]:
    """Return the details of an entry as facts with names; what is not known by name stays as it is written."""
    more = details.get("more") or {}
    facts = {**details, **(more if isinstance(more, Mapping) else {})}
    # The roles of the actor, and those that were given, share a name.
    given = more.get("roles") if isinstance(more, Mapping) else None
    if given is not None:
        facts["roles"] = details.get("roles", [])
    shown = [ui.Pair(name, _value(key, facts[key])) for key, name in _TOLD.items() if _tells(facts.get(key))]
    return shown + ([ui.Pair(_("Roles then"), _value("roles", given) or gettext("None"))] if given is not None else [])


def _tells(value: Any) -> bool:
    return value is not None and value not in ("", [], ())


def _value(key: str, value: Any) -> str:
    if key == "at_ms":
        return say.moment_text(datetime.fromtimestamp(value / 1000, UTC), "full")
    if key in {"actor", "staff", "client", "of"}:
        return named(str(value))
    if key in {"roles", "role"}:
        return ", ".join(_role(str(one)) for one in (value if isinstance(value, list) else [value]))
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def named(text: str) -> str:
    """Return the name behind a public id of a member of staff or a client, with the id."""
    prefix = text.partition("_")[0]
    if prefix == "sys":
        return gettext("Command line")
    try:
        raw = ids.parse(prefix, text) if prefix in {"stf", "cli"} else b""
    except KeepfoldError:
        return text
    found = people.names_of([raw]).get(raw) if raw else None
    return f"{found} ({text})" if found else text


def _role(name: str) -> str:
    role = people.roles().get(name)
    if role is None:
        return name
    language = (get_language() or "en").partition("-")[0]
    return role.label.get(language) or role.label.get("en") or name
