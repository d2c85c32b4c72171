"""A person's own entries, through the gate: complete, provable, and written down like any other look."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from keepfold import gate
from keepfold.gate.catalogue import known_actions
from keepfold.gate.types import Decision
from keepfold.kernel import db, ids
from keepfold.kernel.errors import Invalid, NotAllowed, NotFound
from keepfold.ledger import history, keyring, queries, sequencer, store, tags
from keepfold.ledger.actions import entries_of, recorder, show_detail
from keepfold.ledger.checkpoint import open_checkpoint
from keepfold.ledger.errors import LedgerHalted
from keepfold.ledger.hashing import leaf_hash
from keepfold.ledger.recorder import _Clock
from keepfold.ledger.tree import verify_inclusion
from keepfold.ledger.types import EntryFilter
from tests.ledger.support import ANA, BEN, count, entry, sequence, write


class ByName:
    """Allows what the actor's actions name."""

    def decide(self, context):
        allowed = "*" in context.actor.actions or context.action in context.actor.actions
        return Decision(allowed=allowed, rules=("grant",), reason="" if allowed else "No grant covers this.")


@pytest.fixture(autouse=True)
def _through_the_gate(keys):
    with gate.wired(ByName(), recorder):
        yield


def sign():
    sequence()
    sequencer.checkpoint_beat()


def numbers(page):
    return [one.number for one in page.entries]


def test_a_person_sees_every_entry_newest_first_and_the_look_itself(keys):
    carl, other = keys.make(2)
    write(carl, details={"index": 1})
    write(other)
    write(carl, other, details={"count": 2})
    write(carl, allowed=False)
    sign()
    page = entries_of(actor=ANA, person=carl)
    assert (page.total, page.before, numbers(page)) == (4, None, [3, 2, 1, 0])
    look, denied, batch, first = page.entries
    assert (look.state, look.entry.index, look.entry.action) == ("pending", None, "ledger.entries.list_of_person")
    assert (denied.entry.allowed, denied.details["refusal"]) == (False, "Support does not cover this.")
    assert (batch.entry.subjects, batch.details["more"]) == (2, {"count": 2})
    assert (first.state, first.entry.label["de"], first.details["more"]) == (
        "checkpointed",
        "Datensatz geöffnet",
        {"index": 1},
    )
    sequence()
    assert [one.state for one in entries_of(actor=ANA, person=carl).entries[:2]] == ["pending", "sequenced"]


def test_each_entry_is_proven_to_the_signed_root_by_the_person_alone(keys):
    carl, *others = keys.make(6)
    write(carl)
    write(*others[:2], carl, *others[2:])
    for _ in range(300):
        write()
    sign()
    tag_key = tags.tag_key(keys.subject_keys([carl])[0])
    signed = open_checkpoint(queries.checkpoint(), keyring.origin(), [keyring.signer().verifier()])
    checked = 0
    for one in entries_of(actor=ANA, person=carl).entries[1:]:
        assert one.tag == tags.subject_tag(tag_key, keyring.log_id(), one.number)
        assert one.proof.leaf == leaf_hash(one.entry.body)
        verify_inclusion(one.proof.leaf, one.entry.index, signed.size, one.proof.hashes, signed.root)
        in_entry = one.entry.body[58:90]
        if one.membership is None:
            assert in_entry == one.tag
        else:
            place = one.membership
            verify_inclusion(leaf_hash(one.tag), place.position, place.count, place.hashes, in_entry)
        checked += 1
    assert checked == 2


def test_pages_follow_one_another_without_gap_or_repetition(keys):
    (carl,) = keys.make()
    for _ in range(25):
        write(carl)
    sign()
    first = entries_of(actor=ANA, person=carl, limit=10)
    assert numbers(first) == list(range(25, 15, -1))
    second = entries_of(actor=ANA, person=carl, limit=10, before=first.before)
    third = entries_of(actor=ANA, person=carl, limit=10, before=second.before)
    assert numbers(second) + numbers(third) == list(range(15, -1, -1))
    assert third.before is None
    assert entries_of(actor=ANA, person=carl, before=0).entries == ()


def test_looking_without_a_grant_is_refused_and_stands_in_the_persons_ledger(keys):
    (carl,) = keys.make()
    with pytest.raises(NotAllowed):
        entries_of(actor=BEN, person=carl, reason="curious")
    (look, refused) = entries_of(actor=ANA, person=carl).entries
    assert (refused.entry.allowed, refused.details["reason"]) == (False, "curious")
    assert look.entry.allowed


def test_somebody_without_entries_or_without_a_key_has_an_empty_page(keys):
    stranger = ids.uuid7()
    page = entries_of(actor=ANA, person=stranger)
    assert (page.entries, page.total) == ((), 0)
    (carl,) = keys.make()
    write(carl)
    keys.destroy(carl)
    assert entries_of(actor=ANA, person=carl).total == 0


@pytest.mark.parametrize("limit", [0, 501, -1])
def test_a_page_has_1_to_500_entries(keys, limit):
    with pytest.raises(Invalid):
        entries_of(actor=ANA, person=ids.uuid7(), limit=limit)


