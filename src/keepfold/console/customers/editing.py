"""Changing a customer's data, and adding a customer by hand: declared fields only, each checked by its type."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from keepfold.console.customers import purposes, values, whom, words
from keepfold.console.customers.finding import CASE
from keepfold.console.customers.purposes import Choice
from keepfold.console.customers.whom import Customer, customer_page
from keepfold.gate.console import actor_of, may, page
from keepfold.gate.types import Actor
from keepfold.kernel import clock
from keepfold.kernel.errors import NotAllowed
from keepfold.policy import queries as policy
from keepfold.policy.types import FieldSpec, Schema
from keepfold.ui import toast
from keepfold.ui.forms import Problem
from keepfold.vault import actions as vault
from keepfold.vault.errors import IdentityTaken, RecordRefused
from keepfold.vault.types import FieldError, Opened

UPDATE, OPEN, SEAL = "vault.record.update", "vault.record.open", "vault.record.seal"
_SPARE = 2
_OPEN_FOR = timedelta(minutes=10)
_INPUTS = {"email": "email", "phone": "tel", "date": "date", "number": "text"}


class Cell(NamedTuple):
    """One line to type in."""

    name: str
    label: str
    kind: str
    text: str
    longest: int


class Control(NamedTuple):
    """One field of the form. `state`: new, sealed (not opened), open (its value is shown), masked or absent."""

    spec: FieldSpec
    label: str
    kind: str
    state: str
    cell: Cell
    rows: tuple[tuple[Cell, ...], ...] = ()
    was: str = ""
    error: str = ""
    needed_for: str = ""

    @property
    def name(self) -> str:
        """Return the name of the field in the policy."""
        return self.spec.name

    @property
    def is_compound(self) -> bool:
        """Say whether it has parts of its own."""
        return bool(self.spec.parts)

    @property
    def is_plain_list(self) -> bool:
        """Say whether it is a list of plain values, one a line."""
        return self.spec.type == "list" and not self.spec.parts[0].name


def _cell(spec: FieldSpec, text: str) -> Cell:
    kind = _INPUTS.get(spec.type, "text")
    return Cell(f"f-{spec.name}", words.field(spec), kind, text, spec.max_length)


def control(spec: FieldSpec, state: str, value: Any, given: QueryDict | None, errors: Mapping[str, str]) -> Control:
    """Return a field of the form with its value, or what was typed."""
    typed = given.get(f"f-{spec.name}", "") if given is not None else None
    text = typed if typed is not None else _text(spec, value)
    return Control(
        spec=spec,
        label=words.field(spec),
        kind=_kind(spec),
        state=state,
        cell=_cell(spec, text),
        rows=_rows(spec, value, given),
        was=_signature(spec, value),
        error=errors.get(spec.name, ""),
    )


def _kind(spec: FieldSpec) -> str:
    if spec.type == "boolean":
        return "boolean"
    if spec.type in {"list", "structure"}:
        return "lines" if not spec.parts or not spec.parts[0].name else "rows"
    return "lines" if spec.type == "text" and spec.max_length > 300 else "line"


def _text(spec: FieldSpec, value: Any) -> str:
    if isinstance(value, list) and _kind(spec) == "lines":
        return "\n".join(values.raw_text(item) for item in value)
    return "" if isinstance(value, list | Mapping) else values.raw_text(value)


def _signature(spec: FieldSpec, value: Any) -> str:
    """Return what tells whether a value was changed in the form."""
    if _kind(spec) != "rows":
        return _text(spec, value)
    rows = [value] if isinstance(value, Mapping) else value or []
    return json.dumps([{name: values.raw_text(part) for name, part in row.items() if part is not None} for row in rows])


def _rows(spec: FieldSpec, value: Any, given: QueryDict | None) -> tuple[tuple[Cell, ...], ...]:
    if _kind(spec) != "rows":
        return ()
    if given is not None:
        items: list[Mapping[str, Any]] = list(read_rows(spec, given))
    else:
        items = value if isinstance(value, list) else [value] if isinstance(value, Mapping) else []
    spare = _SPARE if spec.type == "list" else int(not items)
    filled = [*items, *({} for _number in range(spare))]
    return tuple(
        tuple(_part(spec, number, part.name, part.type, item.get(part.name)) for part in spec.parts)
        for number, item in enumerate(filled)
    )


def _part(spec: FieldSpec, number: int, name: str, kind: str, value: Any) -> Cell:
    label = name.replace("_", " ")
    return Cell(f"f-{spec.name}-{number}-{name}", label, _INPUTS.get(kind, "text"), values.raw_text(value), 1000)


# ------------------------------------------------------------------------------------------------- reading the form


def read_rows(spec: FieldSpec, given: QueryDict) -> list[dict[str, str]]:
    """Return the rows that were filled in, of a list or structure."""
    found = []
    for number in range(spec.max_items + _SPARE if spec.type == "list" else 1):
        names = [f"f-{spec.name}-{number}-{part.name}" for part in spec.parts]
        if not any(name in given for name in names):
            break
        row = {part.name: given.get(name, "").strip() for part, name in zip(spec.parts, names, strict=True)}
        if any(row.values()):
            found.append({name: text for name, text in row.items() if text})
    return found


def read_value(spec: FieldSpec, given: QueryDict) -> Any:
    """Return what was typed into a field as the vault takes it; None for nothing."""
    kind = _kind(spec)
    if kind == "rows":
        rows = read_rows(spec, given)
        if spec.type == "structure":
            return rows[0] if rows else None
        return rows or None
    text = given.get(f"f-{spec.name}", "").strip()
    if kind == "lines" and spec.type == "list":
        return [line.strip() for line in text.splitlines() if line.strip()] or None
    return text or None


def others(given: QueryDict) -> dict[str, str]:
    """Return what was typed as a data item of another name, which the policy may not have."""
    name, text = given.get("other-name", "").strip(), given.get("other-value", "").strip()
    return {name: text} if name and text else {}


def field_problem(schema: Schema, error: FieldError) -> Problem:
    """Return a refused field in words, with the way to it. The vault's sentences name rules, never values."""
    if error.code == "vault.undeclared":
        return Problem(f"{error.field}: {undeclared(schema, error.field)}", "other-name")
    label = words.field_named(schema, error.field) if error.field else _("The record")
    return Problem(f"{label}: {refused_value(error)}", f"f-{error.field}" if error.field else "")


