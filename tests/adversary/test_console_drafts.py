"""Mallory writes a policy and wants it in force by a yes that was taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keepfold.gate.types import Actor
from keepfold.kernel import config
from keepfold.policy import queries
from keepfold.policy.actions import (
    activate,
    activate_draft,
    discard_draft,
    reopen_draft,
    review_draft,
    save_draft,
    start_draft,
    submit_draft,
    submit_version,
)
from keepfold.policy.templates import text_of
from tests.policy.conftest import ANA, OLGA, room

__all__ = ["room"]

SHOP = text_of("shop")
NARROWER = SHOP.replace("keep: P90D", "keep: P60D")
AUTHOR = Actor(kind="staff", id=bytes(15) + b"m", actions=("policy.*",), purposes=("*",))
REVIEWER = Actor(kind="staff", id=bytes(15) + b"r", actions=("policy.draft.review",))


@pytest.fixture
def in_force(room) -> str:
    version = submit_version(actor=ANA, source=SHOP).version
    activate(actor=ANA, version=version)
    config.use(replace(config.current(), two_person_activation=True))
    return version


def agreed() -> bytes:
    """Return a draft of Mallory's to which Olga, who may activate, has said yes."""
    draft = start_draft(actor=AUTHOR, title="Keep orders shorter", text=NARROWER)
    submit_draft(actor=AUTHOR, draft=draft, on=1)
    review_draft(actor=OLGA, draft=draft, on=1, approve=True)
    return draft


def test_a_yes_that_was_taken_back_does_not_count_when_the_same_text_comes_again(in_force):
    draft = agreed()
    reopen_draft(actor=OLGA, draft=draft)
    save_draft(actor=AUTHOR, draft=draft, on=1, text=SHOP)
    save_draft(actor=AUTHOR, draft=draft, on=2, text=NARROWER)
    submit_draft(actor=AUTHOR, draft=draft, on=3)
    review_draft(actor=REVIEWER, draft=draft, on=3, approve=True)
    done = activate_draft(actor=AUTHOR, draft=draft, on=3)
    assert (done.status, done.missing) == ("awaiting", 1)
    assert queries.active().version == in_force


@pytest.mark.parametrize("no", ["returned", "discarded"])
def test_nor_does_it_count_past_the_draft_once_somebody_said_no(in_force, no):
    draft = agreed()
    if no == "returned":
        review_draft(actor=OLGA, draft=draft, on=1, approve=False, comment="No, after all.")
    else:
        discard_draft(actor=OLGA, draft=draft)
    version = submit_version(actor=AUTHOR, source=NARROWER).version
    assert activate(actor=AUTHOR, version=version).status == "awaiting"
    assert queries.active().version == in_force
