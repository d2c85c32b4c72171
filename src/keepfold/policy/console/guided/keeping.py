"""How long everything is kept: one line for each purpose, and the places where copies lie."""

from __future__ import annotations

from typing import Any

from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _

from keepfold.policy.console import words
from keepfold.policy.console.guided.base import EntryForm, moment_of, without
from keepfold.policy.guide import entries
from keepfold.policy.guide.surgery import Step, put_all


class KeepingForm(EntryForm):
    """The times of all purposes and places together."""

    section = "purposes"

    class Meta:
        """Nothing; see `keepfold.ui.forms.Form`."""

    def build(self) -> None:
        """Add the fields."""
        self.purposes = entries.section_of(self.plain, "purposes")
        storage = self.plain.get("storage") if isinstance(self.plain, dict) else None
        self.places = [one for one in storage if isinstance(one, dict)] if isinstance(storage, list) else []
        for name, entry in self.purposes.items():
            keeping = entry.get("retention") if isinstance(entry.get("retention"), dict) else {}
            self.add_period(name, words.said_plain(entry.get("label"), self.spoken, name), keeping.get("keep"))
        for number, place in enumerate(self.places):
            called = _("Copies in: %(place)s") % {"place": words.word(words.PLACES, str(place.get("place", number)))}
            self.add_period(
                f"+{number}", called, place.get("keep"), _("Empty: as long as the data itself."), required=False
            )

    def rows(self) -> list[tuple[BoundField, BoundField, str]]:
        """Return number, unit and moment for each purpose."""
        return [(self[f"{name}_number"], self[f"{name}_unit"], _since(entry)) for name, entry in self.purposes.items()]

    def place_rows(self) -> list[tuple[BoundField, BoundField]]:
        """Return number and unit for each place."""
        return [(self[f"+{number}_number"], self[f"+{number}_unit"]) for number in range(len(self.places))]

    def wanted(self) -> dict[str, Any]:
        """Return nothing: many entries change at once."""
        return {}

    def steps(self) -> tuple[str, list[Step]]:
        """Return the steps on all purposes and places."""
        found: list[Step] = []
        for name, entry in self.purposes.items():
            keeping = entry.get("retention")
            if isinstance(keeping, dict):
                wanted = without(keeping, {"keep": self.period_wanted(name, keeping.get("keep"))})
                found += put_all(("purposes", name, "retention"), keeping, wanted)
        for number, place in enumerate(self.places):
            wanted = without(place, {"keep": self.period_wanted(f"+{number}", place.get("keep"))})
            found += put_all(("storage", str(number)), place, wanted)
        return "", found


def _since(entry: dict[str, Any]) -> str:
    keeping = entry.get("retention")
    name, year_end = moment_of(keeping.get("from")) if isinstance(keeping, dict) else ("", False)
    shown = words.word(words.MOMENTS, name) if name else ""
    if year_end:
        return _("from the end of the year in which %(moment)s") % {"moment": shown}
    return _("after %(moment)s") % {"moment": shown} if shown else ""
