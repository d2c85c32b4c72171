"""What stands before every view. Plain functions, so that the API's chain stays short.

`get_response` is the next one in the chain. Which of them run is in `settings.MIDDLEWARE` and `API_MIDDLEWARE`.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.text import compress_string

from keepfold.kernel import config
from keepfold.kernel.errors import Malformed, TooLarge
from keepfold.site import limits, reference, traffic
from keepfold.site.pages import error_page
from keepfold.site.problems import problem_response
from keepfold.ui import assets

Handler = Callable[[HttpRequest], HttpResponseBase]
T = TypeVar("T")

# A page without any script, outside of the chain that makes a nonce.
STILL_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
# Everything comes from this server; only scripts that carry this answer's nonce run, and only htmx may make elements
# out of text; nobody frames it; forms go nowhere else.
PAGE_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types htmx"
)
API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

COMMON_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
API_HEADERS: Mapping[str, str] = {
    **COMMON_HEADERS,
    "Content-Security-Policy": API_POLICY,
    "Cache-Control": "no-store",
}
PAGE_HEADERS: Mapping[str, str] = {
    **COMMON_HEADERS,
    # With no-referrer, browsers send the origin of a form as `null` (Fetch standard, 3.2), and no form would pass.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}

# Files are the same for everybody and open no page of their own: what concerns documents would only make them larger.
FILE_HEADERS: Mapping[str, str] = {
    **COMMON_HEADERS,
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
# RFC 6797: a browser that was here once comes back by TLS only, for two years. It is said for this host alone: what
# else a domain serves is not ours to decide.
STRICT_TRANSPORT: Mapping[str, str] = {"Strict-Transport-Security": "max-age=63072000"}


def transport_headers() -> Mapping[str, str]:
    """Return what browsers are told about the way here; nothing unless people come by https."""
    return STRICT_TRANSPORT if config.current().is_https else {}


def page_request(get_response: Handler) -> Handler:
    """Give a page's request an id of our own, for the log and the answer, and count it."""
    return _with_reference(get_response, "page")


def api_request(get_response: Handler) -> Handler:
    """Do the same for a request to the API."""
    return _with_reference(get_response, "api")


