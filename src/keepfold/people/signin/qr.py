"""A QR code as the path of an SVG, without a style attribute."""

from __future__ import annotations

from typing import NamedTuple

import qrcode
from qrcode.constants import ERROR_CORRECT_M


class Drawing(NamedTuple):
    """A square of `size` units, its quiet zone included, and the path of its dark modules."""

    size: int
    path: str


def drawn(text: str) -> Drawing:
    """Return the drawing of a text (ISO/IEC 18004, error correction M, quiet zone of four modules)."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=4)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    runs = [f"M{start} {y}h{length}v1h-{length}z" for y, row in enumerate(rows) for start, length in _runs(row)]
    return Drawing(len(rows), "".join(runs))


def _runs(row: list[bool]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for x, dark in enumerate(row):
        if dark and found and sum(found[-1]) == x:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        elif dark:
            found.append((x, 1))
    return found
