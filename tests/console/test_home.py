"""Home says how things are and what needs whom, without a customer's name."""

import pytest

from keepfold.console import overview
from tests.support.cast import CARL
from tests.support.console import signed_in, text_of, visitor


@pytest.fixture(autouse=True)
def _count_anew():
    overview.forget()


@pytest.mark.parametrize("name", ["Olga", "Ana", "Ben", "Dora"])
def test_everybody_sees_how_many_are_held_and_nobody_by_name(installation, name):
    page = text_of(signed_in(name).get("/"))
    assert "1 customer is held as promised." in page
    assert CARL["last_name"] not in page


def test_whoever_is_not_signed_in_is_led_to_the_sign_in_page_and_back(installation):
    answer = visitor().get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in?next=%2F")


def test_a_job_that_gave_up_needs_somebody(installation, monkeypatch):
    from keepfold.console import attention

    monkeypatch.setattr(attention.jobs, "dead_letters", lambda: ["one", "two"])
    page = text_of(signed_in("Ana").get("/"))
    assert "2 jobs gave up" in page


def test_a_part_that_does_not_answer_is_said_and_the_page_comes_up(installation, monkeypatch):
    from keepfold.console import attention

    def fail():
        raise OSError(CARL["email"])

    monkeypatch.setattr(attention.jobs, "dead_letters", fail)
    page = text_of(signed_in("Ana").get("/"))
    assert "did not answer" in page
    assert CARL["email"] not in page
