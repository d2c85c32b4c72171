"""Any exception becomes something that may be shown."""

from __future__ import annotations

import pytest
from django.db import OperationalError

from keepfold.kernel import errors, problems


def raised(error, cause=None):
    try:
        raise error from cause
    except type(error) as caught:
        return caught


def test_an_error_made_for_people_stays_itself():
    error = errors.NotFound("There is no such customer.")
    assert problems.as_problem(error) is error


def test_an_unexpected_error_becomes_one_sentence_without_its_message():
    problem = problems.as_problem(raised(ValueError("carl@example.org")))
    assert (problem.status, problem.code) == (500, "unexpected")
    assert "carl" not in problem.readable() + repr(problem.problem())


def test_a_storage_error_is_unavailable():
    problem = problems.as_problem(OperationalError("database or disk is full"))
    assert (problem.status, problem.code) == (503, "storage.full")


def test_a_trace_shows_kinds_codes_and_places_of_the_whole_chain_and_no_message():
    inner = raised(KeyError("carl@example.org"))
    outer = raised(errors.Conflict("carl", code="shop.twice"), inner)
    chain = problems.trace_chain(outer)
    assert chain.startswith("Conflict(shop.twice) at ")
    assert " from KeyError at " in chain
    assert "carl" not in chain
    assert "test_problems.py:" in chain
    assert problems.trace_line(outer).startswith("Conflict(shop.twice) at ")


def test_an_exception_that_was_never_raised_has_no_place():
    assert problems.trace_line(ValueError("x")) == "ValueError at unknown"


@pytest.mark.parametrize(
    ("path", "short"),
    [
        ("/home/ana/app/src/keepfold/vault/rules.py", "keepfold/vault/rules.py"),
        ("/home/ana/.venv/lib/python3.11/site-packages/django/db/utils.py", "django/db/utils.py"),
        ("/usr/lib/python3.11/json/decoder.py", "python3.11/json/decoder.py"),
        ("/home/ana/script.py", "script.py"),
        ("<string>", "<string>"),
    ],
)
def test_a_path_says_nothing_about_the_machine(path, short):
    assert problems.short_path(path) == short


def test_a_problem_document_has_the_members_of_rfc_9457_and_ours():
    error = errors.NotAllowed("No.", code="gate.denied", rule="shop.rule-7", next_step="Ask Ana.", fields=["email"])
    assert error.problem() == {
        "type": "urn:keepfold:problem:gate.denied",
        "title": "Not allowed",
        "status": 403,
        "detail": "No.",
        "code": "gate.denied",
        "rule": "shop.rule-7",
        "next_step": "Ask Ana.",
        "fields": ["email"],
    }
    assert error.readable() == "No. Rule: shop.rule-7. Next: Ask Ana."
    assert str(error) == "No."


def test_every_error_class_has_a_status_a_title_and_a_code():
    classes = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.KeepfoldError)
    ]
    assert len(classes) >= 12
    for kind in classes:
        assert 400 <= kind.status < 600
        assert kind.title
        assert kind.default_code
