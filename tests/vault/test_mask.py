from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfold.vault.masks import DOTS, MASKS, mask_of


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("last4", "4111111111111111", "•••1111"),
        ("last4", "12345678", "•••"),
        ("last4", "1234", "•••"),
        ("email", "carl@example.com", "c•••@example.com"),
        ("email", "c@example.com", "•••@example.com"),
        ("email", "not an address", "•••"),
        ("initials", "Carl von Quast", "C. v. Q."),
        ("initials", "a b c d e f", "a. b. c. d."),
        ("initials", "12 34", "•••"),
        ("year", "1999-12-31", "1999"),
        ("year", "31.12.1999", "•••"),
        ("hidden", "secret", "•••"),
        ("hidden", 5, None),
        ("last4", 123456789012, None),
        ("initials", True, None),
        ("email", ["x"], None),
        ("year", {"a": 1}, None),
        ("none", "DE", "DE"),
    ],
)
def test_a_mask_shows_what_its_name_says(name, value, shown):
    assert MASKS[name](value) == shown


def test_an_unknown_mask_hides_everything():
    assert mask_of("whatever")("secret") == DOTS


@given(st.text(min_size=1, max_size=60))
def test_hiding_shows_neither_value_nor_length(value):
    assert MASKS["hidden"](value) == DOTS


@given(st.text(min_size=1, max_size=60))
def test_the_last_four_are_less_than_half(value):
    shown = MASKS["last4"](value)
    revealed = shown.removeprefix(DOTS)
    assert len(revealed) <= 4
    assert 2 * len(revealed) < len(value)
    assert value.endswith(revealed)


@given(st.text("abcdefgh.+", min_size=1, max_size=40), st.sampled_from(["example.com", "bücher.example"]))
def test_of_an_address_only_the_first_letter_and_the_domain_are_shown(local, domain):
    shown = MASKS["email"](f"{local}@{domain}")
    assert shown in {f"{local[0]}{DOTS}@{domain}", f"{DOTS}@{domain}"}
    assert (shown[0] == local[0]) == (len(local) > 1)


@given(st.text(min_size=1, max_size=60))
def test_initials_are_the_first_letters_of_at_most_four_words(value):
    shown = MASKS["initials"](value)
    if shown != DOTS:
        letters = shown.replace(".", "").split(" ")
        assert len(letters) <= 4
        assert all(len(letter) <= 1 for letter in letters)
        assert set(filter(None, letters)) <= {word[0] for word in value.split()}


@given(
    st.one_of(st.integers(), st.booleans(), st.lists(st.text()), st.dictionaries(st.text(), st.text())),
    st.sampled_from(sorted(set(MASKS) - {"none"})),
)
def test_what_is_no_text_becomes_nothing_so_that_types_hold(value, name):
    assert MASKS[name](value) is None
