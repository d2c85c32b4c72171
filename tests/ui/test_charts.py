"""Charts: their scale is honest, their numbers are there as a table, and nothing in them can scale the text."""

import re

import pytest
from django.template import engines
from hypothesis import given
from hypothesis import strategies as st

from keepfold.ui import charts

DAYS = [(str(day), day * 7 % 50) for day in range(1, 15)]
PAIRS = [(label, (value, value % 3)) for label, value in DAYS]


def rendered(chart):
    return engines["django"].from_string("{% load ui %}{% chart chart %}").render({"chart": chart})


@given(st.one_of(st.integers(0, 10**12), st.floats(0, 1e9)))
def test_the_scale_reaches_the_largest_value_and_not_much_further(most):
    top = charts.ceiling(most)
    assert top >= most
    assert top <= max(most * 2.5, 1)


@pytest.mark.parametrize(("most", "top"), [(0, 1), (1, 1), (9, 10), (214, 250), (48213, 50000), (12, 20), (0.3, 1)])
def test_the_scale_ends_at_a_round_number(most, top):
    assert charts.ceiling(most) == pytest.approx(top)


ALL = {
    "bars": charts.bars("It goes up and down", DAYS, "openings"),
    "stacked": charts.stacked("It goes up and down", PAIRS, ("opened", "refused")),
    "ranks": charts.ranks("It goes up and down", DAYS[:3], "openings"),
    "line": charts.line("It goes up and down", PAIRS, ("this week", "the week before")),
    "area": charts.area("It goes up and down", DAYS, "entries"),
    "donut": charts.donut("It goes up and down", DAYS[:3]),
}


@pytest.mark.parametrize("name", ALL)
def test_a_chart_says_its_finding_and_has_its_table(name):
    page = rendered(ALL[name])
    assert 'role="img"' in page
    assert 'aria-label="It goes up and down"' in page
    assert page.count("<tr>") == len(ALL[name].rows) + 1


@pytest.mark.parametrize("name", sorted(set(ALL) - {"donut"}))
def test_text_stands_outside_of_anything_that_scales(name):
    outer = re.match(r"<svg [^>]*>", ALL[name].picture)
    assert outer
    assert "viewBox" not in outer[0]
    for inner in re.findall(r"<svg x=.*?</svg>", ALL[name].picture):
        assert "<text" not in inner


@pytest.mark.parametrize("make", [charts.bars, charts.area, charts.ranks, charts.donut])
def test_nothing_and_zero_can_be_drawn(make):
    assert "<svg" in rendered(make("Nothing", []))
    assert "nan" not in rendered(make("Nothing", [("a", 0)])).lower()


def test_a_part_that_is_there_is_seen():
    page = charts.stacked("x", [("a", (1000, 1))], ("opened", "refused")).picture
    refused = re.search(r'class="b"[^>]*height="([\d.]+)"', page)
    assert refused
    assert float(refused[1]) >= 2


def test_labels_keep_their_distance():
    long = charts.bars("x", [(f"{day} November", day) for day in range(1, 29)]).picture
    assert 1 <= long.count('text-anchor="middle"') <= 4


def test_a_label_is_text():
    assert "<script>" not in rendered(charts.bars("<script>", [("<script>", 1)], "<script>"))


def test_a_heat_map_tells_not_allowed_from_never():
    heat = charts.heat(
        "Who", ["Delivery", "News"], [("Phone", [812, None]), ("Name", [charts.Cell(3, "/x", "late"), 0])]
    )
    page = rendered(heat)
    assert '<td class="q4">812</td>' in page
    assert "not allowed" in page
    assert '<td class="never">0</td>' in page
    assert '<a href="/x">3</a>' in page
    assert page.count('scope="col"') == page.count('scope="row"') == 2


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_more_is_never_colder(one, other):
    most = max(one, other)
    assert (charts._warmth(one, most) <= charts._warmth(other, most)) == (one <= other) or charts._warmth(
        one, most
    ) == charts._warmth(other, most)


def test_a_track_stays_on_its_axis():
    from datetime import date

    page = charts.track(date(2024, 1, 1), date(2036, 1, 1), date(2020, 1, 1), date(2050, 1, 1), date(2026, 1, 1))
    shares = [float(share) for share in re.findall(r'(?:x|width)="([\d.]+)%"', page)]
    assert all(0 <= share <= 100 for share in shares)
