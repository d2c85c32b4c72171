"""Every address of the console and of the API, from the lists that the server itself answers by."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

_CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


class Route(NamedTuple):
    """One address: `path` as in the matrix (`/customers/<person>`), the name of its view, and the view."""

    path: str
    name: str
    view: Callable[..., Any]

    @property
    def parameters(self) -> tuple[str, ...]:
        """Return the names of its changing parts."""
        return tuple(_CONVERTER.findall(self.path))

    def filled(self, values: dict[str, str]) -> str:
        """Return an address with these parts."""
        return fill(self.path, values)


def fill(path: str, values: dict[str, str]) -> str:
    """Put parts into an address."""
    return _CONVERTER.sub(lambda match: values[match[1]], path)


def pages() -> list[Route]:
    """Return every page and file that is not under `/api/`."""
    return list(_walk("keepfold.site.urls"))


def api() -> list[tuple[str, str]]:
    """Return (method, path) of every operation of the API: of the document, of the resolver, and of the hot lane."""
    from keepfold.site import api as site_api

    documented = {
        (method.upper(), _CONVERTER.sub(r"<\1>", path.replace("{", "<").replace("}", ">")))
        for path, operations in site_api.document()["paths"].items()
        for method in operations
        if method in {"get", "post", "put", "patch", "delete"}
    }
    return sorted(documented)


def api_paths() -> set[str]:
    """Return the addresses that the API's resolver knows."""
    return {route.path for route in _walk("keepfold.site.api_urls")}


def _walk(urlconf: str) -> Iterator[Route]:
    from django.urls import get_resolver

    yield from _below(get_resolver(urlconf).url_patterns, "/")


def _below(patterns: Any, before: str) -> Iterator[Route]:
    for one in patterns:
        path = before + _CONVERTER.sub(r"<\1>", str(one.pattern))
        if hasattr(one, "url_patterns"):
            yield from _below(one.url_patterns, path)
        else:
            yield Route(path, one.name or "", one.callback)
