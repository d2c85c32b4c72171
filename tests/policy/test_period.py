"""Periods and moments: calendar months, business days, ends of years."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfold.policy.format.values import Moment, parse_date, parse_moment, parse_period


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        ("P90D", "2026-01-01T12:00", "2026-04-01T12:00"),
        ("P1M", "2026-01-31T00:00", "2026-02-28T00:00"),
        ("P1M", "2028-01-31T00:00", "2028-02-29T00:00"),
        ("P1Y", "2028-02-29T00:00", "2029-02-28T00:00"),
        ("P13M", "2025-12-31T00:00", "2027-01-31T00:00"),
        ("P2W", "2026-12-24T00:00", "2027-01-07T00:00"),
        ("P1Y6M", "2026-07-01T00:00", "2028-01-01T00:00"),
        ("P0D", "2026-07-01T00:00", "2026-07-01T00:00"),
        ("P1BD", "2026-11-27T09:00", "2026-11-30T09:00"),  # a Friday
        ("P15BD", "2026-11-24T00:00", "2026-12-15T00:00"),
        ("P9999Y", "2026-01-01T00:00", "9999-12-31T00:00"),
    ],
)
def test_a_period_ends_where_the_calendar_says(period, start, end):
    assert parse_period(period).after(at(start)) == at(end)


@pytest.mark.parametrize(
    "text", ["", "P", "90D", "P1H", "PT1H", "P-1D", "P1.5Y", "p1y", "P1D1M", "P5BDD", "P1Y\n", "P٣D"]
)
def test_anything_else_is_no_period(text):
    with pytest.raises(ValueError, match="is not a period"):
        parse_period(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("order.closed", Moment("order.closed")),
        ("opt_out", Moment("opt_out")),
        ("year_end(order.closed)", Moment("order.closed", year_end=True)),
    ],
)
def test_a_moment_is_a_name_or_the_end_of_its_year(text, moment):
    assert parse_moment(text) == moment
    assert moment.text == text


@pytest.mark.parametrize(
    "text", ["", "Order.closed", "order closed", "year_end()", "month_end(a)", "a.b.c.d.e", "a..b", "x\n"]
)
def test_anything_else_is_no_moment(text):
    with pytest.raises(ValueError, match="is not a moment"):
        parse_moment(text)


def test_the_end_of_the_year_is_the_first_second_of_the_next():
    assert Moment("a", year_end=True).start(at("2026-03-04T05:06")) == at("2027-01-01T00:00")
    assert Moment("a").start(at("2026-03-04T05:06")) == at("2026-03-04T05:06")


def test_a_date_is_a_day_of_the_calendar():
    assert parse_date("2028-02-29") == date(2028, 2, 29)
    for text in ("2026-02-29", "2026-1-1", "20260101", "tomorrow", "٢٠٢٦-٠١-٠١"):
        with pytest.raises(ValueError, match=r"is not a da"):
            parse_date(text)


PERIODS = st.builds("P{}Y{}M{}D".format, st.integers(0, 50), st.integers(0, 30), st.integers(0, 800)).map(parse_period)
MOMENTS = st.integers(at("1970-01-01"), at("2100-01-01"))


@given(PERIODS, MOMENTS, MOMENTS)
def test_a_later_start_never_ends_earlier(period, one, other):
    first, second = sorted((one, other))
    assert period.after(first) <= period.after(second)
    assert period.after(first) >= first


@given(PERIODS, st.integers(at("2050-01-01"), at("2100-01-01")))
def test_before_undoes_after_to_within_the_days_that_months_differ_by(period, moment):
    assert abs(period.after(period.before(moment)) - moment) <= 4 * 86_400
