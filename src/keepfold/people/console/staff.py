"""Pages about members of staff: who works here, what they may do, who joins and who leaves."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from keepfold.gate.console import actor_of, may, page
from keepfold.gate.types import Actor
from keepfold.kernel import ids
from keepfold.kernel.errors import KeepfoldError
from keepfold.people import actions, queries, signs
from keepfold.people.console import forms, lately, words
from keepfold.people.console.clients import described
from keepfold.people.console.shared import ask_now, explain, found, sent
from keepfold.people.signin.actions import LinkMade, make_link
from keepfold.people.types import Client, StaffMember, Who
from keepfold.ui import components as ui
from keepfold.ui import exports, nav, tables, toast

LIST, ADD, ROLES = "people.staff.list", "people.staff.add", "people.staff.roles"
LEAVE, RETURN, LINK = "people.staff.deactivate", "people.staff.reactivate", "people.link.make"
CLIENTS_SHOWN = 20

nav.register(
    nav.Item("staff", "running", _("People and roles"), "id-card", "staff", (LIST,), 20, "G R"),
    nav.Item("staff_new", "running", _("Add a member of staff"), "id-card", "staff_new", (ADD,), 21, hidden=True),
)


def _roles_to_choose() -> list[tuple[str, str]]:
    return [(name, words.role_label(role)) for name, role in queries.roles().items()]


STAFF = tables.Table(
    key="staff",
    caption=_("Members of staff"),
    columns=(
        tables.Column("name", _("Name"), sort=True),
        tables.Column("roles", _("Roles")),
        tables.Column("seen", _("Last seen"), kind="moment", rank=2),
        tables.Column("factor", _("Second factor"), kind="badge", rank=3),
        tables.Column("state", _("State"), kind="badge", rank=2),
        tables.Column("added", _("Since"), kind="day", rank=3, sort=True),
    ),
    filters=(
        tables.Search("q", _("Name or e-mail address")),
        tables.Choice("role", _("Role"), _roles_to_choose),
        tables.Choice("state", _("State"), (("active", _("Active")), ("gone", _("Deactivated")))),
    ),
    sort="name",
)


def sections(actor: Actor, current: str) -> list[ui.Tab]:
    """Return the tabs of the two lists about people."""
    both = (("staff", LIST, _("Staff")), ("roles", "people.role.list", _("Roles")))
    return [ui.Tab(label, reverse(name), name == current) for name, need, label in both if may(actor, need)]


# ------------------------------------------------------------------------------------------------------------- the list


@page(LIST)
def staff(request: HttpRequest) -> HttpResponseBase:
    """List the members of staff."""
    actor = actor_of(request)
    asked = request.GET.get("as", "")
    table = STAFF.on(request, partial(_members, actor, file=asked if asked in exports.FORMS else ""))
    if table.is_export:
        return table.export()
    shown = {"active": "staff", "table": table, "tabs": sections(actor, "staff"), "may_add": may(actor, ADD)}
    return render(request, "people/staff.html", shown)


def _members(actor: Actor, query: tables.Query, *, file: str) -> tables.Slice:
    state = query.filters.get("state")
    narrowed = {
        "search": query.filters.get("q", ""),
        "role": query.filters.get("role"),
        "active": None if state is None else state == "active",
    }
    rows = actions.list_staff(
        actor=actor,
        after=_cursor(query),
        # One more tells whether there are more. A file asks again instead: what is counted is what leaves.
        limit=query.limit if file else query.limit + 1,
        **narrowed,
        by_name=query.sort == "name",
        falling=query.descending != query.backwards,
        file=file,
    )
    seen, roles = signs.of(row.id for row in rows), queries.roles()
    show = partial(_row, seen=seen, labels={name: words.role_label(role) for name, role in roles.items()})
    total = queries.staff_rows(**narrowed).count()
    part = tables.slice_of(rows, query, lambda row: tables.cursor(row.id.hex()), show, total=total)
    has_more = file and len(rows) == query.limit
    return part._replace(after=tables.cursor(rows[-1].id.hex())) if has_more else part


def _cursor(query: tables.Query) -> bytes:
    values = tables.cursor_values(query.after or query.before, str)
    try:
        start = bytes.fromhex(values[0]) if values else b""
    except ValueError:
        start = b""
    return start if len(start) == 16 else bytes(16)


def _row(row: StaffMember, *, seen: dict[bytes, signs.Sign], labels: dict[str, str]) -> dict[str, Any]:
    sign = seen.get(row.id, signs.Sign())
    roles = ", ".join(labels.get(name, name) for name in row.roles)
    return {
        "name": row.name,
        "note": row.email,
        "href": reverse("staff_member", args=[ids.show("stf", row.id)]),
        "roles": roles or gettext("None"),
        "seen": sign.seen_at,
        "factor": factor_badge(sign),
        "state": state_badge(row, sign),
        "added": row.added_at,
    }


def factor_badge(sign: signs.Sign) -> ui.Badge:
    """Return whether a second factor guards how somebody signs in."""
    if sign.second_factor:
        return ui.Badge(_("Yes"), "good")
    return ui.Badge(_("No"), "warn") if sign.can_sign_in else ui.Badge(_("Not yet"), "line")


def state_badge(row: StaffMember, sign: signs.Sign) -> ui.Badge:
    """Return whether somebody may act, and whether they have been here at all."""
    if not row.is_active:
        return ui.Badge(_("Deactivated"), "line")
    return ui.Badge(_("Active")) if sign.can_sign_in else ui.Badge(_("Invited"), "", "mail")


# ------------------------------------------------------------------------------------------------------------ who joins


@page(ADD, methods=("GET", "POST"), fresh=True)
def staff_new(request: HttpRequest) -> HttpResponse:
    """Add a member of staff, and show the link by which they set up their sign-in."""
    actor = actor_of(request)
    form = forms.NewMember(sent(request), actor=actor)
    if request.method != "POST":
        ask_now(request)
    elif form.is_valid():
        member = _added(actor, form)
        if member is not None:
            return _invited(request, member)
    roles = [_explained(role) for role in queries.roles().values()]
    return render(request, "people/staff_new.html", {"active": "staff", "form": form, "roles": roles})


_NEW_FIELDS = {
    "people.staff-known": "email",
    "people.email": "email",
    "people.name": "name",
    "people.more-than-held": "roles",
    "people.role-unknown": "roles",
}


def _added(actor: Actor, form: forms.NewMember) -> StaffMember | None:
    asked = form.cleaned_data
    try:
        return actions.add_staff(actor=actor, email=asked["email"], name=asked["name"], roles=form.wanted())
    except KeepfoldError as error:
        explain(form, error, _NEW_FIELDS)
        return None


def _invited(request: HttpRequest, member: StaffMember) -> HttpResponse:
    """Show the link that works once; without the right to make one, lead to the member's page."""
    link = _link(actor_of(request), member)
    if link is None:
        toast.say(request, _("Added. Somebody who may make sign-in links sends them one."))
        return HttpResponseRedirect(_address(member))
    return render(request, "people/staff_link.html", {"active": "staff", "member": member, "link": link, "new": True})


