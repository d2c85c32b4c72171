"""Verifications that somebody asks for: taken by one worker, watched, stopped, taken over, and kept under a mark."""

from __future__ import annotations

import threading

import pytest

from keepfold.kernel import clock, db
from keepfold.kernel.errors import NotAllowed, NotFound
from keepfold.ledger import actions, indexing, jobs, keyring, queries, verifications
from tests.ledger.support import count, sequence, write


def test_whoever_may_asks_for_a_verification_and_reads_what_it_found(installation):
    run = actions.start_verification(actor=installation.dora)
    assert (run.state, run.report) == ("waiting", None)
    jobs.verify_now()
    found = queries.verification(run.id)
    assert (found.state, found.altered, found.stopping) == ("ended", False, False)
    assert found.report.ok
    assert found.report.size == queries.status().size
    assert found.began_us <= found.ended_us
    assert queries.verifications()[0] == found


def test_a_support_agent_may_not_ask_for_one(installation):
    with pytest.raises(NotAllowed):
        actions.start_verification(actor=installation.ben)
    assert count("ledger_verification") == 0


def test_one_that_is_not_over_counts_for_everybody_who_asks(installation):
    first = actions.start_verification(actor=installation.dora)
    assert actions.start_verification(actor=installation.ana).id == first.id
    jobs.verify_now()
    assert actions.start_verification(actor=installation.ana).id != first.id


def test_what_is_wrong_is_in_the_result(keys):
    for _ in range(5):
        write()
    sequence()
    db.execute("default", "DELETE FROM ledger_entry WHERE idx = 3")
    run = verifications.ask()
    jobs.verify_now()
    report = queries.verification(run).report
    assert not report.ok
    assert "Entry 3 is missing." in [finding.message for finding in report.findings]


def test_a_result_that_somebody_wrote_into_the_table_is_not_shown(keys):
    run = verifications.ask()
    jobs.verify_now()
    db.execute("default", "UPDATE ledger_verification SET report = REPLACE(report, '\"size\":0', '\"size\":9')")
    found = queries.verification(run)
    assert (found.altered, found.report) == (True, None)


def test_one_that_waits_is_stopped_at_once(keys):
    run = verifications.ask()
    verifications.stop(run)
    assert queries.verification(run).state == "stopped"
    jobs.verify_now()
    assert queries.verification(run).report is None


def test_a_running_one_ends_soon_after_somebody_asked(keys, monkeypatch):
    write()
    sequence()
    reached, go_on = threading.Event(), threading.Event()

    def slow(progress):
        progress("entries", 1, 2)
        reached.set()
        assert go_on.wait(10)
        progress("entries", 2, 2)
        raise AssertionError("it went on")

    monkeypatch.setattr(jobs, "verify", slow)
    run = verifications.ask()
    jobs.verification()
    assert reached.wait(10)
    jobs.verification()
    running = queries.verification(run)
    assert (running.state, running.stage, running.done, running.total) == ("running", "entries", 1, 2)
    verifications.stop(run)
    assert queries.verification(run).stopping
    jobs.verification()
    go_on.set()
    jobs.verify_now()
    assert queries.verification(run).state == "stopped"


def test_one_that_breaks_says_so(keys, monkeypatch):
    def broken(_progress):
        raise OSError

    monkeypatch.setattr(jobs, "verify", broken)
    run = verifications.ask()
    jobs.verify_now()
    assert queries.verification(run).state == "failed"


def test_a_run_is_taken_by_one_worker_and_by_another_when_that_one_is_gone(keys):
    run = verifications.ask()
    assert verifications.take() == run
    assert verifications.take() is None
    gone = clock.now_us() - verifications.GONE_US - 1
    db.execute("default", "UPDATE ledger_verification SET seen_us = %s", [gone])
    assert verifications.take() == run
    assert verifications.note(run, "people", 3, 4) is False
    verifications.end(run, verifications.STOPPED)
    assert verifications.note(run, "people", 4, 4) is True


def test_a_hundred_results_are_kept(keys):
    for _ in range(105):
        verifications.end(verifications.ask(), verifications.FAILED)
        verifications.stop(verifications.ask())
    assert count("ledger_verification") <= 101


def test_there_is_no_such_run(keys):
    with pytest.raises(NotFound):
        queries.verification(bytes(16))
    with pytest.raises(NotFound):
        verifications.stop(bytes(16))


def test_a_tampered_index_is_made_anew_by_whoever_may(installation):
    sequence()
    db.execute("default", "DELETE FROM ledger_index")
    db.execute("default", "UPDATE ledger_tally SET entries = entries + 1")
    assert not queries.verify().ok
    assert not queries.is_index_whole()
    with pytest.raises(NotAllowed):
        actions.rebuild_index(actor=installation.ben)
    size = queries.status().size
    assert actions.rebuild_index(actor=installation.ana) == size
    assert queries.verify().ok
    assert queries.is_index_whole()


def test_an_index_made_anew_over_missing_entries_has_the_others_at_their_places(keys):
    for number in range(20):
        write(allowed=number % 2 == 0)
    sequence()
    db.execute("default", "DELETE FROM ledger_entry WHERE idx IN (3, 4, 11)")
    with db.atomic(durable=True):
        assert indexing.rebuild(keyring.LOG) == 17
    assert [view.index for view in queries.refusals(limit=20)] == [19, 17, 15, 13, 9, 7, 5, 1]