def test_a_missing_tag_is_not_passed_over(keys):
    (carl,) = keys.make()
    for _ in range(3):
        write(carl)
    tag = tags.subject_tag(tags.tag_key(keys.subject_keys([carl])[0]), keyring.log_id(), 1)
    db.execute("default", "DELETE FROM ledger_tag WHERE tag = %s", [tag[:16]])
    with pytest.raises(LedgerHalted, match="Entry number 1"):
        entries_of(actor=ANA, person=carl)


def test_details_that_were_altered_are_shown_as_not_openable(keys):
    (carl,) = keys.make()
    made = write(carl)
    db.execute("default", "UPDATE ledger_detail SET frame = %s WHERE ref = %s", [b"\x01\x01" + bytes(60), made.id])
    assert entries_of(actor=ANA, person=carl).entries[1].details is None


# ------------------------------------------------------------------------------------------------------------- filters

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def carl(keys, monkeypatch) -> bytes:
    """Return somebody with six entries a day: openings, every third one refused, and one search a day."""
    # This process has written later entries before; it never goes back by itself.
    monkeypatch.setattr(_Clock, "last_us", 0)
    (person,) = keys.make()
    for number in range(30):
        with time_machine.travel(BEGAN + timedelta(days=number // 6, minutes=number), tick=False):
            action = "vault.record.search" if number % 6 == 5 else "vault.record.open"
            write(person, action=action, allowed=number % 3 > 0, details={"number": number})
    return person


def all_of(person: bytes, limit: int, **asked: Any) -> list[int]:
    """Return the numbers of the entries that are asked for, from as many pages as there are."""
    found, before = [], None
    while True:
        page = entries_of(actor=ANA, person=person, before=before, limit=limit, proofs=False, **asked)
        assert len(page.entries) <= limit
        found += numbers(page)
        if page.before is None:
            return found
        before = page.before


SEARCH = next(line.number for name, line in known_actions().items() if name == "vault.record.search")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"allowed": False}, range(0, 30, 3)),
        ({"actions": frozenset({SEARCH})}, range(5, 30, 6)),
        ({"since": date(2026, 3, 3), "until": date(2026, 3, 4)}, range(12, 24)),
        ({"since": date(2026, 3, 5), "allowed": True}, [25, 26, 28, 29]),
        ({"until": date(2026, 3, 1)}, range(6)),
        ({"until": date(2020, 1, 1)}, []),
        ({"since": date(2027, 1, 1)}, []),
    ],
)
@pytest.mark.parametrize("limit", [1, 4, 500])
def test_what_stands_in_entries_narrows_a_persons_list(carl, monkeypatch, asked, expected, limit):
    sign()
    monkeypatch.setattr(history, "_WINDOW", 7)
    found = [number for number in all_of(carl, limit, wanted=EntryFilter(**asked)) if number < 30]
    assert found == sorted(expected, reverse=True)


def test_details_narrow_a_persons_list_after_what_stands_in_the_entries(carl):
    seen = []

    def fits(one):
        seen.append(one.details["more"]["number"])
        return seen[-1] > 12

    page = entries_of(actor=ANA, person=carl, wanted=EntryFilter(allowed=False), fits=fits)
    assert (numbers(page), page.before) == ([27, 24, 21, 18, 15], None)
    assert seen == list(range(27, -1, -3))


def test_a_look_goes_through_so_many_entries_and_says_where_it_ended(keys, monkeypatch):
    (carl,) = keys.make()
    for _ in range(20):
        write(carl)
    monkeypatch.setattr(history, "MOST_LOOKED_AT", 12)
    monkeypatch.setattr(history, "_WINDOW", 5)
    page = entries_of(actor=ANA, person=carl, wanted=EntryFilter(allowed=False))
    assert (page.entries, page.total, page.before) == ((), 21, 9)
    page = entries_of(actor=ANA, person=carl, wanted=EntryFilter(allowed=False), before=page.before)
    assert (page.entries, page.total, page.before) == ((), 22, None)


def test_what_is_too_new_costs_a_look_nothing(carl, monkeypatch):
    """The end of the days is found by halving, so that a page reaches old entries at once."""
    monkeypatch.setattr(history, "MOST_LOOKED_AT", 6)
    page = entries_of(actor=ANA, person=carl, wanted=EntryFilter(until=date(2026, 3, 1)))
    assert (numbers(page), page.before) == ([5, 4, 3, 2, 1, 0], None)


# ------------------------------------------------------------------------------------------------------------- details


def test_the_details_of_a_persons_entry_open_only_when_the_person_is_named(keys):
    carl, other = keys.make(2)
    write(carl, reason="ticket 17")
    sign()
    view, details = show_detail(actor=ANA, index=0, person=carl)
    assert (view.index, details["reason"]) == (0, "ticket 17")
    for person in (None, other, ids.uuid7()):
        with pytest.raises(NotFound):
            show_detail(actor=ANA, index=0, person=person)


