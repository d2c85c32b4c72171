"""The whole verification in order. See `verify` for what it proves and what it cannot."""

from __future__ import annotations

import time

from keepfold.ledger import keyring, tree
from keepfold.ledger.audit import rows
from keepfold.ledger.audit.beside import Beside
from keepfold.ledger.audit.findings import Findings, ProgressCallback
from keepfold.ledger.audit.index import Index
from keepfold.ledger.audit.people import People
from keepfold.ledger.audit.walk import Walk
from keepfold.ledger.store import EntryRow, LogRow
from keepfold.ledger.types import Report


def verify(progress: ProgressCallback | None = None) -> Report:
    """Read every row of the ledger and check it; return what was found. Never raises for what it finds.

    All is read in one snapshot, page by page, while others go on writing. `progress(stage, done, total)` is called
    after each page. What a change of a row, a missing row or two exchanged rows are caught by:

    * `ledger_entry`: indexes without gaps; each entry against its hash in the tile and its row's MAC; the root
    * `ledger_tile`: recomputed from the entries, level by level; no tile more or less than the size needs
    * `ledger_checkpoint`: numbered without gaps, signature, root at its size, MAC of the row
    * `ledger_log`: MAC; size, frontier and number of checkpoints recomputed
    * `ledger_pending`: MAC; a missing row leaves its tags and details behind; none that has its index already
    * `ledger_tag`, `ledger_members`: recomputed from entries (a batch's root) and from people's keys
    * `ledger_subject`: each living person's tags 0 to next-1 are there and none beyond
    * `ledger_detail`: opens under its key and is what the entry commits to
    * `ledger_closed`: MAC; the sum is the number of tags that nobody living can claim
    * `ledger_index`, `ledger_tally`: recomputed from the entries; `rebuild_index` makes them anew

    Columns for operation only, which it does not vouch for: `lease_owner`, `lease_until_us`, `beat_us`, `halted`,
    `unsigned`.

    What it cannot see by itself: somebody with the database *and* the keys can write another history and sign it;
    somebody with the database alone can put back an older copy of all tables together, or remove a waiting entry
    about nobody together with its details. Both show as soon as anybody compares with a checkpoint seen earlier,
    which is what witnesses are for. Sealed details left over from a lost key are a note, not a finding.
    """
    started = time.perf_counter()
    found = Findings(progress)
    with rows.snapshot():
        log = _state(found)
        beside = Beside(found)
        index = Index(log.log, found)

        def sound(page: list[EntryRow]) -> None:
            index.take(page)
            beside.check([_triple(row) for row in page])

        walk = Walk(log, found, sound, index.damaged.add)
        walk.run()
        index.run()
        waiting = _check_pending(log.log, found, beside)
        people = People(log.log, found, beside)
        people.run(rows.count("ledger_subject", log.log))
        beside.check_surplus(log.log)
        _check_strangers(log.log, found)
        details = rows.count("ledger_detail", log.log)
    people.check_suspects()
    return Report(
        ok=not found.items,
        origin=keyring.origin(),
        size=log.size,
        root=walk.frontier.root(),
        checkpoints=walk.checkpoints,
        pending=waiting,
        people=people.count,
        details=details,
        findings=tuple(found.items),
        more=found.more,
        notes=tuple(found.notes),
        seconds=time.perf_counter() - started,
    )


def _triple(row: EntryRow) -> tuple[int | None, bytes, bytes]:
    return row.idx, row.ref, row.body


def _state(found: Findings) -> LogRow:
    """Return the log's state; when it is missing or altered, what its tables suggest instead, without a MAC."""
    log, size = rows.log_row(keyring.LOG), rows.count("ledger_entry", keyring.LOG)
    made = rows.count("ledger_checkpoint", keyring.LOG)
    if log is None:
        if size or made:
            found.add("log-missing", "The state of the log (its row in ledger_log) is missing.", "ledger_log")
        return LogRow(keyring.LOG, keyring.origin(), size, b"", made, b"", None, 0, 0, None, None)
    if log.origin != keyring.origin():
        message = f"The log is called {log.origin}, but the setting ledger_origin is {keyring.origin()}."
        found.add("log-origin", message, "ledger_log")
    if not _is_genuine(log):
        found.add("log-changed", "The state of the log (its row in ledger_log) was changed.", "ledger_log")
        return log._replace(size=size, checkpoints=made, mac=b"")
    return log


def _is_genuine(log: LogRow) -> bool:
    if not (0 <= log.size < tree.LIMIT and 0 <= log.checkpoints < 1 << 31):
        return False
    return log.mac == keyring.log_mac(log.log, log.origin, log.size, log.frontier, log.checkpoints)


def _check_pending(log: int, found: Findings, beside: Beside) -> int:
    waiting = 0
    for page in rows.pending(log):
        placed = rows.indexes([row.ref for row in page])
        sound: list[tuple[int | None, bytes, bytes]] = []
        for row in page:
            if row.ref in placed:
                message = f"Entry {placed[row.ref]} waits for an index once more: its old row was put back."
                found.add("pending-replayed", message, "ledger_pending", placed[row.ref])
            elif row.at_us < 0 or row.mac != keyring.pending_mac(log, row.at_us, row.ref, row.body, row.actor):
                found.add("pending-changed", f"The waiting entry {row.ref.hex()} was changed.", "ledger_pending")
            else:
                sound.append((None, row.ref, row.body))
        beside.check(sound)
        waiting += len(page)
    return waiting


def _check_strangers(log: int, found: Findings) -> None:
    for table, other in rows.strangers(log):
        found.add("stranger", f"Rows of {table} belong to a log number {other}, which does not exist.", table)
    found.progress("rest", 1, 1)
