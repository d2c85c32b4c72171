"""Decisions: the same as the slow reference interpreter's, whatever the policy, the actor and the person."""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfold.gate.types import Actor
from keepfold.policy.compile import compile_policy
from keepfold.policy.decide import decide
from keepfold.policy.explain import explain
from keepfold.policy.format.document import Basis, Consent, OptOut, Policy, Purpose, Retention, Rights
from keepfold.policy.format.sugar import NeedWish
from keepfold.policy.format.values import Moment, parse_period
from keepfold.policy.load import load
from keepfold.policy.sentences import RULES
from keepfold.policy.templates import text_of
from keepfold.policy.types import ConsentFact, PersonFacts, Question
from tests.policy import reference

SHOP = load(text_of("shop"))
assert SHOP.policy is not None
COMPILED = compile_policy(SHOP.policy, SHOP.hash)
BEN = Actor(kind="staff", id=bytes(15) + b"b", roles=("support",), actions=("vault.*",), purposes=("*",))
NOW = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp())
DAY = 86_400


def ask(purpose: str | None = "newsletter", actor: Actor = BEN, **more) -> Question:
    given = {"action": "vault.record.open", "now_s": NOW, "needs_purpose": True} | more
    return Question(actor=actor, purpose=purpose, **given)


def person(**more) -> PersonFacts:
    return PersonFacts(**more)


def said(status: str, purpose: str = "newsletter", **more) -> PersonFacts:
    return person(consents={purpose: ConsentFact(status=status, at_s=NOW - DAY, **more)})


def refused(question: Question) -> str | None:
    decision = decide(COMPILED, question)
    return None if decision.allowed else decision.rules[0]


# ------------------------------------------------------------------------------------------------------- one by one


@pytest.mark.parametrize(
    ("question", "rule"),
    [
        (ask(actor=Actor(kind="staff", id=bytes(16))), "actor.action"),
        (ask(None), "purpose.missing"),
        (ask("newsleter"), "purpose.unknown"),
        (ask(now_s=0), "policy.not-effective"),
        (ask(actor=msgspec.structs.replace(BEN, purposes=("support",))), "actor.purpose"),
        (ask(fields=("email", "phone")), "field.not-in-purpose"),
        (ask(fields=("email", "shoe_size")), "field.unknown"),
        (ask(person=person()), "consent.missing"),
        (ask(person=said("granted")), None),
        (ask(person=said("granted", expires_s=NOW + 1)), None),
        (ask(person=said("granted", expires_s=NOW)), "consent.expired"),
        (ask(person=said("withdrawn")), "consent.withdrawn"),
        (ask(person=said("opted_out")), "opt-out"),
        (ask("fraud_check", person=person()), None),
        (ask("fraud_check", person=said("objected", "fraud_check")), "objection"),
        (ask("fraud_check", person=said("withdrawn", "fraud_check")), "objection"),
        (ask("fraud_check", person=said("granted", "fraud_check")), None),
        (ask("bookkeeping", person=said("objected", "bookkeeping")), None),
        (ask("ad_partner_sharing", person=said("granted", "ad_partner_sharing")), None),
        (ask("ad_partner_sharing", person=said("granted", "ad_partner_sharing"), gpc=True), "opt-out.signal"),
        (ask("fraud_check", gpc=True, person=person()), None),
        (ask("support", person=person(restricted=True)), "person.restricted"),
        (ask("support", person=person(frozen=True, restricted=True)), "person.frozen"),
        (ask("support", person=person(erased=True, frozen=True)), "person.erased"),
        (ask("fulfil_order", person=person(moments={"order.closed": NOW - 91 * DAY})), "retention.ended"),
        (ask("fulfil_order", person=person(moments={"order.closed": NOW - 89 * DAY})), None),
        (ask("bookkeeping", person=person(moments={"order.closed": NOW - 8 * 366 * DAY})), None),
        (ask("bookkeeping", person=person(moments={"order.closed": NOW - 10 * 366 * DAY})), "retention.ended"),
        (ask("newsletter", uses_data=False), None),
        (ask("newsletter", uses_data=False, person=said("withdrawn")), None),
    ],
)
def test_the_first_rule_that_refuses_decides(question, rule):
    assert refused(question) == rule


def test_a_withdrawn_consent_that_is_given_again_counts_although_an_earlier_end_is_known():
    facts = PersonFacts(consents=said("granted").consents, moments={"consent.ended": NOW - 400 * DAY})
    assert refused(ask(person=facts)) is None


