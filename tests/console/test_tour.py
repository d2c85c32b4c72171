"""The guided first visit of the demonstration: seven steps, each to be skipped, and never where real people are held."""

import pytest

from keepfold.console import tour
from keepfold.demo.types import Mark
from tests.support.console import signed_in, text_of


@pytest.fixture
def demonstration(installation, monkeypatch):
    monkeypatch.setattr(tour.demo, "mark", lambda: Mark)
    return installation


def step(client, number, after="/"):
    return client.post("/account/tour", {"step": str(number), "next": after})


def test_it_has_seven_steps_for_who_may_see_everything(demonstration):
    assert "Step 1 of 7" in text_of(signed_in("Ana").get("/"))


def test_it_leaves_out_what_a_role_cannot_do(demonstration):
    assert "Step 1 of 7" not in text_of(signed_in("Ben").get("/"))
    assert "Step 1 of " in text_of(signed_in("Ben").get("/"))


def test_each_step_leads_to_the_next_and_the_last_one_ends_it(demonstration):
    client = signed_in("Ana")
    for number in range(7):
        guide = text_of(client.get("/"))
        assert f"Step {number + 1} of 7" in guide
        step(client, 99 if number == 6 else number + 1)
    assert "First visit" not in text_of(client.get("/"))


def test_it_can_be_skipped_at_once_and_taken_again(demonstration):
    client = signed_in("Ana")
    assert step(client, 99, "/customers")["Location"] == "/customers"
    assert 'id="h-tour"' not in text_of(client.get("/"))
    step(client, 0)
    assert "Step 1 of 7" in text_of(client.get("/"))


def test_real_installations_have_none(installation):
    page = text_of(signed_in("Ana").get("/"))
    assert 'id="h-tour"' not in page
    assert "first visit" not in page


def test_it_leads_nowhere_else(demonstration):
    assert step(signed_in("Ana"), 1, "https://example.org/")["Location"].startswith("/")
