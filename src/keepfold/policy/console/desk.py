"""One draft on the desk: its text read and checked, what it changes, and what comes next. Made for one look at it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keepfold.gate.types import Actor
from keepfold.kernel import config, ids
from keepfold.kernel.errors import Invalid
from keepfold.policy import queries
from keepfold.policy.assess import Assessment
from keepfold.policy.assess import assessments as assess
from keepfold.policy.console import changes, sayings, words
from keepfold.policy.diff import diff
from keepfold.policy.drafting import reading, rules
from keepfold.policy.errors import NoPolicy
from keepfold.policy.format.document import Policy
from keepfold.policy.format.tree import MAX_LINES, Unreadable, has_too_many_lines
from keepfold.policy.guide.spans import Spans
from keepfold.policy.guide.spans import spans_of as places_of
from keepfold.policy.load import Loaded, load, load_tree
from keepfold.policy.types import Change, Draft, ExampleResult, Finding, Revision
from keepfold.ui import components as ui

# Checks by what they are about, in the order in which they are shown.
FAMILIES: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (gettext_lazy("The file can be read"), ("file",)),
    (gettext_lazy("Every word is known and in its place"), ("key", "value")),
    (gettext_lazy("Every kind of data is needed and protected"), ("data", "index", "mapping")),
    (gettext_lazy("Every purpose has a ground and an end"), ("purpose", "subject", "basis", "regime", "retention")),
    (gettext_lazy("Consent is asked, provable and can be withdrawn"), ("consent", "rights")),
    (gettext_lazy("Whoever receives data is bound"), ("recipient", "storage", "country")),
    (gettext_lazy("Customers are told, in every language"), ("label", "languages", "notice", "requests", "assess")),
    (gettext_lazy("The laws of the United States"), ("ccpa", "hipaa", "glba")),
)
_US = {"ccpa", "hipaa", "glba"}
# Lines that are shown before and after the one that matters.
_AROUND = 2


class Problem(NamedTuple):
    """Something a check found: the sentence and the hint as markup, and the line, 0 when there is none."""

    text: SafeString
    hint: SafeString | str
    line: int
    is_error: bool
    check: str


class Family(NamedTuple):
    """A group of checks: what it is about, how it stands, and what it found."""

    title: Any
    tone: str
    icon: str
    problems: list[Problem]


class Due(NamedTuple):
    """An assessment that is due, or may be."""

    title: str
    text: str


class Tried(NamedTuple):
    """One example of the policy and how it came out; `number` counts from 0."""

    number: int
    say: str
    passed: bool
    expected: str
    got: str


@lru_cache(maxsize=24)
def read(text: str) -> Loaded:
    """Read and check a text; the last ones are remembered, so that one look does it once."""
    spans = spans_of(text)
    return load_tree(spans.tree) if spans is not None else load(text)


def spans_of(text: str) -> Spans | None:
    """Return where everything stands in a text, or None when it is no YAML that a policy may be."""
    try:
        return None if has_too_many_lines(text) else places_of(text)
    except Unreadable:
        return None


class Desk:
    """A draft with a text: the one that is saved, or one that somebody is still writing."""

    def __init__(self, draft: Draft, text: str, actor: Actor) -> None:
        self.draft = draft
        self.text = text
        self.actor = actor
        self.loaded = read(text)
        self.two_people = config.current().two_person_activation

    @property
    def id(self) -> str:
        """Return the draft's id as it is shown."""
        return ids.show(rules.PREFIX, self.draft.id)

    @cached_property
    def plain(self) -> Any:
        """Return what the text says as plain values; None when it cannot be read."""
        spans = spans_of(self.text)
        return spans.tree.plain() if spans is not None else None

    @cached_property
    def policy(self) -> Policy | None:
        """Return the policy that the text says, even with errors that checks found; None when it does not read well."""
        return self.loaded.policy

    @cached_property
    def base(self) -> tuple[str, Policy] | None:
        """Return the version in force with its policy, or None."""
        try:
            active = queries.active()
        except NoPolicy:
            return None
        return active.version, active.policy

    @cached_property
    def base_text(self) -> str:
        """Return the file in force; nothing while there is none."""
        return queries.source(self.base[0]) if self.base is not None else ""

    # ------------------------------------------------------------------------------------------- findings

    @cached_property
    def problems(self) -> list[Problem]:
        """Return what the checks found, errors first."""
        found = [_problem(one) for one in self.loaded.report.findings]
        return sorted(found, key=lambda one: not one.is_error)

    @property
    def first(self) -> Problem | None:
        """Return the first error."""
        return next((one for one in self.problems if one.is_error), None)

    @property
    def errors(self) -> int:
        """Return how many errors there are."""
        return sum(one.is_error for one in self.problems)

    @cached_property
    def families(self) -> list[Family]:
        """Return the checks in groups; what could not be looked at yet says so."""
        regimes = set(self.plain.get("regimes") or []) if isinstance(self.plain, dict) else set()
        return [
            self._family(title, kinds)
            for title, kinds in FAMILIES
            if not set(kinds) <= _US or regimes & _US
        ]  # fmt: skip

    def _family(self, title: Any, kinds: tuple[str, ...]) -> Family:
        found = [one for one in self.problems if one.check.split(".")[0] in kinds]
        if any(one.is_error for one in found):
            return Family(title, "bad", "circle-x", found)
        if self.policy is None and not set(kinds) <= {"file", "key", "value"}:
            return Family(title, "", "circle-dashed", [])
        return Family(title, "warn", "circle-help", found) if found else Family(title, "good", "circle-check", [])

    @cached_property
    def examples(self) -> list[Tried]:
        """Return the examples and how they came out; none while there are errors."""
        return [_tried(number, one) for number, one in enumerate(queries.examples_of(self.loaded))]

    @property
    def failed(self) -> int:
        """Return how many examples come out differently."""
        return sum(not one.passed for one in self.examples)

    @property
    def is_ready(self) -> bool:
        """Say whether nothing keeps the text from review."""
        return self.loaded.report.ok and not self.failed

    # ------------------------------------------------------------------------------------------ difference

    @cached_property
    def found_changes(self) -> tuple[Change, ...]:
        """Return the differences to the policy in force."""
        return diff(self.base[1], self.policy) if self.base is not None and self.policy is not None else ()

    @cached_property
    def comparison(self) -> changes.Comparison | None:
        """Return the differences in words; None while there is nothing to compare, or the text does not read well."""
        if self.base is None or self.policy is None:
            return None
        return changes.comparison(self.base[1], self.policy, self.found_changes, queries.reach())

    @cached_property
    def lead(self) -> rules.Lead:
        """Return what is owed to customers before this changes."""
        if self.base is None or self.policy is None:
            return rules.Lead()
        return rules.lead(self.base[1], self.policy, self.found_changes)

    @property
    def lead_words(self) -> str:
        """Return the time that is owed in words, nothing when none is."""
        return words.period(self.lead.period) if self.lead.owed else ""

    @cached_property
    def told(self) -> date | None:
        """Return the day on which customers were told of this very text."""
        version = self.loaded.hash.hex()
        days = [one.day for one in self.draft.events if one.kind == "told" and one.version == version and version]
        return date.fromisoformat(days[-1]) if days else None

    @property
    def from_day(self) -> date | None:
        """Return the first day on which it may be activated, when customers had to hear first and did."""
        return self.lead.from_day(self.told) if self.lead.owed and self.told is not None else None

    @cached_property
    def changed(self) -> Counter[str]:
        """Return how many entries of each section differ from the policy in force."""
        touched = {tuple(change.path.split(".")[:2]) for change in self.found_changes if "." in change.path}
        return Counter(section for section, _name in touched)

    @property
    def asked_purpose(self) -> str:
        """Return a purpose about which it is worth asking both policies: the first that changes."""
        return next((name for change in self.found_changes for name in change.purposes), "")

    def is_changed(self, section: str, name: str) -> bool:
        """Say whether an entry differs from the policy in force."""
        start = f"{section}.{name}"
        return any(change.path == start or change.path.startswith(f"{start}.") for change in self.found_changes)

    @cached_property
    def marked(self) -> ui.CodeLines:
        """Return the lines of the file with marks: added, cut, and those that a finding asks about.

        Of a text that has more lines than a policy may, only so many are returned, and compared with nothing.
        """
        asked = {one.line for one in self.problems if one.is_error}
        if not self._compared:
            return tuple(
                ui.CodeLine(line, "ask" if number in asked else "", number)
                for number, line in enumerate(self.text.split("\n", MAX_LINES)[:MAX_LINES], start=1)
            )
        return tuple(
            ui.CodeLine(one.text, "ask" if one.number in asked else one.mark, one.number) for one in self._compared
        )

    @cached_property
    def _compared(self) -> tuple[rules.Line, ...]:
        if not self.base_text or has_too_many_lines(self.text):
            return ()
        return tuple(rules.compared(self.base_text, self.text))

    def around(self, section: str, name: str) -> ui.CodeLines:
        """Return the marked lines of one entry, and those that changed or are asked about; all where there are none."""
        spans = spans_of(self.text)
        entry = spans.at((section, name)) if spans is not None and name else None
        wanted = range(0)
        if spans is not None and entry is not None:
            wanted = range(spans.line_number(entry.start), spans.line_number(entry.end) + 1)
        near = [at for at, line in enumerate(self.marked) if line.mark or line.number in wanted]
        if not near:
            return self.marked
        kept = {number for at in near for number in range(at - _AROUND, at + _AROUND + 1)}
        return tuple(_with_gaps(self.marked, kept))

    @cached_property
    def lines_changed(self) -> int:
        """Return how many lines were added or cut."""
        return sum(one.mark in {"add", "cut"} for one in self._compared)

    @property
    def rows(self) -> int:
        """Return how many lines the text has, and a few to write on."""
        return min(self.text.count("\n") + 4, 5000)

    @property
    def numbers(self) -> str:
        """Return the numbers of the lines, one on each; more than there are, for what is being written."""
        return "\n".join(map(str, range(1, min(self.text.count("\n"), MAX_LINES) + 200)))

    @cached_property
    def assessments(self) -> list[Due]:
        """Return the assessments that the policy's own triggers call for, or may call for."""
        return [_due(one, self.policy) for one in assess(self.policy, queries.reach().held)] if self.policy else []

    @property
    def passed(self) -> int:
        """Return how many examples come out as written."""
        return len(self.examples) - self.failed

    @property
    def outdated(self) -> bool:
        """Say whether another version came into force after this draft was approved."""
        last = self.draft.last("approved")
        now = self.base[0] if self.base is not None else ""
        return self.draft.state == "approved" and last is not None and self.base_version_at_approval not in {None, now}

    @cached_property
    def base_version_at_approval(self) -> str | None:
        """Return the version in force when the draft was approved, None when it was not."""
        return reading.in_force_at_approval(self.draft.id)


