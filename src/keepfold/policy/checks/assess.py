"""Triggers of assessments: readable, and there where one is owed."""

from __future__ import annotations

from collections.abc import Iterator

from keepfold.policy.checks.base import Found, check, gdpr_like
from keepfold.policy.conditions import NAMES, parse_condition
from keepfold.policy.format.document import Policy


@check("assess.condition-unreadable", "The condition of a trigger can be evaluated.")
def condition_unreadable(policy: Policy) -> Iterator[Found]:
    """Refuse a trigger that could never fire."""
    for number, trigger in enumerate(policy.assess_when):
        try:
            parse_condition(trigger.condition)
        except ValueError as error:
            known = f"Known here: {', '.join(sorted(NAMES))}."
            yield Found(("assess_when", str(number), "if"), f"This condition {error}.", known)


@check("assess.dpia-missing", "Special data, profiling and automated decisions trigger an assessment.",
       severity="warning", source="GDPR Art. 35(3)")  # fmt: skip
def dpia_missing(policy: Policy) -> Iterator[Found]:
    """Warn when nobody would be reminded."""
    risky = any(item.special for item in policy.data.values()) or any(
        purpose.profiling or purpose.automated_decision for purpose in policy.purposes.values()
    )
    if risky and gdpr_like(policy) and all(trigger.do != "dpia" for trigger in policy.assess_when):
        message = "Special data, profiling or automated decisions, but nothing triggers an impact assessment."
        yield Found(("assess_when",), message, "Add `assess_when: [{if: special or profiling, do: dpia}]`.")
