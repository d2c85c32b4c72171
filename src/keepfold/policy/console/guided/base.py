"""What the guided forms share: labels in the policy's languages, choices with their meaning, lengths of time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms as dj
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keepfold.policy.console import words
from keepfold.policy.format.values import parse_moment
from keepfold.policy.guide import entries
from keepfold.policy.guide.surgery import Step
from keepfold.ui import forms as ui_forms

UNITS = (
    ("D", gettext_lazy("days")),
    ("W", gettext_lazy("weeks")),
    ("M", gettext_lazy("months")),
    ("Y", gettext_lazy("years")),
)
AS_WRITTEN = "="
_SIMPLE = re.compile(r"P([0-9]{1,4})([YMWD])\Z")
_LANGUAGES = {"en": gettext_lazy("English"), "de": gettext_lazy("German")}
_LONGEST_LABEL = 500


class EntryForm(ui_forms.Form):
    """One entry of a section: `plain` is the whole policy in plain values, `name` that of the entry, "" when new."""

    section = ""

    class Meta:
        """Nothing; see `keepfold.ui.forms.Form`."""

    def __init__(self, plain: Any, name: str, data: Any = None) -> None:
        """Take the policy and the entry; `data` is what somebody sent."""
        self.plain, self.name = plain, name
        self.spoken = entries.languages(plain)
        self.was: dict[str, Any] = entries.section_of(plain, self.section).get(name, {}) if name else {}
        self.fields: dict[str, dj.Field] = {}
        self.build()
        # Django copies them from here, whether the class has them or only this instance.
        self.base_fields = self.fields  # type: ignore[misc]
        super().__init__(data, auto_id="g-%s")

    def build(self) -> None:
        """Add the fields."""
        raise NotImplementedError

    def wanted(self) -> dict[str, Any]:
        """Return the entry that the form asks for."""
        raise NotImplementedError

    def more_steps(self, name: str) -> Iterable[Step]:
        """Yield the steps beyond the entry itself, such as the purposes that use it."""
        del name
        return ()

    def steps(self) -> tuple[str, list[Step]]:
        """Return the entry's name and the steps on the text. The form must be valid."""
        name = self.name or entries.name_for(
            self.cleaned_data[f"label_{self.spoken[0]}"], entries.section_of(self.plain, self.section)
        )
        wanted = {key: value for key, value in self.wanted().items() if value is not None}
        steps = list(entries.entry_steps(self.section, name, self.was or None, wanted, self.plain))
        return name, [*steps, *self.more_steps(name)]

    # ---------------------------------------------------------------------------------------------- fields

    def add_label(self, key: str, title: Any, hint: Any, *, required: bool = True) -> None:
        """Add a text for each language of the policy."""
        texts = entries.label_texts(self.was.get(key), self.spoken)
        for code in self.spoken:
            shown = title if len(self.spoken) == 1 else f"{title} ({_LANGUAGES.get(code, code)})"
            self.fields[f"{key}_{code}"] = dj.CharField(
                label=shown, initial=texts[code], max_length=_LONGEST_LABEL, required=required,
                help_text=hint if code == self.spoken[0] else "",
            )  # fmt: skip

    def label_wanted(self, key: str) -> Any:
        """Return the label that was given, as the file should write it; None when there is none."""
        texts = {code: self.cleaned_data[f"{key}_{code}"] for code in self.spoken}
        return entries.label(self.was.get(key), texts, self.spoken) if any(texts.values()) else None

    def label_fields(self) -> list[BoundField]:
        """Return the fields of the label."""
        return [self[f"label_{code}"] for code in self.spoken]

    more: tuple[str, ...] = ()

    def more_open(self) -> bool:
        """Say whether what is folded away has a mistake to show."""
        return any(name in self.errors for name in self.more) if self.is_bound else False

    def add_choice(
        self, key: str, title: Any, table: Mapping[str, words.Word], was: Any, *, none: Any = "", hint: Any = ""
    ) -> None:
        """Add a choice among words as a list to open; `none` is what it says when nothing is chosen."""
        choices = [(value, str(word.label)) for value, word in table.items()]
        if was is not None and str(was) not in table:
            choices.append((str(was), str(was)))
        choices = [("", none), *choices] if none else choices
        initial = str(was) if was is not None else ""
        self.fields[key] = dj.ChoiceField(
            label=title, choices=choices, initial=initial, required=not none, help_text=hint
        )

    def add_meanings(
        self, key: str, title: Any, table: Mapping[str, words.Word], was: Any, *, none: words.Word | None = None
    ) -> None:
        """Add a choice of which every possibility says in one sentence what it means."""
        options = {**({"": none} if none is not None else {}), **table}
        if was is not None and str(was) not in options:
            options[str(was)] = words.Word(str(was))
        self.fields[key] = dj.ChoiceField(
            label=title, initial=str(was) if was is not None else "", required=none is None, widget=dj.RadioSelect,
            choices=[(value, ui_forms.Choice(word.label, word.means)) for value, word in options.items()],
        )  # fmt: skip

    def add_list(self, key: str, title: Any, options: Iterable[tuple[str, Any]], was: Any, hint: Any = "") -> None:
        """Add boxes to tick; what the file lists and nobody knows stays listed."""
        known = list(options)
        listed = [one for one in was if isinstance(one, str)] if isinstance(was, list) else []
        known += [(one, one) for one in listed if one not in {value for value, _label in known}]
        self.fields[key] = dj.MultipleChoiceField(
            label=title, choices=known, initial=listed, required=False, widget=dj.CheckboxSelectMultiple, help_text=hint
        )

    def add_flag(self, key: str, title: Any, was: Any, hint: Any = "") -> None:
        """Add a box to tick."""
        self.fields[key] = dj.BooleanField(label=title, initial=was is True, required=False, help_text=hint)

    def add_line(self, key: str, title: Any, was: Any, hint: Any = "", *, longest: int = 300) -> None:
        """Add a line to write."""
        self.fields[key] = dj.CharField(
            label=title, initial=was if isinstance(was, str) else "", max_length=longest, required=False, help_text=hint
        )

    def add_period(self, key: str, title: Any, was: Any, hint: Any = "", *, required: bool = True) -> None:
        """Add a length of time: a number and a unit. One that is written in another way stays as it is."""
        simple = _SIMPLE.match(was) if isinstance(was, str) else None
        units: list[tuple[str, Any]] = list(UNITS)
        if isinstance(was, str) and simple is None:
            units.append((AS_WRITTEN, _("as in the file: %(period)s") % {"period": was}))
        number = int(simple[1]) if simple else None
        # What the file writes in another way, such as P1Y6M, needs no number here.
        needed = required and (simple is not None or not was)
        self.fields[f"{key}_number"] = dj.IntegerField(
            label=title, min_value=0, max_value=9999, required=needed, help_text=hint, initial=number
        )
        self.fields[f"{key}_unit"] = dj.ChoiceField(
            label=_("Unit"), choices=units, initial=simple[2] if simple else AS_WRITTEN if was else "D", required=False
        )

    def period_wanted(self, key: str, was: Any) -> str | None:
        """Return the length of time that was given, as the file writes it."""
        number, unit = self.cleaned_data.get(f"{key}_number"), self.cleaned_data.get(f"{key}_unit")
        if unit == AS_WRITTEN:
            return was if isinstance(was, str) else None
        return None if number is None else f"P{number}{unit or 'D'}"


def without(entry: dict[str, Any], parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry with some keys set; None takes a key out."""
    return entries.with_parts(entry, parts)


def moment_of(text: Any) -> tuple[str, bool]:
    """Return the name of a moment, and whether it counts from the end of its year."""
    try:
        found = parse_moment(text) if isinstance(text, str) else None
    except ValueError:
        return "", False
    return (found.name, found.year_end) if found is not None else ("", False)
