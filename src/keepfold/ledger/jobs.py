"""What the worker does for the ledger at a steady beat: sequence what waits, sign what was sequenced."""

from __future__ import annotations

from keepfold.kernel import config
from keepfold.kernel.jobs import beat
from keepfold.ledger.sequencer import MOST_AT_ONCE, checkpoint_beat, sequence_once

SEQUENCE_SECONDS = 0.25


@beat("ledger.sequence", seconds=SEQUENCE_SECONDS)
def sequence() -> int:
    """Give every waiting entry its index; return how many."""
    total = 0
    while done := sequence_once():
        total += done
        if done < MOST_AT_ONCE:
            break
    return total


@beat("ledger.checkpoint", seconds=config.current().checkpoint_seconds)
def checkpoint() -> None:
    """Sign a checkpoint when the log has grown."""
    checkpoint_beat()


__all__ = ["checkpoint", "checkpoint_beat", "sequence", "sequence_once"]
