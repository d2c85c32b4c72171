"""Pages about roles: who may do what, and what changes for whom when a role changes."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from keepfold.gate.console import actor_of, may, page
from keepfold.gate.types import Actor
from keepfold.kernel import ids
from keepfold.kernel.errors import KeepfoldError
from keepfold.people import actions, queries, rules
from keepfold.people.checks import OWNER
from keepfold.people.console import forms, words
from keepfold.people.console.shared import ask_now, exceeds, explain, nothing_there, sent
from keepfold.people.console.staff import sections
from keepfold.people.types import Grants, Role
from keepfold.ui import nav, toast

LIST, DEFINE, RESET = (f"people.role.{verb}" for verb in ("list", "define", "reset"))
# Addresses of pages below `/roles/`; no role of one's own can be called like one.
TAKEN = frozenset({"new"})
HOLDERS_SHOWN = 50

nav.register(
    nav.Item("roles", "running", _("Roles"), "id-card", "roles", (LIST,), 22, hidden=True),
    nav.Item("role_new", "running", _("Make a role"), "id-card", "role_new", (DEFINE,), 23, hidden=True),
)


# --------------------------------------------------------------------------------------------------------- who may what


class Line(NamedTuple):
    """One action of the matrix and, for each role, whether it holds it."""

    right: words.Right
    holds: tuple[bool, ...]


class Block(NamedTuple):
    """One room of the matrix."""

    room: words.Room
    lines: tuple[Line, ...]


@page(LIST)
def roles(request: HttpRequest) -> HttpResponse:
    """Show who may do what."""
    actor = actor_of(request)
    known = actions.list_roles(actor=actor)
    counts = queries.counts()
    shown = {
        "active": "staff",
        "tabs": sections(actor, "roles"),
        "roles": [_summary(role, counts) for role in known],
        "blocks": matrix(known),
        "may_define": may(actor, DEFINE),
    }
    return render(request, "people/roles.html", shown)


def _summary(role: Role, counts: Any) -> dict[str, Any]:
    return {
        "name": role.name,
        "label": words.role_label(role),
        "note": forms.role_note(role),
        "stored": role.stored,
        "own": role.name not in queries.roles(stored=False),
        "holders": counts.get(role.name, 0),
        "purposes": words.purpose_words(role.grants.purposes),
    }


def matrix(known: list[Role]) -> list[Block]:
    """Return every action that people ask for, by room, with which of the roles hold it."""
    held = [words.covered(role.grants) for role in known]
    return [
        Block(room, tuple(Line(right, tuple(right.action in one for one in held)) for right in room.rights))
        for room in words.only(action for room in words.rooms() for action in (right.action for right in room.rights))
    ]


# ------------------------------------------------------------------------------------------------------------- one role


def _role(actor: Actor, name: str) -> Role:
    for role in actions.list_roles(actor=actor):
        if role.name == name:
            return role
    raise nothing_there()


def _basics(actor: Actor, role: Role) -> dict[str, Any]:
    pack = queries.roles(stored=False)
    return {
        "active": "staff",
        "role": role,
        "label": words.role_label(role),
        "is_own": role.name not in pack,
        "may_change": may(actor, DEFINE) and role.name != OWNER,
        "may_reset": may(actor, RESET) and role.stored,
        "too_much": exceeds(actor, role.grants),
    }


@page(LIST)
def role(request: HttpRequest, name: str) -> HttpResponse:
    """Show what one role grants, and who holds it."""
    actor = actor_of(request)
    one = _role(actor, name)
    wholes = [action for action in one.grants.actions if action.endswith(".*")]
    shown = {
        **_basics(actor, one),
        "note": words.said(one.means) if one.means else "",
        "rooms": words.only(words.covered(one.grants)),
        "wholes": words.sentences(wholes),
        "purposes": words.purpose_words(one.grants.purposes),
        **_holders(actor, one.name),
    }
    return render(request, "people/role.html", shown)


def _holders(actor: Actor, name: str) -> dict[str, Any]:
    """Return who holds a role: names for whoever may see them, and the number."""
    count = queries.holders(name).filter(is_active=True).count()
    if not may(actor, "people.staff.list"):
        return {"holders": [], "holder_count": count}
    members = actions.list_staff(actor=actor, role=name, active=True, by_name=True, limit=HOLDERS_SHOWN)
    rows = [{"name": one.name, "href": reverse("staff_member", args=[ids.show("stf", one.id)])} for one in members]
    return {"holders": rows, "holder_count": count}


# ------------------------------------------------------------------------------------------------------- saying it anew


@page(DEFINE, methods=("GET", "POST"), fresh=True)
def role_new(request: HttpRequest) -> HttpResponse:
    """Make a role of this installation's own."""
    return _written(request, None)


