"""`keepfold ledger …`: what it prints, for people and as JSON, and with which exit code it ends."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from keepfold.kernel import db
from keepfold.kernel.errors import NotFound
from keepfold.ledger import queries, sequencer
from keepfold.ledger.checkpoint import open_checkpoint
from keepfold.ledger.cli import ledger
from keepfold.ledger.note import parse_vkey
from keepfold.ledger.tree import verify_inclusion
from tests.ledger.support import sequence, write
from tests.ledger.vectors import unb64, unb64s


@pytest.fixture
def filled(keys):
    """Return a person in a log of twelve entries, signed, with one that waits."""
    (carl,) = keys.make()
    for _ in range(12):
        write(carl)
    sequence()
    sequencer.checkpoint_beat()
    write(carl)
    return carl


def run(*words, code=0):
    result = CliRunner().invoke(ledger, words)
    assert result.exit_code == code, (result.output, result.exception)
    return result.stdout


def test_status_says_how_far_the_log_goes_and_what_waits(filled):
    shown = run("status")
    assert "keepfold.local/ledger" in shown
    assert "sequencing" in shown
    document = json.loads(run("status", "--json"))
    assert (document["size"], document["pending"], document["checkpoint_size"]) == (12, 1, 12)
    assert document["halted"] is None


def test_status_of_a_halted_log_ends_with_exit_code_1(filled):
    db.execute("default", "UPDATE ledger_pending SET mac = %s", [bytes(16)])
    with pytest.raises(Exception, match="altered"):
        sequencer.sequence_once()
    assert "HALTED" in run("status", code=1)


def test_verify_of_a_whole_ledger_says_so_with_its_rate(filled):
    shown = run("verify")
    assert shown.startswith("✓ The ledger is whole: 12 entries, 1 waiting, 1 checkpoints, 1 people, 13 sealed details")
    assert "entries/s" in shown
    assert json.loads(run("verify", "--json"))["ok"] is True


def test_verify_names_the_index_of_a_changed_entry_and_ends_with_exit_code_1(filled):
    db.execute("default", "UPDATE ledger_entry SET mac = %s WHERE idx = 7", [bytes(16)])
    assert "✗ Entry 7 was changed" in run("verify", code=1)
    document = json.loads(run("verify", "--json", code=1))
    assert (document["ok"], document["findings"][0]["index"]) == (False, 7)


def test_a_printed_proof_and_checkpoint_can_be_checked_by_others(filled):
    document = json.loads(run("proof", "5", "--json"))
    leaf, root = unb64(document["leaf"]), unb64(document["root"])
    verify_inclusion(leaf, 5, document["size"], unb64s(document["hashes"]), root)
    signed = json.loads(run("checkpoint", "--json"))
    opened = open_checkpoint(signed["checkpoint"], "keepfold.local/ledger", [parse_vkey(signed["vkey"])])
    assert (opened.size, opened.root) == (12, root)
    assert run("checkpoint") == run("checkpoint", "--size", "12") == signed["checkpoint"] == document["checkpoint"]


def test_a_proof_for_people_shows_leaf_path_and_root(filled):
    lines = run("proof", "0").splitlines()
    assert lines[0].startswith("Entry 0 of 12; leaf ")
    assert sum(line.startswith("   ") for line in lines) == 4
    assert any(line.startswith("Root  ") for line in lines)


def test_an_entry_is_shown_without_saying_whom_it_is_about(filled):
    shown = run("show", "3")
    assert "vault.record.open" in shown
    assert "Opened a record" in shown
    document = json.loads(run("show", "3", "--json"))
    assert (document["action"], document["people"], document["allowed"]) == ("vault.record.open", 1, True)
    assert filled.hex() not in shown + json.dumps(document)


@pytest.mark.parametrize("words", [("proof", "12"), ("proof", "99"), ("show", "12"), ("checkpoint", "--size", "5")])
def test_what_is_not_there_is_a_readable_error(filled, words):
    with pytest.raises(NotFound) as raised:
        CliRunner().invoke(ledger, words, catch_exceptions=False)
    assert raised.value.detail


def test_a_negative_index_is_wrong_usage(filled):
    run("show", "-1", code=2)


def test_the_help_lists_every_command():
    shown = run("--help")
    assert all(name in shown for name in ("status", "verify", "proof", "show", "checkpoint"))


def test_reindex_mends_an_index_and_writes_down_that_it_was_done(installation):
    sequence()
    db.execute("default", "DELETE FROM ledger_index")
    assert "not have entry" in run("verify", code=1)
    assert "made anew" in run("reindex")
    sequence()
    assert "whole" in run("verify")
    assert queries.entries(limit=1).entries[0].action == "ledger.index.rebuild"
