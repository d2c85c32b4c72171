"""Assessments: due when a trigger fires for a purpose, unknown when a fact is missing."""

from __future__ import annotations

from keepfold.policy.assess import assessments
from tests.policy.base import loaded


def due(template: str, people: int | None = None, edits: dict | None = None) -> dict[str, tuple[str, tuple[str, ...]]]:
    policy = loaded(template, edits).policy
    assert policy is not None
    return {one.condition: (one.due, one.purposes) for one in assessments(policy, people)}


def test_a_trigger_names_the_purposes_that_fired_it():
    found = due("shop", 2000)
    assert found == {
        "profiling": ("yes", ("ad_partner_sharing",)),
        "ccpa in (sell, share)": ("yes", ("ad_partner_sharing",)),
        "transfer": ("yes", ("ad_partner_sharing",)),
    }


def test_how_many_people_there_are_may_be_what_decides():
    edits = {"assess_when.0.if": "special and subjects > 1000"}
    purposes = ("treatment", "insurance_billing", "record_keeping", "research")
    assert due("clinic", 2000, edits)["special and subjects > 1000"] == ("yes", purposes)
    assert "special and subjects > 1000" not in due("clinic", 10, edits)


def test_a_number_that_nobody_told_leaves_it_unknown_and_never_not_due():
    edits = {"assess_when.0.if": "special and subjects > 1000"}
    assert due("clinic", None, edits)["special and subjects > 1000"][0] == "unknown"


def test_an_age_that_nobody_wrote_down_leaves_it_unknown():
    edits = {
        "assess_when.0.if": "children",
        "subjects.customer": {"dpv": "dpv:Customer", "label": {"en": "x", "de": "x"}},
    }
    assert due("shop", None, edits)["children"][0] == "unknown"
    assert "children" not in due("shop", None, {"assess_when.0.if": "children"})
    assert due("clinic", None, {"assess_when.0.if": "children"})["children"][0] == "yes"
