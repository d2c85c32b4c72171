"""What the parts of a page are made of: plain values that the template tags of this room turn into markup.

Every text may be a lazy translation. None holds markup, except where a `SafeString` is said to be welcome.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from keepfold.kernel.lines import matcher

Text = str | Promise

# What a tone looks like when nobody chose an icon.
TONE_ICONS = {"good": "check", "bad": "ban", "warn": "triangle-alert"}
CALLOUT_ICONS = {"": "info", "good": "circle-check", "bad": "circle-alert", "warn": "triangle-alert"}


class Badge(NamedTuple):
    """One or two words with a state. `tone`: good, bad, warn, line or nothing."""

    label: Text
    tone: str = ""
    icon: str = ""

    @property
    def shown_icon(self) -> str:
        """Return the icon: the chosen one, or the tone's own."""
        return self.icon or TONE_ICONS.get(self.tone, "")


class Link(NamedTuple):
    """Words that lead somewhere."""

    label: Text
    href: str


class Figure(NamedTuple):
    """A number, what it counts, and what that means."""

    name: Text
    value: object
    note: Text = ""
    href: str = ""
    tone: str = ""


class Pair(NamedTuple):
    """A fact and its name."""

    name: Text
    value: object
    note: Text = ""


class Line(NamedTuple):
    """Something with a next step."""

    title: Text
    text: Text = ""
    icon: str = ""
    tone: str = ""
    href: str = ""
    action: Text = ""


class Event(NamedTuple):
    """Who did what, why and when. `seal`: recorded, witnessed, broken, unknown or nothing; `link` names `href`."""

    who: Text
    what: Text
    why: Text = ""
    at: datetime | float | None = None
    icon: str = "circle-dashed"
    tone: str = ""
    seal: str = ""
    href: str = ""
    link: Text = ""


class Step(NamedTuple):
    """One rule of a decision. `outcome`: passed, stop, unreached or unknown."""

    title: Text
    outcome: str
    text: Text = ""
    facts: str = ""
    href: str = ""

    @property
    def icon(self) -> str:
        """Return the icon of the outcome."""
        return {"passed": "circle-check", "stop": "circle-x", "unknown": "circle-help"}.get(
            self.outcome, "circle-dashed"
        )

    @property
    def tone(self) -> str:
        """Return the tone of the outcome."""
        return {"passed": "good", "stop": "bad", "unknown": "warn"}.get(self.outcome, "")


class Change(NamedTuple):
    """One difference between two policies. `kind`: wider, narrower, same, new or gone; `text` may be markup."""

    kind: str
    text: Text | SafeString
    affected: Text = ""
    href: str = ""

    @property
    def badge(self) -> Badge:
        """Return the word for the kind of change."""
        return {
            "wider": Badge(_("Wider"), "warn", "unfold-horizontal"),
            "narrower": Badge(_("Narrower"), "good", "fold-horizontal"),
            "new": Badge(_("New"), "warn", "plus"),
            "gone": Badge(_("Gone"), "good", "minus"),
        }.get(self.kind, Badge(_("Same"), "", "check"))


class Tab(NamedTuple):
    """One of several views; each is an address."""

    label: Text
    href: str
    current: bool = False
    number: int | None = None


class Stage(NamedTuple):
    """One step of a longer task. `state`: done, now or next."""

    label: Text
    state: str
    href: str = ""


class Page(NamedTuple):
    """Where a list goes on. `first` and `last` are the numbers of the rows shown; zero when nobody counts."""

    back: str = ""
    next: str = ""
    first: int = 0
    last: int = 0
    total: int | None = None

    @property
    def says(self) -> bool:
        """Say whether there is anything to show: a count, or a way on."""
        return bool(self.first or self.back or self.next) or self.total is not None


# --------------------------------------------------------------------------------------------------------- seal marks


def seal_mark(state: str) -> Badge:
    """Return the badge for how far something is proven: recorded, witnessed, broken or unknown."""
    return {
        "recorded": Badge(_("Recorded"), "", "recorded"),
        "witnessed": Badge(_("Witnessed"), "good", "witnessed"),
        "broken": Badge(_("Does not verify"), "bad", "triangle-alert"),
    }.get(state, Badge(_("Unknown"), "warn", "circle-help"))


