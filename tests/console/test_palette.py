"""The palette leads where somebody means, and never to a customer by name."""

import pytest

from keepfold.kernel import ids
from tests.support.cast import CARL
from tests.support.console import signed_in, text_of


def found(name, words, **headers):
    return signed_in(name).post("/go", {"words": words}, **headers)


def test_it_shows_only_pages_that_the_roles_include(installation):
    assert "/people" in text_of(found("Olga", "p"))
    assert "/people" not in text_of(found("Ben", "p"))


def test_a_customers_id_leads_straight_to_the_customer(installation):
    person = ids.show("cus", installation.carl)
    answer = found("Ben", person)
    assert (answer.status_code, answer["Location"]) == (302, f"/customers/{person}")


def test_a_number_leads_to_the_entry_of_the_ledger(installation):
    assert found("Dora", "1,204")["Location"] == "/ledger/entries/1204"


@pytest.mark.parametrize("words", [CARL["last_name"], CARL["email"], CARL["phone"]])
def test_nobody_is_found_by_name_and_the_name_goes_nowhere(installation, words, caplog):
    answer = found("Ana", words)
    assert answer.status_code == 200
    assert ids.show("cus", installation.carl) not in text_of(answer)
    assert words not in caplog.text
    assert "no-store" in answer["Cache-Control"]


def test_a_purpose_is_found_by_its_label_in_the_readers_language(installation):
    from keepfold.policy import queries

    name, spec = next(iter(queries.schema().purposes.items()))
    answer = found("Ana", spec.label["en"][:6])
    assert f"#purpose-{name}" in (answer.get("Location") or text_of(answer))


def test_what_was_typed_comes_back_escaped(installation):
    page = text_of(found("Ana", '"><script>alert(1)</script>'))
    assert "<script>alert" not in page


def test_htmx_gets_the_list_alone(installation):
    page = text_of(found("Ana", "le", HTTP_HX_REQUEST="true"))
    assert page.lstrip().startswith('<div id="found">')
