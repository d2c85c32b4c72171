"""Rights that a ground brings along."""

from __future__ import annotations

from collections.abc import Iterator

from keepfold.policy.checks.base import Found, articles, check, gdpr_like, is_marketing
from keepfold.policy.format.document import Policy


@check(
    "rights.object-denied", "Legitimate interest and public task bring the right to object.", source="GDPR Art. 21(1)"
)
def object_denied(policy: Policy) -> Iterator[Found]:
    """Refuse to take the right away."""
    for name, purpose in policy.purposes.items():
        if articles(purpose) & {"6.1.e", "6.1.f"} and purpose.rights is not None and purpose.rights.object is False:
            message = f"People may object to `{name}`; its ground brings that right."
            yield Found(("purposes", name, "rights", "object"), message, "Write `object: true`, or leave it out.")


@check("rights.portability-unfit", "Portability follows from consent or contract only.", source="GDPR Art. 20(1)(a)")
def portability_unfit(policy: Policy) -> Iterator[Found]:
    """Refuse to deny it where it is owed."""
    for name, purpose in policy.purposes.items():
        owed = gdpr_like(policy) and articles(purpose) & {"6.1.a", "6.1.b"}
        if owed and purpose.rights is not None and purpose.rights.portability is False:
            message = f"People may take the data of `{name}` along; its ground brings that right."
            yield Found(("purposes", name, "rights", "portability"), message)


@check("rights.marketing-opt-out", "Marketing without consent can be stopped at any time.", source="GDPR Art. 21(2)")
def marketing_opt_out(policy: Policy) -> Iterator[Found]:
    """Refuse marketing that nobody can stop."""
    for name, purpose in policy.purposes.items():
        if is_marketing(purpose) and purpose.consent is None and purpose.opt_out is None:
            hint = "Add `opt_out: {one_click: true}`."
            yield Found(
                ("purposes", name), f"`{name}` is marketing without consent and without a way to stop it.", hint
            )
