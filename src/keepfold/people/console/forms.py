"""Forms about people. They know shapes; whether something may be is the actions' to say."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from keepfold.gate.types import Actor
from keepfold.kernel import clock
from keepfold.people import queries, rules
from keepfold.people.actions import STANDARD_RATE
from keepfold.people.console import words
from keepfold.people.console.shared import exceeds, held_by
from keepfold.people.types import Grants, Role
from keepfold.ui import forms as ui_forms

OWN_DAY, NEVER = "day", "never"
PERIODS = {"30": 30, "90": 90, "365": 365}
OVERLAPS = {"0": 0, "3600": 3600, "86400": 86_400}

Choices = list[tuple[str, ui_forms.Choice]]


class Boxes(forms.MultipleChoiceField):
    """Boxes to tick that are asked for, though the form itself says what is missing."""

    def validate(self, value: list[str]) -> None:
        """Accept none; whatever is ticked must be among the choices."""
        if value:
            super().validate(value)


def _boxes(label: Any, hint: Any = "", *, required: bool = False) -> forms.MultipleChoiceField:
    # Said here as well: fields that a form makes for itself come too late for the house's own words.
    errors = {"invalid_choice": _("Choose among these.")}
    return Boxes(
        label=label, help_text=hint, required=required, widget=forms.CheckboxSelectMultiple, error_messages=errors
    )


# ---------------------------------------------------------------------------------------------------------------- staff


class Roles(ui_forms.Form):
    """Which roles somebody holds. Those that grant more than the reader holds stay as they are."""

    roles = _boxes(_("Roles"), _("Several roles add up."))

    def __init__(self, *args: Any, actor: Actor, held: Iterable[str] = (), **kwargs: Any) -> None:
        """Take who chooses, and which roles are held now."""
        super().__init__(*args, **kwargs)
        known, self._held = queries.roles(), tuple(held)
        self.locked = frozenset(name for name, role in known.items() if exceeds(actor, role.grants))
        self.fields["roles"].choices = [(name, self._choice(role)) for name, role in known.items()]  # type: ignore[attr-defined]

    def _choice(self, role: Role) -> ui_forms.Choice:
        locked = role.name in self.locked
        return ui_forms.Choice(
            words.role_label(role),
            note=role_note(role),
            badge=_("More than you hold") if locked else "",
            disabled=locked,
        )

    def wanted(self) -> tuple[str, ...]:
        """Return the roles that were chosen, and those that are held and cannot be changed by the reader."""
        kept = (name for name in self._held if name in self.locked)
        return tuple(sorted({*self.cleaned_data["roles"], *kept}))


class NewMember(Roles):
    """Somebody who joins."""

    field_order = ("name", "email", "roles")

    name = forms.CharField(
        label=_("Name"),
        help_text=_("As colleagues know them."),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    email = forms.CharField(
        label=_("E-mail address"),
        help_text=_("They sign in with it. Nobody else in this installation can have it."),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


def role_note(role: Role) -> str:
    """Return what a role grants, in one sentence."""
    if role.means:
        return words.said(role.means)
    return " · ".join(words.sentences(role.grants.actions)) or gettext("Grants nothing.")


class Confirm(ui_forms.Form):
    """A yes. It has no fields, and carries a refusal back to the page."""


class Leaving(ui_forms.Form):
    """Somebody who leaves."""

    with_clients = forms.BooleanField(
        label=_("Revoke their API clients as well"),
        help_text=_("Otherwise programs that use them keep working."),
        required=False,
    )


# ---------------------------------------------------------------------------------------------------------------- roles


class RoleWords(ui_forms.Form):
    """What a role is called and what it grants."""

    name = forms.SlugField(
        label=_("Short name"),
        help_text=_("For the command line and the API, for example returns_desk. It stays."),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    label_en = forms.CharField(label=_("Name in English"), max_length=60)
    label_de = forms.CharField(label=_("Name in German"), max_length=60, required=False)
    purposes = _boxes(_("For which purposes"), _("Without a purpose nothing opens."))
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, actor: Actor, old: Role | None = None, **kwargs: Any) -> None:
        """Take who writes, and the role as it is."""
        super().__init__(*args, **kwargs)
        self._old = old.grants if old else Grants()
        if old is not None:
            self.fields["name"].required, self.fields["name"].disabled = False, True
        self.rooms = tuple(self._room(room, actor) for room in words.rooms())
        self.fields["purposes"].choices = purpose_choices(actor, self._old.purposes)  # type: ignore[attr-defined]

    def _room(self, room: words.Room, actor: Actor) -> str:
        key = f"room_{room.key}"
        field = _boxes(room.label, required=True)
        field.choices = _right_choices(room, actor, self._old.actions)
        self.fields[key] = field
        return key

    def grants(self) -> Grants:
        """Return what was chosen; what a whole covers is not repeated beside it."""
        chosen = [action for key in self.rooms for action in self.cleaned_data.get(key, ())]
        return Grants(without_repetition(chosen), tuple(self.cleaned_data.get("purposes", ())))

    def labels(self) -> dict[str, str]:
        """Return what the role is called by language."""
        english = self.cleaned_data["label_en"]
        return {"en": english, "de": self.cleaned_data["label_de"] or english}


def initial_of(role: Role) -> dict[str, Any]:
    """Return a role as the form shows it: whatever a whole covers is ticked as well."""
    found: dict[str, Any] = {
        "name": role.name,
        "label_en": role.label.get("en", ""),
        "label_de": role.label.get("de", ""),
        "purposes": list(role.grants.purposes),
    }
    for room in words.rooms():
        offered = [room.pattern, *words.wholes_of(room.key), *(right.action for right in room.rights)]
        found[f"room_{room.key}"] = [one for one in offered if rules.covers_action(role.grants.actions, one)]
    return found


def without_repetition(actions: Sequence[str]) -> tuple[str, ...]:
    """Return grants without those that another one covers."""
    return tuple(one for one in actions if not rules.covers_action([other for other in actions if other != one], one))


def _right_choices(room: words.Room, actor: Actor, held: Sequence[str]) -> Choices:
    wholes = [(room.pattern, room.whole)]
    wholes += [(one, words.sentence(one)) for one in words.wholes_of(room.key) if one in held]
    found = [
        (pattern, _right(pattern, label, _("Also what is added to it later."), actor)) for pattern, label in wholes
    ]
    shown = (one for one in room.rights if not one.upkeep or one.action in held)
    return found + [(one.action, _right(one.action, one.may, one.means, actor)) for one in shown]


def _right(action: str, label: Any, note: Any, actor: Actor) -> ui_forms.Choice:
    lacks = not rules.covers_action(actor.actions, action)
    return ui_forms.Choice(label, note=note, badge=_("You do not hold this") if lacks else "", disabled=lacks)


def purpose_choices(actor: Actor, held: Iterable[str] = ()) -> Choices:
    """Return the purposes of the policy in force, and those that are held though the policy no longer has them."""
    known = words.purposes()
    gone = [name for name in held if name not in known and name != "*"]
    every = ui_forms.Choice(_("Every purpose, also those to come"), **_lacking(actor, "*"))
    found: Choices = [("*", every)]
    found += [(name, ui_forms.Choice(label, note=name, **_lacking(actor, name))) for name, label in known.items()]
    note = _("The policy in force has no such purpose.")
    return found + [(name, ui_forms.Choice(name, note=note, **_lacking(actor, name))) for name in gone]


def _lacking(actor: Actor, purpose: str) -> dict[str, Any]:
    lacks = not rules.covers_purpose(actor.purposes, purpose)
    return {"badge": _("You do not hold this") if lacks else "", "disabled": lacks}


# -------------------------------------------------------------------------------------------------------------- clients


class NewClient(ui_forms.Form):
    """An API client that is to be made."""

    name = forms.CharField(
        label=_("Name"),
        help_text=_("The program that will use it, for example “Shop checkout”."),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    tasks = _boxes(
        _("What is it for?"),
        _("Choose only what it does. Each task brings exactly the grants it needs."),
        required=True,
    )
    rights = _boxes(_("Single grants"), _("For what no task describes."))
    purposes = _boxes(_("For which purposes?"), _("Whatever opens or finds a customer needs one."))
    ends = forms.ChoiceField(
        label=_("When does it end?"),
        help_text=_("A token that ends by itself cannot be forgotten somewhere."),
        choices=[
            ("30", ui_forms.Choice(_("In 30 days"))),
            ("90", ui_forms.Choice(_("In 90 days"))),
            ("365", ui_forms.Choice(_("In a year"))),
            (OWN_DAY, ui_forms.Choice(_("On a day of your own"), note=_("The day is below."))),
            (NEVER, ui_forms.Choice(_("Never"), note=_("Revoke it when it is no longer used."))),
        ],
        initial="90",
        widget=forms.RadioSelect,
    )
    day = forms.DateField(
        label=_("Day"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    rate = forms.IntegerField(
        label=_("Requests per second"),
        help_text=_("More are asked to wait. It counts for each web server process."),
        initial=STANDARD_RATE,
        min_value=1,
        max_value=100_000,
    )
    once = forms.CharField(max_length=64, widget=forms.HiddenInput, initial=lambda: secrets.token_urlsafe(18))

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        """Take who makes it."""
        super().__init__(*args, **kwargs)
        self.actor = actor
        self.fields["tasks"].choices = [(task.key, _task(task, actor)) for task in words.tasks()]  # type: ignore[attr-defined]
        self.fields["rights"].choices = list(_single_rights(actor))  # type: ignore[attr-defined]
        self.fields["purposes"].choices = purpose_choices(actor)  # type: ignore[attr-defined]

    def grants(self) -> Grants:
        """Return the grants of the chosen tasks and the single ones."""
        asked = getattr(self, "cleaned_data", {})
        chosen = set(asked.get("tasks", ()))
        actions = [action for task in words.tasks() if task.key in chosen for action in task.actions]
        actions += asked.get("rights", ())
        return Grants(tuple(dict.fromkeys(actions)), tuple(asked.get("purposes", ())))

    def clean(self) -> dict[str, Any]:
        """Ask for what belongs together: something to do, a purpose for it, a day of one's own."""
        found: dict[str, Any] = super().clean() or {}
        if "tasks" in found and not self.grants().actions:
            self.add_error("tasks", gettext("Choose at least one task, or a single grant."))
        if needs_purpose(self.grants()) and "purposes" in found and not found["purposes"]:
            self.add_error("purposes", gettext("Choose a purpose: without one nothing opens."))
        if found.get("ends") == OWN_DAY and not (found.get("day") and found["day"] > clock.now().date()):
            self.add_error("day", gettext("Choose a day that lies ahead."))
        return found

    def expires_at(self) -> datetime | None:
        """Return when it ends: the end of a day of one's own, or so many days from now."""
        ends = self.cleaned_data["ends"]
        if ends == NEVER:
            return None
        if ends == OWN_DAY:
            return end_of(self.cleaned_data["day"])
        return clock.now() + timedelta(days=PERIODS[ends])


