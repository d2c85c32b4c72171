"""Changing a customer and adding one by hand: declared fields, for a purpose, opened only where somebody asks."""

from __future__ import annotations

import re

import pytest
from django.http import QueryDict

from keepfold.console.customers import editing
from keepfold.kernel import ids
from keepfold.ledger import actions as ledger
from keepfold.policy import queries as policy
from keepfold.policy.types import FieldSpec, PartSpec
from keepfold.vault import actions as vault
from tests.console.customers import CASE, carl_at, title_of, values_in, written
from tests.support.cast import CARL
from tests.support.console import signed_in, text_of

SAVE = {"purpose": "support", "case": CASE, "act": "save"}


def carl_now(installation) -> dict[str, object]:
    everything = vault.open_record(actor=installation.operator, person=installation.carl, purpose="fulfil_order").values
    return dict(everything)


def test_a_purpose_comes_first_and_its_fields_stay_sealed(installation):
    browser = signed_in("Ben")
    assert "What do you change it for?" in text_of(browser.get(carl_at(installation, "/edit")))
    page = text_of(browser.get(carl_at(installation, "/edit?purpose=support")))
    assert re.findall(r'name="f-(\w+)"', page) == ["email", "first_name", "last_name", "phone", "country"]
    assert values_in(page) == []
    assert "What you write replaces it." in page


def test_a_value_can_be_replaced_without_being_opened(installation):
    answer = signed_in("Ben").post(carl_at(installation, "/edit"), SAVE | {"f-phone": "+49 30 901820"})
    assert (answer.status_code, answer.headers["Location"]) == (302, carl_at(installation))
    assert carl_now(installation)["phone"] == "+4930901820"
    assert carl_now(installation)["email"] == CARL["email"]
    entry = next(one for one in _entries(installation) if one.entry.action == "vault.record.update")
    assert (entry.details["purpose"], entry.details["reason"], entry.details["more"]) == (
        "support",
        CASE,
        {"set": ["phone"], "removed": []},
    )
    assert "vault.record.open" not in [
        one.entry.action for one in _entries(installation) if one.details["actor"].startswith("stf")
    ]


def _entries(installation):
    return ledger.entries_of(actor=installation.operator, person=installation.carl).entries


def test_what_was_changed_is_told_without_a_value(installation):
    browser = signed_in("Ben")
    page = browser.post(carl_at(installation, "/edit"), SAVE | {"f-phone": "+49 30 901820"}, follow=True)
    assert "Changed: Telephone number." in text_of(page)
    assert "901820" not in text_of(page)


def test_present_values_open_only_when_asked_for_and_that_is_an_opening(installation):
    page = signed_in("Ben").post(carl_at(installation, "/edit"), SAVE | {"act": "open"})
    shown = text_of(page)
    assert page.headers["Cache-Control"] == "no-store"
    assert f'value="{CARL["email"]}" data-opened' in shown
    assert re.search(r'name="f-phone"[^>]* value=""', shown)
    assert "This purpose sees it masked, so it is not filled in." in shown
    assert 'data-reveal-until="' in shown
    assert "1 entry was written." in shown
    assert values_in(title_of(page)) == []
    assert "vault.record.open" in written(installation)


def test_what_was_opened_and_not_touched_is_not_changed(installation):
    opened = {f"f-{name}": value for name, value in CARL.items() if name in {"email", "first_name", "last_name"}}
    was = {f"was-{name}": CARL[name] for name in ("email", "first_name", "last_name")}
    form = SAVE | opened | was | {"f-country": "SE", "was-country": "SE", "f-last_name": "Lindgren"}
    assert signed_in("Ben").post(carl_at(installation, "/edit"), form).status_code == 302
    entry = next(one for one in _entries(installation) if one.entry.action == "vault.record.update")
    assert entry.details["more"]["set"] == ["last_name"]


def test_a_value_can_be_removed(installation):
    assert signed_in("Ben").post(carl_at(installation, "/edit"), SAVE | {"gone-phone": "1"}).status_code == 302
    assert "phone" not in carl_now(installation)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"f-email": "nonsense"}, "E-mail address: Write an e-mail address"),
        ({"f-country": "Narnia"}, "Country: Write a country"),
        ({"case": "because"}, "Write a case or order number"),
        ({}, "Nothing was changed."),
        ({"purpose": "parties", "f-phone": "+4930901820"}, "Choose what you change it for."),
    ],
)
def test_a_mistake_is_explained_and_changes_nothing(installation, change, says):
    before = carl_now(installation)
    page = signed_in("Ben").post(carl_at(installation, "/edit"), SAVE | change)
    assert page.status_code == 422
    assert says in text_of(page)
    assert carl_now(installation) == before
    if "f-email" in change:
        assert re.search(r'name="f-email"[^>]* value="nonsense"[^>]* aria-invalid="true"', text_of(page))


def test_what_the_policy_does_not_name_is_refused_with_the_line_it_would_need(installation):
    form = SAVE | {"f-phone": "+4930901820", "other-name": "shoe_size", "other-value": "44"}
    page = signed_in("Ben").post(carl_at(installation, "/edit"), form)
    assert page.status_code == 422
    assert "shoe_size: No purpose needs it, so nothing was stored. The policy would need this line:" in text_of(page)
    assert "data: {shoe_size: {label" in text_of(page)
    assert carl_now(installation)["phone"] == "+46701740605"


def test_a_field_of_another_purpose_is_refused_and_written_down(installation):
    form = SAVE | {"other-name": "city", "other-value": "Ulm"}
    page = signed_in("Ben").post(carl_at(installation, "/edit"), form)
    assert page.status_code == 403
    assert "<code>field.not-in-purpose</code>" in text_of(page)
    refused = next(one for one in _entries(installation) if one.entry.action == "vault.record.update")
    assert not refused.entry.allowed
    assert carl_now(installation)["city"] == CARL["city"]


