"""A mapping seen from its columns: what people choose and what the plan does are the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfold.intake.console import words
from keepfold.intake.rules import masking
from keepfold.intake.rules.columns import DATES, HOWS, Use, clashes, document_of, uses_of
from keepfold.intake.rules.convert import Converter
from keepfold.intake.rules.mapping import parse
from keepfold.intake.rules.propose import propose
from tests.intake.schemas import shop

COLUMNS = ("A", "B", "C", "D", "E")
TARGETS = [name for name, spec in shop().fields.items() if spec.type != "structure"]


@st.composite
def choices(draw):
    """Return uses as the page can make them: each column feeds at most two data items, joined ones as they are."""
    uses = [
        Use(column, target, draw(st.sampled_from(HOWS)))
        for column in COLUMNS
        for target in draw(st.lists(st.sampled_from(TARGETS), max_size=2, unique=True))
    ]
    joined = {use.target for use in uses if sum(other.target == use.target for other in uses) > 1}
    return [Use(use.column, use.target) if use.target in joined or use.how == "lead" else use for use in uses]


def key(use: Use) -> tuple[str, str, str]:
    return use.column, use.target, use.how


@given(choices())
def test_what_was_chosen_is_shown_again_the_same(uses):
    raw = document_of(uses, shop(), "")
    assert sorted(map(key, uses_of(raw, COLUMNS))) == sorted(map(key, uses))
    if raw["fields"]:
        assert parse(raw, COLUMNS, shop()).reads()


def test_the_column_that_leads_comes_first_in_what_is_joined():
    uses = [Use("Surname", "name"), Use("Given", "name", "lead")]
    field = TARGETS[0]
    raw = document_of([Use(use.column, field, use.how) for use in uses], shop(), "")
    assert raw["fields"][field]["join"] == ["Given", "Surname"]
    again = uses_of(raw, ["Surname", "Given"])
    assert {(use.column, use.how) for use in again} == {("Surname", "whole"), ("Given", "lead")}


@pytest.mark.parametrize(
    ("how", "value", "taken"),
    [
        ("first", "Zora Neale Hurston", "Zora"),
        ("last", "Zora Neale Hurston", "Hurston"),
        ("rest", "Zora Neale Hurston", "Neale Hurston"),
        ("dmy.", "31.12.2026", "2026-12-31"),
        ("dmy/", "31/12/2026", "2026-12-31"),
        ("mdy/", "12/31/2026", "2026-12-31"),
        ("ymd/", "2026/12/31", "2026-12-31"),
        ("whole", "as it is", "as it is"),
    ],
)
def test_each_way_takes_what_it_says(how, value, taken):
    plan = parse(document_of([Use("A", "first_name", how)], shop(), ""), COLUMNS, shop())
    assert Converter(plan, plan.reads(), shop())([value]).values == {"first_name": taken}


def test_every_way_has_its_words():
    assert set(words.HOWS) == set(HOWS)
    assert set(DATES) < set(HOWS)


def test_several_columns_of_which_one_is_taken_in_part_are_nothing_to_join():
    assert clashes([Use("A", "email"), Use("B", "email", "first")]) == ["email"]
    assert clashes([Use("A", "email"), Use("B", "email", "lead"), Use("C", "phone", "first")]) == []


def test_a_number_of_another_system_is_proposed_for_nothing():
    proposal = propose(["Email", "Old id"], [{}, {}], shop())
    assert "Old id" in {out.column for out in proposal.left_out}


@given(st.text(max_size=60) | st.integers() | st.floats(allow_nan=False) | st.none())
def test_a_masked_value_keeps_the_first_letters_of_words_and_no_digit(value):
    shown = masking.masked(value)
    assert len(shown) <= 25
    assert not any(letter.isdigit() for letter in shown)
    for word in shown.replace("…", "").split():
        assert sum(letter.isalpha() for letter in word) <= sum(letter in "@.,;:/()-+_&'#" for letter in word) + 1


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("zora.neale@example.org", "z•••.n••••@e••••••.o••"),
        ("+46 70 174 06 05", "+•• •• ••• •• ••"),
        ("Zora Hurston", "Z••• H••••••"),
        ("1990-04-01", "••••-••-••"),
        (None, ""),
        ("  ", ""),
        (b"bytes", ""),
    ],
)
def test_masks_let_people_tell_a_column_by_its_values(value, shown):
    assert masking.masked(value) == shown


def test_samples_are_few_and_differ():
    assert masking.samples(["Zora", "Zoey", None, "Zora", "Max", "Ida", "Ben"]) == ("Z•••", "M••", "I••")
