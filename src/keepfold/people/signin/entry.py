"""Pages before the console: signing in and out, and links that work once."""

from __future__ import annotations

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.internal.flows.logout import logout
from allauth.account.models import Login
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _

from keepfold.gate.console import page
from keepfold.people import rules
from keepfold.people.models import Staff
from keepfold.people.signin import actions, backend, links, who
from keepfold.people.signin.forms import NewPasswordForm, PasswordForm


@page(methods=("GET", "POST"), is_open=True)
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for address and password."""
    after = wanted(request)
    if request.user.is_authenticated:
        return HttpResponseRedirect(after)
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email, password = form.cleaned_data["email"], form.cleaned_data["password"]
        member = authenticate(request, email=email, password=password)
        if isinstance(member, Staff):
            login = Login(user=member, redirect_url=after)
            return perform_password_login(request, {}, login)
        actions.refuse_session(actor=who.visitor(), method="password", staff=_known(email))
        form.add_error(None, _("This address and password do not belong together."))
    return render(request, "people/sign_in.html", {"form": form, "next": after})


def wanted(request: HttpRequest) -> str:
    """Return where somebody wanted to go: one of our own paths."""
    given = request.POST.get("next") or request.GET.get("next") or "/"
    return given if rules.is_own_path(given) else "/"


def _known(email: str) -> bytes | None:
    row = backend.find(email)
    return row.id.bytes if row else None


@page(methods=("POST",))
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    assert isinstance(request.user, Staff)  # noqa: S101  the page's declaration has made sure
    actions.end_session(actor=who.oneself(request.user))
    logout(request, show_message=False)
    return HttpResponseRedirect("/sign-in")


@page(methods=("GET", "POST"), is_open=True)
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """Set up signing in, by a link that works once. Looking at it does not use it up."""
    row = links.find(token)
    if row is None:
        actions.refuse_link()
        raise AssertionError  # pragma: no cover
    member = Staff.objects.get(id=row.staff)
    form = NewPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        stored = backend.hashed(form.cleaned_data["password"])
        member = actions.use_link(actor=who.visitor(), secret=token, stored=stored)
        return perform_password_login(request, {}, Login(user=member, redirect_url="/"))
    return render(request, "people/welcome.html", {"form": form, "member": member})
