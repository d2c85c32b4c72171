"""What must be in order before a server or worker begins: the tables, the keys, the clock, the primitives."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

from keepfold.kernel.errors import KeepfoldError, Unavailable


def check() -> None:
    """Raise `KeepfoldError` with the first thing that a person has to repair; finish erasures that were interrupted."""
    from keepfold.kernel import clock, db  # noqa: PLC0415  need Django
    from keepfold.site import schema, wiring  # noqa: PLC0415

    with db.translate_errors():
        lacking = schema.missing()
        if lacking:
            raise Unavailable(
                f"The tables do not fit this version: {lacking} migrations are missing.",
                code="storage.schema",
                next_step="Run `keepfold init`; it brings the tables up to date and keeps all rows.",
            )
        clock.guard()
        wiring.open_keys()
        wiring.finish_erasures()


class Trouble:
    """Why a child could not start, as a small file: the web server's own processes cannot hand an exit code up."""

    def __init__(self, home: Path, name: str) -> None:
        """Name the file; nothing is touched yet."""
        self._path = home / "run" / f"{name}.trouble"

    def clear(self) -> None:
        """Remove what an earlier start left."""
        self._path.unlink(missing_ok=True)

    def tell(self, error: KeepfoldError) -> None:
        """Say it on standard error, where the supervisor listens, and leave the file."""
        sys.stderr.write(error.readable() + "\n")
        sys.stderr.flush()
        with suppress(OSError):
            self._path.write_text(error.code, encoding="utf-8")

    def told(self) -> bool:
        """Say whether there was trouble."""
        return self._path.exists()
