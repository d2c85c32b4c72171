"""What search indexes show to whoever holds the tables, worked out before one is built.

Pure. Sources: the planner of CipherSweet (coincidences over all indexes of a field together), the beacon rules of the
AWS Database Encryption SDK (lengths for repeated values, partitions). Where their printed tables are one bit more
generous than their rules, the rules count here.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from keepfold.kernel.errors import Invalid

Form = Literal["exact", "domain", "last4", "phone_suffix", "prefix", "tokens", "compound"]
TAG_BITS = 64
FEWEST_PEOPLE = 16
FEWEST_VALUES = 256
MOST_PARTITIONS = 255


class Load(NamedTuple):
    """What is indexed: people, distinct values, share (0..1) of the most common value, bits of its domain."""

    people: int
    distinct: int
    p_max: float
    domain_bits: int
    birth_date: bool = False


class Index(NamedTuple):
    """An index asked for: form, bits kept of the tag (1..64), partitions, uniqueness.

    `load` counts what this form makes of the values, say the domains of addresses. Without it an exact index has the
    field's own; any other form is refused, because its most common value is unknown.
    """

    form: Form
    bits: int
    partitions: int = 1
    unique: bool = False
    load: Load | None = None


class Lengths(NamedTuple):
    """The fewest and the most bits that are safe."""

    fewest: int
    most: int


class Finding(NamedTuple):
    """One rule, whether it holds, its numbers as a sentence, and what to do next (empty when it holds)."""

    rule: str
    holds: bool
    message: str
    next_step: str = ""


class Verdict(NamedTuple):
    """Safe when every finding holds; `coincidences` is None when nothing counts in the sum."""

    safe: bool
    coincidences: float | None
    findings: tuple[Finding, ...]


class Histogram(NamedTuple):
    """Real buckets in people; `advantage` is by how much guessing the largest bucket beats guessing any."""

    buckets: int
    people: int
    smallest: int
    median: float
    largest: int
    share: float
    advantage: float


def lengths(people: int, domain_bits: int, spent: int = 0) -> Lengths | None:
    """Return the safe lengths beside indexes that spent bits already, or None when no length is safe.

    2 <= R / 2^n <= sqrt(R) in whole numbers: 2^(n+1) <= R <= 4^n (CipherSweet).
    """
    fewest = max(1, ((people - 1).bit_length() + 1) // 2 - spent)
    most = min(people.bit_length() - 2 - spent, domain_bits)
    return Lengths(fewest, most) if people >= FEWEST_PEOPLE and fewest <= most else None


def effective_bits(load: Load, index: Index) -> float:
    """Return min(L, K): a tag tells no more than its input, which is the value and its partition."""
    return min(index.bits, load.domain_bits + math.log2(index.partitions))


def coincidences(people: int, bits: float) -> float:
    """Return C = R / 2^bits, the people whom chance alone puts behind the same tags (CipherSweet)."""
    return people / 2**bits


def target_bucket(people: int) -> int:
    """Return the people that one visible value may have: sqrt(R), the upper bound of coincidences."""
    return max(1, math.isqrt(people))


def partitions(load: Load) -> int:
    """Return P = ceil(p_max * R / target), and so many that there are 256 inputs; above 255 it is too many (AWS)."""
    hot = math.ceil(load.p_max * load.people / target_bucket(load.people))
    return max(1, hot, math.ceil(FEWEST_VALUES / load.distinct))


def visible_share(load: Load, index: Index) -> float:
    """Return the share of people whom the most common value shows in one partition."""
    return load.p_max / index.partitions


def plan(load: Load, asked: Sequence[Index]) -> Verdict:
    """Judge all indexes of one field together; raise `Invalid` for numbers that cannot be."""
    loads = [_load_of(load, index) for index in asked]
    for one, index in zip(loads, asked, strict=True):
        _require_possible(one, index)
    counted = [(one, index) for one, index in zip(loads, asked, strict=True) if not index.unique]
    found = [finding for one, index in zip(loads, asked, strict=True) for finding in _judge(one, index)]
    bits = sum(effective_bits(one, index) for one, index in counted)
    if counted:
        found += _budget(load, bits)
    expected = coincidences(load.people, bits) if counted else None
    return Verdict(all(finding.holds for finding in found), expected, tuple(found))


def histogram(buckets: Sequence[int]) -> Histogram:
    """Summarise real buckets (people per tag); empty ones are not seen. Raise `Invalid` when there is none."""
    seen = [size for size in buckets if size]
    if not seen or min(seen) < 0:
        raise Invalid("Buckets hold one person or more.", code="vault.no-buckets", next_step="Count an index in use.")
    people, largest = sum(seen), max(seen)
    share = largest / people
    return Histogram(
        len(seen), people, min(seen), statistics.median(seen), largest, share, max(0.0, share - 1 / len(seen))
    )


def _load_of(load: Load, index: Index) -> Load:
    own = index.load or load
    return own._replace(birth_date=own.birth_date or load.birth_date, people=load.people)


def _require_possible(load: Load, index: Index) -> None:
    counts = 1 <= load.distinct <= load.people and load.domain_bits >= 1 and load.distinct <= 2**load.domain_bits
    share = 0 < load.p_max <= 1 and load.p_max * load.distinct >= 1 - 1e-9
    if not (counts and share and 1 <= index.bits <= TAG_BITS and index.partitions >= 1):
        raise Invalid(
            "These counts contradict each other.",
            code="vault.load-impossible",
            next_step="Count people, distinct values and the most common value in one sample; bits go from 1 to 64.",
        )


def _judge(load: Load, index: Index) -> Iterator[Finding]:
    if load.birth_date:
        yield _birth_date(index)
    if index.unique:
        yield _unique(load, index)
        return
    if index.form != "exact":
        yield _measured(index)
    yield _partitioned(load, index)
    yield _beacon(load, index)
    yield _shown(load, index)


def _birth_date(index: Index) -> Finding:
    return _finding(
        "index.birth-date",
        index.form == "compound",
        "All dates of birth of living people fit into about 2^15 values, so an index of it alone gives them away.",
        "Ask for a compound index of it with the surname.",
    )


def _unique(load: Load, index: Index) -> Finding:
    whole = index.bits == TAG_BITS and index.partitions == 1 and index.load is None and index.form == "exact"
    return _finding(
        "index.unique",
        whole and load.distinct == load.people,
        f"A unique index has {index.bits} bits and {index.partitions} partition(s); {load.people} people have "
        f"{load.distinct} values. It needs the exact form, the whole tag of 64 bits, one partition, a value for each.",
        "Use 64 bits and one partition for values that nobody shares, or leave out unique.",
    )


def _measured(index: Index) -> Finding:
    return _finding(
        "index.unmeasured",
        index.load is not None,
        f"The form {index.form} has values of its own, with a most common one of their own.",
        f"Count what {index.form} makes of a sample, and give these counts.",
    )


def _partitioned(load: Load, index: Index) -> Finding:
    needed = partitions(load)
    able = needed <= MOST_PARTITIONS
    return _finding(
        "index.skew",
        needed <= index.partitions <= MOST_PARTITIONS,
        f"The most common of {load.distinct} values has {load.p_max:.2%} of {load.people} people. It needs {needed} "
        f"partitions to stay in {target_bucket(load.people)} people each; it has {index.partitions}, at most 255.",
        f"Ask for {needed} partitions or for a compound index." if able else "Ask for a compound index, or for none.",
    )


def _beacon(load: Load, index: Index) -> Finding:
    inputs = load.distinct * index.partitions
    return _finding(
        "index.length",
        inputs < 4**index.bits and 2 ** (index.bits + 1) < inputs,
        f"{index.bits} bits make {2**index.bits} tags for {inputs} inputs; safe is more than {math.sqrt(inputs):.0f} "
        f"and fewer than {inputs / 2:.0f} tags.",
        "Choose a length between the two; where there is none, ask for more partitions or for a compound index.",
    )


def _shown(load: Load, index: Index) -> Finding:
    bits, share = effective_bits(load, index), visible_share(load, index)
    bucket = load.people * (share + (1 - load.p_max) / 2**bits)
    return Finding(
        "index.shown",
        holds=True,
        message=f"Ordinary buckets hold about {coincidences(load.people, bits):.1f} people, the most common one about "
        f"{bucket:.1f}. Whoever knows the most common value may recognise {share:.2%} of all people by it.",
    )


def _budget(load: Load, bits: float) -> Iterator[Finding]:
    safe = lengths(load.people, TAG_BITS)
    if safe is None:
        message = f"Among {load.people} people no length hides anybody; it takes {FEWEST_PEOPLE}."
        yield Finding("index.people", holds=False, message=message, next_step="Wait until there are more people.")
        return
    expected = coincidences(load.people, bits)
    yield _finding(
        "index.budget",
        2 <= expected <= math.sqrt(load.people),
        f"All indexes of the field together spend {bits:.1f} bits; {safe.fewest} to {safe.most} are safe. About "
        f"{expected:.2g} people look alike; it should be 2 to {math.sqrt(load.people):.0f}.",
        f"Bring the sum to {safe.fewest} to {safe.most} bits: shorten, lengthen or drop an index.",
    )


def _finding(rule: str, holds: bool, message: str, next_step: str) -> Finding:  # noqa: FBT001 - the second of four
    return Finding(rule, holds, message, "" if holds else next_step)
