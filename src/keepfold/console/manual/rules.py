"""From Markdown to a page of the manual: title, headings, links, and HTML in which nothing of the text is markup.

CommonMark with tables (as GitHub shows it), raw HTML off: what looks like an element stays text. Addresses of links are
made here from known pages, or are http(s); every other address is shown as text. Pure: nothing is read or asked.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from posixpath import dirname, join, normpath
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

# In the order of the list: what is read first by whoever works with the console.
GROUPS = ("tutorial", "howto", "explanation", "reference", "threat-model", "decisions")
# Within a group; what is not named here comes after, by its key.
FIRST = (
    "howto/sign-in",
    "howto/import-a-table",
    "howto/change-the-policy",
    "howto/explain-a-decision",
    "howto/convince-yourself",
    "howto/operate",
    "explanation/words-of-law",
    "explanation/vault",
    "explanation/ledger",
    "reference/policy-format",
    "reference/policy-checks",
    "reference/settings",
    "reference/cli",
)
# How a listing is announced: the article is in English, whatever the console speaks.
LISTINGS = {"sh": "Commands", "output": "What it prints", "toml": "Settings", "yaml": "Policy", "python": "Program"}
_COMMENT = re.compile(r"\A\s*<!--.*?-->", re.DOTALL)
_NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:|//|/", re.IGNORECASE)
_OUTSIDE = {"rel": "noopener noreferrer"}
_SAYS_ENOUGH = 60  # characters
_SENTENCE = re.compile(r"(?<=[.?!])\s")


class Heading(NamedTuple):
    """A heading and the anchor that leads to it. `level` 2 is a section of the page."""

    level: int
    text: str
    anchor: str


class Entry(NamedTuple):
    """A page in the list: `key` is its address below `/manual/`, `lede` its first sentences as plain text."""

    key: str
    group: str
    title: str
    lede: str


class Page(NamedTuple):
    """A page: `body` is HTML that is safe to show as it is."""

    entry: Entry
    headings: tuple[Heading, ...]
    body: str

    @property
    def sections(self) -> list[Heading]:
        """Return the headings of the table of contents."""
        return [heading for heading in self.headings if heading.level == 2]


# ------------------------------------------------------------------------------------------------------------- the list


def key_of(name: str) -> str:
    """Return the key of a file below docs: `explanation/vault.md` is `explanation/vault`, a README is its folder."""
    return name.removesuffix(".md").removesuffix("/README")


def group_of(key: str) -> str:
    """Return the group of a page: its folder, or itself."""
    return key.partition("/")[0]


def arranged(sources: Mapping[str, str]) -> dict[str, tuple[Entry, ...]]:
    """Return the entries of every group that has any, from the texts of the files by name."""
    entries = sorted((entry_of(name, source) for name, source in sources.items()), key=_place)
    groups = {group: tuple(entry for entry in entries if entry.group == group) for group in GROUPS}
    return {group: found for group, found in groups.items() if found}


def _place(entry: Entry) -> tuple[int, str]:
    return (FIRST.index(entry.key) if entry.key in FIRST else len(FIRST), entry.key)


def beside(entries: Sequence[Entry], key: str) -> tuple[Entry | None, Entry | None]:
    """Return what comes before and after a page."""
    at = [entry.key for entry in entries].index(key)
    return entries[at - 1] if at else None, entries[at + 1] if at + 1 < len(entries) else None


def entry_of(name: str, source: str) -> Entry:
    """Return title and first sentences of a page; without a title, its key stands for it."""
    key, title, lede = key_of(name), "", ""
    tokens = _parsed(source)
    for token, content in pairwise(tokens):
        if token.type == "heading_open" and not title:
            title = _text(content)
        elif token.type == "paragraph_open":
            lede = _beginning(_text(content))
            break
    return Entry(key, group_of(key), title or key, lede)


def _beginning(paragraph: str) -> str:
    """Return the first sentence, and those after it while they are too short to say what a page is about."""
    said = ""
    for sentence in _SENTENCE.split(paragraph):
        if len(said) >= _SAYS_ENOUGH:
            break
        said = f"{said} {sentence}".strip()
    return f"{said[:-1]}." if said.endswith(":") else said


# ------------------------------------------------------------------------------------------------------------- one page


def page(name: str, source: str, known: Collection[str], root: str) -> Page:
    """Return a page. `known` are the names of all pages' files below docs, `root` the address below which they lie."""
    tokens = _parsed(source)
    headings = tuple(_headed(tokens))
    resolved = partial(_resolved, folder=dirname(name), known=known, root=root)
    for token in tokens:
        if token.children:
            token.children = list(_linked(token.children, resolved))
    body = _MARKDOWN.renderer.render(list(_scoped(tokens)), _MARKDOWN.options, {})
    return Page(entry_of(name, source), headings, body)


def _parsed(source: str) -> list[Token]:
    # What `make docs` writes above a page is for whoever edits it.
    return _MARKDOWN.parse(_COMMENT.sub("", source))


def _text(inline: Token) -> str:
    """Return what is read of a line: without its marks."""
    parts = (" " if one.type == "softbreak" else one.content for one in inline.children or ())
    return "".join(parts).strip()


