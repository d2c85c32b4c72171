"""What the recorder writes: counters without gaps, tags, one entry per batch, nothing that identifies anybody."""

from __future__ import annotations

import threading

import pytest
from django.db import connections

from keepfold import ledger
from keepfold.gate.types import Actor
from keepfold.kernel import db, ids
from keepfold.kernel.config import use
from keepfold.kernel.errors import Misconfigured, Unavailable
from keepfold.ledger import entry as entries
from keepfold.ledger import keyring, queries, sealing, sequencer, store, tags
from keepfold.ledger.errors import LedgerHalted
from keepfold.ledger.recorder import recorder
from tests.ledger.support import ANA, BEN, NOBODY, POLICY, count, entry, rows, sequence, write


def body_of(made):
    return entries.unpack(store.bodies([made.id])[made.id][1])


def tag_of(keys, person, number):
    return tags.subject_tag(tags.tag_key(keys.subject_keys([person])[0]), keyring.log_id(), number)


def test_an_entry_says_what_the_gate_decided_and_nothing_more(keys):
    (carl,) = keys.make()
    body = body_of(write(carl, allowed=False))
    assert (body.kind, body.allowed, body.action, body.actor_kind) == ("access", False, 302, "staff")
    assert (body.purpose, body.policy_hash, body.subjects) == (7, POLICY, 1)
    assert body.hour * 3600 == rows("ledger_pending", "at_us")[0][0] // 3_600_000_000 * 3600


def test_a_persons_tags_are_numbered_without_gaps_from_0(keys):
    carl, other = keys.make(2)
    made = [write(carl), write(carl, other), write(other), write(carl)]
    assert store.counter_of(1, carl) == (3, None)
    assert store.counter_of(1, other) == (2, None)
    found = store.places([tag_of(keys, carl, number)[:16] for number in range(4)])
    assert [found[tag_of(keys, carl, number)[:16]][0] for number in range(3)] == [made[0].id, made[1].id, made[3].id]
    assert tag_of(keys, carl, 3)[:16] not in found


def test_what_is_rolled_back_leaves_no_gap(keys):
    (carl,) = keys.make()
    write(carl)

    def fails_after_its_entry():
        with db.atomic(durable=True):
            recorder.append(entry(carl))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails_after_its_entry()
    write(carl)
    assert store.counter_of(1, carl) == (2, None)
    assert count("ledger_pending") == count("ledger_tag") == count("ledger_detail") == 2


def test_the_tag_of_one_person_stands_in_the_entry(keys):
    (carl,) = keys.make()
    write(carl)
    assert body_of(write(carl)).subject_tag == tag_of(keys, carl, 1)


def test_an_entry_about_nobody_has_no_tag(keys):
    body = body_of(write(action="people.client.create", actor=ANA))
    assert (body.subjects, body.subject_tag) == (0, entries.ZERO_TAG)
    assert count("ledger_tag") == count("ledger_subject") == 0


def test_a_batch_is_one_entry_whose_tag_is_the_root_over_all_members(keys):
    people = keys.make(1000)
    write(people[0])
    made = write(*people)
    body = body_of(made)
    members = [tag_of(keys, person, 1 if person == people[0] else 0) for person in people]
    assert (body.subjects, body.is_batch, body.subject_tag) == (1000, True, tags.batch_root(members))
    assert store.members([made.id]) == {made.id: b"".join(members)}
    assert store.places([members[999][:16]]) == {members[999][:16]: (made.id, 999)}
    assert count("ledger_pending") == 2


def test_somebody_named_twice_is_one_member(keys):
    carl, other = keys.make(2)
    assert body_of(write(carl, other, carl)).subjects == 2
    assert body_of(write(carl, carl)).subjects == 1
    assert store.counter_of(1, carl) == (2, None)


def test_people_without_a_key_get_no_tag_and_stop_nothing(keys):
    (carl,) = keys.make()
    stranger = ids.uuid7()
    assert body_of(write(stranger, allowed=False)).subjects == 0
    assert body_of(write(carl, stranger)).subjects == 1
    assert store.counter_of(1, stranger) is None
    assert queries.verify().ok


