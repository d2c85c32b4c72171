"""Policies as JSON documents, for the command line and REST alike."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from keepfold.policy.assess import Assessment
from keepfold.policy.types import Change, ExampleResult, Explanation, Finding, Report, Schema, VersionInfo


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
