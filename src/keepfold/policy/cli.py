"""`keepfold policy …`: check, test, compare, explain and activate policies.

`check`, `test`, `init`, `checks`, and `diff` and `explain` on files need no installation. Exit codes: 0 done and in
order, 1 the policy has errors (or an example fails, or the answer is no), 2 wrong usage.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from keepfold.gate.types import Actor
from keepfold.policy import checks as named_checks
from keepfold.policy import render, surface
from keepfold.policy.compile import CompiledPolicy, compile_policy
from keepfold.policy.diff import diff as diff_policies
from keepfold.policy.examples import run_examples
from keepfold.policy.explain import explain as explain_question
from keepfold.policy.format.document import Policy
from keepfold.policy.format.tree import MAX_BYTES
from keepfold.policy.load import Loaded, load, require
from keepfold.policy.templates import names, text_of
from keepfold.policy.types import ConsentFact, PersonFacts, Question

LOAD_ROOMS = "keepfold.load_rooms"
_FILE = click.Path(dir_okay=False, allow_dash=True)
_STATUSES = ("granted", "withdrawn", "objected", "opted_out")

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")


@click.group()
def policy() -> None:
    """Check, test, compare, explain and activate policies."""


@policy.command("check")
@click.argument("file", type=_FILE)
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@as_json
def check(*, file: str, strict: bool, as_json: bool) -> None:
    """Name every error and warning of a policy FILE (- for standard input)."""
    source = _read(file)
    report = load(source, _name(file)).report
    _print(surface.report(report), as_json=as_json, show=lambda: render.report(report, _text(source)))
    _leave(ok=report.ok and not (strict and report.warnings))


@policy.command("test")
@click.argument("file", type=_FILE)
@as_json
def test(*, file: str, as_json: bool) -> None:
    """Run the examples that a policy FILE carries."""
    loaded = _loaded(file, as_json=as_json)
    results = list(run_examples(_model(loaded), compile_policy(_model(loaded), loaded.hash)))
    _print(surface.examples(results), as_json=as_json, show=lambda: render.examples(results))
    _leave(ok=all(result.passed for result in results))


@policy.command("checks")
@as_json
def checks(*, as_json: bool) -> None:
    """List every named check."""
    listed = {
        name: {"severity": severity, "summary": summary, "source": source or None}
        for name, (severity, summary, source) in named_checks.catalogue().items()
    }
    lines = [
        f"{name:<30} {one['summary']}" + (f"  ({one['source']})" if one["source"] else "")
        for name, one in listed.items()
    ]
    _print(listed, as_json=as_json, show=lambda: "\n".join(lines))


@policy.command("init")
@click.argument("template", required=False)
@click.option("--template", "chosen", help="The template, in place of the argument.")
@click.option("--list", "listing", is_flag=True, help="List the templates.")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write to a new file.")
@as_json
def init(*, template: str | None, chosen: str | None, listing: bool, output: Path | None, as_json: bool) -> None:
    """Print a policy to start from: shop, media-shop, software-service, clinic or lender."""
    if listing:
        _print({"templates": list(names())}, as_json=as_json, show=lambda: "\n".join(names()))
        return
    name = template or chosen or "shop"
    text = text_of(name, today=datetime.now(UTC).date())
    if output is not None:
        _write_new(output, text)
        click.echo(f"Wrote {output}. Next: change the controller, then `keepfold policy check {output}`.", err=True)
        text = ""
    _print(
        {"template": name, "output": str(output) if output else None, "text": text},
        as_json=as_json,
        show=lambda: text.rstrip("\n"),
    )


@policy.command("diff")
@click.argument("old")
@click.argument("new")
@as_json
def diff(*, old: str, new: str, as_json: bool) -> None:
    """Say what becomes wider or narrower from OLD to NEW: files, versions, or `active`."""
    found = diff_policies(_either(old, as_json=as_json), _either(new, as_json=as_json))
    _print(surface.changes(found), as_json=as_json, show=lambda: render.changes(found))


@policy.command("explain")
@click.option("--file", type=_FILE, help="A policy file; otherwise the active policy.")
@click.option("--purpose", required=True, help="For which purpose.")
@click.option("--field", "fields", multiple=True, help="Which data; repeat it. All of the purpose when left out.")
@click.option("--role", "roles", multiple=True, help="A role of whoever asks; repeat it.")
@click.option("--granted", "purposes", multiple=True, default=("*",), help="A purpose that is granted; repeat it.")
@click.option("--action", default="vault.record.open", show_default=True, help="What is done.")
@click.option("--said", type=click.Choice(_STATUSES), help="The person's last word about the purpose.")
@click.option("--state", "states", multiple=True, type=click.Choice(("restricted", "frozen", "erased")))
@click.option(
    "--moment", "moments", multiple=True, metavar="NAME=DATE", help="E.g. order.closed=2026-01-31; repeat it."
)
@click.option("--gpc", is_flag=True, help="The privacy signal of the browser is on.")
@as_json
def explain(*, file: str | None, as_json: bool, **asked: Any) -> None:
    """Say what the policy answers, which rules it looked at, and what would change the answer."""
    compiled = _compiled(file, as_json=as_json)
    found = explain_question(compiled, _question(**asked))
    _print(surface.explanation(found), as_json=as_json, show=lambda: render.explanation(found))
    _leave(ok=found.allowed)


@policy.command("show")
@click.argument("version", default="active")
@click.option("--all", "every", is_flag=True, help="List every version.")
@click.option("--source", "as_source", is_flag=True, help="Print the file as it was submitted.")
@as_json
def show(*, version: str, every: bool, as_source: bool, as_json: bool) -> None:
    """Show the active policy, or a VERSION (8 digits or more)."""
    queries = _queries()
    if every:
        listed = queries.versions()
        document = {"versions": [surface.version(one) for one in listed]}
        _print(document, as_json=as_json, show=lambda: render.versions(listed))
        return
    if as_source:
        click.echo(queries.source(version), nl=False)
        return
    policy_id, schema = queries.schema_of_version(version)
    document = {"policy": policy_id, **surface.schema(schema)}
    _print(document, as_json=as_json, show=lambda: render.schema(schema, policy_id))


@policy.command("activate")
@click.argument("what", metavar="FILE|VERSION")
@as_json
def activate(*, what: str, as_json: bool) -> None:
    """Submit a FILE and make it the policy that decides, or activate a submitted VERSION."""
    _load_rooms()
    from keepfold.people.queries import operator  # noqa: PLC0415  needs the rooms
    from keepfold.policy import actions  # noqa: PLC0415  needs the rooms

    version = what
    if _is_file(what):
        loaded = _loaded(what, as_json=as_json)
        version = actions.submit_version(actor=operator(), source=_read(what), name=loaded.report.name).version
    done = actions.activate(actor=operator(), version=version)
    document = {"version": done.version, "status": done.status, "missing": done.missing, "previous": done.previous}
    document |= {"assessments": surface.assessments(done.assessments), **surface.changes(done.changes)}
    _print(document, as_json=as_json, show=lambda: _activated(done))


def _activated(done: Any) -> str:
    if done.status == "awaiting":
        return f"Noted. {done.missing} more person must agree to {done.version[:12]} before it decides."
    lines = [f"Active: {done.version}"]
    if done.changes:
        lines.append(render.changes(done.changes))
    if done.assessments:
        lines.append(render.assessments(done.assessments))
    return "\n".join(lines)


def _question(
    *,
    purpose: str,
    fields: tuple[str, ...],
    roles: tuple[str, ...],
    purposes: tuple[str, ...],
    action: str,
    said: Any,
    states: tuple[str, ...],
    moments: tuple[str, ...],
    gpc: bool,
) -> Question:
    now_s = int(datetime.now(UTC).timestamp())
    consents = {purpose: ConsentFact(status=said, at_s=now_s)} if said else {}
    person = PersonFacts(consents=consents, moments=_moments(moments), **dict.fromkeys(states, True))
    actor = Actor(kind="staff", id=bytes(16), roles=roles, actions=(action,), purposes=purposes)
    return Question(actor=actor, action=action, now_s=now_s, purpose=purpose, fields=fields, person=person, gpc=gpc)


def _moments(given: tuple[str, ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in given:
        name, _, day = one.partition("=")
        try:
            found[name] = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())
        except ValueError:
            raise click.BadParameter("write NAME=YYYY-MM-DD, e.g. order.closed=2026-01-31") from None
    return found


def _compiled(file: str | None, *, as_json: bool) -> CompiledPolicy:
    if file is None:
        active: CompiledPolicy = _queries().active().compiled
        return active
    loaded = _loaded(file, as_json=as_json)
    return compile_policy(_model(loaded), loaded.hash)


def _either(what: str, *, as_json: bool) -> Policy:
    if _is_file(what):
        return _model(_loaded(what, as_json=as_json))
    stored: Policy = _queries().policy_of(what)
    return stored


def _is_file(what: str) -> bool:
    return what == "-" or Path(what).is_file() or any(mark in what for mark in "./\\")


def _loaded(file: str, *, as_json: bool) -> Loaded:
    """Read a policy; when it has errors, show them and leave with 1."""
    source = _read(file)
    loaded = load(source, _name(file))
    if not loaded.report.ok:
        if as_json:
            require(source, _name(file))
        click.echo(render.report(loaded.report, _text(source)), err=True)
        _leave(ok=False)
    return loaded


def _model(loaded: Loaded) -> Policy:
    assert loaded.policy is not None  # noqa: S101  `_loaded` left otherwise
    return loaded.policy


def _read(file: str) -> bytes:
    try:
        if file == "-":
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with Path(file).open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise click.UsageError(f"{file} cannot be read: {error.strerror}.") from None


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise click.UsageError(f"{path} is there already; nothing was written.") from None
    except OSError as error:
        raise click.UsageError(f"{path} cannot be written: {error.strerror}.") from None


def _name(file: str) -> str:
    return "standard input" if file == "-" else file


def _text(source: bytes) -> str:
    return source.decode("utf-8", "replace").removeprefix("\ufeff")


def _print(document: Any, *, as_json: bool, show: Callable[[], str]) -> None:
    text = json.dumps(document, indent=2, ensure_ascii=False) if as_json else show()
    if text:
        click.echo(text)


def _leave(*, ok: bool) -> None:
    if not ok:
        raise click.exceptions.Exit(1)


def _load_rooms() -> None:
    # The root of the command line says how; a test has loaded them already.
    load_rooms = click.get_current_context().meta.get(LOAD_ROOMS)
    if load_rooms is not None:
        load_rooms()


def _queries() -> Any:
    _load_rooms()
    from keepfold.policy import queries  # noqa: PLC0415  needs the rooms

    return queries
