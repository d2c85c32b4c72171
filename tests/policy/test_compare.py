"""Differences: nothing is left out, wider is called wider, and what people were promised is material."""

from __future__ import annotations

from functools import cache
from typing import get_args

import pytest
from hypothesis import given, settings

from keepfold.policy.diff import diff
from keepfold.policy.format.document import ChangeKind
from keepfold.policy.templates import names as templates
from keepfold.policy.types import Change
from tests.policy.base import GONE, loaded, plain
from tests.policy.test_decide import policies

LABEL = {"en": "x", "de": "x"}
ITEM = {"label": LABEL, "type": "text", "source": "subject", "dpv": "pd:Name", "ccpa": "identifiers"}
CONSENT = {"kind": "opt_in", "expires": "P1Y", "ask_in": ["api"]}

# What is changed: (edits, kind, effect, material)
CASES = [
    ({"purposes.support.data.city": "optional"}, "purpose.widened", "wider", True),
    ({"purposes.support.data.country": GONE}, "purpose.narrowed", "narrower", False),
    ({"purposes.support.data.country": "required"}, "purpose.widened", "wider", True),
    ({"purposes.support.data.phone": "optional"}, "show.clearer", "wider", False),
    ({"purposes.support.data.email": {"need": "required", "show": "masked"}}, "show.stricter", "narrower", False),
    ({"purposes.fraud_check": GONE, "examples": []}, "purpose.removed", "narrower", False),
    ({"data.city.label.en": "Town"}, "label.changed", "neutral", False),
    ({"data.city.max_length": 200}, "data.widened", "wider", False),
    ({"data.city.max_length": 50}, "data.narrowed", "narrower", False),
    ({"data.city.compartment": "contact"}, "data.moved", "neutral", False),
    ({"data.phone.index": GONE}, "data.narrowed", "narrower", False),
    ({"data.city.source": "third_party"}, "data.widened", "wider", False),
    ({"data.city.special": "health"}, "data.widened", "wider", False),
    ({"data.order_items.of.note": "text"}, "data.changed", "neutral", False),
    ({"purposes.support.basis.gdpr": "6.1.f"}, "basis.changed", "neutral", True),
    ({"purposes.newsletter.basis.gdpr": "6.1.f"}, "basis.changed", "wider", True),
    ({"purposes.support.basis.gdpr": "6.1.a"}, "basis.changed", "narrower", True),
    ({"purposes.newsletter.consent": GONE}, "consent.weakened", "wider", False),
    ({"purposes.support.consent": CONSENT}, "consent.strengthened", "narrower", False),
    ({"purposes.newsletter.consent.double_opt_in": False}, "consent.weakened", "wider", False),
    ({"purposes.newsletter.consent.expires": "P36M"}, "consent.weakened", "wider", False),
    ({"purposes.newsletter.consent.expires": "P12M"}, "consent.strengthened", "narrower", False),
    ({"purposes.newsletter.consent.expires": GONE}, "consent.weakened", "wider", False),
    ({"purposes.newsletter.consent.ask_in": ["api"]}, "consent.changed", "neutral", False),
    ({"purposes.newsletter.opt_out": GONE}, "opt_out.weakened", "wider", False),
    ({"purposes.support.opt_out": {"one_click": True}}, "opt_out.strengthened", "narrower", False),
    ({"purposes.ad_partner_sharing.opt_out.gpc": GONE}, "opt_out.weakened", "wider", False),
    ({"purposes.ad_partner_sharing.opt_out.within": "P10BD"}, "opt_out.strengthened", "narrower", False),
    ({"purposes.ad_partner_sharing.opt_out.ask_again_after": "P24M"}, "opt_out.strengthened", "narrower", False),
    ({"purposes.support.retention.keep": "P2Y"}, "retention.longer", "wider", True),
    ({"purposes.support.retention.keep": "P6M"}, "retention.shorter", "narrower", False),
    ({"purposes.support.retention.from": "order.closed"}, "retention.longer", "wider", True),
    ({"purposes.support.retention.then": "pseudonymise"}, "retention.longer", "wider", True),
    ({"purposes.bookkeeping.retention.overrides_erasure": GONE}, "retention.shorter", "narrower", False),
    ({"purposes.support.recipients": ["parcel_service"]}, "recipient.added", "wider", True),
    ({"purposes.fulfil_order.recipients": []}, "recipient.removed", "narrower", False),
    ({"purposes.support.profiling": True}, "profiling.added", "wider", False),
    ({"purposes.support.automated_decision": True}, "automated_decision.added", "wider", False),
    ({"purposes.support.basis.ccpa": "sell"}, "sale_or_share.added", "wider", True),
    ({"purposes.ad_partner_sharing.basis.ccpa": "business_purpose"}, "sale_or_share.removed", "narrower", False),
    ({"recipients.parcel_service.country": "US"}, "transfer.added", "wider", True),
    ({"recipients.ad_partner.country": "FR"}, "transfer.removed", "narrower", False),
    ({"recipients.parcel_service.role": "third_party"}, "recipient.widened", "wider", False),
    ({"recipients.parcel_service.contract.review": "P2Y"}, "recipient.changed", "neutral", False),
    ({"storage.1.country": "US"}, "storage.moved", "wider", False),
    ({"storage.1.keep": "P90D"}, "retention.longer", "wider", True),
    ({"subjects.customer.minimum_age": 14}, "subjects.widened", "wider", False),
    ({"regimes": ["gdpr"]}, "regime.removed", "wider", False),
    ({"languages.also": ["de", "fr"]}, "languages.changed", "neutral", False),
    ({"notice.material_when": ["data.added"]}, "notice.weakened", "wider", False),
    ({"notice.on_material.before": "P14D"}, "notice.changed", "neutral", False),
    ({"controller.contact": "x@shop.example"}, "controller.changed", "neutral", False),
    ({"requests.within": {}}, "requests.changed", "neutral", False),
    ({"examples": []}, "examples.changed", "neutral", False),
    ({"id": "other-shop"}, "id.changed", "neutral", False),
    ({"effective_from": "2026-12-01"}, "effective_from.changed", "neutral", False),
]


