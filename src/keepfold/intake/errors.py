"""The intake room's own errors."""

from __future__ import annotations

from keepfold.kernel.errors import Conflict


class MovedOn(Conflict):
    """Another process has dealt with this batch, or the run is over."""

    default_code = "intake.moved-on"

    def __init__(self) -> None:
        super().__init__(
            "Another import of the same source is running; it was ahead of this one. This batch was not stored twice.",
            next_step="Let the other one finish; running the command again does no harm.",
        )


class PolicyChanged(Conflict):
    """The active policy is another one than when the import began."""

    default_code = "intake.policy-changed"

    def __init__(self) -> None:
        super().__init__(
            "Another policy became active while this import was running. What is in stays in.",
            next_step="Run the same command again; it proposes a mapping for the new policy and skips who is there.",
        )
