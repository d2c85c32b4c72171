"""Whatever bytes come, loading ends in findings; never in an exception."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepfold.policy.compile import compile_policy
from keepfold.policy.examples import run_examples
from keepfold.policy.load import Loaded, load, load_stored
from keepfold.policy.templates import text_of
from tests.policy.base import plain

SHOP = text_of("media-shop").encode()
PIECES = [
    b": ", b"- ", b"\n", b"  ", b"\t", b"{", b"}", b"[", b"]", b"&a ", b"*a", b"!t ", b"|", b">", b"'", b'"', b"#", b"%",
    b"?", b"---\n", b"...\n", b"<<: ", b"null", b"true", b"1e999", b"0x1F", b".inf", b"2026-13-45", b"\x00", b"\xff",
    b"\xed\xa0\x80", "\u2028".encode(), "\ufeff".encode(), b"\\U00110000", b"P0D", b"*" * 50, b"9" * 40,
]  # fmt: skip


def check(source: bytes) -> Loaded:
    found = load(source)
    assert found.report.findings or found.report.version
    assert found.report.ok is (found.report.version is not None)
    if found.report.ok and found.policy is not None:
        list(run_examples(found.policy, compile_policy(found.policy, found.hash)))
        assert load_stored(found.form.decode()) == (found.policy, found.hash)
    return found


def test_ten_thousand_random_byte_strings_end_in_findings():
    dice = random.Random(20261124)
    for _ in range(10_000):
        source = (
            dice.randbytes(dice.randrange(60))
            if dice.random() < 0.5
            else b"".join(dice.choices(PIECES, k=dice.randrange(14)))
        )
        assert not check(source).report.ok


def test_mutated_policies_end_in_findings_or_in_a_version():
    dice = random.Random(7)
    lines = SHOP.splitlines(keepends=True)
    for _ in range(150):
        mutated = list(lines)
        for _ in range(dice.randrange(1, 4)):
            at = dice.randrange(len(mutated))
            mutated[at] = _mutate(dice, mutated[at], lines)
        check(b"".join(mutated))


def _mutate(dice: random.Random, line: bytes, lines: list[bytes]) -> bytes:
    kind = dice.randrange(5)
    at = dice.randrange(len(line) + 1)
    if kind == 0:
        return b""
    if kind == 1:
        return line + dice.choice(lines)
    if kind == 2:
        return line[:at] + dice.choice(PIECES) + line[at:]
    if kind == 3:
        return line[:at] + line[at + dice.randrange(1, 6) :]
    return dice.choice(lines)


KEYS = st.sampled_from([
    "policy", "id", "data", "purposes", "label", "type", "basis", "gdpr", "retention", "keep", "from", "then", "index",
    "show", "need", "of", "consent", "examples", "person", "languages", "notice", "email", "x",
])  # fmt: skip
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=12),
    st.sampled_from(["exact", "required", "P1Y", "6.1.a", "email", "2026-01-01", "de"]),
)
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=12
)


@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DOCUMENTS)
def test_a_thousand_documents_ends_in_findings(document):
    assert not check(json.dumps(document).encode("utf-8", "surrogatepass")).report.ok


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_value_in_place_of_any_other_ends_in_findings_or_in_a_version(data):
    document = plain("lender")
    inner = document
    for _ in range(data.draw(st.integers(0, 4))):
        if not isinstance(inner, dict) or not inner:
            break
        key = data.draw(st.sampled_from(sorted(inner)))
        if isinstance(inner[key], dict):
            inner = inner[key]
    if isinstance(inner, dict) and inner:
        inner[data.draw(st.sampled_from(sorted(inner)))] = data.draw(DOCUMENTS)
    check(json.dumps(document).encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("cut", range(0, len(SHOP), 211))
def test_a_policy_cut_short_is_refused(cut):
    assert not check(SHOP[:cut]).report.ok
