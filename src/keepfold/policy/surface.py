"""Policies as JSON documents, for the command line and REST alike."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from keepfold.kernel import ids
from keepfold.policy.assess import Assessment
from keepfold.policy.types import (
    Change,
    Draft,
    DraftEvent,
    ExampleResult,
    Explanation,
    Finding,
    InForce,
    Report,
    Schema,
    VersionInfo,
)

if TYPE_CHECKING:  # the command line shows files without any storage
    from keepfold.policy.store import VersionRow


def report(found: Report) -> dict[str, Any]:
    """Return what checking gave."""
    return {
        "name": found.name,
        "ok": found.ok,
        "version": found.version,
        "errors": len(found.errors),
        "warnings": len(found.warnings),
        "findings": [finding(one) for one in found.findings],
    }


def finding(found: Finding) -> dict[str, Any]:
    """Return one finding."""
    return {
        "check": found.check,
        "severity": found.severity,
        "message": found.message,
        "hint": found.hint or None,
        "path": found.place.path or None,
        "line": found.place.line or None,
        "column": found.place.column or None,
    }


def examples(results: Iterable[ExampleResult]) -> dict[str, Any]:
    """Return how the examples came out."""
    listed = [
        {"say": one.say, "passed": one.passed, "expected": one.expected, "got": one.got, "path": one.place.path}
        for one in results
    ]
    return {"ok": all(one["passed"] for one in listed), "examples": listed}


def changes(found: Iterable[Change]) -> dict[str, Any]:
    """Return the differences of two policies."""
    listed = [
        {
            "kind": one.kind,
            "effect": one.effect,
            "material": one.material,
            "path": one.path,
            "sentence": one.sentence,
            "purposes": list(one.purposes),
        }
        for one in found
    ]
    return {"material": any(one["material"] for one in listed), "changes": listed}


def assessments(found: Iterable[Assessment]) -> list[dict[str, Any]]:
    """Return the assessments that a policy calls for."""
    return [{"do": one.do, "due": one.due, "because": one.condition, "purposes": list(one.purposes)} for one in found]


def explanation(found: Explanation) -> dict[str, Any]:
    """Return a decision with its rules."""
    return {
        "allowed": found.allowed,
        "rules": list(found.rules),
        "reason": found.reason,
        "fields": dict(found.fields),
        "steps": [
            {"rule": step.rule, "effect": step.effect, "because": step.because, "change": step.change or None}
            for step in found.steps
        ],
        "version": found.version,
    }


def version(found: VersionInfo) -> dict[str, Any]:
    """Return one stored version."""
    return {
        "version": found.version,
        "policy": found.policy_id,
        "submitted_at": datetime.fromtimestamp(found.submitted_at_us / 1e6, UTC).isoformat(),
        "effective_from": found.effective_from,
        "approvals": found.approvals,
        "active": found.active,
    }


def evidence(row: VersionRow, in_force: Iterable[InForce], drafts: Iterable[Draft]) -> dict[str, Any]:
    """Return how a version came about: who did what when. People are `stf_…`."""
    return {
        "version": row.version,
        "policy": row.policy_id,
        "effective_from": row.effective_from,
        "submitted": {"at": _at(row.submitted_us), "by": _who(row.submitted_by)},
        "in_force": [
            {
                "from": _at(one.at_us),
                "until": _at(one.until_us) if one.until_us is not None else None,
                "instead_of": one.previous or None,
                "by": [_who(person) for person in one.people],
                "row_genuine": one.genuine,
            }
            for one in in_force
        ],
        "drafts": [
            {
                "draft": ids.show("drf", one.id),
                "title": one.title,
                "state": one.state,
                "began_from": one.base or None,
                "authors": sorted(map(_who, one.authors)),
                "rows_genuine": one.genuine,
                "events": [_event(event) for event in one.events],
            }
            for one in drafts
        ],
    }


def _event(event: DraftEvent) -> dict[str, Any]:
    known = {"at": _at(event.at_us), "what": event.kind, "by": _who(event.person), "revision": event.revision}
    more = {"version": event.version, "comment": event.comment, "told_on": event.day}
    return known | {key: value for key, value in more.items() if value}


def _at(moment_us: int) -> str:
    return datetime.fromtimestamp(moment_us / 1e6, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _who(person: bytes) -> str:
    return ids.show("stf", person)


def schema(found: Schema) -> dict[str, Any]:
    """Return the intake schema: what may be stored, and what each purpose needs."""
    return {
        "version": found.version,
        "languages": list(found.languages),
        "data": {
            name: {
                "label": dict(spec.label),
                "type": spec.type,
                "compartment": spec.compartment,
                "identity": spec.identity,
                "searchable": any(index.form == "exact" for index in spec.index),
                "max_length": spec.max_length,
                "special": spec.special,
                "required_for": list(spec.required_for),
            }
            for name, spec in found.fields.items()
        },
        "purposes": {
            name: {
                "label": dict(spec.label),
                "basis": dict(spec.basis),
                "data": {item: "required" if need.required else "optional" for item, need in spec.fields.items()},
                "needs_consent": spec.consent is not None,
                "may_object": spec.may_object,
                "may_opt_out": spec.opt_out is not None,
                "retention": f"{spec.retention.keep} from {spec.retention.since}, then {spec.retention.then}",
            }
            for name, spec in found.purposes.items()
        },
    }
