"""Somebody who receives data: in which role, where, under which contract, and for which purposes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms as dj
from django.utils.translation import gettext as _

from keepfold import packs
from keepfold.policy.console import words
from keepfold.policy.console.guided.base import EntryForm, without
from keepfold.policy.guide import entries
from keepfold.policy.guide.surgery import Step, put_all


class RecipientForm(EntryForm):
    """One recipient."""

    section = "recipients"
    more = ("tool", "assessed")

    class Meta:
        """Nothing; see `keepfold.ui.forms.Form`."""

    def build(self) -> None:
        """Add the fields."""
        was = self.was
        contract = was["contract"] if isinstance(was.get("contract"), dict) else {}
        transfer = was["transfer"] if isinstance(was.get("transfer"), dict) else {}
        kinds = contract.get("kind")
        self.add_label("label", _("What customers read"), _("Such as “Our parcel service”, or its name."))
        self.add_meanings("role", _("In which role"), words.ROLES, was.get("role", "processor"))
        codes = sorted(packs.keys("vocabulary", "countries.txt"), key=words.country)
        self.add_choice("country", _("Country"), {code: words.Word(words.country(code)) for code in codes},
                        was.get("country") or self._home())  # fmt: skip
        self.add_list("kinds", _("Contract"), [(key, str(word.label)) for key, word in words.CONTRACTS.items()],
                      [kinds] if isinstance(kinds, str) else kinds or ([] if self.name else ["dpa"]),
                      _("Somebody who works for you needs a data processing agreement."))  # fmt: skip
        self._add_day("signed", _("Signed on"), contract.get("signed"))
        self.add_period(
            "review",
            _("Look at it again every"),
            contract.get("review") or (None if self.name else "P1Y"),
            required=False,
        )
        abroad = _("Needed beyond your own area; for the GDPR that is the European Economic Area.")
        self.add_choice(
            "tool",
            _("If it lies abroad: sent under"),
            words.TRANSFERS,
            transfer.get("tool"),
            none=_("nothing"),
            hint=abroad,
        )
        self._add_day("assessed", _("Assessed on"), transfer.get("assessed"))
        self.add_list("for", _("For which purposes"), self._purposes(), self._used_by(),
                      _("A recipient without a purpose cannot receive anything."))  # fmt: skip

    def _add_day(self, key: str, title: str, was: Any) -> None:
        self.fields[key] = dj.DateField(
            label=title, required=False, initial=was if isinstance(was, str) else None,
            widget=dj.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        )  # fmt: skip

    def _home(self) -> str:
        controller = self.plain.get("controller") if isinstance(self.plain, dict) else None
        return str(controller.get("country", "DE")) if isinstance(controller, dict) else "DE"

    def _purposes(self) -> list[tuple[str, str]]:
        purposes = entries.section_of(self.plain, "purposes")
        return [(name, words.said_plain(entry.get("label"), self.spoken, name)) for name, entry in purposes.items()]

    def _used_by(self) -> list[str]:
        purposes = entries.section_of(self.plain, "purposes")
        return [name for name, entry in purposes.items() if self.name and self.name in (entry.get("recipients") or [])]

    def wanted(self) -> dict[str, Any]:
        """Return the recipient that the form asks for."""
        said, was = self.cleaned_data, self.was
        return without(was, {
            "label": self.label_wanted("label"),
            "role": said["role"],
            "country": said["country"],
            "contract": self._contract(was.get("contract")),
            "transfer": self._transfer(was.get("transfer")),
        })  # fmt: skip

    def _contract(self, was: Any) -> dict[str, Any] | None:
        before = was if isinstance(was, dict) else {}
        kinds = entries.chosen(
            [before["kind"]] if isinstance(before.get("kind"), str) else before.get("kind"), self.cleaned_data["kinds"]
        )
        if not kinds:
            return None
        kind = kinds[0] if len(kinds) == 1 and not isinstance(before.get("kind"), list) else kinds
        return without(before, {
            "kind": kind,
            "signed": _iso(self.cleaned_data["signed"]),
            "review": self.period_wanted("review", before.get("review")),
        })  # fmt: skip

    def _transfer(self, was: Any) -> dict[str, Any] | None:
        if not self.cleaned_data["tool"]:
            return None
        before = was if isinstance(was, dict) else {}
        return without(before, {"tool": self.cleaned_data["tool"], "assessed": _iso(self.cleaned_data["assessed"])})

    def more_steps(self, name: str) -> Iterator[Step]:
        """Yield the steps in the purposes for which it receives data."""
        for purpose, entry in entries.section_of(self.plain, "purposes").items():
            listed = entry.get("recipients")
            before = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
            wanted = purpose in self.cleaned_data["for"]
            if wanted is not (name in before):
                rest = [*before, name] if wanted else [one for one in before if one != name]
                path = ("purposes", purpose)
                yield from put_all(
                    path, entry, without(entry, {"recipients": rest or None}), entries.ORDERS["purposes"]
                )


def _iso(day: Any) -> str | None:
    return day.isoformat() if day is not None else None
