"""What anybody inside the process may ask of the policy room. Nothing here concerns a person."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from keepfold.gate.types import Actor
from keepfold.kernel import config
from keepfold.kernel.db import Row
from keepfold.kernel.errors import NotFound, Unavailable
from keepfold.policy import places, store, surface
from keepfold.policy.assess import Assessment
from keepfold.policy.assess import assessments as assess
from keepfold.policy.compile import CompiledPolicy, compile_policy, schema_of
from keepfold.policy.diff import diff as diff_policies
from keepfold.policy.drafting import reading, rows
from keepfold.policy.errors import NoPolicy, PolicyAltered, PolicyDamaged
from keepfold.policy.examples import run_examples
from keepfold.policy.explain import explain as explain_question
from keepfold.policy.format.document import Policy
from keepfold.policy.format.values import parse_period
from keepfold.policy.load import Loaded, load, load_stored, require
from keepfold.policy.templates import names, text_of
from keepfold.policy.types import (
    Change,
    ExampleResult,
    Explanation,
    InForce,
    Labels,
    PersonFacts,
    Question,
    Reach,
    Report,
    Schema,
    VersionInfo,
)

PersonOf = Callable[[Actor], bytes]
FactsOf = Callable[[bytes, str], PersonFacts]

_REMEMBERED = 4
_SHORTEST = 8

templates = names
template = text_of
wire_values = places.wire
draft = reading.draft
drafts = reading.drafts
draft_revision = reading.revision
draft_revisions = reading.revisions
drafts_of_version = reading.of_version


class ActivePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The version that decides now: its file as a model, its intake schema, and the rules decisions run on."""

    version: str
    hash: bytes
    policy_id: str
    effective_from: str
    activated_us: int
    policy: Policy
    schema: Schema
    compiled: CompiledPolicy


# Per process. The key holds the moment of activation, so that two installations never share an entry.
_compiled: dict[Row, ActivePolicy] = {}


class _Wiring:
    """What the site has handed over; None until then."""

    person_of: PersonOf | None = None
    facts_of: FactsOf | None = None
    is_living: Callable[[bytes], bool] | None = None
    held: Callable[[], int] | None = None
    agreed: Callable[[], Mapping[str, int]] | None = None


def wire_counts(*, held: Callable[[], int] | None, agreed: Callable[[], Mapping[str, int]] | None) -> None:
    """Hand over who knows how many people are held, and how many agreed to each purpose of the policy in force.

    Both must be running counts: pages ask for them, and nobody may be looked through for that.
    """
    _Wiring.held, _Wiring.agreed = held, agreed


def reach() -> Reach:
    """Return how many people the policy in force reaches, as far as anybody knows."""
    return Reach(held=_known(_Wiring.held), agreed=_known(_Wiring.agreed))


def is_wired() -> bool:
    """Say whether somebody was handed over who knows which person an actor stands for."""
    return _Wiring.person_of is not None


def waiting_for(actor: Actor) -> int:
    """Return how many drafts wait for somebody: to be reviewed, activated, or written on after they came back."""
    return reading.waiting(actor, person_of, two_people=config.current().two_person_activation)


def wire_people(*, person_of: PersonOf | None) -> None:
    """Hand over who knows which person an actor stands for; until then nothing needs, or gets, two people's yes."""
    _Wiring.person_of = person_of


def wire_facts(*, facts_of: FactsOf | None, is_living: Callable[[bytes], bool] | None) -> None:
    """Hand over who knows the facts of a person that a decision looks at, and whether there is such a person."""
    _Wiring.facts_of, _Wiring.is_living = facts_of, is_living


def facts_of(person: bytes, purpose: str) -> PersonFacts:
    """Return what a decision may know of a person; for actions only. Raises `NotFound`, `Unavailable`."""
    if _Wiring.facts_of is None or _Wiring.is_living is None:
        raise Unavailable("The policy room is not wired to people's facts.", code="policy.unwired")
    if not _Wiring.is_living(person):
        raise NotFound("There is no such customer, or no longer.", code="policy.no-person")
    return _Wiring.facts_of(person, purpose)


def person_of(actor: Actor) -> bytes:
    """Return the person an actor stands for. Raises `Unavailable` while nobody was wired who knows."""
    if _Wiring.person_of is None:
        raise Unavailable("The policy room is not wired to people.", code="policy.unwired")
    return _Wiring.person_of(actor)


