"""`/healthz`: this process lives. `/readyz`: it can keep its promises now. Both say nothing that helps an attacker.

Each check answers `ok` or one word; the reason is in the log and in `keepfold doctor`. Answers are kept for a second,
so that a flood of probes costs nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson
from django.db import connections

from keepfold.kernel import clock, db, log
from keepfold.kernel.errors import Unavailable
from keepfold.kernel.problems import as_problem, trace_line
from keepfold.site import schema, wiring

_KEEP_S = 1.0
_HEADERS = [("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]


def _data() -> None:
    _reach("default")


def _keys() -> None:
    _reach("keys")
    wiring.open_keys()


def _reach(alias: str) -> None:
    if not db.is_postgres(alias):
        # An open file answers from its cache, even when it is long gone.
        connections[alias].close()
    db.fetch_one(alias, "SELECT count(*) FROM django_migrations")


def _migrations() -> None:
    missing = schema.missing_cached()
    if missing:
        raise Unavailable(f"{missing} migrations are missing.", code="storage.schema")


def _ledger() -> None:
    wiring.require_fresh_ledger()


CHECKS: dict[str, Callable[[], None]] = {
    "data": _data,
    "keys": _keys,
    "migrations": _migrations,
    "clock": clock.guard,
    "ledger": _ledger,
}


class _Last:
    """The last answer of this process."""

    at: float = -1e9
    answer: Mapping[str, str] = {}


def readiness() -> Mapping[str, str]:
    """Return one word per check: `ok`, or the code of what is wrong."""
    if time.monotonic() - _Last.at > _KEEP_S:
        _Last.answer = {name: _word(name, check) for name, check in CHECKS.items()}
        _Last.at = time.monotonic()
    return _Last.answer


def forget() -> None:
    """Make the next question run the checks anew."""
    _Last.at = -1e9


def _word(name: str, check: Callable[[], None]) -> str:
    try:
        check()
    except Exception as error:  # noqa: BLE001  a probe answers whatever happens
        log.get_logger("site").warning("check.failed", check=name, trace=trace_line(error))
        return as_problem(error).code
    return "ok"


def healthz(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer 200 while the process can answer at all."""
    return _answer(start_response, "200 OK", {"status": "alive"})


def readyz(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer 200 when every check is ok, otherwise 503."""
    checks = readiness()
    if all(word == "ok" for word in checks.values()):
        return _answer(start_response, "200 OK", {"status": "ready", "checks": checks})
    return _answer(start_response, "503 Service Unavailable", {"status": "not ready", "checks": checks})


def _answer(start_response: Callable[..., Any], status: str, document: Mapping[str, Any]) -> list[bytes]:
    body = orjson.dumps(document)
    start_response(status, [*_HEADERS, ("Content-Length", str(len(body)))])
    return [body]


PROBES = {"/healthz": healthz, "/readyz": readyz}
