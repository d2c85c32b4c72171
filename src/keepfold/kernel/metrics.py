"""Counters and timings for Prometheus. Labels come from fixed lists, so that no value of a person can become one.

    counter("keepfold_actions", "Actions that passed the gate.", outcome=("allowed", "denied"))   # at import
    count("keepfold_actions", outcome="denied")

The client library is imported at the first count, so that `PROMETHEUS_MULTIPROC_DIR`, which it reads once, may be set
by whoever starts the process (`prepare`). Label values that are not in their list are counted as `other`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Container
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from keepfold.kernel.errors import Misconfigured

MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
OTHER = "other"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

# A list of values, or a function that returns it when it is first needed.
Values = Container[str] | Callable[[], Container[str]]


@dataclass(frozen=True, slots=True)
class _Declared:
    kind: Literal["counter", "histogram", "gauge"]
    help: str
    labels: dict[str, Values]


_declared: dict[str, _Declared] = {}
_made: dict[str, Any] = {}
_children: dict[tuple[str, ...], Any] = {}
# The client refuses to make a metric twice, which two first requests at the same moment would do.
_making = threading.Lock()


def counter(name: str, help: str, /, **labels: Values) -> None:  # noqa: A002  Prometheus' word
    """Declare a counter; its name ends in `_total` when it is shown."""
    _declared[name] = _Declared("counter", help, labels)


def histogram(name: str, help: str, /, **labels: Values) -> None:  # noqa: A002  as above
    """Declare a histogram of seconds, 1 ms to 10 s."""
    _declared[name] = _Declared("histogram", help, labels)


def gauge(name: str, help: str, /, **labels: Values) -> None:  # noqa: A002  as above
    """Declare a gauge; over several processes the most recent value is shown."""
    _declared[name] = _Declared("gauge", help, labels)


def count(name: str, amount: float = 1, /, **labels: str) -> None:
    """Add to a counter."""
    child = _children.get((name, *labels.values()))
    (child or _child(name, labels)).inc(amount)


def observe(name: str, seconds: float, /, **labels: str) -> None:
    """Add one duration to a histogram."""
    child = _children.get((name, *labels.values()))
    (child or _child(name, labels)).observe(seconds)


def put(name: str, value: float, /, **labels: str) -> None:
    """Set a gauge."""
    child = _children.get((name, *labels.values()))
    (child or _child(name, labels)).set(value)


def _child(name: str, labels: dict[str, str]) -> Any:
    declared = _declared.get(name)
    if declared is None or list(declared.labels) != list(labels):
        # The order matters too: it is the key of the quick way above.
        raise Misconfigured(
            f"The metric {name} is not declared with the labels {list(labels)}.", code="metrics.unknown"
        )
    values = {label: value if value in _list(declared.labels[label]) else OTHER for label, value in labels.items()}
    with _making:
        metric = _made.get(name) or _make(name, declared)
    child = metric.labels(**values) if values else metric
    if OTHER not in values.values():
        _children[name, *labels.values()] = child
    return child


def _list(values: Values) -> Container[str]:
    return values() if callable(values) else values


def _make(name: str, declared: _Declared) -> Any:
    from prometheus_client import Counter, Gauge, Histogram  # noqa: PLC0415  see the module's first words

    names = list(declared.labels)
    if declared.kind == "counter":
        metric: Any = Counter(name, declared.help, names)
    elif declared.kind == "histogram":
        metric = Histogram(name, declared.help, names, buckets=_SECONDS)
    else:
        metric = Gauge(name, declared.help, names, multiprocess_mode="mostrecent")
    _made[name] = metric
    return metric


def prepare(home: Path) -> Path:
    """Make `<home>/run/metrics`, in which the processes of this home put their values together; return it.

    Call it before the first count. Values of an earlier run are removed.
    """
    folder = home / "run" / "metrics"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in folder.glob("*.db"):
        file.unlink(missing_ok=True)
    os.environ[MULTIPROCESS] = str(folder)
    return folder


def ended(process: int) -> None:
    """Tell that a process has ended, so that its gauges are not shown any more."""
    from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415  as above

    mark_process_dead(process)  # type: ignore[no-untyped-call]


def render() -> bytes:
    """Return all values in Prometheus' text format: of all processes when prepared, else of this one."""
    from prometheus_client import REGISTRY, CollectorRegistry, generate_latest  # noqa: PLC0415  as above
    from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415  as above

    if MULTIPROCESS not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


counter("keepfold_log_withheld", "Keys and values that were not fit to be logged.")
counter("keepfold_mail", "Mail that was handed over.", outcome=("sent", "filed", "failed"))
