"""Addresses of pages. What lies under `/api/` is in `api_urls`."""

from __future__ import annotations

from django.urls import path

from keepfold.site import console_urls, pages

urlpatterns = [
    path("status", pages.status, name="status"),
    path("static/<path:name>", pages.static_file, name="static"),
    *console_urls.patterns(),
]

handler400 = "keepfold.site.pages.bad_request"
handler403 = "keepfold.site.pages.forbidden"
handler404 = "keepfold.site.pages.not_found"
handler500 = "keepfold.site.pages.server_error"
