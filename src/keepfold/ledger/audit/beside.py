"""What stands beside entries: tags to find them by, members of batches, details that belong to no one person."""

from __future__ import annotations

from typing import NamedTuple

from keepfold.kernel.errors import Unopened
from keepfold.ledger import entry, keyring, sealing, tags
from keepfold.ledger.audit import rows
from keepfold.ledger.audit.findings import MOST, Findings
from keepfold.ledger.errors import EntryInvalid


class Known(NamedTuple):
    """An entry that is genuine: its index (None while it waits), id and fields."""

    idx: int | None
    ref: bytes
    body: entry.Body

    @property
    def name(self) -> str:
        """Return what people call it."""
        return f"entry {self.idx}" if self.idx is not None else f"the waiting entry {self.ref.hex()}"


class Beside:
    """Checks entries page by page, and counts what there must be, to compare with what there is."""

    def __init__(self, found: Findings) -> None:
        self.found = found
        self.tags = self.batches = self.details = self.details_of_people = 0

    def check(self, page: list[tuple[int | None, bytes, bytes]]) -> None:
        """Check what belongs to these entries (index, ref, body)."""
        known = [item for row in page if (item := self._known(*row)) is not None]
        single = [item for item in known if item.body.subjects == 1]
        batches = [item for item in known if item.body.is_batch]
        self._check_single(single)
        self._check_batches(batches)
        self._check_details([item for item in known if item.body.subjects != 1])

    def _known(self, index: int | None, ref: bytes, body: bytes) -> Known | None:
        try:
            return Known(index, ref, entry.unpack(body))
        except EntryInvalid as error:
            name = f"Entry {index}" if index is not None else f"The waiting entry {ref.hex()}"
            self.found.add("entry-malformed", f"{name} cannot be read: {error.detail}", "ledger_entry", index)
            return None

    def _check_single(self, single: list[Known]) -> None:
        wanted = {item.body.subject_tag[: tags.SHORT]: item for item in single}
        places = rows.places(list(wanted))
        for short, item in wanted.items():
            self._check_tag(item, short, 0, places.get(short))
        self.tags += len(single)

    def _check_batches(self, batches: list[Known]) -> None:
        packed = rows.members([item.ref for item in batches])
        for item in batches:
            self.batches += 1
            self.tags += item.body.subjects
            members = packed.get(item.ref)
            if members is None:
                self.found.add(
                    "members-missing",
                    f"The tags of the people of {item.name} are missing.",
                    "ledger_members",
                    item.idx,
                )
            else:
                self._check_members(item, members)

    def _check_members(self, item: Known, packed: bytes) -> None:
        members = [packed[at : at + tags.TAG_SIZE] for at in range(0, len(packed), tags.TAG_SIZE)]
        if len(packed) != item.body.subjects * tags.TAG_SIZE or tags.batch_root(members) != item.body.subject_tag:
            message = f"The tags of the people of {item.name} were changed."
            self.found.add("members-changed", message, "ledger_members", item.idx)
            return
        places = rows.places([member[: tags.SHORT] for member in members])
        for position, member in enumerate(members):
            short = member[: tags.SHORT]
            self._check_tag(item, short, position, places.get(short))

    def _check_tag(self, item: Known, short: bytes, position: int, place: tuple[bytes, int] | None) -> None:
        if place == (item.ref, position):
            return
        what = "is missing" if place is None else "points elsewhere"
        message = f"The tag {short.hex()} of {item.name} {what}."
        self.found.add("tag-missing" if place is None else "tag-changed", message, "ledger_tag", item.idx)

    def _check_details(self, shared: list[Known]) -> None:
        frames = rows.frames([item.ref for item in shared])
        for item in shared:
            self.details += item.ref in frames
            self.check_frame(item, frames.get(item.ref), keyring.detail_key())

    def check_frame(self, item: Known, frame: bytes | None, key: bytes) -> None:
        """Check that the details of an entry open and are those it commits to."""
        if frame is None:
            message = f"The sealed details of {item.name} are missing."
            self.found.add("detail-missing", message, "ledger_detail", item.idx)
            return
        try:
            sealing.unseal(key, keyring.log_id(), item.ref, frame, item.body.commitment)
        except Unopened:
            message = f"The sealed details of {item.name} were changed, or are not those that it commits to."
            self.found.add("detail-changed", message, "ledger_detail", item.idx)

    # ----------------------------------------------------------------------------------------------------- surplus

    def check_surplus(self, log: int) -> None:
        """Compare how many rows there are with how many there must be, and name those that are too many."""
        if rows.count("ledger_tag", log) > self.tags:
            self._name_orphans("ledger_tag", "A tag", "tag-extra")
            for ref, _ in rows.crowded(MOST):
                self.found.add(
                    "tag-extra", f"More tags point to the entry {ref.hex()} than it concerns people.", "ledger_tag"
                )
        if rows.count("ledger_members", log) > self.batches:
            self._name_orphans("ledger_members", "A row of tags", "members-extra")
        if rows.count("ledger_detail", log) > self.details + self.details_of_people:
            before = len(self.found.items) + self.found.more
            self._name_orphans("ledger_detail", "A row of sealed details", "detail-extra")
            if len(self.found.items) + self.found.more == before:
                self._note_leftovers(log)

    def _name_orphans(self, table: str, what: str, code: str) -> None:
        for ref in rows.orphans(table, MOST):
            message = f"{what} belongs to the entry {ref.hex()}, which is neither in the log nor waiting."
            self.found.add(code, message, table)

    def _note_leftovers(self, log: int) -> None:
        left = rows.count("ledger_detail", log) - self.details - self.details_of_people
        self.found.note(f"{left} rows of sealed details belong to people whose keys are gone; nobody can open them.")
