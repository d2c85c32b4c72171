"""What every page's frame shows: where one can go, who one is, which policy holds."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from keepfold.gate.console import may
from keepfold.people import queries as people
from keepfold.people.models import Preference
from keepfold.people.signin import standing
from keepfold.policy import queries as policy
from keepfold.policy.errors import NoPolicy
from keepfold.ui import nav
from keepfold.ui.words import in_language


class Shell(NamedTuple):
    """The frame's own facts. `initials` and `name` are of whoever is signed in; `duty`: a second factor is owed.

    `roles` are the labels of their roles in their language.
    """

    groups: tuple[nav.Group, ...]
    items: tuple[nav.Item, ...]
    name: str
    initials: str
    roles: tuple[str, ...]
    policy: str
    version: str
    prefs: Preference
    duty: standing.Duty | None


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the template context of the frame; nothing is looked up for a page without one."""
    return {"shell": SimpleLazyObject(lambda: _shell(request)), "nonce": getattr(request, "csp_nonce", "")}


def _shell(request: HttpRequest) -> Shell | None:
    actor = getattr(request, "actor", None)
    if actor is None:
        return None
    name = request.user.name  # type: ignore[union-attr]
    policy_id, version = _policy()
    return Shell(
        groups=nav.groups(lambda need: may(actor, need), actor),
        items=nav.items(lambda need: may(actor, need)),
        name=name,
        initials="".join(word[0] for word in name.split()[:2]).upper(),
        roles=_labels(actor.roles),
        policy=policy_id,
        version=version,
        prefs=request.prefs,  # type: ignore[attr-defined]
        duty=standing.duty(request.user),  # type: ignore[arg-type]
    )


def _labels(names: tuple[str, ...]) -> tuple[str, ...]:
    known = people.roles()
    return tuple(in_language(known[name].label, name) if name in known else name for name in names)


def _policy() -> tuple[str, str]:
    try:
        active = policy.active()
    except NoPolicy:
        return "", ""
    return active.policy_id, active.version[:8]
