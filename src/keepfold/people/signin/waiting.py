"""The page for whoever has to wait before trying again."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from keepfold.gate.console import SignInAgain
from keepfold.kernel.errors import TooMany

View = Callable[..., HttpResponse]


def patient(view: View) -> View:
    """Answer `TooMany` of a view with a page that says how long."""

    @functools.wraps(view)
    def waiting(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except TooMany as error:
            seconds = int(error.extra["retry_after"])
            answer = render(request, "people/wait.html", {"seconds": seconds}, status=TooMany.status)
            answer.headers["Retry-After"] = str(seconds)
            return answer

    return waiting


def require_fresh(request: HttpRequest) -> None:
    """Raise `SignInAgain` also for looking, where what is shown is made for a change."""
    if not request.is_fresh():  # type: ignore[attr-defined]
        raise SignInAgain("This changes how you sign in.", next_step="Confirm that it is you.")
