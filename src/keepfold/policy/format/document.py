"""The models of the policy file, version 1: every key that it knows, with its meaning.

These are the words of the file itself (privacy-operations: one file that refuses, opens, explains, deletes and
proves). What is made of them for the rest of the system is in `keepfold.policy.types`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import field

from keepfold.policy.format.shapes import Choice, Count, Items, Model, Parsed, Table, Text
from keepfold.policy.format.sugar import IndexWish, Label, NeedWish, PartWish, labels, needs, parts, shows, when, wishes
from keepfold.policy.format.values import Moment, Period, parse_date, parse_moment, parse_period
from keepfold.policy.types import DATA_TYPES, MASKS

Name = Annotated[str, Text("a name of small letters, digits and _", r"[a-z][a-z0-9_]{0,39}")]
Language = Annotated[str, Text("a language code such as en or pt-BR", r"[a-z]{2,3}(?:-[A-Z]{2})?")]
Country = Annotated[str, Text("a country code of two capital letters (ISO 3166-1)", r"[A-Z]{2}")]
Line = Annotated[str, Text("a line of text", r"[^\n\t]*", 300)]
Prose = Annotated[str, Text("a text")]
Labels = Annotated[Label, labels]
Time = Annotated[Period, Parsed(parse_period, "a period such as P90D, P8Y or P15BD")]
Since = Annotated[Moment, Parsed(parse_moment, "a moment such as order.closed or year_end(order.closed)")]
Day = Annotated[Any, Parsed(parse_date, "a date such as 2026-12-01")]

Regime = Literal["gdpr", "uk_gdpr", "ccpa", "hipaa", "glba"]
Article6 = Literal["6.1.a", "6.1.b", "6.1.c", "6.1.d", "6.1.e", "6.1.f"]
Article9 = Literal[
    "9.2.a", "9.2.b", "9.2.c", "9.2.d", "9.2.e", "9.2.f", "9.2.g", "9.2.h", "9.2.i", "9.2.j"
]  # fmt: skip
Special = Literal[
    "health", "genetic", "biometric", "sex_life", "racial_or_ethnic_origin", "political_opinions",
    "religious_beliefs", "trade_union", "criminal",
]  # fmt: skip
CcpaCategory = Literal[
    "identifiers", "customer_records", "protected_class", "commercial", "biometric", "internet", "geolocation",
    "sensory", "professional", "education", "inferences", "sensitive",
]  # fmt: skip
Channel = Literal[
    "signup_form", "account_form", "checkout_form", "banner", "portal", "api", "email", "paper", "store_verbal",
    "phone_verbal",
]  # fmt: skip
Proof = Literal["form_version", "staff_id", "script_version", "recording", "signature", "timestamp"]
ChangeKind = Literal[
    "purpose.added", "purpose.widened", "data.added", "data.widened", "recipient.added", "recipient.widened",
    "basis.changed", "consent.weakened", "opt_out.weakened", "retention.longer", "transfer.added",
    "sale_or_share.added", "profiling.added", "automated_decision.added", "show.clearer", "subjects.widened",
    "storage.moved", "notice.weakened", "regime.removed",
]  # fmt: skip
RequestKind = Literal[
    "access", "erasure", "rectification", "restriction", "portability", "objection", "withdrawal", "ccpa_opt_out",
    "ccpa_limit",
]  # fmt: skip
Notified = Literal["email", "portal", "post", "banner"]
Treatment = Literal["clear", "masked"]


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """A person or office to turn to."""

    name: Annotated[Line, "Who it is."]
    contact: Annotated[Line, "An e-mail address, a telephone number or a page."]


class Controller(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers for the data."""

    name: Annotated[Line, "The business as it is registered."]
    address: Annotated[Line, "Where it can be reached by post."]
    country: Annotated[Country, "Where it is established; recipients beyond its area need a transfer tool."]
    contact: Annotated[Line, "Where people turn with questions about their data."]
    dpo: Annotated[Contact | None, "The data protection officer, when there is one."] = None
    representative: Annotated[Contact | None, "The representative under GDPR Art. 27, when there is one."] = None
    authority: Annotated[Line | None, "The supervisory authority, e.g. DE-BE."] = None


