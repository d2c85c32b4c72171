"""Bulk sealing and opening, per core, beside a floor in the same run.

The floor does what no vault could leave out: the same frames and the same key wraps by bare AES-256-GCM, and the very
same rows by bare `sqlite3.executemany` and `SELECT … IN`, into files with the same tables and pragmas. It does not
normalise, index, hash, decide or explain anything. Ratio = CPU of the floor ÷ CPU of the vault.

`alone` is the vault behind a gate that allows everything and writes nothing down; `whole` has policy and ledger, and
then the floor writes the ledger's rows (one tag and one counter per person) and opens the ledger keys as well.
"""

from __future__ import annotations

import os
import random
import sqlite3
import struct
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench.common import Bench

HOME = Path(tempfile.mkdtemp(prefix="keepfold-bench-"))
os.environ["KEEPFOLD_HOME"] = str(HOME / "vault")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "keepfold.site.settings")
(HOME / "vault").mkdir(mode=0o700)

import django  # noqa: E402  after the home is set

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402

from keepfold import gate  # noqa: E402
from keepfold.gate.types import Actor, Context, Decision, Entry  # noqa: E402
from keepfold.people import queries as people  # noqa: E402
from keepfold.policy import actions as policy_actions  # noqa: E402
from keepfold.policy import queries as policy  # noqa: E402
from keepfold.site import wiring  # noqa: E402
from keepfold.vault import actions  # noqa: E402
from keepfold.vault import keys as vault_keys  # noqa: E402

ROUNDS = 5
BATCH = 5000
WIDE_BATCH = 1000
FILES = {"default": "data.sqlite3", "keys": "keys.sqlite3"}
CHUNK = 900
Statement = tuple[str, str, list[tuple[Any, ...]]]
Maker = Callable[[int, int], list[dict[str, Any]]]

HEAD = """
policy: 1
id: bench
effective_from: 2024-01-01
languages: {default: en}
regimes: [gdpr]
controller:
  name: Bench
  address: Street 1
  country: DE
  contact: a@example.com
  dpo: {name: D, contact: d@example.com}
  authority: DE-BE
subjects: {customer: {label: Customers, dpv: dpv:Customer, fides: customer, minimum_age: 16}}
storage: [{place: vault, country: DE}]
notice:
  material_when: [purpose.added, data.added]
  on_material: {notify: [email], before: P30D}
  on_minor: {notify: [portal]}
purposes:
  order:
    label: Deliver
    dpv: dpv:DeliveryOfGoods
    fides: essential.service
    data: {%s}
    basis: {gdpr: 6.1.b}
    retention: {keep: P10Y, from: order.closed, then: erase}
data:
"""
ITEM = "  %s: {label: X, type: %s, compartment: %s, dpv: %s, fides: %s, source: subject%s}\n"
CONTACT, PAYMENT = (
    ("contact", "pd:Contact", "user.contact"),
    ("payment", "pd:BankAccount", "user.financial.bank_account"),
)
INDEXED, UNIQUE, APART = ", index: exact", ", index: exact, identity: true", ", isolate: true"
TEN = [
    ("email", "email", *CONTACT, UNIQUE),
    ("phone", "phone", *CONTACT, INDEXED),
    ("first_name", "name", *CONTACT, ""),
    ("last_name", "name", *CONTACT, ""),
    ("born", "date", *CONTACT, ""),
    ("street", "text", *CONTACT, ""),
    ("city", "text", *CONTACT, ""),
    ("postcode", "postcode", *CONTACT, ""),
    ("country", "country", *CONTACT, ""),
    ("iban", "iban", *PAYMENT, APART),
]
WIDE = [("email", "email", *CONTACT, UNIQUE), *((f"x{number}", "text", *CONTACT, "") for number in range(119))]
FIRST, LAST = ["Ana", "Ben", "Carl", "Dora", "José", "Zoë", "李"], ["Quast", "García", "Nguyễn", "Smith", "Müller"]


def activate(items: list[tuple[str, ...]]) -> None:
    """Make a policy with these data items the active one."""
    source = HEAD % ", ".join(f"{item[0]}: required" for item in items) + "".join(ITEM % item for item in items)
    report = policy.check(source)
    assert report.ok, report.errors
    version = policy_actions.submit_version(actor=people.operator(), source=source, name="bench")
    policy_actions.activate(actor=people.operator(), version=version.version)


