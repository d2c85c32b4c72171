"""What jobs, schedules, events and their receivers are called in plain words."""

from __future__ import annotations

import re
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keepfold.ui.components import Badge

Text = str | Promise

JOBS: dict[str, Text] = {
    "console.checkup": gettext_lazy("Check the installation"),
    "intake.import": gettext_lazy("Work on an import"),
    "intake.sweep": gettext_lazy("Remove uploads that nobody came back to"),
    "people.mail": gettext_lazy("Send a mail to a member of staff"),
    "people.sweep": gettext_lazy("Remove sessions and links that are over"),
    "kernel.upkeep": gettext_lazy("Forget old jobs, events and answers"),
    "vault.reconcile": gettext_lazy("Finish erasures that were interrupted"),
    "vault.sweep": gettext_lazy("Remove keys without a person"),
    "vault.grow": gettext_lazy("Make room for more customers"),
    "vault.index": gettext_lazy("Add customers to a new search"),
}
EVENTS: dict[str, Text] = {
    "vault.RecordSealed": gettext_lazy("A customer was sealed"),
    "vault.RecordsSealed": gettext_lazy("Customers were sealed"),
    "vault.RecordUpdated": gettext_lazy("A customer was changed"),
    "vault.RecordErased": gettext_lazy("A customer was erased"),
    "consent.ConsentAsked": gettext_lazy("A consent was asked for"),
    "consent.ConsentGranted": gettext_lazy("A consent was given"),
    "consent.ConsentWithdrawn": gettext_lazy("A consent was withdrawn"),
    "policy.PolicySubmitted": gettext_lazy("A policy was handed in"),
    "policy.PolicyActivated": gettext_lazy("A policy came into force"),
    "people.StaffAdded": gettext_lazy("A member of staff was added"),
    "people.StaffDeactivated": gettext_lazy("A member of staff was deactivated"),
    "people.StaffReactivated": gettext_lazy("A member of staff may act again"),
    "people.RolesChanged": gettext_lazy("Somebody's roles were changed"),
    "people.RoleDefined": gettext_lazy("What a role grants was changed"),
    "people.ClientCreated": gettext_lazy("An API client was made"),
    "people.ClientRotated": gettext_lazy("An API client got a new token"),
    "people.ClientRevoked": gettext_lazy("An API client was revoked"),
}
STATES: dict[str, tuple[Text, str, str]] = {
    "running": (gettext_lazy("In progress"), "good", "play"),
    "waiting": (gettext_lazy("Waiting"), "", "clock"),
    "failing": (gettext_lazy("Tried, will be tried again"), "warn", "rotate-ccw"),
    "given_up": (gettext_lazy("Given up"), "bad", "circle-x"),
    "done": (gettext_lazy("Done"), "line", "check"),
    "delivered": (gettext_lazy("Delivered"), "line", "check"),
}
# Kinds of failure that are not ours, in words.
_FAILURES: dict[str, Text] = {
    "ConnectionRefusedError": gettext_lazy("Nobody answered at the other end."),
    "ConnectionResetError": gettext_lazy("The other end broke off."),
    "TimeoutError": gettext_lazy("The other end did not answer in time."),
    "MemoryError": gettext_lazy("There was not enough memory."),
    "OperationalError": gettext_lazy("The database could not be used at that moment."),
    "OSError": gettext_lazy("A file or the network could not be used."),
    "FileNotFoundError": gettext_lazy("A file that should be there is not."),
    "PermissionError": gettext_lazy("The server may not use a file or folder."),
}
_TRACE = re.compile(r"(?P<kind>\w+)(?:\((?P<code>[\w.-]+)\))? at (?P<place>\S+)(?: · (?P<sentence>.*))?", re.DOTALL)
_CRON = {
    "* * * * *": gettext_lazy("every minute"),
    "*/5 * * * *": gettext_lazy("every 5 minutes"),
    "*/10 * * * *": gettext_lazy("every 10 minutes"),
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
