"""Every named check has a policy that only it (and what it drags along) refuses."""

from __future__ import annotations

from functools import cache

import pytest

from keepfold.policy import checks
from keepfold.policy.checks.base import REGISTRY
from keepfold.policy.load import Loaded
from keepfold.policy.templates import names as templates
from tests.policy.base import GONE, loaded, names

LABEL = {"en": "x", "de": "x"}
ITEM = {"label": LABEL, "type": "text", "source": "subject", "dpv": "pd:Name", "ccpa": "identifiers"}

# Which template, and how it is edited, by the check that must notice.
CASES: dict[str, tuple[str, dict]] = {
    "data.none": ("shop", {"data": {}}),
    "data.unused": ("shop", {"data.fax": {**ITEM}}),
    "data.rename-clash": ("shop", {"data.city.was": "state"}),
    "data.parts-missing": ("shop", {"data.order_items.of": GONE}),
    "data.parts-unneeded": ("shop", {"data.city.of": {"part": "text"}}),
    "data.length-unfit": ("shop", {"data.email.max_length": 5000}),
    "data.check-unfit": ("shop", {"data.city.check": "shape"}),
    "data.mask-unfit": ("shop", {"data.email.mask": "year"}),
    "data.mask-none": ("shop", {"data.phone.mask": "none"}),
    "data.identity-missing": ("shop", {"data.email.identity": False}),
    "data.identity-unindexed": ("shop", {"data.email.index": GONE}),
    "data.isolate-advised": ("shop", {"data.iban.isolate": False}),
    "data.special-compartment": ("clinic", {"data.diagnoses.compartment": "contact"}),
    "index.not-available": ("shop", {"data.phone.index": ["exact", "last4"]}),
    "index.unsafe": ("shop", {"data.country.index": "exact"}),
    "index.equality-leak": ("shop", {"data.last_name.index": "exact"}),
    "index.repeated": ("shop", {"data.phone.index": ["exact", "exact"]}),
    "index.options": ("shop", {"data.phone.index": [{"form": "exact", "length": 3}]}),
    "purpose.none": ("shop", {"purposes": {}}),
    "purpose.data-unknown": ("shop", {"purposes.support.data.fone": "required"}),
    "purpose.data-none": ("shop", {"purposes.support.data": {}}),
    "purpose.rename-clash": ("shop", {"purposes.support.was": "newsletter"}),
    "subject.none": ("shop", {"subjects": {}}),
    "subject.unknown": ("shop", {"purposes.support.subjects": ["visitor"]}),
    "regime.none": ("shop", {"regimes": []}),
    "regime.repeated": ("shop", {"regimes": ["gdpr", "gdpr"]}),
    "basis.missing": ("shop", {"purposes.support.basis.ccpa": GONE}),
    "basis.regime-off": ("shop", {"purposes.support.basis.hipaa": "payment"}),
    "basis.law-missing": ("shop", {"purposes.bookkeeping.basis.law": GONE}),
    "basis.interest-missing": ("shop", {"purposes.fraud_check.basis.balancing": GONE}),
    "basis.special-missing": ("clinic", {"purposes.treatment.basis.special": GONE}),
    "basis.special-unneeded": ("shop", {"purposes.support.basis.special": "9.2.f"}),
    "basis.criminal-missing": ("clinic", {"data.diagnoses.special": "criminal"}),
    "basis.automated-missing": ("shop", {"purposes.fraud_check.automated_decision": True}),
    "basis.automated-unneeded": ("shop", {"purposes.support.basis.automated": "22.2.a"}),
    "consent.missing": ("shop", {"purposes.newsletter.consent": GONE}),
    "consent.unneeded": ("shop", {"purposes.support.consent": {"kind": "opt_in", "expires": "P1Y", "ask_in": ["api"]}}),
    "consent.not-explicit": ("clinic", {"purposes.research.consent.kind": "opt_in"}),
    "consent.nowhere": ("shop", {"purposes.newsletter.consent.ask_in": []}),
    "consent.verbal-proof": ("shop", {"purposes.newsletter.consent.ask_in": ["store_verbal"]}),
    "consent.no-expiry": ("shop", {"purposes.newsletter.consent.expires": GONE}),
    "rights.object-denied": ("shop", {"purposes.fraud_check.rights": {"object": False}}),
    "rights.portability-unfit": ("shop", {"purposes.support.rights": {"portability": False}}),
    "rights.marketing-opt-out": ("shop", {"purposes.support.fides": "marketing.communications.email"}),
    "retention.moment-unfit": ("shop", {"purposes.support.retention.from": "consent.ended"}),
    "retention.business-days": ("shop", {"purposes.support.retention.keep": "P15BD"}),
    "retention.override-unfounded": ("shop", {"purposes.newsletter.retention.overrides_erasure": "A17-3-b"}),
    "recipient.unknown": ("shop", {"purposes.support.recipients": ["parcel_servce"]}),
    "recipient.unused": ("shop", {"purposes.fulfil_order.recipients": GONE}),
    "recipient.rename-clash": ("shop", {"recipients.ad_partner.was": "parcel_service"}),
    "recipient.label-missing": ("shop", {"recipients.ad_partner.label": GONE}),
    "recipient.contract-missing": ("shop", {"recipients.parcel_service.contract": GONE}),
    "recipient.review-missing": ("shop", {"recipients.parcel_service.contract.review": GONE}),
    "recipient.transfer-missing": ("shop", {"recipients.ad_partner.transfer": GONE}),
    "recipient.transfer-unknown": ("shop", {"recipients.ad_partner.transfer.tool": "A46-2-z"}),
    "storage.transfer-missing": ("shop", {"storage.1.country": "US"}),
    "country.unknown": ("shop", {"recipients.parcel_service.country": "XX"}),
    "label.missing": ("shop", {"data.city.label": "City"}),
    "label.undeclared": ("shop", {"data.city.label": {"en": "City", "de": "Ort", "fr": "Ville"}}),
    "languages.repeated": ("shop", {"languages.also": ["de", "de"]}),
    "mapping.dpv-unknown": ("shop", {"data.city.dpv": "pd:Town"}),
    "mapping.fides-unknown": ("shop", {"purposes.support.fides": "essential.services"}),
    "mapping.missing": ("shop", {"data.city.dpv": GONE}),
    "notice.material-gap": ("shop", {"notice.material_when": ["purpose.added"]}),
    "notice.repeated": ("shop", {"notice.material_when.0": "data.added"}),
    "notice.no-lead": ("shop", {"notice.on_material.before": GONE}),
    "notice.nobody-told": ("shop", {"notice.on_material.notify": []}),
    "requests.needless-proof": ("shop", {"requests.verify.ccpa_opt_out": "email_code"}),
    "requests.slower-than-law": ("shop", {"requests.within.access": "P40D"}),
    "assess.condition-unreadable": ("shop", {"assess_when.0.if": "speciall and subjects > 1000"}),
    "assess.dpia-missing": ("clinic", {"assess_when": []}),
    "ccpa.category-missing": ("shop", {"data.city.ccpa": GONE}),
    "ccpa.opt-out-missing": ("shop", {"purposes.ad_partner_sharing.opt_out": GONE}),
    "ccpa.gpc-missing": ("shop", {"purposes.ad_partner_sharing.opt_out.gpc": GONE}),
    "ccpa.link-missing": ("shop", {"purposes.ad_partner_sharing.opt_out.link": GONE}),
    "ccpa.opt-out-slow": ("shop", {"purposes.ad_partner_sharing.opt_out.within": "P30D"}),
    "ccpa.ask-again-early": ("shop", {"purposes.ad_partner_sharing.opt_out.ask_again_after": "P6M"}),
    "ccpa.minors-opt-in": ("lender", {"subjects.borrower.minimum_age": 15}),
    "ccpa.sensitive-use": ("shop", {"purposes.fulfil_order.basis.sensitive_use": GONE}),
    "ccpa.limit-missing": ("shop", {"purposes.fulfil_order.basis.ccpa": "limitable_sensitive_use"}),
    "ccpa.describe-only": ("shop", {"data.iban.export": "full"}),
    "ccpa.third-party-contract": ("shop", {"recipients.ad_partner.contract.kind": "dpa"}),
    "hipaa.minimum-necessary": ("clinic", {"purposes.reception.minimum_necessary": False}),
    "hipaa.marketing-authorization": (
        "clinic",
        {"purposes.reception.dpv": "dpv:DirectMarketing", "purposes.reception.opt_out": {"one_click": True}},
    ),
    "hipaa.contract": ("clinic", {"recipients.billing_office.contract.kind": "dpa"}),
    "hipaa.phi-unmarked": ("clinic", {"data.diagnoses.hipaa": GONE}),
    "glba.opt-out-missing": ("lender", {"purposes.partner_offers.opt_out": GONE}),
    "glba.contract": (
        "lender",
        {"purposes.assess_application.basis.glba": "1016.13", "recipients.credit_bureau.contract": GONE},
    ),
    "glba.annual-undecided": ("lender", {"notice.annual": GONE}),
    "glba.disposal": ("lender", {"purposes.service_loan.retention.keep": "P3Y"}),
    "example.none": ("shop", {"examples": []}),
    "example.actor-twice": ("shop", {"examples.0.actor": {"roles": ["support"]}}),
    "example.shown-denied": ("shop", {"examples.3.shown": {"email": "clear"}}),
}


