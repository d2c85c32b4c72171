"""How a check is declared, and the small questions that several checks ask of a policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from keepfold.policy.format.document import DataItem, Policy, Purpose
from keepfold.policy.types import Severity

# The European Economic Area: the 27 members of the Union, Iceland, Liechtenstein and Norway.
EEA = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK".split()  # noqa: SIM905
)
_MARKETING = frozenset({
    "dpv:Marketing", "dpv:DirectMarketing", "dpv:SocialMediaMarketing", "dpv:Advertising",
    "dpv:PersonalisedAdvertising", "dpv:TargetedAdvertising",
})  # fmt: skip


class Found(msgspec.Struct, frozen=True):
    """Something a check found: the path of the key, a sentence, and what to write instead."""

    path: tuple[str, ...]
    message: str
    hint: str = ""


Function = Callable[[Policy], Iterator[Found]]


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One named rule of the loader. `source` is the law or specification it comes from."""

    name: str
    severity: Severity
    summary: str
    source: str
    function: Function


REGISTRY: dict[str, Check] = {}


def check(name: str, summary: str, *, source: str = "", severity: Severity = "error") -> Callable[[Function], Function]:
    """Register a function as the check of that name."""

    def register(function: Function) -> Function:
        if name in REGISTRY:
            raise ValueError(f"the check {name} exists already")
        REGISTRY[name] = Check(name=name, severity=severity, summary=summary, source=source, function=function)
        return function

    return register


def gdpr_like(policy: Policy) -> bool:
    """Say whether the GDPR or its British twin is active."""
    return bool({"gdpr", "uk_gdpr"} & set(policy.regimes))


def articles(purpose: Purpose) -> set[str]:
    """Return the grounds of Art. 6(1) that a purpose gives."""
    return {article for article in (purpose.basis.gdpr, purpose.basis.uk_gdpr) if article}


def used_items(policy: Policy, purpose: Purpose) -> dict[str, DataItem]:
    """Return the declared data items that a purpose uses."""
    return {name: policy.data[name] for name in purpose.data if name in policy.data}


def is_marketing(purpose: Purpose) -> bool:
    """Say whether a purpose is mapped to marketing; Fideslang keys are matched at their dots."""
    return purpose.dpv in _MARKETING or (purpose.fides or "").split(".")[0] == "marketing"


def area(policy: Policy) -> frozenset[str]:
    """Return the countries to which data may go without a transfer tool."""
    home = policy.controller.country
    if home in EEA:
        return EEA
    return frozenset({home})


def asks_consent(purpose: Purpose) -> bool:
    """Say whether one of the grounds of a purpose is consent."""
    basis = purpose.basis
    return (
        "6.1.a" in articles(purpose)
        or basis.special == "9.2.a"
        or basis.automated == "22.2.c"
        or basis.hipaa == "authorization"
    )