def _link(actor: Actor, member: StaffMember) -> LinkMade | None:
    if not may(actor, LINK):
        return None
    return make_link(actor=actor, staff=member.id)


def _explained(role: Any) -> dict[str, Any]:
    return {
        "label": words.role_label(role),
        "rooms": words.only(words.covered(role.grants)),
        "purposes": words.purpose_words(role.grants.purposes),
    }


# ----------------------------------------------------------------------------------------------------------- one member


def _address(member: StaffMember, name: str = "staff_member") -> str:
    return reverse(name, args=[ids.show("stf", member.id)])


def _member(actor: Actor, staff_id: str) -> StaffMember:
    return found("stf", staff_id, lambda raw: actions.list_staff(actor=actor, only=raw))


@page(LIST)
def staff_member(request: HttpRequest, staff_id: str) -> HttpResponse:
    """Show one member of staff: roles, clients, and what they did lately."""
    actor = actor_of(request)
    member = _member(actor, staff_id)
    sign = signs.of([member.id]).get(member.id, signs.Sign())
    shown = {
        **_basics(actor, member),
        "sign": sign,
        "state": state_badge(member, sign),
        "factor": factor_badge(sign),
        "roles": _roles_of(member),
        "rooms": words.only(words.covered(queries.grants_of(member.roles))),
        "purposes": words.purpose_words(queries.grants_of(member.roles).purposes),
        "clients": _clients(actor, member),
        "lately": lately.of(actor, Who(member.id, "staff")),
        "may": {key: may(actor, need) for key, need in _MAY.items()},
    }
    return render(request, "people/staff_member.html", shown)


