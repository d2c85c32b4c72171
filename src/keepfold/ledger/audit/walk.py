"""Walks the log from entry 0 to the end: entries, hashes in tiles, checkpoints at their sizes, and the state.

An entry is held against its tile and against its row's MAC; which of the three differs says which one was changed,
and the walk goes on with what the other two agree on. So one change is one finding, not an avalanche.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from keepfold.ledger import keyring, tiles, tree
from keepfold.ledger.audit import rows
from keepfold.ledger.audit.findings import Findings
from keepfold.ledger.checkpoint import open_checkpoint
from keepfold.ledger.errors import NoteInvalid, ProofInvalid
from keepfold.ledger.hashing import HASH_SIZE, leaf_hash
from keepfold.ledger.store import CheckpointRow, EntryRow, LogRow

_REPORT_GAPS = 10


class Walk:
    """One pass over the log. `sound` receives pages of entries that are what they were when they were sequenced.

    `damaged` is told (first, until) of those that are missing or not what they were.
    """

    def __init__(
        self,
        log: LogRow,
        found: Findings,
        sound: Callable[[list[EntryRow]], object],
        damaged: Callable[[int, int], object],
    ) -> None:
        self.log, self.found, self._sound, self._damaged = log, found, sound, damaged
        self.frontier = tree.Frontier()
        self.checkpoints = 0
        self._upper: dict[int, list[bytes]] = {}
        self._tile: tuple[int, bytes] = (-1, b"")
        self._signed = self._checked_checkpoints()
        self._next = next(self._signed, None)

    def run(self) -> None:
        """Walk to the end."""
        self._meet_checkpoints()
        for page in rows.entries(self.log.log):
            kept = [row for row in page if self._take(row)]
            self._sound(kept)
            self.found.progress("entries", min(self.frontier.size, self.log.size), self.log.size)
        self._fill_gap(self.log.size)
        self._end_checkpoints()
        self._check_upper_tiles()
        self._check_state()

    # ---------------------------------------------------------------------------------------------------- entries

    def _take(self, row: EntryRow) -> bool:
        if not self.frontier.size <= row.idx < self.log.size:
            self._say("entry-extra", f"Entry {row.idx} lies outside of the log, which has {self.log.size}.", row.idx)
            return False
        self._fill_gap(row.idx)
        leaf, stored = leaf_hash(row.body), self._stored_leaf(row.idx)
        genuine = row.mac == keyring.entry_mac(self.log.log, row.idx, row.ref, row.body, row.actor)
        if not genuine:
            what = "the entry itself" if leaf != stored else "its id or its MAC"
            self._damaged(row.idx, row.idx + 1)
            self._say("entry-changed", f"Entry {row.idx} was changed: {what}.", row.idx)
        elif stored is not None and leaf != stored:
            path = tiles.tile_path(tiles.Tile(0, row.idx // tiles.WIDTH))
            self._say("tile-changed", f"The hash of entry {row.idx} in {path} was changed.", row.idx)
        self._grow(leaf if genuine or stored is None else stored)
        return genuine

    def _fill_gap(self, until: int) -> None:
        first = self.frontier.size
        if first < until:
            self._damaged(first, until)
        for index in range(first, until):
            if index < first + _REPORT_GAPS:
                self._say("entry-missing", f"Entry {index} is missing.", index)
            self._grow(self._stored_leaf(index) or bytes(HASH_SIZE))
        if until - first > _REPORT_GAPS:
            self._say("entry-missing", f"Entries {first + _REPORT_GAPS} to {until - 1} are missing.", first)

    def _grow(self, leaf: bytes) -> None:
        made = self.frontier.extend((leaf,))
        if len(made) > 1:
            for level in range(1, max(made) + 1):
                self._upper.setdefault(level, []).extend(made[level])
        if self._next is not None and self._next[1] <= self.frontier.size:
            self._meet_checkpoints()

    def _say(self, code: str, message: str, index: int) -> None:
        self.found.add(code, message, f"ledger_{code.partition('-')[0]}", index)

    # ------------------------------------------------------------------------------------------------------ tiles

    def _stored_leaf(self, index: int) -> bytes | None:
        n, at = divmod(index, tiles.WIDTH)
        if self._tile[0] != n:
            self._tile = (n, self._read_tile(0, n))
        leaf = self._tile[1][at * HASH_SIZE : (at + 1) * HASH_SIZE]
        return leaf if len(leaf) == HASH_SIZE else None

    def _read_tile(self, level: int, n: int) -> bytes:
        hashes, width = rows.tile(self.log.log, level, n), tiles.width_at(level, n, self.log.size)
        path = tiles.tile_path(tiles.Tile(level, n))
        if not hashes:
            self._say("tile-missing", f"The tile {path} is missing.", n)
        elif len(hashes) != width * HASH_SIZE:
            self._say("tile-changed", f"The tile {path} has {len(hashes)} bytes, not {width * HASH_SIZE}.", n)
        return hashes

    def _check_upper_tiles(self) -> None:
        for level, hashes in self._upper.items():
            for n in range((len(hashes) + tiles.WIDTH - 1) // tiles.WIDTH):
                self._check_upper_tile(level, n, b"".join(hashes[n * tiles.WIDTH : (n + 1) * tiles.WIDTH]))
        for level, n in rows.tile_addresses(self.log.log):
            if not (0 <= level <= tiles.TOP_LEVEL and n >= 0 and tiles.width_at(level, n, self.log.size)):
                self._say("tile-extra", f"There is a tile {n} of level {level}, which the log does not have.", n)

    def _check_upper_tile(self, level: int, n: int, wanted: bytes) -> None:
        hashes = self._read_tile(level, n)
        if hashes and len(hashes) == len(wanted) and hashes != wanted:
            at = next(at for at in range(0, len(wanted), HASH_SIZE) if hashes[at : at + 32] != wanted[at : at + 32])
            first = (n * tiles.WIDTH + at // HASH_SIZE) << tree.TILE_HEIGHT * level
            path = tiles.tile_path(tiles.Tile(level, n))
            self._say("tile-changed", f"The hash over the entries from {first} on in {path} was changed.", first)

    # ------------------------------------------------------------------------------------------------ checkpoints

    def _checked_checkpoints(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield (number, size, root) of all checkpoints that are genuine, by size."""
        expected, before = 0, -1
        for row in rows.checkpoints(self.log.log):
            self._say_missing(expected, row.n)
            expected = max(expected, row.n + 1)
            self.checkpoints += 1
            root = self._root_of(row)
            if root is not None and before < row.size <= self.log.size:
                before = row.size
                yield row.n, row.size, root
        self._say_missing(expected, self.log.checkpoints)
        if expected > self.log.checkpoints:
            message = f"There are {expected} checkpoints, but the log has made {self.log.checkpoints}."
            self._say("checkpoint-extra", message, expected - 1)

    def _say_missing(self, first: int, until: int) -> None:
        for number in range(first, min(until, first + _REPORT_GAPS)):
            self._say("checkpoint-missing", f"Checkpoint {number} is missing.", number)

    def _root_of(self, row: CheckpointRow) -> bytes | None:
        try:
            claimed = open_checkpoint(row.note, keyring.origin(), [keyring.signer().verifier()])
        except NoteInvalid as error:
            self._say_changed(row, f"its note does not hold ({error.detail})")
            return None
        if row.mac != _mac_of(self.log.log, row) or claimed.size != row.size:
            self._say_changed(row, "its size, its time or its MAC")
            return None
        if row.size > self.log.size:
            self._say_changed(row, f"it speaks of {row.size} entries, the log has {self.log.size}")
        return claimed.root

    def _say_changed(self, row: CheckpointRow, what: str) -> None:
        self._say("checkpoint-changed", f"Checkpoint {row.n} (size {row.size}) was changed: {what}.", row.n)

    def _meet_checkpoints(self) -> None:
        while self._next is not None and self._next[1] <= self.frontier.size:
            number, size, root = self._next
            if size == self.frontier.size and root != self.frontier.root():
                message = f"The first {size} entries do not have the root that checkpoint {number} was signed for."
                self._say("checkpoint-root", message, number)
            self._next = next(self._signed, None)

    def _end_checkpoints(self) -> None:
        self._meet_checkpoints()
        while self._next is not None:
            self._next = next(self._signed, None)

    # ------------------------------------------------------------------------------------------------------ state

    def _check_state(self) -> None:
        if not self.log.mac:
            return
        try:
            kept = tree.Frontier.load(self.log.size, self.log.frontier)
        except ProofInvalid:
            self.found.add("log-changed", "The frontier of the log was changed.", "ledger_log")
            return
        if kept.nodes != self.frontier.nodes:
            self.found.add("log-changed", "The frontier of the log is not that of its entries.", "ledger_log")


def _mac_of(log: int, row: CheckpointRow) -> bytes | None:
    if not (0 <= row.n < 1 << 32 and row.size >= 0 and row.at_us >= 0):
        return None
    return keyring.checkpoint_mac(log, row.n, row.size, row.at_us, row.note)
