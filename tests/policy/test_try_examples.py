"""The examples that a policy carries: they run, and they can fail."""

from __future__ import annotations

import pytest

from keepfold.policy.compile import compile_policy
from keepfold.policy.examples import run_examples
from keepfold.policy.templates import names as templates
from keepfold.policy.types import ExampleResult
from tests.policy.base import loaded

BOOKS = {"say": "x", "purpose": "bookkeeping", "fields": ["address"], "role": "support"}


def run(template: str = "shop", edits: dict | None = None) -> list[ExampleResult]:
    found = loaded(template, edits)
    assert found.policy is not None, found.report.findings
    return list(run_examples(found.policy, compile_policy(found.policy, found.hash)))


def one(example: dict) -> ExampleResult:
    return run("shop", {"examples": [example]})[0]


@pytest.mark.parametrize("template", templates())
def test_the_examples_of_a_template_come_out(template):
    results = run(template)
    assert len(results) >= 4
    assert [result for result in results if not result.passed] == []


@pytest.mark.parametrize(
    ("example", "got"),
    [
        (BOOKS | {"expect": "denied"}, "allowed by basis.gdpr:6.1.c"),
        (BOOKS | {"expect": "allowed", "purpose": "newsletter", "fields": ["email"]}, "denied by consent.missing"),
        (
            BOOKS | {"expect": "allowed", "rule": "basis.gdpr:6.1.b"},
            "allowed by basis.gdpr:6.1.c, not by basis.gdpr:6.1.b",
        ),
        (BOOKS | {"expect": "allowed", "shown": {"address": "masked"}}, "address is shown clear, not masked"),
        (BOOKS | {"expect": "allowed", "shown": {"phone": "masked"}}, "phone is shown not at all, not masked"),
    ],
)
def test_an_example_that_comes_out_differently_says_how(example, got):
    result = one(example)
    assert not result.passed
    assert result.got == got


def test_an_example_may_say_on_which_day_it_is():
    late = BOOKS | {
        "expect": "denied",
        "rule": "retention.ended",
        "person": {"moments": {"order.closed": "2026-02-01"}},
    }
    assert one(late | {"at": "2035-01-01"}).passed
    assert not one(late | {"at": "2034-12-31"}).passed


def test_an_example_before_the_policy_holds_is_refused():
    assert one(BOOKS | {"expect": "denied", "rule": "policy.not-effective", "at": "2025-12-31"}).passed


def test_an_example_knows_when_its_consent_ends():
    newsletter = {"say": "x", "purpose": "newsletter", "role": "support", "expect": "allowed"}
    granted = {"person": {"consent": {"newsletter": {"status": "granted", "ago": "P23M"}}}}
    assert one(newsletter | granted).passed
    granted["person"]["consent"]["newsletter"]["ago"] = "P24M"
    assert one(newsletter | granted | {"expect": "denied", "rule": "consent.expired"}).passed


def test_an_example_may_name_an_actor_with_narrower_grants():
    actor = {"roles": ["support"], "purposes": ["support"], "actions": ["vault.record.search"]}
    example = {"say": "x", "purpose": "support", "actor": actor, "expect": "denied", "rule": "actor.action"}
    assert one(example).passed
    assert one(example | {"action": "vault.record.search", "expect": "allowed", "rule": "basis.gdpr:6.1.b"}).passed
