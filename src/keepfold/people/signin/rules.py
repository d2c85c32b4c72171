"""Pure rules of signing in: which passwords are taken, how long somebody waits, what a device and a place are called.

Passwords follow NIST SP 800-63B-4 section 3.1.1.2: length instead of kinds of characters, any Unicode, no truncation,
a list of what must not be one, compared with the whole password, and a reason with each refusal.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from ipaddress import ip_address
from typing import Literal, NamedTuple

ALONE = 15
BESIDE_A_FACTOR = 8
LONGEST = 256
LOOKED_AT = 100
ENOUGH = 3

Reason = Literal["short", "long", "common", "context", "guessable"]

_NOT_LETTERS = re.compile(r"[\W\d_]+")
_SHORTEST_REST = 8


def least_length(*, has_factor: bool) -> int:
    """Return how many characters a password has at least: fewer when it never opens anything alone."""
    return BESIDE_A_FACTOR if has_factor else ALONE


def length_problem(password: str, *, has_factor: bool) -> Reason | None:
    """Return what is wrong with the length of a normalised password; one code point is one character."""
    if len(password) > LONGEST:
        return "long"
    return "short" if len(password) < least_length(has_factor=has_factor) else None


def is_mostly(password: str, words: Iterable[str]) -> bool:
    """Say whether little is left of a password without words that everybody connects with its owner.

    `keepfold-ana-2026` is such a one, and no estimate of guesses notices. A phrase that also mentions a name is none.
    """
    rest = password.casefold()
    found = False
    for word in sorted({one.casefold() for one in words if len(one) > 2}, key=len, reverse=True):
        found = found or word in rest
        rest = rest.replace(word, " ")
    return found and len(_NOT_LETTERS.sub("", rest)) < _SHORTEST_REST


def is_listed(password: str, listed: Collection[str]) -> bool:
    """Say whether the whole password, in any case and with or without spaces, is one that attackers try first."""
    plain = password.casefold()
    return plain in listed or re.sub(r"\s", "", plain) in listed


def words_of(*texts: str) -> tuple[str, ...]:
    """Return the words of names and addresses, whole and in parts."""
    parts = [part for text in texts for part in re.split(r"[\W_]+", text)]
    return tuple(dict.fromkeys(part for part in (*texts, *parts) if part))


# ------------------------------------------------------------------------------------------------------------- waiting

FREE_FAILURES = 5
FIRST_WAIT_S = 30
LONGEST_WAIT_S = 3600
MOST_FAILURES = 100
DAY_S = 24 * 3600


def cool_down(failures: int) -> int:
    """Return how many seconds pass before one may try again after so many failures in a row.

    Five are free, then the wait doubles from half a minute to an hour; from the hundredth on it is a day (NIST
    SP 800-63B-4 section 3.2.2 permits at most 100).
    """
    if failures < FREE_FAILURES:
        return 0
    if failures >= MOST_FAILURES:
        return DAY_S
    return min(FIRST_WAIT_S << (failures - FREE_FAILURES), LONGEST_WAIT_S) if failures < 20 else LONGEST_WAIT_S


# ------------------------------------------------------------------------------------------------------------- devices


class Device(NamedTuple):
    """What a browser says it is, as far as it helps to recognise one's own. Each is a name of these lists, or empty."""

    browser: str
    system: str


# In this order: most browsers also call themselves by the names of others.
_BROWSERS = (
    ("Edge", re.compile(r"\bEdg(e|A|iOS)?/")),
    ("Opera", re.compile(r"\bOPR/")),
    ("Samsung Internet", re.compile(r"\bSamsungBrowser/")),
    ("Firefox", re.compile(r"\b(Firefox|FxiOS)/")),
    ("Chrome", re.compile(r"\b(HeadlessChrome|Chrome|CriOS)/")),
    ("Chromium", re.compile(r"\bChromium/")),
    ("Safari", re.compile(r"\bSafari/")),
)
_SYSTEMS = (
    ("iPhone", re.compile(r"\biPhone\b")),
    ("iPad", re.compile(r"\biPad\b")),
    ("Android", re.compile(r"\bAndroid\b")),
    ("ChromeOS", re.compile(r"\bCrOS\b")),
    ("Windows", re.compile(r"\bWindows\b")),
    ("macOS", re.compile(r"\bMac OS X\b|\bMacintosh\b")),
    ("Linux", re.compile(r"\bLinux\b|\bX11\b")),
)
_LOOKED_AT_AGENT = 400


def device_of(agent: str) -> Device:
    """Return what a `User-Agent` header stands for. It is shown to its owner only, and decides nothing."""
    text = agent[:_LOOKED_AT_AGENT]
    return Device(_first(_BROWSERS, text), _first(_SYSTEMS, text))


def _first(patterns: tuple[tuple[str, re.Pattern[str]], ...], text: str) -> str:
    return next((name for name, pattern in patterns if pattern.search(text)), "")


def place_of(address: str) -> str:
    """Return a coarse place: half of an IPv4 address, the first third of an IPv6 one; `here`, `near` for local ones."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    if parsed.is_loopback:
        return "here"
    if parsed.is_private:
        return "near"
    if parsed.version == 4:
        return ".".join(str(parsed).split(".")[:2]) + ".…"
    return ":".join(parsed.exploded.split(":")[:2]) + ":…"


def device_numbers(device: Device) -> tuple[int, int]:
    """Return a device as numbers, for places where only numbers may be kept; -1 for what is not known."""
    return _index(_BROWSERS, device.browser), _index(_SYSTEMS, device.system)


def _index(patterns: tuple[tuple[str, re.Pattern[str]], ...], name: str) -> int:
    return next((index for index, (known, _) in enumerate(patterns) if known == name), -1)


def device_from(browser: int, system: int) -> Device:
    """Return the device that `device_numbers` gave these for."""
    return Device(_name(_BROWSERS, browser), _name(_SYSTEMS, system))


def _name(patterns: tuple[tuple[str, re.Pattern[str]], ...], index: int) -> str:
    return patterns[index][0] if 0 <= index < len(patterns) else ""
