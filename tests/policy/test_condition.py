"""Conditions of assessment triggers: readable or refused, and unknown when a fact is missing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfold.policy.conditions import NAMES, parse_condition

FACTS = {"special": True, "profiling": False, "subjects": 2000, "ccpa": "sell"}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("special", True),
        ("not special", False),
        ("profiling or special", True),
        ("profiling and special", False),
        ("subjects > 1000", True),
        ("subjects <= 1000", False),
        ("subjects = 2000", True),
        ("subjects != 2000", False),
        ("special and subjects > 1000", True),
        ("ccpa in (sell, share)", True),
        ("not (ccpa in (share))", True),
        ("ccpa = sell", True),
        ("not profiling and not (special and subjects < 10)", True),
        ("special or profiling and profiling", True),
        ("children", None),
        ("not children", None),
        ("children or special", True),
        ("children and profiling", False),
        ("children and special", None),
        ("subjects > x", None),
        ("hipaa in (payment)", None),
    ],
)
def test_a_condition_is_true_false_or_unknown(text, answer):
    assert parse_condition(text)(FACTS) is answer


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "ends where a fact is needed"),
        ("weather", "asks for `weather`"),
        ("special and", "ends where a fact is needed"),
        ("special special", "has something after its end"),
        ("(special", "lacks `\\)`"),
        ("ccpa in sell", "lacks `\\(`"),
        ("ccpa in ()", "has `\\)` where a value is needed"),
        ("subjects >", "ends where a value is needed"),
        ("subjects > or", "has `or` where a value is needed"),
        ("special; drop table", "cannot be read from"),
        ("__import__('os')", "asks for `__import__`|cannot be read|has `__import__`"),
        (" and ".join(["special"] * 60), "is too long"),
    ],
)
def test_a_condition_that_cannot_be_read_says_why(text, says):
    with pytest.raises(ValueError, match=says):
        parse_condition(text)


WORDS = st.sampled_from([*NAMES, "and", "or", "not", "in", "(", ")", ",", ">", "<=", "=", "12", "sell"])


@given(st.lists(WORDS, max_size=12).map(" ".join))
def test_any_words_are_a_condition_or_a_sentence_of_refusal(text):
    try:
        condition = parse_condition(text)
    except ValueError as error:
        condition, said = None, str(error)
    else:
        said = ""
    assert (condition is None) is bool(said)
    if condition is not None:
        assert condition(FACTS) in {True, False, None}
        assert condition({}) in {True, False, None}
