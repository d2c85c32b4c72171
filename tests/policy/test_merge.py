"""Two texts of one draft: brought together where they do not touch, left to a person where they do; and what is owed."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from keepfold.policy.diff import diff
from keepfold.policy.drafting import rules
from keepfold.policy.load import load
from tests.policy.base import GONE, loaded, text

LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "d\n", "\n", "last"]), max_size=12).map("".join)


@given(LINES, LINES, LINES)
@settings(deadline=None)
def test_bringing_together_is_the_same_from_both_sides(base, mine, theirs):
    assert rules.merge(base, mine, theirs) == rules.merge(base, theirs, mine)


@given(LINES, LINES)
def test_who_changed_nothing_takes_over_what_the_other_changed(base, other):
    assert rules.merge(base, base, other) == other
    assert rules.merge(base, other, base) == other
    assert rules.merge(base, other, other) == other


@given(st.integers(0, 40), st.integers(0, 40), st.sampled_from(["x\n", "", "x\ny\n"]), st.sampled_from(["z\n", ""]))
def test_changes_that_lie_apart_both_hold(one, other, mine_is, theirs_is):
    base = [f"line {number}\n" for number in range(41)]
    if abs(one - other) < 3:
        return
    mine, theirs, both = base.copy(), base.copy(), base.copy()
    mine[one] = both[one] = mine_is
    theirs[other] = both[other] = theirs_is
    assert rules.merge("".join(base), "".join(mine), "".join(theirs)) == "".join(both)


def test_changes_of_one_line_or_of_its_neighbour_are_left_to_a_person():
    base = "one\ntwo\nthree\n"
    assert rules.merge(base, base.replace("two", "2"), base.replace("two", "II")) is None
    assert rules.merge(base, base.replace("two", "2"), base.replace("three", "III")) is None


@given(LINES, LINES)
def test_the_marked_lines_hold_the_new_text_whole_and_every_line_that_went(old, new):
    lines = list(rules.compared(old, new))
    assert [line.text for line in lines if line.mark != "cut"] == new.split("\n")
    assert [line.number for line in lines if line.number is not None] == list(range(1, new.count("\n") + 2))
    assert [line.text for line in lines if line.mark != "add"] == old.split("\n")


SHOP = loaded("shop").policy


def owed(edits: dict[str, object]) -> rules.Lead:
    new = load(text("shop", edits)).policy
    return rules.lead(SHOP, new, diff(SHOP, new))


def test_nothing_is_owed_before_what_only_becomes_narrower():
    assert not owed({"purposes.support.retention.keep": "P6M"}).owed
    assert not owed({"purposes.newsletter.data.first_name": GONE}).owed
    assert not rules.lead(None, SHOP, ()).owed


def test_nothing_is_owed_before_what_is_wider_but_not_material():
    assert not owed({"data.city.max_length": 200}).owed


def test_before_what_is_wider_and_material_the_longer_of_both_promises_counts():
    wider = {"purposes.support.retention.keep": "P2Y"}
    assert owed(wider).period.text == "P30D"
    assert owed({**wider, "notice.on_material.before": "P1D"}).period.text == "P30D"
    assert owed({**wider, "notice.on_material.before": GONE}).period.text == "P30D"
    assert owed({**wider, "notice.on_material.before": "P2M"}).period.text == "P2M"


def test_the_first_day_is_the_promised_time_after_the_day_of_telling():
    lead = owed({"purposes.support.retention.keep": "P2Y"})
    assert lead.from_day(date(2026, 2, 1)) == date(2026, 3, 3)
    assert owed({"purposes.support.retention.keep": "P2Y", "notice.on_material.before": "P1M"}).from_day(
        date(2026, 1, 31)
    ) == date(2026, 3, 2)


def test_taking_a_law_off_the_list_of_what_is_material_does_not_make_it_immaterial():
    edits = {"purposes.support.retention.keep": "P2Y", "notice.material_when": ["purpose.added"]}
    assert owed(edits).owed
