from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from datetime import date

import phonenumbers
import pytest
from email_validator import validate_email

from keepfold.demo.generator import DOMAINS, customers, latin_of, readings
from keepfold.demo.lists import locales

DAY = date(2026, 11, 1)


@pytest.fixture(scope="module")
def people():
    return list(customers(locales(), 2000, seed=1, today=DAY))


def test_the_same_seed_makes_the_same_people_and_another_seed_others(people):
    assert list(customers(locales(), 2000, seed=1, today=DAY)) == people
    assert list(customers(locales(), 2000, seed=2, today=DAY)) != people


def test_the_people_of_seed_one_do_not_change_unnoticed(people):
    digest = hashlib.sha256(repr(people[:500]).encode()).hexdigest()
    assert digest[:16] == "5d6e3cbdfcdaa2eb"


def test_a_customer_does_not_depend_on_how_many_are_made(people):
    assert list(customers(locales(), 10, seed=1, today=DAY)) == people[:10]


def test_no_two_people_share_an_address_and_no_address_belongs_to_anybody(people):
    addresses = [person.email for person in people]
    assert len(set(addresses)) == len(people)
    assert {address.split("@")[1] for address in addresses} <= set(DOMAINS)
    assert all(domain.endswith(("example", "example.com", "example.org", "example.net")) for domain in DOMAINS)
    assert all(validate_email(address, check_deliverability=False).normalized == address for address in addresses)


def test_telephone_numbers_are_valid_in_their_country(people):
    numbers = [(phonenumbers.parse(person.phone), person.country) for person in people if person.phone]
    assert len(numbers) > 1500
    assert [country for number, country in numbers if phonenumbers.region_code_for_number(number) != country] == []


@pytest.mark.parametrize("start", ["+1 ", "+44 ", "+33 ", "+49 ", "+46 "])
def test_where_a_country_keeps_numbers_for_fiction_only_those_are_used(people, start):
    kept = {
        "+1 ": (" 555 01",), "+44 ": (" 7946 0", " 496 0"), "+33 ": (" 99 00 ", " 61 91 ", " 53 01 ", " 65 71 ", " 36 49 "),
        "+49 ": (" 23125 ", " 90009 ", " 66969 ", " 4710 ", " 99998 "), "+46 ": (" 465 004 ", " 390 06 ", " 628 04 "),
    }[start]  # fmt: skip
    numbers = [person.phone for person in people if person.phone and person.phone.startswith(start)]
    assert numbers
    assert [number for number in numbers if not any(part in number for part in kept)] == []


def test_many_countries_and_scripts_are_there(people):
    scripts = Counter(unicodedata.name(person.family_name[0]).split()[0] for person in people)
    assert {"LATIN", "GREEK", "CYRILLIC", "ARABIC", "HEBREW", "CJK", "HANGUL", "DEVANAGARI", "THAI", "GEORGIAN"} <= set(
        scripts
    )
    assert len({person.country for person in people}) >= 20
    assert sum(not person.full_name.isascii() for person in people) > 800


def test_everybody_is_of_age_and_bought_in_the_past(people):
    assert all(18 <= (DAY - person.birth_date).days / 365.25 <= 89 for person in people)
    assert all(purchase.day < DAY and purchase.cents > 0 for person in people for purchase in person.purchases)


def test_some_agreed_and_some_of_those_left(people):
    agreed = sum(person.opted_in for person in people)
    left = sum(person.opted_in and person.changed_mind for person in people)
    assert 700 < agreed < 1100
    assert 50 < left < 200


def test_latin_spelling_drops_accents_and_anything_that_is_not_a_letter():
    assert latin_of("Ní Bhriain") == "nibhriain"
    assert latin_of("Wößner") == "woessner"
    assert latin_of("Łuczak") == "luczak"


def test_readings_name_only_people_that_are_there_and_some_people_often():
    found = readings(500, 100, staff=3, purposes=4, reasons=5, seed=1)
    counts = Counter(reading.customer for reading in found)
    assert len(found) == 500
    assert set(counts) <= set(range(100))
    assert counts.most_common(1)[0][1] >= 15
    assert readings(5, 0, staff=3, purposes=4, reasons=5, seed=1) == []
