"""The guided half: which part of a policy is open, its form, and what the form makes of the text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from keepfold.kernel.errors import TooLarge
from keepfold.people import queries as people
from keepfold.policy import moves
from keepfold.policy.console import words
from keepfold.policy.console.desk import Desk
from keepfold.policy.console.guided.base import EntryForm
from keepfold.policy.console.guided.data import DataForm
from keepfold.policy.console.guided.keeping import KeepingForm
from keepfold.policy.console.guided.purpose import PurposeForm
from keepfold.policy.console.guided.recipient import RecipientForm
from keepfold.policy.guide import entries
from keepfold.policy.guide.surgery import CannotEdit, Cut, Put, Step, operate
from keepfold.ui import components as ui

SECTIONS = ("purposes", "data", "recipients", "keeping")
FORMS: Mapping[str, type[EntryForm]] = {
    "purposes": PurposeForm, "data": DataForm, "recipients": RecipientForm, "keeping": KeepingForm,
}  # fmt: skip
# Unlike +, it stands in an address as itself (RFC 3986 section 2.3).
NEW = "~"
_KEY = re.compile(r"(?:purposes|data|recipients)(?:\.(?:[a-z][a-z0-9_]{0,39}|~))?\Z|keeping\Z")


class Part(NamedTuple):
    """What is open: a section, and in it one entry, a new one (`~`), or the list of all."""

    section: str
    name: str = ""

    @property
    def key(self) -> str:
        """Return the part as an address names it."""
        return f"{self.section}.{self.name}" if self.name else self.section

    @property
    def is_new(self) -> bool:
        """Say whether an entry is being added."""
        return self.name == NEW


class Change(NamedTuple):
    """What a form made of the text: the new one, which path it changed, a line about it, and the part to show then."""

    text: str
    path: str
    said: str
    part: str


class NotYet(Exception):
    """A guided change that cannot be made: the form has mistakes, or the text stands in the way."""

    def __init__(self, words: str = "", form: EntryForm | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.form = form


class Line(NamedTuple):
    """One entry in the list of a section."""

    href: str
    label: str
    note: str
    is_changed: bool
    is_new: bool


class Half(NamedTuple):
    """The guided half: a list of entries, or the form of one."""

    title: str
    lines: list[Line]
    form: EntryForm | None
    template: str
    add: str
    add_label: str
    summary: str


def is_key(text: str) -> bool:
    """Say whether a text names a part."""
    return bool(_KEY.match(text))


def of(key: str, plain: Any) -> Part:
    """Return the part of a key; the list of purposes for anything that is not one."""
    if not is_key(key):
        return Part("purposes")
    section, _dot, name = key.partition(".")
    if name not in {"", NEW} and name not in entries.section_of(plain, section):
        return Part(section)
    return Part(section, name)


def tabs(desk: Desk, part: Part, view: str) -> list[ui.Tab]:
    """Return the sections as segments."""
    address, tail = reverse("draft", args=[desk.id]), f"&view={view}" if view != "marked" else ""
    titles = {"purposes": _("Purposes"), "data": _("Data"), "recipients": _("Recipients"), "keeping": _("Keeping")}
    return [ui.Tab(title, f"{address}?part={key}{tail}", part.section == key) for key, title in titles.items()]


def half(desk: Desk, part: Part, bound: EntryForm | None) -> Half:
    """Return the guided half; `bound` is a form with mistakes, which is shown as it was sent."""
    address = reverse("draft", args=[desk.id])
    if part.section == "keeping":
        form = bound or KeepingForm(desk.plain, "")
        return Half(_("How long everything is kept"), [], form, "policy/guided/keeping.html", "", "", "")
    found = entries.section_of(desk.plain, part.section)
    if part.name:
        form = bound or FORMS[part.section](desk.plain, "" if part.is_new else part.name)
        template = f"policy/guided/{part.section}.html"
        return Half(_title(desk, part), [], form, template, "", "", _summary(desk, part, len(found)))
    lines = [_line(desk, address, part.section, name, entry) for name, entry in found.items()]
    heads = {
        "purposes": (_("What data is used for"), _("Add a purpose")),
        "data": (_("What is collected"), _("Add a kind of data")),
        "recipients": (_("Who receives data"), _("Add a recipient")),
    }
    title, add_label = heads[part.section]
    return Half(
        title, lines, None, "", f"{address}?part={part.section}.{NEW}", add_label, _summary(desk, part, len(found))
    )


def _title(desk: Desk, part: Part) -> str:
    if part.is_new:
        return {
            "purposes": _("A new purpose"), "data": _("A new kind of data"), "recipients": _("A new recipient"),
        }[part.section]  # fmt: skip
    entry = entries.section_of(desk.plain, part.section)[part.name]
    label = words.said_plain(entry.get("label"), entries.languages(desk.plain), part.name)
    kinds = {"purposes": _("Purpose: %(label)s"), "data": _("Data: %(label)s"), "recipients": _("Recipient: %(label)s")}
    return kinds[part.section] % {"label": label}


def _summary(desk: Desk, part: Part, number: int) -> str:
    changed = desk.changed[part.section]
    if not changed:
        return ""
    return _("%(changed)s of %(number)s changed") % {"changed": changed, "number": max(number, changed)}


def _line(desk: Desk, address: str, section: str, name: str, entry: Mapping[str, Any]) -> Line:
    spoken = entries.languages(desk.plain)
    old = desk.base[1] if desk.base is not None else None
    return Line(
        href=f"{address}?part={section}.{name}",
        label=words.said_plain(entry.get("label"), spoken, name),
        note=_note(desk, section, name, entry),
        is_changed=desk.is_changed(section, name),
        is_new=old is not None and name not in getattr(old, section),
    )


def _note(desk: Desk, section: str, name: str, entry: Mapping[str, Any]) -> str:
    if section == "data":
        used = sum(name in (one.get("data") or ()) for one in entries.section_of(desk.plain, "purposes").values())
        kind = words.word(words.TYPES, str(entry.get("type", "")))
        return f"{kind} · " + ngettext("%(number)s purpose", "%(number)s purposes", used) % {"number": used}
    if section == "recipients":
        role, code = words.word(words.ROLES, str(entry.get("role", ""))), str(entry.get("country", ""))
        return f"{role} · {words.country(code)}"
    basis = entry.get("basis")
    grounds = basis if isinstance(basis, dict) else {}
    found = [words.word(words.GROUNDS[regime], str(grounds[regime])) for regime in words.GROUNDS if regime in grounds]
    held = entry.get("data")
    number = len(held) if isinstance(held, dict) else 0
    kinds = ngettext("%(number)s kind of data", "%(number)s kinds of data", number) % {"number": number}
    return " · ".join([*found[:1], kinds])


# ------------------------------------------------------------------------------------------------- changing


def apply(desk: Desk, part: Part, data: Any) -> Change:
    """Return what the form of a part makes of the text. Raises `NotYet`."""
    if desk.plain is None:
        raise NotYet(_("The text cannot be read, so the form waits. Put the text right first."))
    if part.section != "keeping" and not part.name:
        raise NotYet(_("Choose what to change first."))
    form = FORMS[part.section](desk.plain, "" if part.is_new or part.section == "keeping" else part.name, data)
    if not form.is_valid():
        raise NotYet(form=form)
    name, steps = form.steps()
    label = words.said_plain(form.cleaned_data.get(f"label_{form.spoken[0]}"), form.spoken, name)
    said = _("Saved: %(what)s.") % {"what": label} if label else _("Saved.")
    return _operated(desk, steps, form, part=part, name=name, said=said)


def remove(desk: Desk, part: Part) -> Change:
    """Return the text without an entry. Raises `NotYet`."""
    if desk.plain is None or not part.name or part.is_new:
        raise NotYet(_("There is nothing to remove."))
    label = _title(desk, part).partition(": ")[2]
    steps = list(entries.removal(desk.plain, part.section, part.name))
    change = _operated(desk, steps, None, part=part, name=part.name, said=_("Removed: %(what)s.") % {"what": label})
    return change._replace(part=part.section)


def _operated(desk: Desk, steps: list[Step], form: EntryForm | None, *, part: Part, name: str, said: str) -> Change:
    try:
        text = moves.tidy(operate(desk.text, steps)) if steps else desk.text
    except TooLarge as error:
        raise NotYet(f"{error.detail} {error.next_step}", form) from None
    except CannotEdit as error:
        where = _("Line %(line)s is written in a way that the form cannot change without harm. Change it in the text.")
        raise NotYet(where % {"line": error.line}, form) from None
    path = f"{part.section}.{name}" if name else part.section
    return Change(text, path, said, path if is_key(path) else part.section)


# ------------------------------------------------------------------------------------------------- examples


def example_choices(desk: Desk) -> dict[str, list[tuple[str, str]]]:
    """Return what an example can ask about: roles, purposes and kinds of data, with their labels."""
    spoken = entries.languages(desk.plain)

    def named(section: str) -> list[tuple[str, str]]:
        found = entries.section_of(desk.plain, section)
        return [(name, words.said_plain(entry.get("label"), spoken, name)) for name, entry in found.items()]

    roles = [(role.name, words.said(role.label, "en", role.name)) for role in people.roles().values()]
    return {"roles": roles, "purposes": named("purposes"), "items": named("data")}


def example(desk: Desk, data: MultiValueDict[str, str]) -> Change:
    """Return the text with one more example, or without one (`remove` names its number). Raises `NotYet`."""
    if desk.plain is None:
        raise NotYet(_("The text cannot be read, so the form waits. Put the text right first."))
    gone = data.get("remove", "")
    if gone:
        return _without_example(desk, str(gone))
    wanted = _example(desk, data)
    listed = desk.plain.get("examples") if isinstance(desk.plain, dict) else None
    step = Put(("examples", "+"), wanted) if isinstance(listed, list) else Put(("examples",), [wanted])
    return _operated(desk, [step], None, part=Part("purposes"), name="", said=_("The example is in the file now."))


def _without_example(desk: Desk, number: str) -> Change:
    listed = desk.plain.get("examples") if isinstance(desk.plain, dict) else None
    if not (number.isascii() and number.isdigit() and isinstance(listed, list) and int(number) < len(listed)):
        raise NotYet(_("There is no such example."))
    return _operated(
        desk, [Cut(("examples", number))], None, part=Part("purposes"), name="", said=_("The example was taken out.")
    )


def _example(desk: Desk, data: MultiValueDict[str, str]) -> dict[str, Any]:
    choices = example_choices(desk)
    role, purpose, item = (str(data.get(key, "")) for key in ("role", "purpose", "item"))
    known = {key: {value for value, _label in found} for key, found in choices.items()}
    if role not in known["roles"] or purpose not in known["purposes"] or (item and item not in known["items"]):
        raise NotYet(_("Choose a role, a purpose and, if you like, a kind of data for the example."))
    expect = "denied" if data.get("expect") == "denied" else "allowed"
    agreed = data.get("agreed") == "yes"
    wanted: dict[str, Any] = {
        "say": " ".join(str(data.get("say", "")).split())[:500] or _sentence(choices, role, purpose, item, expect),
        "role": role,
        "purpose": purpose,
    }
    if item:
        wanted["fields"] = [item]
    if agreed:
        wanted["person"] = {"consent": {purpose: "granted"}}
    return {**wanted, "expect": expect}


def _sentence(choices: dict[str, list[tuple[str, str]]], role: str, purpose: str, item: str, expect: str) -> str:
    labels = {key: dict(found) for key, found in choices.items()}
    known = {
        "role": labels["roles"][role],
        "item": labels["items"].get(item, _("anything")),
        "purpose": labels["purposes"][purpose],
    }
    if expect == "allowed":
        return _("%(role)s may see %(item)s for: %(purpose)s") % known
    return _("%(role)s may not see %(item)s for: %(purpose)s") % known
