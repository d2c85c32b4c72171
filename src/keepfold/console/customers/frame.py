"""What the pages about one customer share: their tabs."""

from __future__ import annotations

from django.utils.translation import gettext as _

from keepfold.console.customers.whom import Customer
from keepfold.gate.console import may
from keepfold.gate.types import Actor
from keepfold.ui import components as ui

OUTLINE = "vault.record.outline"
OPENINGS = "ledger.entries.list_of_person"
CONSENTS = "consent.event.list"
# Looks at lists are entries too; whoever wants them chooses so.
_QUERY = {"customer_openings": "?kind=openings"}


def tabs(customer: Customer, actor: Actor, current: str) -> list[ui.Tab]:
    """Return the views of a customer that somebody may see."""
    wanted = (
        ("customer", _("Data held"), OUTLINE),
        ("customer_openings", _("Openings"), OPENINGS),
        ("customer_consents", _("Consents"), CONSENTS),
    )
    return [
        ui.Tab(label, customer.url(route) + _QUERY.get(route, ""), route == current)
        for route, label, need in wanted
        if may(actor, need)
    ]