def undeclared(schema: Schema, name: str) -> str:
    """Return what the policy would need to accept a data item."""
    return _("No purpose needs it, so nothing was stored. The policy would need this line: %(line)s") % {
        "line": schema.line_to_add(name)
    }


def refused_value(error: FieldError) -> str:
    """Return why a value was refused, and what to write instead."""
    return _(_REFUSED_VALUES[error.code]) if error.code in _REFUSED_VALUES else error.message


_REFUSED_VALUES: Mapping[str, str] = {
    "boolean.malformed": gettext_noop("Choose yes or no."),
    "card.checksum": gettext_noop("One of its digits is wrong: the check digit does not fit."),
    "card.malformed": gettext_noop("Write the card number in digits."),
    "country.unknown": gettext_noop("Write a country, for example Sweden or SE."),
    "date.ambiguous": gettext_noop("Write the day as year-month-day: 2026-12-24."),
    "date.malformed": gettext_noop("Write the day as year-month-day: 2026-12-24."),
    "date.out-of-range": gettext_noop("There is no such day."),
    "email.malformed": gettext_noop("Write an e-mail address, for example ana@shop.example."),
    "iban.checksum": gettext_noop("One of its characters is wrong: the check digits do not fit."),
    "iban.malformed": gettext_noop("Write an IBAN, for example DE89 3704 0044 0532 0130 00."),
    "list.too-many": gettext_noop("It has more items than the policy permits."),
    "number.malformed": gettext_noop("Write a number in digits, for example 12.50."),
    "number.out-of-range": gettext_noop("The number is too large."),
    "number.too-precise": gettext_noop("The number has too many digits."),
    "phone.malformed": gettext_noop("Write a telephone number, for example +49 30 901820."),
    "phone.no-country": gettext_noop("Begin the number with its country, for example +49."),
    "phone.not-possible": gettext_noop("There is no such telephone number in that country."),
    "postcode.malformed": gettext_noop("Write a postcode as it stands on a letter."),
    "text.control": gettext_noop("It holds characters that nobody can see. Type it anew."),
    "text.direction-control": gettext_noop("It holds characters that nobody can see. Type it anew."),
    "text.invisible": gettext_noop("It holds characters that nobody can see. Type it anew."),
    "text.not-unicode": gettext_noop("It holds characters that nobody can see. Type it anew."),
    "text.too-long": gettext_noop("It is longer than the policy permits."),
    "value.empty": gettext_noop("Write something, or tick that it goes."),
    "vault.identity-taken": gettext_noop("Somebody else has this value, and it must be theirs alone."),
    "vault.record-empty": gettext_noop("Fill in at least one field."),
}


