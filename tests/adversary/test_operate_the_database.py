"""Mallory writes into the databases. What is noticed, and what the threat model says is not."""

from contextlib import closing
from sqlite3 import connect

import pytest

from keepfold.kernel.errors import KeepfoldError
from keepfold.ledger import queries as ledger
from keepfold.ledger import sequencer
from keepfold.policy import queries as policy
from keepfold.vault import actions as vault


@pytest.fixture
def write(installation):
    def run(*statements):
        with closing(connect(installation.home / "data.sqlite3", timeout=30)) as database, database:
            return [database.execute(sql, values).fetchall() for sql, values in statements]

    return run


def look_at_carl(installation):
    vault.open_record(actor=installation.operator, person=installation.carl, purpose="support")


def codes():
    return {finding.code for finding in ledger.verify().findings}


def drop_the_newest(write):
    ref = write(("SELECT ref FROM ledger_pending ORDER BY at_us DESC LIMIT 1", ()))[0][0][0]
    tables = ("ledger_pending", "ledger_tag", "ledger_detail")
    write(*[(f"DELETE FROM {table} WHERE ref = ?", (ref,)) for table in tables])


def test_an_opening_that_was_removed_while_it_waited_is_missed(installation, write):
    look_at_carl(installation)
    assert codes() == set()
    drop_the_newest(write)
    assert codes() & {"ledger.subject-counter", "ledger.subject-changed"}


def test_an_opening_that_has_its_index_cannot_be_removed_with_all_that_belongs_to_it(installation, write):
    look_at_carl(installation)
    sequencer.sequence_once()
    ref = write(("SELECT ref FROM ledger_entry ORDER BY idx DESC LIMIT 1", ()))[0][0][0]
    tables = ("ledger_entry", "ledger_tag", "ledger_detail")
    write(
        *[(f"DELETE FROM {table} WHERE ref = ?", (ref,)) for table in tables],
        ("UPDATE ledger_subject SET next = next - 1 WHERE subject = ?", (installation.carl,)),
    )
    assert "ledger.entry-missing" in codes()


def test_the_text_of_the_policy_in_force_cannot_be_changed(installation, write):
    write(("UPDATE policy_version SET source = replace(source, 'optional', 'required')", ()))
    policy._compiled.clear()
    with pytest.raises(KeepfoldError):
        look_at_carl(installation)


def test_a_key_copied_from_somebody_else_opens_nothing(installation):
    other = vault.seal(actor=installation.operator, values={"email": "dave@example.org", "first_name": "Dave"}).id
    with closing(connect(installation.home / "keys.sqlite3", timeout=30)) as keys, keys:
        rows = keys.execute("SELECT compartment, wrapped FROM vault_person_key WHERE person = ?", (other,)).fetchall()
        for compartment, wrapped in rows:
            keys.execute(
                "UPDATE vault_person_key SET wrapped = ? WHERE person = ? AND compartment = ?",
                (wrapped, installation.carl, compartment),
            )
    with pytest.raises(KeepfoldError):
        look_at_carl(installation)
