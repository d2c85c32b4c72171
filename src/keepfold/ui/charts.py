"""Charts that the server draws: SVG with percent for x and pixels for y, so that text never scales and no script runs.

Every chart carries the sentence that it shows, and its numbers as a table for whoever does not see it. Two series at
most; more is a table.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from keepfold.ui import say
from keepfold.ui.components import Text, joined

Number = int | float
Points = Sequence[tuple[Text, Number]]
Pairs = Sequence[tuple[Text, Sequence[Number]]]

_TOP = 12
_FOOT = 26
_STEPS = (1, 2, 2.5, 4, 5, 6, 8, 10)
# Room for one digit of the axis, in per cent of the width.
_DIGIT = 1.7
# How many labels stand below a plot, and how many letters fit there in the narrowest column of a page.
_LABELS = 7
_LETTERS = 46


class Chart(NamedTuple):
    """A picture, the sentence it shows, what its colours mean, and the numbers behind it."""

    finding: Text
    picture: SafeString
    key: tuple[tuple[str, Text], ...] = ()
    head: tuple[Text, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()


class Cell(NamedTuple):
    """A cell of a heat map that leads somewhere or says more."""

    value: Number | None
    href: str = ""
    note: Text = ""


# --------------------------------------------------------------------------------------------------------------- scale


def ceiling(most: Number) -> Number:
    """Return a round number at or above the largest value whose half is round too, at least 1."""
    if most <= 1:
        return 1
    power = 10 ** math.floor(math.log10(most))
    step = next(step for step in _STEPS if step * power >= most)
    top = step * power
    return int(top) if top == int(top) else top


class _Frame(NamedTuple):
    """The plot inside a chart: its height, the value at its top, and the room at its start for numbers."""

    height: int
    top: Number
    gutter: float

    @property
    def base(self) -> int:
        return self.height - _FOOT

    def y(self, value: Number) -> float:
        return round(self.base - (self.base - _TOP) * value / self.top, 1)

    def x(self, share: float) -> float:
        return round(self.gutter + (100 - self.gutter) * share, 2)


def _frame(height: int, most: Number) -> _Frame:
    top = ceiling(most)
    return _Frame(height, top, 2 + _DIGIT * len(say.num(top)))


def _grid(frame: _Frame) -> SafeString:
    halves = (frame.top / 2, frame.top) if frame.top > 1 else (frame.top,)
    hairlines = format_html_join(
        "",
        '<line class="axis" x1="0" x2="100%" y1="{0}" y2="{0}"/><text x="0" y="{1}">{2}</text>',
        [(frame.y(value), frame.y(value) - 4, say.num(value)) for value in halves],
    )
    return format_html('{0}<line class="base" x1="0" x2="100%" y1="{1}" y2="{1}"/>', hairlines, frame.base)


def _svg(height: int, finding: Text, *parts: SafeString) -> SafeString:
    return format_html(
        '<svg class="chart" height="{}" role="img" aria-label="{}">{}</svg>', height, finding, joined(parts)
    )


def _under(frame: _Frame, labels: Sequence[tuple[float, Text, str]]) -> SafeString:
    return format_html_join(
        "",
        '<text x="{}%" y="{}" text-anchor="{}">{}</text>',
        [(x, frame.height - 6, anchor, label) for x, label, anchor in labels],
    )


# ---------------------------------------------------------------------------------------------------------------- bars


def bars(finding: Text, points: Points, unit: Text = "", height: int = 152) -> Chart:
    """Return one bar for each point in time."""
    drawn = _columns(finding, [(label, (value,)) for label, value in points], height)
    return Chart(finding, drawn, (), ("", unit), tuple((label, value) for label, value in points))


def stacked(finding: Text, points: Pairs, names: tuple[Text, Text], height: int = 152) -> Chart:
    """Return bars of two parts: what went well, and on top of it, in vermilion, what was refused."""
    totals = [sum(values[at] for _label, values in points) for at in (0, 1)]
    key = tuple((tone, f"{say.num(total)} {name}") for tone, total, name in zip("ab", totals, names, strict=True))
    rows = tuple((label, *values) for label, values in points)
    return Chart(finding, _columns(finding, points, height), key, ("", *names), rows)


def _columns(finding: Text, points: Pairs, height: int) -> SafeString:
    frame = _frame(height, max((sum(values) for _label, values in points), default=0))
    slot = (100 - frame.gutter) / max(len(points), 1)
    longest = max((len(str(label)) for label, _values in points), default=0)
    every = math.ceil(len(points) * max(1 / _LABELS, (longest + 3) / _LETTERS))
    drawn = [_column(frame, frame.gutter + slot * at, slot, values) for at, (_label, values) in enumerate(points)]
    labels = [
        (round(frame.gutter + slot * (at + 0.5), 2), label, "middle")
        for at, (label, _values) in enumerate(points)
        if at % every == 0
    ]
    return _svg(height, finding, _grid(frame), *drawn, _under(frame, labels))


def _column(frame: _Frame, start: float, slot: float, values: Sequence[Number]) -> SafeString:
    wide = round(min(slot * 0.6, 5), 2)
    x = round(start + (slot - wide) / 2, 2)
    ground, pieces = float(frame.base), []
    for tone, value in zip("ab", values, strict=False):
        if value:
            # A part that is there is seen, however small.
            tall = max(frame.base - frame.y(value), 2)
            pieces.append((tone, x, wide, round(ground - tall, 1), round(tall, 1)))
            ground -= tall + 1
    return format_html_join("", '<rect class="{}" x="{}%" width="{}%" y="{}" height="{}"/>', pieces)


def ranks(finding: Text, points: Points, unit: Text = "") -> Chart:
    """Return lying bars for things that have names, the largest first; every bar stands below its name."""
    most = max((value for _label, value in points), default=0) or 1
    drawn = [
        format_html(
            '<text class="name" x="0" y="{}">{}</text>'
            '<text class="name" x="100%" y="{}" text-anchor="end">{}</text>'
            '<rect class="d" x="0" width="100%" y="{}" height="6" rx="1"/>'
            '<rect class="a" x="0" width="{}%" y="{}" height="6" rx="1"/>',
            at * 36 + 12, label, at * 36 + 12, say.num(value), at * 36 + 19, round(100 * value / most, 2), at * 36 + 19,
        )
        for at, (label, value) in enumerate(points)
    ]  # fmt: skip
    picture = _svg(max(len(points) * 36 - 8, 1), finding, *drawn)
    return Chart(finding, picture, (), ("", unit), tuple((label, value) for label, value in points))


# --------------------------------------------------------------------------------------------------------------- lines


def line(finding: Text, points: Pairs, names: Sequence[Text], height: int = 152) -> Chart:
    """Return one or two lines; the second is dashed."""
    frame = _frame(height, max((max(values) for _label, values in points), default=0))
    curves = [_curve(frame, [values[at] for _label, values in points], at) for at in range(len(names))]
    picture = _svg(height, finding, _grid(frame), _plot(frame, *curves), _ends(frame, [label for label, _v in points]))
    key = tuple((tone, name) for tone, name in zip(("line", "line two"), names, strict=False)) if len(names) > 1 else ()
    return Chart(finding, picture, key, ("", *names), tuple((label, *values) for label, values in points))


def area(finding: Text, points: Points, name: Text = "", height: int = 176) -> Chart:
    """Return an area: something that grows."""
    values = [value for _label, value in points]
    frame = _frame(height, max(values, default=0))
    outline = _outline(frame, values)
    ground = format_html('<polygon class="area" points="0,100 {} 1000,100"/>', outline)
    picture = _svg(
        height,
        finding,
        _plot(frame, ground, _curve(frame, values, 0)),
        _grid(frame),
        _ends(frame, [label for label, _value in points]),
    )
    return Chart(finding, picture, (), ("", name), tuple(points))


def _plot(frame: _Frame, *curves: SafeString) -> SafeString:
    return format_html(
        '<svg x="{}%" y="{}" width="{}%" height="{}" viewBox="0 0 1000 100" preserveAspectRatio="none">{}</svg>',
        round(frame.gutter, 2),
        _TOP,
        round(100 - frame.gutter, 2),
        frame.base - _TOP,
        joined(curves),
    )


def _curve(frame: _Frame, values: Sequence[Number], number: int) -> SafeString:
    return format_html('<polyline class="line{}" points="{}"/>', " two" if number else "", _outline(frame, values))


def _outline(frame: _Frame, values: Sequence[Number]) -> str:
    last = max(len(values) - 1, 1)
    return " ".join(f"{1000 * at / last:.0f},{100 - 100 * value / frame.top:.1f}" for at, value in enumerate(values))


def _ends(frame: _Frame, labels: Sequence[Text]) -> SafeString:
    """Return the first, the middle and the last label below the plot."""
    if not labels:
        return mark_safe("")
    last = len(labels) - 1
    found = [(frame.x(0), labels[0], "start")]
    if last >= 2:
        found.append((frame.x((last // 2) / last), labels[last // 2], "middle"))
    if last >= 1:
        found.append((100.0, labels[-1], "end"))
    return _under(frame, found)


def spark(finding: Text, values: Sequence[Number]) -> SafeString:
    """Return a line as high as a word, for a table or a sentence."""
    low, high = min(values, default=0), max(values, default=0)
    last, room = max(len(values) - 1, 1), (high - low) or 1
    outline = " ".join(f"{96 * at / last:.0f},{21 - 18 * (value - low) / room:.1f}" for at, value in enumerate(values))
    return format_html(
        '<svg class="chart spark" viewBox="0 0 96 24" width="96" height="24" role="img" aria-label="{}">'
        '<polyline class="line" points="{}"/></svg>',
        finding,
        outline,
    )


# --------------------------------------------------------------------------------------------------------------- rings

_RINGS = ("ring on", "ring part", "ring")


def donut(finding: Text, parts: Points) -> Chart:
    """Return shares of a whole: the first in verdigris, the second grey, everything else the ground of the ring."""
    whole = sum(value for _label, value in parts) or 1
    arcs, done = [mark_safe('<circle class="ring" cx="40" cy="40" r="32"/>')], 0.0
    for tone, (_label, value) in zip(_RINGS[:2], parts, strict=False):
        share = 100 * value / whole
        # A hair of ground between two parts, and the first begins at the top.
        seen = max(share - (1 if len(parts) > 1 else 0), 0)
        arcs.append(
            format_html(
                '<circle class="{}" cx="40" cy="40" r="32" pathLength="100" stroke-dasharray="{} {}" '
                'stroke-dashoffset="{}"/>',
                tone, f"{seen:.1f}", f"{100 - seen:.1f}", f"{25 - done:.1f}",
            )
        )  # fmt: skip
        done += share
    first = round(100 * parts[0][1] / whole) if parts else 0
    middle = format_html('<text class="strong" x="40" y="44" text-anchor="middle">{} %</text>', first)
    picture = format_html(
        '<svg class="chart ringed" viewBox="0 0 80 80" width="96" height="96" role="img" aria-label="{}">{}</svg>',
        finding,
        joined([*arcs, middle]),
    )
    tones = ("a", "edge", "hole")
    key = tuple(
        (tones[min(at, 2)], f"{label}, {say.num(round(100 * value / whole))} %")
        for at, (label, value) in enumerate(parts)
    )
    return Chart(finding, picture, key, ("", _("Number")), tuple(parts))


# ------------------------------------------------------------------------------------------------------------ heat map


class HeatCell(NamedTuple):
    """A cell as it is shown: `classes` say how warm it is."""

    classes: str
    value: Number | None
    href: str
    note: Text


class Heat(NamedTuple):
    """A heat map is a table: rows by columns, None where something cannot be opened, 0 where it never was."""

    finding: Text
    columns: tuple[Text, ...]
    rows: tuple[tuple[Text, tuple[HeatCell, ...]], ...]


def heat(finding: Text, columns: Sequence[Text], rows: Sequence[tuple[Text, Sequence[Number | Cell | None]]]) -> Heat:
    """Return a heat map. A cell's warmth is its share of the largest, by orders of magnitude."""
    cells = [(label, [one if isinstance(one, Cell) else Cell(one) for one in row]) for label, row in rows]
    most = max((one.value or 0 for _label, row in cells for one in row), default=0)
    shown = tuple(
        (label, tuple(HeatCell(_warmth(one.value, most), one.value, one.href, one.note) for one in row))
        for label, row in cells
    )
    return Heat(finding, tuple(columns), shown)


