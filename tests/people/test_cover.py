"""Who covers whom: the pure rules behind grants, tokens and buckets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfold.people import rules
from keepfold.people.types import Grants

words = st.sampled_from(["vault", "record", "open", "people", "client", "list"])
names = st.lists(words, min_size=1, max_size=3).map(".".join)
patterns = st.builds(lambda name, star: name + (".*" if star else ""), names, st.booleans())
purposes = st.sampled_from(["*", "newsletter", "support", "fulfil_order"])
grants = st.builds(Grants, st.lists(patterns, max_size=4).map(tuple), st.lists(purposes, max_size=3).map(tuple))


@pytest.mark.parametrize(
    ("held", "wanted", "covered"),
    [
        ("vault.*", "vault.record.open", True),
        ("vault.*", "vault.record.*", True),
        ("vault.*", "vault.*", True),
        ("vault.record.*", "vault.*", False),
        ("vault.record.open", "vault.record.*", False),
        ("vault.*", "vaults.record.open", False),
        ("vault.record.open", "vault.record.open", True),
        ("vault.record.open", "vault.record.openness", False),
        ("vault.*", "vault", False),
    ],
)
def test_a_pattern_covers_what_lies_below_it_and_nothing_else(held, wanted, covered):
    assert rules.covers_action((held,), wanted) is covered


def test_only_a_star_covers_all_purposes():
    assert rules.covers_purpose(("*",), "*")
    assert rules.covers_purpose(("*",), "newsletter")
    assert not rules.covers_purpose(("newsletter",), "*")


@given(held=grants, wanted=grants, name=names)
def test_what_is_within_grants_permits_no_name_that_they_do_not(held, wanted, name):
    excess = rules.beyond(held, wanted)
    if not excess.actions and rules.covers_action(wanted.actions, name):
        assert rules.covers_action(held.actions, name)


@given(one=grants, other=grants)
def test_a_union_covers_both_and_each_covers_itself(one, other):
    both = rules.union([one, other])
    assert rules.beyond(both, one) == Grants()
    assert rules.beyond(both, other) == Grants()
    assert rules.beyond(one, one) == Grants()


@given(kid=st.from_regex(r"[a-z2-7]{16}", fullmatch=True), secret=st.from_regex(r"[a-z2-7]{52}", fullmatch=True))
def test_a_token_comes_apart_as_it_was_put_together(kid, secret):
    assert rules.split_token(rules.format_token(kid, secret)) == (kid, secret)


@given(st.text(max_size=120))
def test_no_other_text_is_taken_for_a_token(text):
    parts = rules.split_token(text)
    assert parts is None or rules.format_token(*parts) == text


@pytest.mark.parametrize("end", ["\n", " ", "\x00"])
def test_a_token_with_something_behind_it_is_none(end):
    assert rules.split_token(rules.format_token("a" * 16, "b" * 52) + end) is None


@given(steps=st.lists(st.floats(min_value=0, max_value=10), min_size=1, max_size=200))
def test_a_bucket_never_gives_more_than_its_burst_and_its_rate_permit(steps):
    bucket = rules.Bucket(rate=2, burst=5, now=0)
    now, given_out = 0.0, 0
    for step in steps:
        now += step
        given_out += bucket.take(now) == 0
    assert given_out <= 5 + 2 * now + 1e-6


def test_a_bucket_says_how_long_to_wait_and_keeps_its_word():
    bucket = rules.Bucket(rate=2, burst=1, now=0)
    assert bucket.take(0) == 0
    wait = bucket.take(0)
    assert wait == pytest.approx(0.5)
    assert bucket.take(wait / 2) > 0
    assert bucket.take(wait + 1e-9) == 0


def test_a_bucket_does_not_fill_when_time_stands_or_runs_back():
    bucket = rules.Bucket(rate=1000, burst=1, now=10)
    assert bucket.take(10) == 0
    assert bucket.take(9) > 0
    assert bucket.take(10) > 0


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("", "unknown"),
        ("somewhere", "unknown"),
    ],
)
def test_addresses_of_one_network_are_counted_together(address, group):
    assert rules.address_group(address) == group


def test_descendants_are_found_through_all_generations_and_circles_end():
    made = [(b"child", b"root"), (b"grandchild", b"child"), (b"other", b"elsewhere"), (b"root", b"grandchild")]
    assert set(rules.descendants((b"root",), made)) == {b"root", b"child", b"grandchild"}


def test_a_child_never_outlives_its_maker():
    assert rules.client_expiry(None, None) is None
    assert rules.client_expiry(200, None) == 200
    assert rules.client_expiry(None, 100) == 100
    assert rules.client_expiry(200, 100) == 100
