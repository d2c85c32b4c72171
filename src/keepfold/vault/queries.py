"""What anybody inside the process may ask of the vault: counts, readiness, and what intake would say to a value.

Nothing here opens or names a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from keepfold.kernel import config
from keepfold.policy import queries as policy
from keepfold.vault import indexing, sealing, store
from keepfold.vault.keys import store as key_store
from keepfold.vault.keys.ring import ring
from keepfold.vault.normalise import Refusal, TypeOptions, normaliser
from keepfold.vault.plan import accept, plan_of
from keepfold.vault.types import FieldError, Status
from keepfold.vault.writing import EMPTY

prepare_indexes = indexing.prepare


def status() -> Status:
    """Return counts of both stores. Raises `KeysUnavailable` when the keys are away."""
    ring()
    counts, (keys, shards), row = store.counts(), key_store.counts(), key_store.keyring()
    return Status(
        people=counts["person"],
        records=counts["record"],
        index_rows=counts["index"],
        identity_rows=counts["identity"],
        erased=counts["tombstone"],
        erasures_pending=counts["pending"],
        keys=keys,
        shards=shards,
        root=row.root_kind if row else "",
    )


def count_people() -> int:
    """Return how many people are in the vault: a running count, quick at any size. `status` counts the rows."""
    return store.counted_people()


def root_kind() -> str:
    """Return where the root key lives: `file`, `passphrase`, or nothing before keys are made."""
    row = key_store.keyring()
    return row.root_kind if row else ""


def ready() -> None:
    """Return when keys and stores are usable. Raises `KeysUnavailable` with the reason and the next step."""
    ring()


def holds_people() -> bool:
    """Say whether anybody is in the vault."""
    return store.newest_person() is not None


def is_living(person: bytes) -> bool:
    """Say whether a person is in the vault."""
    return store.is_living(person)


def is_erased(person: bytes) -> bool:
    """Say whether a person was in the vault and was erased."""
    return not store.is_living(person) and store.has_tombstone(ring().mark(person))


def erasures_pending() -> bool:
    """Say whether an erasure waits for its keys to be destroyed, or somebody erased may have come back."""
    return bool(store.open_tombstones(1)) or key_store.shredded() > store.counts()["tombstone"]


def errors_of(values: Mapping[str, Any]) -> tuple[FieldError, ...]:
    """Return what sealing this record would refuse, without storing or claiming anything."""
    accepted, errors = accept(plan_of(policy.schema()), values, config.current().default_country)
    return tuple(errors) or (() if accepted.shared else (EMPTY,))


def judge_many(batch: Sequence[Mapping[str, Any]]) -> list[tuple[tuple[FieldError, ...], bool]]:
    """Return, for each record, what sealing it would refuse, and whether somebody with its unique values is there.

    For dry runs. Nothing is stored or claimed, and nobody is named.
    """
    plan, region, tagger = plan_of(policy.schema()), config.current().default_country, sealing.Tagger(ring())
    verdicts, tags = [], []
    for values in batch:
        accepted, errors = accept(plan, values, region)
        verdicts.append(tuple(errors) or (() if accepted.shared else (EMPTY,)))
        tags.append([] if errors else [(slot, tag) for slot, unique, tag in tagger.tags(accepted) if unique])
    there = store.owners(tag for own in tags for tag in own)
    return [(verdict, any(tag in there for tag in own)) for verdict, own in zip(verdicts, tags, strict=True)]


def fits(kind: str, raw: Any, region: str = "") -> bool:
    """Say whether a value could be of a type of the policy, such as `email`; for proposing mappings by content."""
    try:
        normaliser(kind, TypeOptions())(raw, region)
    except Refusal:
        return False
    return True
