"""The CCPA (Cal. Civ. Code 1798.100 ff.) and its regulations (11 CCR 7000 ff.)."""

from __future__ import annotations

from collections.abc import Iterator

from keepfold.policy.checks.base import Found, check, used_items
from keepfold.policy.format.document import DataItem, OptOut, Policy, Purpose
from keepfold.policy.format.values import Period, parse_period

_FIFTEEN = parse_period("P15BD")
_YEAR = parse_period("P12M")
_ADULT = 16
# 11 CCR 7024(d): said to be held, never shown. By mapping, since names are free.
_NEVER_SHOWN_DPV = frozenset({
    "pd:OfficialID", "pd:Passport", "pd:BankAccount", "pd:FinancialAccountNumber", "pd:AccountIdentifier",
    "pd:PaymentCardNumber", "pd:CreditCardNumber", "pd:Password", "pd:PINCode", "pd:SecretText", "pd:Fingerprint",
    "pd:FacialPrint", "pd:Retina", "pd:Biometric",
})  # fmt: skip
_NEVER_SHOWN_FIDES = (
    "user.government_id", "user.financial.bank_account", "user.financial.credit_card", "user.authorization",
    "user.biometric", "user.health_and_medical.insurance_beneficiary_id", "user.health_and_medical.record_id",
)  # fmt: skip


@check("ccpa.category-missing", "Every data item has its category for the notice.", source="Civ. Code 1798.110(c)(1)")
def category_missing(policy: Policy) -> Iterator[Found]:
    """Refuse data that the notice could not list."""
    for name, item in policy.data.items():
        if "ccpa" in policy.regimes and item.ccpa is None:
            yield Found(("data", name), f"`{name}` has no category under the CCPA.", "Add e.g. `ccpa: identifiers`.")


@check("ccpa.opt-out-missing", "Selling and sharing can be refused.", source="Civ. Code 1798.120")
def opt_out_missing(policy: Policy) -> Iterator[Found]:
    """Refuse a sale without a way out."""
    for name, purpose in _sales(policy):
        if purpose.opt_out is None:
            hint = "Add `opt_out: {gpc: honour, link: …}`."
            yield Found(("purposes", name), f"`{name}` sells or shares without `opt_out`.", hint)


@check("ccpa.gpc-missing", "Selling and sharing honour the Global Privacy Control signal.", source="11 CCR 7025")
def gpc_missing(policy: Policy) -> Iterator[Found]:
    """Refuse a sale that ignores the signal."""
    for name, _, opt_out in _sale_opt_outs(policy):
        if opt_out.gpc is None:
            yield Found(("purposes", name, "opt_out"), f"`{name}` does not honour the signal.", "Add `gpc: honour`.")


@check("ccpa.link-missing", "Selling and sharing are refused by a link that people can find.", source="11 CCR 7013")
def link_missing(policy: Policy) -> Iterator[Found]:
    """Refuse a way out without a door."""
    for name, _, opt_out in _sale_opt_outs(policy):
        if opt_out.link is None:
            hint = "Add `link: Do Not Sell or Share My Personal Information`."
            yield Found(("purposes", name, "opt_out"), f"`{name}` has no link to refuse it.", hint)


@check("ccpa.opt-out-slow", "A refusal takes effect within 15 business days.", source="11 CCR 7026(f)(1)")
def opt_out_slow(policy: Policy) -> Iterator[Found]:
    """Refuse a slower one."""
    for name, _, opt_out in _sale_opt_outs(policy):
        if _longer(opt_out.within, _FIFTEEN):
            yield Found(("purposes", name, "opt_out", "within"), "At most 15 business days.", "Write `P15BD`.")


@check(
    "ccpa.ask-again-early", "After a refusal nobody is asked again for 12 months.", source="Civ. Code 1798.135(c)(4)"
)
def ask_again_early(policy: Policy) -> Iterator[Found]:
    """Refuse to ask earlier."""
    for name, _, opt_out in _sale_opt_outs(policy):
        again = opt_out.ask_again_after
        if again is not None and again.rough_days < _YEAR.rough_days - 1:
            yield Found(("purposes", name, "opt_out", "ask_again_after"), "Not before 12 months.", "Write `P12M`.")


