"""The ledger with the real gate, policy, vault and keys: what the cast does is written down, and stays provable."""

from __future__ import annotations

import pytest

from keepfold.kernel import db
from keepfold.kernel.errors import NotAllowed
from keepfold.ledger import queries, sequencer, store
from keepfold.ledger.actions import entries_of
from keepfold.ledger.tree import verify_inclusion
from keepfold.vault import actions as vault
from tests.ledger.support import sequence


def sign():
    sequence()
    sequencer.checkpoint_beat()


def test_an_opening_and_a_refusal_stand_in_the_customers_ledger(installation):
    carl, ben = installation.carl, installation.ben
    vault.open_record(actor=ben, person=carl, purpose="support", reason="ticket 17")
    with pytest.raises(NotAllowed):
        vault.open_record(actor=ben, person=carl, purpose="newsletter", reason="curious")
    sign()
    page = entries_of(actor=installation.ana, person=carl)
    seen = [(one.entry.action, one.entry.allowed) for one in page.entries]
    assert seen == [
        ("ledger.entries.list_of_person", True),
        ("vault.record.open", False),
        ("vault.record.open", True),
        ("vault.record.seal", True),
    ]
    opened = page.entries[2]
    assert (opened.details["purpose"], opened.details["reason"]) == ("support", "ticket 17")
    assert queries.is_by_actor(opened.entry, ben.id)
    assert not queries.is_by_actor(opened.entry, installation.ana.id)
    proof = opened.proof
    verify_inclusion(proof.leaf, proof.index, proof.size, proof.hashes, proof.root)
    assert queries.verify().ok


def test_an_erased_customer_leaves_provable_entries_that_point_to_nobody(installation):
    carl, ana = installation.carl, installation.ana
    vault.open_record(actor=installation.ben, person=carl, purpose="support", reason="ticket 17")
    sign()
    before = queries.inclusion(queries.status().size - 1)
    vault.erase(actor=ana, person=carl, reason="asked for it")
    sign()
    assert store.counter_of(1, carl) is None
    assert entries_of(actor=ana, person=carl).total == 0
    assert queries.inclusion(before.index, before.size) == before
    report = queries.verify()
    assert (report.ok, report.findings, report.notes) == (True, (), ())
    for table in ("entry", "pending", "detail", "members", "tag", "subject", "closed"):
        for row in db.fetch_all("default", f"SELECT * FROM ledger_{table}"):
            assert carl not in row


def test_a_changed_byte_of_what_the_cast_did_is_named_by_its_index(installation):
    sign()
    (last,) = db.fetch_all("default", "SELECT MAX(idx) FROM ledger_entry")[0]
    body = store.entry_at(1, last).body
    changed = body[:60] + bytes([body[60] ^ 1]) + body[61:]
    db.execute("default", "UPDATE ledger_entry SET body = %s WHERE idx = %s", [changed, last])
    report = queries.verify()
    assert [(finding.index, finding.message) for finding in report.findings] == [
        (last, f"Entry {last} was changed: the entry itself.")
    ]


def test_many_customers_at_once_are_one_entry_and_each_finds_it(installation):
    records = [{"email": f"person{number}@example.com"} for number in range(20)]
    outcomes = vault.seal_many(actor=installation.operator, records=records)
    people = [one.id for one in outcomes if one.id]
    assert len(people) == 20, outcomes[0]
    sign()
    page = entries_of(actor=installation.ana, person=people[7])
    batch = page.entries[1]
    assert (batch.entry.subjects, batch.membership.count) == (20, 20)
    assert batch.details["more"]["sealed"] == 20
    assert queries.verify().ok


def test_a_persons_entries_can_be_read_without_their_proofs(installation):
    ana, carl = installation.ana, installation.carl
    vault.open_record(actor=installation.ben, person=carl, purpose="support", reason="ticket 17")
    sign()
    proven = entries_of(actor=ana, person=carl, before=2).entries
    bare = entries_of(actor=ana, person=carl, before=2, proofs=False).entries
    assert [(one.number, one.state, one.details) for one in bare] == [
        (one.number, one.state, one.details) for one in proven
    ]
    assert all(one.proof for one in proven)
    assert [(one.proof, one.membership) for one in bare] == [(None, None)] * 2
