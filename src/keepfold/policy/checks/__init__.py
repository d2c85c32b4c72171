"""The named checks of a policy: one rule each, with the sentence it is documented by.

A check takes a policy that reads well and yields what it finds. `run` applies all; `catalogue` lists them, together
with what reading the file itself may find, so that the reference can be generated.
"""

from __future__ import annotations

from collections.abc import Iterator

from keepfold.policy.checks import (
    assess,
    basis,
    ccpa,
    consent,
    data,
    examples,
    glba,
    hipaa,
    index,
    labels,
    mapping,
    notice,
    purpose,
    recipient,
    requests,
    retention,
    rights,
)
from keepfold.policy.checks.base import REGISTRY, Check, Found
from keepfold.policy.checks.reading import READING
from keepfold.policy.format.document import Policy

__all__ = ["FAMILIES", "READING", "Check", "Found", "catalogue", "run"]

FAMILIES = (
    data, index, purpose, basis, consent, rights, retention, recipient, labels, mapping, notice, requests, assess, ccpa,
    hipaa, glba, examples,
)  # fmt: skip


def run(policy: Policy) -> Iterator[tuple[Check, Found]]:
    """Yield everything that the checks find."""
    for check in REGISTRY.values():
        for found in check.function(policy):
            yield check, found


def catalogue() -> dict[str, tuple[str, str, str]]:
    """Return severity, summary and source of every check by its name."""
    named = {name: ("error", summary, "") for name, summary in READING.items()}
    return named | {check.name: (check.severity, check.summary, check.source) for check in REGISTRY.values()}
