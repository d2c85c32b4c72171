"""`keepfold demo`: a made-up shop to try everything on."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from keepfold.demo import generator, loading, queries
from keepfold.demo.lists import locales
from keepfold.demo.types import Mark
from keepfold.gate import Actor
from keepfold.kernel import clock
from keepfold.kernel.errors import Conflict
from keepfold.people import queries as people
from keepfold.vault import queries as vault


@click.command("demo")
@click.option("--reset", is_flag=True, help="Erase the demonstration and build it anew.")
@click.option("--people", "count", type=click.IntRange(1, 100_000), default=loading.PEOPLE, show_default=True)
@click.option("--seed", type=int, default=loading.SEED, show_default=True, help="The same seed makes the same people.")
@click.option("--if-empty", is_flag=True, help="Do nothing, and say nothing, where there are customers already.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
def demo(*, reset: bool, count: int, seed: int, if_empty: bool, as_json: bool) -> int:
    """Fill an empty store with a made-up shop: customers of many countries, consents, readings of the past.

    Nobody in it exists. --reset never touches anybody who is not of the demonstration.
    """
    actor = people.operator()
    began = time.monotonic()
    mark = queries.mark()
    if reset:
        loading.require_no_real_people()
        _remove(actor, quiet=as_json)
        mark = None
    elif mark is not None and mark.complete:
        return _there_already(mark, quiet=if_empty, as_json=as_json)
    elif mark is None and vault.status().people:
        return _not_empty(quiet=if_empty)
    loading.ensure_policy(actor)
    document = _load(actor, mark or loading.fresh_mark(count, seed, clock.now().date()), quiet=as_json)
    _tell(document | {"seconds": round(time.monotonic() - began, 1)}, as_json=as_json)
    return 0


def _there_already(mark: Mark, *, quiet: bool, as_json: bool) -> int:
    if as_json:
        click.echo(json.dumps({"people": len(queries.living()), "changed": False}))
    elif not quiet:
        click.echo(f"The demonstration is there ({len(queries.living()):,} people, seed {mark.seed}).")
        click.echo("Next: keepfold demo --reset builds it anew.", err=True)
    return 0


def _not_empty(*, quiet: bool) -> int:
    if quiet:
        return 0
    raise Conflict(
        "This store holds customers already, so the demonstration was not loaded.",
        code="demo.not-empty",
        next_step="Keep the demonstration apart: point KEEPFOLD_HOME to another directory.",
    )


def _remove(actor: Actor, *, quiet: bool) -> None:
    with _bar("Erasing the old one", len(queries.people()), quiet=quiet) as watch:
        loading.remove_people(actor, watch)


def _load(actor: Actor, mark: Mark, *, quiet: bool) -> dict[str, Any]:
    with _bar("Making customers", mark.wanted, quiet=quiet) as watch:
        consents, withdrawals = loading.load_people(actor, mark, watch)
    history = loading.read_the_past(actor, mark)
    first = next(generator.customers(locales(), 1, seed=mark.seed, today=mark.day))
    return {
        "people": len(queries.living()),
        "countries": len({locale.country for locale in locales()}),
        "consents": consents,
        "withdrawals": withdrawals,
        "readings": history.allowed,
        "refused": history.refused,
        "seed": mark.seed,
        "first_email": first.email,
        "changed": True,
    }


def _tell(document: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False))
        return
    click.echo(
        "A made-up shop with {people:,} customers of {countries} countries, {consents:,} consents and {withdrawals:,} "
        "withdrawals, {readings:,} readings and {refused:,} refusals ({seconds} s).".format(**document)
    )
    click.echo(f"The first of them is {document['first_email']}; nobody in it exists.")
    click.echo(
        "Ana leads privacy, Ben is in support, Dora audits: keepfold staff link ana@shop.example signs in as Ana."
    )


@contextmanager
def _bar(label: str, total: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Yield a function that is told how many are done; a bar on a terminal, silence elsewhere."""
    stream = sys.stderr
    with click.progressbar(length=total, label=label, file=stream, hidden=quiet or not stream.isatty()) as bar:
        yield lambda done: bar.update(done - bar.pos)