def test_actors_have_another_tag_in_every_entry_and_can_be_recognised_with_their_key(keys):
    (carl,) = keys.make()
    made = [write(carl), write(carl), write(carl, actor=ANA)]
    sequence()
    views = [queries.show(index) for index in range(3)]
    assert len({body_of(item).actor_tag for item in made}) == 3
    assert [queries.is_by_actor(view, BEN.id) for view in views] == [True, True, False]
    assert [queries.is_by_actor(view, ANA.id) for view in views] == [False, False, True]


def test_nobody_and_erased_customers_have_no_actor_tag(keys):
    (carl,) = keys.make()
    customer = Actor(kind="customer", id=carl)
    assert body_of(write(actor=NOBODY)).actor_tag == entries.ZERO_TAG
    assert body_of(write(actor=customer)).actor_tag != entries.ZERO_TAG
    keys.destroy(carl)
    assert body_of(write(actor=customer)).actor_tag == entries.ZERO_TAG


def test_details_are_sealed_for_the_person_or_for_the_log(keys):
    carl, other = keys.make(2)
    single, batch = write(carl, details={"index": 1}), write(carl, other, details={"count": 2})
    ledger_key = keys.subject_keys([carl])[0]
    for made, key in ((single, tags.detail_key(ledger_key)), (batch, keyring.detail_key())):
        frame = store.frames([made.id])[made.id]
        details = sealing.unseal(key, keyring.log_id(), made.id, frame, body_of(made).commitment)
        assert details["action"] == "vault.record.open"
        assert details["id"] == made.id.hex()


def test_nothing_that_was_said_or_who_it_is_about_can_be_read_in_any_row(keys):
    carl, other = keys.make(2)
    canary = "Canary-Mc-Name"
    write(carl, reason=canary, fields=(canary,), details={"index": canary})
    write(carl, other, reason=canary, fields=(canary,), details={"x": canary})
    write(reason=canary, allowed=False)
    sequence()
    sequencer.checkpoint_beat()
    write(carl, reason=canary)
    for table in ("entry", "pending", "detail", "members", "tag", "checkpoint", "tile", "log", "subject"):
        for row in rows(f"ledger_{table}"):
            raw = b"|".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
            assert canary.encode() not in raw
            assert canary.encode().hex().encode() not in raw
            if table != "subject":
                assert carl not in raw
                assert BEN.id not in raw


def test_an_unwired_ledger_appends_nothing(keys):
    ledger.wire(keys=None)
    with pytest.raises(Unavailable) as raised:
        write()
    assert raised.value.code == "ledger.unwired"
    assert count("ledger_pending") == 0


def test_an_action_without_a_number_is_refused(keys):
    with pytest.raises(Misconfigured):
        write(action="vault.record.guess")
    assert count("ledger_pending") == 0


def test_a_part_that_is_there_already_refuses_the_entry_and_undoes_it(keys):
    (carl,) = keys.make()
    db.execute(
        "default",
        "INSERT INTO ledger_tag (tag, log, ref, position) VALUES (%s, 1, %s, 0)",
        [tag_of(keys, carl, 0)[:16], bytes(16)],
    )
    with pytest.raises(Unavailable) as raised:
        write(carl)
    assert raised.value.code == "ledger.append-refused"
    assert count("ledger_pending") == count("ledger_subject") == count("ledger_detail") == 0


def test_a_changed_origin_is_refused_before_anything_is_written(keys, stores):
    from dataclasses import replace

    from keepfold.kernel import config

    write()
    sequence()
    use(replace(config.current(), ledger_origin="example.com/other"))
    keyring.forget()
    with pytest.raises(LedgerHalted) as raised:
        write()
    assert raised.value.code == "ledger.origin-changed"
    with pytest.raises(LedgerHalted):
        sequencer.sequence_once()
    assert count("ledger_pending") == 0


def test_threads_that_write_about_the_same_people_leave_no_gap(keys):
    people = keys.make(5)
    errors = []

    def work():
        try:
            for turn in range(10):
                write(people[turn % 5])
                write(*people)
        except Exception as error:  # noqa: BLE001  reported below
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [store.counter_of(1, person) for person in people] == [(48, None)] * 5
    sequence()
    assert queries.verify().ok


def test_entries_keep_the_order_in_which_they_were_made(keys):
    (carl,) = keys.make()
    made = [write(carl) for _ in range(50)]
    sequence()
    assert [row.ref for row in store.entries_between(1, 0, 50)] == [item.id for item in made]
