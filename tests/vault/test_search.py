from __future__ import annotations

import pytest

from keepfold.kernel import db
from keepfold.kernel.errors import Invalid, NotAllowed
from keepfold.vault import actions
from tests.vault.conftest import ANA, CARL


def find(field: str, value: object, purpose: str = "all") -> list[bytes]:
    return actions.search(actor=ANA, field=field, value=value, purpose=purpose)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "carl.customer@example.com"),
        ("email", " CARL.Customer@EXAMPLE.com "),
        ("phone", "+49 711 284-2222"),
        ("last_name", "quastenFLOSSER"),
    ],
)
def test_a_person_is_found_however_the_value_is_written(vault, field, value):
    carl = actions.seal(actor=ANA, values=CARL).id
    actions.seal(actor=ANA, values={"email": "other@example.com", "last_name": "Other"})
    assert find(field, value) == [carl]


def test_everybody_with_the_value_is_found_and_stands_in_the_entry(vault):
    both = sorted(actions.seal(actor=ANA, values={"last_name": "Quast", "vat": vat}).id for vat in "12")
    assert find("last_name", "Quast") == both
    entry = vault.notebook.entries[-1]
    assert entry.subjects == tuple(both)
    assert entry.details == {"field": "last_name", "found": 2}


def test_nobody_is_found_by_a_part_of_the_value(vault):
    actions.seal(actor=ANA, values=CARL)
    assert find("last_name", "Quasten") == []
    assert find("email", "carl@example.com") == []


def test_a_field_without_an_index_says_what_the_policy_would_need(vault):
    with pytest.raises(Invalid) as caught:
        find("city", "Stuttgart")
    assert caught.value.code == "vault.not-indexed"
    assert "data.city" in caught.value.next_step


def test_a_field_that_the_purpose_does_not_list_cannot_be_searched(vault):
    with pytest.raises(NotAllowed) as caught:
        find("phone", "+497112842222", purpose="newsletter")
    assert caught.value.code == "vault.search-field"
    assert [entry.decision.allowed for entry in vault.notebook.entries] == [False]


def test_a_value_that_cannot_be_is_refused_without_repeating_it(vault):
    with pytest.raises(Invalid) as caught:
        find("email", "mallory-secret")
    assert caught.value.code == "email.malformed"
    assert "mallory" not in str(caught.value.problem())


def test_the_same_value_has_different_tags_in_different_fields(vault):
    actions.seal(actor=ANA, values={"last_name": "Same", "vat": "Same"})
    tags = [
        row[0]
        for row in db.fetch_all("default", "SELECT tag FROM vault_index UNION ALL SELECT tag FROM vault_identity")
    ]
    assert len(set(tags)) == 2
    assert {len(tag) for tag in tags} == {8}


def test_a_new_version_of_an_index_key_finds_old_and_new(vault):
    from keepfold.kernel.crypto import keys as crypto_keys
    from keepfold.vault import keys
    from keepfold.vault.keys import context, store

    old = actions.seal(actor=ANA, values={"last_name": "Quast", "vat": "1"}).id
    ring = keys.ring()
    store.add_named("index/3", 2, ring.wrap(crypto_keys.new(), context.of_side(ring.tenant, "index/3", 2)), 0)
    keys.forget()
    new = actions.seal(actor=ANA, values={"last_name": "Quast", "vat": "2"}).id
    assert find("last_name", "Quast") == sorted([old, new])
    assert {row[0] for row in db.fetch_all("default", "SELECT slot FROM vault_index")} == {3 * 256 + 1, 3 * 256 + 2}
