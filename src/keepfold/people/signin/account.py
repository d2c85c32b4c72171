"""My account: how I sign in, where I am signed in, how the console looks to me."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from keepfold.gate.console import actor_of, page
from keepfold.people import queries, sessions
from keepfold.people.models import Staff
from keepfold.people.signin import actions, backend, devices, factors, preferences, rules, standing, who
from keepfold.people.signin.entry import oneself, wanted
from keepfold.people.signin.forms import AUTO, AppearanceForm, NewPasswordForm
from keepfold.people.signin.waiting import require_fresh
from keepfold.ui import nav, say, toast
from keepfold.ui.components import Line

nav.register(
    nav.Item("account", "running", gettext_lazy("My sign-in and devices"), "shield-check", "account", hidden=True)
)


class Browser(NamedTuple):
    """One session as it is shown."""

    id: str
    name: str
    place: str
    began_s: int
    seen_s: int
    is_this: bool


@page(methods=("GET", "POST"))
def account(request: HttpRequest) -> HttpResponse:
    """Show everything about one's own sign-in; take how the console should look."""
    member = oneself(request)
    chosen = preferences.of(member.id)
    initial = {name: getattr(chosen, name) or AUTO for name in ("theme", "density", "language")}
    form = AppearanceForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        preferences.choose(member.id, **form.chosen())
        return redirect(reverse("account") + "#appearance")
    facts = {"active": "account", "member": member, "form": form, "duty": standing.duty(member)}
    facts |= {"lines": standing.check_up(member), "ways": _ways(member), "roles": _roles(request)}
    facts |= {"browsers": browsers(request, member), "has_app": bool(factors.of(member, factors.TOTP))}
    return render(request, "people/account.html", facts)


def _roles(request: HttpRequest) -> list[str]:
    known, language = queries.roles(), (get_language() or settings.LANGUAGE_CODE).partition("-")[0]
    held = [known[name].label for name in actor_of(request).roles if name in known]
    return [label.get(language) or label.get("en", "") for label in held]


def _ways(member: Staff) -> list[Line]:
    found = [_password_way(member)]
    found += [_passkey_way(one) for one in factors.passkeys(member)]
    app = factors.of(member, factors.TOTP)
    if app:
        since = _("Set up on %(day)s") % {"day": say.day_text(app[0].created_at)}
        found.append(Line(_("Authenticator app"), since, "smartphone", "", reverse("app"), _("Remove")))
    left = factors.codes_left(member)
    if left is not None:
        text = ngettext("%(n)s left", "%(n)s left", left) % {"n": say.num(left)}
        found.append(Line(_("Recovery codes"), text, "life-buoy", "", reverse("recovery_codes"), _("Make new codes")))
    return found


def _password_way(member: Staff) -> Line:
    url = reverse("password")
    if not member.has_usable_password():
        return Line(_("Password"), _("None. Passkeys are enough."), "keyboard", "", url, _("Set one"))
    text = _("Set on %(day)s") % {"day": say.day_text(member.password_s)} if member.password_s else ""
    return Line(_("Password"), text, "keyboard", "", url, _("Change"))


def _passkey_way(one: factors.Passkey) -> Line:
    kind = _("Signs in by itself") if one.alone else _("Only after the password")
    used = _("last used on %(day)s") % {"day": say.day_text(one.used_at)} if one.used_at else _("not used yet")
    return Line(one.name, f"{kind}, {used}", "fingerprint", "", reverse("passkey", args=[one.id]), _("Change"))


def browsers(request: HttpRequest, member: Staff) -> list[Browser]:
    """Return where somebody is signed in, this browser first."""
    mine = sessions.digest(request.session.session_key or "")
    found = [_browser(one, one.id == mine) for one in sessions.of_staff(member.id)]
    return sorted(found, key=lambda one: not one.is_this)


def _browser(one: sessions.Seen, is_this: bool) -> Browser:  # noqa: FBT001  one of two callers, named there
    device = rules.device_from(*one.device)
    return Browser(one.id, device_text(device), place_text(one.place), one.created_s, one.seen_s, is_this)


def device_text(device: rules.Device) -> str:
    """Return what a browser is called."""
    if device.browser and device.system:
        return _("%(browser)s on %(system)s") % device._asdict()
    return device.browser or device.system or _("A browser that does not say what it is")


def place_text(place: str) -> str:
    """Return where it was, coarsely."""
    known = {"here": _("this computer"), "near": _("the local network"), "": _("place not known")}
    return known.get(place) or _("network %(part)s") % {"part": place}


@page(methods=("POST",))
def end_sessions(request: HttpRequest) -> HttpResponse:
    """End one session, or all but this one."""
    member = oneself(request)
    ended = actions.revoke_sessions(
        actor=who.oneself(member), session=request.POST.get("session") or None, keep=request.session.session_key
    )
    said = ngettext("%(n)s session was ended.", "%(n)s sessions were ended.", ended) % {"n": say.num(ended)}
    toast.say(request, said)
    return redirect(reverse("account") + "#sessions")


@page(methods=("GET", "POST"), fresh=True)
def not_me(request: HttpRequest) -> HttpResponse:
    """Explain what happens when somebody says that a sign-in was not theirs, and do it."""
    require_fresh(request)
    member = oneself(request)
    if request.method == "POST":
        actions.disown(actor=who.oneself(member), keep=request.session.session_key)
        toast.say(request, _("Every other session was ended. Now choose a password that nobody knows."), tone="warn")
        return redirect(reverse("password") if member.has_usable_password() else reverse("account"))
    others = len(sessions.of_staff(member.id)) - 1
    return render(request, "people/not_me.html", {"active": "account", "others": max(0, others), "member": member})


@page(methods=("GET", "POST"), fresh=True)
def password(request: HttpRequest) -> HttpResponse:
    """Change one's password, or set the first one."""
    require_fresh(request)
    member = oneself(request)
    second = factors.has_second(member)
    form = NewPasswordForm(request.POST or None, member=member, has_factor=second)
    if request.method == "POST" and form.is_valid():
        stored = backend.hashed(form.cleaned_data["password"])
        row = actions.set_password(actor=who.oneself(member), stored=stored, keep=request.session.session_key)
        backend.stay(request, row)
        toast.say(request, _("The password was changed. Every other session was ended."))
        answer = HttpResponseRedirect(reverse("account"))
        # Known browsers are known until the password changes; the one it is changed in stays so.
        devices.remember(request, answer, row)
        return answer
    return render(request, "people/password.html", {"active": "account", "form": form, "member": member})


@page(methods=("POST",))
def tour(request: HttpRequest) -> HttpResponse:
    """Note how far somebody is in the guided visit, and lead on."""
    step = request.POST.get("step", "")
    if step.isascii() and step.isdigit() and int(step) <= preferences.LAST_STEP:
        preferences.choose(oneself(request).id, tour_step=int(step))
    return HttpResponseRedirect(wanted(request))
