"""What anybody inside the process may ask about imports: states, counts, reasons. Nothing about any person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from keepfold.gate import Actor
from keepfold.intake import drafts, hosts, store
from keepfold.intake import held as table
from keepfold.intake.types import OVER, Draft, Flaw, Held, Run, Saved, Words
from keepfold.kernel import config, ids
from keepfold.kernel.errors import Invalid, NotFound

# Who may know of another person's import while it is not over.
OVERSEERS = frozenset(("owner", "privacy_lead"))
_MOST_MAPPINGS = 50


def run(run_id: bytes) -> Run | None:
    """Return one import, or None."""
    return store.run_of(run_id)


def runs(limit: int = 50) -> Sequence[Run]:
    """Return the newest imports."""
    return store.runs(limit)


def runs_elsewhere(limit: int = 50) -> Sequence[Run]:
    """Return those of the newest imports that were begun on the command line."""
    return store.runs_elsewhere(limit)


def latest(terms: bytes) -> Run | None:
    """Return the newest import that was asked to do exactly this, or None."""
    return store.latest_run(terms)


def rejects(run_id: bytes) -> Iterator[Flaw]:
    """Yield why rows of an import were refused."""
    return store.rejects(run_id)


def reject_counts(run_id: bytes) -> Sequence[tuple[str, str, str, int, int]]:
    """Return (field, code, message, how often, first row) of an import, the most frequent first."""
    return store.reject_counts(run_id)


def import_of(actor: Actor, shown: str) -> Held:
    """Return an import by its public id. Raises `NotFound`, the same for absent and for not yours."""
    try:
        held = table.one(ids.parse("imp", shown))
    except Invalid:
        held = None
    if held is None or not may_see(actor, held):
        raise NotFound("There is no import with this id.", code="intake.import-missing")
    return held


def may_see(actor: Actor, held: Held) -> bool:
    """Say whether somebody may know of an import: it is their own, it is done, or they oversee imports."""
    return held.owner == actor.id or held.state == "done" or bool(OVERSEERS & set(actor.roles))


def may_end(actor: Actor, held: Held) -> bool:
    """Say whether somebody may cancel an import, or forget what it holds."""
    return held.owner == actor.id or bool(OVERSEERS & set(actor.roles))


def draft_of(actor: Actor, held: Held) -> Draft:
    """Return what one's own import holds of its source. Raises `NotFound` for another's, `Conflict` when it is gone."""
    if held.owner != actor.id:
        raise NotFound("There is no import with this id.", code="intake.import-missing")
    return drafts.read(held)


def words_of(held: Held) -> Words:
    """Return what an import is called, and why it failed."""
    return drafts.words_of(held)


def imports(actor: Actor, before: tuple[int, bytes] | None, limit: int) -> list[Held]:
    """Return the newest imports that somebody may know of; `before` is (created_us, id) of the last one seen."""
    if OVERSEERS & set(actor.roles):
        return table.page(None, before, limit)
    return table.page_for(actor.id, before, limit)


def same_content(actor: Actor, held: Held) -> Held | None:
    """Return the newest import that is done and brought in the very same file, or None."""
    found = table.with_content_of(held.id)
    return found if found is not None and may_see(actor, found) else None


def saved_mappings(actor: Actor) -> list[Saved]:
    """Return the mappings that somebody kept, the newest first."""
    return [drafts.saved_of(row[0], row[1]) for row in table.mappings(actor.id, _MOST_MAPPINGS)]


def rejects_page(run_id: bytes, after: int, limit: int) -> list[tuple[int, Flaw]]:
    """Return the next refusals of a run as (cursor, refusal)."""
    return store.rejects_after(run_id, after, limit)


def is_over(held: Held) -> bool:
    """Say whether nothing more will happen to an import."""
    return held.state in OVER


def check_host(host: str) -> None:
    """Raise unless the settings allow the console to connect to a server. The connection itself is judged again."""
    hosts.address_of(host, 0, config.current().import_hosts)
