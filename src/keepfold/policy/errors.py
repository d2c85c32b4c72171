"""Errors of the policy room that others may want to catch."""

from __future__ import annotations

from keepfold.kernel.errors import Conflict, Unavailable


class NoPolicy(Unavailable):
    """No policy is active: nothing may be stored or opened yet (503)."""

    default_code = "policy.none-active"


class PolicyDamaged(Unavailable):
    """The stored policy is not the one its version names (503)."""

    default_code = "policy.damaged"


class PolicyAltered(Unavailable):
    """The row that says which policy is in force, or a number it uses, is not as this installation wrote it (503)."""

    default_code = "policy.altered"


class DraftChanged(Conflict):
    """Somebody else saved the draft in the meantime (409). Nothing was overwritten; both texts are there."""

    default_code = "policy.draft-changed"