class Languages(msgspec.Struct, frozen=True, kw_only=True):
    """The languages in which people are told."""

    default: Annotated[Language, "The language of every label that is a plain text."]
    also: Annotated[tuple[Language, ...], "Further languages; every label must then exist in each."] = ()


class DataItem(msgspec.Struct, frozen=True, kw_only=True):
    """One type of data that is collected. Whatever is not listed is refused."""

    label: Annotated[Labels, "What people are told it is."]
    type: Annotated[str, Choice(DATA_TYPES), "How values are checked and brought into one form on intake."]
    source: Annotated[
        Literal["subject", "observed", "derived", "inferred", "third_party"], "Where it comes from (GDPR Art. 14)."
    ]
    compartment: Annotated[Name, "The group under one key per person: the unit that can be shredded alone."] = "main"
    isolate: Annotated[bool, "Sealed apart from the rest of its compartment, padded: cards, national ids, health."] = (
        False
    )
    identity: Annotated[bool, "Identifies a person; a person is found again by it."] = False
    index: Annotated[tuple[IndexWish, ...], wishes, "Blind indexes for search: `exact`, and partial forms."] = ()
    mask: Annotated[Literal[MASKS] | None, "How it looks where a purpose shows it masked."] = None  # type: ignore[valid-type]
    max_length: Annotated[int | None, Count(1, 100_000), "The most characters a value may have."] = None
    check: Annotated[
        Literal["plan", "shape"], "How a phone number is checked: by its country's plan, or by E.164's shape alone."
    ] = "plan"
    of: Annotated[dict[str, PartWish], parts, "The parts of a `structure`, or of the items of a `list`."] = {}
    max_items: Annotated[int | None, Count(1, 10_000), "The most items a `list` may have."] = None
    special: Annotated[Special | None, "A special category (GDPR Art. 9) or `criminal` (Art. 10)."] = None
    export: Annotated[Literal["full", "describe_only"], "`describe_only` is said to be held, never shown."] = "full"
    may_name_others: Annotated[bool, "May hold data of other people; they are redacted from exports."] = False
    dpv: Annotated[Line | None, "The category in the Data Privacy Vocabulary, e.g. pd:EmailAddress."] = None
    fides: Annotated[Line | None, "The category in Fideslang, e.g. user.contact.email."] = None
    ccpa: Annotated[CcpaCategory | None, "The category for the notice under the CCPA."] = None
    glba: Annotated[Literal["npi"] | None, "Nonpublic personal information under the GLBA."] = None
    hipaa: Annotated[Literal["phi"] | None, "Protected health information under HIPAA."] = None
    was: Annotated[Name | None, "The former name: data, keys and indexes keep their numbers."] = None


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """One group of people."""

    label: Annotated[Labels | None, "What the group is called."] = None
    dpv: Annotated[Line | None, "The group in the Data Privacy Vocabulary, e.g. dpv:Customer."] = None
    fides: Annotated[Line | None, "The group in Fideslang, e.g. customer."] = None
    minimum_age: Annotated[int | None, Count(0, 21), "Nobody younger is served."] = None


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """The legal ground of a purpose, one for each active regime, with what that ground demands."""

    gdpr: Annotated[Article6 | None, "GDPR Art. 6(1)."] = None
    uk_gdpr: Annotated[Article6 | None, "UK GDPR Art. 6(1)."] = None
    ccpa: Annotated[
        Literal["business_purpose", "sell", "share", "legal_obligation", "limitable_sensitive_use"] | None,
        "Cal. Civ. Code 1798.140(e), 1798.120, 1798.121.",
    ] = None
    hipaa: Annotated[
        Literal[
            "treatment", "payment", "operations", "authorization", "opportunity_to_object", "public_interest",
            "limited_data_set", "incidental", "required_by_law",
        ]
        | None,
        "45 CFR 164.506 to 164.514.",
    ] = None  # fmt: skip
    glba: Annotated[Literal["1016.10", "1016.13", "1016.14", "1016.15"] | None, "12 CFR part 1016."] = None
    special: Annotated[Article9 | None, "GDPR Art. 9(2), for data with `special`."] = None
    criminal: Annotated[Literal["10"] | None, "GDPR Art. 10, with the authorising `law`."] = None
    automated: Annotated[Literal["22.2.a", "22.2.b", "22.2.c"] | None, "GDPR Art. 22(2)."] = None
    law: Annotated[Line | None, "The law that obliges or permits, for 6.1.c, 6.1.e and Art. 10."] = None
    interest: Annotated[Prose | None, "The legitimate interest, for 6.1.f."] = None
    balancing: Annotated[Line | None, "Where the balancing test for 6.1.f is kept."] = None
    sensitive_use: Annotated[
        str | None,
        Text("a use such as 7027.m.1", r"7027\.m\.[1-8]"),
        "The use of sensitive data that cannot be limited (11 CCR 7027(m)).",
    ] = None


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """How consent is asked."""

    kind: Annotated[Literal["opt_in", "explicit"], "`explicit` for special categories (Art. 9(2)(a))."]
    ask_in: Annotated[tuple[Channel, ...], "Where people are asked."]
    double_opt_in: Annotated[bool, "Valid only once confirmed over the address it is for."] = False
    expires: Annotated[Time | None, "How long a consent lasts."] = None
    proof: Annotated[tuple[Proof, ...], "What is kept to prove it."] = ()