@page(DEFINE, methods=("GET", "POST"), fresh=True)
def role_edit(request: HttpRequest, name: str) -> HttpResponse:
    """Change what a role grants; what changes for whom is shown before it is saved."""
    return _written(request, _role(actor_of(request), name))


def _written(request: HttpRequest, old: Role | None) -> HttpResponse:
    actor = actor_of(request)
    if request.method != "POST":
        ask_now(request)
    data = sent(request)
    form = forms.RoleWords(data, actor=actor, old=old, initial=None if old is None else forms.initial_of(old))
    checked = data is not None and form.is_valid() and _is_free(form, old)
    preview = _preview(actor, form, old) if checked else None
    if checked and preview is not None and "save" in request.POST and form.cleaned_data["seen"] == preview["seen"]:
        saved = _saved(request, form, old)
        if saved is not None:
            return HttpResponseRedirect(reverse("role", args=[saved.name]))
    shown = {
        "active": "staff",
        "form": form,
        "groups": [form[key] for key in form.rooms],
        "preview": preview if form.is_valid() else None,
        **({"is_new": True} if old is None else _basics(actor, old)),
    }
    return render(request, "people/role_edit.html", shown)


def _is_free(form: forms.RoleWords, old: Role | None) -> bool:
    if old is not None:
        return True
    name = form.cleaned_data["name"]
    if name in TAKEN or name in queries.roles():
        form.add_error("name", gettext("There is a role of this name already. Choose another."))
    elif not rules.ROLE_SHAPE.match(name):
        form.add_error("name", gettext("Use lower-case letters, digits and _, at most 40, beginning with a letter."))
    return form.is_valid()


def _preview(actor: Actor, form: forms.RoleWords, old: Role | None) -> dict[str, Any] | None:
    """Return what changes and for whom, and a mark of it: what is saved must be what was shown."""
    grants = form.grants()
    if not grants.actions:
        form.add_error(None, gettext("Choose at least one thing that the role may do."))
        return None
    name = old.name if old else form.cleaned_data["name"]
    return {
        "moved": words.moved(old.grants if old else Grants(), grants),
        "seen": mark_of(name, form.labels(), grants),
        "is_same": old is not None and old.grants == grants,
        **(_holders(actor, name) if old else {"holders": [], "holder_count": 0}),
    }


def mark_of(name: str, labels: dict[str, str], grants: Grants) -> str:
    """Return a short mark of what a role is about to say."""
    said = "\n".join([name, *labels.values(), *grants.actions, "", *grants.purposes])
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:32]


_FIELDS = {"people.role-name": "name"}


def _saved(request: HttpRequest, form: forms.RoleWords, old: Role | None) -> Role | None:
    grants = form.grants()
    try:
        saved = actions.define_role(
            actor=actor_of(request),
            name=old.name if old else form.cleaned_data["name"],
            actions=grants.actions,
            purposes=grants.purposes,
            label=form.labels(),
        )
    except KeepfoldError as error:
        explain(form, error, _FIELDS)
        return None
    toast.say(request, gettext("The role %(name)s is saved. It counts at once.") % {"name": words.role_label(saved)})
    return saved


@page(RESET, methods=("GET", "POST"), fresh=True)
def role_reset(request: HttpRequest, name: str) -> HttpResponse:
    """Set a role back to what comes with Keepfold, or remove one of this installation's own."""
    actor = actor_of(request)
    one = _role(actor, name)
    if not one.stored:
        raise nothing_there()
    form = forms.Confirm(sent(request))
    if request.method != "POST":
        ask_now(request)
    elif form.is_valid() and _reset(request, form, one):
        return HttpResponseRedirect(reverse("roles"))
    pack = queries.roles(stored=False).get(one.name)
    shown = {
        **_basics(actor, one),
        "form": form,
        "moved": words.moved(one.grants, pack.grants if pack else Grants()),
        **_holders(actor, one.name),
    }
    return render(request, "people/role_reset.html", shown)


def _reset(request: HttpRequest, form: forms.Confirm, one: Role) -> bool:
    try:
        left = actions.reset_role(actor=actor_of(request), name=one.name)
    except KeepfoldError as error:
        explain(form, error)
        return False
    text = gettext("%(name)s grants again what comes with Keepfold.") if left else gettext("%(name)s is removed.")
    toast.say(request, text % {"name": words.role_label(one)})
    return True


urlpatterns = [
    path("roles", roles, name="roles"),
    path("roles/new", role_new, name="role_new"),
    path("roles/<str:name>", role, name="role"),
    path("roles/<str:name>/edit", role_edit, name="role_edit"),
    path("roles/<str:name>/reset", role_reset, name="role_reset"),
]
