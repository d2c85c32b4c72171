"""What is left behind: imports that nobody came back to, steps whose job was given up, files without an import."""

from __future__ import annotations

from collections.abc import Iterator

from keepfold.intake import begun, uploads
from keepfold.intake import held as table
from keepfold.intake.types import WORKING, Held
from keepfold.kernel import clock, db, ids
from keepfold.kernel.errors import Unavailable

_PAGE = 100
_STRAY_SECONDS = 3600
_HOPELESS_US = 120_000_000


def expired() -> Iterator[Held]:
    """Yield imports whose time is over. What is being worked on is left alone."""
    for held in table.expired(clock.now_us(), _PAGE):
        if held.state not in WORKING:
            yield held


def give_up() -> None:
    """Mark imports as failed whose job was given up: nobody works on them any more."""
    for held in table.working(_PAGE):
        shown = ids.show(uploads.PREFIX, held.id)
        row = db.fetch_one(
            "default", "SELECT state FROM kernel_job WHERE key = %s", [f"{begun.JOB}:{shown}:{held.step}"]
        )
        waits = row is not None and row[0] == 0
        if not waits and clock.now_us() - held.changed_us > _HOPELESS_US:
            begun.failed(held, _given_up(), keep=False)


def _given_up() -> Unavailable:
    return Unavailable(
        "The worker gave up on this import after several tries.",
        code="intake.given-up",
        next_step="Look at the jobs for the reason, then begin a new import. Who is in stays in and is skipped.",
    )


def remove_strays() -> None:
    """Remove files of which no row knows: an upload that broke off, or one whose row is closed."""
    for import_id, path in uploads.left_behind(_STRAY_SECONDS):
        held = None if import_id is None else table.one(import_id)
        if held is None or not held.open:
            path.unlink(missing_ok=True)
