"""Values of databases and typed files as the text that people would write for them. Pure, and knows no policy."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from math import isfinite
from typing import Any

_EXACT = 1e15


class Unfit(Exception):
    """A value that cannot be turned into what the data item needs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


def plain(value: Any, *, keep: bool = False) -> Any:
    """Return a value of a database or a typed file as text, or as true or false. Raises `Unfit` on bytes and nesting.

    `keep` lets lists and objects through, for data items that are lists or structures.
    """
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float | Decimal):
        return _number(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, list | dict):
        if keep:
            return value
        raise Unfit("value.nested", "This value is a list or an object; the data item takes one value.")
    if isinstance(value, bytes):
        raise Unfit("value.binary", "This value is bytes, not text.")
    return str(value)


def _number(value: float | Decimal) -> str | None:
    if not isfinite(value):
        return None  # files write NaN for "nothing"
    if abs(float(value)) < _EXACT and float(value).is_integer():
        return str(int(value))  # 49301234567.0 is how some files keep the phone number 49301234567
    return str(value)