def altered() -> dict[str, int]:
    """Return how many rows of each table are not as this installation wrote them."""
    return store.altered() | rows.altered()


def active() -> ActivePolicy:
    """Return the active policy; the one row that names it is read every time, so that activation counts at once.

    Raises `Unavailable(code="policy.none-active")` while there is none, and `PolicyAltered` when the row is not as this
    installation wrote it.
    """
    row = store.active()
    if row is None:
        raise none_active()
    return _compiled.get(row) or _compile(row)


def schema() -> Schema:
    """Return the intake schema of the active policy. Raises `Unavailable(code="policy.none-active")`."""
    return active().schema


def purpose_labels() -> dict[int, Labels]:
    """Return what every purpose that ever was is called, by number: its label now, or its name where it is gone."""
    labels: dict[int, Labels] = {number: {"en": name} for name, number in store.numbers().purpose.items()}
    try:
        now = schema()
    except NoPolicy:
        return labels
    return labels | {purpose.number: purpose.label for purpose in now.purposes.values()}


def none_active() -> NoPolicy:
    """Return the error for a question that needs an active policy while there is none."""
    return NoPolicy(
        "No policy is active yet, so nothing may be stored or opened.",
        rule="policy.none-active",
        next_step="Write one with `keepfold policy init`, then `keepfold policy activate FILE`.",
    )


def versions(limit: int = 100) -> tuple[VersionInfo, ...]:
    """Return the stored versions, the newest first."""
    now = store.active()
    return tuple(info(row, active=now is not None and now[0] == row.version) for row in store.versions(limit))


def info(row: store.VersionRow, *, active: bool) -> VersionInfo:
    """Return what is public about a stored version."""
    return VersionInfo(
        version=row.version,
        policy_id=row.policy_id,
        submitted_at_us=row.submitted_us,
        submitted_by=row.submitted_by,
        effective_from=row.effective_from,
        approvals=store.approvals(row.version),
        active=active,
    )


def resolve(version: str) -> str:
    """Return the full version for `active`, a version or its first 8 digits or more. Raises `NotFound`."""
    if version == "active":
        return active().version
    found = store.matching(version) if _is_version(version) else []
    if len(found) != 1:
        raise unknown_version(several=len(found) > 1)
    return found[0]


def document(version: str) -> dict[str, Any]:
    """Return a stored policy as plain values. Raises `NotFound`."""
    form = store.form(resolve(version))
    found: dict[str, Any] = json.loads(form or "{}")
    return found


def source(version: str) -> str:
    """Return a stored policy as it was submitted. Raises `NotFound`."""
    return store.source(resolve(version)) or ""


def schema_of_version(version: str) -> tuple[str, Schema]:
    """Return the id and the intake schema of a stored policy. Raises `NotFound`."""
    full = resolve(version)
    policy = policy_of(full)
    return policy.id, schema_of(policy, bytes.fromhex(full), store.numbers())


def policy_of(version: str) -> Policy:
    """Return a stored policy as a model. Raises `NotFound`."""
    return stored(resolve(version))


def stored(version: str) -> Policy:
    """Return the policy of a full version, and make sure that it is that one. Raises `PolicyDamaged`, `Invalid`."""
    policy, policy_hash = _read(store.source(version) or "")
    if policy_hash.hex() != version:
        raise PolicyDamaged(
            "The stored policy is not the one its version names, so nothing is decided by it.",
            next_step="Restore the database, or activate the policy file again.",
        )
    return policy


def diff(old: str, new: str) -> tuple[Change, ...]:
    """Return the differences between two stored versions (`active` is one). Raises `NotFound`."""
    return diff_policies(policy_of(old), policy_of(new))


def diff_text(old: str, new: bytes | str) -> tuple[Change, ...]:
    """Return the differences between a stored version and a text. Raises `NotFound`, `Invalid`."""
    loaded = require(new)
    return diff_policies(policy_of(old), loaded.policy) if loaded.policy is not None else ()


def check(source_text: bytes | str, name: str = "policy") -> Report:
    """Check a policy. Pure; never raises for anything the text holds."""
    return load(source_text, name).report


def assessments(version: str = "active", people: int | None = None) -> tuple[Assessment, ...]:
    """Return the assessments that a stored policy calls for, or may call for. Raises `NotFound`, `NoPolicy`."""
    return assess(policy_of(version), people)


