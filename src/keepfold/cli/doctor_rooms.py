"""The doctor's checks that need the rooms. Each returns a state and what was found, or raises `KeepfoldError`."""

from __future__ import annotations

from collections.abc import Callable

from keepfold.kernel import clock, db
from keepfold.site import schema, wiring


def _databases() -> tuple[str, ...]:
    with db.translate_errors():
        lacking = schema.missing()
        if lacking:
            return "broken", f"{lacking} migrations are missing", "keepfold init"
        if not db.is_postgres():
            return _sound_files()
    return "ok", "both reachable and up to date"


def _sound_files() -> tuple[str, ...]:
    for alias in ("default", "keys"):
        row = db.fetch_one(alias, "PRAGMA quick_check(1)")
        if row is None or row[0] != "ok":
            return "broken", f"The {alias} database is damaged.", "Restore the last backup."
    return "ok", "both readable, whole and up to date"


def _keys() -> tuple[str, ...]:
    wiring.open_keys()
    return "ok", "the root key opens the key store"


def _clock() -> tuple[str, ...]:
    clock.guard()
    return "ok", "not behind what was recorded"


def _policy() -> tuple[str, ...]:
    policy = wiring.active_policy()
    if policy is None:
        return "warning", "none is active, so nothing may be stored", "keepfold policy init"
    return "ok", f"{policy.name}, {policy.hash[:8]}"


def _rows() -> tuple[str, ...]:
    wrong = {table: count for table, count in wiring.altered_rows().items() if count}
    if wrong:
        counts = ", ".join(f"{count} in {table}" for table, count in wrong.items())
        advice = "They count for nothing. Find out who writes to the database, then restore it from a backup."
        return "broken", f"Rows that Keepfold did not write like this: {counts}.", advice
    return "ok", "tokens, clients, roles, consents and the policy in force are as Keepfold wrote them"


def _ledger() -> tuple[str, ...]:
    state = wiring.ledger_state()
    wiring.verify_tail()
    return "ok", f"{state.size} entries; the newest is in its tree (`keepfold ledger verify` checks all)"


CHECKS: dict[str, Callable[[], tuple[str, ...]]] = {
    "databases": _databases,
    "keys": _keys,
    "clock": _clock,
    "policy": _policy,
    "rows": _rows,
    "ledger": _ledger,
}
