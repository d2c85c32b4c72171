"""What people see of events on their way, and of mail; and what they may do about a delivery that was given up.

Counts stop at `MOST`; lists go by a cursor over an index. No payload, no text and no whole address is ever returned.
"""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Literal

import msgspec

from keepfold.kernel import clock, config, db, outbox

MOST = 1000
State = Literal["waiting", "failing", "given_up", "delivered"]
_WHERE = {
    "waiting": "d.state = 0 AND d.attempts = 0",
    "failing": "d.state = 0 AND d.attempts > 0",
    "given_up": "d.state = 2",
    "delivered": "d.state = 1",
}
_HEAD_BYTES = 16 * 1024
_MOST_MAILS = 200


class DeliveryView(msgspec.Struct, frozen=True):
    """One event on its way to one handler. Times are microseconds since 1970 UTC."""

    id: int
    kind: str
    handler: str
    state: State
    attempts: int
    due_us: int
    created_us: int
    error: str


class Mail(msgspec.Struct, frozen=True):
    """One message that lies in the folder because no mail server is set. `to` shows the domain only."""

    name: str
    at_us: int
    to: str
    size: int


def count(state: State) -> int:
    """Return how many deliveries are in a state, at most `MOST` + 1."""
    sql = f"SELECT count(*) FROM (SELECT 1 FROM kernel_delivery d WHERE {_WHERE[state]} LIMIT %s) AS counted"  # noqa: S608
    row = db.fetch_one("default", sql, [MOST + 1])
    return int(row[0]) if row else 0


def page(state: State, *, before: int = 0, limit: int = 50) -> list[DeliveryView]:
    """Return deliveries in a state, the newest first; `before` is the id of the last one seen."""
    sql = (
        "SELECT d.id, e.kind, d.handler, d.attempts, d.due_us, e.created_us, d.error "  # noqa: S608  constants
        f"FROM kernel_delivery d JOIN kernel_event e ON e.seq = d.seq WHERE {_WHERE[state]} "
        "AND (%s = 0 OR d.id < %s) ORDER BY d.id DESC LIMIT %s"
    )
    return [_view(row, state) for row in db.fetch_all("default", sql, [before, before, limit])]


def one(delivery: int) -> DeliveryView | None:
    """Return one delivery."""
    sql = (
        "SELECT d.id, e.kind, d.handler, d.attempts, d.due_us, e.created_us, d.error, d.state "
        "FROM kernel_delivery d JOIN kernel_event e ON e.seq = d.seq WHERE d.id = %s"
    )
    row = db.fetch_one("default", sql, [delivery])
    if row is None:
        return None
    open_state: State = "failing" if row[3] else "waiting"
    settled: dict[int, State] = {1: "delivered", 2: "given_up"}
    return _view(row[:7], settled.get(row[7], open_state))


def _view(row: db.Row, state: State) -> DeliveryView:
    number, kind, handler, attempts, due_us, created_us, error = row
    return DeliveryView(number, kind, handler, state, attempts, due_us, created_us, error)


def drop(delivery: int) -> bool:
    """Count a delivery that was given up as settled; say whether there was one. Its receiver never learns of it."""
    sql = "UPDATE kernel_delivery SET state = 1, error = '' WHERE id = %s AND state = 2"
    return db.execute("default", sql, [delivery]) == 1


def oldest_waiting_us() -> int | None:
    """Return how long the delivery that is due first has been due, in microseconds; None when nothing is due."""
    row = db.fetch_one("default", "SELECT min(due_us) FROM kernel_delivery WHERE state = 0")
    return None if row is None or row[0] is None else max(0, clock.now_us() - int(row[0]))


def mail_folder() -> Path | None:
    """Return the folder in which mail lies, or None when a mail server is set."""
    settings = config.current()
    return None if settings.mail_url else settings.home / "mail"


def mails(limit: int = 50) -> list[Mail]:
    """Return the newest messages in the folder."""
    folder = mail_folder()
    if folder is None or not folder.is_dir():
        return []
    newest = sorted(folder.glob("*.eml"), key=lambda path: path.name, reverse=True)[: min(limit, _MOST_MAILS)]
    return list(_read(newest))


def mail_count() -> int:
    """Return how many messages lie in the folder, at most `MOST` + 1."""
    folder = mail_folder()
    if folder is None or not folder.is_dir():
        return 0
    return sum(1 for _, path in zip(range(MOST + 1), folder.iterdir(), strict=False) if path.suffix == ".eml")


def _read(paths: list[Path]) -> Iterator[Mail]:
    for path in paths:
        try:
            with path.open("rb") as file:
                head = message_from_bytes(file.read(_HEAD_BYTES), policy=policy.default)
            status = path.stat()
        except (OSError, ValueError):
            continue
        yield Mail(path.stem, int(status.st_mtime * 1e6), masked(str(head.get("To", ""))), status.st_size)


def masked(address: str) -> str:
    """Return an address with its domain and the first letter of its name only."""
    name, at, domain = address.strip().strip("<>").rpartition("@")
    return f"{name.rpartition('<')[2][:1]}…@{domain.strip('>')}" if at and name else "…"


def handler_count() -> int:
    """Return how many receivers of events there are."""
    return len(outbox.handlers())
