"""Addresses under `/api/`."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from django.urls import include, path

urlpatterns: list[Any] = []
if find_spec("keepfold.site.api") is not None:
    urlpatterns.append(path("api/v1/", include("keepfold.site.api")))

handler400 = "keepfold.site.problems.bad_request"
handler404 = "keepfold.site.problems.not_found"
handler500 = "keepfold.site.problems.server_error"
