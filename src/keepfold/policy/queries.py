"""What anybody inside the process may ask of the policy room. Nothing here concerns a person."""

from __future__ import annotations

from keepfold.kernel.errors import Unavailable
from keepfold.policy.types import Schema


def schema() -> Schema:
    """Return the intake schema of the active policy. Raises `Unavailable(code="policy.none-active")`."""
    raise none_active()


def none_active() -> Unavailable:
    """Return the error for a question that needs an active policy while there is none."""
    return Unavailable(
        "No policy is active yet, so nothing may be stored or opened.",
        code="policy.none-active",
        rule="policy.none-active",
        next_step="Write one with `keepfold policy init`, then `keepfold policy activate FILE`.",
    )
