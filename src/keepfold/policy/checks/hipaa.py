"""HIPAA (45 CFR part 164, subpart E)."""

from __future__ import annotations

from collections.abc import Iterator

from keepfold.policy.checks.base import Found, check, is_marketing, used_items
from keepfold.policy.format.document import Policy, Purpose

# 164.502(b)(2): treatment, authorization and what law requires are exempt.
_EXEMPT = {"treatment", "authorization", "required_by_law"}


@check("hipaa.minimum-necessary", "Only the least that is needed, except for treatment.", source="45 CFR 164.502(b)")
def minimum_necessary(policy: Policy) -> Iterator[Found]:
    """Refuse a purpose that does not promise it."""
    for name, purpose in _active(policy):
        if purpose.basis.hipaa not in _EXEMPT and _uses_phi(policy, purpose) and not purpose.minimum_necessary:
            hint = "Add `minimum_necessary: true`."
            yield Found(("purposes", name), f"`{name}` does not promise the minimum necessary.", hint)


@check(
    "hipaa.marketing-authorization", "Marketing with health data needs an authorization.", source="45 CFR 164.508(a)(3)"
)
def marketing_authorization(policy: Policy) -> Iterator[Found]:
    """Refuse marketing on any other ground."""
    for name, purpose in _active(policy):
        if is_marketing(purpose) and _uses_phi(policy, purpose) and purpose.basis.hipaa != "authorization":
            message = f"`{name}` is marketing with protected health information."
            yield Found(("purposes", name, "basis", "hipaa"), message, "Write `hipaa: authorization`.")


@check("hipaa.contract", "Whoever processes health data for us is a business associate.", source="45 CFR 164.504(e)")
def contract(policy: Policy) -> Iterator[Found]:
    """Refuse a processor of health data without that contract."""
    for name, purpose in _active(policy):
        for number, recipient in enumerate(purpose.recipients if _uses_phi(policy, purpose) else ()):
            spec = policy.recipients.get(recipient)
            if spec is None or spec.role != "processor":
                continue
            if spec.contract is None or "baa" not in spec.contract.kind:
                message = f"`{recipient}` processes health data without a business associate agreement."
                hint = "Add `baa` to the kinds of its contract."
                yield Found(("purposes", name, "recipients", str(number)), message, hint)


@check("hipaa.phi-unmarked", "Health data is marked `hipaa: phi`.", severity="warning", source="45 CFR 160.103")
def phi_unmarked(policy: Policy) -> Iterator[Found]:
    """Warn about health data that the rules would pass over."""
    for name, item in policy.data.items():
        if "hipaa" in policy.regimes and item.special in {"health", "genetic"} and item.hipaa is None:
            yield Found(("data", name), f"`{name}` is health data, but not marked as such.", "Add `hipaa: phi`.")


def _active(policy: Policy) -> Iterator[tuple[str, Purpose]]:
    if "hipaa" in policy.regimes:
        yield from policy.purposes.items()


def _uses_phi(policy: Policy, purpose: Purpose) -> bool:
    return any(item.hipaa == "phi" for item in used_items(policy, purpose).values())
