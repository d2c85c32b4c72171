"""Who did what with a customer's data, why and when: the ledger's entries with their sealed details in words."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from keepfold.console.customers import words
from keepfold.console.customers.frame import tabs
from keepfold.console.customers.whom import Customer, customer_page
from keepfold.gate import known_actions
from keepfold.gate.console import actor_of, page
from keepfold.gate.types import Actor
from keepfold.kernel import ids
from keepfold.kernel.errors import Invalid, NotFound
from keepfold.ledger import actions as ledger
from keepfold.ledger import queries
from keepfold.ledger.types import EntryFilter, PersonEntries, PersonEntry
from keepfold.people import queries as people
from keepfold.policy import queries as policy
from keepfold.policy.types import Schema
from keepfold.ui import components as ui
from keepfold.ui import tables
from keepfold.ui.words import in_language

OPENINGS = "ledger.entries.list_of_person"
# How many entries a page reads, though it shows fewer: whoever is named in them can be chosen.
_READ = 200
_MOST = 500
_NAMED = 3
_PREFIXES = ("stf", "cli", "sys")

KINDS: Mapping[str, tuple[str, ...]] = {
    "openings": ("vault.record.open", "vault.record.open_many", "vault.record.search", "vault.record.export"),
    "changes": ("vault.record.seal", "vault.record.seal_many", "vault.record.update", "intake.batch.apply"),
    "consents": ("consent.event.grant", "consent.event.confirm", "consent.event.withdraw"),
    "looks": ("vault.record.outline", "consent.event.list", "ledger.entries.list_of_person", "ledger.detail.show"),
}


class Seen(NamedTuple):
    """One entry about a customer, as people read it."""

    entry: PersonEntry
    at: datetime
    who: str
    what: str
    why: str
    badge: ui.Badge
    state: ui.Badge

    @property
    def allowed(self) -> bool:
        """Say whether it was allowed."""
        return self.entry.entry.allowed

    @property
    def href(self) -> str:
        """Return the entry's page; empty while it waits for its place."""
        index = self.entry.entry.index
        return "" if index is None else reverse("ledger_entry", args=[index])


class Lately(NamedTuple):
    """The latest openings, and how many entries there are."""

    events: list[ui.Event]
    total: int


class Reader:
    """Reads a customer's entries, each look recorded once; looks names up once."""

    def __init__(self, actor: Actor, customer: Customer, reason: str) -> None:
        """Read nothing yet. `reason` is what the looks are recorded with."""
        self._actor, self._customer, self._reason = actor, customer, reason
        self._names: dict[str, str] = {}
        self.schema = policy.schema()
        self.total = 0

    def read(
        self, before: int | None = None, limit: int = _READ, asked: Mapping[str, Any] | None = None
    ) -> PersonEntries:
        """Look once: return entries with numbers below `before`, newest first, and those alone that fit what is asked.

        Everybody who is named in what was looked at can be asked for afterwards.
        """
        seen: set[str] = set()
        found = ledger.entries_of(
            actor=self._actor,
            person=self._customer.id,
            before=before,
            limit=limit,
            reason=self._reason,
            proofs=False,
            wanted=_public(asked) if asked else None,
            fits=partial(_fits, asked=asked, seen=seen) if asked else None,
        )
        self.total = found.total
        self._learn(seen | {_actor_of(one) for one in found.entries})
        return found

    def actors(self, asked: str = "") -> list[tuple[str, str]]:
        """Return who can be asked for, by public id: whoever was named in what was looked at, and who is asked for."""
        self._learn({asked} if _raw(asked) is not None else set())
        return sorted(self._names.items(), key=lambda pair: pair[1].casefold())

    def _learn(self, actors: set[str]) -> None:
        fresh = actors - self._names.keys() - {""}
        raw = {text: parsed for text in fresh if (parsed := _raw(text)) is not None}
        names = people.names_of(raw.values())
        for text in fresh:
            self._names[text] = self._name(text, names.get(raw.get(text, b""), ""))

    def _name(self, text: str, name: str) -> str:
        if text == ids.show("stf", self._actor.id):
            return _("You")
        if text.startswith("sys_"):
            return _("Keepfold itself")
        return name or _("Someone no longer here")

    def shown(self, one: PersonEntry) -> Seen:
        """Return one entry in words."""
        details, actor = one.details or {}, _actor_of(one)
        return Seen(
            entry=one,
            at=_at(one),
            who=self._names[actor] if actor else _kind_words(one),
            what=_what(self.schema, one, details),
            why=_why(self.schema, one, details),
            badge=ui.Badge(_("Allowed"), "good") if one.entry.allowed else ui.Badge(_("Refused"), "bad"),
            state=state_badge(one.state),
        )


