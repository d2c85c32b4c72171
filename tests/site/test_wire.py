"""The rooms together, as the site wires them."""

import pytest

from keepfold import gate
from keepfold.consent import actions as consent
from keepfold.kernel.errors import NotAllowed
from keepfold.ledger import queries as ledger
from keepfold.ledger.sequencer import sequence_once
from keepfold.vault import actions as vault
from tests.support.cast import CARL


def test_ben_opens_carl_for_support_and_the_ledger_verifies(installation):
    opened = vault.open_record(actor=installation.ben, person=installation.carl, purpose="support", reason="order 7")
    assert opened.values["email"] == CARL["email"]
    while sequence_once():
        pass
    report = ledger.verify()
    assert report.ok, report.findings
    assert report.size > 3


def test_the_newsletter_opens_with_consent_and_not_after_withdrawal(installation):
    ana, carl = installation.ana, installation.carl
    with pytest.raises(NotAllowed) as before:
        vault.open_record(actor=ana, person=carl, purpose="newsletter")
    assert before.value.rule
    assert before.value.next_step
    consent.grant_consent(actor=ana, customer=carl, purpose="newsletter", channel="account_form")
    consent.confirm_consent(actor=ana, customer=carl, purpose="newsletter")
    assert vault.open_record(actor=ana, person=carl, purpose="newsletter").values
    consent.withdraw_consent(actor=ana, customer=carl, purpose="newsletter", channel="account_form")
    with pytest.raises(NotAllowed):
        vault.open_record(actor=ana, person=carl, purpose="newsletter")


def test_mallory_opens_nothing(installation):
    with pytest.raises(NotAllowed):
        vault.open_record(actor=installation.mallory, person=installation.carl, purpose="support")


def test_the_gate_is_wired(installation):
    assert gate.registered_actions()
    assert ledger.status().vkey.startswith("keepfold.local/ledger+")
