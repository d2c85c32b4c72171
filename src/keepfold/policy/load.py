"""From text to a checked policy: read the tree, read the models, run the checks, make the canonical form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from keepfold.kernel.errors import Invalid
from keepfold.policy import checks
from keepfold.policy.canonical import canonical, digest
from keepfold.policy.format.document import Policy
from keepfold.policy.format.nearest import shown
from keepfold.policy.format.shapes import MISSING, Missing, Model, Notes
from keepfold.policy.format.tree import Node, Unreadable, read_tree, repeated_keys, require_few_lines
from keepfold.policy.types import Finding, Place, Report

_MOST_FINDINGS = 200


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """A policy that was read. `policy` is None when it does not read well; then `report` says why.

    `form` is the canonical JSON and `hash` its SHA-256; both are empty while there are errors.
    """

    report: Report
    policy: Policy | None = None
    form: bytes = b""
    hash: bytes = b""


def load(source: bytes | str, name: str = "policy") -> Loaded:
    """Read and check a policy. Never raises for anything that the text may hold: all of it becomes findings."""
    try:
        require_few_lines(source)
        root = read_tree(source)
    except Unreadable as error:
        place = Place(path="", line=error.line, column=error.column)
        finding = Finding(check=error.check, severity="error", message=error.message, place=place, hint=error.hint)
        return Loaded(report=Report(name=name, findings=(finding,)))
    return load_tree(root, name)


def load_stored(source: str) -> tuple[Policy, bytes]:
    """Read a stored policy back; return it with the hash that it has now.

    Raises `Invalid(code="policy.unreadable")` when this release no longer reads it.
    """
    try:
        root = read_tree(source)
        policy = _read_models(root, Notes(root))
    except Unreadable:
        policy = MISSING
    if isinstance(policy, Missing):
        raise Invalid(
            "The stored policy is not one that this release reads.",
            code="policy.unreadable",
            next_step="Activate a policy that `keepfold policy check` accepts.",
        )
    return policy, digest(canonical(root.plain()))


def require(source: bytes | str, name: str = "policy") -> Loaded:
    """Read and check a policy. Raises `Invalid(code="policy.invalid")` with all findings when there are errors."""
    loaded = load(source, name)
    if not loaded.report.ok:
        raise invalid(loaded.report)
    return loaded


def invalid(report: Report) -> Invalid:
    """Return the error for a policy with errors."""
    first = report.errors[0]
    where = f" (line {first.place.line}, column {first.place.column})" if first.place.line else ""
    number = len(report.errors)
    return Invalid(
        f"The policy has {number} error{'s' if number > 1 else ''}. First: {first.message}{where}",
        code="policy.invalid",
        rule=first.check,
        next_step=first.hint or "Correct it and check it again.",
        findings=msgspec.to_builtins(report.findings),
    )


def load_tree(root: Node, name: str = "policy") -> Loaded:
    """Read and check a policy of which the tree was read already. Never raises for anything that it may hold."""
    notes = Notes(root)
    for key, line, column in repeated_keys(root):
        node = Node(None, line, column, len(key))
        message = f"`{shown(key)}` is here a second time."
        notes.mistake("file.duplicate-key", node, (shown(key),), message, "Keep one of them.")
    policy = _read_models(root, notes)
    if isinstance(policy, Missing) or notes.findings:
        return Loaded(report=Report(name=name, findings=_sorted(notes.findings)))
    findings = _sorted(_checked(policy, root))
    report = Report(name=name, findings=findings)
    if not report.ok:
        return Loaded(report=report, policy=policy)
    form = canonical(root.plain())
    report = Report(name=name, findings=findings, version=digest(form).hex())
    return Loaded(report=report, policy=policy, form=form, hash=digest(form))


def _read_models(root: Node, notes: Notes) -> Any:
    return Model(Policy).read(root, (), notes)


def _checked(policy: Policy, root: Node) -> Iterable[Finding]:
    for check, found in checks.run(policy):
        line, column, length = root.descend(found.path)
        place = Place(path=".".join(found.path), line=line, column=column)
        yield Finding(
            check=check.name,
            severity=check.severity,
            message=found.message,
            place=place,
            hint=found.hint,
            length=length,
        )


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    order = sorted(findings, key=lambda finding: (finding.place.line, finding.place.column, finding.check))
    return tuple(order[:_MOST_FINDINGS])
