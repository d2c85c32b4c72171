"""One line, shown once on the next page: what just happened."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import HttpRequest

from keepfold.ui.components import Link, Text

_KEY = "toast"


class Toast(NamedTuple):
    """A line and, perhaps, a way on."""

    text: str
    tone: str = "good"
    link: Link | None = None


def say(request: HttpRequest, text: Text, *, tone: str = "good", link: tuple[Text, str] | None = None) -> None:
    """Keep a line for the next page. It lies in the session, so it never holds a customer's value."""
    kept: dict[str, Any] = {"text": str(text), "tone": tone}
    if link:
        kept["link"] = [str(link[0]), link[1]]
    request.session[_KEY] = kept


def take(request: HttpRequest) -> Toast | None:
    """Return the line that waits, once."""
    session = getattr(request, "session", None)
    kept = session.pop(_KEY, None) if session is not None and _KEY in session else None
    if kept is None:
        return None
    return Toast(kept["text"], kept["tone"], Link(*kept["link"]) if "link" in kept else None)
