from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from keepfold.kernel.errors import Invalid
from keepfold.vault.leakage import (
    Index,
    Load,
    coincidences,
    effective_bits,
    histogram,
    lengths,
    partitions,
    plan,
    visible_share,
)

SURNAMES = Load(people=1_000_000, distinct=100_000, p_max=0.0005, domain_bits=40)
CITIES = Load(people=1_000_000, distinct=200, p_max=0.05, domain_bits=8)
EMAILS = Load(people=1_000_000, distinct=1_000_000, p_max=1e-6, domain_bits=64)
# The table that CipherSweet's planner prints. Its upper end is the first length with at most two coincidences, so it
# breaks the rule of at least two unless the people are a power of two: ours ends one bit earlier.
PUBLISHED = {
    10**3: (5, 9),
    10**4: (7, 13),
    5 * 10**4: (8, 15),
    10**5: (9, 16),
    10**6: (10, 19),
    10**7: (12, 23),
    10**8: (14, 26),
    10**9: (15, 29),
}


def broken(load, *asked):
    return {finding.rule for finding in plan(load, asked).findings if not finding.holds}


@pytest.mark.parametrize(("people", "published"), PUBLISHED.items())
def test_safe_lengths_begin_as_published_and_end_where_two_people_still_look_alike(people, published):
    fewest, most = published
    assert lengths(people, 64) == (fewest, most - 1)
    assert coincidences(people, most) < 2 <= coincidences(people, most - 1)


def test_a_second_index_gets_what_the_first_left_over():
    assert lengths(1_000_000, 64, spent=10) == (1, 8)
    assert lengths(1_000_000, 64, spent=18) is None


@pytest.mark.parametrize("people", [0, 1, 15])
def test_among_fewer_than_sixteen_people_no_length_is_safe(people):
    assert lengths(people, 64) is None
    assert lengths(16, 64) == (2, 3)


def test_a_domain_too_small_for_the_bound_has_no_safe_length():
    assert lengths(1_000_000, 9) is None
    assert lengths(1_000_000, 12) == (10, 12)


@given(st.integers(16, 10**10), st.integers(1, 64), st.integers(0, 40))
def test_safe_lengths_are_exactly_those_that_keep_the_rule(people, domain, spent):
    safe = [
        length
        for length in range(1, min(domain, 64) + 1)
        if 2 ** (length + spent + 1) <= people <= 4 ** (length + spent)
    ]
    assert lengths(people, domain, spent) == ((safe[0], safe[-1]) if safe else None)


@given(st.integers(1, 10**9), st.integers(1, 63))
def test_more_people_coincide_more_and_longer_tags_less(people, bits):
    assert coincidences(people + 1, bits) > coincidences(people, bits) > coincidences(people, bits + 1)


def test_surnames_with_ten_to_fifteen_bits_are_safe():
    safe = [bits for bits in range(1, 65) if plan(SURNAMES, [Index("exact", bits)]).safe]
    assert safe == [10, 11, 12, 13, 14, 15]


def test_the_indexes_of_a_field_share_one_budget():
    prefix = Index("prefix", 12, load=SURNAMES)
    assert plan(SURNAMES, [prefix]).safe
    assert broken(SURNAMES, Index("exact", 12), prefix) == {"index.budget"}
    assert plan(SURNAMES, [Index("exact", 12), prefix]).coincidences == 1_000_000 / 2**24


def test_a_unique_value_has_the_whole_tag_and_spends_nothing():
    verdict = plan(EMAILS, [Index("exact", 64, unique=True)])
    assert (verdict.safe, verdict.coincidences) == (True, None)
    assert broken(EMAILS, Index("exact", 64)) >= {"index.budget", "index.length"}


@pytest.mark.parametrize(
    ("load", "index"),
    [
        (EMAILS, Index("exact", 63, unique=True)),
        (EMAILS, Index("exact", 64, 2, unique=True)),
        (EMAILS, Index("last4", 64, unique=True)),
        (SURNAMES, Index("exact", 64, unique=True)),
    ],
)
def test_unique_is_refused_on_truncated_shared_or_partial_values(load, index):
    assert broken(load, index) == {"index.unique"}


def test_a_skewed_value_is_refused_alone_and_safe_in_enough_partitions():
    assert "index.skew" in broken(CITIES, Index("exact", 7))
    assert partitions(CITIES) == 50
    assert "index.skew" in broken(CITIES, Index("exact", 12, 49))
    assert plan(CITIES, [Index("exact", 12, 50)]).safe
    assert "index.skew" in broken(CITIES, Index("exact", 12, 256))


def test_two_values_are_never_safe_because_they_would_need_too_many_partitions():
    sexes = Load(people=1_000_000, distinct=2, p_max=0.5, domain_bits=1)
    assert partitions(sexes) > 255
    assert not any(plan(sexes, [Index("exact", bits, 255)]).safe for bits in range(1, 65))


