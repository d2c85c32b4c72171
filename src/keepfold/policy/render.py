"""Policies as text for a terminal: findings with an excerpt and a caret, examples, differences, explanations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

import click

from keepfold.policy.assess import Assessment
from keepfold.policy.types import Change, ExampleResult, Explanation, Finding, Report, Schema, VersionInfo

_COLOURS = {"error": "red", "warning": "yellow", "wider": "yellow", "narrower": "green", "neutral": "bright_black"}
_MARKS = {"wider": "+", "narrower": "-", "neutral": "~", "allows": "✓", "refuses": "✗", "no effect": "·"}
_WIDEST = 110


def report(found: Report, text: str) -> str:
    """Return the findings with the lines of the file they are about, and one line that sums up."""
    lines = text.splitlines()
    blocks = [finding(one, found.name, lines) for one in found.findings]
    return "\n".join([*blocks, _summary(found)])


def finding(found: Finding, name: str, lines: list[str]) -> str:
    """Return one finding: what, where, the line with a caret, and what to write instead."""
    colour = _COLOURS[found.severity]
    head = click.style(f"{found.severity}[{found.check}]", fg=colour, bold=True) + f" {found.message}"
    return "\n".join([head, *_excerpt(found, name, lines, colour), ""])


def _excerpt(found: Finding, name: str, lines: list[str], colour: str) -> Iterator[str]:
    place = found.place
    margin = " " * len(str(place.line))
    where = f"{name}:{place.line}:{place.column}" if place.line else name
    yield f"{margin} {click.style('──▸', fg='blue')} {where}" + (f"  {place.path}" if place.path else "")
    if 0 < place.line <= len(lines):
        line = lines[place.line - 1]
        start = max(0, place.column - 60)
        shown = _printable(line[start : start + _WIDEST])
        caret = "^" * max(1, min(found.length, len(shown) - (place.column - 1 - start)))
        yield f"{click.style(str(place.line) + ' │', fg='blue')} {shown}"
        indent = " " * (place.column - 1 - start)
        yield f"{click.style(margin + ' │', fg='blue')} {indent}{click.style(caret, fg=colour, bold=True)}"
    if found.hint:
        yield f"{margin} {click.style('=', fg='blue')} {found.hint}"


def _summary(found: Report) -> str:
    warnings = _number(len(found.warnings), "warning")
    if found.ok:
        good = click.style("ok", fg="green", bold=True)
        return f"{good}  {found.name}: {warnings}, version {found.version}"
    return f"{found.name}: {_number(len(found.errors), 'error')}, {warnings}"


def examples(results: Iterable[ExampleResult]) -> str:
    """Return one line per example, with what came instead where one fails."""
    listed = list(results)
    lines = [_example(one) for one in listed]
    failed = sum(not one.passed for one in listed)
    return "\n".join([*lines, f"{_number(len(listed), 'example')}, {failed} failed"])


def _example(one: ExampleResult) -> str:
    if one.passed:
        return f"{click.style('✓', fg='green')} {one.say}"
    return f"{click.style('✗', fg='red')} {one.say}\n    expected {one.expected}, got {one.got}"


def changes(found: Iterable[Change]) -> str:
    """Return the differences, material ones first."""
    listed = list(found)
    if not listed:
        return "No difference in meaning."
    blocks = []
    for material, group in groupby(listed, key=lambda change: change.material):
        title = "Material: people are told before" if material else "Not material"
        blocks.append("\n".join([click.style(title, bold=True), *(_change(change) for change in group)]))
    return "\n".join(blocks)


def _change(change: Change) -> str:
    mark = click.style(_MARKS[change.effect], fg=_COLOURS[change.effect], bold=True)
    return f"  {mark} {change.sentence}  {click.style(change.kind, fg='bright_black')}"


def assessments(found: Iterable[Assessment]) -> str:
    """Return one line per assessment that is due or may be."""
    return "\n".join(
        f"Assessment {'due' if one.due == 'yes' else 'perhaps due'}: {one.do}, because {one.condition} "
        f"({', '.join(one.purposes)})"
        for one in found
    )


def explanation(found: Explanation) -> str:
    """Return the answer and every rule that was looked at."""
    answer = (
        click.style("allowed", fg="green", bold=True) if found.allowed else click.style("denied", fg="red", bold=True)
    )
    lines = [f"{answer}  {found.reason}"]
    for step in found.steps:
        lines.append(f"  {_MARKS[step.effect]} {step.rule}: {step.because}")
        if step.change:
            lines.append(f"      {step.change}")
    if found.fields:
        lines.append("  shown: " + ", ".join(f"{name} {how}" for name, how in found.fields.items()))
    return "\n".join(lines)


def versions(found: Iterable[VersionInfo]) -> str:
    """Return one line per stored version."""
    lines = [
        f"{'▸' if one.active else ' '} {one.version[:12]}  {one.policy_id}  from {one.effective_from}"
        + (f"  {_number(one.approvals, 'approval')}" if one.approvals else "")
        for one in found
    ]
    return "\n".join(lines) or "No policy has been submitted yet."


def schema(found: Schema, policy_id: str) -> str:
    """Return a policy as two lists: what is stored, and what for."""
    language = found.languages[0]
    lines = [click.style(f"{policy_id}  {found.version}", bold=True), "Data"]
    for name, spec in found.fields.items():
        marks = [
            spec.type,
            spec.compartment,
            *(["identity"] if spec.identity else []),
            *(index.form for index in spec.index),
        ]
        lines.append(f"  {name:<20} {', '.join(marks):<36} {spec.label.get(language, '')}")
    lines.append("Purposes")
    for name, purpose in found.purposes.items():
        ground = ", ".join(f"{regime} {basis}" for regime, basis in purpose.basis.items())
        lines.append(f"  {name:<20} {ground:<36} {purpose.label.get(language, '')}")
        lines.append(f"  {'':<20} {_needs(purpose.fields)}")
    return "\n".join(lines)


def _needs(fields: object) -> str:
    needs = fields if isinstance(fields, dict) else {}
    return ", ".join(
        f"{name}{'' if need.required else '?'}{'*' if need.treatment == 'masked' else ''}"
        for name, need in needs.items()
    )


def _number(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"


def _printable(line: str) -> str:
    return "".join(letter if letter.isprintable() else "·" for letter in line)