# ----------------------------------------------------------------------------------------------------------- changing


class Edit:
    """What the page shows: for which purpose, what was opened, what was typed, what is wrong."""

    def __init__(self, request: HttpRequest, customer: Customer) -> None:
        """Read the purpose and look at what is held."""
        self.request, self.customer, self.actor = request, customer, actor_of(request)
        self.schema = policy.schema()
        self.given = request.POST if request.method == "POST" else request.GET
        self.outline = vault.outline(actor=self.actor, person=customer.id)
        self.choices = purposes.of_decisions(self.schema, self.outline.decisions, OPEN, customer.shown)
        self.asked = self.given.get("purpose", "")
        self.chosen: Choice | None = purposes.chosen(self.choices, self.asked)
        self.case = self.given.get("case", "").strip()
        self.opened: Opened | None = None
        self.problems: list[Problem] = []
        self.errors: dict[str, str] = {}
        self.refusal: words.Refused | None = None

    def controls(self, *, typed: bool) -> list[Control]:
        """Return the fields of the purpose."""
        given = self.given if typed else None
        listed = [] if self.chosen is None else list(self.chosen.spec.fields)
        return [self._control(self.schema.fields[name], given) for name in listed]

    def _control(self, spec: FieldSpec, given: QueryDict | None) -> Control:
        if spec.name not in self.outline.fields:
            return control(spec, "absent", None, given, self.errors)
        if self.opened is None or spec.name not in self.opened.values:
            return control(spec, "sealed", None, given, self.errors)
        if spec.name in self.opened.masked:
            return control(spec, "masked", None, given, self.errors)
        return control(spec, "open", self.opened.values[spec.name], given, self.errors)

    def refused(self, error: NotAllowed, action: str) -> None:
        """Keep a refusal of the gate."""
        label = "" if self.chosen is None else self.chosen.label
        explain = words.explain_address(self.asked, action, customer=self.customer.shown)
        self.refusal = words.refused(error, label, explain)


@page(UPDATE, methods=("GET", "POST"))
@customer_page
def edit(request: HttpRequest, customer: Customer) -> HttpResponse:
    """Change fields for a purpose. What is shown was opened first; what stays sealed can be written anew as well."""
    state = Edit(request, customer)
    act = state.given.get("act", "")
    if request.method == "POST" and state.chosen is None:
        state.problems.append(Problem(_("Choose what you change it for."), "purpose-0"))
    elif request.method == "POST" and not CASE.match(state.case):
        state.problems.append(Problem(_("Write a case or order number, for example FW-20418."), "case"))
    elif request.method == "POST" and act == "open":
        _open(state)
    elif request.method == "POST":
        done = _save(state)
        if done is not None:
            return done
    typed = request.method == "POST" and act != "open"
    context = {
        "active": "customers",
        "customer": customer,
        "choices": state.choices,
        "asked": state.asked,
        "chosen": state.chosen,
        "case": state.case,
        "controls": state.controls(typed=typed),
        "opened": state.opened,
        "until": clock.now() + _OPEN_FOR,
        "may_open": may(state.actor, OPEN),
        "problems": state.problems,
        "refusal": state.refusal,
        "home": customer.url(),
    }
    status = 403 if state.refusal is not None else 422 if state.problems else 200
    return render(request, "console/customers/edit.html", context, status=status)


