"""The recorder behind the gate: writes one entry in the transaction of the action that it is about.

What an append costs is on every action's bill, so it makes as few statements and objects as it can. One entry about
one person or nobody: two to four rows. One entry about many people (a batch): one entry, one row with all tags, one
row per person to find it by, and one counter per person.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import ClassVar

from django.db import IntegrityError

from keepfold.gate.catalogue import Known, known
from keepfold.gate.types import Actor, Entry
from keepfold.kernel import clock
from keepfold.kernel.errors import Unavailable
from keepfold.ledger import appending, commit, keyring, rules, sealing, store, tags
from keepfold.ledger.entry import ZERO_TAG, pack
from keepfold.ledger.errors import LedgerHalted

HOUR_US = 3_600_000_000


class _Clock:
    """Append times that never repeat or fall in this process, so that entries keep the order they were made in."""

    lock = Lock()
    last_us = 0


class _Actors:
    """What each actor's entries of the present hour are found by, so that it is computed once an hour and process."""

    most = 1024
    found: ClassVar[dict[bytes, tuple[bytes, bytes, int, bytes]]] = {}


def _append_us() -> int:
    with _Clock.lock:
        _Clock.last_us = max(clock.now_us(), _Clock.last_us + 1)
        return _Clock.last_us


def forget() -> None:
    """Drop the time of the last entry and what actors are found by; for another home in the same process."""
    _Clock.last_us = 0
    _Actors.found.clear()


