"""Bulk sealing and opening, per core, beside a floor in the same run.

The floor does what no vault could leave out: the same frames and the same key wraps by bare AES-256-GCM, and the very
same rows by bare `sqlite3.executemany` and `SELECT … IN`, into files with the same tables and pragmas. It does not
normalise, index, decide or explain anything. "Same rows" are captured from the vault's own statements, so they count
the ledger's rows when the gate is wired to the ledger. Ratio = CPU of the floor ÷ CPU of the vault.

`alone` is the vault behind a gate that allows everything and writes nothing down; `whole` has policy and ledger.
"""

from __future__ import annotations

import os
import random
import sqlite3
import struct
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench.common import Bench

HOME = Path(tempfile.mkdtemp(prefix="keepfold-bench-"))
os.environ["KEEPFOLD_HOME"] = str(HOME / "vault")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "keepfold.site.settings")
(HOME / "vault").mkdir(mode=0o700)
(HOME / "floor").mkdir(mode=0o700)

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

HEAD = """
policy: 1
id: bench
effective_from: 2024-01-01
languages: {default: en}
regimes: [gdpr]
controller: {name: Bench, address: Street 1, country: DE, contact: a@example.com, dpo: {name: D, contact: d@example.com}, authority: DE-BE}
subjects: {customer: {label: Customers, dpv: dpv:Customer, fides: customer, minimum_age: 16}}
storage: [{place: vault, country: DE}]
notice:
  material_when: [purpose.added, data.added]
  on_material: {notify: [email], before: P30D}
  on_minor: {notify: [portal]}
"""
PURPOSE = """
purposes:
  order:
    label: Deliver
    dpv: dpv:DeliveryOfGoods
    fides: essential.service
    data: {%s}
    basis: {gdpr: 6.1.b}
    retention: {keep: P10Y, from: order.closed, then: erase}
"""
TEN = """
data:
  email: {label: E, type: email, compartment: contact, identity: true, index: exact, dpv: pd:EmailAddress, fides: user.contact.email, source: subject}
  phone: {label: P, type: phone, compartment: contact, index: exact, dpv: pd:TelephoneNumber, fides: user.contact.phone_number, source: subject}
  first_name: {label: F, type: name, compartment: contact, dpv: pd:Name, fides: user.name.first, source: subject}
  last_name: {label: L, type: name, compartment: contact, dpv: pd:Name, fides: user.name.last, source: subject}
  born: {label: B, type: date, compartment: contact, dpv: pd:BirthDate, fides: user.demographic.date_of_birth, source: subject}
  street: {label: S, type: text, compartment: contact, dpv: pd:PhysicalAddress, fides: user.contact.address.street, source: subject, may_name_others: true}
  city: {label: C, type: text, compartment: contact, dpv: pd:City, fides: user.contact.address.city, source: subject}
  postcode: {label: Z, type: postcode, compartment: contact, dpv: pd:PostalCode, fides: user.contact.address.postal_code, source: subject}
  country: {label: K, type: country, compartment: contact, dpv: pd:Country, fides: user.contact.address.country, source: subject}
  iban: {label: I, type: iban, compartment: payment, isolate: true, dpv: pd:BankAccount, fides: user.financial.bank_account, source: subject}
"""
FIRST, LAST = ["Ana", "Ben", "Carl", "Dora", "José", "Zoë", "李"], ["Quast", "García", "Nguyễn", "Smith", "Müller"]


def wide() -> str:
    """Return a policy of 120 fields in one compartment with one index."""
    field = "{label: X, type: text, compartment: profile, dpv: pd:Name, fides: user.name, source: subject}"
    email = "{label: E, type: email, compartment: profile, identity: true, index: exact, dpv: pd:EmailAddress, fides: user.contact.email, source: subject}"
    return "\ndata:\n" + f"  email: {email}\n" + "".join(f"  x{number}: {field}\n" for number in range(119))


def activate(data: str, names: list[str]) -> None:
    """Make a policy with these data items the active one."""
    source = HEAD + data + PURPOSE % ", ".join(f"{name}: required" for name in names)
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
        fields = {} if context.purpose is None else dict.fromkeys(policy.schema().purposes[context.purpose].fields, "clear")
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
                found.append((alias, sql.replace("%s", "?"), [tuple(row) for row in parameters] if many else [tuple(parameters or ())]))
            return execute(sql, parameters, many, context)

        return wrapper

    with connections["default"].execute_wrapper(keep("default")), connections["keys"].execute_wrapper(keep("keys")):
        yield found


class Floor:
    """Bare AES-GCM and bare SQLite on files of its own."""

    def __init__(self) -> None:
        self.stores: dict[str, sqlite3.Connection] = {}
        for alias, name in FILES.items():
            source = connections[alias].connection
            copy = sqlite3.connect(HOME / "floor" / name, isolation_level=None)
            source.backup(copy)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF"):
                copy.execute(f"PRAGMA {pragma}")
            self.stores[alias] = copy
        self.stores["keys"].execute("PRAGMA secure_delete=ON")
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

    def _seal(self, rows: list[tuple[Any, ...]], secret: dict[Any, bytes], shapes: dict[Any, Any]) -> list[tuple[Any, ...]]:
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
        data, keys, opened = self.stores["default"], self.stores["keys"], []
        for start in range(0, len(persons), CHUNK):
            chunk = persons[start : start + CHUNK]
            marks = ",".join("?" * len(chunk))
            wrapped = {(p, c): w for p, c, w in keys.execute(f"SELECT person, compartment, wrapped FROM vault_person_key WHERE person IN ({marks})", chunk)}  # noqa: S608
            for person, compartment, record in data.execute(f"SELECT person, compartment, sealed FROM vault_record WHERE person IN ({marks})", chunk):  # noqa: S608
                key = wrapped[person, compartment]
                unseal, at = AESGCM(self.kek.decrypt(key[5:17], key[17:], AAD_KEY)).decrypt, 0
                while at < len(record):
                    _, length = UNSEGMENT(record, at)
                    frame = record[at + 8 : at + 8 + length]
                    at += 8 + length
                    opened.append(unseal(frame[2:14], frame[14:], AAD_FRAME))
        data.execute("BEGIN IMMEDIATE")
        for where, sql, rows in statements:
            if where == "default":
                data.executemany(sql, rows)
        data.execute("COMMIT")
        return opened


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


