"""The ledger beside a floor in the same run: appending, sequencing, proving, verifying.

The floor writes the very same rows by bare `sqlite3` into tables of the same shape, and does the hashing that cannot
be left out (RFC 6962 leaves and nodes, HMAC tags, one AES-GCM frame per entry); nothing else. CPU time, not wall time.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench.common import Bench

HOME = Path(tempfile.mkdtemp(prefix="keepfold-bench-"))
os.environ["KEEPFOLD_HOME"] = str(HOME)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "keepfold.site.settings")

import django  # noqa: E402  after the home is set

django.setup()

from django.core.management import call_command  # noqa: E402

from keepfold import ledger  # noqa: E402
from keepfold.gate.types import Actor, Context, Decision, Entry  # noqa: E402
from keepfold.kernel import db, ids  # noqa: E402
from keepfold.ledger import keyring, queries, sequencer, store, tags, tiles, tree  # noqa: E402
from keepfold.ledger.recorder import recorder  # noqa: E402
from keepfold.ledger.types import EntryFilter  # noqa: E402

MEMBERS = 1000
SINGLES = 500
BEN = Actor(kind="staff", id=bytes(16), roles=("support",))
ALLOWED = Decision(allowed=True, rules=("purpose.support",), fields={"email": "clear"}, purpose_number=7)


class Made:
    """Ledger keys that cost nothing to look up, so that the vault's unwrapping is not measured here."""

    def __init__(self) -> None:
        self.people: dict[bytes, bytes] = {}
        self._named: dict[object, bytes] = {}

    def make(self, count: int) -> list[bytes]:
        """Return new people."""
        made = [ids.uuid7() for _ in range(count)]
        self.people.update((person, os.urandom(32)) for person in made)
        return made

    def subject_keys(self, subjects: Sequence[bytes]) -> list[bytes | None]:
        """Return people's keys."""
        return [self.people.get(person) for person in subjects]

    def actor_key(self, actor: bytes) -> bytes:
        """Return an actor's key."""
        return self._named.setdefault(actor, os.urandom(32))

    def log_key(self, name: str) -> bytes:
        """Return a key of the log."""
        return self._named.setdefault(name, os.urandom(32))

    def living_subjects(self) -> Iterator[bytes]:
        """Yield everybody."""
        yield from self.people


def entry(*people: bytes) -> Entry:
    """Return an entry as the gate hands it over."""
    context = Context(actor=BEN, action="vault.record.open", subjects=people, purpose="support", reason="ticket 17")
    return Entry(id=ids.uuid7(), context=context, decision=ALLOWED, subjects=people, details={"index": 1})


