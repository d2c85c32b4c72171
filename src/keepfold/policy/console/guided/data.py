"""A kind of data: what it is called and of which type, where it comes from, and which purposes need it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms as dj
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _

from keepfold.policy.console import words
from keepfold.policy.console.guided.base import EntryForm, without
from keepfold.policy.guide import entries
from keepfold.policy.guide.surgery import Step
from keepfold.policy.traits import COMPOUND_TYPES, INDEX_IF_UNIQUE, INDEX_SAFE, MASKS_OF


def need_choices(was: Any) -> list[tuple[str, str]]:
    """Return how a purpose may need a kind of data, in words."""
    choices = [
        ("-", _("not used")),
        ("required", _("needed")),
        ("optional", _("if it is there")),
        ("required masked", _("needed, shown in part")),
        ("optional masked", _("if it is there, shown in part")),
    ]
    kept = [("keep", _("as in the file, by role"))] if entries.need_choice(was) == "keep" else []
    return [*choices, *kept]


def need_field(label: str, was: Any) -> dj.ChoiceField:
    """Return the choice of how a purpose needs a kind of data."""
    return dj.ChoiceField(label=label, choices=need_choices(was), initial=entries.need_choice(was))


class DataForm(EntryForm):
    """One kind of data."""

    section = "data"
    more = ("search", "identity", "mask", "isolate", "compartment", "compartment_new", "max_length")

    class Meta:
        """Nothing; see `keepfold.ui.forms.Form`."""

    def build(self) -> None:
        """Add the fields."""
        was = self.was
        self.add_label(
            "label", _("What customers read"), _("Such as “E-mail address”. It appears in the notice and in forms.")
        )
        types = {key: word for key, word in words.TYPES.items() if key not in COMPOUND_TYPES or was.get("type") == key}
        self.add_meanings("type", _("What it is"), types, was.get("type", "text"))
        self.add_meanings("source", _("Where it comes from"), words.SOURCES, was.get("source", "subject"))
        self._add_uses()
        self.add_choice("special", _("Special category"), words.SPECIALS, was.get("special"), none=_("no"))
        self.add_flag("search", _("Customers are found by it"), bool(self._exact()), _("Whole, exact values only."))
        self.add_flag(
            "identity", _("It identifies a customer"), was.get("identity"), _("No two customers share a value.")
        )
        self._add_protection()

    def _add_uses(self) -> None:
        self.purposes = entries.section_of(self.plain, "purposes")
        for purpose, entry in self.purposes.items():
            held = entry.get("data")
            needed = held.get(self.name) if isinstance(held, dict) and self.name else None
            self.fields[f"use_{purpose}"] = need_field(
                words.said_plain(entry.get("label"), self.spoken, purpose), needed
            )

    def _add_protection(self) -> None:
        was = self.was
        compartments = {
            one.get("compartment", "main"): words.Word(str(one.get("compartment", "main")))
            for one in entries.section_of(self.plain, "data").values()
        }
        self.add_choice(
            "mask", _("Where it is shown in part, one sees"), words.MASKS, was.get("mask"), none=_("what is usual")
        )
        self.add_flag(
            "isolate", _("Seal it apart"), was.get("isolate"), _("For cards, bank accounts, health. Slower to open.")
        )
        self.add_flag(
            "describe_only", _("Never show it in an export"), was.get("export") == "describe_only",
            _("People are told that it is held, not what it is."),
        )  # fmt: skip
        self.add_flag("may_name_others", _("It may name other people"), was.get("may_name_others"))
        self.add_choice("compartment", _("Compartment"), compartments or {"main": words.Word("main")},
                        was.get("compartment", next(iter(compartments), "main")))  # fmt: skip
        self.add_line("compartment_new", _("Or a new compartment"), "", _("Small letters, such as health."), longest=40)
        longest = was.get("max_length")
        self.fields["max_length"] = dj.IntegerField(
            label=_("Most characters"), min_value=1, max_value=100_000, required=False,
            initial=longest if isinstance(longest, int) else None,
        )  # fmt: skip
        if "ccpa" in entries.regimes(self.plain):
            category = was.get("ccpa") or ("identifiers" if not self.name else None)
            self.add_choice("ccpa", _("Category under the CCPA"), words.CCPA_CATEGORIES, category, none=_("choose one"))

    def uses(self) -> list[BoundField]:
        """Return one field for each purpose."""
        return [self[f"use_{purpose}"] for purpose in self.purposes]

    def clean(self) -> dict[str, Any]:
        """Look at what belongs together."""
        cleaned = super().clean() or self.cleaned_data
        kind, mask = cleaned.get("type"), cleaned.get("mask")
        if mask and kind in MASKS_OF and mask not in MASKS_OF[kind]:
            self.add_error("mask", _("This does not fit the type. Choose another, or what is usual."))
        if cleaned.get("search") or cleaned.get("identity"):
            self._check_search(kind, unique=bool(cleaned.get("identity")), special=bool(cleaned.get("special")))
        new = cleaned.get("compartment_new") or ""
        if new and not (new.isascii() and new[:1].isalpha() and new.replace("_", "a").isalnum() and new == new.lower()):
            self.add_error("compartment_new", _("Write small letters, digits and _, such as health."))
        return cleaned

    def _check_search(self, kind: str | None, *, unique: bool, special: bool) -> None:
        field = "search" if self.cleaned_data.get("search") else "identity"
        if special:
            self.add_error(field, _("A search over special categories would show who shares a value."))
        elif kind not in INDEX_SAFE and not (kind in INDEX_IF_UNIQUE and unique):
            self.add_error(
                field,
                _("Values of this type repeat, and an index would show how often. Leave it out."),
            )

    def _exact(self) -> bool:
        index = self.was.get("index")
        wishes = index if isinstance(index, list) else [index]
        return any(wish == "exact" or (isinstance(wish, dict) and wish.get("form") == "exact") for wish in wishes)

    def wanted(self) -> dict[str, Any]:
        """Return the kind of data that the form asks for."""
        said, was = self.cleaned_data, self.was
        searched = said["search"] or said["identity"]
        compartment = said["compartment_new"] or said["compartment"]
        parts: dict[str, Any] = {
            "label": self.label_wanted("label"),
            "type": said["type"],
            "source": said["source"],
            "special": said["special"] or None,
            "identity": entries.flag(was.get("identity"), said["identity"]),
            "index": (was.get("index") if self._exact() else "exact") if searched else None,
            "mask": said["mask"] or None,
            "isolate": entries.flag(was.get("isolate"), said["isolate"]),
            "export": "describe_only" if said["describe_only"] else ("full" if was.get("export") == "full" else None),
            "may_name_others": entries.flag(was.get("may_name_others"), said["may_name_others"]),
            "compartment": None if compartment == "main" and "compartment" not in was else compartment,
            "max_length": said["max_length"],
        }
        if "ccpa" in said:
            parts["ccpa"] = said["ccpa"] or None
        return without(was, parts)

    def more_steps(self, name: str) -> Iterator[Step]:
        """Yield the steps in the purposes that use it."""
        choices = {purpose: self.cleaned_data[f"use_{purpose}"] for purpose in self.purposes}
        yield from entries.uses_steps(self.plain, name, choices)
