"""The question of the explainer: read from an address, and turned into one for `decide`.

An address holds names, ids, days and choices, never a customer's value. What it says wrongly is a mistake that the
page names; the question is then asked without it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import NamedTuple

import msgspec
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from keepfold import packs
from keepfold.gate.catalogue import known_actions
from keepfold.gate.console import may
from keepfold.gate.types import Actor
from keepfold.kernel import clock, ids
from keepfold.kernel.errors import Invalid, KeepfoldError
from keepfold.people import queries as people
from keepfold.policy.compile import CompiledPolicy, CompiledPurpose
from keepfold.policy.console import words
from keepfold.policy.decider import rule_of
from keepfold.policy.types import ConsentFact, ConsentStatus, PersonFacts, Question

Text = str | Promise
OPEN = "vault.record.open"
LIST_STAFF, LIST_CLIENTS = "people.staff.list", "people.client.list"
_MOST_NAMED = 300
_WORD = re.compile(r"[a-z0-9_:]{1,80}", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_NOON = timedelta(hours=12)
_FIRST, _LAST = date(2000, 1, 1), date(2200, 1, 1)

SAID: Mapping[str, Text] = {
    "": _("has said nothing about it"),
    "granted": _("has agreed to it"),
    "expired": _("agreed to it, and that has expired"),
    "withdrawn": _("has withdrawn the consent"),
    "objected": _("has objected to it"),
    "opted_out": _("has opted out of it"),
}
STATES: Mapping[str, Text] = {
    "": _("is in no special state"),
    "restricted": _("has had processing restricted"),
    "frozen": _("is frozen after an incident"),
    "erased": _("has been erased"),
}
KEPT: Mapping[str, Text] = {
    "": _("whose time has not begun"),
    "running": _("whose time is running"),
    "over": _("whose time is over"),
}


class Stated(NamedTuple):
    """A customer who does not exist: what they said about the purpose, their state, and how their time stands."""

    said: str = ""
    state: str = ""
    kept: str = ""
    gpc: bool = False


class Asked(NamedTuple):
    """The question as the address has it. `day` is None for now; `customer` is empty for one who does not exist."""

    who: str = "me"
    action: str = OPEN
    purpose: str = ""
    fields: tuple[str, ...] = ()
    customer: str = ""
    stated: Stated = Stated()
    day: date | None = None
    version: str = "active"
    against: str = ""

    def parameters(self) -> list[tuple[str, str]]:
        """Return the question for an address; what is usual is left out."""
        found = [
            ("who", "" if self.who == "me" else self.who),
            ("action", "" if self.action == OPEN else self.action),
            ("purpose", self.purpose),
            *(("field", field) for field in self.fields),
            ("customer", self.customer),
            ("said", self.stated.said),
            ("state", self.stated.state),
            ("kept", self.stated.kept),
            ("gpc", "on" if self.stated.gpc else ""),
            ("on", "" if self.day is None else self.day.isoformat()),
            ("version", "" if self.version == "active" else self.version),
            ("against", self.against),
        ]
        return [(name, value) for name, value in found if value]


def read(given: QueryDict) -> Asked:
    """Return the question in an address or a form.

    What cannot be a name or an id is dropped at once, so that nothing a page repeats is what somebody typed; an id of
    a customer that is none becomes a question mark.
    """
    return Asked(
        who=_word(given.get("who", "")) or "me",
        action=_known(given.get("action", ""), known_actions()) or OPEN,
        purpose=name_or_nothing(given.get("purpose", "")),
        fields=tuple(dict.fromkeys(name for name in given.getlist("field")[:200] if name_or_nothing(name))),
        customer=_word(given.get("customer", "").strip()) or ("?" if given.get("customer", "").strip() else ""),
        stated=Stated(
            _known(given.get("said", ""), SAID),
            _known(given.get("state", ""), STATES),
            _known(given.get("kept", ""), KEPT),
            given.get("gpc", "") == "on",
        ),
        day=_day(given.get("on", "")),
        version=_word(given.get("version", "")) or "active",
        against=_word(given.get("against", "")) or _word(given.get("draft", "")),
    )


def _known(word: str, table: Mapping[str, object]) -> str:
    return word if word in table else ""


def _word(text: str) -> str:
    return text if _WORD.fullmatch(text) else ""


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if _FIRST <= found <= _LAST else None


# ----------------------------------------------------------------------------------------------------------------- who


class Somebody(NamedTuple):
    """Who is asked about: as an actor, and what they are called."""

    actor: Actor
    name: str


def somebody(asked: Asked, viewer: Actor, own_name: str) -> Somebody:
    """Return who the question is about. Raises `Invalid` for anybody whom the viewer may not ask about, or nobody."""
    kind, _colon, name = asked.who.partition(":")
    if asked.who == "me":
        return Somebody(viewer, own_name)
    if kind == "role" and name in people.roles():
        return Somebody(as_role(name), role_name(name))
    try:
        if kind == "staff" and may(viewer, LIST_STAFF):
            return _named(people.staff_actor(ids.parse("stf", name)))
        if kind == "client" and may(viewer, LIST_CLIENTS):
            return _named(people.client_actor(ids.parse("cli", name)))
    except KeepfoldError:
        pass
    raise Invalid(gettext("There is nobody of that name whom you may ask about."), code="explain.who")


def _named(actor: Actor) -> Somebody:
    return Somebody(actor, people.names_of([actor.id]).get(actor.id, actor.name))


def as_role(name: str) -> Actor:
    """Return somebody who holds one role and nothing else."""
    grants = people.grants_of((name,))
    return Actor(kind="staff", id=bytes(16), roles=(name,), actions=grants.actions, purposes=grants.purposes)


def role_name(name: str) -> str:
    """Return what a role is called."""
    return words.said(people.roles()[name].label, "en", name)


def who_choices(viewer: Actor, own_name: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return whom the viewer may ask about, in groups."""
    me = gettext("%(name)s (me)") % {"name": own_name}
    roles = [(f"role:{name}", role_name(name)) for name in people.roles()]
    groups = [("", [("me", me)]), (gettext("Anybody in the role"), roles)]
    if may(viewer, LIST_STAFF):
        rows = people.staff_rows(active=True).order_by("name").values_list("id", "name")[:_MOST_NAMED]
        staff = [(f"staff:{ids.show('stf', one.bytes)}", name) for one, name in rows if one.bytes != viewer.id]
        groups.append((gettext("Staff"), staff))
    return [group for group in groups if group[1]]


