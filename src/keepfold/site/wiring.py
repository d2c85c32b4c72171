"""Hands the gate its decider and its recorder, and the ledger its keys. The one place that knows every room."""

from __future__ import annotations


def wire() -> None:
    """Connect the rooms. Until this ran, the gate refuses everything."""