def _headed(tokens: Sequence[Token]) -> Iterator[Heading]:
    """Give every heading the anchor that GitHub gives it: its words in small letters, numbered when they come again."""
    times: Counter[str] = Counter()
    for token, content in pairwise(tokens):
        if token.type == "heading_open":
            text = _text(content)
            plain = _NOT_IN_ANCHORS.sub("", text.lower()).replace(" ", "-")
            anchor = f"{plain}-{times[plain]}" if times[plain] else plain
            times[plain] += 1
            token.attrSet("id", anchor)
            yield Heading(int(token.tag[1]), text, anchor)


# ---------------------------------------------------------------------------------------------------------------- links


class _Target(NamedTuple):
    """Where a link leads. Without an address it is shown as text, with `file` behind it."""

    address: str = ""
    file: str = ""
    outside: bool = False


def _resolved(href: str, *, folder: str, known: Collection[str], root: str) -> _Target:
    if href.startswith("#"):
        return _Target(href)
    if href.startswith(("https://", "http://")):
        return _Target(href, outside=True)
    if _SCHEME.match(href):
        return _Target(file=href)
    path, sharp, anchor = href.partition("#")
    name = normpath(join(folder, path))
    if name in known:
        return _Target(f"{root}{key_of(name)}{sharp}{anchor}")
    return _Target(file=normpath(join("docs", name)))


def _linked(children: Sequence[Token], resolved: Callable[[str], _Target]) -> Iterator[Token]:
    """Yield a line with its links made ours. Links are never inside each other."""
    target, held = _Target(), list[Token]()
    for token in children:
        if token.type == "link_open":
            target, held = resolved(str(token.attrGet("href") or "")), []
            token.attrs = {"href": target.address, **_OUTSIDE} if target.outside else {"href": target.address}
        if not target.file:
            yield token
        elif token.type == "link_close":
            yield from _named(target.file, held)
            target = _Target()
        elif token.type != "link_open":
            held.append(token)


def _named(file: str, words: Sequence[Token]) -> Iterator[Token]:
    """Yield the words that led to a file with its name behind them, or the name alone where they say nothing else."""
    name = Token("code_inline", "code", 0, content=file)
    if file.endswith("".join(token.content for token in words)):
        yield name
    else:
        yield from (*words, Token("text", "", 0, content=" ("), name, Token("text", "", 0, content=")"))


# -------------------------------------------------------------------------------------------------- tables and listings


def _scoped(tokens: Sequence[Token]) -> Iterator[Token]:
    """Yield the tokens with the cells of tables saying whose heading they are, and without rows of empty headings."""
    rows_are_headed, skipping = False, False
    for at, (before, token) in enumerate(pairwise([_START, *tokens])):
        if token.type == "thead_open":
            rows_are_headed = skipping = _is_empty(tokens, at)
        if token.type in {"th_open", "td_open"}:
            _cell(token, tokens[at + 2], first=rows_are_headed and before.type == "tr_open")
        if not skipping:
            yield token
        if token.type == "thead_close":
            skipping = False


def _is_empty(tokens: Sequence[Token], at: int) -> bool:
    end = next(one for one in range(at, len(tokens)) if tokens[one].type == "thead_close")
    return not any(token.content for token in tokens[at:end])


def _cell(token: Token, end: Token, *, first: bool) -> None:
    # markdown-it says by `style` on which side a column stands, which no page of ours may have.
    right = "right" in str(token.attrs.pop("style", ""))
    if right:
        token.attrSet("class", "n")
    if token.type == "th_open":
        token.attrSet("scope", "col")
    elif first:
        token.tag = end.tag = "th"
        token.attrSet("scope", "row")


def _listing(_renderer: RendererHTML, tokens: Sequence[Token], at: int, _options: object, _env: object) -> str:
    kind = tokens[at].info.strip().partition(" ")[0]
    label, code = LISTINGS.get(kind, "Listing"), html.escape(tokens[at].content)
    printed = " printed" if kind == "output" else ""
    return (
        f'<div class="panel"><pre class="code{printed}" tabindex="0" role="group" aria-label="{label}">'
        f"<code>{code}</code></pre></div>\n"
    )


def _picture(_renderer: RendererHTML, tokens: Sequence[Token], at: int, _options: object, _env: object) -> str:
    # Nothing is fetched from elsewhere, and the pages of `docs/` have no pictures of their own.
    return html.escape(tokens[at].content)


def _framed(_renderer: RendererHTML, _tokens: Sequence[Token], _at: int, _options: object, _env: object) -> str:
    return '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table class="table">\n'


def _unframed(_renderer: RendererHTML, _tokens: Sequence[Token], _at: int, _options: object, _env: object) -> str:
    return "</table></div>\n"


def _made() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False}).enable("table")
    for kind, rule in (
        ("fence", _listing),
        ("code_block", _listing),
        ("image", _picture),
        ("table_open", _framed),
        ("table_close", _unframed),
    ):
        made.add_render_rule(kind, rule)
    return made


_START = Token("start", "", 0)
_MARKDOWN = _made()
