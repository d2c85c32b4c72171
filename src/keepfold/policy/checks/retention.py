"""How long data is kept: from a moment that can come, and longer than an erasure only on a ground that carries it."""

from __future__ import annotations

from collections.abc import Iterator

from keepfold.policy.checks.base import Found, articles, check
from keepfold.policy.format.document import Policy


@check("retention.moment-unfit", "The period runs from a moment that can come for this purpose.")
def moment_unfit(policy: Policy) -> Iterator[Found]:
    """Refuse a period that would never begin."""
    for name, purpose in policy.purposes.items():
        moment = purpose.retention.since.name
        if moment.startswith("consent.") and purpose.consent is None:
            message = f"`{moment}` never comes: `{name}` asks for no consent."
            yield Found(("purposes", name, "retention", "from"), message)
        elif moment == "opt_out" and purpose.opt_out is None:
            message = f"`opt_out` never comes: `{name}` has no `opt_out`."
            yield Found(("purposes", name, "retention", "from"), message)


@check("retention.business-days", "Data is kept for calendar time; business days are for deadlines.")
def business_days(policy: Policy) -> Iterator[Found]:
    """Refuse retention in business days."""
    for name, purpose in policy.purposes.items():
        if purpose.retention.keep.business_days:
            yield Found(
                ("purposes", name, "retention", "keep"), "Data is not kept in business days.", "Write e.g. `P30D`."
            )


@check(
    "retention.override-unfounded",
    "Data outlives a request for erasure only on a ground that Art. 17(3) knows.",
    source="GDPR Art. 17(3)",
)
def override_unfounded(policy: Policy) -> Iterator[Found]:
    """Refuse to outlive an erasure on consent, or on (b) without duty or public task."""
    for name, purpose in policy.purposes.items():
        exception = purpose.retention.overrides_erasure
        ground = articles(purpose)
        if exception is None or not ground:
            continue
        if "6.1.a" in ground or (exception == "A17-3-b" and not ground <= {"6.1.c", "6.1.e"}):
            message = f"The ground of `{name}` ({', '.join(sorted(ground))}) does not carry `{exception}`."
            yield Found(("purposes", name, "retention", "overrides_erasure"), message)
