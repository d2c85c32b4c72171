"""Checkpoints (C2SP tlog-checkpoint): the size and root of a log in three lines, signed as a note. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import NamedTuple

from keepfold.ledger.errors import NoteInvalid
from keepfold.ledger.hashing import HASH_SIZE
from keepfold.ledger.note import Verifier, open_note, parse_note
from keepfold.ledger.tree import LIMIT

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


class Checkpoint(NamedTuple):
    """What a log claims: `size` entries whose tree has this root (32 bytes)."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the text that is signed."""
        lines = [self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions]
        return "".join(f"{line}\n" for line in lines)


def parse_checkpoint(text: str) -> Checkpoint:
    """Return the checkpoint of a note's text. Raises `NoteInvalid` on any other form.

    Stricter than some: the root must have 32 bytes, in canonical base64.
    """
    if not text.endswith("\n"):
        raise NoteInvalid("A checkpoint ends in a line feed.", code="ledger.checkpoint")
    lines = text[:-1].split("\n")
    if len(lines) < 3 or not all(lines) or not _DECIMAL.fullmatch(lines[1]) or int(lines[1]) >= LIMIT:
        raise NoteInvalid("A checkpoint has an origin, a size and a root.", code="ledger.checkpoint")
    return Checkpoint(lines[0], int(lines[1]), _root(lines[2]), tuple(lines[3:]))


def _root(text: str) -> bytes:
    try:
        root = base64.b64decode(text, validate=True)
    except ValueError:
        root = b""
    if len(root) != HASH_SIZE or base64.b64encode(root).decode() != text:
        raise NoteInvalid("The root of a checkpoint is the base64 of 32 bytes.", code="ledger.checkpoint")
    return root


def open_checkpoint(raw: bytes | str, origin: str, trusted: Sequence[Verifier]) -> Checkpoint:
    """Return a checkpoint of this origin, signed by a trusted key. Raises `NoteInvalid` otherwise."""
    checkpoint = parse_checkpoint(open_note(raw, trusted).text)
    if checkpoint.origin != origin:
        raise NoteInvalid("The checkpoint belongs to another log.", code="ledger.checkpoint-origin")
    return checkpoint


def read_checkpoint(raw: bytes | str) -> Checkpoint:
    """Return what a checkpoint claims, without asking who signed it."""
    return parse_checkpoint(parse_note(raw).text)
