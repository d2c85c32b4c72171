"""Mallory saves texts that take long to compare."""

from __future__ import annotations

import time

import pytest

from keepfold.kernel.lines import matcher
from keepfold.policy.drafting import rules
from keepfold.ui import components

FEW, MANY = "same\n" * 6_000, "same\n" * 9_000
HUNDRED = "".join(f"{number % 100}\n" for number in range(20_000))


@pytest.mark.parametrize(("old", "new"), [(FEW, MANY), (f"a\n{FEW}b", f"c\n{MANY}d"), (HUNDRED, HUNDRED[1:] + "x")])
def test_no_two_texts_take_long_to_compare(old, new):
    began = time.process_time()  # of this process alone, whatever else the machine does
    shown = list(rules.compared(old, new))
    assert [line.text for line in shown if line.mark != "cut"] == new.split("\n")
    assert components.code_diff(old, new)
    assert rules.merge(old, new, old) == new
    rules.merge(old, new, old + "more\n")
    assert time.process_time() - began < 3


@pytest.mark.parametrize(("old", "new"), [("aaaa", "aaa"), ("aab", "aacb"), ("ab", "ab"), ("", "a"), ("abc", "xyz")])
def test_the_coarse_comparison_leads_from_the_one_to_the_other(monkeypatch, old, new):
    monkeypatch.setattr("keepfold.kernel.lines.MOST_PAIRS", -1)
    made = []
    for kind, i, j, k, m in matcher(old, new).get_opcodes():
        made += old[i:j] if kind == "equal" else new[k:m]
        assert (old[i:j] == new[k:m]) == (kind == "equal")
    assert "".join(made) == new
