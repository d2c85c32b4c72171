"""How often somebody may fail. Counted in the data store, so that every process knows, for names that nobody has too.

Failures count per account and kind of device: those of a browser that this account was used in before, and those of
all others. So nobody can lock somebody out of a device of theirs by failing elsewhere. What was typed is not kept: the
count is under a keyed hash of it. Addresses are counted in memory only, and let wait for seconds.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from keepfold.kernel import clock, db
from keepfold.kernel.errors import TooMany
from keepfold.people import rules as people_rules
from keepfold.people import sealing
from keepfold.people.memory import memory
from keepfold.people.signin import rules

DATA = "default"
KEPT_S = 30 * 24 * 3600

_COUNT = """
INSERT INTO people_attempt (key, failures, last_s, known) VALUES (%s, 1, %s, %s)
ON CONFLICT (key) DO UPDATE SET failures = people_attempt.failures + 1, last_s = EXCLUDED.last_s
"""


class Slot(NamedTuple):
    """What is counted together: a hashed account and kind of device, and the group of addresses."""

    key: bytes
    group: str
    known: bool


def slot(account: str, *, device: str, address: str, known: bool) -> Slot:
    """Return where failures with this account are counted. `device` is empty for browsers new to the account."""
    message = f"{account.strip().lower()}\n{device}".encode("utf-8", "surrogatepass")
    return Slot(sealing.tag("attempt", message)[:16], "sign-in/" + people_rules.address_group(address), known)


def require_turn(where: Slot) -> None:
    """Raise `TooMany` with `retry_after` (seconds) while it is not yet time to try again."""
    row = db.fetch_one(DATA, "SELECT failures, last_s FROM people_attempt WHERE key = %s", (where.key,))
    wait = 0.0 if row is None else row[1] + rules.cool_down(row[0]) - clock.now_s()
    now = time.monotonic()
    wait = max(wait, memory.failure_bucket(where.group, now).wait(now))
    if wait > 0:
        refuse(wait)


def refuse(seconds: float) -> None:
    """Raise `TooMany`."""
    wait = max(1, int(seconds + 0.999))
    raise TooMany("Too many attempts failed.", code="people.sign-in-attempts", retry_after=wait)


def failed(where: Slot) -> None:
    """Count a failure."""
    now = time.monotonic()
    memory.failure_bucket(where.group, now).take(now)
    db.execute(DATA, _COUNT, (where.key, clock.now_s(), where.known))


def succeeded(where: Slot) -> None:
    """Forget the failures that went before."""
    db.execute(DATA, "DELETE FROM people_attempt WHERE key = %s", (where.key,))


def clear() -> None:
    """Forget what was tried a month ago with accounts that nobody has; of others everything counts until a success."""
    db.execute(DATA, "DELETE FROM people_attempt WHERE known = %s AND last_s < %s", (False, clock.now_s() - KEPT_S))
