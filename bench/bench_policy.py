"""The policy room: what one decision costs, against a naive interpreter of the same policy in the same run.

    python -m bench.bench_policy        (or: make bench-policy)

The naive interpreter is the reference of the tests: it reads the models of the file at every question. Both must give
the same answers before anything is measured.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from bench.common import Bench
from keepfold.gate.types import Actor
from keepfold.policy.compile import CompiledPolicy, compile_policy
from keepfold.policy.decide import decide
from keepfold.policy.diff import diff
from keepfold.policy.explain import explain
from keepfold.policy.format.document import Policy
from keepfold.policy.load import load
from keepfold.policy.templates import text_of
from keepfold.policy.types import ConsentFact, PersonFacts, Question
from tests.policy import reference

GOAL = "<= 10"
NOW = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp())
BEN = Actor(kind="staff", id=bytes(16), roles=("support",), actions=("vault.*", "consent.event.list"), purposes=("*",))


def questions() -> dict[str, Question]:
    """Return the questions that a day of work asks."""
    opening = Question(actor=BEN, action="vault.record.open", now_s=NOW, purpose="support", fields=("email", "phone"))
    person = PersonFacts(moments={"order.closed": NOW - 86_400})
    consented = PersonFacts(consents={"newsletter": ConsentFact(status="granted", at_s=NOW - 9, expires_s=NOW + 9)})
    replace = msgspec.structs.replace
    return {
        "allowed: two fields": replace(opening, person=person),
        "allowed: every field": replace(opening, fields=(), person=person),
        "allowed: consent alive": replace(opening, purpose="newsletter", fields=("email",), person=consented),
        "allowed: keeping counted": replace(opening, purpose="fulfil_order", fields=("address",), person=person),
        "denied: no consent": replace(opening, purpose="newsletter", fields=("email",), person=person),
        "denied: field not needed": replace(opening, fields=("email", "iban"), person=person),
        "grants alone": replace(opening, action="consent.event.list", purpose=None, fields=()),
    }


def main() -> None:
    """Measure and write the results."""
    bench = Bench("policy")
    source = text_of("shop")
    loaded = load(source)
    policy = loaded.policy
    assert policy is not None
    compiled = compile_policy(policy, loaded.hash)
    decisions(bench, policy, compiled)
    once(bench, source, policy, compiled, loaded.hash)
    bench.finish()


def decisions(bench: Bench, policy: Policy, compiled: CompiledPolicy) -> None:
    """Measure every question, compiled and naive in turns."""
    for name, question in questions().items():
        allowed, rule = reference.answer(policy, question)
        ours = decide(compiled, question)
        assert ours.allowed is allowed, name
        assert allowed or ours.rules == (rule,), name
        times = bench.compare(
            {
                "compiled": lambda question=question: decide(compiled, question),
                "naive": lambda question=question: naively(policy, question),
            },
            n=20_000,
        )
        bench.row(f"decide, {name}", times["compiled"].median * 1e6, "µs CPU", GOAL)
        bench.row(f"naive, {name}", times["naive"].median * 1e6, "µs CPU")
        bench.row(f"naive / compiled, {name}", times["naive"].median / times["compiled"].median, "×")


def naively(policy: Policy, question: Question) -> object:
    """Answer from the models of the file; a refusal is a bare rule, without the sentences that `decide` adds."""
    allowed, rule = reference.answer(policy, question)
    return reference.shown(policy, question) if allowed and question.purpose else rule


def once(bench: Bench, source: str, policy: Policy, compiled: CompiledPolicy, policy_hash: bytes) -> None:
    """Measure what happens once per version, or when somebody asks why."""
    question = questions()["denied: no consent"]
    bench.row("explain", bench.measure("explain", lambda: explain(compiled, question), 500).median * 1e6, "µs CPU")
    compiling = bench.measure("compile", lambda: compile_policy(policy, policy_hash), 100)
    bench.row("compile the shop's policy", compiling.median * 1e3, "ms CPU")
    loading = bench.measure("load", lambda: load(source), 5)
    bench.row("read and check the shop's file", loading.median * 1e3, "ms CPU")
    bench.row("size of that file", len(source.encode()) / 1024, "KiB")
    comparing = bench.measure("diff", lambda: diff(policy, policy), 200)
    bench.row("compare two policies", comparing.median * 1e3, "ms CPU")


if __name__ == "__main__":
    main()