def _raw(text: str) -> bytes | None:
    for prefix in _PREFIXES:
        try:
            return ids.parse(prefix, text)
        except Invalid:
            continue
    return None


def _actor_of(one: PersonEntry) -> str:
    return str((one.details or {}).get("actor", ""))


def _at(one: PersonEntry) -> datetime:
    at_ms = (one.details or {}).get("at_ms")
    return datetime.fromtimestamp(at_ms / 1000 if isinstance(at_ms, int) else one.entry.hour_s, UTC)


def _kind_words(one: PersonEntry) -> str:
    kinds = {"staff": _("A member of staff"), "client": _("A program"), "customer": _("They themselves")}
    return kinds.get(one.entry.actor_kind, _("Keepfold itself"))


def _more(details: Mapping[str, Any], key: str) -> Sequence[str]:
    found = details.get("more", {}).get(key, ())
    return found if isinstance(found, list | tuple) else ()


def state_badge(state: str) -> ui.Badge:
    """Return how far an entry has come: it waits for its place, has it, or a signed checkpoint covers it."""
    if state == "checkpointed":
        return ui.Badge(_("Signed"), "good", "check")
    return ui.Badge(_("Recorded"), "", "recorded") if state == "sequenced" else ui.Badge(_("Waiting"), "", "hourglass")


# ---------------------------------------------------------------------------------------------------------- in words


def _fields_words(schema: Schema, fields: Sequence[str]) -> str:
    # The ledger keeps names in the order of the alphabet; people know that of the policy.
    places = {name: place for place, name in enumerate(schema.fields)}
    ordered = sorted(fields, key=lambda name: places.get(name, len(places)))
    labels = [words.field_named(schema, name) for name in ordered]
    if len(labels) <= _NAMED + 1:
        return words.listed(labels)
    rest = len(labels) - _NAMED
    return ngettext("%(some)s and %(number)s more", "%(some)s and %(number)s more", rest) % {
        "some": words.listed(labels[:_NAMED]),
        "number": rest,
    }


def _what(schema: Schema, one: PersonEntry, details: Mapping[str, Any]) -> str:
    action = one.entry.action or ""
    shown = _fields_words(schema, _fields_of(details))
    if not one.entry.allowed:
        return _("got a refusal for %(fields)s") % {"fields": shown} if shown else _refused_words(one)
    made = _SENTENCES.get(action)
    if made is None:
        return in_language(one.entry.label, action)
    return made(schema, details, shown)


def _refused_words(one: PersonEntry) -> str:
    return _("got a refusal: %(action)s") % {"action": in_language(one.entry.label, one.entry.action or "")}


def _opened(_schema: Schema, _details: Mapping[str, Any], shown: str) -> str:
    return _("opened %(fields)s") % {"fields": shown}


def _searched(schema: Schema, details: Mapping[str, Any], _shown: str) -> str:
    field = details.get("more", {}).get("field", "")
    return _("found them by %(field)s") % {"field": words.field_named(schema, field)}


def _changed(_schema: Schema, _details: Mapping[str, Any], shown: str) -> str:
    return _("changed %(fields)s") % {"fields": shown}


def _took_out(_schema: Schema, _details: Mapping[str, Any], shown: str) -> str:
    return _("took out %(fields)s") % {"fields": shown}


def _said(schema: Schema, details: Mapping[str, Any], _shown: str) -> str:
    more = details.get("more", {})
    purpose = words.purpose_named(schema, str(more.get("purpose", details.get("purpose", ""))))
    sentences = {
        "asked": _("recorded a yes to “%(purpose)s” that waits for confirmation"),
        "granted": _("recorded a yes to “%(purpose)s”"),
        "confirmed": _("confirmed the yes to “%(purpose)s”"),
        "withdrawn": _("recorded a withdrawal from “%(purpose)s”"),
        "objected": _("recorded an objection to “%(purpose)s”"),
        "opted_out": _("recorded an opt-out of “%(purpose)s”"),
    }
    return sentences.get(str(more.get("said", "")), _("recorded a wish about “%(purpose)s”")) % {"purpose": purpose}


