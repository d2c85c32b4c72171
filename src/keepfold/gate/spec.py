"""What `@action` knows about a function, worked out once so that a call costs little."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal

from keepfold.gate.catalogue import Known, known
from keepfold.gate.types import Actor, Context
from keepfold.kernel.errors import Misconfigured

Log = Literal["with", "before"]
Details = Callable[[Mapping[str, Any]], Mapping[str, Any]]

_ID_BYTES = 16
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_registered: dict[str, Spec] = {}


class Spec:
    """One action: its name, its line in the catalogue, its function, and where in the arguments things are."""

    __slots__ = (
        "_allowed",
        "_defaults",
        "_details",
        "_fields",
        "_purpose",
        "_reason",
        "_required",
        "_subject",
        "_subjects",
        "function",
        "known",
        "log",
        "name",
    )

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        *,
        subject: str | None,
        subjects: str | None,
        purpose: str | None,
        fields: str | None,
        reason: str | None,
        details: Details | None,
        log: Log,
    ) -> None:
        self.name, self.function, self.log = name, function, log
        self.known: Known = known(name)
        self._subject, self._subjects = subject, subjects
        self._purpose, self._fields, self._reason, self._details = purpose, fields, reason, details
        parameters = _parameters(name, function)
        for given in (subject, subjects, purpose, fields, reason):
            if given is not None and given not in parameters:
                raise _wrong(name, f"names a parameter {given} that its function does not have")
        if subject and subjects:
            raise _wrong(name, "has both subject and subjects")
        if log not in {"with", "before"}:
            raise _wrong(name, "must be logged with or before")
        self._defaults = {key: value.default for key, value in parameters.items() if value.default is not value.empty}
        self._allowed = frozenset(parameters) - {"actor"}
        self._required = self._allowed - self._defaults.keys()

    def context(self, actor: Actor, arguments: dict[str, Any]) -> Context:
        """Return the question for one call. Raises `TypeError` on arguments that the function does not take."""
        keys = arguments.keys()
        if not (keys <= self._allowed and self._required <= keys):
            raise self._mismatch(keys)
        if type(actor) is not Actor:
            raise TypeError(f"{self.name} needs an Actor.")
        fields = self._value(self._fields, arguments)
        return Context(
            actor=actor,
            action=self.name,
            purpose=self._value(self._purpose, arguments),
            subjects=self._people(arguments),
            fields=() if fields is None else tuple(fields),
            reason=self._value(self._reason, arguments),
            details=_NOTHING if self._details is None else self._details(arguments),
        )

    def _value(self, name: str | None, arguments: dict[str, Any]) -> Any:
        if name is None:
            return None
        return arguments[name] if name in arguments else self._defaults.get(name)

    def _people(self, arguments: dict[str, Any]) -> tuple[bytes, ...]:
        if self._subject is not None:
            one = self._value(self._subject, arguments)
            return () if one is None else checked_ids((one,))
        if self._subjects is not None:
            return checked_ids(tuple(self._value(self._subjects, arguments) or ()))
        return ()

    def _mismatch(self, keys: Any) -> TypeError:
        unknown = sorted(set(keys) - self._allowed)
        missing = sorted(self._required - set(keys))
        return TypeError(f"{self.name} does not take {unknown}." if unknown else f"{self.name} needs {missing}.")


def checked_ids(people: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Return ids that are 16 bytes each; raises `TypeError` without showing what was given."""
    for one in people:
        if type(one) is not bytes or len(one) != _ID_BYTES:
            raise TypeError("A person is named by an id of 16 bytes.")
    return people


def _parameters(name: str, function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise _wrong(name, "must be a plain function: what it does is over when it returns")
    parameters = inspect.signature(function).parameters
    if any(parameter.kind is not parameter.KEYWORD_ONLY for parameter in parameters.values()):
        raise _wrong(name, "must take keyword-only arguments")
    actor = parameters.get("actor")
    if actor is None or actor.default is not actor.empty:
        raise _wrong(name, "must take an actor, without a default")
    return parameters


def register(spec: Spec) -> None:
    """Add an action; its name may belong to one function only."""
    other = _registered.get(spec.name)
    if other is not None and _place(other.function) != _place(spec.function):
        raise _wrong(spec.name, f"is defined twice, in {other.function.__module__} and {spec.function.__module__}")
    _registered[spec.name] = spec


def _place(function: Callable[..., Any]) -> tuple[str, str]:
    return function.__module__, function.__qualname__


def registered_actions() -> Mapping[str, Spec]:
    """Return all actions of the modules that were imported so far, by name."""
    return MappingProxyType(_registered)


def is_action(function: object) -> bool:
    """Say whether a function passes the gate."""
    return isinstance(getattr(function, "__keepfold_action__", None), Spec)


def _wrong(name: str, what: str) -> Misconfigured:
    return Misconfigured(f"The action {name} {what}.", code="gate.definition")
