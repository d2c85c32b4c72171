"""Hands each room what it needs of the others. The one place that knows them all, and that touches the vault's keys.

* gate gets its decider (policy) and its recorder (ledger),
* policy gets the facts about a person that a decision may know (consent), and whether anybody is held (vault),
* ledger gets its keys (vault), and what purposes are called (policy),
* consent gets who is there (vault),
* policy gets which person an actor stands for (people), and how many people it reaches (vault, consent),
* people get the purposes that roles and clients may be given (policy),
* rows that grant something get the keys of their marks (vault), and people the key of its secrets,
* things that wait sealed outside of the vault, such as uploads, get theirs (vault).
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence

from keepfold import gate
from keepfold.consent import queries as consent
from keepfold.kernel import clock, config, rowmac, sealed
from keepfold.kernel.errors import Unavailable
from keepfold.ledger import keyring, names, tree
from keepfold.ledger import queries as ledger
from keepfold.ledger.recorder import LedgerRecorder
from keepfold.people import actions as people_actions
from keepfold.people import queries as people
from keepfold.people import sealing
from keepfold.people.signin import distrust as signin
from keepfold.people.signin import place
from keepfold.policy import actions as policy_actions
from keepfold.policy import queries as policy
from keepfold.policy.decider import PolicyDecider
from keepfold.policy.types import PersonFacts
from keepfold.site.types import Ledger, Policy
from keepfold.vault import actions as vault_actions
from keepfold.vault import keys as vault_keys
from keepfold.vault import queries as vault

# The worker beats far more often; a minute of silence means that entries wait and that somebody should look.
_LATE_US = 60_000_000
# Until the shop has a policy of its own, the demonstration's lets it try everything.
DEMONSTRATION = "shop"


def wire() -> None:
    """Connect the rooms. Until this ran, the gate refuses everything."""
    gate.wire(decider=PolicyDecider(facts_of, facts_of_many), recorder=LedgerRecorder())
    keyring.wire(keys=vault_keys.LedgerKeys())
    names.wire(purposes=policy.purpose_labels)
    rowmac.wire(keys=vault_keys.RowKeys())
    sealed.wire(keys=vault_keys.FileKeys())
    sealing.wire(keys=vault_keys.RowKeys())
    policy.wire_people(person_of=people.person_behind)
    policy.wire_facts(facts_of=facts_of, is_living=vault.is_living)
    place.wire(business=_business)
    people.wire_purposes(purposes=purposes)
    consent.wire(persons=vault.is_living, count=vault.count_people)
    policy.wire_values(holds_people=vault.holds_people, prepare=vault.prepare_indexes)
    policy.wire_counts(held=vault.count_people, agreed=agreed)
    vault_keys.harden()


def _business() -> str:
    try:
        return policy.active().policy.controller.name
    except Unavailable:
        return ""


def facts_of(person: bytes, _purpose: str | None = None) -> PersonFacts:
    """Return what a decision may know of one person. Read at every decision, never cached."""
    return PersonFacts(consents=consent.facts_of(person))


def agreed() -> dict[str, int]:
    """Return how many people agreed to each purpose of the policy in force: running counts."""
    return {purpose: standing.granted for purpose, standing in consent.standings().items()}


def facts_of_many(persons: Sequence[bytes], purpose: str) -> dict[bytes, PersonFacts]:
    """Return the same for a batch; those of whom nothing is known are left out."""
    found = consent.facts_of_many(persons, purpose)
    return {person: PersonFacts(consents=consents) for person, consents in found.items()}


def purposes() -> dict[str, Mapping[str, str]]:
    """Return the labels of the purposes of the policy in force, by name; none while there is none."""
    try:
        found = policy.schema().purposes
    except Unavailable:
        return {}
    return {name: purpose.label for name, purpose in found.items()}


def open_keys() -> None:
    """Raise `KeysUnavailable` unless the root key opens the key store."""
    vault.ready()


def finish_erasures() -> None:
    """Destroy the keys of erasures that a crash interrupted, and erase again who came back with an old data store."""
    if vault.erasures_pending():
        vault_actions.reconcile(actor=people.operator())


def altered_rows() -> dict[str, int]:
    """Return how many rows that grant something are not as this installation wrote them, by table. Looks at all."""
    return people.altered() | signin.altered() | consent.altered() | policy.altered()


def init_keys() -> bool:
    """Make the keys of a new installation; say whether they were made now."""
    return vault_keys.init()


def bootstrap_owner(email: str, name: str) -> str | None:
    """Make the first owner and return the first token; None when there is an owner already."""
    if people.has_owner():
        return None
    made = people_actions.bootstrap_owner(actor=people.operator(), email=email, name=name)
    return made.issued.token


def require_fresh_ledger() -> None:
    """Raise `Unavailable` when the sequencer was not heard of lately, or has halted."""
    status = ledger.status()
    if status.halted:
        raise Unavailable("The sequencer has halted.", code="ledger.halted", next_step="keepfold ledger verify")
    if clock.now_us() - status.beat_at_us > _late_us():
        raise Unavailable("The sequencer was not heard of lately.", code="ledger.late", next_step="keepfold status")


def verify_tail() -> None:
    """Raise when the ledger's newest entry is not in the tree that the log's state names. Quick at any size.

    `keepfold ledger verify` checks every row; this notices a log that was cut off or whose state was put back.
    """
    status = ledger.status()
    if not status.size:
        return
    proof = ledger.inclusion(status.size - 1, status.size)
    tree.verify_inclusion(proof.leaf, proof.index, proof.size, proof.hashes, status.root)


def ensure_policy() -> str | None:
    """Return the name of the active policy; where none was ever submitted, put the demonstration's in force."""
    if not policy.versions(1):
        activate_template(DEMONSTRATION if DEMONSTRATION in policy.templates() else policy.templates()[0])
    return active_policy_name()


def activate_template(name: str) -> None:
    """Submit and activate one of the policies that come with Keepfold, as the operator."""
    operator = people.operator()
    version = policy_actions.submit_version(actor=operator, source=policy.template(name), name=name)
    policy_actions.activate(actor=operator, version=version.version)


def active_policy_name() -> str | None:
    """Return the name of the active policy, or None."""
    found = active_policy()
    return found.name if found else None


def _late_us() -> int:
    return max(_LATE_US, 3_000_000 * config.current().checkpoint_seconds)


def active_policy() -> Policy | None:
    """Return the active policy for the status page, or None."""
    try:
        active = policy.active()
    except Unavailable:
        return None
    return Policy(active.policy_id, active.version, len(active.schema.purposes), len(active.schema.fields))


def ledger_state() -> Ledger:
    """Return where the ledger stands, for the status page."""
    status = ledger.status()
    root = _root_of(ledger.checkpoint()) if status.checkpoint_size else ""
    return Ledger(status.size + status.pending, status.checkpoint_size, root)


def _root_of(checkpoint: str) -> str:
    # The third line of a checkpoint is its root hash in base64 (C2SP tlog-checkpoint).
    return b64decode(checkpoint.split("\n")[2]).hex()


def count_customers() -> int:
    """Return how many people are in the vault."""
    return vault.status().people
