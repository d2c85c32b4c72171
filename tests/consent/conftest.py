"""The consent room behind an open gate, with a policy made of purposes of every kind."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from keepfold import gate
from keepfold.consent import queries
from keepfold.gate.types import Actor
from keepfold.policy import queries as policy
from keepfold.policy.types import ConsentSpec, OptOutSpec, PurposeSpec, RetentionSpec, Schema
from tests.people.conftest import GrantsOnly, Notebook, forget
from tests.support.rows import marked

CARL = bytes(15) + b"c"
STRANGER = bytes(15) + b"s"
ANA = Actor(kind="client", id=bytes(15) + b"a", actions=("consent.*",), purposes=("*",))
BEN = Actor(kind="staff", id=bytes(15) + b"b", actions=("consent.*",), purposes=("*",))


def purpose(number: int, name: str, **more) -> PurposeSpec:
    return PurposeSpec(
        name=name,
        number=number,
        label={"en": name},
        fields={},
        basis={"gdpr": "6.1.a"},
        retention=RetentionSpec(keep="P30D", since="consent.ended", then="erase"),
        **more,
    )


def schema(*purposes: PurposeSpec, version: bytes = b"\x01" * 32) -> Schema:
    named = {one.name: one for one in purposes}
    return Schema(version=version.hex(), hash=version, fields={}, purposes=named, compartments={})


PURPOSES = (
    purpose(1, "surveys", consent=ConsentSpec(kind="opt_in", expires="P6M", ask_in=("api", "paper"))),
    purpose(
        2,
        "newsletter",
        consent=ConsentSpec(kind="opt_in", double_opt_in=True, expires="P24M", ask_in=("signup_form", "paper")),
    ),
    purpose(3, "allergies", consent=ConsentSpec(kind="explicit", proof=("form_version", "staff_id"))),
    purpose(4, "analysis", may_object=True),
    purpose(5, "partner_ads", opt_out=OptOutSpec(gpc=True)),
    purpose(6, "bookkeeping"),
)


@dataclass
class Room:
    """What a test may look at and turn."""

    notebook: Notebook
    schema: Schema
    known: set[bytes] = field(default_factory=lambda: {CARL})


@pytest.fixture
def room(store, monkeypatch):
    with opened(monkeypatch) as made:
        yield made


@contextmanager
def opened(monkeypatch):
    """Open the room over the stores that are there."""
    made = Room(Notebook(), schema(*PURPOSES))
    monkeypatch.setattr(policy, "schema", lambda: made.schema)
    monkeypatch.setattr(queries._Wiring, "persons", lambda person: person in made.known)
    forget()
    with marked(), gate.wired(GrantsOnly(), made.notebook):
        yield made
    forget()
