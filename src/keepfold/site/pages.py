"""Pages for people: the status page, files for the browser, and errors that say what to do next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotModified,
    HttpResponseRedirect,
    JsonResponse,
)
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from keepfold.gate.console import SignInAgain, SignInNeeded
from keepfold.kernel.errors import KeepfoldError, NotAllowed, NotFound
from keepfold.site import facts
from keepfold.site.problems import known
from keepfold.ui import assets

_YEAR_S = 365 * 24 * 3600


@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """Show how things are. No personal data; JSON for programs that ask for it."""
    present = facts.gather()
    if "text/html" not in request.headers.get("Accept", ""):
        return JsonResponse(present.document())
    return render(request, "site/status.html", {"facts": present})


@require_safe
def static_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """Serve a file of the design system. With the right version in the address it may be kept for a year."""
    asset = assets.table().get(name)
    if asset is None:
        raise Http404
    packed = assets.packed(asset.path) if "gzip" in request.headers.get("Accept-Encoding", "") else None
    # Two forms of one file have two tags: a cache may not mend one by the other.
    tag = f'"{asset.version}-gzip"' if packed is not None else f'"{asset.version}"'
    headers = {"ETag": tag, "Vary": "Accept-Encoding"}
    if request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified(headers=headers)
    response: HttpResponseBase
    if packed is not None:
        response = HttpResponse(
            packed, content_type=asset.content_type, headers={**headers, "Content-Encoding": "gzip"}
        )
    else:
        response = FileResponse(asset.path.open("rb"), content_type=asset.content_type, headers=headers)
    fresh = request.GET.get("v") == asset.version
    response.headers["Cache-Control"] = f"public, max-age={_YEAR_S}, immutable" if fresh else "no-cache"
    return response


class ReadableErrors:
    """Middleware: an error made for people becomes a page, or a problem document for programs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Take the next one in the chain."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for a view that raised; leave 404 and the like to Django's handlers."""
        if isinstance(error, SignInNeeded):
            return _led_to(request, "/sign-in")
        if isinstance(error, SignInAgain):
            return _led_to(request, "/sign-in/again")
        return None if isinstance(error, Http404) else error_page(request, known(error))


def _led_to(request: HttpRequest, address: str) -> HttpResponse:
    """Send somebody to sign in, and afterwards back to the page where they were; a form is filled in anew."""
    away = {"away": "1"} if getattr(request.session, "was_away", False) else {}
    back = urlencode({"next": request.path, **away})
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=200, headers={"HX-Redirect": f"{address}?{back}"})
    return HttpResponseRedirect(f"{address}?{back}")


def error_page(request: HttpRequest, problem: KeepfoldError) -> HttpResponse:
    """Return the page for an error."""
    if "text/html" not in request.headers.get("Accept", "text/html"):
        return JsonResponse(problem.problem(), status=problem.status, content_type="application/problem+json")
    context: dict[str, Any] = {"problem": problem, "request_id": request.META.get("keepfold.request_id", "")}
    return render(request, "ui/error.html", context, status=problem.status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400."""
    return error_page(request, known(exception))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    return error_page(request, known(exception))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  Django's signature
    """Answer 403 to a form that was not ours, or whose cookie is gone."""
    return error_page(
        request,
        NotAllowed(
            _("This form came from another page, or is too old."),
            code="csrf",
            next_step=_("Go back, load the page again and send it once more."),
        ),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  Django's signature
    """Answer 404."""
    return error_page(
        request,
        NotFound(_("There is no page at this address."), next_step=_("The status page shows where everything is.")),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500. What happened is in the log under the reference that the page shows."""
    return error_page(
        request,
        KeepfoldError(
            _("Something unexpected happened. Nothing was changed by this request."),
            code="unexpected",
            next_step=_("Whoever runs this server finds the place in its log under the reference below."),
        ),
    )