_SENTENCES: Mapping[str, Callable[[Schema, Mapping[str, Any], str], str]] = {
    "vault.record.open": _opened,
    "vault.record.open_many": _opened,
    "vault.record.search": _searched,
    "vault.record.export": _took_out,
    "vault.record.update": _changed,
    "vault.record.seal": lambda *_args: _("added this customer"),
    "vault.record.seal_many": lambda *_args: _("added this customer with others"),
    "vault.record.outline": lambda *_args: _("looked at what is held, opening nothing"),
    "consent.event.list": lambda *_args: _("looked at the consents"),
    "ledger.entries.list_of_person": lambda *_args: _("looked at who opened what"),
    "ledger.detail.show": lambda *_args: _("looked at one entry"),
    "consent.event.grant": _said,
    "consent.event.confirm": _said,
    "consent.event.withdraw": _said,
}


def _why(schema: Schema, one: PersonEntry, details: Mapping[str, Any]) -> str:
    """Return purpose and reason, and for a refusal the rule in words."""
    name = details.get("purpose", "")
    label = words.purpose_named(schema, name) if name else ""
    parts = [label, _reason(details)]
    if not one.entry.allowed:
        rule = (details.get("rules") or [""])[0]
        known = words.refusal_of(rule, label)
        parts.append(known[0] if known else str(details.get("refusal", "")))
    return " · ".join(part for part in parts if part)


def _reason(details: Mapping[str, Any]) -> str:
    if details.get("reason_given"):
        return _("a reason was given, and not kept for so many people")
    reason = str(details.get("reason", ""))
    return "" if reason.startswith("console.") else reason


# ------------------------------------------------------------------------------------------------------ on the pages


def lately(actor: Actor, customer: Customer, most: int) -> Lately:
    """Return the latest openings of a customer, refused ones too."""
    reader = Reader(actor, customer, "console.customer")
    first = reader.read()
    openings = [one for one in map(reader.shown, first.entries) if one.entry.entry.action in KINDS["openings"]]
    return Lately([_event(one) for one in openings[:most]], first.total)


def _event(one: Seen) -> ui.Event:
    index = one.entry.entry.index
    return ui.Event(
        # Some languages cannot join a name and a verb without knowing both; they put a colon here.
        who=_("%(name)s") % {"name": one.who},
        what=one.what,
        why=one.why,
        at=one.at,
        icon="lock-open" if one.allowed else "ban",
        tone="good" if one.allowed else "bad",
        seal="recorded" if one.href else "",
        href=one.href,
        link="" if index is None else _("entry %(number)s") % {"number": index},
    )


TABLE = tables.Table(
    key="openings",
    caption=gettext_lazy("Who did what with this customer’s data"),
    columns=(
        tables.Column("what", gettext_lazy("What")),
        tables.Column("who", gettext_lazy("Who")),
        tables.Column("why", gettext_lazy("Why"), rank=2),
        tables.Column("answer", gettext_lazy("Answer"), kind="badge", rank=3),
        tables.Column("state", gettext_lazy("Ledger"), kind="badge", rank=3),
        tables.Column("at", gettext_lazy("When"), kind="moment"),
    ),
    empty=(
        gettext_lazy("Nobody has opened anything yet"),
        gettext_lazy("When somebody does, it stands here with who, what, why and when, refusals too."),
    ),
)


def _filters(reader: Reader, who: str) -> tuple[tables.Filter, ...]:
    fields = [(name, words.field(spec)) for name, spec in reader.schema.fields.items()]
    purposes = [(name, words.purpose(spec)) for name, spec in reader.schema.purposes.items()]
    kinds = (
        ("openings", _("Openings")),
        ("changes", _("Changes")),
        ("consents", _("Consents")),
        ("looks", _("Looks at lists")),
    )
    return (
        tables.Choice("kind", _("What happened"), kinds),
        tables.Choice("field", _("Field"), fields),
        tables.Choice("purpose", _("Purpose"), purposes),
        tables.Choice("who", _("Who"), partial(reader.actors, who)),
        tables.Choice("answer", _("Answer"), (("allowed", _("Allowed")), ("refused", _("Refused")))),
        tables.Days("at", _("Days")),
    )


