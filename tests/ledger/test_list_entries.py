"""Lists and counts over the whole log: whatever happened in whatever order, they say what the entries say."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime

import msgspec
import pytest
import time_machine
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepfold.gate.types import Actor
from keepfold.kernel import db
from keepfold.kernel.errors import Invalid
from keepfold.ledger import classes, indexing, keyring, listing, queries, recorder, sequencer
from keepfold.ledger import entry as entries
from keepfold.ledger.recorder import _Clock
from keepfold.ledger.types import EntryFilter
from tests.ledger.support import ANA, BEN, MadeKeys, count, entry, sequence, write

SHOP = Actor(kind="client", id=bytes([9]) * 16, name="Shop")
ACTIONS = ("vault.record.open", "vault.record.search", "people.client.create", "consent.event.grant")
START = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)

happening = st.tuples(
    st.integers(0, 40),  # hours until the next one
    st.sampled_from(ACTIONS),
    st.sampled_from([ANA, BEN, SHOP]),
    st.booleans(),
    st.integers(0, 2),
)
# Each inner list is written, perhaps out of order, and then sequenced.
histories = st.lists(st.lists(happening, min_size=1, max_size=8), min_size=1, max_size=6)
filters = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["access", "people", "consent", "ledger"]),
        "allowed": st.booleans(),
        "actor_kind": st.sampled_from(["staff", "client", "system"]),
        "purpose": st.integers(0, 3),
        "action": st.sampled_from([302, 304, 220, 400]),
        "since": st.dates(date(2026, 11, 1), date(2026, 11, 12)),
        "until": st.dates(date(2026, 11, 1), date(2026, 11, 12)),
        "actions": st.frozensets(st.sampled_from([302, 304, 220, 400])),
        "actor_kinds": st.frozensets(st.sampled_from(["staff", "client", "system"])),
    },
)


def write_at(at_us, action, actor, allowed, purpose):
    """Write an entry as if it had been made at another time: slow transactions commit after quicker ones."""
    made = entry(action=action, actor=actor, allowed=allowed)
    decision = msgspec.structs.replace(made.decision, purpose_number=purpose)
    made = msgspec.structs.replace(made, decision=decision)
    keep = recorder._append_us
    recorder._append_us = lambda: at_us
    try:
        with db.atomic(durable=True):
            recorder.recorder.append(made)
    finally:
        recorder._append_us = keep


def live(history, shuffle):
    """Write a history; inside a part the order of writing and that of time differ."""
    at = int(START.timestamp()) * 1_000_000
    for part in history:
        timed = []
        for hours, *facts in part:
            at += hours * 3_600_000_000 // 4
            timed.append((at + len(timed), *facts))
        for one in shuffle(timed):
            write_at(*one)
        sequence()


def all_entries():
    size = queries.status().size
    return [queries.show(index) for index in range(size)]


def fits(view, wanted):
    day = datetime.fromtimestamp(view.hour_s, UTC).date()
    return (
        wanted.kind in {None, view.kind}
        and wanted.action in {None, view.action_number}
        and wanted.allowed in {None, view.allowed}
        and wanted.actor_kind in {None, view.actor_kind}
        and wanted.purpose in {None, view.purpose_number}
        and (not wanted.actions or view.action_number in wanted.actions)
        and (not wanted.actor_kinds or view.actor_kind in wanted.actor_kinds)
        and (wanted.since is None or wanted.since <= day)
        and (wanted.until is None or day <= wanted.until)
    )


def pages(wanted, limit):
    """Return every page of a filter, forwards."""
    before, found = None, []
    while True:
        page = queries.entries(wanted, before=before, limit=limit)
        found.append(page)
        before = page.before
        if before is None:
            return found


@pytest.fixture
def fresh(keys) -> MadeKeys:
    return keys


def emptied():
    for table in ("entry", "pending", "tile", "detail", "index", "tally", "log", "checkpoint"):
        db.execute("default", f"DELETE FROM ledger_{table}")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories, wanted=filters, limit=st.integers(1, 7), seed=st.randoms(use_true_random=False))
def test_whatever_happened_a_list_shows_exactly_the_entries_that_fit_newest_first(keys, history, wanted, limit, seed):
    emptied()
    live(history, lambda part: seed.sample(part, len(part)))
    asked = EntryFilter(**wanted)
    expected = [view.index for view in reversed(all_entries()) if fits(view, asked)]
    found = pages(asked, limit)
    assert [view.index for page in found for view in page.entries] == expected
    # The total is exact unless a slow entry lies in another day than its neighbours, which the tallies know too.
    assert {page.total for page in found} == {len(expected)}
    back = found[-1]
    for forwards in reversed(found[:-1]):
        back = queries.entries(asked, after=back.after, limit=limit)
        assert [view.index for view in back.entries] == [view.index for view in forwards.entries]
    assert found[0].after is None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories, seed=st.randoms(use_true_random=False), since=st.integers(0, 200), hours=st.integers(0, 400))
def test_whatever_happened_counts_and_growth_are_those_of_the_entries(keys, history, seed, since, hours):
    emptied()
    live(history, lambda part: seed.sample(part, len(part)))
    views = all_entries()
    assert queries.counts().total == len(views)
    since_s = int(START.timestamp()) + since * 3600
    until_s = since_s + hours * 3600
    inside = [view for view in views if since_s <= view.hour_s < until_s]
    found = queries.counts(since_s, until_s)
    wanted = Counter(
        (view.kind, view.action_number, view.allowed, view.actor_kind, view.purpose_number) for view in inside
    )
    assert {
        (row.kind, row.action_number, row.allowed, row.actor_kind, row.purpose): row.entries for row in found.rows
    } == wanted
    assert found.refused == sum(not view.allowed for view in inside)
    grown = queries.growth(since_s, until_s, "hour")
    assert [one.at_s for one in grown] == list(range(since_s, until_s, 3600))
    assert sum(one.entries for one in grown) == len(inside)
    assert queries.verify().ok


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories, seed=st.randoms(use_true_random=False), limit=st.integers(1, 5))
def test_whatever_happened_an_actors_entries_are_found_all_and_no_others(keys, history, seed, limit):
    emptied()
    live(history, lambda part: seed.sample(part, len(part)))
    views = all_entries()
    for actor in (ANA, BEN, SHOP):
        expected = [view.index for view in views if queries.is_by_actor(view, actor.id)]
        found, before = [], None
        while True:
            page = queries.entries_of_actor(actor.id, before=before, limit=limit)
            found += [(view.hour_s, view.index) for view in page.entries]
            before = page.before
            if before is None:
                break
        assert sorted(index for _, index in found) == expected
        assert found == sorted(found, reverse=True)
    assert queries.entries_of_actor(bytes([77]) * 16).entries == ()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories, seed=st.randoms(use_true_random=False))
def test_index_and_tallies_made_anew_say_the_same_as_before(keys, history, seed):
    emptied()
    live(history, lambda part: seed.sample(part, len(part)))
    before = indexing.tallies(keyring.LOG, classes.EVER), indexing.by_time(keyring.LOG, classes.HOUR, 0, 1 << 40)
    with db.atomic(durable=True):
        assert indexing.rebuild(keyring.LOG) == queries.status().size
    after = indexing.tallies(keyring.LOG, classes.EVER), indexing.by_time(keyring.LOG, classes.HOUR, 0, 1 << 40)
    assert after == before
    assert queries.verify().ok


def test_an_empty_log_has_no_entries_no_counts_and_no_first_day(keys):
    assert queries.entries().entries == ()
    assert queries.entries(EntryFilter(kind="access")).total == 0
    assert queries.counts().total == 0
    assert queries.first_day() is None
    assert queries.is_index_whole()


def test_a_list_has_one_to_a_thousand_entries(keys):
    for limit in (0, 1001):
        with pytest.raises(Invalid):
            queries.entries(limit=limit)


def test_refusals_are_the_newest_entries_that_were_refused(keys):
    for allowed in (False, True, False, True):
        write(allowed=allowed)
    sequence()
    assert [view.index for view in queries.refusals()] == [2, 0]


def test_a_run_of_thousands_of_one_class_is_paged_from_either_end(keys):
    with db.atomic(durable=True):
        for number in range(700):
            recorder.recorder.append(entry(action="vault.record.open", allowed=number % 3 != 0))
    sequence()
    assert count("ledger_index") < 12
    refused = EntryFilter(allowed=False)
    assert [view.index for page in pages(refused, 50) for view in page.entries] == list(range(699, -1, -3))
    assert queries.entries(refused, after=600, limit=3).entries[-1].index == 603
    assert queries.entries(refused, before=4, limit=3).entries[0].index == 3


def test_a_list_and_a_sequencing_ask_no_more_of_a_long_log_than_of_a_short_one(keys, monkeypatch):
    asked: list[str] = []
    keep = db.fetch_all
    monkeypatch.setattr(db, "fetch_all", lambda *given: asked.append(given[1]) or keep(*given))
    costs = []
    for _ in range(3):
        with db.atomic(durable=True):
            for number in range(200):
                recorder.recorder.append(entry(action=ACTIONS[number % 4], allowed=number % 7 != 0))
        sequence()
        asked.clear()
        queries.entries(EntryFilter(kind="access", allowed=False), limit=20)
        costs.append(len(asked))
    assert costs[0] == costs[-1]


def test_what_an_actors_entries_are_found_by_changes_with_the_hour_and_says_nothing_without_the_key(keys):
    at_us = int(START.timestamp()) * 1_000_000
    for number, actor in enumerate((BEN, ANA, BEN)):
        write_at(at_us + number, "vault.record.open", actor, True, 1)
    write_at(at_us + 2 * 3_600_000_000, "vault.record.open", BEN, True, 1)
    sequence()
    ben, ana, same, later = (row[0] for row in db.fetch_all("default", "SELECT actor FROM ledger_entry ORDER BY idx"))
    assert ben == same
    assert len({ben, ana, later}) == 3
    assert all(len(tag) == 8 for tag in (ben, ana, later))
    bodies = b"".join(row[0] for row in db.fetch_all("default", "SELECT body FROM ledger_entry"))
    assert ben not in bodies


def test_customers_and_nobody_are_not_found_by_what_they_did(keys):
    (carl,) = keys.make()
    write(actor=Actor(kind="customer", id=carl, name="Carl"))
    write(actor=Actor(kind="anonymous", id=bytes(16)))
    sequence()
    assert db.fetch_all("default", "SELECT DISTINCT actor FROM ledger_entry") == [(None,)]


def test_an_entry_whose_actor_was_exchanged_in_the_table_is_not_shown_as_theirs(keys):
    write(actor=BEN)
    write(actor=ANA)
    sequence()
    ((ben,),) = db.fetch_all("default", "SELECT actor FROM ledger_entry WHERE idx = 0")
    db.execute("default", "UPDATE ledger_entry SET actor = %s", [ben])
    with db.atomic(durable=True):
        indexing.rebuild(keyring.LOG)
    assert [view.index for view in queries.entries_of_actor(BEN.id).entries] == [0]
    assert [finding.index for finding in queries.verify().findings] == [1]


def test_a_class_says_what_stands_in_the_body():
    body = entries.pack("access", False, "client", 302, 494_000, 7, 0, bytes(32), bytes(32), bytes(32), bytes(32))
    hour, number = classes.place_of(body)
    assert hour == 494_000
    assert classes.describe(number) == ("access", False, "client", 302, 7)
    assert 0 <= number < 1 << 56


@given(st.sets(st.integers(0, 300_000), min_size=1, max_size=600))
def test_runs_hold_exactly_what_was_put_into_them(indexes):
    rising = sorted(indexes)
    made = list(classes.runs(5, rising))
    assert [index for run in made for index in classes.indexes_of(*run[1:])] == rising
    assert all(1 <= run.entries <= 256 and len(run.packed) <= 510 for run in made)


@given(st.binary(min_size=8, max_size=8))
def test_an_actors_hour_never_looks_like_a_class(tag):
    assert -(1 << 63) <= classes.of_actor(tag) < 0


@pytest.mark.parametrize("number", [-1, 1 << 56, 0, 0xB0, 0x1A])
def test_a_number_that_no_entry_can_have_describes_nothing(number):
    assert classes.describe(number) is None


def test_a_sequencing_that_fails_leaves_neither_entries_nor_index(keys, monkeypatch):
    write()
    monkeypatch.setattr(sequencer.store, "advance", lambda *_: False)
    with pytest.raises(Exception, match="moved the log"):
        sequencer.sequence_once()
    monkeypatch.undo()
    assert [count(f"ledger_{table}") for table in ("entry", "index", "tally", "pending")] == [0, 0, 0, 1]
    connections["default"].close()
    assert sequence() == 1
    assert queries.verify().ok


def test_one_page_of_an_actors_entries_goes_through_so_many_hours_and_says_how_far_it_came(keys, monkeypatch):
    monkeypatch.setattr(_Clock, "last_us", 0)
    monkeypatch.setattr(listing, "_HOURS_AT_ONCE", 3)
    monkeypatch.setattr(listing, "MOST_HOURS", 6)
    for hour in range(20):
        with time_machine.travel(datetime(2026, 3, 1, hour, 30, tzinfo=UTC), tick=False):
            write(actor=BEN if hour in {4, 15} else ANA)
    sequence()
    began = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()) // 3600
    pages, before = [], None
    while True:
        page = queries.entries_of_actor(BEN.id, before=before, limit=50)
        before = page.before
        pages.append(([view.index for view in page.entries], before and (before[0] - began, before[1])))
        if before is None:
            break
    assert pages == [([15], (14, 0)), ([], (8, 0)), ([4], (2, 0)), ([], None)]
    asked = []
    known = indexing.known
    monkeypatch.setattr(indexing, "known", lambda log, numbers: asked.extend(numbers) or known(log, numbers))
    assert queries.entries_of_actor(bytes([77]) * 16).before is not None
    assert len(asked) == 6
