"""Mails about somebody's sign-in. They hold no link that signs in, and nothing that was typed.

They are sent by the worker: a mail server that is slow or away makes nobody wait, and nobody can tell by the time an
answer takes whether there was somebody to write to.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import get_language, override

from keepfold.kernel import clock, config, ids, jobs, mailer
from keepfold.people import sealing
from keepfold.people.models import Preference, Staff
from keepfold.people.signin import rules
from keepfold.ui import say

JOB = "people.mail"
# Without vowels and look-alikes (RFC 8628 section 6.1).
_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
_CODE_LETTERS = 8


def post(member: Staff, kind: str, *, device: rules.Device | None = None, request: bytes | None = None) -> None:
    """Let the worker write to somebody, if what is going on now comes to pass. `kind` names the text."""
    browser, system = rules.device_numbers(device) if device else (-1, -1)
    payload = {
        "staff": ids.show("stf", member.id.bytes),
        "about": kind,
        "at_s": clock.now_s(),
        "language": get_language() or settings.LANGUAGE_CODE,
        "browser": browser,
        "system": system,
        "request": request.hex() if request else "",
    }
    jobs.enqueue(JOB, payload)


def post_nothing(request: bytes) -> None:
    """Take the time of `post` for somebody who is not there."""
    jobs.enqueue(JOB, {"staff": "", "about": "", "at_s": clock.now_s(), "request": request.hex()})


def send(
    *, staff: str, about: str, at_s: int, language: str = "en", browser: int = -1, system: int = -1, request: str = ""
) -> None:
    """Write one mail; nothing when whoever it was for is gone."""
    member = Staff.objects.filter(id=UUID(bytes=ids.parse("stf", staff)), is_active=True).first() if staff else None
    if member is None:
        return
    code = code_of(bytes.fromhex(request)) if request else ""
    facts = {"at_s": at_s, "device": rules.device_from(browser, system), "code": code}
    subject, text = rendered(member, about, _language_of(member, language), facts)
    mailer.send(member.email, subject, text)


def rendered(member: Staff, about: str, language: str, facts: dict[str, Any]) -> tuple[str, str]:
    """Return subject and text of a mail."""
    with override(language):
        when = say.moment_text(facts["at_s"], "full")
        context = {"member": member, "address": config.current().public_url, "when": when, **facts}
        text = render_to_string(f"people/mail/{about}.txt", context).strip()
    subject, _, body = text.partition("\n")
    return subject.strip(), body.strip() + "\n"


def _language_of(member: Staff, asked_in: str) -> str:
    chosen = Preference.objects.filter(staff=member.id).values_list("language", flat=True).first()
    return chosen or asked_in


def code_of(request: bytes) -> str:
    """Return the code that belongs to a request: eight letters (34 bits), the same for whoever has the keys."""
    value = int.from_bytes(sealing.tag("reset", request), "big")
    letters = []
    for _ in range(_CODE_LETTERS):
        value, index = divmod(value, len(_ALPHABET))
        letters.append(_ALPHABET[index])
    return "".join(letters[:4]) + "-" + "".join(letters[4:])