@cache
def case(number: int) -> tuple[Change, ...]:
    return changes(CASES[number][0])


def changes(edits: dict, before: dict | None = None, template: str = "shop") -> tuple[Change, ...]:
    old, new = loaded(template, before), loaded(template, edits)
    assert old.policy is not None
    assert new.policy is not None, new.report.findings
    return diff(old.policy, new.policy)


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: str(CASES[number][0])[:60])
def test_a_change_is_named_and_said_to_be_wider_or_narrower(number):
    _, kind, effect, material = CASES[number]
    found = [change for change in case(number) if change.kind == kind]
    assert [(change.effect, change.material) for change in found] == [(effect, material)]
    assert found[0].sentence.endswith(".")


@pytest.mark.parametrize("template", templates())
def test_a_policy_does_not_differ_from_itself(template):
    assert changes({}, template=template) == ()


def test_new_data_is_material_and_names_the_purposes_that_use_it():
    found = changes({"data.fax": ITEM, "purposes.support.data.fax": "optional"})
    assert [(change.kind, change.material, change.purposes) for change in found] == [
        ("data.added", True, ("support",)),
        ("purpose.widened", True, ("support",)),
    ]


def test_a_rename_is_neither_an_addition_nor_a_removal():
    phone = {"label": LABEL, "type": "phone", "source": "subject", "was": "phone", "index": "exact", "mask": "last4",
             "compartment": "contact", "dpv": "pd:TelephoneNumber", "fides": "user.contact.phone_number",
             "ccpa": "customer_records"}  # fmt: skip
    edits = {"data.phone": GONE, "data.telephone": phone, "examples": []}
    for purpose, need in (
        ("fulfil_order", "optional"),
        ("fraud_check", "optional"),
        ("support", {"need": "optional", "show": "masked"}),
    ):
        edits |= {f"purposes.{purpose}.data.phone": GONE, f"purposes.{purpose}.data.telephone": need}
    kinds = {change.kind for change in changes(edits, {"examples": []})}
    assert kinds == {"data.renamed", "label.changed"}


def test_a_renamed_purpose_keeps_its_history():
    old = loaded("shop").policy
    edits = {"purposes.newsletter": GONE, "examples": []}
    mails = plain("shop")["purposes"]["newsletter"] | {"was": "newsletter"}
    new = loaded("shop", edits | {"purposes.mails": mails}).policy
    assert [change.kind for change in diff(old, new)] == ["purpose.renamed", "examples.changed"]


def test_taking_a_kind_off_the_list_does_not_make_it_immaterial_in_the_same_step():
    edits = {"notice.material_when": ["data.added"], "purposes.support.retention.keep": "P9Y"}
    found = {change.kind: change.material for change in changes(edits)}
    assert found["retention.longer"] is True


def test_material_changes_come_first():
    edits = {
        "controller.contact": "x@shop.example",
        "purposes.support.retention.keep": "P9Y",
        "data.city.label.en": "T",
    }
    assert [change.material for change in changes(edits)] == [True, False, False]


@settings(max_examples=30, deadline=None)
@given(policies())
def test_no_policy_differs_from_itself(policy):
    assert diff(policy, policy) == ()


@settings(max_examples=60, deadline=None)
@given(policies(), policies())
def test_two_different_policies_never_compare_as_alike(old, new):
    found = diff(old, new)
    assert bool(found) is (old != new)
    assert all(change.sentence.endswith(".") and change.path for change in found)


MIRRORED = {
    "purpose.added": "purpose.removed",
    "purpose.widened": "purpose.narrowed",
    "show.clearer": "show.stricter",
    "consent.weakened": "consent.strengthened",
    "opt_out.weakened": "opt_out.strengthened",
}


@settings(max_examples=60, deadline=None)
@given(policies(), policies())
def test_what_is_wider_one_way_is_narrower_the_other_way(old, new):
    there = sorted((change.kind, change.path) for change in diff(old, new) if change.kind in MIRRORED)
    back = [(change.kind, change.path) for change in diff(new, old)]
    assert sorted((MIRRORED[kind], path) for kind, path in there) == sorted(
        one for one in back if one[0] in MIRRORED.values()
    )


def test_every_kind_that_may_be_material_can_be_found():
    found = {change.kind for number in range(len(CASES)) for change in case(number)}
    found |= {"purpose.added", "data.added"}
    assert set(get_args(ChangeKind)) <= found
