"""Mallory puts an old copy of the data store back, in which somebody still lives who was erased since."""

from contextlib import closing
from sqlite3 import connect

import pytest
from django.db import connections

from keepfold.vault import actions as vault
from keepfold.vault import queries
from keepfold.vault.errors import PersonMissing
from tests.support import cast


def copy(source, target):
    connections.close_all()
    with closing(connect(source)) as old, closing(connect(target)) as new:
        old.backup(new)


@pytest.fixture
def back(installation):
    data, kept = installation.home / "data.sqlite3", installation.home / "kept.sqlite3"
    person = vault.seal(actor=installation.operator, values={"email": "ann@example.org", "first_name": "Ann"}).id
    copy(data, kept)
    vault.erase(actor=installation.operator, person=person, reason="asked")
    copy(kept, data)
    cast.forget_everything()
    assert queries.is_living(person)
    return person


def test_somebody_erased_gets_no_new_key_and_is_erased_again(installation, back):
    with pytest.raises(PersonMissing):
        vault.update(actor=installation.operator, person=back, values={"city": "Kiel"})
    assert vault.reconcile(actor=installation.operator) == 1
    assert not queries.is_living(back)
    assert queries.is_erased(back)
