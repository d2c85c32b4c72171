"""Erasing a customer: what goes and what stays is said before, what was destroyed after; then they were never there."""

from __future__ import annotations

import re
import threading

import pytest
from django.db import connections

from keepfold.consent import actions as consent
from keepfold.kernel import ids
from keepfold.kernel.errors import Unavailable
from keepfold.ledger.sequencer import sequence_once
from keepfold.vault import queries as vault
from tests.console.customers import carl_at, open_carl, values_in
from tests.support.cast import CARL
from tests.support.console import signed_in, text_of


def erase(installation, browser=None, **change):
    form = {"reason": "asked", "last": ids.show("cus", installation.carl)[-4:]} | change
    return (browser or signed_in("Ana")).post(carl_at(installation, "/erase"), form)


def test_what_goes_what_stays_and_what_will_not_be_possible_is_said_before(installation):
    consent.withdraw_consent(actor=installation.ana, customer=installation.carl, purpose="newsletter")
    page = re.sub(r"\s+", " ", text_of(signed_in("Ana").get(carl_at(installation, "/erase"))))
    for words in (
        "Erase 6 fields and this customer?",
        "E-mail address, First name, Last name, Telephone number",
        "Compartment “contact”",
        "3 keys",
        "2 search entries",
        "1 consent event",
        "They point to nobody:",
        "Last copy unreadable on",
        "backups are made outside of Keepfold.",
        "Bringing them back",
        "The law may want some of it kept.",
        "(A17-3-b)",
    ):
        assert words in page
    assert re.search(r"\d+ ledger entries", page)
    assert values_in(page) == []
    assert vault.is_living(installation.carl)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"last": ""}, "Type the last four characters of the id"),
        ({"last": "zzzz"}, "Type the last four characters of the id"),
        ({"reason": ""}, "Choose why they are erased."),
        ({"reason": "Mrs Muster wants it"}, "Choose why they are erased."),
    ],
)
def test_without_reason_and_confirmation_nobody_is_erased(installation, change, says):
    page = erase(installation, **change)
    assert page.status_code == 422
    assert says in text_of(page)
    assert vault.is_living(installation.carl)


def test_afterwards_a_certificate_says_what_was_destroyed_and_where_it_is_recorded(installation):
    page = erase(installation)
    shown = re.sub(r"\s+", " ", text_of(page))
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    for words in (
        "Erased. Nobody brings it back.",
        "<dt>contact</dt><dd>E-mail address, First name, Last name, Telephone number</dd>",
        "<dt>address</dt><dd>City, Country</dd>",
        "<dt>Keys</dt><dd>3</dd>",
        "<dt>Search entries</dt><dd>2</dd>",
        "<dt>By</dt><dd>Ana</dd>",
        "They asked for it",
        "The last copy becomes unreadable on",
    ):
        assert words in shown
    assert re.search(r"ent_\w{26}", shown)
    assert values_in(shown) == []
    assert not vault.is_living(installation.carl)
    assert vault.is_erased(installation.carl)


def test_the_certificates_entry_is_in_the_ledger(installation):
    entry = re.search(r"/customers/entries/(ent_\w+)", text_of(erase(installation)))[1]
    while sequence_once():
        pass
    answer = signed_in("Ana").get(f"/customers/entries/{entry}")
    assert answer.status_code == 302
    from keepfold.ledger import queries as ledger

    shown = ledger.show(int(answer.headers["Location"].rsplit("/", 1)[1]))
    assert (shown.action, shown.allowed) == ("vault.record.erase", True)


def test_erased_and_never_there_are_one_answer_afterwards(installation):
    browser = signed_in("Ana")
    erase(installation, browser)
    never = f"/customers/{ids.show('cus', ids.uuid7())}"
    for page in ("", "/open", "/openings", "/consents", "/edit", "/erase"):
        gone, absent = browser.get(carl_at(installation, page)), browser.get(never + page)
        assert gone.status_code == absent.status_code == 404
        strip = re.compile(r'<dd class="mono hash">.*?</dd>|nonce="[^"]*"|[A-Za-z0-9]{64}')
        assert strip.sub("", text_of(gone)) == strip.sub("", text_of(absent))
    assert "Nobody with this" in text_of(
        browser.post("/customers", {"purpose": "support", "field": "email", "value": CARL["email"]})
    )
    assert erase(installation, browser).status_code == 404
    assert open_carl(browser, installation).status_code == 404


def test_agents_and_auditors_erase_nobody(installation):
    for who in ("Ben", "Dora"):
        assert signed_in(who).get(carl_at(installation, "/erase")).status_code == 403
        assert erase(installation, signed_in(who)).status_code == 403
        assert f"{carl_at(installation)}/erase" not in text_of(signed_in(who).get(carl_at(installation)))
    assert vault.is_living(installation.carl)


def test_a_sign_in_of_long_ago_is_confirmed_first(installation, monkeypatch):
    from keepfold.gate import console

    declared = console.declared_by(_erase_view())
    assert declared is not None
    assert declared.fresh


def _erase_view():
    from django.urls import resolve

    return resolve("/customers/x/erase").func


def test_when_the_ledger_takes_no_entry_nobody_is_erased(installation, monkeypatch):
    from keepfold.ledger.recorder import LedgerRecorder

    real = LedgerRecorder.append

    def refuse(self, entry):
        if entry.context.action == "vault.record.erase":
            raise Unavailable("Away.", code="test.away")
        return real(self, entry)

    monkeypatch.setattr(LedgerRecorder, "append", refuse)
    assert erase(installation).status_code == 503
    assert vault.is_living(installation.carl)


def test_two_who_erase_at_once_erase_once(installation):
    answers: list[int] = []

    def run():
        answers.append(erase(installation, signed_in("Ana")).status_code)
        connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 404]
    assert vault.is_erased(installation.carl)
