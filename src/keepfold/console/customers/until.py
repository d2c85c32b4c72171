"""Until when a purpose holds somebody's data, worked out from the policy and what is known of the person. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from keepfold.policy import queries as policy
from keepfold.policy.types import PurposeSpec

Kind = Literal["date", "agree", "unknown", "never", "nobody"]
# Moments that come with a no.
_A_NO = frozenset({"consent.ended", "opt_out"})
_CREATED = "record.created"
_ENDED = frozenset({"withdrawn", "objected", "opted_out"})


class Said(NamedTuple):
    """Where somebody stands with a purpose: `status` as the consent room says it, and its times in seconds."""

    status: str
    at_s: int
    expires_s: int | None = None


class Until(NamedTuple):
    """When it ends.

    `date`: on the day `at_s`. `agree`: when they say no, at the latest on `at_s` where that is known. `unknown`: the
    moment named in `missing` was never told. `never`: the purpose does not hold it at all, for they never agreed.
    `nobody`: no purpose holds it.
    """

    kind: Kind
    at_s: int | None = None
    missing: str = ""


def of_purpose(spec: PurposeSpec, said: Said | None, created_s: int) -> Until:
    """Return until when one purpose holds the data of somebody. `said` is None for who never said anything."""
    since = spec.retention.since
    name = since.removeprefix("year_end(").removesuffix(")")
    if name in _A_NO:
        return _until_no(spec, said)
    if spec.consent is not None and (said is None or said.status == "pending"):
        return Until("never")
    if name == _CREATED:
        return Until("date", _end(spec, created_s))
    return Until("unknown", missing=name)


def _until_no(spec: PurposeSpec, said: Said | None) -> Until:
    if said is not None and said.status in _ENDED:
        return Until("date", _end(spec, said.at_s))
    if spec.consent is None:
        return Until("agree")
    if said is None or said.status == "pending":
        return Until("never")
    if said.expires_s is None:
        return Until("agree")
    latest = _end(spec, said.expires_s)
    return Until("date" if said.status == "expired" else "agree", latest)


def _end(spec: PurposeSpec, since_s: int) -> int:
    begins = since_s
    if spec.retention.since.startswith("year_end("):
        begins = int(datetime(datetime.fromtimestamp(since_s, UTC).year + 1, 1, 1, tzinfo=UTC).timestamp())
    return policy.period_end(spec.retention.keep, begins)


def together(ends: Iterable[Until]) -> Until:
    """Return until when a data item is held that several purposes hold: the last of them, as far as it is known."""
    holding = [one for one in ends if one.kind != "never"]
    if not holding:
        return Until("nobody")
    for kind in ("unknown", "agree"):
        found = [one for one in holding if one.kind == kind]
        if found:
            known = [one.at_s for one in holding if one.at_s is not None]
            latest = max(known) if known and all(one.at_s for one in found) else None
            return Until(found[0].kind, latest, found[0].missing)
    return Until("date", max(one.at_s or 0 for one in holding))


def of_field(name: str, ends: Mapping[str, Until], purposes: Mapping[str, PurposeSpec]) -> Until:
    """Return until when a data item is held, by what each purpose that lists it says."""
    return together(ends[purpose] for purpose, spec in purposes.items() if name in spec.fields)
