"""A slow interpreter of the policy file, written from the documentation and not from the code it checks.

It reads the models of the file directly, compiles nothing, and counts periods with the calendar module.
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta

from keepfold.policy.format.document import Policy, Purpose
from keepfold.policy.types import PersonFacts, Question


def answer(policy: Policy, question: Question) -> tuple[bool, str]:
    """Return whether it is allowed, and the rule that refuses first (or none)."""
    rule = next(iter(refusals(policy, question)), "")
    return not rule, rule


def refusals(policy: Policy, question: Question):  # noqa: C901  as long as the documentation
    """Yield the rules that refuse, in the documented order."""
    if not any(_covers(grant, question.action) for grant in question.actor.actions):
        yield "actor.action"
    if question.purpose is None:
        if question.needs_purpose:
            yield "purpose.missing"
        return
    if datetime.fromtimestamp(question.now_s, UTC).date() < policy.effective_from:
        yield "policy.not-effective"
    purpose = policy.purposes.get(question.purpose)
    if purpose is None:
        yield "purpose.unknown"
        return
    if question.purpose not in question.actor.purposes and "*" not in question.actor.purposes:
        yield "actor.purpose"
    for field in question.fields:
        if field not in policy.data:
            yield "field.unknown"
        elif field not in purpose.data:
            yield "field.not-in-purpose"
    if question.uses_data:
        yield from _use(question.purpose, purpose, question)


def shown(policy: Policy, question: Question) -> dict[str, str]:
    """Return how each field is shown when it is allowed."""
    purpose = policy.purposes[question.purpose]
    found = {}
    for field in question.fields or purpose.data:
        show = purpose.data[field].show
        ruled = {show[role] for role in question.actor.roles if role in show and role}
        found[field] = ("clear" if "clear" in ruled else "masked") if ruled else show[""]
    return found


def _use(name: str, purpose: Purpose, question: Question):
    if question.gpc and purpose.opt_out is not None and purpose.opt_out.gpc == "honour":
        yield "opt-out.signal"
    person = question.person
    if person is None:
        return
    for state in ("erased", "frozen", "restricted"):
        if getattr(person, state):
            yield f"person.{state}"
    yield from _said(name, purpose, person, question.now_s)
    yield from _kept(purpose, person, question.now_s)


def _said(name: str, purpose: Purpose, person: PersonFacts, now_s: int):
    fact = person.consents.get(name)
    status = fact.status if fact else None
    interest = {purpose.basis.gdpr, purpose.basis.uk_gdpr} & {"6.1.e", "6.1.f"}
    objectable = bool(interest) or (purpose.rights is not None and purpose.rights.object is True)
    if purpose.consent is not None:
        if status is None:
            yield "consent.missing"
        elif status == "opted_out":
            yield "opt-out"
        elif status != "granted":
            yield "consent.withdrawn"
        elif fact.expires_s is not None and fact.expires_s <= now_s:
            yield "consent.expired"
    elif status in {"withdrawn", "objected"} and objectable:
        yield "objection"
    elif status in {"withdrawn", "objected", "opted_out"} and (objectable or purpose.opt_out is not None):
        yield "opt-out"


def _kept(purpose: Purpose, person: PersonFacts, now_s: int):
    since = purpose.retention.since
    if since.name not in person.moments or since.name in {"consent.ended", "opt_out"}:
        return
    start = datetime.fromtimestamp(person.moments[since.name], UTC)
    if since.year_end:
        start = datetime(start.year + 1, 1, 1, tzinfo=UTC)
    if now_s >= int(_later(start, purpose.retention.keep.months, purpose.retention.keep.days).timestamp()):
        yield "retention.ended"


def _later(start: datetime, months: int, days: int) -> datetime:
    for _ in range(months):
        year, month = (start.year, start.month + 1) if start.month < 12 else (start.year + 1, 1)
        last = calendar.monthrange(year, month)[1]
        start = (
            start.replace(year=year, month=month, day=min(start.day, last))
            if start.day <= last
            else _cut(start, year, month, last)
        )
    return start + timedelta(days=days)


def _cut(start: datetime, year: int, month: int, last: int) -> datetime:
    return start.replace(year=year, month=month, day=last)


def _covers(grant: str, action: str) -> bool:
    if grant in {"*", action}:
        return True
    return grant.endswith(".*") and action.startswith(grant.removesuffix("*"))
