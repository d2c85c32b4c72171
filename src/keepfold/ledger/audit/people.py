"""People: every tag of everybody who lives is there and none beyond, their details open, and the rest was erased."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from keepfold.ledger import entry, keyring, store, tags
from keepfold.ledger.audit import rows
from keepfold.ledger.audit.beside import Beside, Known
from keepfold.ledger.audit.findings import Findings
from keepfold.ledger.audit.rows import SubjectRow
from keepfold.ledger.errors import EntryInvalid

_LOOK_UPS = 2000
_MOST_LOST = 10


class _Claim(NamedTuple):
    """A tag that a person must have (or must not, beyond the last): whose it is, its number, and the tag."""

    row: SubjectRow
    key: bytes
    number: int
    tag: bytes


class People:
    """Checks counters, tags and details person by person."""

    def __init__(self, log: int, found: Findings, beside: Beside) -> None:
        self.log, self.found, self._beside = log, found, beside
        self.count = 0
        self._most = rows.count("ledger_tag", log)
        self._claimed = self._closed = 0
        self._suspects: list[SubjectRow] = []

    def run(self, total: int) -> None:
        """Check everybody who has a counter, then that all other tags belong to people who were erased."""
        for page in rows.subjects(self.log):
            keys = keyring.keys().subject_keys([row.subject for row in page])
            for claims in _batches(self._claims(page, keys)):
                self._check(claims)
            self.count += len(page)
            self.found.progress("people", self.count, total)
        self._check_closed()
        self._check_sum()

    def _claims(self, page: list[SubjectRow], keys: list[bytes | None]) -> Iterator[_Claim]:
        for row, key in zip(page, keys, strict=True):
            if not 1 <= row.next <= self._most:
                message = f"The counter of person {row.subject.hex()} was changed."
                self.found.add("subject-changed", message, "ledger_subject")
            elif row.closing is not None:
                self._check_mark(row)
            elif key is None:
                self._suspects.append(row)
            else:
                derived = tags.tag_key(key)
                for number in range(row.next + 1):
                    yield _Claim(row, key, number, tags.subject_tag(derived, keyring.log_id(), number))

    def _check_mark(self, row: SubjectRow) -> None:
        self._closed += row.next
        if row.closing != keyring.closing_mac(self.log, row.subject):
            message = f"The mark that person {row.subject.hex()} is being erased was not made by the ledger."
            self.found.add("subject-changed", message, "ledger_subject")

    def _check(self, claims: list[_Claim]) -> None:
        places = rows.places([claim.tag[: tags.SHORT] for claim in claims])
        held = []
        for claim in claims:
            place = places.get(claim.tag[: tags.SHORT])
            if (place is None) is not (claim.number == claim.row.next):
                self._say(claim, place is None)
            if place is not None:
                held.append((claim, place[0]))
        self._claimed += len(held)
        self._check_entries(held)

    def _say(self, claim: _Claim, is_missing: bool) -> None:  # noqa: FBT001  private
        person = claim.row.subject.hex()
        if is_missing:
            message = f"Tag {claim.number} of person {person} is missing; the counter stands at {claim.row.next}."
        else:
            message = f"The counter of person {person} stands at {claim.row.next}, but there is a tag {claim.number}."
        self.found.add("subject-counter", message, "ledger_subject")

    def _check_entries(self, held: list[tuple[_Claim, bytes]]) -> None:
        bodies = {
            ref: (idx, _unpacked(body)) for ref, (idx, body) in rows.bodies(list({ref for _, ref in held})).items()
        }
        single = []
        for claim, ref in held:
            if ref not in bodies:
                message = (
                    f"Tag {claim.number} of person {claim.row.subject.hex()} belongs to the entry {ref.hex()},"
                    " which is neither in the log nor waiting."
                )
                self.found.add("entry-missing", message, "ledger_tag")
                continue
            index, body = bodies[ref]
            if body is not None and body.subjects == 1 and body.subject_tag == claim.tag:
                single.append((claim, Known(index, ref, body)))
        self._check_details(single)

    def _check_details(self, single: list[tuple[_Claim, Known]]) -> None:
        frames = rows.frames([item.ref for _, item in single])
        for claim, item in single:
            self._beside.details_of_people += item.ref in frames
            self._beside.check_frame(item, frames.get(item.ref), tags.detail_key(claim.key))

    # ----------------------------------------------------------------------------------------------------- erasure

    def _check_closed(self) -> None:
        for page in rows.closed(self.log):
            for row in page:
                self._closed += row.tags
                if row.tags < 0 or row.mac != keyring.closed_mac(self.log, row.id, row.tags):
                    message = f"The row {row.id.hex()} on what an erased person left behind was changed."
                    self.found.add("closed-changed", message, "ledger_closed")

    def _check_sum(self) -> None:
        unclaimed = self._most - self._claimed - sum(row.next for row in self._suspects)
        if unclaimed == self._closed:
            return
        lost = self._lost_counters() if unclaimed > self._closed else 0
        if not lost:
            message = (
                f"{unclaimed} tags belong to nobody who lives, but erased people left {self._closed} behind:"
                " rows of ledger_closed, ledger_subject or ledger_tag are missing or too many."
            )
            self.found.add("closed-sum", message, "ledger_closed")

    def _lost_counters(self) -> int:
        """Name people who have a key and a tag, but no counter."""
        lost = 0
        for people in store.chunks(keyring.keys().living_subjects()):
            keys = keyring.keys().subject_keys(people)
            first = {
                tags.subject_tag(tags.tag_key(key), keyring.log_id(), 0)[: tags.SHORT]: person
                for person, key in zip(people, keys, strict=True)
                if key is not None
            }
            for short in rows.places(list(first)):
                if store.counter_of(self.log, first[short]) is None and lost < _MOST_LOST:
                    lost += 1
                    message = f"The counter of person {first[short].hex()} is missing, although they have tags."
                    self.found.add("subject-missing", message, "ledger_subject")
        return lost

    def check_suspects(self) -> None:
        """Outside of the snapshot: whoever had no key must have been erased in the meantime."""
        for row in self._suspects:
            now = store.counter_of(self.log, row.subject)
            if now is not None and now[1] is None:
                message = f"The key of person {row.subject.hex()}, who has {row.next} tags, is gone without an erasure."
                self.found.add("key-missing", message, "ledger_subject")


def _batches(claims: Iterator[_Claim]) -> Iterator[list[_Claim]]:
    return store.chunks(claims, _LOOK_UPS)


def _unpacked(body: bytes) -> entry.Body | None:
    try:
        return entry.unpack(body)
    except EntryInvalid:
        return None
