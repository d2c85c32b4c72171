from __future__ import annotations

from keepfold.vault import actions
from tests.vault.conftest import ANA, CARL


def test_what_was_sealed_opens_again_in_its_one_form(vault):
    person = actions.seal(actor=ANA, values=CARL).id
    opened = actions.open_record(actor=ANA, person=person, purpose="all")
    assert opened.values == {
        **CARL,
        "phone": "+497112842222",
        "country": "DE",
        "iban": "DE89370400440532013000",
    }
