"""How many requests there were, how they ended and how long they took: for metrics, without a single address."""

from __future__ import annotations

from keepfold.kernel import metrics

_LANES = ("hot", "api", "page")
_OUTCOMES = {1: "ok", 2: "ok", 3: "ok", 4: "refused", 5: "failed"}

metrics.counter(
    "keepfold_http_requests", "Requests by kind and how they ended.", lane=_LANES, outcome=("ok", "refused", "failed")
)
metrics.histogram("keepfold_http_seconds", "Time from request to answer.", lane=_LANES)


def note(lane: str, status: int, seconds: float) -> None:
    """Count one request."""
    metrics.count("keepfold_http_requests", lane=lane, outcome=_OUTCOMES.get(status // 100, "failed"))
    metrics.observe("keepfold_http_seconds", seconds, lane=lane)
