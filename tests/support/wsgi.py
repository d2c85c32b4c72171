"""Speaks WSGI to an application in the same process, as a server would, and returns what came back."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True)
class Answer:
    """What an application answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.body.splitlines()]


def environ_of(
    method: str, address: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the environment that a server makes of a request (PEP 3333)."""
    path, _, query = address.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8700",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8700",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if body or method in {"POST", "PUT", "PATCH"}:
        environ["CONTENT_LENGTH"] = str(len(body))
    for name, value in (headers or {}).items():
        key = name.upper().replace("-", "_")
        environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
    return environ


def send(application: Application, environ: dict[str, Any]) -> Answer:
    """Send one request and read the whole answer."""
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], _trouble: Any = None) -> None:
        started[:] = [int(status[:3]), {name.lower(): value for name, value in headers}]

    parts = application(environ, start_response)
    try:
        body = b"".join(parts)
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()
    return Answer(started[0], started[1], body)


def as_a_server_does() -> Application:
    """Return the API as it is served: the fast lane first, the plain views for whatever it leaves."""
    from keepfold.site.fastlane import make_lane
    from keepfold.site.wsgi import ApiHandler

    lane, plain = make_lane(), ApiHandler()

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        answer = lane(environ, start_response)
        return plain(environ, start_response) if answer is None else answer

    return application
