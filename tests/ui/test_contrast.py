"""Colours can be read by day and by night: WCAG 2.2, 1.4.3 (text, 4.5:1) and 1.4.11 (controls and focus, 3:1)."""

import re

import pytest

from keepfold.ui import assets

LINE = re.compile(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
GROUNDS = ("paper", "sheet", "fold")
TONES = ("verdigris", "vermilion", "amber")
TEXT = [(ink, ground) for ink in ("ink", "ink2", "ink3", *TONES) for ground in GROUNDS]
TEXT += [(tone, f"{tone}-soft") for tone in TONES] + [("ink", f"{tone}-soft") for tone in TONES]
TEXT += [("paper", "ink"), ("paper", "verdigris"), ("paper", "ink2")]
CONTROLS = [("edge", "paper"), ("edge", "sheet"), ("verdigris", "paper")]


def themes():
    """Return the colours by name, by day and by night."""
    found = LINE.findall(assets.table()["ui/tokens.css"].path.read_text())
    return [{name: colours[theme] for name, *colours in found} for theme in (0, 1)]


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["day", "night"])
@pytest.mark.parametrize(("front", "ground"), TEXT)
def test_text_can_be_read(theme, front, ground):
    colours = themes()[theme]
    assert contrast(colours[front], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["day", "night"])
@pytest.mark.parametrize(("front", "ground"), CONTROLS)
def test_controls_and_focus_can_be_seen(theme, front, ground):
    colours = themes()[theme]
    assert contrast(colours[front], colours[ground]) >= 3
