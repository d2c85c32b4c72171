"""Finding a customer: first what for, then something they told us. Without a purpose there is never a name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keepfold.console.customers import purposes, values, whom, words
from keepfold.console.customers.purposes import Choice
from keepfold.gate.console import actor_of, may, page
from keepfold.gate.types import Actor
from keepfold.kernel import clock, ids
from keepfold.kernel.errors import Invalid, NotAllowed
from keepfold.policy import queries as policy
from keepfold.policy.types import FieldSpec, Schema
from keepfold.ui import tables
from keepfold.ui.forms import Problem
from keepfold.vault import actions as vault
from keepfold.vault.actions import NEWEST
from keepfold.vault.errors import IndexUnfinished
from keepfold.vault.types import PREFIX, Opened

SEARCH, LIST = "vault.record.search", "vault.record.list"
NEEDS = (SEARCH, LIST, "vault.record.outline", "ledger.entries.list_of_person")
EXPORT = "vault.record.export"
_SHOWN = 25
_OPEN_FOR = timedelta(minutes=5)
CASE = re.compile(r"(?=.{3,40}\Z)(?=.*[0-9])[A-Za-z0-9][A-Za-z0-9._/#:-]*\Z", re.ASCII)


class Found(NamedTuple):
    """One person who was found: the opened values by which they are recognised."""

    customer: whom.Customer
    name: str
    cells: tuple[values.Value | None, ...]


class Result(NamedTuple):
    """What a search or a look at a list opened, and how many ledger entries it wrote."""

    people: tuple[Found, ...]
    columns: tuple[FieldSpec, ...]
    labels: tuple[str, ...]
    entries: int
    until: datetime
    total: int
    more: str = ""
    field: str = ""

    @property
    def ids(self) -> list[str]:
        """Return the ids of whom it shows."""
        return [one.customer.shown for one in self.people]


class State:
    """What a page of the search shows: who looks, for which purpose, and what came of it."""

    def __init__(self, request: HttpRequest) -> None:
        """Read the purpose that was chosen."""
        self.request, self.actor = request, actor_of(request)
        self.schema = policy.schema()
        self.choices = purposes.for_anybody(self.schema, self.actor, SEARCH) if may(self.actor, SEARCH) else []
        given = request.POST if request.method == "POST" else request.GET
        self.given = given
        self.asked = given.get("purpose", "")
        self.chosen: Choice | None = purposes.chosen(self.choices, self.asked)
        self.problems: list[Problem] = []
        self.refusal: words.Refused | None = None
        self.result: Result | None = None

    @property
    def searchable(self) -> list[tuple[str, str]]:
        """Return the fields that the purpose lists and that have an index, with their labels."""
        return searchable(self.schema, self.chosen)

    @property
    def home(self) -> str:
        """Return the page without anything opened."""
        address = reverse("customers")
        return f"{address}?{urlencode({'purpose': self.chosen.name})}" if self.chosen else address

    def context(self) -> dict[str, Any]:
        """Return what the template shows."""
        return {
            "active": "customers",
            "choices": self.choices,
            "chosen": self.chosen,
            "refused": next((one for one in self.choices if one.name == self.asked and not one.allowed), None),
            "searchable": self.searchable,
            "field": self.given.get("field", ""),
            "value": self.given.get("value", "") if self.request.method == "POST" else "",
            "case": self.given.get("case", "") if self.request.method == "POST" else "",
            "problems": self.problems,
            "refusal": self.refusal,
            "result": self.result,
            "home": self.home,
            "change": reverse("customers"),
            "may_list": may(self.actor, LIST),
            "may_search": may(self.actor, SEARCH),
            "may_export": may(self.actor, EXPORT),
            "may_add": may(self.actor, "vault.record.seal"),
            "may_open": may(self.actor, "vault.record.open_many"),
        }


@page(*NEEDS, methods=("GET", "POST"))
def customers(request: HttpRequest) -> HttpResponse:
    """Choose a purpose; search by what has an index, go to an id, or look at the newest ids."""
    state = State(request)
    if request.method == "GET" and request.GET.get("id"):
        return _go(request, state)
    if request.method == "POST":
        _act(state)
    context = state.context()
    if state.result is None and may(state.actor, LIST):
        context["table"] = NEWEST_IDS.on(request, lambda query: _newest(state.actor, query))
    return render(request, "console/customers/find.html", context, status=_status(state))


def _status(state: State) -> int:
    if state.refusal is not None:
        return 403
    return 422 if state.problems else 200


def _go(request: HttpRequest, state: State) -> HttpResponse:
    found = whom.named(request.GET["id"].strip())
    if found is not None:
        return HttpResponseRedirect(found.url())
    state.problems.append(Problem(_("Write a whole customer id: cus_ and 26 letters and digits."), "go-id"))
    return render(request, "console/customers/find.html", state.context(), status=422)


def searchable(schema: Schema, chosen: Choice | None) -> list[tuple[str, str]]:
    """Return the fields of a purpose by which people can be found, with their labels."""
    if chosen is None:
        return []
    specs = [schema.fields[name] for name in chosen.spec.fields]
    return [(spec.name, words.field(spec)) for spec in specs if any(index.form == "exact" for index in spec.index)]


# ------------------------------------------------------------------------------------------------------------ search


def _act(state: State) -> None:
    wanted = next((one for one in state.choices if one.name == state.asked), None)
    if wanted is None:
        state.problems.append(Problem(_("Choose what you need it for."), "purpose-0"))
        return
    try:
        # Also for a purpose that the page does not offer: the gate refuses it, and the refusal is recorded.
        state.result = _names(state, wanted) if state.given.get("act") == "names" else _search(state, wanted)
    except NotAllowed as error:
        explain = words.explain_address(wanted.name, SEARCH, state.given.get("field", ""))
        state.refusal = words.refused(error, wanted.label, explain)


def _search(state: State, wanted: Choice) -> Result | None:
    field, value = state.given.get("field", ""), state.given.get("value", "").strip()
    reason = _case(state)
    if field not in dict(searchable(state.schema, wanted)):
        state.problems.append(Problem(_("Choose by what to search."), "by"))
    if not value:
        state.problems.append(Problem(_("Write what they told you, whole: an address, a number."), "q"))
    if state.problems:
        return None
    try:
        found = vault.search(actor=state.actor, field=field, value=value, purpose=wanted.name, reason=reason)
    except IndexUnfinished:
        state.problems.append(Problem(_("This search is being prepared for everybody. Try again in a while."), "by"))
        return None
    except Invalid:
        label = words.field(state.schema.fields[field])
        text = _("Nobody can have this in “%(field)s”. Write it whole and as it is usually written.")
        state.problems.append(Problem(text % {"field": label}, "q"))
        return None
    return _opened(state, wanted, _after(found, state.given.get("after", "")), field, reason, total=len(found))


def _case(state: State) -> str | None:
    case = state.given.get("case", "").strip()
    if case and not CASE.match(case):
        state.problems.append(Problem(_("Write a case or order number, for example FW-20418."), "case"))
    return case or None


def _after(found: Sequence[bytes], text: str) -> list[bytes]:
    last = whom.named(text)
    return [person for person in found if last is None or person > last.id]


def _names(state: State, wanted: Choice) -> Result | None:
    shown = [one.id for one in map(whom.named, state.given.getlist("ids")[:_SHOWN]) if one is not None]
    return _opened(state, wanted, shown, "", None, total=len(shown), entries=0) if shown else None


def _opened(
    state: State,
    choice: Choice,
    people: Sequence[bytes],
    field: str,
    reason: str | None,
    *,
    total: int,
    entries: int = 1,
) -> Result:
    """Open what it takes to recognise these people, under one further entry."""
    shown = list(people[:_SHOWN])
    wanted = columns_of(state.schema, choice, field)
    opened: list[Opened | None] = []
    if shown and wanted and may(state.actor, "vault.record.open_many"):
        opened = vault.open_many(
            actor=state.actor, persons=shown, purpose=choice.name, fields=[spec.name for spec in wanted], reason=reason
        )
        entries += 1
    there = [(person, one) for person, one in zip(shown, opened, strict=False) if one is not None]
    names = [spec for spec in wanted if spec.type == "name"]
    others = [spec for spec in wanted if spec.type != "name"]
    return Result(
        people=tuple(_found(person, one, names, others) for person, one in there),
        columns=tuple(others),
        labels=tuple(words.field(spec) for spec in others),
        entries=entries,
        until=clock.now() + _OPEN_FOR,
        total=total,
        more=ids.show(PREFIX, shown[-1]) if len(people) > _SHOWN else "",
        field="" if not field else words.field(state.schema.fields[field]),
    )


def columns_of(schema: Schema, choice: Choice, field: str) -> list[FieldSpec]:
    """Return what is opened of a person in a list: names, what identifies, and by what was searched."""
    wanted = [*values.names_someone(schema, list(choice.spec.fields)), field]
    return [schema.fields[name] for name in dict.fromkeys(wanted) if name]


def _found(person: bytes, opened: Opened, names: Sequence[FieldSpec], others: Sequence[FieldSpec]) -> Found:
    name = " ".join(str(opened.values[spec.name]) for spec in names if opened.values.get(spec.name))
    return Found(whom.of(person), name, tuple(_cell(opened, spec) for spec in others))


def _cell(opened: Opened, spec: FieldSpec) -> values.Value | None:
    if spec.name not in opened.values:
        return None
    return values.value_of(spec, opened.values[spec.name], masked=spec.name in opened.masked)


# ------------------------------------------------------------------------------------------------------- newest ids

NEWEST_IDS = tables.Table(
    key="newest",
    caption=gettext_lazy("Newest customers"),
    columns=(
        tables.Column("id", gettext_lazy("Customer"), kind="code"),
        tables.Column("at", gettext_lazy("Here since"), kind="moment"),
    ),
    limit=10,
    exports=False,
)


def _newest(actor: Actor, query: tables.Query) -> tables.Slice:
    limit = min(query.limit, 100)
    asked = tables.Query({}, "", descending=True, after=query.after, before=query.before, limit=limit)
    if query.backwards and (newer := whom.named(query.before)) is not None:
        people = vault.list_people(actor=actor, after=newer.id, limit=limit + 1)
    else:
        older = whom.named(query.after)
        people = vault.list_people(actor=actor, before=NEWEST if older is None else older.id, limit=limit + 1)
    return tables.slice_of(people, asked, lambda person: ids.show(PREFIX, person), _row)


def _row(person: bytes) -> dict[str, Any]:
    customer = whom.of(person)
    return {"id": customer.shown, "at": arrived(person), "href": customer.url()}


def arrived(person: bytes) -> datetime:
    """Return when an id was made: it begins with that moment (RFC 9562 section 5.7)."""
    return datetime.fromtimestamp(int.from_bytes(person[:6], "big") / 1000, UTC)
