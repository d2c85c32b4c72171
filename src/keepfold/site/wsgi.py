"""The door for HTTP: a dispatcher between two handlers in one process, and a fast lane before them.

Paths under `/api/` go through a lean chain (`API_MIDDLEWARE`: no sessions, no cookies, hence no CSRF); pages go
through the full one. Probes answer before both, since whoever asks for health may not know our host name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.module_loading import import_string

from keepfold.kernel import config
from keepfold.site import fastlane, health
from keepfold.site.problems import problem_response

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class ApiRequest(WSGIRequest):
    """A request under `/api/`, with URLs of its own."""

    urlconf = "keepfold.site.api_urls"


class ApiHandler(WSGIHandler):
    """Django's handler with the short chain of middleware for bearer tokens."""

    request_class = ApiRequest

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: FBT001, FBT002  Django's signature
        """Build the chain from `API_MIDDLEWARE`; plain functions only, no hooks for views and templates."""
        if is_async:
            message = "the API chain is synchronous"
            raise RuntimeError(message)
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware = [problem_response]
        handler = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]  # missing in the stubs
        for path in reversed(settings.API_MIDDLEWARE):
            handler = convert_exception_to_response(import_string(path)(handler))
        self._middleware_chain = handler


def make_application() -> Application:
    """Return the WSGI application; the rooms must be loaded."""
    pages, api = WSGIHandler(), ApiHandler()
    lane = fastlane.make_lane() if config.current().fast_lane else None

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if path.startswith("/api/"):
            answer = lane(environ, start_response) if lane else None
            return api(environ, start_response) if answer is None else answer
        probe = health.PROBES.get(path)
        return probe(environ, start_response) if probe else pages(environ, start_response)

    return application
