"""The REST API: the rooms' routers behind one token check, with problem documents for every error.

`urlpatterns` is mounted under `/api/v1/`. The document is served at `openapi.json` and readable at `docs`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import translation
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.operation import Operation
from ninja.parser import Parser
from ninja.security import HttpBearer

from keepfold.consent import rest as consents
from keepfold.gate.rest import JSON
from keepfold.gate.types import Actor
from keepfold.kernel.errors import Invalid, KeepfoldError, Malformed
from keepfold.kernel.rules import nearest
from keepfold.ledger import rest as ledger
from keepfold.people import errors as people_errors
from keepfold.people import queries as people
from keepfold.people import rest as clients
from keepfold.policy import rest as policy
from keepfold.site import openapi
from keepfold.site.middleware import STILL_POLICY
from keepfold.site.problems import problem_response
from keepfold.vault import rest as customers

PREFIX = "/api/v1/"
# In an error a name may be repeated that was sent, when it can be a name of ours; anything else may be a value.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")

View = Callable[..., HttpResponse]


class NotForThis(KeepfoldError):
    """The address exists, the method does not (405)."""

    status = 405
    title = "This method does not exist here"
    default_code = "method"


class Bearer(HttpBearer):
    """The one way in: a bearer token in the header. Cookies are not looked at."""

    openapi_bearerFormat = "kf_<id>_<secret>"  # noqa: N815  the name that OpenAPI gives it

    def authenticate(self, request: HttpRequest, token: str) -> Actor:
        """Return the actor behind a token, or raise `Unauthenticated` or `TooMany`."""
        return people.authenticate(token, address=request.META.get("REMOTE_ADDR", ""))


class StrictParser(Parser):
    """JSON as the hot views read it: UTF-8, no NaN, bounded depth."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the decoded body. Whatever it raises becomes a 400."""
        return msgspec.json.decode(request.body)


class Api(NinjaAPI):
    """The routers with one token check and no pages of ninja's own."""

    def __init__(self) -> None:
        super().__init__(
            title="Keepfold",
            version=openapi.version(),
            urls_namespace="api",
            docs_url=None,
            openapi_url=None,
            auth=Bearer(),
            parser=StrictParser(),
        )

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """Return the name of the view: `create_customer`."""
        return str(operation.view_func.__name__)


def known_parameters_only(view: View) -> View:
    """Refuse query parameters that an operation does not have: a slip must not be ignored silently."""

    @functools.wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        known = _parameters(view)
        for name in request.GET:
            if name not in known:
                raise _unknown_parameter(name, known)
        return view(request, *args, **kwargs)

    return checked


@functools.cache
def _parameters(view: View) -> frozenset[str]:
    operation: Operation = view._ninja_operation  # type: ignore[attr-defined]  # noqa: SLF001  ninja's handle on it
    models = [model for model in operation.models if model.__ninja_param_source__ == "query"]
    return frozenset(name for model in models for name in model.__ninja_flatten_map__)


def _unknown_parameter(name: str, known: frozenset[str]) -> Invalid:
    close = nearest(name, sorted(known))
    return Invalid(
        f"There is no parameter {_shown(name)} here.",
        code="request.parameter",
        next_step=f"Did you mean {close}?" if close else f"There are: {', '.join(sorted(known)) or 'none'}.",
    )


def _shown(part: Any) -> str:
    return str(part) if isinstance(part, int) or (isinstance(part, str) and _NAME.match(part)) else "…"


def unfit(error: ValidationError) -> Invalid:
    """Return the problem of a request that does not have the form of the document. Never repeats a value."""
    found = [
        {"where": ".".join(_shown(part) for part in one["loc"]), "message": str(one["msg"])}
        for one in error.errors[:20]
    ]
    return Invalid(
        "The request does not have the expected form.",
        code="request.form",
        next_step=f"Compare it with {PREFIX}docs.",
        errors=found,
    )


def as_error(error: Exception) -> Exception:
    """Return our own error for one of ninja's; others stay."""
    if isinstance(error, ValidationError):
        return unfit(error)
    if isinstance(error, AuthenticationError):
        return people_errors.TokenRefused(
            "There is no bearer token in this request.",
            rule="people.tokens",
            next_step="Send `Authorization: Bearer kf_…` with a token made by `keepfold client create`.",
        )
    if isinstance(error, HttpError):
        return Malformed(
            "The body is not the JSON that is expected here.",
            code="request.json",
            next_step="Send JSON in UTF-8, without NaN, and not too deeply nested.",
        )
    return error


def _answer_error(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    return problem_response(request, as_error(error) if isinstance(error, Exception) else error())


def build() -> Api:
    """Return the API with every room's router."""
    api = Api()
    for room in (customers, consents, policy, ledger, clients):
        room.router.add_decorator(known_parameters_only, mode="operation")
        api.add_router("", room.router)
    for kind in (Exception, HttpError, ValidationError, AuthenticationError):
        api.add_exception_handler(kind, _answer_error)
    return api


@functools.cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    return openapi.complete(dict(api.get_openapi_schema(path_prefix=PREFIX)))


def document_text() -> str:
    """Return the document as it is committed in docs/reference/openapi.json."""
    return orjson.dumps(document(), option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode() + "\n"


def openapi_json(_request: HttpRequest) -> HttpResponse:
    """Serve the document."""
    return HttpResponse(document_text(), content_type=JSON)


def docs(request: HttpRequest) -> HttpResponse:
    """Show the document to people, with nothing but this server's own files."""
    context = {
        "groups": openapi.groups(document()),
        "version": openapi.version(),
        "base": f"{request.scheme}://{request.get_host()}{PREFIX}",
    }
    # The API's chain has no middleware for languages: this page is the only one in it that people read.
    with translation.override(translation.get_language_from_request(request)):
        page = render(request, "site/api.html", context)
    page.headers["Vary"] = "Accept-Language"
    page.headers["Content-Security-Policy"] = STILL_POLICY
    return page


def only(*methods: str) -> Callable[[View], View]:
    """Answer 405 as a problem document to all other methods."""

    def wrap(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method in methods:
                return view(request, *args, **kwargs)
            return refuse_method(request, methods)

        return guarded

    return wrap


def refuse_method(request: HttpRequest, allowed: Sequence[str]) -> HttpResponse:
    """Answer that the method does not exist here, with the header Allow (RFC 9110 section 15.5.6)."""
    response = problem_response(
        request,
        NotForThis(
            "This address does not answer to this method.", next_step=f"It answers to {', '.join(sorted(allowed))}."
        ),
    )
    response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def _with_problems(pattern: URLPattern) -> URLPattern:
    """Return a URL of ninja's whose 405 is a problem document."""
    view = pattern.callback

    @functools.wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = view(request, *args, **kwargs)
        if response.status_code == 405 and "Allow" in response.headers:
            return refuse_method(request, response.headers["Allow"].split(", "))
        return response

    return URLPattern(pattern.pattern, answered, pattern.default_args, pattern.name)


api = build()
urlpatterns = [
    path("openapi.json", only("GET")(openapi_json), name="openapi"),
    path("docs", only("GET")(docs), name="api-docs"),
    *[_with_problems(one) for one in api.urls[0] if isinstance(one, URLPattern) and one.name != "api-root"],
]