def _public(asked: Mapping[str, Any]) -> EntryFilter:
    """Return what of it stands in the entries themselves. Their days are those of UTC: one more at both ends."""
    first, last = asked.get("at") or (None, None)
    known = known_actions()
    return EntryFilter(
        actions=frozenset(known[name].number for name in KINDS.get(asked.get("kind", ""), ())),
        allowed=None if "answer" not in asked else asked["answer"] == "allowed",
        since=_moved(first, -1),
        until=_moved(last, 1),
    )


def _moved(day: date | None, days: int) -> date | None:
    if day is None or not date.min < day < date.max:
        return day
    return day + timedelta(days=days)


def _fits(one: PersonEntry, *, asked: Mapping[str, Any], seen: set[str]) -> bool:
    """Say whether an entry's details are asked for, and remember who is named in those that fit but for that."""
    details = one.details or {}
    if not _within(_at(one), asked.get("at")) or asked.get("purpose", "") not in {"", details.get("purpose", "")}:
        return False
    if "field" in asked and not _touches(one, asked["field"]):
        return False
    seen.add(_actor_of(one))
    return asked.get("who", "") in {"", _actor_of(one)}


def _touches(one: PersonEntry, field: str) -> bool:
    details = one.details or {}
    return field in _fields_of(details) or details.get("more", {}).get("field") == field


def _fields_of(details: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(details.get("fields", ())) or (*_more(details, "set"), *_more(details, "removed"))


def _within(at: datetime, days: tuple[date | None, date | None] | None) -> bool:
    first, last = days or (None, None)
    day = timezone.localtime(at).date()
    return (first is None or first <= day) and (last is None or day <= last)


def _source(reader: Reader, query: tables.Query) -> tables.Slice:
    before = int(query.after) if query.after.isdecimal() and len(query.after) < 16 else None
    look = reader.read(before, min(max(query.limit, _READ), _MOST), query.filters)
    found, after = look.entries[: query.limit], look.before
    if len(look.entries) > len(found):
        after = found[-1].number
    total = None if query.filters else look.total
    return tables.Slice(
        [_row(reader.shown(one)) for one in found],
        after="" if after is None else str(after),
        total=total,
        first=0 if total is None or not found else total - found[0].number,
    )


def _row(one: Seen) -> dict[str, Any]:
    what = one.what[:1].upper() + one.what[1:]
    return {
        "at": one.at,
        "who": one.who,
        "what": what,
        "why": one.why,
        "answer": one.badge,
        "state": one.state,
        "href": one.href,
        "small": "" if one.allowed else _("Refused"),
    }


@page(OPENINGS, "ledger.detail.show")
def entry(_request: HttpRequest, entry: str) -> HttpResponse:
    """Lead from the id of an entry, as pages and certificates name it, to its place in the ledger."""
    try:
        index = queries.index_of(ids.parse("ent", entry))
    except Invalid:
        index = None
    if index is None:
        raise NotFound(
            _("This entry has no number yet, or is not ours."),
            code="ledger.no-entry",
            next_step=_("An entry gets its number within a second. Load this page again."),
        )
    return HttpResponseRedirect(reverse("ledger_entry", args=[index]))


@page(OPENINGS)
@customer_page
def openings(request: HttpRequest, customer: Customer) -> HttpResponseBase:
    """Show everything that was done with a customer's data: one look, whatever is asked for."""
    actor = actor_of(request)
    reader = Reader(actor, customer, "console.openings")
    declared = dataclasses.replace(TABLE, filters=_filters(reader, request.GET.get("who", "")))
    shown = declared.on(request, partial(_source, reader))
    if shown.is_export:
        return shown.export()
    # Before the form is shown: it names those who were found.
    rows = shown.slice.rows
    context = {
        "active": "customers",
        "customer": customer,
        "tabs": tabs(customer, actor, "customer_openings"),
        "table": shown,
        "total": reader.total,
        "looked_at": ledger.MOST_LOOKED_AT if shown.slice.after and not rows else 0,
    }
    return render(request, "console/customers/openings.html", context)