class Floor:
    """The same rows, bare."""

    def __init__(self) -> None:
        self.driver = sqlite3.connect(HOME / "floor.sqlite3", isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self.driver.execute(f"PRAGMA {pragma}")
        for table in ("log", "pending", "entry", "tile", "detail", "members", "tag", "subject"):
            sql = "SELECT sql FROM sqlite_master WHERE tbl_name = %s AND sql IS NOT NULL ORDER BY type DESC"
            for (statement,) in db.fetch_all("default", sql, [f"ledger_{table}"]):
                self.driver.execute(statement)
        self.key = os.urandom(32)

    def _crypto(self, count: int) -> bytes:
        for _ in range(count):
            hmac.digest(hmac.digest(self.key, b"keepfold/ledger/tag/v1\x01", "sha256"), bytes(53), "sha256")
        return AESGCM(self.key).encrypt(os.urandom(12), bytes(300), bytes(54))

    def append(self, people: list[bytes]) -> None:
        """Write one entry about one person for each of these people, in one transaction."""
        run = self.driver.execute
        run("BEGIN IMMEDIATE")
        for person in people:
            ref, frame = os.urandom(16), self._crypto(1)
            count = "INSERT INTO ledger_subject VALUES (1, ?, 1, NULL) ON CONFLICT DO UPDATE SET next = next + 1"
            run(count, (person,))
            run("INSERT INTO ledger_tag VALUES (?, 1, ?, 0)", (os.urandom(16), ref))
            run("INSERT INTO ledger_detail VALUES (?, 1, ?)", (ref, frame))
            run("INSERT INTO ledger_pending VALUES (?, 1, ?, ?, ?, ?)", (ref, 1, bytes(154), bytes(16), bytes(8)))
        run("COMMIT")

    def batch(self, people: list[bytes]) -> None:
        """Write one entry about all of these people."""
        ref, made = os.urandom(16), os.urandom(16 * len(people))
        frame = self._crypto(len(people))
        tree.root_of([hashlib.sha256(b"\x00" + person).digest() for person in people])
        self.driver.execute("BEGIN IMMEDIATE")
        count = "INSERT INTO ledger_subject VALUES (1, ?, 1, NULL) ON CONFLICT DO UPDATE SET next = next + 1"
        self.driver.executemany(count, [(person,) for person in people])
        rows = [(made[at * 16 : at * 16 + 16], ref, at) for at in range(len(people))]
        self.driver.executemany("INSERT INTO ledger_tag VALUES (?, 1, ?, ?)", rows)
        self.driver.execute("INSERT INTO ledger_members VALUES (?, 1, ?)", (ref, bytes(32 * len(people))))
        self.driver.execute("INSERT INTO ledger_detail VALUES (?, 1, ?)", (ref, frame))
        self.driver.execute(
            "INSERT INTO ledger_pending VALUES (?, 1, ?, ?, ?, ?)", (ref, 1, bytes(154), bytes(16), bytes(8))
        )
        self.driver.execute("COMMIT")

    def sequence(self, bodies: list[bytes], first: int) -> None:
        """Hash entries, write their rows and tiles, remove them from where they waited."""
        frontier = tree.Frontier()
        made = frontier.extend([hashlib.sha256(b"\x00" + body).digest() for body in bodies])
        refs = [os.urandom(16) for _ in bodies]
        self.driver.execute("BEGIN IMMEDIATE")
        rows = [(first + at, refs[at], body, bytes(16), bytes(8)) for at, body in enumerate(bodies)]
        self.driver.executemany("INSERT INTO ledger_entry VALUES (1, ?, ?, ?, ?, ?)", rows)
        packed = b"".join(made[0])
        parts = [packed[at : at + 8192] for at in range(0, len(packed), 8192)]
        replace = "INSERT OR REPLACE INTO ledger_tile VALUES (1, 0, ?, ?)"
        self.driver.executemany(replace, [((first >> 8) + at, part) for at, part in enumerate(parts)])
        self.driver.executemany("DELETE FROM ledger_pending WHERE ref = ?", [(ref,) for ref in refs])
        self.driver.execute("COMMIT")


def append(people: list[bytes]) -> None:
    """Append one entry about one person for each of these people, in one transaction."""
    with db.atomic(durable=True):
        for person in people:
            recorder.append(entry(person))


def batch(people: list[bytes]) -> None:
    """Append one entry about all of these people."""
    with db.atomic(durable=True):
        recorder.append(entry(*people))


def measure_appends(bench: Bench, keys: Made, floor: Floor) -> None:
    """Compare single entries and batches with the floor."""
    some, many = keys.make(SINGLES), keys.make(MEMBERS)
    times = bench.compare({"floor": lambda: floor.append(some), "ledger": lambda: append(some)}, n=1)
    ours, bare = times["ledger"].best / SINGLES * 1e6, times["floor"].best / SINGLES * 1e6
    bench.row("append, one person, all included", ours, "µs")
    bench.row("append, one person, beyond the floor", ours - bare, "µs", goal="<= 40")
    bench.row("append, one person, ratio to floor", bare / ours, "ratio")
    times = bench.compare({"floor": lambda: floor.batch(many), "ledger": lambda: batch(many)}, n=1)
    ours, bare = times["ledger"].best / MEMBERS * 1e6, times["floor"].best / MEMBERS * 1e6
    bench.row("append, batch of 1,000, per person", ours, "µs", goal="<= 6")
    bench.row("append, batch of 1,000, ratio to floor", bare / ours, "ratio", goal=">= 0.5")


def measure_sequencing(bench: Bench, keys: Made, floor: Floor) -> None:
    """Compare sequencing 1,000 entries at a time with the floor."""
    people = keys.make(MEMBERS)
    while sequencer.sequence_once():
        pass
    bodies = [os.urandom(154) for _ in range(MEMBERS)]
    ours: list[float] = []
    bare: list[float] = []
    for turn in range(bench.rounds):
        append(people)
        ours.append(bench_once(sequencer.sequence_once))
        bare.append(bench_once(lambda turn=turn: floor.sequence(bodies, turn * MEMBERS)))
    bench.row("sequence, 1,000 at once, per entry", min(ours) / MEMBERS * 1e6, "µs")
    bench.row("sequence, 1,000 at once, ratio to floor", min(bare) / min(ours), "ratio", goal=">= 0.5")
    bench.row("checkpoint, signed", bench.measure("beat", sequencer.checkpoint_beat, n=20).best * 1e6, "µs")


def bench_once(work: Callable[[], object]) -> float:
    """Return the CPU seconds of one call; a warm-up call would already have done the work."""
    began = time.process_time()
    work()
    return time.process_time() - began


def measure_lists(bench: Bench) -> None:
    """Measure what the console's pages ask: lists, counts, growth, and what one actor did."""
    now_s = int(time.time())
    refused = EntryFilter(allowed=False)
    lists = {
        "list, the newest 50": lambda: queries.entries(limit=50),
        "list, the newest 50 openings": lambda: queries.entries(EntryFilter(kind="access"), limit=50),
        "list, the newest 50 refusals": lambda: queries.entries(refused, limit=50),
        "counts of 30 days": lambda: queries.counts(now_s - 30 * 86_400),
        "growth of 180 days": lambda: queries.growth(now_s - 180 * 86_400, now_s),
        "what one actor did, the newest 50": lambda: queries.entries_of_actor(BEN.id),
    }
    for name, ask in lists.items():
        bench.row(name, bench.measure(name, ask, n=20).best * 1e6, "µs")


def measure_reading(bench: Bench) -> None:
    """Measure proofs and verification on the log as it has become."""
    size = queries.status().checkpoint_size
    node = tiles.reader(lambda level, n: store.read_tile(keyring.LOG, level, n))
    tree.inclusion_proof(size // 2, size, node)
    warm = bench.measure("warm", lambda: tree.inclusion_proof(size // 3, size, node), n=50)
    cold = bench.measure("cold", lambda: queries.inclusion(size // 3), n=20)
    bench.row(f"proof at size {size:,}, tiles at hand", warm.best * 1e6, "µs")
    bench.row(f"proof at size {size:,}, from the database", cold.best * 1e6, "µs")
    checked = bench.measure("verify", queries.verify, n=1)
    report = queries.verify()
    assert report.ok, report.findings[:3]
    found = db.fetch_one("default", "SELECT COUNT(*) FROM ledger_tag")
    bench.row("verify, per tag", checked.best / (found[0] if found else 1) * 1e6, "µs")
    key = os.urandom(32)
    bench.row(
        "one tag, for comparison", bench.measure("tag", lambda: tags.subject_tag(key, bytes(32), 1)).best * 1e6, "µs"
    )


def main() -> None:
    """Run all measurements."""
    for alias in ("default", "keys"):
        call_command("migrate", database=alias, verbosity=0, interactive=False)
    bench, keys = Bench("ledger"), Made()
    ledger.wire(keys=keys)
    try:
        floor = Floor()
        measure_appends(bench, keys, floor)
        measure_sequencing(bench, keys, floor)
        measure_lists(bench)
        measure_reading(bench)
        bench.finish()
    finally:
        shutil.rmtree(HOME, ignore_errors=True)


if __name__ == "__main__":
    main()
