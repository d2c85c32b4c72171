"""Whom a page is about. An id that is malformed, erased or was never there gets one and the same answer."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _

from keepfold.consent.errors import NoSuchPerson
from keepfold.kernel import ids
from keepfold.kernel.errors import Invalid, NotFound
from keepfold.vault import queries as vault
from keepfold.vault.errors import PersonMissing
from keepfold.vault.types import PREFIX

View = Callable[..., Any]


class Customer(NamedTuple):
    """One customer by both forms of the id, and the addresses of the pages about them."""

    id: bytes
    shown: str

    @property
    def last(self) -> str:
        """Return the last four characters, which whoever erases somebody types."""
        return self.shown[-4:]

    @property
    def short(self) -> str:
        """Return the id for places without room, such as the way back."""
        return f"{self.shown[:4]}…{self.shown[-6:]}"

    def url(self, route: str = "customer") -> str:
        """Return the address of a page about this customer."""
        return reverse(route, args=[self.shown])


def of(person: bytes) -> Customer:
    """Return a customer by id."""
    return Customer(person, ids.show(PREFIX, person))


def absent() -> NotFound:
    """Return the error for somebody who is not there, whatever the cause."""
    return NotFound(
        _("There is no such customer, or no longer."),
        code="customer.absent",
        next_step=_("Search by something they told you. Whoever was erased cannot be found again."),
    )


def named(text: str) -> Customer | None:
    """Return the customer that a text names by a whole id, who need not be there; None when it is no id."""
    try:
        return Customer(ids.parse(PREFIX, text), text)
    except Invalid:
        return None


def customer_page(view: View) -> View:
    """Make a view about one customer: it gets a `Customer` who is there, and answers with 404 otherwise.

    Goes below `@page`, so that nobody learns anything before their grants were looked at.
    """

    @functools.wraps(view)
    def found(request: HttpRequest, customer: str, **kwargs: Any) -> HttpResponseBase:
        whom = named(customer)
        if whom is None or not vault.is_living(whom.id):
            raise absent()
        try:
            answer: HttpResponseBase = view(request, whom, **kwargs)
        except (PersonMissing, NoSuchPerson):
            # Erased since we looked.
            raise absent() from None
        return answer

    return found
