"""Drafts: written by several, reviewed by another, told to customers, activated; forged by nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from keepfold.gate.types import Actor
from keepfold.kernel import config, db
from keepfold.kernel.errors import Conflict, Invalid, NotAllowed, NotFound, TooLarge
from keepfold.policy import queries
from keepfold.policy.actions import (
    activate,
    activate_draft,
    announce_draft,
    discard_draft,
    reopen_draft,
    review_draft,
    save_draft,
    start_draft,
    submit_draft,
    submit_version,
    take_evidence,
)
from keepfold.policy.errors import DraftChanged
from keepfold.policy.format.tree import MAX_LINES
from keepfold.policy.templates import text_of
from tests.policy.conftest import ANA, MALLORY, OLGA

SHOP = text_of("shop")
NARROWER = SHOP.replace("keep: P90D", "keep: P60D")
WIDER = SHOP.replace("keep: P90D", "keep: P120D")
TODAY = datetime.now(UTC).date()
DEVELOPER = Actor(
    kind="staff", id=bytes(15) + b"d", actions=("policy.version.submit", "policy.draft.start", "policy.draft.submit")
)


@pytest.fixture
def two_people(room):
    config.use(replace(config.current(), two_person_activation=True))


@pytest.fixture
def in_force(room) -> str:
    version = submit_version(actor=ANA, source=SHOP).version
    activate(actor=ANA, version=version)
    return version


def started(text: str = NARROWER, by: Actor = ANA) -> bytes:
    return start_draft(actor=by, title="Keep orders shorter", text=text)


def approved(text: str = NARROWER) -> bytes:
    draft = started(text)
    submit_draft(actor=ANA, draft=draft, on=1)
    review_draft(actor=OLGA, draft=draft, on=1, approve=True, comment="Good.")
    return draft


def state(draft: bytes) -> str:
    found = queries.draft(draft)
    assert found is not None
    assert found.genuine
    return found.state


def history(draft: bytes) -> list[str]:
    return [event.kind for event in queries.draft(draft).events]


def rewrite(sql: str, *values: object) -> None:
    assert db.execute("default", sql, values) >= 1


# ------------------------------------------------------------------------------------------------- writing


def test_a_draft_may_be_anything_and_nothing_typed_is_lost(room):
    draft = started("this: [is not\n\tYAML")
    assert queries.draft_revision(draft, 1).text == "this: [is not\n\tYAML"
    assert state(draft) == "drafting"
    assert room.entry().details["revision"] == 1


def test_line_ends_of_a_browser_become_those_of_a_file(room):
    draft = started("\ufeffone: 1\r\ntwo: 2\r")
    assert queries.draft_revision(draft, 1).text == "one: 1\ntwo: 2\n"


def test_every_text_of_a_draft_is_kept_with_who_wrote_it(room):
    draft = started()
    assert save_draft(actor=OLGA, draft=draft, on=1, text=WIDER) == 2
    texts = [queries.draft_revision(draft, number) for number in (1, 2)]
    assert [(one.text, one.author, one.before) for one in texts] == [(NARROWER, ANA.id, 0), (WIDER, OLGA.id, 1)]
    assert queries.draft(draft).authors == {ANA.id, OLGA.id}


def test_the_same_text_again_makes_no_revision(room):
    draft = started()
    assert save_draft(actor=OLGA, draft=draft, on=1, text=NARROWER) == 1
    assert queries.draft(draft).authors == {ANA.id}


def test_two_people_who_write_at_once_never_overwrite_each_other(room):
    draft = started()
    save_draft(actor=ANA, draft=draft, on=1, text=WIDER)
    with pytest.raises(DraftChanged):
        save_draft(actor=OLGA, draft=draft, on=1, text=SHOP)
    assert queries.draft_revision(draft, 2).text == WIDER
    assert queries.draft(draft).revision == 2


def test_a_text_beyond_a_megabyte_is_refused(room):
    with pytest.raises(TooLarge):
        started("# " + "é" * 600_000)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\f", "\u2028"])
def test_a_text_of_more_lines_than_a_policy_may_have_is_refused_and_says_what_to_do(room, end):
    kept = queries.draft_revision(started("a: 1" + end * MAX_LINES), 1).text
    assert len(kept.splitlines()) == MAX_LINES
    with pytest.raises(TooLarge) as refused:
        started("a: 1" + end * MAX_LINES + "b: 2")
    assert f"at most {MAX_LINES:,} lines" in refused.value.detail
    assert "Take out empty lines" in refused.value.next_step
    assert refused.value.code == "policy.too-many-lines"
    assert len(queries.drafts()) == 1


def test_a_draft_needs_a_name(room):
    with pytest.raises(Invalid):
        start_draft(actor=ANA, title=" \n ", text=SHOP)


def test_nobody_begins_or_changes_a_draft_without_the_grant(room):
    draft = started()
    with pytest.raises(NotAllowed):
        started(by=MALLORY)
    with pytest.raises(NotAllowed):
        save_draft(actor=DEVELOPER, draft=draft, on=1, text=SHOP)
    assert not room.entry().decision.allowed


def test_a_draft_that_is_not_there_is_not_found(room):
    with pytest.raises(NotFound):
        save_draft(actor=ANA, draft=bytes(16), on=1, text=SHOP)


# ------------------------------------------------------------------------------------------------- review


def test_a_draft_with_an_error_stays_a_draft(room):
    draft = started(SHOP.replace("purpose: newsletter", "purpos: newsletter"))
    with pytest.raises(Invalid) as refused:
        submit_draft(actor=ANA, draft=draft, on=1)
    assert refused.value.rule == "key.unknown"
    assert state(draft) == "drafting"


def test_a_draft_whose_examples_come_out_differently_stays_a_draft(room):
    draft = started(SHOP.replace("expect: denied\n    rule: consent.missing", "expect: allowed"))
    with pytest.raises(Invalid) as refused:
        submit_draft(actor=ANA, draft=draft, on=1)
    assert refused.value.rule == "policy.examples-fail"


def test_an_author_never_approves(room):
    draft = started()
    save_draft(actor=OLGA, draft=draft, on=1, text=WIDER)
    submit_draft(actor=ANA, draft=draft, on=2)
    for author in (ANA, OLGA):
        with pytest.raises(NotAllowed) as refused:
            review_draft(actor=author, draft=draft, on=2, approve=True)
        assert refused.value.rule == "policy.draft-author"
    assert state(draft) == "review"


def test_nor_does_a_client_that_an_author_made(room):
    draft = started()
    submit_draft(actor=ANA, draft=draft, on=1)
    client = Actor(kind="client", id=bytes(15) + b"1", actions=("policy.*",))
    with pytest.raises(NotAllowed):
        review_draft(actor=client, draft=draft, on=1, approve=True)


def test_what_is_in_review_is_not_changed_under_the_reviewers_eyes(room):
    draft = started()
    submit_draft(actor=ANA, draft=draft, on=1)
    with pytest.raises(Conflict):
        save_draft(actor=ANA, draft=draft, on=1, text=WIDER)
    reopen_draft(actor=ANA, draft=draft)
    save_draft(actor=ANA, draft=draft, on=1, text=WIDER)
    assert history(draft) == ["started", "sent", "reopened"]


def test_nobody_approves_a_text_that_they_have_not_seen(room):
    draft = started()
    save_draft(actor=ANA, draft=draft, on=1, text=WIDER)
    submit_draft(actor=ANA, draft=draft, on=2)
    with pytest.raises(DraftChanged):
        review_draft(actor=OLGA, draft=draft, on=1, approve=True)


def test_who_sends_a_draft_back_says_why(room):
    draft = started()
    submit_draft(actor=ANA, draft=draft, on=1)
    with pytest.raises(Invalid):
        review_draft(actor=OLGA, draft=draft, on=1, approve=False, comment="  ")
    review_draft(actor=OLGA, draft=draft, on=1, approve=False, comment="Too short for returns.")
    assert state(draft) == "drafting"
    assert queries.draft(draft).last("returned").comment == "Too short for returns."


def test_a_developer_hands_in_but_neither_writes_nor_reviews(room):
    draft = started(by=DEVELOPER)
    submit_draft(actor=DEVELOPER, draft=draft, on=1)
    with pytest.raises(NotAllowed):
        review_draft(actor=DEVELOPER, draft=draft, on=1, approve=True)
    other = started()
    with pytest.raises(NotFound):
        submit_draft(actor=DEVELOPER, draft=other, on=1)


def test_what_waits_for_whom_is_counted(room, in_force):
    draft = started()
    assert [queries.waiting_for(who) for who in (ANA, OLGA, DEVELOPER)] == [0, 0, 0]
    submit_draft(actor=ANA, draft=draft, on=1)
    assert [queries.waiting_for(who) for who in (ANA, OLGA, DEVELOPER)] == [0, 1, 0]
    review_draft(actor=OLGA, draft=draft, on=1, approve=False, comment="No.")
    assert [queries.waiting_for(who) for who in (ANA, OLGA, DEVELOPER)] == [1, 0, 0]


# --------------------------------------------------------------------------------------------- activation


def test_an_approved_draft_comes_into_force(room, in_force):
    draft = approved()
    done = activate_draft(actor=OLGA, draft=draft, on=1)
    assert (done.status, queries.active().version) == ("active", done.version)
    assert state(draft) == "active"
    assert history(draft) == ["started", "sent", "approved", "activated"]
    newest = queries.history()[0]
    assert (newest.version, newest.previous, newest.people, newest.until_us) == (
        done.version,
        in_force,
        (OLGA.id,),
        None,
    )


def test_one_persons_shop_needs_no_second_one(room, in_force):
    draft = started()
    assert activate_draft(actor=ANA, draft=draft, on=1).status == "active"


def test_where_two_people_must_agree_nothing_is_activated_without_review(room, in_force, two_people):
    draft = started()
    with pytest.raises(Conflict) as refused:
        activate_draft(actor=ANA, draft=draft, on=1)
    assert refused.value.code == "policy.draft-state"


def test_sending_is_one_yes_and_the_reviewers_activation_the_other(room, in_force, two_people):
    draft = approved()
    done = activate_draft(actor=OLGA, draft=draft, on=1)
    assert done.status == "active"
    assert queries.history()[0].people == (ANA.id, OLGA.id)


def test_a_developers_sending_is_no_yes(room, in_force, two_people):
    draft = started(by=DEVELOPER)
    submit_draft(actor=DEVELOPER, draft=draft, on=1)
    review_draft(actor=OLGA, draft=draft, on=1, approve=True)
    done = activate_draft(actor=OLGA, draft=draft, on=1)
    assert (done.status, done.missing) == ("awaiting", 1)
    assert state(draft) == "approved"
    assert activate_draft(actor=ANA, draft=draft, on=1).status == "active"


def test_an_approval_counts_only_beside_the_policy_it_was_given_beside(room, in_force):
    draft = approved()
    activate(actor=ANA, version=submit_version(actor=ANA, source=SHOP.replace("P8Y", "P7Y")).version)
    with pytest.raises(Conflict) as refused:
        activate_draft(actor=OLGA, draft=draft, on=1)
    assert refused.value.code == "policy.draft-outdated"


def test_what_becomes_wider_waits_until_customers_were_told_long_enough_ago(room, in_force):
    draft = approved(WIDER)
    with pytest.raises(Conflict) as refused:
        activate_draft(actor=OLGA, draft=draft, on=1)
    assert refused.value.code == "policy.notice-missing"
    announce_draft(actor=ANA, draft=draft, day=TODAY - timedelta(days=29))
    with pytest.raises(Conflict) as refused:
        activate_draft(actor=OLGA, draft=draft, on=1)
    assert refused.value.code == "policy.notice-period"
    assert refused.value.extra["from_day"] == (TODAY + timedelta(days=1)).isoformat()
    announce_draft(actor=ANA, draft=draft, day=TODAY - timedelta(days=30))
    assert activate_draft(actor=OLGA, draft=draft, on=1).material


def test_a_policy_cannot_free_itself_of_the_time_it_promised(room, in_force):
    draft = approved(WIDER.replace("before: P30D", "before: P1D"))
    announce_draft(actor=ANA, draft=draft, day=TODAY - timedelta(days=2))
    with pytest.raises(Conflict) as refused:
        activate_draft(actor=OLGA, draft=draft, on=1)
    assert refused.value.code == "policy.notice-period"


def test_telling_of_another_text_does_not_count(room, in_force):
    draft = started(WIDER)
    announce_draft(actor=ANA, draft=draft, day=TODAY - timedelta(days=90))
    save_draft(actor=ANA, draft=draft, on=1, text=WIDER.replace("P120D", "P150D"))
    with pytest.raises(Conflict) as refused:
        activate_draft(actor=ANA, draft=draft, on=2)
    assert refused.value.code == "policy.notice-missing"


def test_nobody_was_told_tomorrow(room, in_force):
    draft = approved(WIDER)
    with pytest.raises(Invalid):
        announce_draft(actor=ANA, draft=draft, day=date.max)


def test_a_discarded_draft_stays_readable_and_nothing_more(room):
    draft = started()
    discard_draft(actor=ANA, draft=draft)
    assert queries.draft_revision(draft, 1).text == NARROWER
    assert [one.id for one in queries.drafts(closed=True)] == [draft]
    with pytest.raises(Conflict):
        save_draft(actor=ANA, draft=draft, on=1, text=SHOP)


def test_how_a_version_came_about_can_be_taken_along(room, in_force):
    draft = approved()
    version = activate_draft(actor=OLGA, draft=draft, on=1).version
    dora = Actor(kind="staff", id=bytes(15) + b"D", actions=("policy.version.evidence",))
    taken = take_evidence(actor=dora, version=version)
    assert [event["what"] for event in taken["drafts"][0]["events"]] == ["started", "sent", "approved", "activated"]
    assert taken["in_force"][0]["instead_of"] == in_force
    with pytest.raises(NotAllowed):
        take_evidence(actor=MALLORY, version=version)


# ------------------------------------------------------------------------------------------------- forgery


def forge(draft: bytes, kind: int) -> None:
    """Write an event without the key, as whoever operates the database could."""
    rewrite(
        "INSERT INTO policy_draft_event (draft, number, kind, person, at_us, revision, version, in_force, in_force_us,"
        " day, comment, before, mac) SELECT draft, number + 1, %s, %s, at_us, revision, version, in_force, in_force_us,"
        " '', '', mac, mac FROM policy_draft_event WHERE draft = %s ORDER BY number DESC LIMIT 1",
        kind,
        OLGA.id,
        draft,
    )


def test_an_approval_that_was_written_into_the_database_counts_for_nothing(room, in_force):
    draft = started()
    submit_draft(actor=ANA, draft=draft, on=1)
    forge(draft, 2)
    rewrite("UPDATE policy_draft SET state = 2, events = 3 WHERE id = %s", draft)
    assert not queries.draft(draft).genuine
    with pytest.raises(Conflict) as refused:
        activate_draft(actor=ANA, draft=draft, on=1)
    assert refused.value.code == "policy.draft-altered"


def test_another_text_under_an_approval_is_noticed(room, in_force):
    draft = approved()
    rewrite("UPDATE policy_draft_revision SET text = %s WHERE draft = %s", WIDER, draft)
    assert not queries.draft(draft).genuine
    with pytest.raises(Conflict) as refused:
        activate_draft(actor=OLGA, draft=draft, on=1)
    assert refused.value.code == "policy.draft-altered"


def test_nobody_is_made_to_be_no_author(room):
    draft = started()
    save_draft(actor=ANA, draft=draft, on=1, text=WIDER)
    submit_draft(actor=ANA, draft=draft, on=2)
    rewrite("UPDATE policy_draft_revision SET author = %s WHERE number = 1", OLGA.id)
    with pytest.raises(Conflict) as refused:
        review_draft(actor=OLGA, draft=draft, on=2, approve=True)
    assert refused.value.code == "policy.draft-altered"


def test_a_removed_event_is_missed(room):
    draft = started()
    submit_draft(actor=ANA, draft=draft, on=1)
    review_draft(actor=OLGA, draft=draft, on=1, approve=False, comment="No.")
    rewrite("DELETE FROM policy_draft_event WHERE number = 3")
    assert not queries.draft(draft).genuine


def test_an_earlier_state_that_is_put_back_whole_is_not_noticed(room, in_force):
    draft = approved()
    was = db.fetch_one("default", "SELECT state, version, events, chain, changed_us, mac FROM policy_draft")
    review_draft(actor=OLGA, draft=draft, on=1, approve=False, comment="No, not yet.")
    assert state(draft) == "drafting"
    rewrite("DELETE FROM policy_draft_event WHERE number > %s", was[2])
    rewrite(
        "UPDATE policy_draft SET state = %s, version = %s, events = %s, chain = %s, changed_us = %s, mac = %s", *was
    )
    assert state(draft) == "approved"
    assert queries.altered()["policy_draft"] == 0


def test_every_altered_row_is_counted(room, in_force):
    draft = approved()
    activate_draft(actor=OLGA, draft=draft, on=1)
    assert set(queries.altered().values()) == {0}
    rewrite("UPDATE policy_draft SET title = 'Mine'")
    rewrite("UPDATE policy_draft_revision SET text = 'mine'")
    rewrite("UPDATE policy_draft_event SET comment = 'mine' WHERE number = 2")
    rewrite("UPDATE policy_activation SET people = %s WHERE number = 1", MALLORY.id)
    found = queries.altered()
    tables = ("policy_draft", "policy_draft_revision", "policy_draft_event", "policy_activation")
    assert [found[table] for table in tables] == [1, 1, 1, 1]


def test_an_altered_draft_can_still_be_put_aside(room):
    draft = started()
    rewrite("UPDATE policy_draft SET title = 'Mine'")
    discard_draft(actor=ANA, draft=draft)
    assert queries.drafts() == ()
