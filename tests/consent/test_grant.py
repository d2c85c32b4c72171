"""A yes, a no, and what decisions see of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from keepfold.consent import actions, errors, queries
from keepfold.gate.types import Actor
from keepfold.kernel import db, outbox
from keepfold.kernel.errors import Invalid, NotAllowed, Unavailable
from keepfold.policy.types import ConsentFact
from tests.consent.conftest import ANA, BEN, CARL, PURPOSES, STRANGER, schema

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NOW_S = int(NOW.timestamp())


@pytest.fixture(autouse=True)
def fixed_time():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def grant(purpose="surveys", channel="api", actor=ANA, **more):
    return actions.grant_consent(actor=actor, customer=CARL, purpose=purpose, channel=channel, **more)


def withdraw(purpose="surveys", **more):
    return actions.withdraw_consent(actor=ANA, customer=CARL, purpose=purpose, **more)


def events_of(person=CARL) -> list[str]:
    return [event.said for event in actions.list_consents(actor=ANA, customer=person).events][::-1]


def test_a_yes_counts_at_once_until_its_period_is_over(room):
    given = grant()
    assert (given.status, given.at) == ("granted", NOW)
    assert given.expires_at == datetime(2027, 5, 24, 12, 0, tzinfo=UTC)
    expires_s = int(given.expires_at.timestamp())
    assert queries.facts_of(CARL) == {"surveys": ConsentFact(status="granted", at_s=NOW_S, expires_s=expires_s)}


def test_a_yes_in_the_last_days_of_a_long_month_ends_with_the_shorter_one(room, fixed_time):
    fixed_time.move_to(datetime(2026, 8, 31, 12, 0, tzinfo=UTC))
    assert grant().expires_at == datetime(2027, 2, 28, 12, 0, tzinfo=UTC)


def test_a_no_counts_at_once_and_nothing_of_the_yes_is_lost(room, fixed_time):
    grant()
    fixed_time.shift(timedelta(microseconds=1))
    assert withdraw().status == "withdrawn"
    assert queries.facts_of(CARL)["surveys"].status == "withdrawn"
    assert events_of() == ["granted", "withdrawn"]


def test_a_no_needs_no_earlier_yes_and_comes_through_any_channel(room):
    assert withdraw("analysis", channel="letter").status == "objected"
    assert withdraw("partner_ads").status == "opted_out"
    assert withdraw("newsletter").status == "withdrawn"
    assert {name: fact.status for name, fact in queries.facts_of(CARL).items()} == {
        "analysis": "objected",
        "partner_ads": "opted_out",
        "newsletter": "withdrawn",
    }


def test_an_objection_can_be_taken_back(room):
    withdraw("analysis")
    assert grant("analysis").status == "granted"
    assert queries.facts_of(CARL)["analysis"].status == "granted"


def test_facts_cost_one_query_and_none_of_another_person(room, django_assert_num_queries):
    grant()
    with django_assert_num_queries(1):
        assert queries.facts_of(CARL)
    with django_assert_num_queries(1):
        assert queries.facts_of(STRANGER) == {}


def test_an_online_yes_waits_for_its_confirmation_and_changes_nothing_until_then(room, fixed_time):
    assert grant("newsletter", "signup_form").status == "pending"
    assert queries.facts_of(CARL) == {}
    fixed_time.shift(timedelta(hours=1))
    confirmed = actions.confirm_consent(actor=ANA, customer=CARL, purpose="newsletter")
    assert confirmed.status == "granted"
    assert confirmed.at == NOW + timedelta(hours=1)
    assert confirmed.expires_at == datetime(2028, 11, 24, 13, 0, tzinfo=UTC)
    assert queries.facts_of(CARL)["newsletter"].status == "granted"
    assert events_of() == ["asked", "confirmed"]


def test_on_paper_one_step_is_enough(room):
    assert grant("newsletter", "paper").status == "granted"


def test_asking_again_does_not_end_what_was_granted_before(room):
    grant("newsletter", "paper")
    assert grant("newsletter", "signup_form").status == "pending"
    assert queries.facts_of(CARL)["newsletter"].status == "granted"


def test_a_no_ends_what_waits_to_be_confirmed(room):
    grant("newsletter", "signup_form")
    withdraw("newsletter")
    with pytest.raises(errors.NothingPending):
        actions.confirm_consent(actor=ANA, customer=CARL, purpose="newsletter")
    assert queries.facts_of(CARL)["newsletter"].status == "withdrawn"


def test_what_nobody_confirmed_within_a_week_is_void(room, fixed_time):
    grant("newsletter", "signup_form")
    fixed_time.shift(timedelta(days=7, seconds=1))
    with pytest.raises(errors.NothingPending):
        actions.confirm_consent(actor=ANA, customer=CARL, purpose="newsletter")
    consents = actions.list_consents(actor=ANA, customer=CARL).consents
    assert [one.status for one in consents] == ["expired"]


def test_there_is_nothing_to_confirm_twice(room):
    grant("newsletter", "signup_form")
    actions.confirm_consent(actor=ANA, customer=CARL, purpose="newsletter")
    with pytest.raises(errors.NothingPending):
        actions.confirm_consent(actor=ANA, customer=CARL, purpose="newsletter")


def test_the_list_says_that_a_consent_is_over(room, fixed_time):
    grant()
    fixed_time.shift(timedelta(days=200))
    assert [one.status for one in actions.list_consents(actor=ANA, customer=CARL).consents] == ["expired"]


def test_an_event_keeps_its_evidence_and_the_policy_it_was_said_under(room):
    actions.grant_consent(
        actor=BEN, customer=CARL, purpose="allergies", channel="store_verbal", form_version="allergies-3"
    )
    event = actions.list_consents(actor=ANA, customer=CARL).events[0]
    assert event.policy_hash == room.schema.hash
    assert (event.evidence.channel, event.evidence.form_version) == ("store_verbal", "allergies-3")
    assert event.evidence.staff == BEN.id


def test_an_event_names_the_ledger_entry_that_recorded_it(room):
    grant()
    row = db.fetch_one("default", "SELECT entry FROM consent_event")
    assert row is not None
    assert bytes(row[0]) == room.notebook.entries[0].id


@pytest.mark.parametrize(
    ("call", "error"),
    [
        pytest.param(lambda: grant("survey"), errors.PurposeUnknown, id="unknown purpose"),
        pytest.param(lambda: grant("bookkeeping"), errors.NotAskable, id="yes to a duty"),
        pytest.param(lambda: withdraw("bookkeeping"), errors.NotAskable, id="no to a duty"),
        pytest.param(lambda: grant("surveys", "signup_form"), errors.ChannelUnknown, id="undeclared channel"),
        pytest.param(lambda: grant("allergies", form_version="v1"), errors.ProofMissing, id="no staff"),
        pytest.param(lambda: grant("allergies", actor=BEN), errors.ProofMissing, id="no form"),
        pytest.param(lambda: grant(channel="carl@mail.example wrote"), Invalid, id="free text as channel"),
        pytest.param(lambda: grant(channel=""), Invalid, id="empty channel"),
        pytest.param(lambda: grant(form_version="x" * 65), Invalid, id="long form version"),
        pytest.param(
            lambda: actions.confirm_consent(actor=ANA, customer=CARL, purpose="surveys"),
            errors.NothingPending,
            id="nothing to confirm",
        ),
    ],
)
def test_what_the_policy_does_not_provide_for_is_refused_and_nothing_is_kept(room, call, error):
    with pytest.raises(error):
        call()
    assert db.fetch_all("default", "SELECT * FROM consent_event") == []
    assert queries.facts_of(CARL) == {}


def test_a_refusal_names_the_line_of_the_policy(room):
    with pytest.raises(errors.ChannelUnknown) as refused:
        grant("surveys", "signup_form")
    assert refused.value.rule == "purposes.surveys.consent.ask_in"
    with pytest.raises(errors.PurposeUnknown) as unknown:
        grant("survey")
    assert unknown.value.next_step == "Did you mean surveys?"


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(
            lambda: actions.grant_consent(actor=ANA, customer=STRANGER, purpose="surveys", channel="api"), id="grant"
        ),
        pytest.param(lambda: actions.withdraw_consent(actor=ANA, customer=STRANGER, purpose="surveys"), id="withdraw"),
        pytest.param(lambda: actions.confirm_consent(actor=ANA, customer=STRANGER, purpose="newsletter"), id="confirm"),
        pytest.param(lambda: actions.list_consents(actor=ANA, customer=STRANGER), id="list"),
    ],
)
def test_whoever_is_not_there_has_no_consents(room, call):
    with pytest.raises(errors.NoSuchPerson):
        call()


def test_nothing_is_recorded_while_nobody_knows_who_is_there(room, monkeypatch):
    monkeypatch.setattr(queries._Wiring, "persons", None)
    with pytest.raises(Unavailable):
        grant()
    assert queries.facts_of(CARL) == {}


def test_without_the_grant_nobody_speaks_for_a_customer(room):
    mallory = Actor(kind="client", id=bytes(16), actions=("vault.*",), purposes=("*",))
    with pytest.raises(NotAllowed):
        grant(actor=mallory)
    with pytest.raises(NotAllowed):
        actions.list_consents(actor=mallory, customer=CARL)
    assert queries.facts_of(CARL) == {}


def test_every_word_is_an_entry_about_the_person(room):
    grant()
    withdraw()
    actions.list_consents(actor=ANA, customer=CARL)
    assert room.notebook.actions() == ["consent.event.grant", "consent.event.withdraw", "consent.event.list"]
    assert {entry.subjects for entry in room.notebook.entries} == {(CARL,)}


def test_a_purpose_that_was_renamed_keeps_its_consents(room):
    grant()
    renamed = [purpose if purpose.number != 1 else _named(purpose, "opinion_polls") for purpose in PURPOSES]
    room.schema = schema(*renamed, version=b"\x02" * 32)
    assert queries.facts_of(CARL)["opinion_polls"].status == "granted"


def _named(purpose, name):
    import msgspec

    return msgspec.structs.replace(purpose, name=name)


def test_a_purpose_that_is_gone_is_no_fact_but_stays_in_the_list(room):
    grant()
    room.schema = schema(*PURPOSES[1:], version=b"\x02" * 32)
    assert queries.facts_of(CARL) == {}
    assert [one.purpose for one in actions.list_consents(actor=ANA, customer=CARL).events] == ["#1"]


def test_others_learn_of_it_by_an_event_about_the_person(room):
    grant()
    withdraw()
    grant("newsletter", "signup_form")
    rows = db.fetch_all("default", "SELECT kind, subject FROM kernel_event ORDER BY seq")
    assert rows == [
        ("consent.ConsentGranted", CARL),
        ("consent.ConsentWithdrawn", CARL),
        ("consent.ConsentAsked", CARL),
    ]
    assert outbox.waiting() == 0
