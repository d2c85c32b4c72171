"""Indexes that come later: a new version of the policy asks for one, and people who are held are not in it yet.

`prepare` runs in the transaction of the activation and writes down which indexes have gaps; from then on a search by
them is refused. `step` looks at the next people in order of their ids, opens the one value inside the vault, and makes
their index rows right. Every step is a transaction of its own and may be repeated, so an interrupted run goes on where
it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from keepfold.kernel import jobs
from keepfold.kernel.crypto import mac
from keepfold.kernel.errors import Unopened
from keepfold.policy.types import Schema
from keepfold.vault import rules, store
from keepfold.vault.errors import IndexUnfinished
from keepfold.vault.keys.ring import Ring
from keepfold.vault.opening import Wanted, open_people
from keepfold.vault.plan import Field, Index, Plan

JOB = "vault.index"
# Few enough that whoever wants to write does not wait long.
_STEP = 100


class Step(msgspec.Struct, frozen=True):
    """What one step did: the data item, whom it looked at, how many have the value, and what a person must look into.

    `shared` are people whose unique value belongs to somebody else, `unopened` those whose value does not open.
    """

    field: str
    seen: tuple[bytes, ...] = ()
    indexed: int = 0
    shared: tuple[bytes, ...] = ()
    unopened: tuple[bytes, ...] = ()


def prepare(schema: Schema, held: frozenset[int]) -> None:
    """Write down which indexes the people who are held are missing in, and ask for the job that adds them.

    `held` are the numbers of the data items of which values may lie in the vault.
    """
    known = {one.number: one for one in store.builds()}
    wanted = dict(_indexes(Plan(schema)))
    store.drop_builds([number for number in known if number not in wanted])
    waits = False
    for number, (field, index) in wanted.items():
        before = known.get(number)
        if before is not None and before.unique >= index.unique:
            store.put_build(before._replace(unique=index.unique))
        else:
            begins = field.number in held
            waits = waits or begins
            reached = b"" if begins else None
            store.put_build(store.Build(number, index.unique, reached, 0, store.count_people() if begins else 0))
    if waits:
        jobs.enqueue(JOB)


def require_built(field: Field) -> None:
    """Raise `IndexUnfinished` while people who are held are still being added to the index of this field."""
    build = store.build_of(field.indexes[0].number)
    if build is not None and build.reached is not None:
        raise IndexUnfinished(
            f"The index of {field.name} is being built: {min(build.done, build.total)} of {build.total} people are in "
            "it. Until it has everybody, nobody is searched by it.",
            next_step="Try again in a while; the worker (`keepfold work`, part of `keepfold up`) builds it.",
        )


def waits() -> bool:
    """Say whether an index waits for people who are held."""
    return any(build.reached is not None for build in store.builds())


def step(ring: Ring, plan: Plan) -> Step | None:
    """Add the next people to an unfinished index, in the caller's transaction; None when all indexes are finished."""
    build = store.lock_next_build()
    if build is None or build.reached is None:
        return None
    field, index = dict(_indexes(plan))[build.number]
    people = store.lock_people(build.reached, _STEP)
    tags, unopened = _tags(ring, field, index, [person for person, _ in people])
    shared = _put(index, people, tags, set(unopened))
    reached = people[-1][0] if len(people) == _STEP else None
    store.put_build(build._replace(reached=reached, done=build.done + len(people)))
    return Step(field.name, tuple(person for person, _ in people), len(tags), tuple(shared), tuple(unopened))


def _indexes(plan: Plan) -> Iterator[tuple[int, tuple[Field, Index]]]:
    for field in plan.fields.values():
        for index in field.indexes:
            yield index.number, (field, index)


def _tags(
    ring: Ring, field: Field, index: Index, persons: Sequence[bytes]
) -> tuple[dict[bytes, rules.Tag], list[bytes]]:
    """Return the index row of everybody who has a value, and the people whose value does not open."""
    version, key = ring.index(index.number)[-1]
    slot, wanted, unopened = rules.slot_of(index.number, version), Wanted([field]), []
    try:
        found = open_people(ring, persons, wanted)
    except Unopened:
        # One damaged row must not keep everybody else from being found.
        found = {}
        for person in persons:
            try:
                found |= open_people(ring, [person], wanted)
            except Unopened:
                unopened.append(person)
    values = {person: there[field.name] for person, there in found.items() if field.name in there}
    return {person: (slot, mac.tag(key, field.form(value))[:8]) for person, value in values.items()}, unopened


def _put(
    index: Index, people: Sequence[tuple[bytes, bytes]], tags: dict[bytes, rules.Tag], skipped: set[bytes]
) -> list[bytes]:
    """Make the rows of this index right for these people (id, packed tags); return whose unique value is another's."""
    stale: list[store.Claim] = []
    fresh: list[store.Claim] = []
    for person, packed in people:
        before = [tag for tag in rules.unpack_tags(packed) if rules.number_of(tag[0]) == index.number]
        now = [tags[person]] if person in tags else []
        if person in skipped or (before == now and not (index.unique and now)):
            continue
        stale += [(*tag, person) for tag in before]
        fresh += [(*tag, person) for tag in now]
        others = [tag for tag in rules.unpack_tags(packed) if rules.number_of(tag[0]) != index.number]
        store.set_tags(person, rules.join_tags([*others, *now]))
    store.release(stale)
    if not index.unique:
        store.add_index(fresh)
        return []
    store.claim(fresh)
    owners = store.owners((slot, tag) for slot, tag, _ in fresh)
    lost = [row for row in fresh if owners.get((row[0], row[1])) != row[2]]
    store.add_index(lost)
    return [person for _, _, person in lost]