def test_a_purpose_of_another_role_changes_nothing(installation):
    page = signed_in("Ben").post(carl_at(installation, "/edit"), SAVE | {"purpose": "bookkeeping", "f-city": "Ulm"})
    assert page.status_code == 422
    assert carl_now(installation)["city"] == CARL["city"]


def test_somebody_elses_unique_value_is_refused(installation):
    vault.seal(actor=installation.operator, values={"email": "other@example.org"})
    page = signed_in("Ben").post(carl_at(installation, "/edit"), SAVE | {"f-email": "other@example.org"})
    assert page.status_code == 422
    assert "Somebody else has the same unique value." in text_of(page)


# ------------------------------------------------------------------------------------------------------------ adding


def test_somebody_is_added_by_hand_and_sealed(installation):
    form = {"f-email": "lena@example.org", "f-first_name": "Lena", "f-last_name": "Weiß", "f-country": "Germany"}
    answer = signed_in("Ana").post("/customers/new", form)
    assert answer.status_code == 302
    person = ids.parse("cus", answer.headers["Location"].rsplit("/", 1)[1])
    found = vault.open_record(actor=installation.ana, person=person, purpose="support").values
    assert dict(found) == {"email": "lena@example.org", "first_name": "Lena", "last_name": "Weiß", "country": "DE"}


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({}, "Fill in at least one field."),
        ({"f-email": "nonsense", "f-city": "Ulm"}, "E-mail address: Write an e-mail address"),
        ({"f-email": CARL["email"]}, "is a customer already. Search for them."),
        ({"f-city": "Ulm", "other-name": "shoe_size", "other-value": "44"}, "The policy would need this line:"),
    ],
)
def test_a_customer_who_cannot_be_stored_is_not_and_nothing_typed_is_lost(installation, form, says):
    page = signed_in("Ana").post("/customers/new", form)
    assert page.status_code == 422
    assert says in text_of(page)
    for name, text in form.items():
        if name.startswith("f-"):
            assert f'value="{text}"' in text_of(page)
    assert vault.list_people(actor=installation.operator) == [installation.carl]


def test_adding_says_what_each_field_is_needed_for(installation):
    page = text_of(signed_in("Ana").get("/customers/new"))
    assert "Needed for: Deliver what you ordered, Answer your questions, Send you news and offers by e-mail" in page
    assert signed_in("Ben").get("/customers/new").status_code == 403


# ------------------------------------------------------------------------------------------------- lists and structures

ORDERS = FieldSpec(
    name="orders",
    number=1,
    type="list",
    label={"en": "Orders"},
    compartment="orders",
    compartment_number=1,
    parts=(PartSpec(name="item", type="text", max_length=99), PartSpec(name="price", type="number", max_length=20)),
    max_items=20,
)
WORDS = FieldSpec(
    name="words",
    number=2,
    type="list",
    label={"en": "Words"},
    compartment="orders",
    compartment_number=1,
    parts=(PartSpec(name="", type="text", max_length=99),),
    max_items=20,
)
PLACE = FieldSpec(
    name="place",
    number=3,
    type="structure",
    label={"en": "Place"},
    compartment="orders",
    compartment_number=1,
    parts=(PartSpec(name="street", type="text", max_length=99), PartSpec(name="town", type="text", max_length=99)),
)


def form_of(**fields: str) -> QueryDict:
    made = QueryDict(mutable=True)
    made.update({name.replace("__", "-"): text for name, text in fields.items()})
    return made


def test_a_list_is_edited_row_by_row_and_empty_rows_fall_away():
    shown = editing.control(ORDERS, "open", [{"item": "Lamp", "price": 2.5}], None, {})
    assert [[cell.text for cell in row] for row in shown.rows] == [["Lamp", "2.5"], ["", ""], ["", ""]]
    form = form_of(
        **{
            "f-orders-0-item": "Lamp",
            "f-orders-0-price": "3",
            "f-orders-1-item": "",
            "f-orders-1-price": "",
            "f-orders-2-item": "Oil",
            "f-orders-2-price": "",
        }
    )
    assert editing.read_value(ORDERS, form) == [{"item": "Lamp", "price": "3"}, {"item": "Oil"}]
    assert editing.read_value(ORDERS, form_of()) is None


def test_a_list_that_was_not_touched_is_not_written():
    schema = policy.Schema(version="", hash=b"", fields={"orders": ORDERS}, purposes={}, compartments={})
    was = editing.control(ORDERS, "open", [{"item": "Lamp", "price": 2.5}], None, {}).was
    same = form_of(**{"f-orders-0-item": "Lamp", "f-orders-0-price": "2.5", "was-orders": was})
    assert editing.changes(schema, ["orders"], same) == {}
    other = form_of(**{"f-orders-0-item": "Lamp", "f-orders-0-price": "9", "was-orders": was})
    assert editing.changes(schema, ["orders"], other) == {"orders": [{"item": "Lamp", "price": "9"}]}


def test_plain_lists_are_lines_and_structures_one_row():
    assert editing.control(WORDS, "open", ["a", "b"], None, {}).cell.text == "a\nb"
    assert editing.read_value(WORDS, form_of(**{"f-words": " a \n\nb "})) == ["a", "b"]
    assert [[cell.text for cell in row] for row in editing.control(PLACE, "open", {"town": "Ulm"}, None, {}).rows] == [
        ["", "Ulm"]
    ]
    assert editing.read_value(PLACE, form_of(**{"f-place-0-town": "Ulm"})) == {"town": "Ulm"}
    assert len(editing.control(PLACE, "absent", None, None, {}).rows) == 1