class OptOut(msgspec.Struct, frozen=True, kw_only=True):
    """How people say no to a purpose that needs no yes."""

    gpc: Annotated[Literal["honour"] | None, "The Global Privacy Control signal closes the purpose."] = None
    one_click: Annotated[bool, "One click in every message (RFC 8058)."] = False
    link: Annotated[Labels | None, "The text of the link, e.g. Do Not Sell or Share My Personal Information."] = None
    within: Annotated[Time | None, "When it takes effect elsewhere at the latest; here it is at once."] = None
    ask_again_after: Annotated[Time | None, "How long people are not asked to opt in again."] = None


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """How long a purpose may use its data."""

    keep: Annotated[Time, "How long after the moment."]
    since: Annotated[Since, "The moment from which it counts."] = field(name="from")
    then: Annotated[Literal["erase", "pseudonymise", "anonymise"], "What happens at the end."]
    overrides_erasure: Annotated[
        Literal["A17-3-a", "A17-3-b", "A17-3-c", "A17-3-d", "A17-3-e"] | None,
        "The exception of GDPR Art. 17(3) by which the data outlives a request for erasure.",
    ] = None
    keep_suppression: Annotated[bool, "A keyed hash is kept so that nobody is asked again."] = False


class Rights(msgspec.Struct, frozen=True, kw_only=True):
    """Rights where the ground alone does not decide."""

    object: Annotated[bool | None, "People may object."] = None
    portability: Annotated[bool | None, "People may take the data along (GDPR Art. 20)."] = None


