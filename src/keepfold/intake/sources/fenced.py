"""A source behind a fence: the same protocol, read by a child process that has nothing worth taking (`fence.py`)."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from keepfold.intake.sources.fence import LARGEST, LENGTH
from keepfold.intake.sources.opening import Options
from keepfold.intake.types import Batch, Column, Flaw, Position, Row
from keepfold.kernel import errors
from keepfold.kernel.errors import KeepfoldError, Malformed, TooLarge, Unavailable

MEMORY = 1 << 30
CPU_SECONDS = 1800
PATIENCE_SECONDS = 120.0
_SOURCE_FOLDER = str(Path(__file__).resolve().parents[3])


class Fenced:
    """A source that a child reads. Close it; a child whose parent dies is ended by the system."""

    def __init__(self, number: int | None = None, *, memory: int = MEMORY) -> None:
        """Start the child; `number` is an open file that it may read."""
        self._child = subprocess.Popen(
            [sys.executable, "-m", "keepfold.intake.sources.fence"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what a parser prints may hold a value
            env=_environment(memory),
            cwd="/",
            pass_fds=() if number is None else (number,),
        )
        self._number = number
        self.kind, self.label, self.settled = "", "", False
        self.notes: list[str] = []
        self._columns: tuple[Column, ...] = ()
        self._facts: dict[str, Any] | None = None

    def open_file(self, name: str, options: Options) -> Fenced:
        """Let the child open the file that it was given, under the name by which people know it."""
        return self._opened(self._ask("open_file", number=self._number, name=name, options=list(options)))

    def open_path(self, path: str, options: Options) -> Fenced:
        """Let the child open a file of this server that was allowed before."""
        return self._opened(self._ask("open_path", path=path, options=list(options)))

    def open_database(self, url: str, address: str, options: Options) -> Fenced:
        """Let the child connect to a database, at an address that was looked up and allowed before."""
        return self._opened(self._ask("open_database", url=url, address=address, options=list(options)))

    def _opened(self, facts: dict[str, Any]) -> Fenced:
        try:
            self.kind, self.label, self.settled = str(facts["kind"]), str(facts["label"])[:200], bool(facts["settled"])
            self.notes = [str(note)[:300] for note in facts["notes"]][:10]
            self._columns = tuple(Column(str(name), str(kind)) for name, kind in facts["columns"])
        except (KeyError, TypeError, ValueError):
            raise self._fell() from None
        return self

    def columns(self) -> tuple[Column, ...]:
        """See `Source`."""
        return self._columns

    def total(self) -> int | None:
        """See `Source`."""
        total = self._known()["total"]
        return None if total is None else int(total)

    def fingerprint(self) -> str:
        """See `Source`."""
        return str(self._known()["fingerprint"])

    def _known(self) -> dict[str, Any]:
        if self._facts is None:
            self._facts = self._ask("facts")
        return self._facts

    def sample(self, size: int) -> list[Row]:
        """See `Source`."""
        width = len(self._columns)
        return [tuple(row) for row in self._ask("sample", size=size)[:size] if len(row) == width]

    def order_by(self, names: Sequence[str]) -> None:
        """See `Source`."""
        self._ask("order_by", names=list(names))

    def batches(self, names: Sequence[str], start: Position, size: int) -> Iterator[Batch]:
        """See `Source`."""
        self._ask("batches", names=list(names), row=start.row, key=start.key, size=size)
        while (found := self._ask("next")) is not None:
            try:
                rows = [(int(number), tuple(row)) for number, row in found["rows"] if len(row) == len(names)]
                flaws = [Flaw(int(row), str(field), str(code), str(text)) for row, field, code, text in found["flaws"]]
                after = Position(*found["after"])
            except (KeyError, TypeError, ValueError):
                raise self._fell() from None
            yield Batch(rows, flaws, after)

    def close(self) -> None:
        """End the child."""
        self._child.kill()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                # A question that a dead child never took is written once more on closing; the pipe closes all the same.
                with suppress(OSError):
                    pipe.close()
        self._child.wait()

    # -- asking ----------------------------------------------------------------------------------------------------

    def _ask(self, do: str, **arguments: Any) -> Any:
        body = msgspec.msgpack.encode({"do": do, **arguments})
        try:
            self._stdin.write(LENGTH.pack(len(body)) + body)
            self._stdin.flush()
            size = LENGTH.unpack(self._read(LENGTH.size))[0]
            if size > LARGEST:
                raise self._fell()
            answer = msgspec.msgpack.decode(self._read(size))
        except (OSError, msgspec.DecodeError):
            raise self._fell() from None
        if isinstance(answer, dict) and "ok" in answer:
            return answer["ok"]
        raise _error(answer)

    @property
    def _stdin(self) -> Any:
        return self._child.stdin

    def _read(self, size: int) -> bytes:
        """Return so many bytes of the child's answer, or raise when it takes too long or has ended."""
        number, parts = self._child.stdout.fileno(), bytearray()  # type: ignore[union-attr]
        with selectors.DefaultSelector() as ready:
            ready.register(number, selectors.EVENT_READ)
            while len(parts) < size:
                if not ready.select(PATIENCE_SECONDS):
                    self._child.kill()
                    raise Unavailable(
                        "This source answers too slowly.",
                        code="intake.source-slow",
                        next_step="Try again; from a database, read fewer columns or a smaller table.",
                    )
                piece = os.read(number, min(size - len(parts), 1 << 20))
                if not piece:
                    raise self._fell()
                parts += piece
        return bytes(parts)

    def _fell(self) -> KeepfoldError:
        """Return the error for a child that ended: with most files it asked for more memory than it may have."""
        self._child.kill()
        return TooLarge(
            "This source cannot be read: unpacked it is far larger than it looks, or it is damaged.",
            code="intake.source-unpacks",
            next_step="Write it anew as CSV and try again.",
        )


def _error(answer: Any) -> KeepfoldError:
    """Return the child's error. It names one of our own kinds, or none."""
    try:
        kind, problem = str(answer["error"]["kind"]), dict(answer["error"]["problem"])
    except (KeyError, TypeError, ValueError):
        kind, problem = "", {}
    made = getattr(errors, kind, None)
    if isinstance(made, type) and issubclass(made, KeepfoldError) and made is not errors.Unopened and problem:
        return made(
            str(problem.get("detail", ""))[:500],
            code=str(problem.get("code", ""))[:100],
            next_step=str(problem.get("next_step", ""))[:500] or None,
            tables=[str(name)[:200] for name in problem.get("tables") or ()][:500],
        )
    if kind == "MemoryError":
        return TooLarge(
            "Unpacked, this source is far larger than it looks.",
            code="intake.source-unpacks",
            next_step="Write it anew as CSV and try again.",
        )
    return Malformed("This source cannot be read.", code="intake.source-unreadable")


def _environment(memory: int) -> dict[str, str]:
    return {
        "PYTHONPATH": _SOURCE_FOLDER,
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": "C.UTF-8",
        "HOME": "/nonexistent",
        "PGPASSFILE": "/dev/null",  # the server's own passwords are nobody's to use
        "PGSYSCONFDIR": "/nonexistent",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
        "TMPDIR": "/nonexistent",
        "FENCE_MEMORY": str(memory),
        "FENCE_SECONDS": str(CPU_SECONDS),
    }
