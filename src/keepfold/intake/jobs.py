"""Work of the intake room: the steps of imports begun in the console, and forgetting what nobody came back to."""

from __future__ import annotations

from keepfold.gate import Actor
from keepfold.intake import actions, begun, steps, sweeping, uploads
from keepfold.kernel import ids
from keepfold.kernel.jobs import job

SYSTEM = Actor(
    kind="system", id=b"keepfold-intake\0", name="intake", actions=("intake.upload.remove", "intake.run.cancel")
)


@job(begun.JOB, attempts=5, longest_s=24 * 3600)
def work(*, id: str, step: int) -> None:  # noqa: A002  the name in the payload
    """Do one step of an import."""
    steps.work(ids.parse(uploads.PREFIX, id), step)


@job("intake.sweep", every="*/10 * * * *")
def sweep() -> None:
    """Forget uploads and drafts after a day, and files that no import knows."""
    for held in sweeping.expired():
        actions.remove_upload(actor=SYSTEM, held=held)
    sweeping.give_up()
    sweeping.remove_strays()