@cache
def case(check: str) -> Loaded:
    return loaded(*CASES[check])


@pytest.mark.parametrize("template", templates())
def test_a_template_has_no_error_and_no_warning(template):
    found = loaded(template)
    assert found.report.findings == ()
    assert found.report.version == found.hash.hex()


@pytest.mark.parametrize("check", sorted(CASES))
def test_a_policy_that_breaks_the_rule_is_found_by_the_check_of_that_name(check):
    found = case(check)
    assert check in names(found), found.report.findings
    assert found.report.ok is (REGISTRY[check].severity == "warning" and len(found.report.errors) == 0)


@pytest.mark.parametrize("check", sorted(CASES))
def test_a_finding_says_what_and_where(check):
    finding = next(one for one in case(check).report.findings if one.check == check)
    assert finding.message.endswith(".")
    assert finding.place.line > 0
    assert finding.place.column > 0
    assert finding.severity == REGISTRY[check].severity


def test_every_check_is_broken_once_here():
    assert set(CASES) == set(REGISTRY)


def test_every_check_is_documented_by_one_sentence():
    for name, (severity, summary, _) in checks.catalogue().items():
        assert summary.endswith("."), name
        assert severity in {"error", "warning"}
    assert len(checks.catalogue()) == len(REGISTRY) + len(checks.READING)