def ten_fields(count: int, start: int) -> list[dict[str, Any]]:
    """Return made-up customers with ten fields each."""
    chance = random.Random(start)
    return [
        {
            "email": f"customer{number}@example.com",
            "phone": f"+49711{2000000 + number}",
            "first_name": chance.choice(FIRST),
            "last_name": chance.choice(LAST),
            "born": f"19{chance.randint(30, 99)}-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}",
            "street": f"Hauptstr. {chance.randint(1, 200)}",
            "city": "Stuttgart",
            "postcode": f"{chance.randint(10000, 99999)}",
            "country": "DE",
            "iban": "DE89370400440532013000",
        }
        for number in range(start, start + count)
    ]


def wide_fields(count: int, start: int) -> list[dict[str, Any]]:
    """Return made-up profiles with 120 fields each, about 5 kB."""
    rest = {f"x{number}": f"some text of the field {number:04}"[:30] for number in range(119)}
    return [{"email": f"wide{number}@example.com", **rest} for number in range(start, start + count)]


class AllowAll:
    """A decider that allows everything: what is left is the vault alone."""

    def decide(self, context: Context) -> Decision:
        """Allow all fields of the purpose."""
        fields = (
            {} if context.purpose is None else dict.fromkeys(policy.schema().purposes[context.purpose].fields, "clear")
        )
        return Decision(allowed=True, rules=("bench",), fields=fields)


class WriteNothing:
    """A recorder that writes nothing down."""

    def lock(self, subjects: object) -> None:
        """Lock nobody."""

    def append(self, entry: Entry) -> None:
        """Write nothing."""