class Purpose(msgspec.Struct, frozen=True, kw_only=True):
    """One purpose. A field is opened only for one of these."""

    label: Annotated[Labels, "What people are told the data is for."]
    data: Annotated[
        dict[Name, NeedWish], Table(Text("the name of a data item", r"[a-z][a-z0-9_]{0,39}"), needs), "What it needs."
    ]
    basis: Annotated[Basis, "Why it is lawful."]
    retention: Annotated[Retention, "How long."]
    dpv: Annotated[Line | None, "The purpose in the Data Privacy Vocabulary, e.g. dpv:DeliveryOfGoods."] = None
    fides: Annotated[Line | None, "The use in Fideslang, e.g. essential.service."] = None
    subjects: Annotated[tuple[Name, ...], "Whom it concerns; all groups when left out."] = ()
    consent: Annotated[Consent | None, "Needed when the ground is consent."] = None
    opt_out: Annotated[OptOut | None, "How to say no."] = None
    recipients: Annotated[tuple[Name, ...], "Who receives the data for it."] = ()
    rights: Annotated[Rights | None, "Rights where the ground alone does not decide."] = None
    profiling: Annotated[bool, "People are evaluated (GDPR Art. 4(4))."] = False
    automated_decision: Annotated[bool, "Decisions with legal or similar effect without a person (Art. 22)."] = False
    minimum_necessary: Annotated[bool, "Only the least that is needed (45 CFR 164.502(b))."] = False
    was: Annotated[Name | None, "The former name: consents and objections stay."] = None


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """Why data may leave the area."""

    tool: Annotated[Line, "The article, e.g. A45-3 (adequacy) or A46-2-c (standard clauses)."]
    assessed: Annotated[Day | None, "When the transfer was assessed."] = None


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """The contract with a recipient."""

    kind: Annotated[
        tuple[Literal["dpa", "baa", "ccpa_service_provider", "ccpa_third_party", "joint_controllers", "glba"], ...],
        Items(
            Choice(("dpa", "baa", "ccpa_service_provider", "ccpa_third_party", "joint_controllers", "glba")), alone=True
        ),
        "What kind of contract.",
    ]
    signed: Annotated[Day | None, "When it was signed."] = None
    review: Annotated[Time | None, "How often it is reviewed."] = None


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who receives data."""

    role: Annotated[
        Literal["processor", "controller", "joint_controller", "third_party", "authority"], "In which role."
    ]
    country: Annotated[Country, "Where the data goes."]
    label: Annotated[Labels | None, "What people are told."] = None
    transfer: Annotated[Transfer | None, "Needed beyond the controller's area."] = None
    contract: Annotated[Contract | None, "Needed for a processor."] = None
    was: Annotated[Name | None, "The former name."] = None


class Storage(msgspec.Struct, frozen=True, kw_only=True):
    """A place where data lies."""

    place: Annotated[Name, "What kind of place, e.g. vault or backups."]
    country: Annotated[Country, "Where it is."]
    keep: Annotated[Time | None, "How long copies last there."] = None
    transfer: Annotated[Transfer | None, "Needed beyond the controller's area."] = None


class OnChange(msgspec.Struct, frozen=True, kw_only=True):
    """What happens when the policy changes."""

    notify: Annotated[tuple[Notified, ...], "How people are told."]
    before: Annotated[Time | None, "How long before the change takes effect."] = None
    ask_again: Annotated[Literal["consent_purposes_touched", "none"] | None, "Whose consent is asked for again."] = None
    block_new_use_until: Annotated[Literal["effective_from"] | None, "A new use waits."] = None


class Annual(msgspec.Struct, frozen=True, kw_only=True):
    """Yearly notices."""

    glba: Annotated[bool | None, "The yearly notice under 12 CFR 1016.5."] = None


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """How people are told of changes."""

    material_when: Annotated[tuple[ChangeKind, ...], "Which differences count as material."]
    on_material: Annotated[OnChange, "What follows a material change."]
    on_minor: Annotated[OnChange | None, "What follows any other change."] = None
    annual: Annotated[Annual | None, "Yearly notices."] = None


class Requests(msgspec.Struct, frozen=True, kw_only=True):
    """How people's requests are handled. Clocks come from the law; only tighter ones may be set."""

    verify: Annotated[
        dict[RequestKind, str],
        Table(
            Choice(get_args(RequestKind)),
            Text(
                "none, or session, email_code, sms_code, document joined by +",
                r"none|(?:session|email_code|sms_code|document)(?:\+(?:session|email_code|sms_code|document))*",
            ),
        ),
        "How people prove who they are.",
    ] = {}
    within: Annotated[
        dict[RequestKind, Period],
        Table(Choice(get_args(RequestKind)), Parsed(parse_period, "a period such as P20D")),
        "Our own, tighter deadlines.",
    ] = {}
    third_party_fields: Annotated[Literal["redact", "withhold"], "Other people's data in an export."] = "redact"


