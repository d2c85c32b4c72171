"""Addresses of the pages about signing in."""

from __future__ import annotations

from django.urls import path

from keepfold.people.signin import entry

urlpatterns = [
    path("sign-in", entry.sign_in, name="sign_in"),
    path("sign-out", entry.sign_out, name="sign_out"),
    path("welcome/<str:token>", entry.welcome, name="welcome"),
]
