"""How many people stand where, and what was said when: counted as it happens, never by going through everybody."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime

import pytest
import time_machine

from keepfold.consent import actions, counting, queries, store
from keepfold.consent.errors import PurposeUnknown
from keepfold.kernel import db, ids, outbox
from keepfold.kernel.errors import NotAllowed
from keepfold.vault import actions as vault
from tests.consent.conftest import ANA, opened

PEOPLE = [bytes(15) + bytes([number]) for number in range(20, 30)]
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)


def standing(name: str):
    return queries.standings()[name]


@pytest.fixture
def everybody(room, monkeypatch):
    """Let everybody be there, at a time that stands still."""
    monkeypatch.setattr(queries, "is_known", lambda _person: True)
    with time_machine.travel(AT, tick=False) as moment:
        yield moment


def grant(person: bytes, purpose: str, channel: str = "paper", **more):
    actions.grant_consent(actor=ANA, customer=person, purpose=purpose, channel=channel, **more)


def withdraw(person: bytes, purpose: str):
    actions.withdraw_consent(actor=ANA, customer=person, purpose=purpose)


def test_people_are_counted_where_they_stand_now(everybody):
    for person in PEOPLE[:6]:
        grant(person, "surveys")
    for person in PEOPLE[:2]:
        withdraw(person, "surveys")
    withdraw(PEOPLE[7], "surveys")
    found = standing("surveys")
    assert (found.granted, found.withdrawn, found.spoken) == (4, 3, 7)
    grant(PEOPLE[0], "surveys")
    grant(PEOPLE[0], "surveys")
    found = standing("surveys")
    assert (found.granted, found.withdrawn, found.spoken) == (5, 2, 7)


def test_an_objection_and_an_opt_out_are_counted_under_their_names(everybody):
    withdraw(PEOPLE[0], "analysis")
    withdraw(PEOPLE[1], "partner_ads")
    assert (standing("analysis").objected, standing("partner_ads").opted_out) == (1, 1)
    assert standing("bookkeeping").spoken == 0


def test_whoever_has_to_confirm_is_waiting_and_agrees_afterwards(everybody):
    grant(PEOPLE[0], "newsletter", "signup_form")
    grant(PEOPLE[1], "newsletter", "signup_form")
    found = standing("newsletter")
    assert (found.granted, found.unconfirmed, found.waiting) == (0, 2, 2)
    actions.confirm_consent(actor=ANA, customer=PEOPLE[0], purpose="newsletter")
    found = standing("newsletter")
    assert (found.granted, found.unconfirmed, found.waiting) == (1, 1, 1)
    everybody.shift(8 * 86_400)
    assert (standing("newsletter").unconfirmed, standing("newsletter").waiting) == (1, 0)


def test_a_consent_that_has_ended_is_no_longer_counted_as_given(everybody):
    grant(PEOPLE[0], "surveys")
    everybody.shift(30 * 86_400)
    grant(PEOPLE[1], "surveys")
    assert (standing("surveys").granted, standing("surveys").expired) == (2, 0)
    everybody.shift(160 * 86_400)
    assert (standing("surveys").granted, standing("surveys").expired) == (1, 1)
    withdraw(PEOPLE[0], "surveys")
    assert (standing("surveys").granted, standing("surveys").expired, standing("surveys").withdrawn) == (1, 0, 1)


def test_what_was_said_is_counted_by_day(everybody):
    grant(PEOPLE[0], "surveys")
    grant(PEOPLE[1], "surveys")
    everybody.shift(86_400)
    withdraw(PEOPLE[0], "surveys")
    today = counting.day_of(int(AT.timestamp())) + 1
    assert [(one.said, one.day, one.number) for one in queries.said_since("surveys", 7)] == [
        ("granted", today - 1, 2),
        ("withdrawn", today, 1),
    ]
    assert [one.said for one in queries.said_since("surveys", 1)] == ["withdrawn"]


def test_a_refused_event_counts_nothing(everybody):
    with pytest.raises(PurposeUnknown):
        grant(PEOPLE[0], "unknown")
    assert db.fetch_all("default", "SELECT * FROM consent_count") == []


def test_counts_never_go_through_everybody(stores, monkeypatch):
    """The question for all standings reads the counting table alone, and the one for who waits its own index."""
    asked = []
    fetch_all, fetch_one = db.fetch_all, db.fetch_one
    with opened(monkeypatch):
        monkeypatch.setattr(db, "fetch_all", lambda *call: asked.append(call) or fetch_all(*call))
        monkeypatch.setattr(db, "fetch_one", lambda *call: asked.append(call) or fetch_one(*call))
        queries.standings()
    plans = [str(fetch_all(using, f"EXPLAIN QUERY PLAN {sql}", parameters)) for using, sql, parameters in asked]
    assert any("SEARCH consent_count" in plan for plan in plans)
    assert any("consent_state_waiting" in plan for plan in plans)
    assert [plan for plan in plans if "SCAN consent" in plan or "consent_event" in plan] == []


def test_counting_begins_with_what_is_there(everybody):
    grant(PEOPLE[0], "surveys")
    grant(PEOPLE[1], "allergies", form_version="3", staff=bytes(16))
    withdraw(PEOPLE[2], "analysis")
    before = queries.standings(), queries.said_since("surveys", 7)
    from django.db import connection

    db.execute("default", "DELETE FROM consent_count")
    assert standing("surveys").granted == 0
    with connection.schema_editor() as editor:
        importlib.import_module("keepfold.consent.migrations.0003_counts").begin(None, editor)
    assert (queries.standings(), queries.said_since("surveys", 7)) == before


def test_the_erased_are_no_longer_counted_where_they_stood(installation):
    actions.grant_consent(actor=installation.ana, customer=installation.carl, purpose="newsletter", channel="api")
    actions.confirm_consent(actor=installation.ana, customer=installation.carl, purpose="newsletter")
    assert standing("newsletter").granted == 1
    vault.erase(actor=installation.operator, person=installation.carl, reason="asked")
    while outbox.deliver_once(100):
        pass
    assert (standing("newsletter").granted, standing("newsletter").spoken) == (0, 0)
    assert sum(one.number for one in queries.said_since("newsletter", 2)) == 2


def test_the_latest_events_of_everybody_name_ids_and_are_a_right_of_their_own(installation):
    ana, carl = installation.ana, installation.carl
    actions.grant_consent(actor=ana, customer=carl, purpose="newsletter", channel="signup_form", form_version="4")
    actions.confirm_consent(actor=ana, customer=carl, purpose="newsletter")
    newest, oldest = actions.list_recent(actor=ana)
    assert (newest.person, newest.event.said, oldest.event.said) == (carl, "confirmed", "asked")
    assert oldest.event.evidence.form_version == "4"
    assert actions.list_recent(actor=ana, about="newsletter", before=newest.event.id) == (oldest,)
    assert actions.list_recent(actor=ana, limit=1) == (newest,)
    with pytest.raises(PurposeUnknown):
        actions.list_recent(actor=ana, about="parties")
    for actor in (installation.ben, installation.dora, installation.mallory):
        with pytest.raises(NotAllowed):
            actions.list_recent(actor=actor)


def test_uncounting_twice_in_a_row_of_people_who_said_nothing_changes_nothing(everybody):
    queries.uncount(ids.uuid7())
    assert store.waiting(2, 0, 10) == 0
    assert db.fetch_all("default", "SELECT * FROM consent_count") == []
