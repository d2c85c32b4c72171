"""Differences of everything else: who answers, which laws, which languages, how people are told."""

from __future__ import annotations

from collections.abc import Iterator

from keepfold.policy.diff.base import Draft, leftovers, listed
from keepfold.policy.format.document import Policy

_LOOKED_AT = {
    "data",
    "purposes",
    "recipients",
    "storage",
    "regimes",
    "subjects",
    "languages",
    "notice",
    "effective_from",
}
_SENTENCES = {
    "id": "The policy has another id.",
    "controller": "The controller's details were changed.",
    "requests": "How requests are handled was changed.",
    "assess_when": "When assessments are due was changed.",
    "examples": "The examples were changed.",
}


def other_changes(old: Policy, new: Policy) -> Iterator[Draft]:
    """Yield every difference outside of data, purposes and recipients."""
    if old.effective_from != new.effective_from:
        sentence = f"It takes effect on {new.effective_from} instead of {old.effective_from}."
        yield Draft("effective_from.changed", "neutral", "effective_from", sentence)
    yield from _regimes(old, new)
    yield from _subjects(old, new)
    yield from _languages(old, new)
    yield from _notice(old, new)
    for draft in leftovers("policy.changed", "policy", old, new, _LOOKED_AT, "The policy"):
        key = draft.path.removeprefix("policy.")
        yield Draft(f"{key}.changed", "neutral", key, _SENTENCES.get(key, draft.sentence))


def _regimes(old: Policy, new: Policy) -> Iterator[Draft]:
    added, gone = set(new.regimes) - set(old.regimes), set(old.regimes) - set(new.regimes)
    if added:
        yield Draft("regime.added", "narrower", "regimes", f"The rules of {listed(added)} apply as well.")
    if gone:
        yield Draft("regime.removed", "wider", "regimes", f"The rules of {listed(gone)} no longer apply.")
    if old.regimes != new.regimes and not added and not gone:
        yield Draft("regime.changed", "neutral", "regimes", "The regimes are in another order.")


def _subjects(old: Policy, new: Policy) -> Iterator[Draft]:
    for name in new.subjects:
        path = f"subjects.{name}"
        if name not in old.subjects:
            yield Draft("subjects.widened", "wider", path, f"Data of a new group is used: `{name}`.")
            continue
        was, is_ = old.subjects[name], new.subjects[name]
        if was.minimum_age != is_.minimum_age:
            wider = (is_.minimum_age or 0) < (was.minimum_age or 0)
            kind = "subjects.widened" if wider else "subjects.narrowed"
            sentence = f"The lowest age of `{name}` is {is_.minimum_age or 'not limited'}."
            yield Draft(kind, "wider" if wider else "narrower", path, sentence)
        yield from leftovers("subject.changed", path, was, is_, {"minimum_age"}, f"`{name}`")
    for name in old.subjects:
        if name not in new.subjects:
            yield Draft("subjects.narrowed", "narrower", f"subjects.{name}", f"Data of `{name}` is no longer used.")


def _languages(old: Policy, new: Policy) -> Iterator[Draft]:
    if old.languages == new.languages:
        return
    sentence = f"People are told in {listed({new.languages.default, *new.languages.also})}."
    yield Draft("languages.changed", "neutral", "languages", sentence)


def _notice(old: Policy, new: Policy) -> Iterator[Draft]:
    gone = set(old.notice.material_when) - set(new.notice.material_when)
    if gone:
        sentence = f"No longer material: {listed(gone)}."
        yield Draft("notice.weakened", "wider", "notice.material_when", sentence)
    elif old.notice.material_when != new.notice.material_when:
        yield Draft("notice.changed", "neutral", "notice.material_when", "More changes count as material.")
    yield from leftovers("notice.changed", "notice", old.notice, new.notice, {"material_when"}, "Telling people")
