"""What the rooms' console pages share: who may see a page, and who is looking.

A page translates only: it reads a form, calls actions and queries, and shows what they return. What a page needs is
declared beside it, so that navigation, refusal and the test over all addresses read the same line.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple, cast

from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase

from keepfold.gate.grants import allows_action
from keepfold.gate.types import Actor
from keepfold.kernel.errors import NotAllowed, Unauthenticated

View = Callable[..., HttpResponseBase]
_MARK = "__keepfold_page__"


class Page(NamedTuple):
    """What a page declares. `needs`: holding any one of these actions is enough; none means every member of staff.

    `is_open`: no sign-in at all (sign-in itself). `fresh`: a change asks for a sign-in of the last minutes.
    """

    needs: tuple[str, ...]
    methods: tuple[str, ...]
    fresh: bool
    is_open: bool


class SignInNeeded(Unauthenticated):
    """Nobody is signed in (401). The site leads to the sign-in page and back."""

    default_code = "page.sign-in"


class SignInAgain(NotAllowed):
    """Somebody is signed in, but too long ago for this (403). The site asks for it again and leads back."""

    default_code = "page.sign-in-again"


class NotYours(NotAllowed):
    """The page is for other roles (403). It says the same whether or not what was asked for is there."""

    default_code = "page.not-yours"


def page(
    *needs: str, methods: tuple[str, ...] = ("GET",), fresh: bool = False, is_open: bool = False
) -> Callable[[View], View]:
    """Declare a view a page: `@page("policy.version.submit", methods=("GET", "POST"))`.

    The view runs only for somebody who holds one of `needs`, before it looks anything up. Raises `SignInNeeded`,
    `SignInAgain` or `NotYours` otherwise; another method is answered with 405.
    """
    declared = Page(needs, methods, fresh, is_open)

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method not in methods and not (request.method == "HEAD" and "GET" in methods):
                return HttpResponseNotAllowed(methods)
            if not is_open:
                require(request, declared)
            return view(request, *args, **kwargs)

        setattr(guarded, _MARK, declared)
        return guarded

    return decorate


def declared_by(view: Any) -> Page | None:
    """Return what a view declares, or None when it is not a page of the console."""
    return getattr(view, _MARK, None)


def require(request: HttpRequest, wanted: Page) -> None:
    """Raise unless whoever sent the request may see such a page."""
    actor = getattr(request, "actor", None)
    if actor is None:
        raise SignInNeeded("This page is for staff.", next_step="Sign in.")
    if wanted.needs and not any(may(actor, need) for need in wanted.needs):
        raise NotYours(
            "Your roles do not include this page.",
            rule=f"grants:{wanted.needs[0]}",
            next_step="Whoever gives out roles here can add one that does.",
        )
    if wanted.fresh and request.method not in {"GET", "HEAD"} and not request.is_fresh():  # type: ignore[attr-defined]
        raise SignInAgain("This changes something that matters.", next_step="Confirm that it is you.")


def may(actor: Actor, action: str) -> bool:
    """Say whether somebody holds an action. A pattern such as `vault.keys.*` is held only as a whole."""
    return allows_action(actor.actions, action)


def actor_of(request: HttpRequest) -> Actor:
    """Return who is looking; the page's declaration has made sure that somebody is."""
    return cast("Actor", request.actor)  # type: ignore[attr-defined]


def is_partial(request: HttpRequest) -> bool:
    """Say whether htmx asks for a part of the page. The whole page is a right answer too."""
    return request.headers.get("HX-Request") == "true"