def _open(state: Edit) -> None:
    if state.chosen is None:
        return
    fields = [name for name in state.chosen.spec.fields if name in state.outline.fields]
    if not fields:
        return
    try:
        state.opened = vault.open_record(
            actor=state.actor, person=state.customer.id, purpose=state.chosen.name, fields=fields, reason=state.case
        )
    except NotAllowed as error:
        state.refused(error, OPEN)


def changes(schema: Schema, names: Sequence[str], given: QueryDict) -> dict[str, Any]:
    """Return what is to be written: new values, and None for what is ticked to go. Untouched fields are left out."""
    found: dict[str, Any] = {}
    for name in names:
        value = read_value(schema.fields[name], given)
        if given.get(f"gone-{name}"):
            found[name] = None
        elif value is not None and given.get(f"was-{name}") != _signature(schema.fields[name], value):
            found[name] = value
    return found | others(given)


def _save(state: Edit) -> HttpResponse | None:
    if state.chosen is None:
        return None
    wanted = changes(state.schema, list(state.chosen.spec.fields), state.given)
    if not wanted:
        state.problems.append(Problem(_("Nothing was changed. Write a new value, or tick what goes."), ""))
        return None
    try:
        done = vault.update(
            actor=state.actor, person=state.customer.id, values=wanted, purpose=state.chosen.name, reason=state.case
        )
    except NotAllowed as error:
        state.refused(error, UPDATE)
    except (RecordRefused, IdentityTaken) as error:
        _refuse(state, error)
    else:
        labels = [words.field_named(state.schema, name) for name in (*done.set, *done.removed)]
        toast.say(state.request, _("Changed: %(fields)s.") % {"fields": words.listed(labels)})
        return HttpResponseRedirect(state.customer.url())
    return None


def _refuse(state: Edit, error: RecordRefused | IdentityTaken) -> None:
    if isinstance(error, IdentityTaken):
        state.problems.append(Problem(_("Somebody else has the same unique value. Nothing was changed."), ""))
        return
    state.problems += [field_problem(state.schema, one) for one in error.errors]
    state.errors = {one.field: refused_value(one) for one in error.errors}


# ------------------------------------------------------------------------------------------------------------ adding


@page(SEAL, methods=("GET", "POST"))
def new(request: HttpRequest) -> HttpResponse:
    """Add a customer by hand: what the policy names, nothing else."""
    actor, schema = actor_of(request), policy.schema()
    problems: list[Problem] = []
    errors: dict[str, str] = {}
    if request.method == "POST":
        wanted = {name: read_value(spec, request.POST) for name, spec in schema.fields.items()} | others(request.POST)
        try:
            done = vault.seal(actor=actor, values={name: value for name, value in wanted.items() if value is not None})
        except IdentityTaken:
            text = _("Somebody with the same unique value is a customer already. Search for them.")
            problems.append(Problem(text, ""))
        except RecordRefused as error:
            problems += [field_problem(schema, one) for one in error.errors]
            errors = {one.field: refused_value(one) for one in error.errors}
        else:
            customer = whom.of(done.id)
            toast.say(request, _("Added and sealed."))
            return HttpResponseRedirect(customer.url() if _may_look(actor) else reverse("home"))
    context = {
        "active": "customers",
        "groups": _groups(schema, request.POST if request.method == "POST" else None, errors),
        "problems": problems,
    }
    return render(request, "console/customers/new.html", context, status=422 if problems else 200)


def _may_look(actor: Actor) -> bool:
    return may(actor, "vault.record.outline") or may(actor, "ledger.entries.list_of_person")


def _groups(schema: Schema, given: QueryDict | None, errors: Mapping[str, str]) -> list[tuple[str, list[Control]]]:
    by_place: dict[str, list[Control]] = {}
    for spec in schema.fields.values():
        made = control(spec, "new", None, given, errors)
        needed = [words.purpose(schema.purposes[name]) for name in spec.required_for]
        by_place.setdefault(spec.compartment, []).append(made._replace(needed_for=words.listed(needed)))
    return list(by_place.items())
