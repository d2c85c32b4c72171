"""The pure rules: what a yes and a no mean, which proof is needed, when a consent ends."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfold.consent import rules
from keepfold.consent.types import Evidence
from tests.consent.conftest import PURPOSES

BY_NAME = {purpose.name: purpose for purpose in PURPOSES}


def at(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


@pytest.mark.parametrize(
    ("purpose", "meaning"),
    [
        ("surveys", "withdrawn"),
        ("newsletter", "withdrawn"),
        ("analysis", "objected"),
        ("partner_ads", "opted_out"),
        ("bookkeeping", None),
    ],
)
def test_a_no_means_what_the_ground_of_the_purpose_makes_of_it(purpose, meaning):
    assert rules.withdrawal_of(BY_NAME[purpose]) == meaning


@pytest.mark.parametrize(
    ("channel", "pending"),
    [("signup_form", True), ("api", True), ("paper", False), ("store_verbal", False), ("phone", False)],
)
def test_only_what_came_in_unattended_needs_a_second_step(channel, pending):
    assert rules.needs_confirmation(BY_NAME["newsletter"], channel) is pending
    assert rules.needs_confirmation(BY_NAME["surveys"], channel) is False


def test_each_demanded_proof_is_missed_until_it_is_given():
    spec = BY_NAME["allergies"]
    assert rules.missing_proof(spec, Evidence(channel="paper")) == ("form_version", "staff_id")
    assert rules.missing_proof(spec, Evidence(channel="paper", form_version="v1")) == ("staff_id",)
    assert rules.missing_proof(spec, Evidence(channel="paper", form_version="v1", staff=bytes(16))) == ()


@pytest.mark.parametrize(
    ("start", "period", "end"),
    [
        ("2026-01-31", "P1M", "2026-02-28"),
        ("2024-01-31", "P1M", "2024-02-29"),
        ("2024-02-29", "P1Y", "2025-02-28"),
        ("2026-11-24", "P24M", "2028-11-24"),
        ("2026-12-31", "P1Y2M10D", "2028-03-10"),
        ("2026-01-01", "P2W", "2026-01-15"),
        ("2026-01-01", "P9999Y", "9999-12-31T23:59:59"),
    ],
)
def test_a_consent_ends_on_the_day_the_calendar_says(start, period, end):
    assert rules.ends(at(start), period) == at(end)


def test_a_consent_without_a_period_does_not_end():
    assert rules.ends(at("2026-01-01"), None) is None


@pytest.mark.parametrize("period", ["", "P", "P1H", "1D", "P1D ", "PT5M", "P-1D"])
def test_what_is_no_period_is_refused(period):
    with pytest.raises(ValueError, match="period"):
        rules.ends(0, period)


@given(
    start=st.integers(min_value=0, max_value=4_000_000_000),
    months=st.integers(min_value=0, max_value=600),
    days=st.integers(min_value=0, max_value=5000),
)
def test_a_longer_period_never_ends_earlier(start, months, days):
    one, two = rules.ends(start, f"P{months}M{days}D"), rules.ends(start, f"P{months}M{days + 1}D")
    assert one is not None
    assert two is not None
    assert start <= one < two
