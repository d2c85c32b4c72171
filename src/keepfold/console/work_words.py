"""What jobs, schedules, events and their receivers are called in plain words."""

from __future__ import annotations

import re
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from keepfold.ui.components import Badge

Text = str | Promise

JOBS: dict[str, Text] = {
    "intake.import": lazy("Work on an import"),
    "intake.sweep": lazy("Remove uploads that nobody came back to"),
    "kernel.upkeep": lazy("Forget old jobs, events and answers"),
    "vault.reconcile": lazy("Finish erasures that were interrupted"),
    "vault.sweep": lazy("Remove keys without a person"),
    "vault.grow": lazy("Make room for more customers"),
    "vault.index": lazy("Add customers to a new search"),
}
EVENTS: dict[str, Text] = {
    "vault.RecordSealed": lazy("A customer was sealed"),
    "vault.RecordsSealed": lazy("Customers were sealed"),
    "vault.RecordUpdated": lazy("A customer was changed"),
    "vault.RecordErased": lazy("A customer was erased"),
    "consent.ConsentAsked": lazy("A consent was asked for"),
    "consent.ConsentGranted": lazy("A consent was given"),
    "consent.ConsentWithdrawn": lazy("A consent was withdrawn"),
    "policy.PolicySubmitted": lazy("A policy was handed in"),
    "policy.PolicyActivated": lazy("A policy came into force"),
    "people.StaffAdded": lazy("A member of staff was added"),
    "people.StaffDeactivated": lazy("A member of staff was deactivated"),
    "people.StaffReactivated": lazy("A member of staff may act again"),
    "people.RolesChanged": lazy("Somebody's roles were changed"),
    "people.RoleDefined": lazy("What a role grants was changed"),
    "people.ClientCreated": lazy("An API client was made"),
    "people.ClientRotated": lazy("An API client got a new token"),
    "people.ClientRevoked": lazy("An API client was revoked"),
}
STATES: dict[str, tuple[Text, str, str]] = {
    "running": (lazy("Running"), "good", "play"),
    "waiting": (lazy("Waiting"), "", "clock"),
    "failing": (lazy("Tried, will be tried again"), "warn", "rotate-ccw"),
    "given_up": (lazy("Given up"), "bad", "circle-x"),
    "done": (lazy("Done"), "line", "check"),
    "delivered": (lazy("Delivered"), "line", "check"),
}
# Kinds of failure that are not ours, in words.
_FAILURES: dict[str, Text] = {
    "ConnectionRefusedError": lazy("Nobody answered at the other end."),
    "ConnectionResetError": lazy("The other end broke off."),
    "TimeoutError": lazy("The other end did not answer in time."),
    "MemoryError": lazy("There was not enough memory."),
    "OperationalError": lazy("The database could not be used at that moment."),
    "OSError": lazy("A file or the network could not be used."),
    "FileNotFoundError": lazy("A file that should be there is not."),
    "PermissionError": lazy("The server may not use a file or folder."),
}
_TRACE = re.compile(r"(?P<kind>\w+)(?:\((?P<code>[\w.-]+)\))? at (?P<place>\S+)(?: · (?P<sentence>.*))?", re.DOTALL)
_CRON = {
    "* * * * *": lazy("every minute"),
    "*/5 * * * *": lazy("every 5 minutes"),
    "*/10 * * * *": lazy("every 10 minutes"),
}
_HOURLY = re.compile(r"(\d+) \* \* \* \*")
_DAILY = re.compile(r"(\d+) (\d+) \* \* \*")


class Failure(NamedTuple):
    """Why something failed: a sentence, our code for it, and the place in the program."""

    sentence: str
    code: str
    place: str


def job(kind: str) -> str:
    """Return what a kind of job is called."""
    return str(JOBS.get(kind, kind))


def event(kind: str) -> str:
    """Return what a kind of event is called."""
    return str(EVENTS.get(kind, kind))


def state(name: str) -> Badge:
    """Return a state as a badge."""
    label, tone, icon = STATES[name]
    return Badge(label, tone, icon)


def schedule(every: str) -> str:
    """Return a schedule in words; an unusual one as it is written."""
    if every in _CRON:
        return str(_CRON[every])
    if match := _HOURLY.fullmatch(every):
        return _("every hour at minute %(minute)s") % {"minute": match[1]}
    if match := _DAILY.fullmatch(every):
        return _("every day at %(hour)02d:%(minute)02d UTC") % {"hour": int(match[2]), "minute": int(match[1])}
    return every


def failure(text: str) -> Failure:
    """Return why something failed, from what was written down about it."""
    match = _TRACE.fullmatch(text)
    if match is None:
        return Failure(_("The worker died while it was at it.") if "died" in text else text, "", "")
    sentence = match["sentence"] or str(_FAILURES.get(match["kind"], _("Something unexpected happened.")))
    return Failure(sentence, match["code"] or match["kind"], match["place"])
