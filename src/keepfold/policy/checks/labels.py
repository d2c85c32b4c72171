"""Labels: complete in every declared language."""

from __future__ import annotations

from collections.abc import Iterator

from keepfold.policy.checks.base import Found, check
from keepfold.policy.format.document import Policy
from keepfold.policy.format.sugar import Label


@check("label.missing", "Every label exists in every declared language.", source="GDPR Art. 12(1)")
def missing(policy: Policy) -> Iterator[Found]:
    """Refuse a notice with holes."""
    languages = (policy.languages.default, *policy.languages.also)
    for path, label in _labels(policy):
        absent = label.missing(languages)
        if absent:
            hint = "Write `{" + ", ".join(f"{code}: …" for code in languages) + "}`."
            yield Found(path, f"This label is missing in {', '.join(absent)}.", hint)


@check("label.undeclared", "No label is written in a language that is not declared.")
def undeclared(policy: Policy) -> Iterator[Found]:
    """Refuse a text that nobody would see."""
    languages = {policy.languages.default, *policy.languages.also}
    for path, label in _labels(policy):
        for code in sorted(set(label.texts) - languages - {""}):
            yield Found((*path, code), f"`{code}` is not among the languages.", "Add it to `languages.also`.")


@check("languages.repeated", "No language is declared twice.")
def repeated(policy: Policy) -> Iterator[Found]:
    """Refuse a repeated language."""
    languages = [policy.languages.default, *policy.languages.also]
    if len(set(languages)) != len(languages):
        yield Found(("languages", "also"), "A language is declared twice.")


def _labels(policy: Policy) -> Iterator[tuple[tuple[str, ...], Label]]:
    for section in ("data", "subjects", "purposes", "recipients"):
        for name, entry in getattr(policy, section).items():
            if entry.label is not None:
                yield (section, name, "label"), entry.label
    for name, purpose in policy.purposes.items():
        if purpose.opt_out is not None and purpose.opt_out.link is not None:
            yield ("purposes", name, "opt_out", "link"), purpose.opt_out.link
