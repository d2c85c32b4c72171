from __future__ import annotations

import pytest

from keepfold.intake.rules.content import column_shares, shares
from keepfold.intake.rules.naming import hear, words
from keepfold.intake.rules.propose import propose
from tests.intake.schemas import field, schema, shop

CHINOOK = ["CustomerId", "FirstName", "LastName", "Company", "Address", "City", "State", "Country", "PostalCode", "Phone", "Fax", "Email", "SupportRepId"]  # fmt: skip
CARL = [
    (
        1,
        "Carl",
        "Customer",
        "Acme",
        "High Street 1",
        "Dublin",
        None,
        "Ireland",
        "D02",
        "+353 20 913 0000",
        "+353 20 913 0001",
        "carl@example.com",
        3,
    ),
    (
        2,
        "Mia",
        "Müller",
        None,
        "Ring 2",
        "Berlin",
        None,
        "Germany",
        "10115",
        "+49 30 23125 000",
        None,
        "mia@example.org",
        4,
    ),
]


def look(columns, rows, policy):
    return propose(columns, column_shares(len(columns), rows), policy)


def columns_of(proposal):
    return {choice.field: choice.rule.column for choice in proposal.choices}


def test_a_customer_table_is_mapped_by_its_names_and_the_rest_named_as_not_needed():
    proposal = look(CHINOOK, CARL, shop())
    assert columns_of(proposal) == {
        "email": "Email", "first_name": "FirstName", "last_name": "LastName", "phone": "Phone", "address": "Address",
        "city": "City", "state": "State", "postal_code": "PostalCode", "country": "Country",
    }  # fmt: skip
    assert [out.column for out in proposal.left_out] == ["CustomerId", "Company", "Fax", "SupportRepId"]
    assert proposal.missing == ()


@pytest.mark.parametrize(
    "columns",
    [
        "Vorname Nachname E-Mail Telefon Straße Ort Bundesland PLZ Land",
        "prénom nom courriel téléphone adresse ville province code_postal pays",
        "nombre apellidos correo_electrónico teléfono dirección ciudad provincia código_postal país",
        "imię nazwisko adres_email telefon ulica miasto województwo kod_pocztowy kraj",
        "имя фамилия почта телефон улица город область индекс страна",
        "όνομα επώνυμο email τηλέφωνο διεύθυνση πόλη νομός τκ χώρα",
        "名 姓 メールアドレス 電話番号 住所 市 都道府県 郵便番号 国",
        "fname lname emailaddress phonenumber addr1 town county zipcode countrycode",
        "billing_first_name billing_last_name customer_email contact_phone billing_street billing_city billing_state billing_zip billing_country",
    ],
)
def test_names_are_understood_in_many_languages_and_spellings(columns):
    names = columns.split()
    proposal = look(names, [], shop())
    order = ("first_name", "last_name", "email", "phone", "address", "city", "state", "postal_code", "country")
    assert columns_of(proposal) == dict(zip(order, names, strict=True))


def test_nameless_columns_are_told_by_what_their_values_look_like():
    rows = [
        ("carl@example.com", "+49 30 23125 000", "Germany", "x"),
        ("mia@example.org", "+44 20 7946 0000", "Norway", "y"),
    ]
    assert columns_of(look(["c1", "c2", "c3", "c4"], rows, shop())) == {"email": "c1", "phone": "c2", "country": "c3"}


@pytest.mark.parametrize(
    "values",
    [("no", "yes"), ("CA", "NY"), ("123-45-6789", "987-65-4321"), ("24.635221", "17.241110"), ("1001", "1002")],
)
def test_nameless_values_that_could_be_something_else_are_not_taken(values):
    assert columns_of(look(["c1"], [(value,) for value in values], shop())) == {}


def test_a_name_that_its_values_contradict_is_not_believed():
    rows = [("yes",), ("no",), ("yes",)]
    proposal = look(["email"], rows, shop())
    assert columns_of(proposal) == {}
    assert "few values look like e-mail addresses" in proposal.left_out[0].perhaps


def test_a_column_that_is_named_as_something_else_is_not_taken_for_its_looks():
    rows = [("+49 30 23125 000",), ("+44 20 7946 0000",)]
    proposal = look(["Fax"], rows, shop())
    assert columns_of(proposal) == {}
    assert proposal.left_out[0].holds == "a fax number"


def test_one_column_serves_one_data_item_and_the_better_name_wins():
    proposal = look(["mobile", "phone", "phone2"], [], shop())
    assert columns_of(proposal) == {"phone": "phone"}
    assert columns_of(look(["mobile"], [], shop())) == {"phone": "mobile"}


def test_names_in_two_columns_are_joined_for_a_policy_that_keeps_one():
    proposal = look(["given_name", "surname"], [], schema(field("name", "name")))
    assert proposal.choices[0].rule.join == ("given_name", "surname")
    assert proposal.left_out == ()


def test_a_full_name_is_split_for_a_policy_that_keeps_two_and_marked_for_checking():
    proposal = look(["Full Name"], [], shop())
    rules = {choice.field: (choice.rule.split, choice.rule.take, "check" in choice.why) for choice in proposal.choices}
    assert rules == {"first_name": ("Full Name", "first", True), "last_name": ("Full Name", "rest", True)}


def test_the_second_address_line_is_joined_to_the_first():
    proposal = look(["address1", "address2"], [], shop())
    assert proposal.choices[0].rule.join == ("address1", "address2")
    assert proposal.left_out == ()


def test_what_a_purpose_requires_and_nothing_provides_is_named():
    proposal = look(["email"], [], shop())
    assert [(gap.field, gap.purposes) for gap in proposal.missing if gap.field == "city"] == [
        ("city", ("fulfil_order",))
    ]


def test_a_data_item_is_known_by_its_label_or_its_taxonomy_when_its_name_says_nothing():
    by_label = field("f1", label={"de": "Telefonnummer"})
    by_fides = field("f2", fides="user.contact.email")
    proposal = look(["tel", "mail"], [], schema(by_label, by_fides))
    assert columns_of(proposal) == {"f1": "tel", "f2": "mail"}


def test_words_of_a_name_are_found_whatever_joins_them():
    assert words("FirstName") == words("first_name") == words("first-name") == words("First Name") == ("first", "name")
    assert words("Straße") == ("strasse",)
    assert hear("email_verified").concept == "status"
    assert hear("x9q") is None


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["a@example.com", "b@example.org"], "email"),
        (["2024-01-31", "31.01.2024", "01/31/2024"], "date"),
        (["DE89 3704 0044 0532 0130 00"], "iban"),
        (["4111 1111 1111 1111"], "card"),
        (["Norway", "USA", "cz", "Deutschland"], "country"),
    ],
)
def test_values_are_recognised_by_their_shape(values, kind):
    assert shares(values)[kind] == 1.0


def test_a_card_number_with_a_wrong_check_digit_is_no_card_number():
    assert shares(["4111 1111 1111 1112"])["card"] == 0.0
    assert shares([None, "", " ", b"x", ["a"]]) == {}
