"""The examples that a policy carries: they ask about something and say it unambiguously."""

from __future__ import annotations

from collections.abc import Iterator

from keepfold.policy.checks.base import Found, check
from keepfold.policy.format.document import Policy


@check("example.none", "A policy carries at least one example of a refusal.", severity="warning")
def none(policy: Policy) -> Iterator[Found]:
    """Warn about a policy that nobody has put to the test."""
    if all(example.expect != "denied" for example in policy.examples):
        hint = "Add one under `examples`; `keepfold policy test` runs them."
        yield Found(("examples",), "No example shows what this policy refuses.", hint)


@check("example.actor-twice", "An example has either a role or an actor.")
def actor_twice(policy: Policy) -> Iterator[Found]:
    """Refuse an example with two actors."""
    for number, example in enumerate(policy.examples):
        if example.role is not None and example.actor is not None:
            yield Found(("examples", str(number)), "There is a `role` and an `actor`; one of them is enough.")


@check("example.shown-denied", "Only an example that is allowed says how fields are shown.")
def shown_denied(policy: Policy) -> Iterator[Found]:
    """Refuse to expect fields from a refusal."""
    for number, example in enumerate(policy.examples):
        if example.expect == "denied" and example.shown:
            yield Found(("examples", str(number), "shown"), "Nothing is shown when the answer is denied.")