def test_an_action_without_purpose_is_decided_by_grants_alone():
    assert decide(COMPILED, ask(None, needs_purpose=False)).allowed
    assert not decide(COMPILED, ask(None, needs_purpose=False, action="people.client.create")).allowed


def test_only_the_fields_asked_for_leave_and_each_with_its_treatment():
    assert decide(COMPILED, ask("support", fields=("email", "phone"))).fields == {"email": "clear", "phone": "masked"}
    assert set(decide(COMPILED, ask("support")).fields) == set(SHOP.policy.purposes["support"].data)


def test_a_role_sees_what_the_purpose_shows_to_it():
    accounting = msgspec.structs.replace(BEN, roles=("accounting",))
    both = msgspec.structs.replace(BEN, roles=("support", "accounting", "support"))
    assert decide(COMPILED, ask("fulfil_order", fields=("iban",))).fields == {"iban": "masked"}
    assert decide(COMPILED, ask("fulfil_order", accounting, fields=("iban",))).fields == {"iban": "clear"}
    assert decide(COMPILED, ask("fulfil_order", both, fields=("iban",))).fields == {"iban": "masked"}


def test_what_a_decision_hands_out_can_be_changed_without_changing_the_policy():
    decide(COMPILED, ask("support")).fields["email"] = "stolen"
    assert decide(COMPILED, ask("support")).fields["email"] == "clear"


def test_a_decision_carries_the_numbers_that_the_ledger_writes_down():
    decision = decide(COMPILED, ask("support"))
    assert decision.purpose_number == COMPILED.schema.purposes["support"].number
    assert decision.policy_hash == SHOP.hash
    assert decide(COMPILED, ask(person=person())).purpose_number == COMPILED.schema.purposes["newsletter"].number


def test_a_refusal_says_why_and_what_to_do_next():
    decision = decide(COMPILED, ask(person=person()))
    assert decision.reason == "There is no consent to newsletter."
    assert decision.next_step == "Ask for consent first."


def test_a_refusal_never_repeats_what_cannot_be_a_name():
    address = "Carl Lindqvist <carl.lindqvist@example.org>"
    for question in (ask(address), ask("support", fields=(address,)), ask(action=address)):
        decision = decide(COMPILED, question)
        assert not decision.allowed
        assert "carl" not in (decision.reason + str(decision.next_step)).lower()
        steps = explain(COMPILED, question).steps
        assert all("carl" not in (step.because + step.change).lower() for step in steps)


@pytest.mark.parametrize(
    ("grants", "allowed"),
    [
        (("vault.record.open",), True),
        (("vault.*",), True),
        (("vault.record.*",), True),
        (("*",), True),
        ((), False),
        (("vault",), False),
        (("vault.record",), False),
        (("vault.rec.*",), False),
        (("vault.record.open.*",), False),
        (("vaul*",), False),
    ],
)
def test_a_grant_covers_an_action_by_its_name_or_by_a_prefix_that_ends_at_a_dot(grants, allowed):
    actor = msgspec.structs.replace(BEN, actions=grants)
    assert decide(COMPILED, ask("support", actor)).allowed is allowed


# ------------------------------------------------------------------------------------------- against the reference

PERIODS = st.sampled_from([parse_period(text) for text in ("P0D", "P1D", "P30D", "P1M", "P13M", "P2Y", "P8Y", "P2W")])
NAMES = ("alpha", "beta", "gamma")
ITEMS = ("email", "phone", "city", "iban")
ROLES = ("support", "accounting", "fraud")
MOMENTS = ("order.closed", "consent.ended", "opt_out", "support.closed")
TREATMENTS = st.sampled_from(["clear", "masked"])
STATUSES = st.sampled_from(["granted", "withdrawn", "objected", "opted_out"])


def optional(strategy):
    return st.none() | strategy


@st.composite
def purposes(draw) -> Purpose:
    shop = SHOP.policy.purposes["support"]
    show = st.fixed_dictionaries({"": TREATMENTS}, optional=dict.fromkeys(ROLES, TREATMENTS))
    return msgspec.structs.replace(
        shop,
        data=draw(st.dictionaries(st.sampled_from(ITEMS), st.builds(NeedWish, st.just("required"), show), min_size=1)),
        basis=Basis(
            gdpr=draw(optional(st.sampled_from(["6.1.a", "6.1.b", "6.1.e", "6.1.f"]))),
            uk_gdpr=draw(optional(st.sampled_from(["6.1.b", "6.1.f"]))),
        ),
        consent=draw(optional(st.just(Consent(kind="opt_in", ask_in=("api",))))),
        opt_out=draw(optional(st.builds(OptOut, gpc=optional(st.just("honour"))))),
        rights=draw(optional(st.builds(Rights, object=optional(st.booleans())))),
        retention=Retention(
            keep=draw(PERIODS),
            since=Moment(draw(st.sampled_from(MOMENTS)), year_end=draw(st.booleans())),
            then="erase",
        ),
    )


