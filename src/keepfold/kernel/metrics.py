"""Counters and timings for Prometheus. Labels come from fixed lists, so that no value of a person can become one.

With several processes set `PROMETHEUS_MULTIPROC_DIR` through `prepare()` before anything else imports the client.
"""

from __future__ import annotations


def count(name: str, **labels: str) -> None:
    """Add one to a counter."""
