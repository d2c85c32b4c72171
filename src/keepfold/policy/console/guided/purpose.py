"""A purpose: what it is called, which data it needs, on which ground, how long, and who receives the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms as dj
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _

from keepfold.policy.console import words
from keepfold.policy.console.guided.base import EntryForm, moment_of, without
from keepfold.policy.console.guided.data import need_field
from keepfold.policy.format.values import parse_moment
from keepfold.policy.guide import entries

_CONSENT = {"6.1.a", "authorization"}
_SALES = {"sell", "share"}
_OTHER = "+"


class PurposeForm(EntryForm):
    """One purpose."""

    section = "purposes"
    more = ("refusable", "one_click", "gpc", "overrides", "profiling")

    class Meta:
        """Nothing; see `keepfold.ui.forms.Form`."""

    def build(self) -> None:
        """Add the fields."""
        self.items = entries.section_of(self.plain, "data")
        self.regimes = [one for one in entries.regimes(self.plain) if one in words.GROUNDS]
        self.add_label("label", _("What customers read"), _("What their data is used for, as they would say it."))
        self._add_data()
        self._add_ground()
        self._add_consent()
        self._add_opt_out()
        self._add_keeping()
        self._add_rest()

    def _part(self, key: str) -> dict[str, Any]:
        found = self.was.get(key)
        return found if isinstance(found, dict) else {}

    def _add_data(self) -> None:
        held = self._part("data")
        for item, entry in self.items.items():
            label = words.said_plain(entry.get("label"), self.spoken, item)
            self.fields[f"item_{item}"] = need_field(label, held.get(item))

    def _add_ground(self) -> None:
        basis = self._part("basis")
        for regime in self.regimes:
            title = _("Legal ground, %(law)s") % {"law": words.word(words.REGIMES, regime)}
            self.add_meanings(f"ground_{regime}", title, words.GROUNDS[regime], basis.get(regime))
        self.add_line(
            "law",
            _("The law that obliges or permits"),
            basis.get("law"),
            _("For a legal duty or a public task, such as DE AO § 147."),
        )
        self.add_line(
            "interest",
            _("Your interest"),
            basis.get("interest"),
            _("For a legitimate interest: what for, in one sentence."),
            longest=4000,
        )
        self.add_line(
            "balancing",
            _("Where the weighing is kept"),
            basis.get("balancing"),
            _("For a legitimate interest: an address or a place."),
        )
        if any(item.get("special") for item in self.items.values()):
            none = words.Word(_("none"), _("The purpose uses no special categories."))
            self.add_meanings(
                "special",
                _("Ground for special categories, GDPR Article 9"),
                words.ARTICLE_9,
                basis.get("special"),
                none=none,
            )
        if "ccpa" in self.regimes and any(item.get("ccpa") == "sensitive" for item in self.items.values()):
            uses = {f"7027.m.{number}": words.Word(f"11 CCR 7027(m)({number})") for number in range(1, 9)}
            self.add_choice(
                "sensitive_use",
                _("Use of sensitive data that cannot be limited"),
                uses,
                basis.get("sensitive_use"),
                none=_("none"),
            )

    def _add_consent(self) -> None:
        consent = self._part("consent")
        self.add_meanings("consent_kind", _("Kind of consent"), words.CONSENT_KINDS, consent.get("kind", "opt_in"))
        asked = [(key, str(word.label)) for key, word in words.CHANNELS.items()]
        self.add_list("ask_in", _("Where customers are asked"), asked, consent.get("ask_in"))
        self.add_flag(
            "double_opt_in",
            _("Counts only once confirmed"),
            consent.get("double_opt_in"),
            _("Usually by a link in an e-mail."),
        )
        lasts = consent.get("expires") if consent else "P24M"
        self.add_period(
            "expires", _("It lasts"), lasts, _("Then it is asked for again. Empty: without end."), required=False
        )
        proofs = [(key, str(word.label)) for key, word in words.PROOFS.items()]
        self.add_list("proof", _("What is kept to prove it"), proofs, consent.get("proof"))

    def _add_opt_out(self) -> None:
        opt_out = self.was.get("opt_out")
        held = opt_out if isinstance(opt_out, dict) else {}
        self.add_flag(
            "refusable",
            _("Customers can say no"),
            isinstance(opt_out, dict),
            _("Beside consent and objection: an own way to stop it."),
        )
        self.add_flag("one_click", _("By one click in every message"), held.get("one_click"))
        self.add_flag("gpc", _("By their browser’s privacy signal"), held.get("gpc") == "honour")
        texts = entries.label_texts(held.get("link"), self.spoken)
        for code in self.spoken:
            self.fields[f"link_{code}"] = dj.CharField(
                label=f"{_('By a link that says')} ({code})", initial=texts[code], max_length=500, required=False
            )

    def _add_keeping(self) -> None:
        keeping = self._part("retention")
        self.add_period(
            "keep",
            _("Kept for"),
            keeping.get("keep") or "P90D",
            _("The time after the moment below. 0 days: until then."),
        )
        since = moment_of(keeping.get("from"))
        moments = dict(words.MOMENTS) | {
            name: words.Word(name) for name in self._moments() if name not in words.MOMENTS
        }
        self.add_choice("since", _("Counted from the moment when"), moments, since[0] or "order.closed")
        self.fields["since"].choices = [*self.fields["since"].choices, (_OTHER, _("another moment"))]  # type: ignore[attr-defined]
        self.add_line(
            "since_other",
            _("The other moment"),
            "",
            _("As your programs report it, such as order.shipped."),
            longest=80,
        )
        self.add_flag("year_end", _("Counted from the end of that year"), since[1], _("As tax law does."))
        self.add_meanings("then", _("What happens then"), words.ENDS, keeping.get("then", "erase"))
        self.add_choice(
            "overrides", _("It outlives a request for erasure because of"), words.ERASURE_EXCEPTIONS,
            keeping.get("overrides_erasure"), none=_("nothing: it is erased on request"),
        )  # fmt: skip

    def _moments(self) -> list[str]:
        purposes = entries.section_of(self.plain, "purposes").values()
        found = [
            moment_of(one["retention"].get("from"))[0] for one in purposes if isinstance(one.get("retention"), dict)
        ]
        return [name for name in dict.fromkeys(found) if name]

    def _add_rest(self) -> None:
        known = entries.section_of(self.plain, "recipients")
        listed = [(name, words.said_plain(entry.get("label"), self.spoken, name)) for name, entry in known.items()]
        self.add_list("recipients", _("Who receives the data for it"), listed, self.was.get("recipients"))
        self.add_flag("profiling", _("It evaluates people (profiling)"), self.was.get("profiling"))
        if "hipaa" in self.regimes:
            self.add_flag("minimum_necessary", _("Only the least that is needed"), self.was.get("minimum_necessary"))

    # ---------------------------------------------------------------------------------------------- shown

    def needs(self) -> list[BoundField]:
        """Return one field for each kind of data."""
        return [self[f"item_{item}"] for item in self.items]

    def grounds(self) -> list[BoundField]:
        """Return one field for each law."""
        return [self[f"ground_{regime}"] for regime in self.regimes]

    def links(self) -> list[BoundField]:
        """Return the texts of the link by language."""
        return [self[f"link_{code}"] for code in self.spoken]

    # --------------------------------------------------------------------------------------------- cleaned

    def clean(self) -> dict[str, Any]:
        """Look at what belongs together."""
        cleaned = super().clean() or self.cleaned_data
        if self.items and all(cleaned.get(f"item_{item}", "-") == "-" for item in self.items):
            self.add_error(None, _("Say which data it needs: a purpose that uses nothing is no purpose."))
        if self._rests_on_consent(cleaned) and not cleaned.get("ask_in"):
            self.add_error("ask_in", _("Choose where customers are asked; otherwise nobody can agree."))
        if cleaned.get("since") == _OTHER:
            self._check_moment(cleaned.get("since_other", ""))
        return cleaned

    def _check_moment(self, text: str) -> None:
        try:
            parse_moment(text)
        except ValueError:
            self.add_error("since_other", _("Write small letters with a dot, such as order.shipped."))

    def _rests_on_consent(self, said: Mapping[str, Any]) -> bool:
        grounds = {said.get(f"ground_{regime}") for regime in self.regimes}
        return bool(grounds & _CONSENT) or said.get("special") == "9.2.a"

    # ---------------------------------------------------------------------------------------------- wanted

    def wanted(self) -> dict[str, Any]:
        """Return the purpose that the form asks for."""
        said, was = self.cleaned_data, self.was
        parts: dict[str, Any] = {
            "label": self.label_wanted("label"),
            "data": self._data(),
            "basis": self._basis(),
            "consent": self._consent(),
            "opt_out": self._opt_out(),
            "retention": self._retention(),
            "recipients": entries.chosen(was.get("recipients"), said["recipients"]),
            "profiling": entries.flag(was.get("profiling"), said["profiling"]),
        }
        if "minimum_necessary" in said:
            parts["minimum_necessary"] = entries.flag(was.get("minimum_necessary"), said["minimum_necessary"])
        return without(was, parts)

    def _data(self) -> dict[str, Any]:
        held = self._part("data")
        wanted = {item: entries.need(held.get(item), self.cleaned_data[f"item_{item}"]) for item in self.items}
        return without(held, wanted)

    def _basis(self) -> dict[str, Any]:
        said, was = self.cleaned_data, self._part("basis")
        parts: dict[str, Any] = {regime: said[f"ground_{regime}"] for regime in self.regimes}
        parts |= {key: said[key].strip() or None for key in ("law", "interest", "balancing")}
        for key in ("special", "sensitive_use"):
            if key in said:
                parts[key] = said[key] or None
        return without(was, parts)

    def _consent(self) -> dict[str, Any] | None:
        said, was = self.cleaned_data, self._part("consent")
        sold = bool({said.get(f"ground_{regime}") for regime in self.regimes} & _SALES)
        if not self._rests_on_consent(said) and not (sold and was):
            return None
        return without(was, {
            "kind": said["consent_kind"],
            "double_opt_in": entries.flag(was.get("double_opt_in"), said["double_opt_in"]),
            "expires": self.period_wanted("expires", was.get("expires")),
            "ask_in": entries.chosen(was.get("ask_in"), said["ask_in"]) or [],
            "proof": entries.chosen(was.get("proof"), said["proof"]),
        })  # fmt: skip

    def _opt_out(self) -> dict[str, Any] | None:
        said, was = self.cleaned_data, self._part("opt_out")
        texts = {code: said[f"link_{code}"] for code in self.spoken}
        if not (said["refusable"] or said["one_click"] or said["gpc"] or any(texts.values())):
            return None
        return without(was, {
            "one_click": entries.flag(was.get("one_click"), said["one_click"]),
            "gpc": "honour" if said["gpc"] else None,
            "link": entries.label(was.get("link"), texts, self.spoken) if any(texts.values()) else None,
        })  # fmt: skip

    def _retention(self) -> dict[str, Any]:
        said, was = self.cleaned_data, self._part("retention")
        moment = said["since_other"] if said["since"] == _OTHER else said["since"]
        return without(was, {
            "keep": self.period_wanted("keep", was.get("keep")),
            "from": f"year_end({moment})" if said["year_end"] else moment,
            "then": said["then"],
            "overrides_erasure": said["overrides"] or None,
        })  # fmt: skip