def _warmth(value: Number | None, most: Number) -> str:
    if value is None:
        return ""
    if value == 0:
        return "never"
    share = math.log1p(value) / math.log1p(most)
    return f"q{min(int(share * 4) + 1, 4)}"


# ---------------------------------------------------------------------------------------------------------- time track


def track(start: date, end: date, held_from: date, until: date | None, now: date) -> SafeString:
    """Return one line of a time axis for a table's cell: held so far, and until it goes. The cells beside it say it."""
    at = _share(start, end, now)
    begin, finish = _share(start, end, held_from), _share(start, end, until) if until else 100.0
    split = min(max(at, begin), finish)
    return format_html(
        '<svg class="chart" height="20" aria-hidden="true"><line class="axis" x1="0" x2="100%" y1="10" y2="10"/>'
        '<rect class="a" x="{}%" width="{}%" y="7" height="6"/><rect class="d" x="{}%" width="{}%" y="7" height="6"/>'
        '<line class="now" x1="{}%" x2="{}%" y1="0" y2="20"/></svg>',
        f"{begin:.1f}", f"{max(split - begin, 0.6):.1f}", f"{split:.1f}", f"{max(finish - split, 0):.1f}",
        f"{at:.1f}", f"{at:.1f}",
    )  # fmt: skip


# Of the width of a narrow axis: what a year takes beside now, and half of now itself.
_ROOM, _EDGE = 50.0, 16.0


def track_head(start: date, end: date, now: date) -> SafeString:
    """Return the heading of a time axis: its first year, now, and its last; a year that now would cover is left out."""
    at = _share(start, end, now)
    return format_html(
        '<svg class="chart" height="14" aria-hidden="true"><text x="0" y="11">{}</text>'
        '<text class="strong" x="{}%" y="11" text-anchor="middle">{}</text>'
        '<text x="100%" y="11" text-anchor="end">{}</text></svg><span class="vh">{}</span>',
        start.year if at > _ROOM else "", f"{min(max(at, _EDGE), 100 - _EDGE):.1f}", _("now"),
        end.year if at < 100 - _ROOM else "", _("Time axis"),
    )  # fmt: skip


def _share(start: date, end: date, at: date) -> float:
    whole = (_day(end) - _day(start)).days or 1
    return min(max(100 * (_day(at) - _day(start)).days / whole, 0.0), 100.0)


def _day(at: date) -> date:
    return at.date() if isinstance(at, datetime) else at
