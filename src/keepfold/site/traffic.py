"""How many requests there were, how they ended and how long they took: for metrics, without a single address."""

from __future__ import annotations

from keepfold.kernel import metrics

_OUTCOMES = {1: "ok", 2: "ok", 3: "ok", 4: "refused", 5: "failed"}

# One histogram: its count is the number of requests, and a second counter would cost every request again.
metrics.histogram(
    "keepfold_http_seconds",
    "Requests by kind and how they ended, and the time from request to answer.",
    lane=("hot", "api", "page"),
    outcome=("ok", "refused", "failed"),
)


def note(lane: str, status: int, seconds: float) -> None:
    """Count one request."""
    metrics.observe("keepfold_http_seconds", seconds, lane=lane, outcome=_OUTCOMES.get(status // 100, "failed"))
