"""The flow around every action: decide, write down, do; in one durable transaction, and nothing past it.

Outermost action, logged *with* its body:    lock → decide → body → events, entry → commit.
Outermost action, logged *before* its body:  lock → decide → entry → commit; then the body, read-only.
Action inside an action: decided and recorded on its own, naming the outer one as cause, in a savepoint of its
transaction. A denial, and the entry of a read inside a writing action, survive the roll-back of what is around
them: they are written when the outermost action ends, either way.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, ParamSpec, TypeVar, cast

import msgspec

from keepfold.gate.call import Call, Passage, inner
from keepfold.gate.catalogue import known_actions
from keepfold.gate.readonly import read_only, writable
from keepfold.gate.spec import Details, Log, Spec, register
from keepfold.gate.types import Actor, Context, Decider, Decision, Entry, Recorder
from keepfold.kernel import clock, db, idempotency, metrics, outbox
from keepfold.kernel.errors import NotAllowed, Unavailable

P = ParamSpec("P")
R = TypeVar("R")

metrics.counter(
    "keepfold_actions",
    "Actions that came to the gate.",
    action=known_actions,
    outcome=("allowed", "denied", "failed"),
)


class _Wiring(NamedTuple):
    decider: Decider
    recorder: Recorder


class _State:
    """What the site has handed over; None until then."""

    wiring: _Wiring | None = None


def wire(*, decider: Decider, recorder: Recorder) -> None:
    """Hand the gate its decider and its recorder. The site does so at start-up; until then all is refused."""
    _State.wiring = _Wiring(decider, recorder)


@contextmanager
def wired(decider: Decider | None, recorder: Recorder | None) -> Iterator[None]:
    """Wire for the length of a test, or unwire with None, and restore what was there."""
    before = _State.wiring
    _State.wiring = None if decider is None or recorder is None else _Wiring(decider, recorder)
    try:
        yield
    finally:
        _State.wiring = before


def action(
    name: str,
    *,
    subject: str | None = None,
    subjects: str | None = None,
    purpose: str | None = None,
    fields: str | None = None,
    reason: str | None = None,
    details: Details | None = None,
    log: Log = "with",
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function an action of this name (`room.thing.verb`, in `packs/actions.toml`).

    `subject`, `subjects`, `purpose`, `fields` and `reason` name keyword arguments. `details` receives the given
    arguments and returns ids, names and counts for the sealed part of the entry. `log="before"` is for reads.

    Calling it raises `NotAllowed` when denied, `Unavailable` when the gate, the clock, the ledger or a store cannot
    do its part, and whatever the body raises. Raises `Misconfigured` at once when the definition is wrong.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        spec = Spec(
            name,
            function,
            subject=subject,
            subjects=subjects,
            purpose=purpose,
            fields=fields,
            reason=reason,
            details=details,
            log=log,
        )
        register(spec)
        return cast("Callable[P, R]", _wrapped(spec, function))

    return decorate


def _wrapped(spec: Spec, function: Callable[..., Any]) -> Any:
    @functools.wraps(function)
    def passage(*, actor: Actor, **arguments: Any) -> Any:
        return _enter(spec, actor, arguments)

    # The way round the gate that `wraps` leaves open is closed; tools still see the signature.
    signature = inspect.signature(function)
    del passage.__wrapped__
    passage.__signature__ = signature  # type: ignore[attr-defined]
    passage.__keepfold_action__ = spec  # type: ignore[attr-defined]
    return passage


def _enter(spec: Spec, actor: Actor, arguments: dict[str, Any]) -> Any:
    wiring = _State.wiring
    if wiring is None:
        raise Unavailable(
            "The gate is not wired to a decider and a ledger, so it refuses everything.",
            code="gate.unwired",
            next_step="Start the program through `keepfold`; it wires the gate.",
        )
    call = Call(spec.context(actor, arguments), inner.get())
    arguments["actor"] = actor
    outcome = "failed"
    try:
        result = _pass(spec, call, arguments, wiring)
        outcome = "allowed"
    except NotAllowed:
        outcome = "denied"
        raise
    finally:
        metrics.count("keepfold_actions", action=spec.name, outcome=outcome)
    return result


def _pass(spec: Spec, call: Call, arguments: dict[str, Any], wiring: _Wiring) -> Any:
    parent = call.parent
    if parent is None:
        call.passage = Passage(*wiring)
        return _outermost(spec, call, arguments)
    with writable():
        if parent.open:
            call.passage = parent.passage
            return _within(spec, call, arguments)
        call.passage = Passage(*wiring)
        return _outermost(spec, call, arguments)


def _outermost(spec: Spec, call: Call, arguments: dict[str, Any]) -> Any:
    clock.guard()
    read = spec.log == "before"
    try:
        with db.translate_errors(), db.atomic(durable=True):
            _decide(call)
            result = None if read else _do(spec, call, arguments)
            _write_down(call)
            if not read:
                idempotency.settle(result)
    except BaseException:
        call.kept = False
        _write_down_survivors(call.passage)
        raise
    return _release(spec, call, arguments) if read else result


def _release(spec: Spec, call: Call, arguments: dict[str, Any]) -> Any:
    """Run the body of an outermost read, whose entry is durable by now, outside of any transaction."""
    call.open = False
    try:
        with db.translate_errors():
            return _read(spec, call, arguments)
    finally:
        _write_down_survivors(call.passage)


def _within(spec: Spec, call: Call, arguments: dict[str, Any]) -> Any:
    _decide(call)
    if spec.log == "before":
        # Durable before release: nothing leaves the outermost action before this entry has been committed.
        call.passage.survivors.append(call)
        call.written = True
        return _read(spec, call, arguments)
    with db.atomic():
        result = _do(spec, call, arguments)
        call.passage.recorder.append(call.entry())
    call.kept = True
    return result


def _decide(call: Call) -> None:
    passage = call.passage
    passage.recorder.lock(call.context.subjects)
    decision = passage.decider.decide(call.context)
    call.decision = decision
    call.open = True
    if not decision.allowed:
        passage.survivors.append(call)
        raise _denial(call.context, decision)


def _denial(context: Context, decision: Decision) -> NotAllowed:
    denial = NotAllowed(
        decision.reason or f"{context.action} is not allowed here.",
        code="gate.denied",
        rule=decision.rules[0] if decision.rules else None,
        next_step=decision.next_step,
    )
    denial.recorded = True
    return denial


def _do(spec: Spec, call: Call, arguments: dict[str, Any]) -> Any:
    """Run the body of a writing action, then send off its events. A refusal of its own is a denial as well."""
    try:
        result = _body(spec, call, arguments)
    except NotAllowed as error:
        if not error.recorded:
            call.decision = _refused(call.decision, error)
            call.passage.survivors.append(call)
        raise
    events = call.take_events()
    if events:
        outbox.emit_many(events)
    call.written = True
    return result


def _body(spec: Spec, call: Call, arguments: dict[str, Any]) -> Any:
    token = inner.set(call)
    try:
        return spec.function(**arguments)
    finally:
        inner.reset(token)


def _read(spec: Spec, call: Call, arguments: dict[str, Any]) -> Any:
    """Run the body of a read. Its entry says allowed already, so a refusal of its own becomes a further entry."""
    try:
        with read_only():
            return _body(spec, call, arguments)
    except NotAllowed as error:
        if not error.recorded:
            refusal = Call(call.context, call)
            refusal.passage, refusal.decision = call.passage, _refused(call.decision, error)
            call.passage.survivors.append(refusal)
        raise


def _refused(decision: Decision, error: NotAllowed) -> Decision:
    error.recorded = True
    return Decision(
        allowed=False,
        rules=(error.rule or error.code,),
        reason=error.detail,
        purpose_number=decision.purpose_number,
        policy_hash=decision.policy_hash,
    )


def _write_down(call: Call) -> None:
    """Append the entries of an outermost action that succeeded, in its transaction."""
    call.kept = call.written = True
    append = call.passage.recorder.append
    for survivor in call.passage.survivors:
        append(_surviving(survivor))
    append(call.entry())
    call.passage.survivors.clear()


def _write_down_survivors(passage: Passage) -> None:
    """Append what must not be undone by a roll-back, in a transaction of its own."""
    if not passage.survivors:
        return
    with writable(), db.translate_errors(), db.atomic(durable=True):
        for survivor in passage.survivors:
            passage.recorder.lock(survivor.subjects)
            passage.recorder.append(_surviving(survivor))
    passage.survivors.clear()


def _surviving(call: Call) -> Entry:
    entry, parent = call.entry(), call.parent
    if parent is None or parent.is_kept():
        return entry
    # The outer action left no entry to point to, so its name goes into the details instead.
    return msgspec.structs.replace(entry, cause=None, details={**entry.details, "within": parent.context.action})