class AssessWhen(msgspec.Struct, frozen=True, kw_only=True):
    """A trigger for an assessment, looked at on every change."""

    condition: Annotated[Line, "E.g. special and subjects > 1000."] = field(name="if")
    do: Annotated[
        Literal["dpia", "cpra_risk_assessment", "transfer_assessment", "balancing_test", "review"], "What is due."
    ]


class ExampleActor(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts in an example."""

    roles: Annotated[tuple[Name, ...], "The roles held."] = ()
    purposes: Annotated[
        tuple[str, ...], Items(Text("a purpose or *", r"\*|[a-z][a-z0-9_]{0,39}")), "The purposes granted."
    ] = ("*",)
    actions: Annotated[tuple[Line, ...], "The actions granted."] = ("*",)


class ExampleConsent(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said, and how long ago."""

    status: Annotated[Literal["granted", "withdrawn", "objected", "opted_out"], "What was said."]
    ago: Annotated[Time | None, "How long ago."] = None


class ExamplePerson(msgspec.Struct, frozen=True, kw_only=True):
    """Facts about the person in an example."""

    consent: Annotated[
        dict[Name, ExampleConsent],
        Table(Text("the name of a purpose", r"[a-z][a-z0-9_]{0,39}"), shows(Model(ExampleConsent))),
        "What the person said, by purpose.",
    ] = {}
    moments: Annotated[
        dict[str, Any],
        Table(Text("a moment such as order.closed", r"[a-z][a-z0-9_.]{0,80}"), when),
        "When something happened: a date, or how long ago.",
    ] = {}
    restricted: Annotated[bool, "Processing is restricted (GDPR Art. 18)."] = False
    frozen: Annotated[bool, "Frozen after an incident."] = False
    erased: Annotated[bool, "Erased."] = False


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A question with the answer that this policy must give."""

    say: Annotated[Prose, "The expectation as a sentence."]
    purpose: Annotated[Line | None, "For which purpose."]
    expect: Annotated[Literal["allowed", "denied"], "The answer."]
    fields: Annotated[tuple[Line, ...], "Which data; all of the purpose when left out."] = ()
    role: Annotated[Name | None, "A role that may do everything."] = None
    actor: Annotated[ExampleActor | None, "An actor with narrower grants."] = None
    action: Annotated[Line, "What is done."] = "vault.record.open"
    person: Annotated[ExamplePerson | None, "Facts about the person."] = None
    gpc: Annotated[bool, "The Global Privacy Control signal is on."] = False
    at: Annotated[Day | None, "On which day; otherwise the day the policy takes effect."] = None
    rule: Annotated[Line | None, "The rule that decides."] = None
    shown: Annotated[dict[Name, Treatment], "How each field is shown."] = {}


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file."""

    policy: Annotated[Literal[1], "The version of this format."]
    id: Annotated[
        str, Text("an id of small letters, digits and -", r"[a-z][a-z0-9-]{0,59}"), "What the policy is called."
    ]
    effective_from: Annotated[Day, "The day from which it holds."]
    languages: Annotated[Languages, "The languages in which people are told."]
    regimes: Annotated[tuple[Regime, ...], "The laws whose rules are checked."]
    controller: Annotated[Controller, "Who answers for the data."]
    data: Annotated[dict[Name, DataItem], "What is collected."]
    subjects: Annotated[dict[Name, Subject], "About whom."]
    purposes: Annotated[dict[Name, Purpose], "What for."]
    notice: Annotated[Notice, "How people are told of changes."]
    recipients: Annotated[dict[Name, Recipient], "Who receives data."] = {}
    storage: Annotated[tuple[Storage, ...], "Where it lies."] = ()
    requests: Annotated[Requests | None, "How people's requests are handled."] = None
    assess_when: Annotated[tuple[AssessWhen, ...], "When an assessment is due."] = ()
    examples: Annotated[tuple[Example, ...], "Questions with the answers this policy must give."] = ()
