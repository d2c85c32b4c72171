"""How well somebody's sign-in is protected, in words, and until when more has to be set up."""

from __future__ import annotations

from typing import NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from keepfold.kernel import clock, config
from keepfold.people import sessions
from keepfold.people.models import Staff
from keepfold.people.signin import factors
from keepfold.ui import say
from keepfold.ui.components import Line

DAY_S = 24 * 3600


class Duty(NamedTuple):
    """That a second factor has to be set up. `days` are left; none left: nothing else opens before."""

    days: int
    overdue: bool


def duty(member: Staff) -> Duty | None:
    """Return what somebody still owes, or None. The days count from the first sign-in."""
    if member.first_s is None or factors.has_second(member):
        return None
    ends_s = member.first_s + config.current().mfa_grace_days * DAY_S
    left_s = ends_s - clock.now_s()
    return Duty(days=max(0, -(-left_s // DAY_S)), overdue=left_s <= 0)


def check_up(member: Staff) -> list[Line]:
    """Return what is well and what is not, the latter with the next step."""
    return [_second(member), *_codes(member), _password(member), _sessions(member)]


def _second(member: Staff) -> Line:
    if factors.can_enter_alone(member):
        return _good(_("A passkey signs you in"), _("It cannot be phished, guessed or read from a stolen database."))
    if factors.has_second(member):
        text = _("A passkey is quicker than a code, and cannot be phished. Two minutes.")
        return _next(_("Next: a passkey"), text, reverse("passkey_new"), _("Add a passkey"), tone="")
    text = _("A password alone can be phished or guessed. A passkey cannot. Two minutes.")
    return _next(_("Next: a passkey"), text, reverse("passkey_new"), _("Add a passkey"))


def _codes(member: Staff) -> list[Line]:
    left = factors.codes_left(member)
    if left is None and not factors.has_second(member):
        return []
    if left is None:
        text = _("They let you in when your phone or key is lost.")
        return [_next(_("No recovery codes yet"), text, reverse("recovery_codes"), _("Make codes"))]
    title = ngettext("%(n)s recovery code is left", "%(n)s recovery codes are left", left) % {"n": say.num(left)}
    if left > factors.FEW_CODES:
        return [_good(title, _("They let you in when your phone or key is lost. Keep them on paper."))]
    text = _("Make new ones before they are used up.")
    return [_next(title, text, reverse("recovery_codes"), _("Make new codes"))]


def _password(member: Staff) -> Line:
    if not member.has_usable_password():
        return _good(_("You have no password"), _("So nobody can guess or steal it."))
    if member.password_s is None:
        return _good(_("You have a password"), "")
    since = say.day_text(member.password_s)
    title = _("Your password is from %(day)s") % {"day": since}
    return _good(title, _("There is no need to change it, unless somebody else may know it."))


def _sessions(member: Staff) -> Line:
    count = len(sessions.of_staff(member.id))
    title = ngettext("You are signed in in %(n)s browser", "You are signed in in %(n)s browsers", count)
    return Line(title % {"n": say.num(count)}, _("Do you know all of them?"), "monitor", "", "#sessions", _("Look"))


def _good(title: str, text: str) -> Line:
    return Line(title, text, "circle-check", "good")


def _next(title: str, text: str, href: str, action: str, tone: str = "warn") -> Line:
    return Line(title, text, "circle-alert" if tone else "key-round", tone, href, action)