def _with_gaps(lines: ui.CodeLines, kept: set[int]) -> Iterator[ui.CodeLine]:
    """Yield the lines that are kept, and a mark where some are left out."""
    left_out = False
    for at, line in enumerate(lines):
        if at in kept:
            if left_out:
                yield ui.CodeLine("…")
            yield line
        left_out = at not in kept


def of(draft: Draft, actor: Actor, text: str | None = None) -> Desk:
    """Return a draft on the desk, with its newest text or with one that is still being written."""
    if text is None:
        head = queries.draft_revision(draft.id, draft.revision)
        text = head.text if head is not None else ""
    return Desk(draft, text, actor)


def _problem(found: Finding) -> Problem:
    return Problem(
        text=sayings.told(found.message, sayings.as_code),
        hint=sayings.told(found.hint, sayings.as_code) if found.hint else "",
        line=found.place.line,
        is_error=found.severity == "error",
        check=found.check,
    )


def _due(found: Assessment, policy: Policy) -> Due:
    named = words.listed([words.Names(policy).purpose(one) for one in found.purposes])
    title = words.word(words.ASSESSMENTS, found.do)
    if found.due == "yes":
        return Due(title, _("Due for: %(purposes)s.") % {"purposes": named})
    return Due(title, _("Unknown whether it is due for: %(purposes)s. A fact is missing.") % {"purposes": named})


def _tried(number: int, result: ExampleResult) -> Tried:
    return Tried(number, result.say, result.passed, sayings.plainly(result.expected), sayings.plainly(result.got))


def history(draft: Draft) -> Iterator[Revision]:
    """Yield the newest revisions of a draft."""
    yield from queries.draft_revisions(draft.id, 50)


def refusal(error: Invalid) -> str:
    """Return an error of an action in the reader's language."""
    return sayings.plainly(error.detail)
