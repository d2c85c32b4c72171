"""Values as YAML, the way a careful person writes a policy: plain words plain, short parts on one line.

Every scalar is read back before it is used, so nothing that somebody types can become something else.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from keepfold.policy.format.tree import Unreadable, read_tree

LINE = 100
INDENT = 2
# Words that some reader of YAML takes for a truth value or for nothing.
_SPECIAL = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "~"})
_PLAIN = re.compile(r"[^\W_](?:[\w .,;()/@+§%&'-]|:(?=[^\s,]))*\Z")
_NUMBER = re.compile(r"[-+.0-9][0-9_.,eExXoOa-fA-F+-]*\Z")
# What a quoted text may not hold as it is: line breaks of every kind, marks that nobody sees, what YAML forbids.
_ESCAPED = re.compile("[\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff\u200b-\u200f\u202a-\u202e\u2060-\u2069]")


def scalar(value: Any, *, flow: bool, quote: str | None = None) -> str:
    """Return one value on one line. `quote` keeps the quotes that were there before; `flow` stands between brackets."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    if quote == '"':
        return _double(text)
    if quote == "'" and not _ESCAPED.search(text) and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return text if _is_plain(text, flow=flow) else _double(text)


def inline(value: Any) -> str:
    """Return a value on one line, collections in brackets."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(key, flow=True)}: {inline(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(inline(part) for part in value) + "]"
    return scalar(value, flow=True)


def entry(key: str, value: Any, indent: int) -> list[str]:
    """Return `key: value` as lines, the first of them indented as well."""
    return _under(" " * indent + scalar(key, flow=False) + ":", value, indent + INDENT)


def item(value: Any, indent: int) -> list[str]:
    """Return `- value` as lines; a mapping begins beside its dash."""
    margin = " " * indent
    if not isinstance(value, dict) or not value:
        return [margin + "- " + (inline(value) if isinstance(value, dict | list) else scalar(value, flow=False))]
    lines = [line for key, part in value.items() for line in entry(key, part, indent + INDENT)]
    return [margin + "- " + lines[0].lstrip(" "), *lines[1:]]


def _under(head: str, value: Any, indent: int) -> list[str]:
    if not isinstance(value, dict | list) or not value:
        shown = inline(value) if isinstance(value, dict | list) else scalar(value, flow=False)
        return [f"{head} {shown}"]
    line = f"{head} {inline(value)}"
    if len(line) <= LINE and _is_short(value):
        return [line]
    if isinstance(value, dict):
        return [head, *(line for key, part in value.items() for line in entry(key, part, indent))]
    return [head, *(line for part in value for line in item(part, indent))]


def _is_short(value: Any) -> bool:
    """Say whether a collection is read at a glance: nothing of depth within it, and few parts."""
    parts = list(value.values()) if isinstance(value, dict) else list(value)
    deep = [part for part in parts if isinstance(part, dict) and part]
    return len(parts) <= (6 if isinstance(value, dict) else 12) and not deep


@lru_cache(maxsize=2048)
def _is_plain(text: str, *, flow: bool) -> bool:
    if not _PLAIN.match(text) or text != text.strip() or text.lower() in _SPECIAL or text.endswith(":"):
        return False
    if flow and "," in text:
        return False
    # Dates and articles such as 6.1.b are written plainly in every policy; whole and broken numbers are not.
    if _NUMBER.match(text) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]+\.[0-9]+\.[a-z]", text):
        return False
    return _reads_as(text, flow=flow)


def _reads_as(text: str, *, flow: bool) -> bool:
    try:
        read = read_tree("{a: " + text + "}" if flow else "a: " + text).plain()
    except Unreadable:
        return False
    return bool(read == {"a": text})


def _double(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
