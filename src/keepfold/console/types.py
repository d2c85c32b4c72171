"""What one check of the installation found. It imports nothing of Django's that needs settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from django.utils.translation import gettext

State = Literal["ok", "warning", "broken"]


class Finding(NamedTuple):
    """One check: `ok`, `warning` or `broken`, what was found, and what to do.

    `said` is a sentence with places for `values`: what stands in the home, counts, names; never a customer's value.
    """

    check: str
    state: State
    said: str
    next_step: str = ""
    values: Mapping[str, Any] = {}

    @property
    def found(self) -> str:
        """Return what was found, in English."""
        return self.said % self.values if self.values else self.said

    @property
    def here(self) -> str:
        """Return what was found, in the reader's language."""
        said = gettext(self.said)
        return said % self.values if self.values else said

    @property
    def advice(self) -> str:
        """Return what to do, in the reader's language; a command stays as it is."""
        return gettext(self.next_step) if self.next_step else ""

    @property
    def is_command(self) -> bool:
        """Say whether what to do is a line to type."""
        return self.next_step.startswith(("keepfold ", "chmod "))

    def document(self) -> dict[str, str]:
        """Return it for programs."""
        return {"check": self.check, "state": self.state, "found": self.found, "next_step": self.next_step}