def test_errors_name_the_nearest_known_word():
    finding = next(iter(loaded("shop", CASES["recipient.unknown"][1]).report.errors))
    assert finding.hint == "Did you mean `parcel_service`?"
    finding = next(iter(loaded("shop", CASES["mapping.fides-unknown"][1]).report.errors))
    assert finding.hint == "Did you mean `essential.service`?"


def test_the_first_draft_of_the_sketch_is_refused_because_nothing_needs_the_bank_account():
    edits = {"purposes.fulfil_order.data.iban": GONE, "purposes.fulfil_order.basis.sensitive_use": GONE, "examples": []}
    found = loaded("shop", edits)
    assert [(one.check, one.place.path) for one in found.report.errors] == [("data.unused", "data.iban")]


def test_data_on_crimes_needs_a_law_and_not_only_article_10():
    edits = {"data.diagnoses.special": "criminal"}
    purposes = ("treatment", "insurance_billing", "record_keeping", "research")
    with_article = edits | {f"purposes.{purpose}.basis.criminal": "10" for purpose in purposes}
    assert "basis.criminal-missing" in names(loaded("clinic", with_article))
    with_law = with_article | {f"purposes.{purpose}.basis.law": "DE BDSG § 24" for purpose in purposes}
    assert "basis.criminal-missing" not in names(loaded("clinic", with_law))


def test_a_unique_customer_number_may_be_searched():
    edits = {"data.city.index": {"form": "exact", "unique": True}}
    assert "index.equality-leak" not in names(loaded("shop", edits))


def test_fideslang_keys_are_matched_at_their_dots():
    edits = {"purposes.support.fides": "marketing"}
    assert "rights.marketing-opt-out" in names(loaded("shop", edits))
    assert "rights.marketing-opt-out" not in names(loaded("shop", {"purposes.support.fides": GONE}))
