"""Staff before the console, without a real browser: Django's test client, signed in as one of the cast."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.test import Client


def visitor(**headers: Any) -> Client:
    """Return a browser in which nobody is signed in. It enforces CSRF protection only when asked for."""
    return Client(SERVER_NAME="localhost", HTTP_ACCEPT="text/html", **headers)


def signed_in(name: str, **headers: Any) -> Client:
    """Return a browser in which Olga, Ana, Ben or Dora has signed in."""
    from keepfold.people.models import Staff

    client = visitor(**headers)
    client.force_login(Staff.objects.get(name=name))
    return client


def text_of(answer: HttpResponse) -> str:
    """Return the page as text."""
    return answer.content.decode()