@check(
    "ccpa.minors-opt-in",
    "Data of people under 16 is sold or shared only when they opt in.",
    source="Civ. Code 1798.120(c)",
)
def minors_opt_in(policy: Policy) -> Iterator[Found]:
    """Refuse a sale of children's data without consent."""
    for name, purpose in _sales(policy):
        young = [subject for subject in purpose.subjects or policy.subjects if _may_be_young(policy, subject)]
        if young and purpose.consent is None:
            message = f"`{name}` sells or shares data of `{young[0]}`, who may be under 16, without opt-in."
            yield Found(("purposes", name), message, "Add `consent`, or `minimum_age: 16` to the group.")


@check(
    "ccpa.sensitive-use",
    "A use of sensitive data is limitable, or one of the uses of 7027(m).",
    source="11 CCR 7027(m)",
)
def sensitive_use(policy: Policy) -> Iterator[Found]:
    """Refuse a use of sensitive data without its reason."""
    for name, purpose in _active(policy):
        sensitive = [item for item, spec in used_items(policy, purpose).items() if spec.ccpa == "sensitive"]
        settled = purpose.basis.sensitive_use or purpose.basis.ccpa in {"limitable_sensitive_use", "legal_obligation"}
        if sensitive and not settled:
            message = f"`{name}` uses sensitive data (`{sensitive[0]}`)."
            hint = "Write `ccpa: limitable_sensitive_use`, or add `sensitive_use: 7027.m.1`."
            yield Found(("purposes", name, "basis"), message, hint)


@check("ccpa.limit-missing", "A limitable use of sensitive data can be limited.", source="Civ. Code 1798.121")
def limit_missing(policy: Policy) -> Iterator[Found]:
    """Refuse a limitable use that nobody can limit."""
    for name, purpose in _active(policy):
        limitable = purpose.basis.ccpa == "limitable_sensitive_use"
        if limitable and purpose.opt_out is None and purpose.consent is None:
            yield Found(("purposes", name), f"Nobody can limit `{name}`.", "Add `opt_out` or `consent`.")


@check(
    "ccpa.describe-only", "Numbers and secrets that open accounts are described, never shown.", source="11 CCR 7024(d)"
)
def describe_only(policy: Policy) -> Iterator[Found]:
    """Refuse to show an account number, an official id, a password or a biometric pattern in an export."""
    for name, item in policy.data.items():
        if "ccpa" in policy.regimes and item.export != "describe_only" and _never_shown(item):
            message = f"`{name}` must be said to be held, not shown."
            yield Found(("data", name), message, "Add `export: describe_only`.")


@check(
    "ccpa.third-party-contract", "Whoever receives sold or shared data is bound by a contract.", source="11 CCR 7053"
)
def third_party_contract(policy: Policy) -> Iterator[Found]:
    """Refuse a third party without contract."""
    for name, purpose in _sales(policy):
        for number, recipient in enumerate(purpose.recipients):
            spec = policy.recipients.get(recipient)
            if spec is not None and (spec.contract is None or "ccpa_third_party" not in spec.contract.kind):
                message = f"`{recipient}` receives sold or shared data without a contract for it."
                hint = "Add `contract: {kind: ccpa_third_party}` to the recipient."
                yield Found(("purposes", name, "recipients", str(number)), message, hint)


def _active(policy: Policy) -> Iterator[tuple[str, Purpose]]:
    if "ccpa" in policy.regimes:
        yield from policy.purposes.items()


def _sales(policy: Policy) -> Iterator[tuple[str, Purpose]]:
    for name, purpose in _active(policy):
        if purpose.basis.ccpa in {"sell", "share"}:
            yield name, purpose


def _sale_opt_outs(policy: Policy) -> Iterator[tuple[str, Purpose, OptOut]]:
    for name, purpose in _sales(policy):
        if purpose.opt_out is not None:
            yield name, purpose, purpose.opt_out


def _may_be_young(policy: Policy, subject: str) -> bool:
    spec = policy.subjects.get(subject)
    return spec is not None and (spec.minimum_age is None or spec.minimum_age < _ADULT)


def _never_shown(item: DataItem) -> bool:
    fides = item.fides or ""
    by_fides = any(fides == key or fides.startswith(key + ".") for key in _NEVER_SHOWN_FIDES)
    return item.type in {"card", "iban"} or item.dpv in _NEVER_SHOWN_DPV or by_fides


def _longer(period: Period | None, limit: Period) -> bool:
    return period is not None and period.rough_days > limit.rough_days
