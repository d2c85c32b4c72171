"""Who is looking at a page: the member of staff behind a session, with what their roles grant at this moment."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase

from keepfold.gate import Actor
from keepfold.people import queries as people
from keepfold.people.errors import NoSuchStaff
from keepfold.people.signin import arrival, preferences, standing
from keepfold.ui import assets

Handler = Callable[[HttpRequest], HttpResponseBase]

# The same for everybody: nobody has to be looked up for it.
_FOR_EVERYBODY = (assets.PREFIX, "/status")


# What somebody can do who owes a second factor: set one up, or leave.
_WHILE_OVERDUE = ("/account", "/sign-in", "/sign-out")
_SECURE = "/account/secure"


def signed_in(get_response: Handler) -> Handler:
    """Put `actor`, `is_fresh` and `prefs` on the request. Grants are read anew each time: a change counts at once."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        request.actor = None if request.path.startswith(_FOR_EVERYBODY) else _actor(request)  # type: ignore[attr-defined]
        request.is_fresh = lambda: arrival.is_fresh(request)  # type: ignore[attr-defined]
        if request.actor is not None:  # type: ignore[attr-defined]
            _prefer(request)
            if _must_secure(request):
                return _led_to_secure(request)
        return get_response(request)

    return middleware


def _prefer(request: HttpRequest) -> None:
    chosen = request.prefs = preferences.of(request.user.id)  # type: ignore[attr-defined, arg-type]
    if chosen.language:
        # Where Django looks for a chosen language before it asks the browser.
        request.COOKIES[settings.LANGUAGE_COOKIE_NAME] = chosen.language


def _must_secure(request: HttpRequest) -> bool:
    if request.path.split("/")[1] in {part.strip("/") for part in _WHILE_OVERDUE}:
        return False
    duty = standing.duty(request.user)  # type: ignore[arg-type]
    return duty is not None and duty.overdue


def _led_to_secure(request: HttpRequest) -> HttpResponse:
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=200, headers={"HX-Redirect": _SECURE})
    return HttpResponseRedirect(_SECURE)


def _actor(request: HttpRequest) -> Actor | None:
    if not request.user.is_authenticated:
        return None
    try:
        return people.staff_actor(request.user.id.bytes)
    except NoSuchStaff:
        return None
