"""The policies that a question can be put to: the one in force, any version, or a draft of the workshop."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from django.utils.translation import gettext

from keepfold.gate.types import Actor
from keepfold.kernel import ids
from keepfold.kernel.errors import Invalid, KeepfoldError
from keepfold.policy import queries, store
from keepfold.policy.compile import CompiledPolicy, compile_policy
from keepfold.policy.drafting import reading, rules
from keepfold.policy.format.document import Policy
from keepfold.policy.format.tree import Node, Unreadable, read_tree
from keepfold.policy.load import load

Line = Callable[[tuple[str, ...]], int]
_MOST_LISTED = 20


class Rulebook(NamedTuple):
    """One policy, ready to be asked: `key` is what an address calls it, `name` what people do."""

    key: str
    name: str
    policy: Policy
    compiled: CompiledPolicy
    line: Line
    is_draft: bool = False


def of(key: str, viewer: Actor) -> Rulebook:
    """Return a rulebook: `active`, a version or its beginning, or a draft (`drf_…`) that the viewer may see.

    Raises `Invalid` in words for a person when there is no such thing, or it cannot be asked yet.
    """
    if key.startswith(f"{rules.PREFIX}_"):
        return _draft(key, viewer)
    try:
        version = queries.resolve(key)
    except KeepfoldError:
        if key == "active":
            raise Invalid(
                gettext("No policy is in force, so everything is refused."),
                code="explain.no-policy",
                next_step=gettext("Put one in force in the workshop."),
            ) from None
        raise Invalid(gettext("There is no such version of the policy."), code="explain.version") from None
    policy, compiled, line = _compiled(version)
    return Rulebook(key, version_name(version), policy, compiled, line)


@lru_cache(maxsize=8)
def _compiled(version: str) -> tuple[Policy, CompiledPolicy, Line]:
    policy = queries.stored(version)
    return policy, compile_policy(policy, bytes.fromhex(version), store.numbers()), _lines(queries.source(version))


def version_name(version: str) -> str:
    """Return what people call a version."""
    number = queries.ordinal(version)
    if number:
        return gettext("Version %(number)s") % {"number": number}
    return gettext("Version %(version)s") % {"version": version[:8]}


def _draft(key: str, viewer: Actor) -> Rulebook:
    try:
        found = queries.draft(ids.parse(rules.PREFIX, key))
    except Invalid:
        found = None
    if found is None or not reading.may_see(viewer, queries.person_of(viewer), found):
        raise Invalid(gettext("There is no such draft, or it is not yours to see."), code="explain.draft")
    revision = queries.draft_revision(found.id, found.revision)
    loaded = None if revision is None else load(revision.text)
    if revision is None or loaded is None or loaded.policy is None or not loaded.report.ok:
        raise Invalid(
            gettext("The draft “%(title)s” has errors, so it decides nothing yet.") % {"title": found.title},
            code="explain.draft-errors",
            next_step=gettext("Put them right in the workshop, then ask again."),
        )
    compiled = compile_policy(loaded.policy, loaded.hash)
    name = gettext("Draft “%(title)s”") % {"title": found.title}
    return Rulebook(key, name, loaded.policy, compiled, _lines(revision.text), is_draft=True)


def _lines(source: str) -> Line:
    try:
        root = read_tree(source)
    except Unreadable:
        return lambda _path: 0
    return lambda path: _line(root, path)


def _line(root: Node, path: tuple[str, ...]) -> int:
    return root.descend(path)[0]


def choices(viewer: Actor) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what a question can be put to, in groups."""
    now = store.active()
    active = "" if now is None else now[0]
    versions = [(one.version, version_name(one.version)) for one in queries.versions(_MOST_LISTED)]
    first = (
        [("active", gettext("The policy in force (%(version)s)") % {"version": version_name(active)})] if active else []
    )
    person = queries.person_of(viewer)
    drafts = [
        (ids.show(rules.PREFIX, one.id), one.title) for one in queries.drafts() if reading.may_see(viewer, person, one)
    ]
    groups = [
        ("", first),
        (gettext("Drafts"), drafts),
        (gettext("Versions"), [one for one in versions if one[0] != active]),
    ]
    return [group for group in groups if group[1]]
