"""What the demonstration does. Everything in it passes the gate like anybody's work and stands in the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from keepfold import gate
from keepfold.consent import actions as consent
from keepfold.demo import store
from keepfold.demo.types import Loaded, Mark, Newcomer
from keepfold.gate import Actor, action
from keepfold.vault import actions as vault
from keepfold.vault import queries as living

_REASON = "demonstration reset"


def _newcomers(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"people": len(arguments["newcomers"]), "seed": arguments["mark"].seed}


def _people(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"people": len(arguments["people"])}


@action("demo.people.load", details=_newcomers)
def load_people(*, actor: Actor, newcomers: Sequence[Newcomer], mark: Mark, purpose: str, channel: str) -> Loaded:
    """Seal made-up people, record what they said to `purpose`, note who they are and move the mark, all or nothing."""
    outcomes = vault.seal_many(actor=actor, records=[one.values for one in newcomers], on_conflict="skip")
    sealed = [(o.id, one) for o, one in zip(outcomes, newcomers, strict=True) if o.id and o.state == "sealed"]
    store.add_people([(person, one.number) for person, one in sealed])
    agreed = [person for person, one in sealed if one.agreed]
    left = [person for person, one in sealed if one.agreed and one.left]
    for person in agreed:
        given = consent.grant_consent(actor=actor, customer=person, purpose=purpose, channel=channel)
        if given.status == "pending":
            consent.confirm_consent(actor=actor, customer=person, purpose=purpose)
    for person in left:
        consent.withdraw_consent(actor=actor, customer=person, purpose=purpose, channel="portal")
    store.put_mark(msgspec.structs.replace(mark, loaded=mark.loaded + len(newcomers)))
    gate.current().note(sealed=len(sealed), consents=len(agreed), withdrawals=len(left))
    return Loaded(people=len(sealed), consents=len(agreed), withdrawals=len(left))


@action("demo.people.remove", details=_people)
def remove_people(*, actor: Actor, people: Sequence[bytes]) -> int:
    """Erase made-up people and take them off the list; return how many were still there. Others are left alone."""
    listed = set(store.people())
    gone = 0
    for person in people:
        if person in listed and living.is_living(person):
            vault.erase(actor=actor, person=person, reason=_REASON)
            gone += 1
    store.remove_people(people)
    return gone