def test_the_details_of_a_batch_and_of_an_entry_about_nobody_open_without_a_person(keys):
    people = keys.make(3)
    write(*people, details={"records": 3})
    write(action="people.client.create", actor=ANA, details={"name": "webshop"})
    sign()
    assert show_detail(actor=ANA, index=0)[1]["more"] == {"records": 3}
    assert show_detail(actor=ANA, index=1)[1]["more"] == {"name": "webshop"}


def test_opening_details_is_refused_without_a_grant_and_is_written_down(keys):
    write(action="people.client.create", actor=ANA)
    sign()
    with pytest.raises(NotAllowed):
        show_detail(actor=BEN, index=0)
    assert count("ledger_pending") == 1
    with pytest.raises(NotFound):
        show_detail(actor=ANA, index=99)


# ------------------------------------------------------------------------------------------------------------- erasure


def erase(keys, person):
    with db.atomic(durable=True):
        recorder.close_subject(person)
        recorder.append(entry(person, action="vault.record.erase"))
        recorder.append(entry(person, action="vault.erasure.reconcile"))
    keys.destroy(person)


def test_an_erased_persons_entries_stay_provable_and_point_to_nobody(keys):
    carl, other = keys.make(2)
    single, batch = write(carl, reason="ticket 17"), write(carl, other)
    sign()
    ledger_key = keys.subject_keys([carl])[0]
    proof_before = queries.inclusion(0)
    erase(keys, carl)
    sign()
    assert store.counter_of(1, carl) is None
    assert store.frames([single.id]) == {}
    assert set(store.frames([batch.id])) == {batch.id}
    assert db.fetch_all("default", "SELECT tags FROM ledger_closed") == [(4,)]
    assert queries.inclusion(0, proof_before.size) == proof_before
    body = store.entry_at(1, 0).body
    assert body[58:90] == tags.subject_tag(tags.tag_key(ledger_key), keyring.log_id(), 0), "only who kept the key knows"
    for table in ("entry", "pending", "detail", "members", "tag", "closed", "subject"):
        for row in db.fetch_all("default", f"SELECT * FROM ledger_{table}"):
            assert carl not in row
    assert queries.verify().ok
    assert entries_of(actor=ANA, person=other).total == 2


def test_the_erasures_own_entry_has_the_last_tag_and_no_details(keys):
    (carl,) = keys.make()
    write(carl)
    erase(keys, carl)
    sequence()
    assert [row[0] for row in db.fetch_all("default", "SELECT COUNT(*) FROM ledger_tag")] == [3]
    assert count("ledger_detail") == 0
    assert queries.show(1).kind == "erasure"
    assert queries.show(1).subjects == 1


def test_an_erasure_that_is_interrupted_before_the_keys_die_verifies_and_is_finished_later(keys):
    (carl,) = keys.make()
    write(carl)
    with db.atomic(durable=True):
        recorder.close_subject(carl)
        recorder.append(entry(carl, action="vault.record.erase"))
    sign()
    assert store.counter_of(1, carl)[0] == 2
    assert queries.verify().ok
    write(carl, allowed=False)
    recorder.close_subject(carl)
    keys.destroy(carl)
    assert queries.verify().ok
    sign()
    assert store.counter_of(1, carl) is None
    assert db.fetch_all("default", "SELECT tags FROM ledger_closed") == [(3,)]
    assert queries.verify().ok


def test_closing_is_undone_when_the_erasure_rolls_back(keys):
    (carl,) = keys.make()
    made = write(carl)

    def fails_after_closing():
        with db.atomic(durable=True):
            recorder.close_subject(carl)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails_after_closing()
    assert store.counter_of(1, carl) == (1, None)
    assert set(store.frames([made.id])) == {made.id}


def test_closing_somebody_unknown_or_twice_changes_nothing(keys):
    (carl,) = keys.make()
    recorder.close_subject(carl)
    assert count("ledger_subject") == 0
    write(carl)
    recorder.close_subject(carl)
    before = db.fetch_all("default", "SELECT * FROM ledger_subject")
    recorder.close_subject(carl)
    assert db.fetch_all("default", "SELECT * FROM ledger_subject") == before


def test_closing_after_the_key_was_lost_leaves_unreadable_details_and_a_note(keys):
    (carl,) = keys.make()
    write(carl)
    keys.destroy(carl)
    recorder.close_subject(carl)
    sign()
    report = queries.verify()
    assert report.ok
    assert report.notes == ("1 rows of sealed details belong to people whose keys are gone; nobody can open them.",)


def test_a_person_with_many_entries_is_closed_completely(keys):
    carl, other = keys.make(2)
    with db.atomic(durable=True):
        for _ in range(1200):
            recorder.append(entry(carl))
    write(carl, other)
    erase(keys, carl)
    sign()
    assert count("ledger_detail") == 1
    assert db.fetch_all("default", "SELECT tags FROM ledger_closed") == [(1203,)]
    assert queries.verify().ok