def end_of(day: date) -> datetime:
    """Return the last second of a day."""
    return datetime.combine(day, time(23, 59, 59), UTC)


def needs_purpose(grants: Grants) -> bool:
    """Say whether grants include something that opens or finds customers."""
    asking = {action for task in words.tasks() if task.purposes for action in task.actions} - {"vault.record.list"}
    return any(rules.covers_action(grants.actions, action) for action in asking)


def _task(task: words.Task, actor: Actor) -> ui_forms.Choice:
    lacks = bool(rules.beyond(held_by(actor), Grants(task.actions)).actions)
    return ui_forms.Choice(
        task.label,
        note=task.means,
        badge=_("You do not hold this") if lacks else "",
        disabled=lacks,
    )


def _single_rights(actor: Actor) -> Iterable[tuple[str, ui_forms.Choice]]:
    for room in words.rooms():
        for right in room.rights:
            if not right.upkeep and rules.covers_action(actor.actions, right.action):
                yield right.action, ui_forms.Choice(right.may, note=right.action)


class Rotation(ui_forms.Form):
    """A new token for a client."""

    overlap = forms.ChoiceField(
        label=_("When does the present token end?"),
        choices=[
            ("0", ui_forms.Choice(_("At once"), note=_("When it may be in wrong hands."))),
            ("3600", ui_forms.Choice(_("In an hour"), note=_("Time to put the new one in place."))),
            ("86400", ui_forms.Choice(_("In a day"), note=_("For what is rolled out slowly."))),
        ],
        initial="3600",
        widget=forms.RadioSelect,
    )
    once = forms.CharField(max_length=64, widget=forms.HiddenInput, initial=lambda: secrets.token_urlsafe(18))