class Side:
    """One comparison: the vault with one wiring and one kind of record, beside the floor."""

    def __init__(self, make: Callable[[int, int], list[dict[str, Any]]], size: int) -> None:
        self.make, self.size, self.next = make, size, 0
        self.persons: list[bytes] = []

    def records(self) -> list[dict[str, Any]]:
        """Return a batch of new people."""
        self.next += self.size
        return self.make(self.size, self.next)

    def seal(self, records: list[dict[str, Any]]) -> None:
        """Seal one batch through the gate."""
        outcomes = actions.seal_many(actor=ACTOR, records=records)
        assert all(outcome.state == "sealed" for outcome in outcomes)
        self.persons = [outcome.id for outcome in outcomes if outcome.id]

    def open(self, persons: list[bytes]) -> None:
        """Open one batch through the gate."""
        opened = actions.open_many(actor=ACTOR, persons=persons, purpose="order")
        assert all(one is not None and len(one.values) >= 10 for one in opened)


ACTOR = Actor(kind="client", id=b"bench-client-000", name="bench", actions=("*",), purposes=("*",))


def compare(bench: Bench, side: Side) -> tuple[float, float, float, float]:
    """Return CPU seconds per record: vault sealing, floor sealing, vault opening, floor opening."""
    prepared = []
    for _ in range(bench.rounds + 1):
        with captured() as statements:
            side.seal(side.records())
        prepared.append((statements, shapes_of(statements), side.persons))
    floor = Floor_for(prepared[0][0])
    writes, batches = iter(prepared), iter([side.records() for _ in range(bench.rounds + 1)])
    sealing = bench.compare({"vault": lambda: side.seal(next(batches)), "floor": lambda: floor.write(*next(writes)[:2])}, n=1)
    persons = side.persons
    readings = []
    for _ in range(bench.rounds + 1):
        with captured() as statements:
            side.open(persons)
        readings.append(statements)
    reads, copies = iter(readings), prepared[0][2]
    opening = bench.compare({"vault": lambda: side.open(persons), "floor": lambda: floor.read(copies, next(reads))}, n=1)
    each = (sealing["vault"], sealing["floor"], opening["vault"], opening["floor"])
    return tuple(timing.best / side.size for timing in each)  # type: ignore[return-value]


def Floor_for(_statements: list[Statement]) -> Floor:  # noqa: N802
    """Return a floor whose files hold none of the captured rows."""
    for name in FILES.values():
        for suffix in ("", "-wal", "-shm"):
            (HOME / "floor" / f"{name}{suffix}").unlink(missing_ok=True)
    floor = Floor()
    for alias, store in floor.stores.items():
        tables = [row[0] for row in store.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND (name LIKE 'vault_%' OR name LIKE 'ledger_%' OR name LIKE 'kernel_event%')")]
        for table in tables:
            store.execute(f"DELETE FROM {table}")  # noqa: S608
        assert alias in FILES
    return floor


def main() -> int:
    """Measure and print."""
    for alias in FILES:
        call_command("migrate", database=alias, verbosity=0, interactive=False)
    vault_keys.init()
    wiring.wire()
    bench = Bench("vault", rounds=ROUNDS)
    activate(TEN, [line.split(":")[0].strip() for line in TEN.strip().splitlines()[1:]])
    ten = Side(ten_fields, BATCH)
    with gate.wired(AllowAll(), WriteNothing()):
        alone = compare(bench, ten)
    whole = compare(bench, ten)
    activate(wide(), ["email", *(f"x{number}" for number in range(119))])
    broad = compare(bench, Side(wide_fields, WIDE_BATCH))
    for name, (seal, seal_floor, opened, open_floor), goals in (
        ("10 fields, whole", whole, (">= 0.5", ">= 0.6")),
        ("10 fields, alone", alone, (">= 0.5", ">= 0.6")),
        ("120 fields, whole", broad, ("", "")),
    ):
        bench.row(f"seal {name}: ratio to floor", seal_floor / seal, "ratio", goals[0])
        bench.row(f"open {name}: ratio to floor", open_floor / opened, "ratio", goals[1])
        bench.row(f"seal {name}", 1 / seal, "records/s", "")
        bench.row(f"open {name}", 1 / opened, "records/s", "")
        bench.row(f"seal {name}: CPU (floor {seal_floor * 1e6:.1f})", seal * 1e6, "µs/record")
        bench.row(f"open {name}: CPU (floor {open_floor * 1e6:.1f})", opened * 1e6, "µs/record")
    bench.row("seal: share of policy and ledger", 100 * (whole[0] - alone[0]) / whole[0], "%", "<= 25")
    bench.row("open: share of policy and ledger", 100 * (whole[2] - alone[2]) / whole[2], "%", "<= 25")
    bench.finish()
    return 0


if __name__ == "__main__":
    sys.exit(main())
