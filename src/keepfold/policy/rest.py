"""The policy over REST: what is in force, and what a text or a question would come to. Translates only.

Nothing here changes the policy or concerns a person; whoever has a token may ask.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from keepfold.gate import rest
from keepfold.gate.types import Actor
from keepfold.kernel import clock
from keepfold.kernel.errors import Invalid, TooLarge
from keepfold.people import queries as people
from keepfold.policy import queries, surface
from keepfold.policy.decider import rule_of
from keepfold.policy.types import ConsentFact, ConsentStatus, PersonFacts, Question

router = Router(tags=["policy"])
LONGEST_TEXT = 256 * 1024
_NAME = r"^[a-z][a-z0-9_]{0,63}$"
_ACTION = r"^[a-z]+(\.[a-z_]+){2}$"
Name = Annotated[str, Field(pattern=_NAME)]


class ActiveOut(Schema):
    """The version in force; `document` is its canonical form."""

    version: str
    policy_id: str
    effective_from: str
    activated_at: str
    document: dict[str, Any]


class FindingOut(Schema):
    """What a check found, and where. Line and column count from 1; null where there is no place or hint."""

    check: str
    severity: Literal["error", "warning"]
    message: str
    hint: str | None
    path: str | None
    line: int | None
    column: int | None


class ReportOut(Schema):
    """What checking a text gave. `version` is the version it would be; null while there are errors."""

    name: str
    ok: bool
    version: str | None
    errors: int
    warnings: int
    findings: list[FindingOut]


class AgainstQuery(rest.Strict):
    """The version to compare with: `active`, a version, or its first eight digits or more."""

    against: Annotated[str, Field(pattern=r"^(active|[0-9a-f]{8,64})$")] = "active"


class ChangeOut(Schema):
    """One difference; `material` says whether people must be told before it counts."""

    kind: str
    effect: Literal["wider", "narrower", "neutral"]
    material: bool
    path: str
    sentence: str
    purposes: list[str]


class DiffOut(Schema):
    """Every difference between two policies, the material ones first."""

    material: bool
    changes: list[ChangeOut]


class PersonIn(rest.Strict):
    """A person who does not exist: what they said about purposes, and their state."""

    consents: Annotated[dict[Name, ConsentStatus], Field(default_factory=dict, max_length=100)]
    restricted: Annotated[bool, Field(strict=True)] = False
    frozen: Annotated[bool, Field(strict=True)] = False
    erased: Annotated[bool, Field(strict=True)] = False


class ExplainIn(rest.Strict):
    """A question to the policy. Without `role` it is asked for the token's own grants."""

    action: Annotated[str, Field(pattern=_ACTION, max_length=80)] = "vault.record.open"
    purpose: Name | None = None
    fields: Annotated[list[Name], Field(default_factory=list, max_length=200)]
    role: Name | None = None
    person: PersonIn | None = None
    gpc: Annotated[bool, Field(strict=True, description="The Global Privacy Control signal.")] = False


class StepOut(Schema):
    """One rule that was looked at: what it says, from which fact, and what would change it."""

    rule: str
    effect: Literal["allows", "refuses", "no effect"]
    because: str
    change: str | None


class ExplanationOut(Schema):
    """The decision, with every rule that was looked at."""

    allowed: bool
    rules: list[str]
    reason: str
    fields: dict[str, Literal["clear", "masked"]]
    steps: list[StepOut]
    version: str


_TEXT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": f"A policy file in YAML, UTF-8, at most {LONGEST_TEXT} bytes.",
        "content": {
            kind: {"schema": {"description": "The text of the file."}} for kind in ("application/yaml", "text/plain")
        },
    }
}


@router.get("/policy", response=ActiveOut)
def active_policy(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  ninja passes it
    """Return the policy in force."""
    active = queries.active()
    at = datetime.fromtimestamp(active.activated_us / 1e6, UTC).isoformat(timespec="seconds")
    return rest.answer(
        {
            "version": active.version,
            "policy_id": active.policy_id,
            "effective_from": active.effective_from,
            "activated_at": at.replace("+00:00", "Z"),
            "document": queries.document(active.version),
        }
    )


@router.post("/policy/check", response=ReportOut, openapi_extra=_TEXT)
def check_policy(request: HttpRequest) -> HttpResponse:
    """Check a policy file. Nothing is stored."""
    return rest.answer(surface.report(queries.check(_text(request))))


@router.post("/policy/diff", response=DiffOut, openapi_extra=_TEXT | rest.MAY_MISS)
def diff_policy(request: HttpRequest, query: Query[AgainstQuery]) -> HttpResponse:
    """Say what would become wider or narrower if this policy file were activated. Nothing is stored."""
    return rest.answer(surface.changes(queries.diff_text(query.against, _text(request))))


@router.post("/policy/explain", response=ExplanationOut)
def explain_policy(request: HttpRequest, body: ExplainIn) -> HttpResponse:
    """Explain what the policy in force would answer, about a person who does not exist. Nothing is opened."""
    rule = rule_of(body.action)
    question = Question(
        actor=_asked_for(rest.actor_of(request), body.role),
        action=body.action,
        now_s=clock.now_s(),
        purpose=body.purpose,
        fields=tuple(body.fields),
        person=None if body.person is None else _facts(body.person),
        uses_data=rule.uses_data,
        needs_purpose=rule.needs_purpose,
        gpc=body.gpc,
    )
    return rest.answer(surface.explanation(queries.explain(question)))


def _text(request: HttpRequest) -> bytes:
    if len(request.body) > LONGEST_TEXT:
        raise TooLarge(f"A policy has at most {LONGEST_TEXT} bytes.", code="policy.too-long")
    if not request.body:
        raise Invalid("There is no policy in the body.", code="policy.no-text", next_step="Send the file as it is.")
    return request.body


def _asked_for(asking: Actor, role: str | None) -> Actor:
    if role is None:
        return asking
    if role not in people.roles():
        raise Invalid("There is no such role.", code="people.role-unknown", next_step="keepfold staff roles")
    grants = people.grants_of((role,))
    return Actor(kind="staff", id=bytes(16), roles=(role,), actions=grants.actions, purposes=grants.purposes)


def _facts(person: PersonIn) -> PersonFacts:
    now_s = clock.now_s()
    return PersonFacts(
        consents={name: ConsentFact(status=status, at_s=now_s) for name, status in person.consents.items()},
        restricted=person.restricted,
        frozen=person.frozen,
        erased=person.erased,
    )
