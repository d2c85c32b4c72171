"""Forms in the voice of the house: errors that say what to do, choices that say why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from django import forms as dj
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from keepfold.ui.components import Text


@dataclass(frozen=True)
class Choice:
    """The label of a choice with a note below it; a disabled one says in `badge` why it cannot be chosen."""

    label: Text
    note: Text = ""
    badge: Text = ""
    disabled: bool = False

    def __str__(self) -> str:
        """Return the label alone, for lists that show nothing else."""
        return str(self.label)


# Django's own sentences say "required" and "invalid"; these say what to do.
_WORDS: dict[type[dj.Field], dict[str, Any]] = {
    dj.Field: {"required": _("Fill this in.")},
    dj.ChoiceField: {"required": _("Choose one."), "invalid_choice": _("Choose one of these.")},
    dj.MultipleChoiceField: {"required": _("Choose at least one."), "invalid_choice": _("Choose among these.")},
    dj.BooleanField: {"required": _("Tick this to go on.")},
    dj.IntegerField: {"invalid": _("Write a whole number.")},
    dj.EmailField: {"invalid": _("Write an e-mail address, for example ana@shop.example.")},
    dj.DateField: {"invalid": _("Write a day, for example 2026-12-24.")},
    dj.FileField: {"required": _("Choose a file."), "empty": _("This file is empty. Choose another.")},
}


class Form(dj.Form):
    """A form whose fields speak as the rest of the console does. What a field says for itself stays."""

    class Meta:
        """Nothing. The type checker's plugin for Django waits for one and never ends where there is none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take what Django's form takes."""
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            _speak(field)


def _speak(field: dj.Field) -> None:
    defaults = {
        key: text for kind in type(field).__mro__ for key, text in getattr(kind, "default_error_messages", {}).items()
    }
    words: dict[str, Any] = {}
    for kind, texts in _WORDS.items():
        if isinstance(field, kind):
            words.update(texts)
    for key, text in words.items():
        if field.error_messages.get(key) == defaults.get(key):
            field.error_messages[key] = text


class Problem(NamedTuple):
    """One mistake and the control where it is mended; without one it concerns the form as a whole."""

    text: str
    control: str = ""


def problems_of(form: dj.BaseForm) -> tuple[Problem, ...]:
    """Return every mistake of a form in the order of its fields, the form's own first."""
    if not form.is_bound:
        return ()
    found = [Problem(str(error)) for error in form.non_field_errors()]
    found += [Problem(_with_name(bound, str(error)), control_of(bound)) for bound in form for error in bound.errors]
    return tuple(found)


def _with_name(bound: BoundField, error: str) -> str:
    """Return a mistake as it reads away from its field: one of the common sentences says which field it means."""
    common = {str(text) for texts in _WORDS.values() for text in texts.values()}
    return f"{bound.label}: {error}" if error in common else error


def control_of(bound: BoundField) -> str:
    """Return the id of the first control of a field."""
    return bound.id_for_label or f"{bound.auto_id}_0"


class Shown(NamedTuple):
    """A field as a template shows it."""

    bound: BoundField
    kind: str
    control: str
    hint_id: str
    error_id: str
    is_optional: bool

    @property
    def described_by(self) -> str:
        """Return the ids of hint and error, those that are there."""
        ids = [self.hint_id] if self.bound.help_text else []
        ids += [self.error_id] if self.bound.errors else []
        return " ".join(ids)

    def control_html(self, classes: str) -> str:
        """Return the control; Django itself says which one is wrong."""
        attrs: dict[str, Any] = {"class": classes}
        if self.described_by:
            attrs["aria-describedby"] = self.described_by
        return self.bound.as_widget(attrs=attrs)


def shown(bound: BoundField) -> Shown:
    """Return how to show a field: as input, choices, check or hidden."""
    return Shown(
        bound=bound,
        kind=_kind(bound),
        control=control_of(bound),
        hint_id=f"{bound.auto_id}-hint",
        error_id=f"{bound.auto_id}-error",
        is_optional=not bound.field.required and not bound.field.disabled,
    )


def _kind(bound: BoundField) -> str:
    if bound.is_hidden:
        return "hidden"
    widget = bound.field.widget
    if isinstance(widget, dj.RadioSelect | dj.CheckboxSelectMultiple):
        return "choices"
    if isinstance(widget, dj.CheckboxInput):
        return "check"
    return "file" if isinstance(widget, dj.FileInput) else "input"