# ------------------------------------------------------------------------------------------------------- the question


def moment_s(asked: Asked) -> int:
    """Return the second that is asked about: now, or noon of a day."""
    if asked.day is None or asked.day == clock.now().date():
        return clock.now_s()
    return int((datetime(asked.day.year, asked.day.month, asked.day.day, tzinfo=UTC) + _NOON).timestamp())


def question(asked: Asked, policy: CompiledPolicy, actor: Actor, person: PersonFacts | None) -> Question:
    """Return the question for one policy. Without `person` the stated customer is asked about."""
    rule, now_s = rule_of(asked.action), moment_s(asked)
    purpose = policy.purposes.get(asked.purpose)
    return Question(
        actor=actor,
        action=asked.action,
        now_s=now_s,
        purpose=asked.purpose or None,
        fields=asked.fields,
        person=stated(asked.stated, asked.purpose, purpose, now_s) if person is None else person,
        uses_data=rule.uses_data,
        needs_purpose=rule.needs_purpose,
        gpc=asked.stated.gpc,
    )


def stated(facts: Stated, name: str, purpose: CompiledPurpose | None, now_s: int) -> PersonFacts:
    """Return the facts of a customer who does not exist."""
    known = PersonFacts(
        consents=_consents(facts.said, name, now_s),
        restricted=facts.state == "restricted",
        frozen=facts.state == "frozen",
        erased=facts.state == "erased",
    )
    if not facts.kept or purpose is None:
        return known
    began = now_s if facts.kept == "running" else _long_before(purpose, now_s)
    return msgspec.structs.replace(known, moments={purpose.retention_since.name: began})


_STATUS: Mapping[str, ConsentStatus] = {
    "granted": "granted",
    "expired": "granted",
    "withdrawn": "withdrawn",
    "objected": "objected",
    "opted_out": "opted_out",
}


def _consents(said: str, purpose: str, now_s: int) -> dict[str, ConsentFact]:
    if not said or not purpose:
        return {}
    expires = now_s if said == "expired" else None
    return {purpose: ConsentFact(status=_STATUS[said], at_s=now_s - (1 if expires else 0), expires_s=expires)}


def _long_before(purpose: CompiledPurpose, now_s: int) -> int:
    """Return a moment so early that keeping has ended by now: a year and a day more than it lasts."""
    return max(purpose.retention_keep.before(now_s) - 366 * 86_400, 0)


def action_choices(said: Callable[[str], str]) -> list[tuple[str, str]]:
    """Return the actions that can be asked about, those about customers first."""
    names = sorted(known_actions(), key=lambda name: (not name.startswith("vault.record."), name))
    return [(name, said(name)) for name in names]


def safe(name: str) -> str:
    """Return a name that somebody typed, if it can be one; anything else must not be repeated."""
    return name if _NAME.fullmatch(name) else gettext("of that name")


def name_or_nothing(name: str) -> str:
    """Return a name that somebody typed, if it can be one: what is written down may be nothing else."""
    return name if _NAME.fullmatch(name) else ""


@cache
def may_words() -> Mapping[str, Mapping[str, str]]:
    """Return what each action is called as something that one may do, by language."""
    table = tomllib.loads(packs.read_text("grants.toml"))["actions"]
    return {name: entry["may"] for name, entry in table.items()}


def field_words(names: words.Names, fields: Sequence[str]) -> str:
    """Return fields as a list in a sentence."""
    return words.listed([names.item(name) for name in fields])