_MAY = {"roles": ROLES, "leave": LEAVE, "return": RETURN, "link": LINK, "clients": "people.client.list"}


def _basics(actor: Actor, member: StaffMember) -> dict[str, Any]:
    return {
        "active": "staff",
        "member": member,
        "shown_id": ids.show("stf", member.id),
        "is_self": actor.id == member.id,
    }


def _roles_of(member: StaffMember) -> list[dict[str, str]]:
    known = queries.roles()
    return [
        {
            "name": name,
            "label": words.role_label(known.get(name), name),
            "note": forms.role_note(known[name])
            if name in known
            else gettext("It is no longer there and grants nothing."),
        }
        for name in member.roles
    ]


def _clients(actor: Actor, member: StaffMember) -> list[dict[str, Any]]:
    if not may(actor, "people.client.list"):
        return []
    made = actions.list_clients(actor=actor, maker=member.id, limit=CLIENTS_SHOWN, falling=True)
    return [described(one) for one in made]


# ---------------------------------------------------------------------------------------------------------- their roles


@page(ROLES, methods=("GET", "POST"), fresh=True)
def staff_roles(request: HttpRequest, staff_id: str) -> HttpResponse:
    """Choose somebody's roles, see what they gain and lose, then give them."""
    actor = actor_of(request)
    member = _member(actor, staff_id)
    if request.method != "POST":
        ask_now(request)
    form = forms.Roles(_chosen(request, member), actor=actor, held=member.roles)
    wanted = form.wanted() if form.is_valid() else member.roles
    if request.method == "POST" and form.is_valid() and _given(request, form, member, wanted):
        return HttpResponseRedirect(_address(member))
    moved = words.moved(queries.grants_of(member.roles), queries.grants_of(wanted))
    shown = {
        **_basics(actor, member),
        "form": form,
        "wanted": wanted,
        "changed": set(wanted) != set(member.roles),
        "moved": moved,
        "labels": ", ".join(words.role_label(queries.roles().get(name), name) for name in wanted),
        "locked": sorted(words.role_label(queries.roles()[name]) for name in form.locked),
    }
    return render(request, "people/staff_roles.html", shown)


def _chosen(request: HttpRequest, member: StaffMember) -> MultiValueDict[str, str]:
    """Return the roles that the page is about: those sent, those looked at, or those that are held."""
    if request.method == "POST":
        return request.POST
    return request.GET if "look" in request.GET else MultiValueDict({"roles": list(member.roles)})


def _given(request: HttpRequest, form: forms.Roles, member: StaffMember, wanted: tuple[str, ...]) -> bool:
    try:
        actions.set_roles(actor=actor_of(request), staff=member.id, roles=wanted)
    except KeepfoldError as error:
        explain(form, error, {"people.more-than-held": "roles", "people.role-unknown": "roles"})
        return False
    toast.say(request, gettext("The roles of %(name)s are changed. It counts at once.") % {"name": member.name})
    return True


