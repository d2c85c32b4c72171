"""Pages for whoever cannot sign in: a forgotten password, and a link that works once."""

from __future__ import annotations

import json
import time
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.webauthn.internal import auth as webauthn
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from keepfold.gate.console import page
from keepfold.kernel import ids
from keepfold.people.models import Link, Staff
from keepfold.people.signin import (
    actions,
    backend,
    devices,
    entry,
    factors,
    links,
    mails,
    making,
    members,
    throttle,
    who,
)
from keepfold.people.signin.forms import AddressForm, MailedCodeForm, NameForm, NewPasswordForm
from keepfold.people.signin.waiting import patient
from keepfold.ui import toast

_STATE = "forgotten"
LASTS_S = 900
MOST_WRONG = 5


@page(methods=("GET", "POST"), is_open=True)
@patient
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for the address to which a code is sent. The answer is the same whether or not anybody has it."""
    form = AddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        member = backend.find(email)
        where = _slot(request, email, member)
        throttle.require_turn(where)
        throttle.failed(where)  # forgotten again and again is as good as failing
        asked = ids.uuid7()
        staff = member.id.bytes if member else None
        actions.forget_password(actor=who.visitor(), request=asked, staff=staff)
        request.session[_STATE] = {
            "request": asked.hex(),
            "staff": staff.hex() if staff else "",
            "until": time.time() + LASTS_S,
            "wrong": 0,
            "email": email,
        }
        return HttpResponseRedirect(reverse("password_code"))
    return render(request, "people/forgotten.html", {"form": form})


def _slot(request: HttpRequest, email: str, member: Staff | None) -> throttle.Slot:
    address = request.META.get("REMOTE_ADDR", "")
    known = member is not None
    return throttle.slot(f"reset/{email}", device=devices.name_for(request, member), address=address, known=known)


@page(methods=("GET", "POST"), is_open=True)
@patient
def mailed_code(request: HttpRequest) -> HttpResponse:
    """Take the code, then the new password."""
    state = request.session.get(_STATE)
    if not state or time.time() > state["until"]:
        request.session.pop(_STATE, None)
        return HttpResponseRedirect(reverse("password_forgotten"))
    if state.get("right"):
        return _new_password(request, state)
    form = MailedCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if _is_right(state, form.cleaned_data["code"]):
            request.session[_STATE] = {**state, "right": True}
            return HttpResponseRedirect(reverse("password_code"))
        if not _count_wrong(request, state):
            return HttpResponseRedirect(reverse("password_forgotten"))
        form.add_error("code", _("This is not the code. Look for the latest mail."))
    minutes = max(1, round((state["until"] - time.time()) / 60))
    return render(request, "people/mailed_code.html", {"form": form, "email": state["email"], "minutes": minutes})


def _is_right(state: dict[str, Any], code: str) -> bool:
    expected = mails.code_of(bytes.fromhex(state["request"]))
    return compare_user_code(actual=code, expected=expected) and bool(state["staff"])


def _count_wrong(request: HttpRequest, state: dict[str, Any]) -> bool:
    wrong = state["wrong"] + 1
    staff = bytes.fromhex(state["staff"]) or None
    actions.refuse_session(actor=who.visitor(), method="mailed-code", staff=staff)
    if wrong >= MOST_WRONG:
        request.session.pop(_STATE, None)
        toast.say(request, _("Those were too many wrong codes. Ask for a new one."), tone="warn")
        return False
    request.session[_STATE] = {**state, "wrong": wrong}
    return True


def _new_password(request: HttpRequest, state: dict[str, Any]) -> HttpResponse:
    member = members.find(bytes.fromhex(state["staff"]))
    if member is None:
        request.session.pop(_STATE, None)
        return HttpResponseRedirect(reverse("sign_in"))
    form = NewPasswordForm(request.POST or None, member=member, has_factor=factors.has_second(member))
    if request.method == "POST" and form.is_valid():
        stored = backend.hashed(form.cleaned_data["password"])
        member = actions.set_password(actor=who.oneself(member), stored=stored)
        request.session.pop(_STATE, None)
        throttle.succeeded(_slot(request, state["email"], member))
        record_authentication(request, member, "mail")
        return entry.enter(request, member, "/")
    return render(request, "people/new_password.html", {"form": form, "member": member})


@page(methods=("GET", "POST"), is_open=True)
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """Set up signing in, by a link that works once. Looking at it does not use it up."""
    link = links.find(token)
    member = members.find(link.staff.bytes) if link else None
    if link is None or member is None:
        actions.refuse_link()
    second = factors.has_second(member) and not link.clears
    form = NewPasswordForm(request.POST if "password" in request.POST else None, member=member, has_factor=second)
    if request.method == "POST":
        by_passkey = "credential" in request.POST
        done = _with_password(token, form) if not by_passkey else None if second else _with_passkey(request, token)
        if done is not None:
            _record(request, done, alone=by_passkey)
            return entry.enter(request, done, "/")
    return _welcome_page(request, member, link, form, second=second)


def _record(request: HttpRequest, member: Staff, *, alone: bool) -> None:
    record_authentication(request, member, "link")
    if alone:  # the passkey that was just made has shown who holds it
        record_authentication(request, member, "mfa", type=factors.PASSKEY, passwordless=True)


def _with_password(token: str, form: NewPasswordForm) -> Staff | None:
    if not form.is_valid():
        return None
    stored = backend.hashed(form.cleaned_data["password"])
    return actions.use_link(actor=who.visitor(), secret=token, stored=stored)


def _with_passkey(request: HttpRequest, token: str) -> Staff | None:
    made = making.verified(request.POST.get("credential", ""), alone=True)
    if made is None:
        return None
    name = making.name_for(request, request.POST.get("name", ""))
    return actions.use_link(actor=who.visitor(), secret=token, passkey={"name": name, "credential": made})


def _welcome_page(
    request: HttpRequest, member: Staff, link: Link, form: NewPasswordForm, *, second: bool
) -> HttpResponse:
    options = None
    # A passkey signs in alone: made with nothing but a link, it would lead past the second factor that is set up.
    if entry.passkeys_work(request) and not second:
        options = json.dumps(webauthn.begin_registration(member, passwordless=True), cls=DjangoJSONEncoder)
    facts = {"form": form, "member": member, "link": link, "options": options, "name_form": NameForm()}
    answer = render(request, "people/welcome.html", {**facts, "failed": "credential" in request.POST})
    # The address of this page opens a door: no other page is told of it.
    answer.headers["Referrer-Policy"] = "origin"
    return answer
