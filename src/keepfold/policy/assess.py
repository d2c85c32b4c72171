"""Which assessments a policy calls for: its own triggers, evaluated over each purpose.

A fact that nobody told, such as how many people there are, leaves a trigger *unknown*; unknown is never "not due".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from keepfold.policy.checks.base import area, used_items
from keepfold.policy.conditions import parse_condition
from keepfold.policy.format.document import Policy, Purpose

_ADULT = 16


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """One trigger that fired, or may have: what to do, its condition, and the purposes that fired it."""

    do: str
    condition: str
    due: Literal["yes", "unknown"]
    purposes: tuple[str, ...]


def assessments(policy: Policy, people: int | None = None) -> tuple[Assessment, ...]:
    """Return the assessments that are due or may be due; `people` is how many there are, None when not known."""
    return tuple(_fired(policy, people))


def _fired(policy: Policy, people: int | None) -> Iterator[Assessment]:
    facts = {name: _facts(policy, purpose, people) for name, purpose in policy.purposes.items()}
    for trigger in policy.assess_when:
        condition = parse_condition(trigger.condition)
        answers = {name: condition(known) for name, known in facts.items()}
        yes = tuple(name for name, answer in answers.items() if answer is True)
        unknown = tuple(name for name, answer in answers.items() if answer is None)
        if yes or unknown:
            due: Literal["yes", "unknown"] = "yes" if yes else "unknown"
            yield Assessment(do=trigger.do, condition=trigger.condition, due=due, purposes=yes or unknown)


def _facts(policy: Policy, purpose: Purpose, people: int | None) -> dict[str, Any]:
    special = {item.special for item in used_items(policy, purpose).values() if item.special}
    ages = [policy.subjects[name].minimum_age for name in purpose.subjects or policy.subjects]
    basis = purpose.basis
    return {
        "special": bool(special - {"criminal"}),
        "criminal": "criminal" in special,
        "profiling": purpose.profiling,
        "automated_decision": purpose.automated_decision,
        "children": None if None in ages else any(age < _ADULT for age in ages if age is not None),
        "transfer": any(policy.recipients[name].country not in area(policy) for name in purpose.recipients),
        "subjects": people,
        "ccpa": basis.ccpa or "none",
        "gdpr": basis.gdpr or "none",
        "hipaa": basis.hipaa or "none",
        "glba": basis.glba or "none",
    }
