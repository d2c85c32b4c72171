"""Numbers, days and moments read as people write them, in their language and time zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone, translation

from keepfold.ui import say

AT = datetime(2026, 11, 21, 9, 31, 7, tzinfo=UTC)
NOW = datetime(2026, 11, 24, 14, 19, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.parametrize(
    ("value", "english", "german"),
    [(48213, "48,213", "48.213"), (0, "0", "0"), (-1200, "-1,200", "-1.200"), (2.26, "2.3", "2,3"), (2.0, "2", "2"),
     (None, "–", "–")],
)  # fmt: skip
def test_numbers_have_groups(value, english, german):
    assert say.num(value) == english
    with translation.override("de"):
        assert say.num(value) == german


def test_a_day_is_a_time_element():
    assert say.day(AT) == '<time datetime="2026-11-21">21 November 2026</time>'
    assert say.day(date(2026, 12, 12), "short") == '<time datetime="2026-12-12">12 Dec 2026</time>'
    with translation.override("de"):
        assert say.day(AT, "week") == '<time datetime="2026-11-21">Samstag, 21. November 2026</time>'


def test_a_moment_leaves_out_the_year_that_is_now():
    assert say.moment_text(AT) == "21 Nov, 09:31"
    assert say.moment_text(AT - timedelta(days=365)) == "21 Nov 2025, 09:31"
    assert say.moment_text(AT, "full") == "Saturday, 21 November 2026, 09:31:07 UTC"
    assert say.moment_text(AT, "time") == "09:31"


def test_seconds_and_microseconds_are_moments_too():
    seconds = int(AT.timestamp())
    assert say.moment(seconds) == say.moment(seconds * 1_000_000) == say.moment(AT)


def test_the_attribute_is_utc_whatever_the_reader_sees():
    with timezone.override(ZoneInfo("Europe/Stockholm")):
        assert say.moment(AT) == '<time datetime="2026-11-21T09:31:07Z">21 Nov, 10:31</time>'


def test_distances_look_back_and_ahead():
    assert "3 days ago" in say.ago(AT)
    assert "in 10 minutes" in say.ago(NOW + timedelta(minutes=10))
    assert "just now" in say.ago(NOW - timedelta(seconds=2))
    with translation.override("de"):
        assert "vor 3 Tagen" in say.ago(AT)
    assert say.span(600) == "10 minutes"


@pytest.mark.parametrize("form", [say.day, say.moment, say.ago, say.moment_text])
def test_nothing_is_a_dash(form):
    assert form(None) == "–"
