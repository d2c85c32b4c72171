"""What happens when somebody has shown who they are: it is written down, and a new browser is told of by mail."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from keepfold.kernel import clock
from keepfold.people.models import Staff
from keepfold.people.signin import actions, devices, rules, who

FRESH_S = 600
FRESH, DEVICE, PLACE = "fresh_s", "device", "place"


def write_down(request: HttpRequest, member: Staff) -> None:
    """Record a sign-in before it takes effect; without the record there is none."""
    is_new = member.first_s is not None and not devices.is_known(request, member)
    device = rules.device_of(request.headers.get("User-Agent", "")) if is_new else None
    actions.begin_session(actor=who.oneself(member), method=method_of(request, member), device=device)


def method_of(request: HttpRequest, member: Staff) -> str:
    """Return how somebody has shown who they are, such as `password+totp`."""
    records = get_authentication_records(request, member)
    ways = [str(record.get("type") or record["method"]) for record in records]
    return "+".join(dict.fromkeys(ways)) or "session"


@receiver(user_logged_in)
def note_browser(request: HttpRequest, **_: Any) -> None:
    """Note in the session, however it began, in which browser and when."""
    request.session[FRESH] = clock.now_s()
    device = rules.device_of(request.META.get("HTTP_USER_AGENT", ""))
    request.session[DEVICE] = list(rules.device_numbers(device))
    request.session[PLACE] = rules.place_of(request.META.get("REMOTE_ADDR", ""))


def confirm(request: HttpRequest) -> None:
    """Note that somebody has just shown again who they are."""
    request.session[FRESH] = clock.now_s()


def is_fresh(request: HttpRequest) -> bool:
    """Say whether somebody showed within the last ten minutes who they are."""
    return 0 <= clock.now_s() - int(request.session.get(FRESH, 0)) <= FRESH_S
