"""The rules of decisions, and what each says to people: why, and what to do next."""

from __future__ import annotations

import re

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}(?:\.[a-z][a-z0-9_]{0,39}){0,3}\Z")
RULES: dict[str, tuple[str, str]] = {
    "actor.action": ("You have no right to {action}.", "Ask the privacy lead for the right, if your work needs it."),
    "actor.purpose": ("You may not act for the purpose {purpose}.", "Ask the privacy lead for the purpose."),
    "action.unknown": ("{action} is not an action of this system.", "Name an action from the reference."),
    "policy.none-active": ("No policy is active yet.", "Activate one: keepfold policy activate FILE."),
    "policy.not-effective": ("The active policy does not hold yet.", "Wait for the day in its `effective_from`."),
    "purpose.missing": ("{action} needs a purpose.", "Say for which purpose of the policy."),
    "purpose.unknown": ("The policy has no purpose {purpose}.", "Name one: keepfold policy show lists them."),
    "field.unknown": ("The policy does not name the data item {field}.", "Declare it under `data` first."),
    "field.not-in-purpose": ("The purpose {purpose} does not need {field}.", "Leave it out, or change the policy."),
    "person.erased": ("This person has been erased.", "There is nothing left to open."),
    "person.frozen": ("This person's data is frozen after an incident.", "Ask the security lead."),
    "person.restricted": ("Processing of this person's data is restricted.", "Wait until the restriction is lifted."),
    "consent.missing": ("There is no consent to {purpose}.", "Ask for consent first."),
    "consent.withdrawn": ("The consent to {purpose} was withdrawn.", "Respect it; only the person can consent anew."),
    "consent.altered": (
        "What is stored about this person's wishes on {purpose} is not what was recorded.",
        "Run `keepfold doctor`, find out who writes to the database, and record the wish again.",
    ),
    "consent.expired": ("The consent to {purpose} has expired.", "Ask for consent again."),
    "objection": ("This person objected to {purpose}.", "Respect it, or have the privacy lead decide on it."),
    "opt-out": ("This person opted out of {purpose}.", "Respect it."),
    "opt-out.signal": ("The browser's privacy signal closes {purpose}.", "Respect it."),
    "retention.ended": ("The time for {purpose} has ended for this person.", "The data is due for deletion."),
}


def reason(rule: str, action: str, purpose: str | None, field: str = "") -> str:
    """Return why a rule refuses, as one sentence. What cannot be a name is not repeated."""
    return RULES[rule][0].format(action=_named(action), purpose=_named(purpose or ""), field=_named(field))


def next_step(rule: str) -> str:
    """Return what to do about a refusal."""
    return RULES[rule][1]


def _named(word: str) -> str:
    # Whoever asks may put a customer's value where a name belongs; it must not come back in an error.
    return word if _NAME.match(word) else "of that name"
