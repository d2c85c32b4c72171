"""Pages before the console: signing in, in one step or two, and out."""

from __future__ import annotations

import json
import time

from allauth.account.internal.flows.login import perform_login
from allauth.account.internal.flows.logout import logout
from allauth.account.internal.stagekit import clear_login
from allauth.account.models import Login
from allauth.account.stages import LoginStage, LoginStageController
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.webauthn.internal import auth as webauthn
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from keepfold.gate.console import page
from keepfold.kernel import config
from keepfold.people import rules as people_rules
from keepfold.people.memory import memory
from keepfold.people.models import Staff
from keepfold.people.signin import actions, arrival, factors, place, proofs, throttle, who
from keepfold.people.signin.forms import AgainForm, CodeForm, PasswordForm
from keepfold.people.signin.waiting import patient


@page(methods=("GET", "POST"), is_open=True)
@patient
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for address and password, or a passkey."""
    after = wanted(request)
    if request.user.is_authenticated:
        return HttpResponseRedirect(after)
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        member = proofs.by_password(request, form.cleaned_data["email"], form.cleaned_data["password"])
        if member is not None:
            return enter(request, member, after)
        form.add_error(None, _("This address and this password do not belong together."))
    return door(request, form, after)


def door(request: HttpRequest, form: PasswordForm, after: str, problem: str = "") -> HttpResponse:
    """Return the page at which somebody signs in."""
    facts = {"form": form, "next": after, "business": place.business(), "host": config.current().public_host}
    facts |= {"passkeys": passkeys_work(request), "problem": problem, "away": "away" in request.GET}
    minutes = config.current().session_idle_minutes
    return render(request, "people/sign_in.html", {**facts, "minutes": minutes, "address": config.current().public_url})


def passkeys_work(request: HttpRequest) -> bool:
    """Say whether this page is at the name to which passkeys belong."""
    return request.get_host().rpartition(":")[0] == config.current().public_host or (
        request.get_host() == config.current().public_host
    )


def wanted(request: HttpRequest) -> str:
    """Return where somebody wanted to go: one of our own paths."""
    given = request.POST.get("next") or request.GET.get("next") or "/"
    return given if people_rules.is_own_path(given) else "/"


def enter(request: HttpRequest, member: Staff, after: str) -> HttpResponse:
    """Lead somebody who showed who they are through what else is asked of them, and in."""
    response: HttpResponse = perform_login(request, Login(user=member, redirect_url=after))
    return response


@page(methods=("GET", "POST"), is_open=True)
@patient
def passkey(request: HttpRequest) -> HttpResponse:
    """Tell the browser what to sign (JSON), then take what it signed."""
    if request.method != "POST":
        _require_patience(request)
        return JsonResponse(webauthn.begin_authentication(None))
    member = proofs.by_passkey(request, request.POST.get("credential", ""), None)
    if member is not None:
        return enter(request, member, wanted(request))
    words = _("This passkey does not sign in by itself here. Use your password, or another passkey.")
    return door(request, PasswordForm(), wanted(request), words)


def _require_patience(request: HttpRequest) -> None:
    now = time.monotonic()
    group = people_rules.address_group(request.META.get("REMOTE_ADDR", ""))
    wait = memory.failure_bucket(f"passkey/{group}", now).take(now)
    if wait:
        throttle.refuse(wait)


@page(methods=("GET", "POST"), is_open=True)
@patient
def second_step(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor of somebody whose password was right."""
    stage = LoginStageController.enter(request, AuthenticateStage.key)
    if stage is None:
        return HttpResponseRedirect(reverse("sign_in"))
    if "start_over" in request.POST:
        clear_login(request)
        return HttpResponseRedirect(reverse("sign_in"))
    return _second_step(request, stage, stage.login.user)


def _second_step(request: HttpRequest, stage: LoginStage, member: Staff) -> HttpResponse:
    form = CodeForm(request.POST if "code" in request.POST else None)
    problem = ""
    if "credential" in request.POST:
        if proofs.by_passkey(request, request.POST["credential"], member):
            return _through(stage)
        problem = _("This passkey is not one of this account.")
    elif form.is_bound and form.is_valid():
        if proofs.by_code(request, member, form.cleaned_data["code"]):
            return _through(stage)
        form.add_error("code", _("This code is not right, or was used already. Wait for the next one."))
    facts = {"form": form, "member": member, "problem": problem, **ways(request, member)}
    return render(request, "people/second_step.html", facts)


def _through(stage: LoginStage) -> HttpResponse:
    response: HttpResponse = stage.exit()
    return response


def ways(request: HttpRequest, member: Staff) -> dict[str, object]:
    """Return by what somebody can show who they are, and what the browser is to sign for it."""
    kinds = {row.type for row in factors.of(member)}
    options = None
    if factors.PASSKEY in kinds and passkeys_work(request):
        options = json.dumps(webauthn.begin_authentication(member), cls=DjangoJSONEncoder)
    return {
        "options": options,
        "has_app": factors.TOTP in kinds,
        "has_codes": factors.CODES in kinds,
        "has_passkey": factors.PASSKEY in kinds,
    }


@page(methods=("GET", "POST"))
@patient
def again(request: HttpRequest) -> HttpResponse:
    """Ask somebody who is signed in to show again who they are, in any way of theirs."""
    member, after = oneself(request), wanted(request)
    forms: dict[str, AgainForm | CodeForm] = {"password": AgainForm(None), "code": CodeForm(None)}
    method = _shown_again(request, member, forms) if request.method == "POST" else None
    if method is not None:
        actions.confirm_session(actor=who.oneself(member), method=method)
        arrival.confirm(request)
        return HttpResponseRedirect(after)
    facts = {"password_form": forms["password"], "code_form": forms["code"], "next": after, "member": member}
    failed = request.method == "POST" and "credential" in request.POST
    problem = _("This passkey is not one of this account.") if failed else ""
    return render(request, "people/again.html", {**facts, **ways(request, member), "problem": problem})


def _shown_again(request: HttpRequest, member: Staff, forms: dict[str, AgainForm | CodeForm]) -> str | None:
    if "credential" in request.POST:
        return "webauthn" if proofs.by_passkey(request, request.POST["credential"], member, again=True) else None
    kind = "password" if "password" in request.POST else "code"
    form = forms[kind] = type(forms[kind])(request.POST)
    if not form.is_valid():
        return None
    given = form.cleaned_data[kind]
    if kind == "password":
        right = proofs.by_password(request, member.email, given, again=True)
        method = "password" if right else None
        wrong = _("This is not your password.")
    else:
        method = proofs.by_code(request, member, given, again=True)
        wrong = _("This code is not right, or was used already. Wait for the next one.")
    if method is None:
        form.add_error(kind, wrong)
    return method


def oneself(request: HttpRequest) -> Staff:
    """Return the member of staff who is signed in; the page's declaration has made sure that there is one."""
    assert isinstance(request.user, Staff)  # noqa: S101  as above
    return request.user


@page(methods=("POST",))
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    actions.end_session(actor=who.oneself(oneself(request)))
    logout(request, show_message=False)
    return HttpResponseRedirect(reverse("sign_in"))
