"""What all types share: the refusal, the options, and the checks of characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

import msgspec

Normaliser = Callable[[Any, str], Any]

# Unicode's Bidi_Control property (UAX 9, PropList.txt): they let a text look different from what it is.
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
# Invisible and without a use inside a value: zero-width space, word joiner, byte order mark, interlinear marks.
_INVISIBLE = "\u200b\u2060\ufeff\ufff9-\ufffb"
_CONTROL = "\x00-\x1f\x7f-\x9f\u2028\u2029"
_BIDI_RE = re.compile(f"[{_BIDI}]")
_INVISIBLE_RE = re.compile(f"[{_INVISIBLE}]")
_CONTROL_RE = re.compile(f"[{_CONTROL}]")
_LONE_RE = re.compile("[\ud800-\udfff]")
_NONCHARACTER_RE = re.compile(
    "[\ufdd0-\ufdef" + "".join(chr(p << 16 | n) for p in range(17) for n in (0xFFFE, 0xFFFF)) + "]"
)
_CHARACTER_RULES = (
    (_LONE_RE, "text.not-unicode", "It holds characters that are not valid Unicode."),
    (_NONCHARACTER_RE, "text.not-unicode", "It holds characters that are not valid Unicode."),
    (_BIDI_RE, "text.direction-control", "It holds invisible characters that change the writing direction."),
    (_INVISIBLE_RE, "text.invisible", "It holds invisible characters."),
    (_CONTROL_RE, "text.control", "It holds control characters."),
)


class Refusal(Exception):
    """A value that its type refuses: `code` is stable, `message` a sentence. Neither holds the value."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Part(msgspec.Struct, frozen=True):
    """One part of a structure, or the items of a plain list (then `name` is empty)."""

    name: str
    type: str
    max_length: int


class TypeOptions(msgspec.Struct, frozen=True):
    """What a policy says about a value beyond its type. Lengths count characters of the normalised text."""

    max_length: int = 1000
    check: str = "plan"
    parts: tuple[Part, ...] = ()
    max_items: int = 0


def too_long(limit: int) -> Refusal:
    """Return the refusal for a value that is longer than the policy permits."""
    return Refusal("text.too-long", f"It is longer than the {limit} characters that the policy permits.")


def wrong_type(expected: str) -> Refusal:
    """Return the refusal for a value that is not even of the right kind, such as a list for a date."""
    return Refusal("value.wrong-type", f"It is not {expected}.")


def empty() -> Refusal:
    """Return the refusal for a value with nothing in it."""
    return Refusal("value.empty", "It is empty; leave the field out instead.")


def require_text(raw: object, limit: int = 1000) -> str:
    """Return a trimmed text of at most `limit` characters, or refuse. Bounds the work on hostile input."""
    if not isinstance(raw, str):
        raise wrong_type("a text")
    if len(raw) > limit + 100:
        raise too_long(limit)
    text = raw.strip()
    if not text:
        raise empty()
    if len(text) > limit:
        raise too_long(limit)
    return text


def check_characters(text: str) -> None:
    """Refuse controls, direction controls, invisible characters, lone surrogates and noncharacters."""
    for pattern, code, message in _CHARACTER_RULES:
        if pattern.search(text):
            raise Refusal(code, message)


def nfc(text: str) -> str:
    """Return the text in Unicode normalisation form C (UAX 15)."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)
