"""What the policy room hands out: the compiled schema, the facts it asks for, questions, findings and differences.

All of it is immutable and free of Django. Times are whole seconds since the epoch, UTC; their names end in `_s`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from keepfold.gate.types import Actor, Treatment

ConsentStatus = Literal["granted", "withdrawn", "objected", "opted_out"]
Severity = Literal["error", "warning"]
Effect = Literal["wider", "narrower", "neutral"]
Direction = Literal["allows", "refuses", "no effect"]
Labels = Mapping[str, str]

DATA_TYPES = (
    "text",
    "name",
    "email",
    "phone",
    "date",
    "number",
    "boolean",
    "country",
    "postcode",
    "card",
    "iban",
    "list",
    "structure",
)
MASKS = ("last4", "email", "initials", "year", "hidden", "none")


class IndexSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One blind index of a data item.

    `normalisation` names the way values are brought into one form before they are hashed, with its version; it is
    part of what the index is. `unique` means that two people cannot share a value.
    """

    name: str
    number: int
    form: str
    normalisation: str
    unique: bool = False


class PartSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a structure, or the only part of a plain list (then `name` is empty)."""

    name: str
    type: str
    max_length: int


class FieldSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One data item of the policy.

    `number` and `compartment_number` come from the registry and are never reused. `max_length` counts characters of
    the value as text (of every part of a list or structure). `check` says how strictly a phone number is judged.
    `required_for` names the purposes that cannot do without the item. `parts` is filled for the types `list` and
    `structure` only; `max_items` for `list` only.
    """

    name: str
    number: int
    type: str
    label: Labels
    compartment: str
    compartment_number: int
    isolate: bool = False
    identity: bool = False
    index: tuple[IndexSpec, ...] = ()
    mask: str = "hidden"
    max_length: int = 1000
    check: Literal["plan", "shape"] = "plan"
    parts: tuple[PartSpec, ...] = ()
    max_items: int = 0
    special: str | None = None
    export: Literal["full", "describe_only"] = "full"
    source: str = "subject"
    may_name_others: bool = False
    dpv: str | None = None
    fides: str | None = None
    ccpa: str | None = None
    required_for: tuple[str, ...] = ()


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """How one purpose needs one data item. `roles` overrides `treatment` for actors who hold that role."""

    required: bool
    treatment: Treatment = "clear"
    roles: Mapping[str, Treatment] = {}


class ConsentSpec(msgspec.Struct, frozen=True, kw_only=True):
    """How consent for a purpose is asked. `expires` is an ISO 8601 period or None; it counts from the grant."""

    kind: Literal["opt_in", "explicit"]
    double_opt_in: bool = False
    expires: str | None = None
    ask_in: tuple[str, ...] = ()
    proof: tuple[str, ...] = ()


class OptOutSpec(msgspec.Struct, frozen=True, kw_only=True):
    """How people opt out of a purpose. `gpc` means that the Global Privacy Control signal closes it at once."""

    gpc: bool = False
    one_click: bool = False
    link: Labels = {}
    within: str | None = None
    ask_again_after: str | None = None


class RetentionSpec(msgspec.Struct, frozen=True, kw_only=True):
    """How long a purpose may use its data: `keep` (ISO 8601) after the moment named in `since`, then `then`."""

    keep: str
    since: str
    then: Literal["erase", "pseudonymise", "anonymise"]
    overrides_erasure: str | None = None
    keep_suppression: bool = False


class PurposeSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One purpose of the policy. `basis` maps each active regime to the ground that the file gives for it."""

    name: str
    number: int
    label: Labels
    fields: Mapping[str, Need]
    basis: Mapping[str, str]
    retention: RetentionSpec
    consent: ConsentSpec | None = None
    opt_out: OptOutSpec | None = None
    may_object: bool = False
    subjects: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    profiling: bool = False
    automated_decision: bool = False


class Schema(msgspec.Struct, frozen=True, kw_only=True):
    """The intake schema of one policy version: what may be stored, where it lies, and for what.

    `hash` is the SHA-256 of the canonical form, `version` the same in hexadecimal.
    """

    version: str
    hash: bytes
    fields: Mapping[str, FieldSpec]
    purposes: Mapping[str, PurposeSpec]
    compartments: Mapping[str, int]
    languages: tuple[str, ...] = ("en",)

    @property
    def identity(self) -> tuple[str, ...]:
        """Return the names of the data items that identify a person, in the order of the file."""
        return tuple(name for name, spec in self.fields.items() if spec.identity)

    def line_to_add(self, name: str) -> str:
        """Return the line that the policy would need to accept an undeclared data item."""
        return f"data: {{{name}: {{label: …, type: text, source: subject}}}} and {name} in the data of a purpose"


class ConsentFact(msgspec.Struct, frozen=True, kw_only=True):
    """The last thing a person said about one purpose. `expires_s` is None when it does not expire.

    `altered` means that what is stored is not what was recorded: the purpose is refused, whatever it rests on.
    """

    status: ConsentStatus
    at_s: int
    expires_s: int | None = None
    altered: bool = False


class PersonFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision may know of a person: never a value, only states and moments.

    `moments` maps names such as `order.closed` to the time at which that happened last.
    """

    consents: Mapping[str, ConsentFact] = {}
    restricted: bool = False
    frozen: bool = False
    erased: bool = False
    moments: Mapping[str, int] = {}


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One question to `decide`: who does what, for which purpose, with which fields, about whom, when.

    No `fields` means every field of the purpose. `person` is None when nobody in particular is concerned.
    `uses_data` is True when values may leave (then consent, objections and retention count) and False when the
    purpose is only named (then it must exist and be granted). `gpc` is the Global Privacy Control signal.
    """

    actor: Actor
    action: str
    now_s: int
    purpose: str | None = None
    fields: tuple[str, ...] = ()
    person: PersonFacts | None = None
    uses_data: bool = True
    needs_purpose: bool = False
    gpc: bool = False


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that was looked at: what it says here, from which fact, and what would change it."""

    rule: str
    effect: Direction
    because: str
    change: str = ""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with every rule that was looked at, the decisive ones first among those that refuse."""

    allowed: bool
    rules: tuple[str, ...]
    reason: str
    steps: tuple[Step, ...]
    fields: Mapping[str, Treatment] = {}
    version: str = ""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a file; `line` and `column` count from 1, 0 when there is none."""

    path: str
    line: int = 0
    column: int = 0


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a check found: the check's name, a sentence, the place, and what to write instead."""

    check: str
    severity: Severity
    message: str
    place: Place
    hint: str = ""
    length: int = 1


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What checking a policy gave. `version` is the hash in hexadecimal, None while there are errors."""

    name: str
    findings: tuple[Finding, ...]
    version: str | None = None

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Return the findings that forbid the policy."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Return the findings that a careful author would mend."""
        return tuple(finding for finding in self.findings if finding.severity == "warning")

    @property
    def ok(self) -> bool:
        """Say whether the policy may be activated."""
        return not self.errors


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One difference between two policies. `kind` is a word of the `material_when` vocabulary, or `….narrowed` etc."""

    kind: str
    effect: Effect
    material: bool
    path: str
    sentence: str
    purposes: tuple[str, ...] = ()


class ExampleResult(msgspec.Struct, frozen=True, kw_only=True):
    """How one example of a policy came out."""

    say: str
    passed: bool
    expected: str
    got: str
    place: Place


class VersionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One stored version: who submitted it and when, how many approvals it has, whether it is active."""

    version: str
    policy_id: str
    submitted_at_us: int
    submitted_by: bytes
    effective_from: str
    approvals: int
    active: bool


DraftState = Literal["drafting", "review", "approved", "active", "discarded"]
DraftKind = Literal[
    "started", "sent", "approved", "returned", "reopened", "told", "agreed", "activated", "discarded"
]  # fmt: skip


class DraftEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to a draft. `person` is 16 bytes; `day` (ISO) is filled for `told` only."""

    kind: DraftKind
    person: bytes
    at_us: int
    revision: int
    version: str = ""
    comment: str = ""
    day: str = ""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A policy in the making. `base` is the version it began from, `revision` the number of its newest text.

    `genuine` is False when somebody wrote to its rows past Keepfold: nothing more can be done with it then, other than
    discarding it. `authors` are all who wrote any of its texts; none of them may approve it.
    """

    id: bytes
    title: str
    base: str
    state: DraftState
    revision: int
    version: str
    created_by: bytes
    created_us: int
    changed_us: int
    authors: frozenset[bytes]
    events: tuple[DraftEvent, ...] = ()
    genuine: bool = True

    def last(self, *kinds: DraftKind) -> DraftEvent | None:
        """Return the newest event of these kinds, or None."""
        return next((event for event in reversed(self.events) if event.kind in kinds), None)


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """One text of a draft: who wrote it when, and how: in the form, as text, by merging, by undoing.

    `before` is the revision whose text it changed (0 for none), `part` the path that a form changed.
    """

    number: int
    before: int
    text: str
    author: bytes
    at_us: int
    how: str
    part: str = ""


class InForce(msgspec.Struct, frozen=True, kw_only=True):
    """One time that a version came into force, by whose yes (ids of 16 bytes); `until_us` is None while it is."""

    version: str
    previous: str
    at_us: int
    until_us: int | None
    people: tuple[bytes, ...]
    genuine: bool = True


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """How many people a policy reaches: who is held, and who agreed to each purpose. None where nobody knows."""

    held: int | None = None
    agreed: Mapping[str, int] | None = None