@st.composite
def policies(draw) -> Policy:
    day = draw(st.dates(date(2025, 1, 1), date(2027, 1, 1)))
    chosen = draw(st.dictionaries(st.sampled_from(NAMES), purposes(), min_size=1))
    data = {name: SHOP.policy.data[name] for name in ITEMS}
    return msgspec.structs.replace(SHOP.policy, data=data, purposes=chosen, effective_from=day)


TIMES = st.integers(NOW - 12 * 365 * DAY, NOW + 2 * 365 * DAY)
FACTS = st.builds(
    PersonFacts,
    consents=st.dictionaries(
        st.sampled_from(NAMES), st.builds(ConsentFact, status=STATUSES, at_s=TIMES, expires_s=optional(TIMES))
    ),
    restricted=st.booleans(),
    frozen=st.sampled_from([False, False, True]),
    erased=st.sampled_from([False, False, True]),
    moments=st.dictionaries(st.sampled_from(MOMENTS), TIMES),
)
ACTORS = st.builds(
    Actor,
    kind=st.just("staff"),
    id=st.just(bytes(16)),
    roles=st.lists(st.sampled_from(ROLES), max_size=3).map(tuple),
    actions=st.lists(st.sampled_from(["vault.*", "vault.record.open", "people.*", "*"]), max_size=2).map(tuple),
    purposes=st.lists(st.sampled_from([*NAMES, "*"]), max_size=3).map(tuple),
)
QUESTIONS = st.builds(
    Question,
    actor=ACTORS,
    action=st.sampled_from(["vault.record.open", "vault.record.open", "people.client.list"]),
    now_s=st.integers(NOW - 400 * DAY, NOW + 400 * DAY),
    purpose=optional(st.sampled_from([*NAMES, "delta"])),
    fields=st.lists(st.sampled_from([*ITEMS, "shoe_size"]), max_size=3, unique=True).map(tuple),
    person=optional(FACTS),
    uses_data=st.booleans(),
    needs_purpose=st.booleans(),
    gpc=st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(policies(), QUESTIONS)
def test_the_compiled_decision_is_the_reference_interpreters(policy, question):
    decision = decide(compile_policy(policy, bytes(32)), question)
    allowed, rule = reference.answer(policy, question)
    assert decision.allowed is allowed
    if not allowed:
        assert decision.rules == (rule,)
    elif question.purpose is not None:
        assert decision.fields == reference.shown(policy, question)


@settings(max_examples=200, deadline=None)
@given(policies(), QUESTIONS)
def test_the_explanation_names_every_rule_that_refuses_and_the_deciding_one_first(policy, question):
    compiled = compile_policy(policy, bytes(32))
    explanation, decision = explain(compiled, question), decide(compiled, question)
    refusing = list(reference.refusals(policy, question))
    assert explanation.allowed is decision.allowed
    assert [step.rule for step in explanation.steps if step.effect == "refuses"] == refusing
    if not decision.allowed:
        assert explanation.rules[0] == decision.rules[0]
        assert all(step.change for step in explanation.steps if step.effect == "refuses")


def test_every_rule_that_can_refuse_has_its_sentences():
    refused_here = {
        "actor.action", "actor.purpose", "policy.none-active", "policy.not-effective", "purpose.missing",
        "purpose.unknown", "field.unknown", "field.not-in-purpose", "person.erased", "person.frozen",
        "person.restricted", "consent.missing", "consent.withdrawn", "consent.expired", "objection", "opt-out",
        "opt-out.signal", "retention.ended",
    }  # fmt: skip
    assert refused_here <= set(RULES)
    for why, then in RULES.values():
        assert why.endswith(".")
        assert then.endswith(".")


def test_an_unknown_moment_is_explained_as_not_begun():
    steps = {step.rule: step for step in explain(COMPILED, ask("fulfil_order", person=person())).steps}
    assert "`order.closed` is not known, so the time has not begun to count." in steps["retention.ended"].because
