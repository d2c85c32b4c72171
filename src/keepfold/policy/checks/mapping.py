"""Mappings to the Data Privacy Vocabulary and to Fideslang: their keys exist."""

from __future__ import annotations

from collections.abc import Iterator

from keepfold import packs
from keepfold.policy.checks.base import Found, check
from keepfold.policy.format.document import Policy
from keepfold.policy.format.nearest import did_you_mean

_LISTS = {
    "data": {"dpv": "dpv-data.txt", "fides": "fides-data.txt"},
    "subjects": {"dpv": "dpv-subjects.txt", "fides": "fides-subjects.txt"},
    "purposes": {"dpv": "dpv-purposes.txt", "fides": "fides-uses.txt"},
}


@check("mapping.dpv-unknown", "Every `dpv` key exists in the Data Privacy Vocabulary.", source="DPV 2.3")
def dpv_unknown(policy: Policy) -> Iterator[Found]:
    """Refuse a DPV key that does not exist."""
    yield from _unknown(policy, "dpv", "the Data Privacy Vocabulary 2.3")


@check("mapping.fides-unknown", "Every `fides` key exists in Fideslang.", source="Fideslang 3.1.4")
def fides_unknown(policy: Policy) -> Iterator[Found]:
    """Refuse a Fideslang key that does not exist."""
    yield from _unknown(policy, "fides", "Fideslang 3.1.4")


@check(
    "mapping.missing",
    "Data, groups and purposes are mapped to the DPV, so that records can be exchanged.",
    severity="warning",
)
def missing(policy: Policy) -> Iterator[Found]:
    """Warn about entries that an exchange format could not name."""
    for section in _LISTS:
        for name, entry in getattr(policy, section).items():
            if entry.dpv is None:
                yield Found((section, name), f"`{name}` has no key of the Data Privacy Vocabulary.", "Add `dpv: …`.")


def _unknown(policy: Policy, vocabulary: str, called: str) -> Iterator[Found]:
    for section, lists in _LISTS.items():
        known = packs.keys("vocabulary", lists[vocabulary])
        for name, entry in getattr(policy, section).items():
            key = getattr(entry, vocabulary)
            if key is not None and key not in known:
                message = f"`{key}` is not a key of {called} for {section}."
                yield Found((section, name, vocabulary), message, did_you_mean(key, known))
