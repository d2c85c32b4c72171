"""What the pages about people share: ids in addresses, refusals in the reader's language, grants as values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from keepfold.gate.console import SignInAgain
from keepfold.gate.types import Actor
from keepfold.kernel import ids
from keepfold.kernel.errors import KeepfoldError, NotFound
from keepfold.people import rules
from keepfold.people.types import Grants

T = TypeVar("T")

_MORE = _("You can give and take only what you hold yourself. Let an owner do it.")
_LAST = _("This is the last owner. Make somebody else owner first, so that somebody can put things right.")
# Errors of the room speak English; these are their words on a page, by code.
WORDS: Mapping[str, str | Promise] = {
    "people.more-than-held": _MORE,
    "people.last-owner": _LAST,
    "people.staff-known": _("Somebody with this e-mail address is there already."),
    "people.email": _("Write an e-mail address, for example ana@shop.example."),
    "people.name": _("Write a name of 1 to 80 characters on one line."),
    "people.role-unknown": _("This role is no longer there. Load the page again."),
    "people.role-name": _("Use lower-case letters, digits and _, at most 40, beginning with a letter."),
    "people.role-owner": _("Owners hold everything, always. Make a role of your own, and give that instead."),
    "people.role-held": _("Somebody still holds this role. Take it from everybody first."),
    "people.grants-count": _("Choose at least one thing, and at most 100."),
    "people.grants-shape": _("Choose among these."),
    "people.action-unknown": _("Choose among these."),
    "people.expiry": _("Choose a day that lies ahead."),
    "people.rate": _("Write a number between 1 and 100,000."),
    "people.client-ended": _("This client is revoked or has expired. Make a new one."),
    "people.row-altered": _(
        "The stored row is not as Keepfold wrote it, so it counts for nothing. Run the checks on the settings page."
    ),
    "gate.denied": _("Your roles do not include this. Whoever gives out roles here can add one that does."),
}


def found(prefix: str, text: str, look: Callable[[bytes], list[T]]) -> T:
    """Return what an id in an address names. Absent, malformed and foreign ids are answered alike."""
    try:
        things = look(ids.parse(prefix, text))
    except KeepfoldError as error:
        if error.code != "id.malformed":
            raise
        things = []
    if not things:
        raise nothing_there()
    return things[0]


def nothing_there() -> NotFound:
    """Return the one answer to everything that is not there."""
    return NotFound(str(_("There is nothing at this address.")), next_step=str(_("Look for it in the list.")))


def ask_now(request: HttpRequest) -> None:
    """Ask somebody to confirm who they are before they fill a form in, so that nothing they typed is lost after."""
    if not request.is_fresh():  # type: ignore[attr-defined]
        raise SignInAgain("This changes something that matters.", next_step="Confirm that it is you.")


def sent(request: HttpRequest) -> QueryDict | None:
    """Return the form that was sent, also an empty one; None where none was."""
    return request.POST if request.method == "POST" else None


def held_by(actor: Actor) -> Grants:
    """Return what somebody holds, as grants."""
    return Grants(actor.actions, actor.purposes)


def exceeds(actor: Actor, grants: Grants) -> bool:
    """Say whether grants go beyond what somebody holds."""
    return rules.beyond(held_by(actor), grants) != Grants()


def explain(form: forms.BaseForm, error: KeepfoldError, fields: Mapping[str, str] | None = None) -> None:
    """Put a refusal into the form, beside the field it is about when that is known."""
    form.add_error((fields or {}).get(error.code), str(WORDS.get(error.code, error.detail)))
