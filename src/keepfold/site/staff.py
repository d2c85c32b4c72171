"""Who is looking at a page: the member of staff behind a session, with what their roles grant at this moment."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from keepfold.gate import Actor
from keepfold.people import queries as people
from keepfold.people.errors import NoSuchStaff
from keepfold.ui import assets

Handler = Callable[[HttpRequest], HttpResponseBase]

# The same for everybody: nobody has to be looked up for it.
_FOR_EVERYBODY = (assets.PREFIX, "/status")


def signed_in(get_response: Handler) -> Handler:
    """Put `actor` and `is_fresh` on the request. Grants are read anew each time, so that a change counts at once."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        request.actor = None if request.path.startswith(_FOR_EVERYBODY) else _actor(request)  # type: ignore[attr-defined]
        request.is_fresh = lambda: True  # type: ignore[attr-defined]
        return get_response(request)

    return middleware


def _actor(request: HttpRequest) -> Actor | None:
    if not request.user.is_authenticated:
        return None
    try:
        return people.staff_actor(request.user.id.bytes)
    except NoSuchStaff:
        return None