@contextmanager
def captured() -> Iterator[list[Statement]]:
    """Collect the writing statements of both stores with their rows."""
    found: list[Statement] = []

    def keep(alias: str) -> Callable[..., Any]:
        def wrapper(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
            if sql.lstrip().startswith(("INSERT", "UPDATE", "DELETE")):
                found.append(
                    (
                        alias,
                        sql.replace("%s", "?"),
                        [tuple(row) for row in parameters] if many else [tuple(parameters or ())],
                    )
                )
            return execute(sql, parameters, many, context)

        return wrapper

    with connections["default"].execute_wrapper(keep("default")), connections["keys"].execute_wrapper(keep("keys")):
        yield found


class Floor:
    """Bare AES-GCM and bare SQLite on files of its own."""

    def __init__(self, name: str) -> None:
        folder = HOME / f"floor-{name}"
        folder.mkdir(exist_ok=True)
        self.stores: dict[str, sqlite3.Connection] = {}
        for alias, file in FILES.items():
            for suffix in ("", "-wal", "-shm"):
                (folder / f"{file}{suffix}").unlink(missing_ok=True)
            source = connections[alias].connection
            copy = sqlite3.connect(folder / file, isolation_level=None)
            source.backup(copy)
            copy.executescript(connections[alias].settings_dict["OPTIONS"]["init_command"])  # the same pragmas
            self.stores[alias] = copy
        self.kek = AESGCM(bytes(32))

    def write(self, statements: list[Statement], shapes: dict[tuple[bytes, int], list[tuple[int, bytes]]]) -> None:
        """Seal frames of the same lengths under fresh wrapped keys, and write the same rows."""
        secret: dict[tuple[bytes, int], bytes] = {}
        for alias in ("keys", "default"):
            store = self.stores[alias]
            store.execute("BEGIN IMMEDIATE")
            for where, sql, rows in statements:
                if where == alias:
                    made = self._wrap(rows, secret) if "vault_person_key" in sql else rows
                    made = self._seal(rows, secret, shapes) if "vault_record" in sql else made
                    store.executemany(sql, made)
            store.execute("COMMIT")

    def _wrap(self, rows: list[tuple[Any, ...]], secret: dict[tuple[bytes, int], bytes]) -> list[tuple[Any, ...]]:
        pool, wrap, made, at = os.urandom(44 * len(rows)), self.kek.encrypt, [], 0
        for person, compartment, generation, shard, _ in rows:
            key, nonce = pool[at : at + 32], pool[at + 32 : at + 44]
            at += 44
            secret[person, compartment] = key
            made.append((person, compartment, generation, shard, b"\1\0\0\0\1" + nonce + wrap(nonce, key, AAD_KEY)))
        return made

    def _seal(
        self, rows: list[tuple[Any, ...]], secret: dict[Any, bytes], shapes: dict[Any, Any]
    ) -> list[tuple[Any, ...]]:
        pool, made, at = os.urandom(12 * 2 * len(rows)), [], 0
        for person, compartment, _ in rows:
            seal, record = AESGCM(secret[person, compartment]).encrypt, b""
            for number, plain in shapes[person, compartment]:
                nonce = pool[at : at + 12]
                at += 12
                sealed = seal(nonce, plain, AAD_FRAME)
                record += SEGMENT(number, len(sealed) + 14) + b"\1\1" + nonce + sealed
            made.append((person, compartment, record))
        return made

    def read(self, persons: list[bytes], statements: list[Statement]) -> list[bytes]:
        """Read the same rows, unwrap the same keys, open the same frames, and write the rows that reading writes."""
        opened: list[bytes] = []
        with_ledger = bool(statements)
        for start in range(0, len(persons), CHUNK):
            chunk = persons[start : start + CHUNK]
            marks = ",".join("?" * len(chunk))
            keys = self.stores["keys"].execute(KEYS.format(marks), [*chunk, not with_ledger])
            wrapped = {(person, compartment): key for person, compartment, key in keys}
            if with_ledger:
                opened += [self._unwrap(wrapped[person, 0]) for person in chunk]
            for person, compartment, record in self.stores["default"].execute(RECORDS.format(marks), chunk):
                unseal, at = AESGCM(self._unwrap(wrapped[person, compartment])).decrypt, 0
                while at < len(record):
                    _, length = UNSEGMENT(record, at)
                    frame = record[at + 8 : at + 8 + length]
                    at += 8 + length
                    opened.append(unseal(frame[2:14], frame[14:], AAD_FRAME))
        self._write(statements)
        return opened

    def _unwrap(self, key: bytes) -> bytes:
        return self.kek.decrypt(key[5:17], key[17:], AAD_KEY)

    def _write(self, statements: list[Statement]) -> None:
        data = self.stores["default"]
        data.execute("BEGIN IMMEDIATE")
        for where, sql, rows in statements:
            if where == "default":
                data.executemany(sql, rows)
        data.execute("COMMIT")


KEYS = "SELECT person, compartment, wrapped FROM vault_person_key WHERE person IN ({}) AND compartment >= ?"
RECORDS = "SELECT person, compartment, sealed FROM vault_record WHERE person IN ({})"
AAD_KEY, AAD_FRAME = bytes(41), bytes(50)
SEGMENT, UNSEGMENT = struct.Struct(">II").pack, struct.Struct(">II").unpack_from


def shapes_of(statements: list[Statement]) -> dict[tuple[bytes, int], list[tuple[int, bytes]]]:
    """Return random plaintexts with the field numbers and lengths of the captured records."""
    found: dict[tuple[bytes, int], list[tuple[int, bytes]]] = {}
    for _, sql, rows in statements:
        for person, compartment, record in rows if "vault_record" in sql else ():
            at, parts = 0, []
            while at < len(record):
                number, length = UNSEGMENT(record, at)
                at += 8 + length
                parts.append((number, os.urandom(length - 30)))
            found[person, compartment] = parts
    return found


COUNT_FIRST = "INSERT INTO ledger_subject (log, subject, next) VALUES (?, ?, 1)"
COUNT_NEXT = "UPDATE ledger_subject SET next = next + 1 WHERE log = ? AND subject = ?"


def counters(statements: list[Statement], sql: str, persons: list[bytes] | None = None) -> list[Statement]:
    """Return the statement that counts these people's entries up, which the ledger sends past Django's cursors."""
    tagged = any("ledger_tag" in statement for _, statement, _ in statements)
    people_ = persons or [
        row[0] for _, statement, rows in statements if "vault_person " in statement.replace('"', " ") for row in rows
    ]
    return [("default", sql, [(0, person) for person in people_])] if tagged else []


class Lane:
    """One way of calling the vault, with a floor of its own: how batches are made, and who decides and records."""

    def __init__(self, make: Maker, size: int, wiring_: Callable[[], AbstractContextManager[None]]) -> None:
        self.make, self.size, self.wiring = make, size, wiring_
        self.persons: list[bytes] = []

    def seal(self, records: list[dict[str, Any]]) -> None:
        """Seal one batch through the gate."""
        with self.wiring():
            outcomes = actions.seal_many(actor=ACTOR, records=records)
        assert all(outcome.state == "sealed" for outcome in outcomes)
        self.persons = [outcome.id for outcome in outcomes if outcome.id]

    def open(self) -> None:
        """Open the last batch through the gate."""
        with self.wiring():
            opened = actions.open_many(actor=ACTOR, persons=self.persons, purpose="order")
        assert all(one is not None and len(one.values) >= 10 for one in opened)

    def prepare(self, rounds: int) -> None:
        """Make batches for both sides, and let the vault show which rows it writes for one."""
        prepared = []
        for _ in range(rounds):
            with captured() as statements:
                self.seal(next_batch(self.make, self.size))
            other = renamed(statements + counters(statements, COUNT_FIRST))
            prepared.append((other, shapes_of(other)))
            self.others = [shifted(person) for person in self.persons]
        self.batches = iter([next_batch(self.make, self.size) for _ in range(rounds)])
        self.writes = iter(prepared)

    def prepare_reading(self, rounds: int) -> None:
        """Let the vault show which rows it writes when it opens."""
        readings = []
        for _ in range(rounds):
            with captured() as statements:
                self.open()
            readings.append(renamed(statements) + counters(statements, COUNT_NEXT, self.others))
        self.reads = iter(readings)


class _Next:
    number = 0


def next_batch(make: Maker, size: int) -> list[dict[str, Any]]:
    """Return a batch of people whom nobody has seen yet."""
    _Next.number += size
    return make(size, _Next.number)


ACTOR = Actor(kind="client", id=b"bench-client-000", name="bench", actions=("*",), purposes=("*",))


def renamed(statements: list[Statement]) -> list[Statement]:
    """Return the same statements about other people: ids keep their order, tags stay as random as they were."""
    return [(where, sql, [tuple(map(shifted, row)) for row in rows]) for where, sql, rows in statements]


def shifted(value: Any) -> Any:
    """Return another id of 16 bytes or tag of 8 bytes; anything else as it is."""
    if not isinstance(value, bytes) or len(value) not in {8, 16}:
        return value
    return ((int.from_bytes(value[:6], "big") + (1 << 40)) % (1 << 48)).to_bytes(6, "big") + value[6:]


def compare(bench: Bench, lanes: dict[str, Lane]) -> dict[str, tuple[float, float, float, float]]:
    """Return CPU seconds per record by lane: vault sealing, floor sealing, vault opening, floor opening.

    All lanes take turns on stores of the same size, so that they can be compared with each other.
    """
    for lane in lanes.values():
        lane.prepare(bench.rounds + 1)
    floors = {name: Floor(name) for name in lanes}  # begin with as many rows as the vault has now
    turns: dict[str, Callable[[], object]] = {}
    for name, lane in lanes.items():
        turns[name] = lambda lane=lane: lane.seal(next(lane.batches))
        turns[name + " floor"] = lambda lane=lane, floor=floors[name]: floor.write(*next(lane.writes))
    sealing = bench.compare(turns, n=1)
    for name, lane in lanes.items():
        lane.prepare_reading(bench.rounds + 1)
        turns[name] = lane.open
        turns[name + " floor"] = lambda lane=lane, floor=floors[name]: floor.read(lane.others, next(lane.reads))
    opening = bench.compare(turns, n=1)
    return {
        name: tuple(one[key].best / lane.size for one in (sealing, opening) for key in (name, name + " floor"))
        for name, lane in lanes.items()
    }  # type: ignore[return-value]


def alone() -> AbstractContextManager[None]:
    """Wire the gate so that only the vault works."""
    return gate.wired(AllowAll(), WriteNothing())


def rows_of(bench: Bench, name: str, taken: tuple[float, float, float, float], goals: tuple[str, str]) -> None:
    """Add the lines of one lane."""
    for verb, ours, floor, goal in (("seal", *taken[:2], goals[0]), ("open", *taken[2:], goals[1])):
        bench.row(f"{verb} {name}: ratio to floor", floor / ours, "ratio", goal)
        bench.row(f"{verb} {name}: CPU (floor {floor * 1e6:.1f})", ours * 1e6, "µs/record")
        bench.row(f"{verb} {name}: rate per core", 1 / ours, "records/s")


def main() -> int:
    """Measure and print."""
    for alias in FILES:
        call_command("migrate", database=alias, verbosity=0, interactive=False)
    vault_keys.init()
    wiring.wire()
    bench = Bench("vault", rounds=ROUNDS)
    activate(TEN)
    ten = compare(bench, {"whole": Lane(ten_fields, BATCH, nullcontext), "alone": Lane(ten_fields, BATCH, alone)})
    activate(WIDE)
    broad = compare(bench, {"whole": Lane(wide_fields, WIDE_BATCH, nullcontext)})
    rows_of(bench, "10 fields, whole", ten["whole"], (">= 0.5", ">= 0.6"))
    rows_of(bench, "10 fields, vault alone", ten["alone"], (">= 0.5", ">= 0.6"))
    rows_of(bench, "120 fields, whole", broad["whole"], ("", ""))
    for verb, at in (("seal", 0), ("open", 2)):
        share = 100 * (ten["whole"][at] - ten["alone"][at]) / ten["whole"][at]
        bench.row(f"{verb}: share of policy and ledger", share, "%", "<= 25")
    bench.finish()
    return 0


if __name__ == "__main__":
    sys.exit(main())