class LedgerRecorder:
    """Implements `gate.Recorder` on the ledger's tables."""

    def lock(self, subjects: Sequence[bytes]) -> None:
        """Make other actions about these people wait until this transaction ends."""
        if subjects:
            store.lock_people(subjects)

    def append(self, entry: Entry) -> None:
        """Write one entry; it is durable when the surrounding transaction commits.

        People whose ledger key is gone (erased, or never there) get no tag; the details say how many they were.
        Raises `Unavailable` when a key or a table is away and `EntryInvalid` when the details cannot be written.
        """
        check_origin()
        people = list(dict.fromkeys(entry.subjects))
        keys = keyring.keys().subject_keys(people) if people else []
        living = [(person, key) for person, key in zip(people, keys, strict=True) if key is not None]
        try:
            if len(living) > 1:
                self._append_batch(entry, people, living)
            else:
                self._append_one(entry, people, living[0] if living else None)
        except IntegrityError as error:
            raise Unavailable(
                "The ledger refused the entry, because its tables already hold a part of it. Nothing was changed.",
                code="ledger.append-refused",
                next_step="Run `keepfold ledger verify`; it names the row.",
            ) from error

    def close_subject(self, subject: bytes) -> None:
        """Remove what the ledger keeps about a person beside the tree: call it when erasing, while the key lives.

        The sealed details of their entries go at once; entries that follow in the same transaction (the erasure's
        own) still get their tag, but keep no details. When the key is destroyed the next `checkpoint_beat` forgets
        the person and keeps the number of their tags, which nobody can assign any more. May be repeated.
        Should the key be gone already (an old copy of the data store came back), the details stay behind, unreadable.
        """
        log, log_id = keyring.LOG, keyring.log_id()
        counter = store.counter_of(log, subject)
        if counter is None or counter[1] is not None:
            return
        key = keyring.keys().subject_keys([subject])[0]
        if key is not None:
            derived = tags.tag_key(key)
            for numbers in store.chunks(range(counter[0])):
                found = store.places([tags.subject_tag(derived, log_id, number)[: tags.SHORT] for number in numbers])
                store.drop_details([ref for ref, _ in found.values()])
        store.mark_closing(log, subject, keyring.closing_mac(log, subject))

    def _append_one(self, entry: Entry, people: list[bytes], living: tuple[bytes, bytes] | None) -> None:
        log_id, line, tag, is_closing = keyring.log_id(), known(entry.context.action), ZERO_TAG, False
        if living is None:
            key = keyring.detail_key()
        else:
            person, ledger_key = living
            key = tags.detail_key(ledger_key)
            number, is_closing = appending.count_up(keyring.LOG, person)
            tag = tags.subject_tag(tags.tag_key(ledger_key), log_id, number)
        # Not before the number is taken: a person's numbers and times must rise together.
        count, at_us = 0 if living is None else 1, _append_us()
        nonce, written = self._details(entry, line, people, at_us, count)
        _add(
            entry.id,
            at_us,
            _body(entry, line, at_us, commit.commitment(nonce, written), tag, count),
            entry.context.actor,
            frame=None if is_closing else sealing.seal(key, log_id, entry.id, nonce, written),
            tag=None if living is None else tag[: tags.SHORT],
        )

    def _append_batch(self, entry: Entry, people: list[bytes], living: list[tuple[bytes, bytes]]) -> None:
        log_id, line = keyring.log_id(), known(entry.context.action)
        numbers = appending.count_up_many(keyring.LOG, [person for person, _ in living])
        members = tags.subject_tags((key for _, key in living), log_id, numbers)
        at_us, root = _append_us(), tags.batch_root(members)
        nonce, written = self._details(entry, line, people, at_us, len(living))
        appending.add_members(keyring.LOG, entry.id, members, tags.SHORT)
        _add(
            entry.id,
            at_us,
            _body(entry, line, at_us, commit.commitment(nonce, written), root, len(living)),
            entry.context.actor,
            frame=sealing.seal(keyring.detail_key(), log_id, entry.id, nonce, written),
            tag=None,
        )

    @staticmethod
    def _details(entry: Entry, line: Known, people: list[bytes], at_us: int, tagged: int) -> tuple[bytes, bytes]:
        details = rules.details_of(entry, kind=line.kind, at_ms=at_us // 1000, people=people, tagged=tagged)
        return commit.fresh_nonce(), commit.write(details)


def _add(ref: bytes, at_us: int, body: bytes, actor: Actor, *, frame: bytes | None, tag: bytes | None) -> None:
    short = actor_hour(actor, at_us // HOUR_US)
    mac = keyring.pending_mac(keyring.LOG, at_us, ref, body, short)
    appending.add_entry(appending.Row(keyring.LOG, ref, tag, frame, at_us, body, mac, short))


def actor_hour(actor: Actor, hour: int) -> bytes | None:
    """Return what an actor's entries of one hour are found by; None for customers, whose keys die, and for nobody."""
    if actor.kind in {"anonymous", "customer"}:
        return None
    key, log_id = keyring.keys().actor_key(actor.id), keyring.log_id()
    known = _Actors.found.get(actor.id)
    if known is None or known[:3] != (key, log_id, hour):
        if len(_Actors.found) >= _Actors.most:
            _Actors.found.clear()
        known = _Actors.found[actor.id] = (key, log_id, hour, tags.actor_hour(key, log_id, hour))
    return known[3]


def _body(entry: Entry, line: Known, at_us: int, commitment: bytes, tag: bytes, count: int) -> bytes:
    decision, actor = entry.decision, entry.context.actor
    return pack(
        line.kind,
        decision.allowed,
        actor.kind,
        line.number,
        at_us // HOUR_US,
        decision.purpose_number,
        count,
        decision.policy_hash,
        tag,
        _actor_tag(actor, commitment),
        commitment,
    )


def _actor_tag(actor: Actor, commitment: bytes) -> bytes:
    """Return the actor's tag; a customer's is made with their own ledger key and dies with it."""
    if actor.kind == "anonymous":
        return ZERO_TAG
    if actor.kind == "customer":
        key = keyring.keys().subject_keys([actor.id])[0]
        return ZERO_TAG if key is None else tags.actor_tag(key, keyring.log_id(), commitment)
    return tags.actor_tag(keyring.keys().actor_key(actor.id), keyring.log_id(), commitment)


def check_origin() -> None:
    """Refuse to write under another name than the log has. Raises `LedgerHalted`. Asks once per process."""
    if keyring.is_checked():
        return
    log = store.read_log(keyring.LOG)
    if log is not None and log.origin != keyring.origin():
        raise LedgerHalted(
            f"The setting ledger_origin is {keyring.origin()}, but the log in the database is called {log.origin}.",
            code="ledger.origin-changed",
            next_step="Set ledger_origin back; a log keeps its name for life.",
        )
    keyring.set_checked()


def close_subject(subject: bytes) -> None:
    """Close a person's entries; see `LedgerRecorder.close_subject`."""
    recorder.close_subject(subject)


recorder = LedgerRecorder()
