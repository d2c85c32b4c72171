"""The child that reads what strangers made: no keys, no database of ours, no disk to write to, and limits on all else.

    python -m keepfold.intake.sources.fence          requests on standard input, answers on standard output

Each message is four bytes of length (big-endian) and MessagePack. A parser that falls over or grows without bounds
takes this process along, not the worker. What it answers is plain values, never objects; the parent believes none.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
import sys
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from keepfold.intake.rules.plain import Unfit, plain
from keepfold.intake.sources.memory import path_of
from keepfold.intake.sources.opening import Options, open_database, open_path
from keepfold.intake.types import Batch, Flaw, Position, Source
from keepfold.kernel.errors import KeepfoldError, TooLarge

LENGTH = struct.Struct(">I")
LARGEST = 64 << 20
LONGEST_VALUE = 1 << 16
MOST_COLUMNS = 2000
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38  # linux/prctl.h
_PASSING = (str, int, float, bool, type(None), bytes)


def confine(memory: int, seconds: int) -> None:
    """Take from this process what reading does not need: memory beyond a limit, time, files, dumps, new privileges."""
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 128,
    }
    for name, most in limits.items():
        resource.setrlimit(name, (most, most))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writing fails instead of ending us
    if sys.platform == "linux":
        prctl = ctypes.CDLL(None).prctl
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def serve(read: BinaryIO, write: BinaryIO) -> None:
    """Answer requests until there are no more."""
    reader = _Reader()
    while len(head := read.read(LENGTH.size)) == LENGTH.size:
        request = msgspec.msgpack.decode(read.read(LENGTH.unpack(head)[0]))
        body = _answer(reader, request)
        write.write(LENGTH.pack(len(body)) + body)
        write.flush()


def _answer(reader: _Reader, request: dict[str, Any]) -> bytes:
    try:
        answer: dict[str, Any] = {"ok": getattr(reader, f"do_{request.pop('do')}")(**request)}
    except KeepfoldError as error:
        answer = {"error": {"kind": type(error).__name__, "problem": error.problem()}}
    except MemoryError:
        answer = {"error": {"kind": "MemoryError", "problem": {}}}
    except Exception as error:  # noqa: BLE001  what a parser says may hold a value; only the kind leaves
        answer = {"error": {"kind": type(error).__name__, "problem": {}}}
    body = msgspec.msgpack.encode(answer)
    if len(body) > LARGEST:
        problem = TooLarge("Some rows are too large to be imported.", code="intake.rows-too-large").problem()
        body = msgspec.msgpack.encode({"error": {"kind": "TooLarge", "problem": problem}})
    return body


class _Reader:
    """The requests. Names of methods are those of the parent's."""

    def __init__(self) -> None:
        self._source: Source | None = None
        self._batches: Iterator[Batch] = iter(())

    def do_open_file(self, number: int, name: str, options: list[Any]) -> dict[str, Any]:
        return self._opened(open_path(path_of(number, name), Options(*options)))

    def do_open_path(self, path: str, options: list[Any]) -> dict[str, Any]:
        return self._opened(open_path(Path(path), Options(*options)))

    def do_open_database(self, url: str, address: str, options: list[Any]) -> dict[str, Any]:
        return self._opened(open_database(url, Options(*options), address=address))

    def _opened(self, source: Source) -> dict[str, Any]:
        self._source = source
        columns = source.columns()
        if len(columns) > MOST_COLUMNS:
            raise TooLarge(f"This source has more than {MOST_COLUMNS} columns.", code="intake.too-many-columns")
        return {
            "kind": source.kind,
            "label": source.label,
            "notes": list(source.notes),
            "settled": source.settled,
            "columns": [list(column) for column in columns],
        }

    def do_facts(self) -> dict[str, Any]:
        return {"total": self._there.total(), "fingerprint": self._there.fingerprint()}

    def do_sample(self, size: int) -> list[list[Any]]:
        return [[_clipped(_passing(value)) for value in row] for row in self._there.sample(size)]

    def do_order_by(self, names: list[str]) -> None:
        self._there.order_by(names)

    def do_batches(self, names: list[str], row: int, key: int | None, size: int) -> None:
        self._names = names
        self._batches = self._there.batches(names, Position(row, key), size)

    def do_next(self) -> dict[str, Any] | None:
        batch = next(self._batches, None)
        if batch is None:
            return None
        rows, flaws = [], list(batch.flaws)
        for number, row in batch.rows:
            values = [_passing(value) for value in row]
            wrong = [name for name, value in zip(self._names, values, strict=True) if _is_long(value)]
            if wrong:
                flaws += [Flaw(number, name, "value.too-long", "This value is far too long.") for name in wrong]
            else:
                rows.append([number, values])
        return {"rows": rows, "flaws": [list(flaw) for flaw in flaws], "after": list(batch.after)}

    @property
    def _there(self) -> Source:
        if self._source is None:
            raise LookupError
        return self._source


def _passing(value: Any) -> Any:
    """Return a value as something that the parent takes for the same, with types that MessagePack has."""
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        return str(value)
    if isinstance(value, _PASSING):
        return value
    if isinstance(value, list | tuple):
        return [_passing(part) for part in value]
    if isinstance(value, dict):
        return {str(key): _passing(part) for key, part in value.items()}
    return _told(value)


def _told(value: Any) -> Any:
    if isinstance(value, Decimal | datetime | date | time):
        try:
            return plain(value)
        except Unfit:
            return None
    return str(value)


def _is_long(value: Any) -> bool:
    if isinstance(value, str | bytes):
        return len(value) > LONGEST_VALUE
    if isinstance(value, list | dict):
        return len(msgspec.msgpack.encode(value)) > LONGEST_VALUE
    return False


def _clipped(value: Any) -> Any:
    return None if _is_long(value) else value


def main() -> None:
    """Confine this process, then serve."""
    confine(int(os.environ["FENCE_MEMORY"]), int(os.environ["FENCE_SECONDS"]))
    serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
