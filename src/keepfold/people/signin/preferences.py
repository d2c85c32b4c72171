"""How somebody wants the console to look. Nothing that needs writing down."""

from __future__ import annotations

from uuid import UUID

from keepfold.people.models import Preference

LAST_STEP = 99


def of(staff: UUID) -> Preference:
    """Return somebody's choices; the standard ones when there are none."""
    return Preference.objects.filter(staff=staff).first() or Preference(staff=staff)


def choose(staff: UUID, **choices: str | int) -> None:
    """Keep some of somebody's choices."""
    Preference.objects.update_or_create(staff=staff, defaults=choices)
