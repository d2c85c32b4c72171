"""Pages about API clients: which programs act here, with what, until when."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from keepfold.gate.console import actor_of, may, page
from keepfold.gate.types import Actor
from keepfold.kernel import clock, config, idempotency, ids
from keepfold.kernel.errors import KeepfoldError
from keepfold.people import actions, queries, rules
from keepfold.people.console import forms, lately, words
from keepfold.people.console.shared import ask_now, explain, found, held_by, sent
from keepfold.people.types import Client, ClientState, Grants, IssuedToken, Who
from keepfold.ui import components as ui
from keepfold.ui import nav, tables, toast

LIST, MAKE, ROTATE, REVOKE = (f"people.client.{verb}" for verb in ("list", "create", "rotate", "revoke"))
SHORT = 2
ENDS_SOON_S = 14 * 24 * 3600

nav.register(
    nav.Item("clients", "running", _("API clients"), "plug", "clients", (LIST,), 30, "G A"),
    nav.Item("client_new", "running", _("Make an API client"), "plug", "client_new", (MAKE,), 31, hidden=True),
)

STATES: dict[ClientState, Any] = {
    "alive": _("Active"),
    "idle": _("Unused"),
    "expired": _("Expired"),
    "revoked": _("Revoked"),
}
CLIENTS = tables.Table(
    key="clients",
    caption=_("API clients"),
    columns=(
        tables.Column("name", _("Name")),
        tables.Column("may", _("May"), rank=2),
        tables.Column("maker", _("Made by"), rank=3),
        tables.Column("used", _("Last used"), kind="moment", rank=2),
        tables.Column("ends", _("Ends"), kind="day", rank=3),
        tables.Column("state", _("State"), kind="badge"),
        tables.Column("made", _("Made"), kind="day", rank=3, sort=True),
    ),
    filters=(
        tables.Search("q", _("Name")),
        tables.Choice("state", _("State"), tuple(STATES.items())),
    ),
    sort="-made",
    empty=(
        _("No program has access yet"),
        _("An API client lets a program act here: with exactly the grants you give it, until the day you say."),
    ),
)


# ------------------------------------------------------------------------------------------------------------- the list


@page(LIST)
def clients(request: HttpRequest) -> HttpResponseBase:
    """List the API clients."""
    actor = actor_of(request)
    table = CLIENTS.on(request, partial(_found, actor))
    if table.is_export:
        return table.export()
    shown = {"active": "clients", "table": table, "may_make": may(actor, MAKE), "idle": queries.idle_clients()}
    return render(request, "people/clients.html", shown)


def _found(actor: Actor, query: tables.Query) -> tables.Slice:
    values = tables.cursor_values(query.after or query.before, str)
    rows = actions.list_clients(
        actor=actor,
        after=_start(values[0]) if values else bytes(16),
        limit=query.limit + 1,
        search=query.filters.get("q", ""),
        state=query.filters.get("state"),
        falling=query.descending != query.backwards,
    )
    makers = queries.names_of(row.created_by for row in rows)
    show = partial(described, makers=makers)
    total = queries.client_count(query.filters.get("q", ""), query.filters.get("state"))
    return tables.slice_of(rows, query, lambda row: tables.cursor(shown_id(row)), show, total=total)


def _start(text: str) -> bytes:
    try:
        return ids.parse("cli", text)
    except KeepfoldError:
        return bytes(16)


def shown_id(one: Client) -> str:
    """Return the public id of a client."""
    return ids.show("cli", one.id)


def described(one: Client, makers: dict[bytes, str] | None = None) -> dict[str, Any]:
    """Return a client as the lists show it."""
    return {
        "name": one.name,
        "href": reverse("client", args=[shown_id(one)]),
        "may": shortened(words.sentences(one.grants.actions)),
        "maker": maker_name(one.created_by, makers or {}),
        "used": one.last_used_at,
        "ends": one.expires_at,
        "state": badge_of(one),
        "made": one.created_at,
    }


def shortened(sentences: list[str]) -> str:
    """Return the first two of what somebody may do, and how much more there is."""
    said = " · ".join(sentences[:SHORT])
    more = len(sentences) - SHORT
    if more < 1:
        return said
    return ngettext("%(said)s, and %(count)s more", "%(said)s, and %(count)s more", more) % {
        "said": said,
        "count": more,
    }


def maker_name(maker: bytes, names: dict[bytes, str]) -> str:
    """Return who made a client."""
    if maker == queries.OPERATOR_ID:
        return gettext("The command line")
    return names.get(maker, gettext("Unknown"))


def state_of(one: Client) -> ClientState:
    """Return how a client stands now."""
    return rules.client_state(
        clock.now_s(),
        created_s=int(one.created_at.timestamp()),
        expires_s=None if one.expires_at is None else int(one.expires_at.timestamp()),
        revoked_s=None if one.revoked_at is None else int(one.revoked_at.timestamp()),
        last_used_s=None if one.last_used_at is None else int(one.last_used_at.timestamp()),
    )


def badge_of(one: Client) -> ui.Badge:
    """Return how a client stands, as a word."""
    state = state_of(one)
    if state == "alive" and one.expires_at and one.expires_at.timestamp() < clock.now_s() + ENDS_SOON_S:
        return ui.Badge(_("Ends soon"), "warn", "hourglass")
    tone = {"alive": "good", "idle": "warn", "revoked": "bad"}.get(state, "line")
    return ui.Badge(STATES[state], tone)


# ----------------------------------------------------------------------------------------------------------- one client


def _client(actor: Actor, client_id: str) -> Client:
    return found("cli", client_id, lambda raw: actions.list_clients(actor=actor, only=raw))


def _basics(one: Client) -> dict[str, Any]:
    return {"active": "clients", "client": one, "shown_id": shown_id(one), "state": badge_of(one)}


@page(LIST)
def client(request: HttpRequest, client_id: str) -> HttpResponse:
    """Show one API client: what it may do, its tokens, what it did lately."""
    actor = actor_of(request)
    one = _client(actor, client_id)
    names = queries.names_of([one.created_by])
    shown = {
        **_basics(one),
        "is_living": state_of(one) in {"alive", "idle"},
        "is_idle": state_of(one) == "idle",
        "maker": maker_name(one.created_by, names),
        "maker_href": _maker_address(actor, one.created_by),
        "rooms": words.only(words.covered(one.grants)),
        "patterns": one.grants.actions,
        "purposes": words.purpose_words(one.grants.purposes),
        "tokens": queries.tokens_of(one.id),
        "below": [described(other) for other in queries.made_with(one.id)],
        "lately": lately.of(actor, Who(one.id, "client")),
        "may_rotate": may(actor, ROTATE),
        "may_revoke": may(actor, REVOKE),
    }
    return render(request, "people/client.html", shown)


def _maker_address(actor: Actor, maker: bytes) -> str:
    kind = queries.kind_of(maker)
    if kind == "staff" and may(actor, "people.staff.list"):
        return reverse("staff_member", args=[ids.show("stf", maker)])
    return reverse("client", args=[ids.show("cli", maker)]) if kind == "client" else ""


# ----------------------------------------------------------------------------------------------------------- making one


@page(MAKE, methods=("GET", "POST"), fresh=True)
def client_new(request: HttpRequest) -> HttpResponse:
    """Make an API client by what it is for; its token is in this one answer."""
    actor = actor_of(request)
    looks = "look" in request.POST
    form = forms.NewClient(sent(request), actor=actor)
    if request.method != "POST":
        ask_now(request)
    elif form.is_valid() and not looks:
        answer = _made(request, form)
        if answer is not None:
            return answer
    return render(request, "people/client_new.html", {"active": "clients", "form": form, **_granted(form)})


@page(MAKE, methods=("POST",))
def client_grants(request: HttpRequest) -> HttpResponse:
    """Show what the chosen tasks would grant, while they are being chosen."""
    form = forms.NewClient(request.POST, actor=actor_of(request))
    form.is_valid()
    return render(request, "people/client_grants.html", _granted(form))


def _granted(form: forms.NewClient) -> dict[str, Any]:
    grants = form.grants()
    return {
        "actions": [words.right(action) for action in grants.actions],
        "purposes": words.purpose_words(grants.purposes),
        "lacks_purpose": forms.needs_purpose(grants) and not grants.purposes,
        "more_than_held": rules.beyond(held_by(form.actor), grants) != Grants(),
    }


_NEW_FIELDS = {
    "people.name": "name",
    "people.expiry": "day",
    "people.rate": "rate",
    "people.grants-count": "tasks",
    "people.more-than-held": "tasks",
}


def _made(request: HttpRequest, form: forms.NewClient) -> HttpResponse | None:
    asked, grants = form.cleaned_data, form.grants()
    return _issued(
        request,
        form,
        lambda: actions.create_client(
            actor=actor_of(request),
            name=asked["name"],
            actions=grants.actions,
            purposes=grants.purposes,
            expires_at=form.expires_at(),
            rate=asked["rate"],
        ),
        _NEW_FIELDS,
    )


def _issued(
    request: HttpRequest, form: forms.NewClient | forms.Rotation, act: Callable[[], IssuedToken], fields: dict[str, str]
) -> HttpResponse | None:
    """Do it once and show the token; a form that is sent again makes nothing and shows nothing."""
    shown: list[IssuedToken] = []

    def once() -> IssuedToken:
        issued = act()
        shown.append(issued)
        return issued

    try:
        done = idempotency.once(
            actor=actor_of(request).id,
            key=form.cleaned_data["once"],
            request=idempotency.request_hash(request.path.encode()),
            act=once,
            render=lambda issued: (200, shown_id(issued.client).encode()),
        )
    except KeepfoldError as error:
        explain(form, error, fields)
        return None
    if done.replayed:
        toast.say(request, _("That was done already. A token is shown once; give the client a new one if it is lost."))
        return HttpResponseRedirect(reverse("client", args=[done.body.decode()]))
    return _token_page(request, shown[0])


def _token_page(request: HttpRequest, issued: IssuedToken) -> HttpResponse:
    shown = {
        **_basics(issued.client),
        "token": issued.token,
        "address": config.current().public_url,
        "rooms": words.only(words.covered(issued.client.grants)),
        "purposes": words.purpose_words(issued.client.grants.purposes),
    }
    return render(request, "people/client_token.html", shown)


# ----------------------------------------------------------------------------------------------------- renew and revoke


@page(ROTATE, methods=("GET", "POST"), fresh=True)
def client_rotate(request: HttpRequest, client_id: str) -> HttpResponse:
    """Give a client a new token; the present one may overlap."""
    actor = actor_of(request)
    one = _client(actor, client_id)
    form = forms.Rotation(sent(request))
    if request.method != "POST":
        ask_now(request)
    elif form.is_valid():
        seconds = forms.OVERLAPS[form.cleaned_data["overlap"]]
        answer = _issued(
            request, form, lambda: actions.rotate_client(actor=actor, client=one.id, overlap_s=seconds), {}
        )
        if answer is not None:
            return answer
    return render(
        request, "people/client_rotate.html", {**_basics(one), "form": form, "tokens": queries.tokens_of(one.id)}
    )


@page(REVOKE, methods=("GET", "POST"), fresh=True)
def client_revoke(request: HttpRequest, client_id: str) -> HttpResponse:
    """Say what ends with a client, then let it end."""
    actor = actor_of(request)
    one = _client(actor, client_id)
    below = queries.made_with(one.id)
    form = forms.Confirm(sent(request))
    if request.method != "POST":
        ask_now(request)
    elif form.is_valid() and _revoked(request, form, one, len(below)):
        return HttpResponseRedirect(reverse("client", args=[shown_id(one)]))
    shown = {**_basics(one), "form": form, "below": [described(other) for other in below]}
    return render(request, "people/client_revoke.html", shown)


def _revoked(request: HttpRequest, form: forms.Confirm, one: Client, below: int) -> bool:
    try:
        actions.revoke_client(actor=actor_of(request), client=one.id)
    except KeepfoldError as error:
        explain(form, error)
        return False
    text = gettext("%(name)s is revoked. Its tokens work no longer.") % {"name": one.name}
    if below:
        text = ngettext(
            "%(name)s is revoked, and %(count)s client that it made.",
            "%(name)s is revoked, and %(count)s clients that it made.",
            below,
        ) % {"name": one.name, "count": below}
    toast.say(request, text)
    return True


urlpatterns = [
    path("clients", clients, name="clients"),
    path("clients/new", client_new, name="client_new"),
    path("clients/new/grants", client_grants, name="client_grants"),
    path("clients/<str:client_id>", client, name="client"),
    path("clients/<str:client_id>/rotate", client_rotate, name="client_rotate"),
    path("clients/<str:client_id>/revoke", client_revoke, name="client_revoke"),
]
