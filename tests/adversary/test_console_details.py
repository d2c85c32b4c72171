"""Mallory names her client so that the page which shows what she did breaks."""

from __future__ import annotations

import pytest

from keepfold.ledger import queries as ledger
from keepfold.ledger.jobs import sequence_once
from keepfold.people import actions as people
from tests.support.console import signed_in, text_of


@pytest.mark.parametrize("name", ["cli_a/b", "stf_../../ledger", "cli_"])
def test_the_details_of_an_entry_open_whatever_a_client_is_called(installation, name):
    people.create_client(actor=installation.operator, name=name, actions=["people.client.list"])
    while sequence_once():
        pass
    index = ledger.status().size - 1
    answer = signed_in("Dora").post(f"/ledger/entries/{index}", {"reason": "FW-20418"})
    assert answer.status_code == 200
    assert f"<dd>{name}" in text_of(answer) or f">{name}<" in text_of(answer)
    assert f'href="/clients/{name}"' not in text_of(answer)