def run_tests(source_text: bytes | str, name: str = "policy") -> tuple[ExampleResult, ...]:
    """Run the examples that a policy carries. Pure. Raises `Invalid` when the policy has errors."""
    loaded = require(source_text, name)
    if loaded.policy is None:
        return ()
    return tuple(run_examples(loaded.policy, compile_policy(loaded.policy, loaded.hash)))


def explain(question: Question) -> Explanation:
    """Explain what the active policy answers. Raises `Unavailable(code="policy.none-active")`."""
    return explain_question(active().compiled, question)


def examples_of(loaded: Loaded) -> tuple[ExampleResult, ...]:
    """Run the examples of a policy that was read; none while it has errors. Pure."""
    if loaded.policy is None or not loaded.report.ok:
        return ()
    return tuple(run_examples(loaded.policy, compile_policy(loaded.policy, loaded.hash)))


def history(limit: int = 1000) -> tuple[InForce, ...]:
    """Return each time that a version came into force, the newest first."""
    found: list[InForce] = []
    for version, previous, at_us, people, is_ours in store.activations(limit):
        by = tuple(people[start : start + 16] for start in range(0, len(people), 16))
        until = found[-1].at_us if found else None
        found.append(
            InForce(version=version, previous=previous, at_us=at_us, until_us=until, people=by, genuine=is_ours)
        )
    return tuple(found)


def version_info(version: str) -> VersionInfo:
    """Return what is public about a full version. Raises `NotFound`."""
    row = store.one(version)
    if row is None:
        raise unknown_version()
    return info(row, active=version == version_in_force())


def version_in_force() -> str:
    """Return the full version that decides now; nothing while there is none."""
    now = store.active()
    return str(now[0]) if now is not None else ""


def count_versions() -> int:
    """Return how many versions were ever submitted."""
    return store.count_versions()


def ordinal(version: str) -> int:
    """Return the number of a version in the order of their submission, from 1; 0 when there is none."""
    row = store.one(version)
    return store.ordinal(row) if row is not None else 0


def evidence(version: str) -> dict[str, Any]:
    """Return how a full version came about, for an auditor's file. Raises `NotFound`."""
    row = store.one(version)
    if row is None:
        raise unknown_version()
    in_force = [one for one in history() if one.version == version]
    return surface.evidence(row, in_force, drafts_of_version(version))


def period_end(period: str, since_s: int) -> int:
    """Return the second at which a period of the policy (`P24M`) ends when it begins at `since_s`."""
    return parse_period(period).after(since_s)


def unknown_version(*, several: bool = False) -> NotFound:
    """Return the error for a version that nobody submitted, or of which there are several."""
    return NotFound(
        "Several versions begin like this." if several else "There is no such version of the policy.",
        code="policy.version-unknown",
        next_step="Give more digits." if several else "`keepfold policy show --all` lists the versions.",
    )


@lru_cache(maxsize=16)
def _read(text: str) -> tuple[Policy, bytes]:
    """Read a stored text; what was read is frozen, so the last ones are remembered."""
    return load_stored(text)


def _known(count: Callable[[], Any] | None) -> Any:
    if count is None:
        return None
    try:
        return count()
    except Unavailable:
        return None


def _is_version(text: str) -> bool:
    return _SHORTEST <= len(text) <= 64 and set(text) <= set("0123456789abcdef")


def _compile(row: Row) -> ActivePolicy:
    # What is remembered was looked at: the mark is part of the key.
    if not store.is_genuine(row):
        raise PolicyAltered(
            "The row that says which policy is in force is not as Keepfold wrote it, so nothing is decided by it.",
            next_step="Find out who writes to the database; then activate the right policy again.",
        )
    version, activated_us, _ = row
    policy = stored(version)
    compiled = compile_policy(policy, bytes.fromhex(version), store.numbers())
    found = ActivePolicy(
        version=version,
        hash=compiled.hash,
        policy_id=policy.id,
        effective_from=policy.effective_from.isoformat(),
        activated_us=activated_us,
        policy=policy,
        schema=compiled.schema,
        compiled=compiled,
    )
    if len(_compiled) >= _REMEMBERED:
        _compiled.clear()
    _compiled[row] = found
    return found
