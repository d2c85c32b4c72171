"""A proof of inclusion as a picture and as a file. Pure.

The file is C2SP tlog-proof v1: whoever has it and the log's key checks an entry without this server.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import NamedTuple

from keepfold.ledger.hashing import node_hash
from keepfold.ledger.types import Inclusion


class Rung(NamedTuple):
    """One step from the entry to the root: the hash beside the path, which entries it covers, and what they make.

    `first` and `last` are indexes of entries, both included; `is_left` says that they come before.
    """

    beside: bytes
    is_left: bool
    first: int
    last: int
    made: bytes


def ladder(proof: Inclusion) -> tuple[Rung, ...]:
    """Return the steps of a proof, from the entry upwards."""
    node, rungs = proof.leaf, []
    for beside, (is_left, first, last) in zip(proof.hashes, _ranges(proof.index, proof.size), strict=True):
        node = node_hash(beside, node) if is_left else node_hash(node, beside)
        rungs.append(Rung(beside, is_left, first, last, node))
    return tuple(rungs)


def _ranges(index: int, size: int) -> list[tuple[bool, int, int]]:
    return list(_downwards(index, 0, size))[::-1]


def _downwards(index: int, low: int, high: int) -> Iterator[tuple[bool, int, int]]:
    """Yield what lies beside the way from the root down to an entry (RFC 6962 section 2.1.1)."""
    while high - low > 1:
        middle = low + (1 << (high - low - 1).bit_length() - 1)
        if index < middle:
            yield False, middle, high - 1
            high = middle
        else:
            yield True, low, middle - 1
            low = middle


def as_file(proof: Inclusion, body: bytes) -> str:
    """Return the proof as C2SP tlog-proof v1, with the entry itself in `extra`.

    `extra` proves nothing by itself: its leaf hash, SHA-256(0x00 ‖ entry), is what the proof proves. Raises
    `ValueError` for a proof without a checkpoint.
    """
    if proof.checkpoint is None:
        raise ValueError("There is no checkpoint of this size.")
    hashes = "".join(f"{b64encode(one).decode()}\n" for one in proof.hashes)
    extra = f"extra {b64encode(body).decode()}\n"
    return f"c2sp.org/tlog-proof@v1\n{extra}index {proof.index}\n{hashes}\n{proof.checkpoint}"