# ----------------------------------------------------------------------------------------------- who leaves and returns


@page(LEAVE, methods=("GET", "POST"), fresh=True)
def staff_deactivate(request: HttpRequest, staff_id: str) -> HttpResponse:
    """Say what ends when somebody leaves, then let it end."""
    actor = actor_of(request)
    member = _member(actor, staff_id)
    form = forms.Leaving(sent(request))
    if request.method != "POST":
        ask_now(request)
    elif form.is_valid() and _left(request, form, member):
        return HttpResponseRedirect(_address(member))
    ending = queries.made_with(member.id)
    shown = {**_basics(actor, member), "form": form, "clients": [described(one) for one in ending]}
    return render(request, "people/staff_deactivate.html", shown)


def _left(request: HttpRequest, form: forms.Leaving, member: StaffMember) -> bool:
    ended: tuple[Client, ...] = queries.made_with(member.id) if form.cleaned_data["with_clients"] else ()
    try:
        actions.deactivate_staff(
            actor=actor_of(request), staff=member.id, with_clients=form.cleaned_data["with_clients"]
        )
    except KeepfoldError as error:
        explain(form, error)
        return False
    toast.say(request, _farewell(member.name, len(ended)))
    return True


def _farewell(name: str, clients: int) -> str:
    if not clients:
        return gettext("%(name)s can no longer sign in.") % {"name": name}
    return ngettext(
        "%(name)s can no longer sign in, and %(count)s API client ended.",
        "%(name)s can no longer sign in, and %(count)s API clients ended.",
        clients,
    ) % {"name": name, "count": clients}


@page(RETURN, methods=("GET", "POST"), fresh=True)
def staff_reactivate(request: HttpRequest, staff_id: str) -> HttpResponse:
    """Let somebody act again."""
    actor = actor_of(request)
    member = _member(actor, staff_id)
    form = forms.Confirm(sent(request))
    if request.method != "POST":
        ask_now(request)
    elif form.is_valid() and _returned(request, form, member):
        return HttpResponseRedirect(_address(member))
    shown = {**_basics(actor, member), "form": form, "roles": _roles_of(member)}
    return render(request, "people/staff_reactivate.html", shown)


def _returned(request: HttpRequest, form: forms.Confirm, member: StaffMember) -> bool:
    try:
        actions.reactivate_staff(actor=actor_of(request), staff=member.id)
    except KeepfoldError as error:
        explain(form, error)
        return False
    toast.say(request, gettext("%(name)s can sign in again.") % {"name": member.name})
    return True


@page(LINK, methods=("GET", "POST"), fresh=True)
def staff_link(request: HttpRequest, staff_id: str) -> HttpResponse:
    """Make a new one-time link by which somebody sets up how they sign in."""
    actor = actor_of(request)
    member = _member(actor, staff_id)
    form = forms.Confirm(sent(request))
    if request.method != "POST":
        ask_now(request)
    elif form.is_valid():
        try:
            link = make_link(actor=actor, staff=member.id)
        except KeepfoldError as error:
            explain(form, error)
        else:
            return render(request, "people/staff_link.html", {**_basics(actor, member), "link": link})
    sign = signs.of([member.id]).get(member.id, signs.Sign())
    return render(request, "people/staff_relink.html", {**_basics(actor, member), "form": form, "sign": sign})


urlpatterns = [
    path("people", staff, name="staff"),
    path("people/new", staff_new, name="staff_new"),
    path("people/<str:staff_id>", staff_member, name="staff_member"),
    path("people/<str:staff_id>/roles", staff_roles, name="staff_roles"),
    path("people/<str:staff_id>/deactivate", staff_deactivate, name="staff_deactivate"),
    path("people/<str:staff_id>/reactivate", staff_reactivate, name="staff_reactivate"),
    path("people/<str:staff_id>/link", staff_link, name="staff_link"),
]
