"""What an import holds of its source while it is open, sealed under the import's own key; and what it is called."""

from __future__ import annotations

import msgspec

from keepfold.intake import held as table
from keepfold.intake.types import Draft, Held, Saved, Words
from keepfold.intake.uploads import ROOM
from keepfold.kernel import clock, sealed
from keepfold.kernel.errors import Conflict

_DRAFT, _WORDS, _MAPPING = "draft", "words", "mapping"
_encode = msgspec.msgpack.Encoder().encode
_draft = msgspec.msgpack.Decoder(Draft).decode
_words = msgspec.msgpack.Decoder(Words).decode


def key_of(held: Held) -> sealed.Key:
    """Return the key of an import. Raises `Conflict` when it is over and its key is gone."""
    if held.wrapped is None:
        raise Conflict(
            "This import is over; what it held is gone.",
            code="intake.closed",
            next_step="Begin a new one.",
        )
    return sealed.open_key(ROOM, held.id, held.wrapped)


def frame(key: sealed.Key, draft: Draft) -> bytes:
    """Return a draft sealed."""
    return key.seal(_DRAFT, _encode(draft))


def read(held: Held) -> Draft:
    """Return the draft of an import. Raises `Conflict` when it is gone."""
    return _draft(key_of(held).unseal(_DRAFT, held.draft or b""))


def write(held: Held, draft: Draft) -> None:
    """Keep a draft."""
    table.draft(held.id, frame(key_of(held), draft), now_us=clock.now_us())


def words_frame(import_id: bytes, words: Words) -> bytes:
    """Return what an import is called, sealed."""
    return sealed.lasting_key(ROOM, import_id).seal(_WORDS, _encode(words))


def words_of(held: Held) -> Words:
    """Return what an import is called, and why it failed."""
    return _words(sealed.lasting_key(ROOM, held.id).unseal(_WORDS, held.words))


def saved_frame(mapping_id: bytes, saved: Saved) -> bytes:
    """Return a kept mapping, sealed."""
    return sealed.lasting_key(ROOM, mapping_id).seal(_MAPPING, _encode(saved))


def saved_of(mapping_id: bytes, content: bytes) -> Saved:
    """Return a kept mapping."""
    return msgspec.msgpack.decode(sealed.lasting_key(ROOM, mapping_id).unseal(_MAPPING, content), type=Saved)
