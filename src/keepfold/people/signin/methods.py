"""Pages on which somebody adds and removes ways to sign in: app, passkeys, recovery codes."""

from __future__ import annotations

import json

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn.internal import auth as webauthn
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from keepfold.gate.console import page
from keepfold.people import errors
from keepfold.people.models import Staff
from keepfold.people.signin import actions, factors, making, qr, standing, throttle, who
from keepfold.people.signin.entry import oneself, passkeys_work
from keepfold.people.signin.forms import AppForm, NameForm, PasskeyForm
from keepfold.people.signin.waiting import patient, require_fresh
from keepfold.ui import toast

_UNDERWAY = "app"


@page()
def secure(request: HttpRequest) -> HttpResponse:
    """Lead somebody to a second factor; the only page that opens once the days of grace are over."""
    member = oneself(request)
    duty = standing.duty(member)
    if factors.has_second(member):
        return redirect("account")
    return render(request, "people/secure.html", {"active": "account", "duty": duty, "member": member})


@page(methods=("GET", "POST"), fresh=True)
@patient
def app(request: HttpRequest) -> HttpResponse:
    """Set an authenticator app up, or remove the one there is."""
    require_fresh(request)
    member = oneself(request)
    there = factors.of(member, factors.TOTP)
    if there:
        return _remove(request, member, there[0].pk, _("Authenticator app"))
    secret = request.session.get(_UNDERWAY) or factors.new_secret()
    request.session[_UNDERWAY] = secret
    form = AppForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        step = _first_code(request, member, secret, form.cleaned_data["code"])
        if step is not None:
            codes = actions.add_app(actor=who.oneself(member), secret=secret, step=step)
            request.session.pop(_UNDERWAY, None)
            return _added(request, codes, _("The app is set up. It is asked for at each sign-in."))
        form.add_error("code", _("This is not the code of the present moment. Is the time on your phone right?"))
    url = get_adapter().build_totp_url(member, secret)
    grouped = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    facts = {"active": "account", "form": form, "qr": qr.drawn(url), "secret": grouped, "url": url}
    return render(request, "people/app.html", facts)


def _first_code(request: HttpRequest, member: Staff, secret: str, code: str) -> int | None:
    address = request.META.get("REMOTE_ADDR", "")
    where = throttle.slot(f"app/{member.id.hex}", device="", address=address, known=True)
    throttle.require_turn(where)
    step = factors.step_of(secret, code)
    if step is None:
        throttle.failed(where)
    else:
        throttle.succeeded(where)
    return step


def _added(request: HttpRequest, codes: list[str] | None, said: str) -> HttpResponse:
    oneself(request).refresh_from_db()  # so that the page no longer reminds of what was just done
    if codes is not None:
        return _show(request, codes, said)
    toast.say(request, said)
    return HttpResponseRedirect(reverse("account"))


def _show(request: HttpRequest, codes: list[str], said: str) -> HttpResponse:
    """Show recovery codes, this once: the answer to a form, which no browser keeps."""
    shown = [f"{code[:5]} {code[5:]}" for code in codes]
    return render(request, "people/codes_shown.html", {"active": "account", "codes": shown, "said": said})


@page(methods=("GET", "POST"), fresh=True)
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Say how many codes are left, and make new ones."""
    require_fresh(request)
    member = oneself(request)
    if request.method == "POST":
        codes = actions.renew_codes(actor=who.oneself(member))
        return _show(request, codes, _("These are your new codes. Earlier ones no longer work."))
    left = factors.codes_left(member)
    facts = {"active": "account", "left": left, "can": factors.has_second(member), "few": factors.FEW_CODES}
    return render(request, "people/codes.html", facts)


@page(methods=("GET", "POST"), fresh=True)
def passkey_new(request: HttpRequest) -> HttpResponse:
    """Make a passkey."""
    require_fresh(request)
    member = oneself(request)
    form = PasskeyForm(request.POST or None, initial={"name": making.name_for(request, "")})
    if request.method == "POST" and form.is_valid():
        alone = form.cleaned_data["alone"] == "yes"
        made = making.verified(form.cleaned_data["credential"], alone=alone)
        if made is not None:
            name = making.name_for(request, form.cleaned_data["name"])
            codes = actions.add_passkey(actor=who.oneself(member), name=name, credential=made, alone=alone)
            return _added(request, codes, _("The passkey is there. Try it the next time you sign in."))
        form.add_error(None, _("The browser did not make a passkey that works for this. Try once more."))
    options = None
    if passkeys_work(request):
        options = json.dumps(webauthn.begin_registration(member, passwordless=False), cls=DjangoJSONEncoder)
    return render(request, "people/passkey_new.html", {"active": "account", "form": form, "options": options})


@page(methods=("GET", "POST"), fresh=True)
def passkey(request: HttpRequest, factor: str) -> HttpResponse:
    """Rename or remove a passkey."""
    require_fresh(request)
    member = oneself(request)
    found = next((one for one in factors.passkeys(member) if str(one.id) == factor), None)
    if found is None:
        raise errors.NoSuchFactor(_("There is no such passkey, or no longer."))
    if "remove" in request.POST:
        return _remove(request, member, found.id, found.name)
    form = NameForm(request.POST or None, initial={"name": found.name})
    if request.method == "POST" and form.is_valid():
        actions.rename_passkey(actor=who.oneself(member), factor=found.id, name=form.cleaned_data["name"])
        toast.say(request, _("The passkey has another name now."))
        return HttpResponseRedirect(reverse("account"))
    return render(request, "people/passkey.html", {"active": "account", "passkey": found, "form": form})


def _remove(request: HttpRequest, member: Staff, factor: int, name: str) -> HttpResponse:
    if request.method == "POST" and "remove" in request.POST:
        actions.remove_factor(actor=who.oneself(member), factor=factor)
        toast.say(request, _("%(name)s no longer signs you in.") % {"name": name})
        return HttpResponseRedirect(reverse("account"))
    last = len(factors.of(member, factors.TOTP, factors.PASSKEY)) == 1
    return render(request, "people/app_there.html", {"active": "account", "name": name, "last": last})