def test_a_date_of_birth_is_safe_only_in_a_compound():
    born = Load(people=1_000_000, distinct=30_000, p_max=0.0001, domain_bits=15, birth_date=True)
    assert broken(born, Index("exact", 12)) == {"index.birth-date"}
    assert broken(born, Index("prefix", 12, load=SURNAMES)) == {"index.birth-date"}
    assert plan(born, [Index("compound", 12, load=SURNAMES)]).safe


def test_a_partial_form_without_counts_of_its_own_is_refused():
    assert broken(SURNAMES, Index("domain", 12)) == {"index.unmeasured"}


def test_findings_carry_the_numbers_and_what_to_do_next():
    verdict = plan(CITIES, [Index("exact", 7)])
    refused = [finding for finding in verdict.findings if not finding.holds]
    assert all(finding.next_step for finding in refused)
    assert "Ask for 50 partitions" in next(one.next_step for one in refused if one.rule == "index.skew")
    shown = next(one.message for one in verdict.findings if one.rule == "index.shown")
    assert "7812.5 people" in shown
    assert "57421.9" in shown
    assert "5.00%" in shown


@st.composite
def cases(draw):
    people = draw(st.integers(1, 10**8))
    domain = draw(st.integers(1, 64))
    distinct = draw(st.integers(1, min(people, 2**domain)))
    p_max = draw(st.floats(1 / distinct, min(1.0, 20 / distinct)))
    bits = draw(st.integers(1, 30))
    return Load(people, distinct, p_max, domain, draw(st.booleans())), Index("exact", bits, draw(st.integers(1, 300)))


@given(cases())
def test_nothing_is_safe_while_a_rule_is_broken(case):
    load, index = case
    inputs = load.distinct * index.partitions
    expected = load.people / 2 ** min(index.bits, load.domain_bits + math.log2(index.partitions))
    kept = (
        load.people >= 16
        and 2 <= expected <= math.sqrt(load.people)
        and math.sqrt(inputs) < 2**index.bits < inputs / 2
        and inputs >= 256
        and load.p_max * load.people / index.partitions <= math.isqrt(load.people)
        and index.partitions <= 255
        and not load.birth_date
    )
    assert plan(load, [index]).safe == kept


@given(cases())
def test_partitions_divide_what_is_visible_of_the_most_common_value(case):
    load, index = case
    assert visible_share(load, index) == pytest.approx(load.p_max / index.partitions)
    assert effective_bits(load, index) <= index.bits


@given(cases())
def test_the_partitions_asked_for_are_the_fewest_that_do(case):
    load, _ = case
    needed = partitions(load)
    assume(needed <= 255)
    assert "index.skew" not in broken(load, Index("exact", 12, needed))
    if needed > 1:
        assert "index.skew" in broken(load, Index("exact", 12, needed - 1))


@pytest.mark.parametrize(
    ("load", "index"),
    [
        (SURNAMES._replace(distinct=2_000_000), Index("exact", 12)),
        (SURNAMES._replace(p_max=0.000001), Index("exact", 12)),
        (SURNAMES._replace(p_max=1.1), Index("exact", 12)),
        (SURNAMES._replace(domain_bits=16), Index("exact", 12)),
        (SURNAMES._replace(distinct=0), Index("exact", 12)),
        (SURNAMES, Index("exact", 0)),
        (SURNAMES, Index("exact", 65)),
        (SURNAMES, Index("exact", 12, 0)),
    ],
)
def test_counts_that_contradict_each_other_are_invalid(load, index):
    with pytest.raises(Invalid) as caught:
        plan(load, [index])
    assert caught.value.code == "vault.load-impossible"


def test_a_histogram_tells_what_guessing_the_largest_bucket_gains():
    assert histogram([0, 1, 2, 7]) == (3, 10, 1, 2, 7, 0.7, pytest.approx(0.7 - 1 / 3))


@given(st.lists(st.integers(1, 1000), min_size=1))
def test_only_uneven_buckets_help_an_observer(buckets):
    found = histogram(buckets)
    assert found.smallest <= found.median <= found.largest
    assert (found.advantage > 1e-9) == (len(set(buckets)) > 1)


@pytest.mark.parametrize("buckets", [[], [0], [-1, 3]])
def test_no_buckets_are_invalid(buckets):
    with pytest.raises(Invalid):
        histogram(buckets)


def test_each_bound_of_length_and_budget_refuses_by_itself():
    many = Load(people=1_000_000, distinct=999_999, p_max=0.000002, domain_bits=40)
    assert broken(many, Index("exact", 10, 2)) == {"index.length"}
    assert broken(many, Index("exact", 19, 2)) == {"index.budget"}
