"""Values with a meaning of their own: ISO 8601 periods, and the moments from which they run."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import msgspec

_PERIOD = re.compile(r"P(?:([0-9]{1,4})Y)?(?:([0-9]{1,4})M)?(?:([0-9]{1,4})W)?(?:([0-9]{1,5})D)?\Z")
_BUSINESS = re.compile(r"P([0-9]{1,4})BD\Z")
_NAME = r"[a-z][a-z0-9_]{0,39}(?:\.[a-z][a-z0-9_]{0,39}){0,3}"
_MOMENT = re.compile(rf"(?:(year_end)\(({_NAME})\)|({_NAME}))\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_DAYS_PER_MONTH = 30.436875
_LAST = datetime(9999, 12, 31, tzinfo=UTC)


class Period(msgspec.Struct, frozen=True):
    """A length of time in months and days, or in business days (`P15BD`, counted Monday to Friday).

    ISO 8601 section 5.5.2.4 without times of day; `BD` is our own addition for the deadlines of the CCPA.
    """

    text: str
    months: int = 0
    days: int = 0
    business_days: int = 0

    @property
    def rough_days(self) -> float:
        """Return about how many days this is, for comparing two periods."""
        return self.months * _DAYS_PER_MONTH + self.days + self.business_days * 7 / 5

    def after(self, moment_s: int) -> int:
        """Return the second at which the period ends when it begins at `moment_s`; months end on their last day."""
        start = datetime.fromtimestamp(moment_s, UTC)
        try:
            ends = _add_months(start, self.months) + timedelta(days=self.days)
            return int(_add_business_days(ends, self.business_days).timestamp())
        except (OverflowError, ValueError):
            return int(_LAST.timestamp())

    def before(self, moment_s: int) -> int:
        """Return the second that lies the period before `moment_s`."""
        return int(
            (_add_months(datetime.fromtimestamp(moment_s, UTC), -self.months) - timedelta(days=self.days)).timestamp()
        )


class Moment(msgspec.Struct, frozen=True):
    """The event a period runs from, e.g. `order.closed`; with `year_end` from the end of its year (UTC)."""

    name: str
    year_end: bool = False

    @property
    def text(self) -> str:
        """Return the moment as the file writes it."""
        return f"year_end({self.name})" if self.year_end else self.name

    def start(self, moment_s: int) -> int:
        """Return the second from which to count when the event was at `moment_s`."""
        if not self.year_end:
            return moment_s
        year = datetime.fromtimestamp(moment_s, UTC).year
        return int(datetime(year + 1, 1, 1, tzinfo=UTC).timestamp()) if year < _LAST.year else int(_LAST.timestamp())


def parse_period(text: str) -> Period:
    """Read `P90D`, `P8Y`, `P1Y6M`, `P2W` or `P15BD`. Raises `ValueError`."""
    business = _BUSINESS.match(text)
    if business:
        return Period(text, business_days=int(business[1]))
    found = _PERIOD.match(text)
    if found is None or text == "P":
        raise ValueError("is not a period such as P90D, P6M, P8Y or P15BD")
    years, months, weeks, days = (int(part or 0) for part in found.groups())
    return Period(text, months=years * 12 + months, days=weeks * 7 + days)


def parse_moment(text: str) -> Moment:
    """Read `order.closed` or `year_end(order.closed)`. Raises `ValueError`."""
    found = _MOMENT.match(text)
    if found is None:
        raise ValueError("is not a moment such as order.closed, consent.ended or year_end(order.closed)")
    return Moment(found[2] or found[3], year_end=found[1] is not None)


def parse_date(text: str) -> date:
    """Read a calendar date. Raises `ValueError`."""
    if not _DATE.match(text):
        raise ValueError("is not a date such as 2026-12-01")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a day of the calendar") from None


def start_of(day: date) -> int:
    """Return the second at which a day begins in UTC."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _add_months(start: datetime, months: int) -> datetime:
    if not months:
        return start
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return start.replace(year=year, month=month + 1, day=min(start.day, _days_in(year, month + 1)))


def _days_in(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1)
    return (following - timedelta(days=1)).day


def _add_business_days(start: datetime, days: int) -> datetime:
    if not days:
        return start
    weeks, rest = divmod(days, 5)
    day = start + timedelta(weeks=weeks)
    while rest:
        day += timedelta(days=1)
        rest -= day.weekday() < 5
    return day
