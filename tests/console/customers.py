"""What the tests of the customers' pages share: Carl's addresses, and where a value must never be."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client

from keepfold.kernel import ids
from tests.support.cast import CARL

VALUES = tuple(CARL.values())
CASE = "FW-20418"


def carl_at(installation: Any, rest: str = "") -> str:
    """Return the address of one of Carl's pages."""
    return f"/customers/{ids.show('cus', installation.carl)}{rest}"


def values_in(text: str) -> list[str]:
    """Return which of Carl's values a text holds, as they were given or as they are kept."""
    return [value for value in (*VALUES, "+46701740605", "Sweden") if value in text]


def title_of(answer: HttpResponse) -> str:
    """Return the title of a page."""
    return re.search(r"<title>(.*?)</title>", answer.content.decode(), re.DOTALL)[1]


def addresses_in(answer: HttpResponse) -> str:
    """Return every address that a page leads to or loads."""
    return " ".join(re.findall(r'(?:href|src|action|content|hx-[a-z]+)="([^"]*)"', answer.content.decode()))


def open_carl(browser: Client, installation: Any, purpose: str = "support", **more: Any) -> HttpResponse:
    """Open some of Carl's fields through the form."""
    form = {
        "purpose": purpose,
        f"fields-{purpose}": ["email", "first_name", "last_name", "phone"],
        "minutes": "5",
        "case": CASE,
    }
    return browser.post(carl_at(installation, "/open"), form | more)


def written(installation: Any) -> list[str]:
    """Return the actions of the entries about Carl that stand in the ledger, oldest first, this look left out."""
    from keepfold.ledger import actions as ledger

    found = ledger.entries_of(actor=installation.operator, person=installation.carl, limit=500).entries
    return [one.entry.action for one in reversed(found)][:-1]
