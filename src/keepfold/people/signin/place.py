"""Whose installation this is; the site hands it over, since the policy says it."""

from __future__ import annotations

from collections.abc import Callable


class _Wiring:
    """What the site has handed over."""

    business: Callable[[], str] | None = None


def wire(*, business: Callable[[], str] | None) -> None:
    """Hand over what returns the name of the business."""
    _Wiring.business = business


def business() -> str:
    """Return the name of the business; empty as long as no policy says it."""
    return _Wiring.business() if _Wiring.business else ""
