"""Each type brings a value into its one form or refuses it, and the fast ways agree with the libraries."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
import time
from decimal import Decimal

import phonenumbers
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stdnum import iban as stdnum_iban
from stdnum import luhn as stdnum_luhn

from keepfold.vault.normalise import TYPES, Part, Refusal, TypeOptions, index_form, normaliser

OPTIONS = TypeOptions()


def accept(kind: str, raw: object, region: str = "", **options: object) -> object:
    return normaliser(kind, TypeOptions(**options))(raw, region)


def code(kind: str, raw: object, region: str = "", **options: object) -> str:
    try:
        accept(kind, raw, region, **options)
    except Refusal as refusal:
        return refusal.code
    return "accepted"


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        ("carl@example.com", "carl@example.com"),
        ("  Carl.Q+x@EXAMPLE.Com ", "Carl.Q+x@example.com"),
        ("jürgen@bücher.example", "jürgen@bücher.example"),
        ("carl@xn--bcher-kva.example", "carl@bücher.example"),
        ("INFO@example.com", "info@example.com"),
        ("o'brien@sub.example.co.uk", "o'brien@sub.example.co.uk"),
    ],
)
def test_an_email_address_has_one_form(raw, form):
    assert accept("email", raw) == form


@pytest.mark.parametrize(
    "raw",
    ["carl", "carl@", "@example.com", "carl@localhost", "carl@example", "a..b@example.com", ".a@example.com", "a b@example.com",
     "carl@exa_mple.com", "carl@-example.com", "carl@example.c0", "carl@[127.0.0.1]", "Carl <carl@example.com>", "carl@x.test",
     "x" * 65 + "@example.com", "a@" + "b" * 64 + ".com", "carl@example.com\n.evil", "carl@ab--cd.com"],
)  # fmt: skip
def test_what_is_no_email_address_is_refused(raw):
    assert code("email", raw) == "email.malformed"


LOCAL = st.text("abcXYZ019.!#$%&'*+/=?^_`{|}~-@\" ü", max_size=70)
DOMAIN = st.text("abcXYZ019.-_xn@ ü", max_size=70)
ADDRESS = st.one_of(
    st.builds(lambda a, b: f"{a}@{b}", LOCAL, DOMAIN),
    st.builds(lambda a, b, c: f"{a}@{b}.{c}", LOCAL, st.text("abc-019", min_size=1, max_size=64), st.sampled_from(["com", "TEST", "onion", "c", "Local", "x1", "museum"])),
    st.emails(),
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(ADDRESS)
@example("WebMaster@Example.COM")
@example("a@b.cd--ef.com")
@example("a" * 64 + "@example.com")
def test_emails_come_out_as_the_library_gives_them(raw):
    try:
        expected = (
            validate_email(raw.strip(), check_deliverability=False, strict=True).normalized if raw.strip() else None
        )
    except EmailNotValidError:
        expected = None
    try:
        got = accept("email", raw)
    except Refusal:
        got = None
    assert got == expected or (expected is not None and len(raw.strip()) > 254 and got is None)


@pytest.mark.parametrize(
    ("raw", "region", "form"),
    [
        ("+55 (12) 3923-5555", "", "+551239235555"),
        ("+49 0711 2842222", "", "+497112842222"),
        ("+420 2 4172 5555", "", "+420241725555"),
        ("(11) 3033-5446", "BR", "+551130335446"),
        ("+54 (0)11 4311 4333", "AR", "+541143114333"),
        ("0711 2842222", "DE", "+497112842222"),
        ("00497112842222", "DE", "+497112842222"),
        ("+39 06 39733434", "", "+390639733434"),
        ("020 7707 0707", "GB", "+442077070707"),
        ("+４９７１１２８４２２２２", "", "+497112842222"),
        ("+800 1234 5678", "", "+80012345678"),
    ],
)
def test_a_phone_number_becomes_e164(raw, region, form):
    assert accept("phone", raw, region) == form


@pytest.mark.parametrize(
    ("raw", "region", "refusal"),
    [
        ("0711 2842222", "", "phone.no-country"),
        ("+453 3331 9991", "DK", "phone.not-possible"),
        ("+1 253 0000", "", "phone.not-possible"),
        ("1-800-FLOWERS", "US", "phone.malformed"),
        ("+1 212 221 3546 ext. 7", "", "phone.malformed"),
        ("+999 123456", "", "phone.malformed"),
        ("call me", "DE", "phone.malformed"),
        ("+", "DE", "phone.malformed"),
        (7112842222, "DE", "value.wrong-type"),
        ("1" * 500, "DE", "text.too-long"),
    ],
)
def test_what_is_no_phone_number_is_refused(raw, region, refusal):
    assert code("phone", raw, region) == refusal


@pytest.mark.parametrize(
    ("raw", "region", "form"),
    [
        ("+453 3331 9991", "DK", "+45333319991"),
        ("+49 0711 2842222", "", "+497112842222"),
        ("0711 2842222", "DE", "+497112842222"),
        ("+45 12345678901234", "", "phone.not-possible"),
        ("+45 123", "", "phone.not-possible"),
        ("3 3331 9991", "DK", "phone.not-possible"),
        ("+999 123456", "", "phone.malformed"),
        ("call me", "DE", "phone.malformed"),
    ],
)
def test_by_shape_an_international_number_of_any_length_that_e164_permits_passes(raw, region, form):
    found = code("phone", raw, region, check="shape")
    assert (accept("phone", raw, region, check="shape") if found == "accepted" else found) == form


@pytest.mark.parametrize(
    ("raw", "region", "result"),
    [
        ("+453 3331 9991", "DK", "+45333319991"),
        ("+49 711 2842222", "DE", "+497112842222"),
        ("33319991", "DK", "+4533319991"),
        ("333319991", "DK", "phone.not-possible"),
        ("+45 12", "DK", "phone.not-possible"),
        ("+45 1234567890123456", "DK", "phone.not-possible"),
        ("+999 1234567", "DK", "phone.malformed"),
    ],
)
def test_a_policy_may_ask_for_the_shape_of_a_phone_number_only(raw, region, result):
    refused = code("phone", raw, region, check="shape")
    assert (accept("phone", raw, region, check="shape") if refused == "accepted" else refused) == result


def by_library(raw: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(raw, region or None)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
PUNCTUATED = st.lists(st.sampled_from(["0", "1", "2", "7", "9", " ", "-", "(", ")", "."]), min_size=1, max_size=22)


@settings(max_examples=1000, deadline=None)
@given(
    st.one_of(st.just(""), st.sampled_from(CODES).map(str)),
    st.one_of(st.text("0123456789", min_size=1, max_size=16), PUNCTUATED.map("".join)),
)
@example("49", "(0)7112842222")
@example("1", "253 0000")
@example("52", "12221234567")
@example("54", "91143114333")
@example("39", "0000000")
def test_numbers_with_a_country_code_come_out_as_the_library_gives_them(prefix, rest):
    raw = f"+{prefix}{rest}"
    try:
        got = accept("phone", raw)
    except Refusal:
        got = None
    assert got == by_library(raw, "")


def test_every_countrys_example_number_takes_the_same_way_as_in_the_library():
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        number = phonenumbers.example_number(region)
        if number is not None:
            for layout in (
                phonenumbers.PhoneNumberFormat.E164,
                phonenumbers.PhoneNumberFormat.INTERNATIONAL,
                phonenumbers.PhoneNumberFormat.NATIONAL,
            ):
                raw = phonenumbers.format_number(number, layout)
                assert accept("phone", raw, region) == by_library(raw, region), raw


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        ("1999-12-31", "1999-12-31"),
        ("1999/12/31", "1999-12-31"),
        ("19991231", "1999-12-31"),
        ("2009-01-01 00:00:00", "2009-01-01"),
        ("2009-01-01T23:59:59.999Z", "2009-01-01"),
        ("2009-1-5", "2009-01-05"),
        ("31.12.1999", "1999-12-31"),
        ("1.2.2003", "2003-02-01"),
        ("31/12/1999", "1999-12-31"),
        ("12/31/1999", "1999-12-31"),
        ("05/05/1999", "1999-05-05"),
        ("3 Jan 2020", "2020-01-03"),
        ("31. Dezember 1999", "1999-12-31"),
        ("1. März 2001", "2001-03-01"),
        ("March 5, 1990", "1990-03-05"),
        ("5 de mayo de 2001", "2001-05-05"),
        ("1er janvier 2000", "2000-01-01"),
        (dt.date(2020, 2, 29), "2020-02-29"),
        (dt.datetime(2020, 2, 29, 13, tzinfo=dt.UTC), "2020-02-29"),
    ],
)
def test_a_clear_date_becomes_iso(raw, form):
    assert accept("date", raw) == form


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        ("03/04/1999", "date.ambiguous"),
        ("03-04-1999", "date.ambiguous"),
        ("31.12.99", "date.malformed"),
        ("2023-02-29", "date.malformed"),
        ("2023-02-29 10:00", "date.malformed"),
        ("0001-01-01", "date.out-of-range"),
        ("2999-01-01", "date.out-of-range"),
        ("32 Jan 2020", "date.malformed"),
        ("3 Foo 2020", "date.malformed"),
        ("13/13/2020", "date.malformed"),
        ("2009-01-01T", "date.malformed"),
        ("yesterday", "date.malformed"),
        (1999, "value.wrong-type"),
        ("１９９９-12-31", "date.malformed"),
    ],
)
def test_an_unclear_date_is_refused(raw, refusal):
    assert code("date", raw) == refusal


@given(st.dates(dt.date(1800, 1, 1), dt.date(2199, 12, 31)))
def test_every_date_survives_its_iso_form(day):
    assert accept("date", day.isoformat()) == accept("date", day) == day.isoformat()


@pytest.mark.parametrize("raw", ["4111 1111 1111 1111", "4111-1111-1111-1111", "378282246310005", " 6011000990139424 "])
def test_a_card_number_loses_its_spaces(raw):
    assert accept("card", raw) == re.sub(r"\D", "", raw)


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        ("4111 1111 1111 1112", "card.checksum"),
        ("4111", "card.malformed"),
        ("4" * 20, "card.malformed"),
        ("41111111x1111111", "card.malformed"),
        ("٤١١١١١١١١١١١١١١١", "card.malformed"),
        (4111111111111111, "value.wrong-type"),
    ],
)
def test_a_mistyped_card_number_is_refused(raw, refusal):
    assert code("card", raw) == refusal


@given(st.text("0123456789", min_size=12, max_size=19))
def test_the_luhn_sum_is_that_of_the_library(digits):
    assert (code("card", digits) == "accepted") == stdnum_luhn.is_valid(digits)


IBANS = ["DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819", "FR14 2004 1010 0505 0001 3M02 606", "ES91 2100 0418 4502 0005 1332",
         "NL91ABNA0417164300", "BE68539007547034", "NO9386011117947", "MT84MALT011000012345MTLCAST001S", "CH9300762011623852957",
         "BR1800360305000010009795493C1", "gb29 nwbk 6016 1331 9268 19", "PL61109010140000071219812874"]  # fmt: skip


@pytest.mark.parametrize("raw", IBANS)
def test_an_iban_comes_out_as_the_library_gives_it(raw):
    assert accept("iban", raw) == stdnum_iban.validate(raw, check_country=False)


@settings(max_examples=400, deadline=None)
@example("DE89 3704 0044 0532 0130 00", 0, "\u0131", False)
@given(st.sampled_from(IBANS), st.integers(0, 33), st.sampled_from("0123456789ABZabz -.x"), st.booleans())
def test_a_changed_iban_is_judged_as_by_the_library(raw, at, letter, insert):
    at %= len(raw)
    changed = raw[:at] + letter + raw[at + (not insert) :]
    assert (code("iban", changed) == "accepted") == stdnum_iban.is_valid(changed, check_country=False)


def test_the_iban_of_a_country_that_has_none_is_refused():
    assert code("iban", "US89370400440532013000").startswith("iban.")
    assert code("iban", "89DE") == code("iban", "ZZ89370400440532013000") == code("iban", "D") == "iban.malformed"
    assert code("iban", "DE88370400440532013000") == "iban.checksum"


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        ("DE", "DE"), ("de", "DE"), ("DEU", "DE"), ("Germany", "DE"), ("Deutschland", "DE"), ("  allemagne ", "DE"), ("USA", "US"),
        ("United States", "US"), ("Czech Republic", "CZ"), ("Tschechien", "CZ"), ("United Kingdom", "GB"), ("UK", "GB"), ("Österreich", "AT"),
        ("Brasil", "BR"), ("españa", "ES"), ("Côte d’Ivoire", "CI"), ("Netherlands", "NL"), ("Chile", "CL"), ("IN", "IN"), ("ca", "CA"),
    ],
)  # fmt: skip
def test_a_country_becomes_its_alpha_2_code(raw, form):
    assert accept("country", raw) == form


@pytest.mark.parametrize("raw", ["Germanistan", "ZZ", "XX", "D", "Stuttgart", "12"])
def test_an_unknown_country_is_refused(raw):
    assert code("country", raw) == "country.unknown"


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        ("70174", "70174"),
        ("ec1v  4ud", "EC1V 4UD"),
        ("H2G 1A7", "H2G 1A7"),
        ("94043-1351", "94043-1351"),
        ("00-358", "00-358"),
    ],
)
def test_a_postcode_is_upper_case_with_single_spaces(raw, form):
    assert accept("postcode", raw) == form


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        ("7017ä", "postcode.malformed"),
        ("1234567890123", "postcode.malformed"),
        ("-1", "postcode.malformed"),
        (70174, "value.wrong-type"),
    ],
)
def test_a_strange_postcode_is_refused(raw, refusal):
    assert code("postcode", raw) == refusal


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        (5, 5),
        ("05", 5),
        ("-12.50", -12.5),
        (2.5, 2.5),
        (Decimal("3.10"), 3.1),
        ("+7", 7),
        ("1.0", 1),
        (2**63 - 1, 2**63 - 1),
        (Decimal("1E+3"), 1000),
    ],
)
def test_a_number_is_read_in_plain_form(raw, form):
    got = accept("number", raw)
    assert got == form
    assert type(got) is type(form)


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [("1,234", "number.malformed"), ("1e5", "number.malformed"), ("", "value.empty"), (True, "value.wrong-type"), (float("nan"), "number.malformed"),
     (float("inf"), "number.malformed"), (2**63, "number.out-of-range"), ("0.1234567890123456", "number.too-precise"), ("٣", "number.malformed"),
     ([], "number.malformed"), (Decimal("NaN"), "number.malformed"), (Decimal("1E+99"), "number.out-of-range"), (10**30, "number.out-of-range")],
)  # fmt: skip
def test_a_number_that_could_be_misread_is_refused(raw, refusal):
    assert code("number", raw) in {refusal, "value.empty" if raw == "" else refusal}


@given(st.integers(-(2**63), 2**63 - 1))
def test_whole_numbers_of_64_bits_keep_their_value(number):
    assert accept("number", str(number)) == accept("number", number) == number


@pytest.mark.parametrize(
    ("raw", "form"), [(True, True), ("ja", True), ("No", False), (0, False), ("1", True), (" true ", True)]
)
def test_yes_and_no_have_many_words(raw, form):
    assert accept("boolean", raw) is form


@pytest.mark.parametrize("raw", ["maybe", 2, "", None, 1.0, []])
def test_what_is_neither_yes_nor_no_is_refused(raw):
    assert code("boolean", raw) != "accepted"


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        ("a\x00b", "text.control"), ("a\x1b[31mb", "text.control"), ("a\u202eb", "text.direction-control"), ("a\u2066b", "text.direction-control"),
        ("a\u200fb", "text.direction-control"), ("a\u200bb", "text.invisible"), ("\ufeffa", "text.invisible"), ("a\ud800", "text.not-unicode"),
        ("a\uffff", "text.not-unicode"), ("a\x85b", "text.control"), ("   ", "value.empty"), (5, "value.wrong-type"), ("x" * 1001, "text.too-long"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["text", "name"])
def test_texts_that_hide_something_are_refused(kind, raw, refusal):
    assert code(kind, raw) == refusal


@pytest.mark.parametrize(
    "raw", ["José García", "नरेन्द्र", "محمد علی", "می‌خواهم", "李小龍", "O’Neill-Smith", "👩‍👩‍👧", "Nguyễn"]
)
@pytest.mark.parametrize("kind", ["text", "name"])
def test_names_of_the_world_pass(kind, raw):
    assert accept(kind, raw) == raw


def test_a_text_keeps_its_lines_and_a_name_has_none():
    assert accept("text", " a\r\nb\tc \n") == "a\nb\tc"
    assert code("name", "a\nb") == "text.control"
    assert accept("name", "  Carl \u00a0  Quast ") == "Carl Quast"


def test_letters_with_marks_have_one_form():
    assert accept("name", "Jose\u0301") == accept("name", "José") == accept("text", "Jose\u0301") == "José"


@given(st.text(max_size=60), st.sampled_from(["text", "name"]))
def test_a_normalised_text_stays_as_it_is(raw, kind):
    try:
        once = accept(kind, raw)
    except Refusal:
        return
    assert accept(kind, once) == once


LIST = {"parts": (Part("", "text", 5),), "max_items": 2}
STRUCTURE = {"parts": (Part("street", "name", 20), Part("since", "date", 10))}


def test_every_part_of_a_structure_is_normalised_by_its_own_type():
    assert accept("list", ["a ", "b"], **LIST) == ["a", "b"]
    assert accept("structure", {"street": " X ", "since": "31.12.1999"}, **STRUCTURE) == {
        "street": "X",
        "since": "1999-12-31",
    }
    assert accept("list", [{"street": "X"}], parts=STRUCTURE["parts"], max_items=3) == [{"street": "X"}]


@pytest.mark.parametrize(
    ("kind", "raw", "options", "refusal"),
    [
        ("list", ["a", "b", "c"], LIST, "list.too-many"),
        ("list", ["toolong"], LIST, "text.too-long"),
        ("list", "ab", LIST, "value.wrong-type"),
        ("list", [], LIST, "value.empty"),
        ("structure", {"city": "X"}, STRUCTURE, "structure.unknown-part"),
        ("structure", {1: "X"}, STRUCTURE, "structure.unknown-part"),
        ("structure", {"since": "soon"}, STRUCTURE, "date.malformed"),
        ("structure", {}, STRUCTURE, "value.empty"),
        ("structure", ["X"], STRUCTURE, "value.wrong-type"),
    ],
)
def test_what_a_structure_does_not_have_is_refused(kind, raw, options, refusal):
    assert code(kind, raw, **options) == refusal


PLAIN = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=40), st.binary(max_size=10))
FLAT = st.one_of(PLAIN, st.lists(PLAIN, max_size=3), st.dictionaries(st.text(max_size=5), PLAIN, max_size=3))
JUNK = st.one_of(FLAT, st.lists(FLAT, max_size=3), st.dictionaries(st.text(max_size=5), FLAT, max_size=3))


@settings(max_examples=400, deadline=None)
@given(JUNK, st.sampled_from(TYPES), st.sampled_from(["", "DE", "US"]))
def test_whatever_comes_is_accepted_or_refused_without_repeating_it(raw, kind, region):
    parts = (Part("", "text", 50),) if kind == "list" else (Part("a", "text", 50),)
    accept_one = normaliser(kind, TypeOptions(parts=parts, max_items=5))
    form = refusal = None
    try:
        form = accept_one(raw, region)
    except Refusal as error:
        refusal = error
    if refusal is not None:
        assert re.fullmatch(r"[a-z]+\.[a-z0-9-]+", refusal.code)
        assert not (isinstance(raw, str) and len(raw) > 6 and raw in refusal.message)
        return
    if kind not in {"list", "structure"}:
        assert accept_one(form, region) == form
        assert index_form(kind)(form)


@pytest.mark.parametrize(
    "kind", ["email", "phone", "date", "iban", "card", "country", "number", "name", "text", "postcode"]
)
@pytest.mark.parametrize("piece", ["a", "+", "1", "a@", "-. ", "a.", "é"])
@pytest.mark.parametrize("length", [39, 250, 200_000])
def test_hostile_length_costs_no_time(kind, piece, length):
    before = time.process_time()
    code(kind, (piece * length)[:length], "DE")
    assert time.process_time() - before < 0.25


def test_case_does_not_matter_in_an_index_and_kinds_of_letters_do():
    assert index_form("email")("Carl@example.com") == index_form("email")("carl@example.com")
    assert index_form("name")("STRASSE") == index_form("name")("Straße")
    assert index_form("name")("Quast") != index_form("name")("Quasty")
    assert index_form("phone")("+4971") == b"+4971"


def test_the_customers_of_chinook_pass_but_for_one_impossible_number(shared_data):
    path = shared_data / "databases" / "chinook" / "chinook.sqlite"
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    rows = connection.execute(
        "SELECT Country, Phone, Fax, PostalCode, Email, FirstName, LastName, Address FROM Customer"
    ).fetchall()
    connection.close()
    refused = []
    for country, phone, fax, postcode, email, *texts in rows:
        region = accept("country", country)
        values = [
            ("phone", phone),
            ("phone", fax),
            ("postcode", postcode),
            ("email", email),
            *(("name", text) for text in texts),
        ]
        refused += [
            (kind, code(kind, value, region))
            for kind, value in values
            if value is not None and code(kind, value, region) != "accepted"
        ]
    assert len(rows) == 59
    assert refused == [("phone", "phone.not-possible")]  # a Danish number of nine digits
