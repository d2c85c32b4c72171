"""A vault of one's own: two stores, keys, a small schema, and a gate that allows what the schema's purposes list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from keepfold import gate
from keepfold.gate.types import Actor, Context, Decision, Entry
from keepfold.policy.types import FieldSpec, IndexSpec, Need, PartSpec, PurposeSpec, RetentionSpec, Schema
from keepfold.vault import keys

ANA = Actor(kind="staff", id=b"ana" + bytes(13), name="Ana", actions=("*",), purposes=("*",))
CARL = {
    "email": "carl.customer@example.com",
    "phone": "+49 (711) 284 2222",
    "first_name": "Carl",
    "last_name": "Quastenflosser",
    "born": "1999-12-31",
    "street": "Hauptstraße 1",
    "city": "Stuttgart",
    "postcode": "70174",
    "country": "Germany",
    "iban": "DE89 3704 0044 0532 0130 00",
}


def spec(name: str, number: int, kind: str, compartment: int, **more: object) -> FieldSpec:
    names = {1: "contact", 2: "payment", 3: "health"}
    return FieldSpec(
        name=name,
        number=number,
        type=kind,
        label={"en": name},
        compartment=names[compartment],
        compartment_number=compartment,
        **more,
    )


def exact(number: int, *, unique: bool = False) -> tuple[IndexSpec, ...]:
    return (IndexSpec(name="exact", number=number, form="exact", normalisation="v1", unique=unique),)


FIELDS = (
    spec("email", 1, "email", 1, identity=True, index=exact(1, unique=True), mask="email"),
    spec("phone", 2, "phone", 1, index=exact(2), mask="last4"),
    spec("first_name", 3, "name", 1, mask="initials"),
    spec("last_name", 4, "name", 1, index=exact(3), mask="initials"),
    spec("born", 5, "date", 1, mask="year"),
    spec("street", 6, "name", 1),
    spec("city", 7, "name", 1),
    spec("postcode", 8, "postcode", 1),
    spec("country", 9, "country", 1, mask="none"),
    spec("iban", 10, "iban", 2, isolate=True, mask="last4"),
    spec("card", 11, "card", 2, isolate=True, mask="last4"),
    spec("vat", 12, "text", 2, index=exact(4, unique=True)),
    spec(
        "allergies", 13, "list", 3, isolate=True, parts=(PartSpec(name="", type="text", max_length=50),), max_items=20
    ),
    spec("points", 14, "number", 1),
    spec("wants_mail", 15, "boolean", 1),
    spec("note", 16, "text", 1, max_length=500),
)
ALL = {one.name: Need(required=False) for one in FIELDS}


def purpose(name: str, number: int, fields: dict[str, Need]) -> PurposeSpec:
    return PurposeSpec(
        name=name,
        number=number,
        label={"en": name},
        fields=fields,
        basis={"gdpr": "6.1.b"},
        retention=RetentionSpec(keep="P1Y", since="sealed", then="erase"),
    )


SCHEMA = Schema(
    version="11" * 32,
    hash=b"\x11" * 32,
    fields={one.name: one for one in FIELDS},
    purposes={
        "all": purpose("all", 1, ALL),
        "support": purpose("support", 2, {name: Need(required=False, treatment="masked") for name in ALL}),
        "newsletter": purpose("newsletter", 3, {"email": Need(required=True)}),
    },
    compartments={"contact": 1, "payment": 2, "health": 3},
)


class ListedOnly:
    """Allows every action, and of a purpose exactly the fields that the schema lists."""

    def decide(self, context: Context) -> Decision:
        if context.purpose is None:
            return Decision(allowed=True, rules=("test.grant",), policy_hash=SCHEMA.hash)
        listed = SCHEMA.purposes[context.purpose].fields
        if unlisted := [name for name in context.fields if name not in listed]:
            return Decision(allowed=False, rules=("purpose.field-not-listed",), reason=f"{unlisted} is not listed.")
        fields = {name: listed[name].treatment for name in context.fields or listed}
        return Decision(allowed=True, rules=("test.purpose",), fields=fields, policy_hash=SCHEMA.hash)


class Notebook:
    """Keeps the entries, and asks for the ledger keys as the ledger does; refuses when told to."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.keys: list[bytes | None] = []
        self.refuses = False

    def lock(self, subjects: object) -> None:
        pass

    def append(self, entry: Entry) -> None:
        if self.refuses:
            raise OSError("no space")
        self.keys = keys.LedgerKeys().subject_keys(entry.subjects)
        self.entries.append(entry)


@dataclass
class Vault:
    """Where the vault of this test lives, and its notebook of entries."""

    home: Path
    notebook: Notebook = field(default_factory=Notebook)


@pytest.fixture
def vault(stores: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vault]:
    monkeypatch.setattr("keepfold.policy.queries.schema", lambda: SCHEMA)
    keys.forget()
    keys.init()
    here = Vault(stores)
    with gate.wired(ListedOnly(), here.notebook):
        yield here
    keys.forget()