def _with_reference(get_response: Handler, lane: str) -> Handler:
    # An id that the caller sends is not taken over: it could hold anything, and would be in our log.
    def middleware(request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        request_id = request.META["keepfold.request_id"] = reference.enter()
        try:
            response = get_response(request)
        finally:
            reference.leave()
        response.headers["X-Request-Id"] = request_id
        traffic.note(lane, response.status_code, time.perf_counter() - began)
        return response

    return middleware


def page_headers(get_response: Handler) -> Handler:
    """Set the security headers of pages, with a nonce of this answer's own; a view may set stricter ones itself."""
    inner = _with_headers(get_response, {**PAGE_HEADERS, **transport_headers()})
    file = _with_headers(get_response, {**FILE_HEADERS, **transport_headers()})

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(assets.PREFIX):
            return file(request)
        nonce = secrets.token_urlsafe(18)
        request.csp_nonce = nonce  # type: ignore[attr-defined]
        response = inner(request)
        response.headers.setdefault("Content-Security-Policy", PAGE_POLICY.format(nonce=nonce))
        return response

    return middleware


def compressed(get_response: Handler) -> Handler:
    """Send pages that are looked at compressed.

    What a form answers goes as it is: it may show an opened value or a token beside what somebody typed, and the
    length of a compressed answer tells of both (BREACH). A page that is looked at repeats no such thing, the token of
    its forms is masked anew each time, and some random bytes blur its length (as Django's own middleware does).
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if _may_be_compressed(request, response):
            response.content = compress_string(response.content, max_random_bytes=100)  # type: ignore[attr-defined]
            response.headers["Content-Encoding"] = "gzip"
            response.headers["Content-Length"] = str(len(response.content))  # type: ignore[attr-defined]
            patch_vary_headers(response, ("Accept-Encoding",))
        return response

    return middleware


def _may_be_compressed(request: HttpRequest, response: HttpResponseBase) -> bool:
    return (
        request.method == "GET"
        and isinstance(response, HttpResponse)
        and response.status_code == 200
        and response.headers.get("Content-Type", "").startswith("text/html")
        and "Content-Encoding" not in response.headers
        and "gzip" in request.headers.get("Accept-Encoding", "")
    )


def api_headers(get_response: Handler) -> Handler:
    """Set the security headers of API answers."""
    return _with_headers(get_response, {**API_HEADERS, **transport_headers()})


def _with_headers(get_response: Handler, headers: Mapping[str, str]) -> Handler:
    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if isinstance(response, HttpResponse):
            # Without it the server sends a small answer in chunks.
            response.headers.setdefault("Content-Length", str(len(response.content)))
        return response

    return middleware


def allowed_host(get_response: Handler) -> Handler:
    """Refuse host names that are not ours before anything else looks at the request."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        request.get_host()
        return get_response(request)

    return middleware


def form_limit(get_response: Handler) -> Handler:
    """Refuse a form that is larger than this address takes from this person, before reading any of it.

    A body that trickles in holds a thread of the server while it is read. So strangers may send one only where they
    sign in, a small one, and only as many of these are read at a time as leave a thread for everybody else. Staff's
    are read in turns of their own, which strangers cannot use up.
    """
    conf = config.current()
    most = max(1, conf.web_threads - 1)
    strangers, staff = threading.BoundedSemaphore(most), threading.BoundedSemaphore(most)

    def middleware(request: HttpRequest) -> HttpResponseBase:
        known = getattr(request, "actor", None) is not None
        problem = limits.form_problem(request.META, request.method or "", request.path, conf, known=known)
        if problem is not None:
            return error_page(request, problem)
        if limits.is_empty(request.META):
            return get_response(request)
        if known and request.path != limits.UPLOAD:
            return _in_turn(staff, _read, request) or get_response(request)
        return _in_turn(staff if known else strangers, get_response, request)

    return middleware


def _read(request: HttpRequest) -> None:
    """Take in a form as a whole, so that only reading needs a turn and not what is done with it."""
    _ = request.body


def _in_turn(
    slots: threading.BoundedSemaphore, handle: Callable[[HttpRequest], T], request: HttpRequest
) -> T | HttpResponse:
    if not slots.acquire(timeout=1):
        return error_page(request, limits.too_busy())
    try:
        return handle(request)
    finally:
        slots.release()


def api_host(get_response: Handler) -> Handler:
    """Refuse host names that are not ours, as a problem document."""
    allowed = tuple(settings.ALLOWED_HOSTS)

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not limits.is_allowed_host(request.META.get("HTTP_HOST", ""), allowed):
            return problem_response(request, limits.wrong_host())
        return get_response(request)

    return middleware


def body_limit(get_response: Handler) -> Handler:
    """Refuse a body that is larger than this address takes, by its announced length, before reading any of it."""
    conf = config.current()

    def middleware(request: HttpRequest) -> HttpResponseBase:
        problem: TooLarge | Malformed | None = limits.body_problem(request.META, request.path, conf)
        return problem_response(request, problem) if problem else get_response(request)

    return middleware


def api_exceptions(get_response: Handler) -> Handler:
    """Turn whatever still escapes, such as a refused body or a broken path, into a problem document."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        try:
            return get_response(request)
        except Exception as error:  # noqa: BLE001  the API answers with a problem document whatever happens
            return problem_response(request, error)

    return middleware


def without_cookies(get_response: Handler) -> Handler:
    """Drop cookies: the API knows bearer tokens only, so that no browser can be made to act on somebody's behalf."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        request.META.pop("HTTP_COOKIE", None)
        return get_response(request)

    return middleware