# --------------------------------------------------------------------------------------------------------------- code


class CodeLine(NamedTuple):
    """One line of a file. `mark`: add, cut, ask or nothing; a line that is cut has no number."""

    text: str
    mark: str = ""
    number: int | None = None

    @property
    def shown(self) -> SafeString:
        """Return the line with its key and its comment set apart, and with its sign in front when it was changed."""
        sign = {"add": "+ ", "cut": "- "}.get(self.mark, "")
        return format_html("{}{}", sign, highlighted(self.text))


CodeLines = tuple[CodeLine, ...]
_KEY = re.compile(r"^(\s*(?:- )*)([\w./-]+|\"[^\"]*\"|'[^']*')(?=:(?:\s|$))")


def highlighted(line: str) -> SafeString:
    """Return one line of YAML with `<b class="k">` around its key and `<i class="c">` around its comment."""
    comment = _comment_of(line)
    rest = line[: len(line) - len(comment)]
    key = _KEY.match(rest)
    tail = format_html('<i class="c">{}</i>', comment) if comment else ""
    if key is None:
        return format_html("{}{}", rest, tail)
    return format_html('{}<b class="k">{}</b>{}{}', key[1], key[2], rest[key.end() :], tail)


def _comment_of(line: str) -> str:
    if "#" not in line:
        return ""
    for found in re.finditer(r"(?:^|(?<=\s))#", line):
        before = line[: found.start()]
        if before.count('"') % 2 == 0 and before.count("'") % 2 == 0:
            return line[found.start() :]
    return ""


def listing(lines: Iterable[CodeLine], anchor: str) -> SafeString:
    """Return lines as markup, each with its number and its mark. A file may have many, so no template is asked."""
    said = {"cut": format_html('<span class="vh">{} </span>', _("Removed:")),
            "add": format_html('<span class="vh">{} </span>', _("Added:"))}  # fmt: skip
    start = escape(anchor)
    return mark_safe("".join(_listed(one, start, said.get(one.mark, "")) for one in lines))  # noqa: S308  escaped


def _listed(one: CodeLine, anchor: str, said: str) -> str:
    mark = f' class="{escape(one.mark)}"' if one.mark else ""
    place = f' data-n="{one.number}" id="{anchor}{one.number}"' if one.number else ""
    return f"<span{mark}{place}>{said}{one.shown if one.text or one.mark else ''}</span>"


def code_lines(text: str, start: int = 1, marks: Mapping[int, str] | None = None) -> CodeLines:
    """Return a text line by line with the numbers of its file; `marks` are by number."""
    marked = marks or {}
    return tuple(CodeLine(line, marked.get(number, ""), number) for number, line in enumerate(text.splitlines(), start))


def code_diff(old: str, new: str, around: int = 3) -> CodeLines:
    """Return what changed between two texts, each change with `around` lines before and after it."""
    before, after = old.splitlines(), new.splitlines()
    found: list[CodeLine] = []
    for group in matcher(before, after).get_grouped_opcodes(around):
        if found:
            found.append(CodeLine("…"))
        for kind, old_from, old_to, new_from, new_to in group:
            if kind != "equal":
                found += [CodeLine(line, "cut") for line in before[old_from:old_to]]
            mark = "" if kind == "equal" else "add"
            found += [CodeLine(after[at], mark, at + 1) for at in range(new_from, new_to)]
    return tuple(found)


# ------------------------------------------------------------------------------------------------------------- values

SLOTS = "••••••"


def sealed(hint: str = "") -> SafeString:
    """Return the strip of a value that is not open: six slots whatever its length, or the part that may be seen."""
    before = _("Partly sealed:") if hint else _("Sealed:")
    return format_html('<span class="sealed"><span class="vh">{} </span>{}</span>', before, hint or SLOTS)


def joined(parts: Sequence[SafeString]) -> SafeString:
    """Return pieces of markup in a row."""
    return mark_safe("".join(parts))  # noqa: S308  every piece is already markup
