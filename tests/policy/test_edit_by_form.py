"""Guided changes: what a form says becomes the fewest changes of the text; comments and everything else stay."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, note, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.tokens import ScalarToken

from keepfold.policy.format.tree import read_tree
from keepfold.policy.guide import entries
from keepfold.policy.guide.spans import Entry, Spans
from keepfold.policy.guide.surgery import CannotEdit, Cut, Put, Rename, Step, operate, put_all, said
from keepfold.policy.guide.write import scalar
from keepfold.policy.load import load
from keepfold.policy.templates import names, text_of

SLOW = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


SMALL = """\
# A small shop.
policy: 1
id: small
effective_from: 2026-01-01
languages: {default: en, also: [de]}   # both
regimes: [gdpr]

controller: {name: Small, address: "Street 1, Town", country: DE, contact: a@shop.example}

data:
  email:
    label: {en: E-mail address, de: E-Mail-Adresse}
    type: email
    identity: true
    index: exact
    source: subject
  phone: {label: {en: Phone, de: Telefon}, type: phone, source: subject}  # rarely
  # What people bought, and when.
  orders:
    label:
      en: 'What you bought'
      de: "Was Sie gekauft haben"
    type: list
    of: {item: text, bought_on: date}
    source: observed

subjects:
  customer: {label: {en: Customers, de: Kundschaft}, minimum_age: 16}

purposes:
  delivery:
    label: {en: Deliver, de: Liefern}
    data:
      email: required
      phone: {need: optional, show: {support: masked, default: clear}}   # for the courier
      orders: required
    basis: {gdpr: 6.1.b}
    retention: {keep: P90D, from: order.closed, then: erase}
    recipients:
    - parcels  # since May

  newsletter:
    label: {en: News, de: Neues}
    data: {email: required}
    basis:
      # Nobody gets it without asking.
      gdpr: 6.1.a
    consent: {kind: opt_in, expires: P24M, ask_in: [signup_form, paper]}
    opt_out: {one_click: true}
    retention: {keep: P14D, from: consent.ended, then: erase}

recipients:
  parcels:
    label: {en: Parcels, de: Pakete}
    role: processor
    country: DE
    contract: {kind: dpa, signed: 2025-11-03, review: P1Y}

notice:
  material_when: [purpose.added, data.added]
  on_material:
    notify:
      - email
      - portal
    before: P30D
examples:
  - say: >-
      Nobody gets news
      without consent
    role: support
    purpose: newsletter
    expect: denied
"""


@cache
def texts() -> tuple[str, ...]:
    """Return a policy as people write one, without any brackets, as JSON on lines, and as JSON on a single line."""
    plain = read_tree(SMALL).plain()
    lines = "\n".join(_unfolded(plain, 0)) + "\n"
    return (SMALL, SMALL, lines, json.dumps(plain, indent=1, ensure_ascii=False), json.dumps(plain, ensure_ascii=False))


def _unfolded(value: Any, depth: int) -> list[str]:
    margin, lines = "  " * depth, []
    for key, part in value.items():
        shown = json.dumps(key)
        if isinstance(part, dict) and part:
            lines += [f"{margin}{shown}:", *_unfolded(part, depth + 1)]
        elif isinstance(part, list) and part and all(isinstance(one, dict) for one in part):
            lines.append(f"{margin}{shown}:")
            for one in part:
                inner = _unfolded(one, depth + 2)
                lines += [margin + "  - " + inner[0].lstrip(), *inner[1:]]
        elif isinstance(part, list) and part:
            lines += [f"{margin}{shown}:", *(f"{margin}- {json.dumps(one)}" for one in part)]
        else:
            lines.append(f"{margin}{shown}: {json.dumps(part, ensure_ascii=False)}")
    return lines


def comments(text: str) -> Counter[str]:
    """Return the comments of a text, by the scanner's tokens: what is in none of them and begins with `#`."""
    taken = [(token.start_mark.index, token.end_mark.index) for token in YAML(typ="safe", pure=True).scan(text)]
    found, at = Counter(), 0
    for start, end in [*taken, (len(text), len(text))]:
        gap = text[at:start]
        while "#" in gap:
            begin = at + gap.index("#")
            line_end = text.find("\n", begin)
            line_end = len(text) if line_end < 0 else line_end
            found[text[begin:line_end]] += 1
            at = line_end
            gap = text[at:start] if at < start else ""
        at = max(at, end)
    return found


@cache
def open_lines(text: str) -> list[int]:
    """Return the lines that a comment may stand above or beside: those inside a text of several lines are its words."""
    lines = set(range(text.count("\n") + 1))
    for token in YAML(typ="safe", pure=True).scan(text):
        if isinstance(token, ScalarToken) and token.end_mark.line > token.start_mark.line:
            # A text begun by `>` or `|` ends at the start of the line below it, and its first line may be remarked on.
            block = token.style in {">", "|"}
            lines -= set(range(token.start_mark.line + block, token.end_mark.line + (not block)))
    return sorted(lines)


@st.composite
def remarked(draw: st.DrawFn) -> str:
    """Return a policy with comments and empty lines in many places."""
    text = draw(st.sampled_from(texts()))
    lines = text.split("\n")
    spots = draw(st.lists(st.sampled_from(open_lines(text)), min_size=1, max_size=25, unique=True))
    for number, spot in enumerate(spots):
        kind = draw(st.sampled_from(("above", "beside", "empty")))
        if kind == "beside" and lines[spot].strip():
            lines[spot] += f'  # beside {number}: it\'s "so" [a, {{b'
        elif kind == "above":
            lines[spot] = f"{' ' * draw(st.integers(0, 7))}# above {number}, still here\n{lines[spot]}"
        else:
            lines[spot] = "\n" + lines[spot]
    return "\n".join(lines)


WORDS = st.one_of(
    st.sampled_from(
        ["6.1.a", "10", "true", "no", "x: y", "a # b", "{x}", "[y", "", " lead", "tab\there", "two\nlines", "it's", '"q"', "null",
         "2026-01-01", "P3M", "-", "? a", "&a", "*a", "!t", "%p", "@x", "`x", "|", ">", "a,b", "日本語", "\u2028", "\x85", "\ufeff"]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=30),
)  # fmt: skip
SCALARS = st.one_of(WORDS, st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), st.none())
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abcdef"), inner, max_size=3)),
    max_leaves=8,
)


@given(WORDS, st.booleans(), st.sampled_from([None, '"', "'"]))
def test_every_word_is_read_back_as_it_was_meant(word, flow, quote):
    shown = scalar(word, flow=flow, quote=quote)
    assert "\n" not in shown
    assert read_tree("{a: " + shown + ", b: 1}" if flow else f"a: {shown}\nb: 1").plain() == {"a": word, "b": 1}


def paths(value: Any, path: tuple[str, ...] = ()):
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield (*path, str(key)), part
        yield from paths(part, (*path, str(key)))


@st.composite
def any_step(draw: st.DrawFn, plain: Any) -> Step:
    path, value = draw(st.sampled_from(list(paths(plain))))
    kind = draw(st.sampled_from(("put", "cut", "new", "append", "rename")))
    if kind == "new" and isinstance(value, dict):
        return Put(
            (*path, draw(st.sampled_from(("new_key", "10", "a b")))),
            draw(VALUES),
            draw(st.sampled_from([(), ("", "label")])),
        )
    if kind == "append" and isinstance(value, list):
        return Put((*path, "+"), draw(VALUES))
    if kind == "rename" and not path[-1].isdigit():
        return Rename(path, "renamed")
    return Cut(path) if kind == "cut" else Put(path, draw(VALUES))


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, Step]:
    """Return a policy and one change of it."""
    text = draw(remarked())
    return text, draw(any_step(read_tree(text).plain()))


@SLOW
@given(changes())
@example((texts()[2], Cut(("policy",)))).via("the first line of a file, with no line break before it")
@example((texts()[3], Cut(("examples",)))).via("the last part of a file in brackets: the comma before it goes too")
def test_one_change_says_what_was_asked_keeps_every_comment_and_touches_nothing_else(change):
    text, step = change
    try:
        after = operate(text, [step])
    except CannotEdit:
        note("refused")
        return
    assert read_tree(after).plain() == said(read_tree(text).plain(), step)
    assert not comments(text) - comments(after)
    assert_only_there(text, after, step)


def assert_only_there(before: str, after: str, step: Step) -> None:
    """What stands before the changed part and after it is the same, letter by letter; where lines go, they go whole."""
    spans = Spans(before)
    path = step.path
    while spans.at(path) is None and path:
        path = path[:-1]
    entry = spans.at(path)
    if entry is None:
        return
    first, last = (_going if isinstance(step, Cut) else _lines_of)(spans, path, entry)
    assert after.startswith(before[:first])
    assert after.endswith(before[last:])
    middle = after[first : len(after) - len(before) + last]
    assert len(middle) == len(after) - first - len(before) + last, "a letter counts for one side only"
    if isinstance(step, Cut) and last == spans.line_end(entry.end) + 1:
        assert [line.strip() for line in middle.splitlines()] == spans.comments_in(first, last)


def _lines_of(spans: Spans, _path: tuple[str, ...], entry: Entry) -> tuple[int, int]:
    return spans.line_start(entry.start), spans.line_end(entry.end)


def _going(spans: Spans, path: tuple[str, ...], entry: Entry) -> tuple[int, int]:
    """Return what a cut may touch: the part with its comma, or its lines with their breaks.

    Comments move above the line, so it begins at the start of one.
    """
    parent = spans.span(path[:-1])
    number = parent.entries.index(entry)
    following = parent.entries[number + 1].start if number + 1 < len(parent.entries) else None
    if parent.flow and following is None:
        return spans.line_start(parent.entries[number - 1].end if number else entry.start), entry.end
    if len(parent.entries) == 1:
        return _lines_of(spans, path, spans.at(path[:-1]))
    first = spans.line_start(entry.start)
    if parent.flow or spans.text[first : entry.start].strip():  # in brackets, or beside a dash
        return first, following
    return first, spans.line_end(entry.end) + 1


def test_hardly_anything_is_refused():
    refused = 0
    for text in texts():
        plain = read_tree(text).plain()
        for path, value in list(paths(plain))[::3]:
            for step in (Put(path, "a: b # c"), Put(path, {"k": ["v", "w"]}), Cut(path)):
                try:
                    operate(text, [step])
                except CannotEdit:
                    refused += 1
            del value
    assert refused == 0


# ---------------------------------------------------------------------------------- what the forms do


LABEL = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=20
).filter(str.strip)
NEED = st.sampled_from(entries.NEEDS)


@st.composite
def guided(draw: st.DrawFn, plain: Any) -> list[Step]:
    """Return the steps of one guided change, as the forms make them."""
    data, purposes = entries.section_of(plain, "data"), entries.section_of(plain, "purposes")
    kind = draw(
        st.sampled_from(
            ("add item", "label", "uses", "keep", "recipients", "remove item", "add purpose", "ask", "remove purpose")
        )
    )
    spoken = entries.languages(plain)
    texts_ = {code: draw(LABEL) for code in spoken}
    if kind == "add item":
        name = entries.name_for(texts_[spoken[0]], data)
        new = {"label": entries.label(None, texts_, spoken), "type": "text", "source": "subject", "compartment": "main"}
        uses = {purpose: draw(NEED) for purpose in purposes}
        return [*entries.entry_steps("data", name, None, new, plain), *entries.uses_steps(plain, name, uses)]
    if kind == "add purpose":
        name = entries.name_for(texts_[spoken[0]], purposes)
        new = {
            "label": entries.label(None, texts_, spoken),
            "data": {draw(st.sampled_from(sorted(data))): "required"},
            "basis": {"gdpr": "6.1.a"},
            "consent": {"kind": "opt_in", "ask_in": ["account_form"], "expires": "P12M"},
            "retention": {"keep": "P30D", "from": "consent.ended", "then": "erase"},
        }
        return list(entries.entry_steps("purposes", name, None, new, plain))
    if kind == "remove item":
        return list(entries.removal(plain, "data", draw(st.sampled_from(sorted(data)))))
    name = draw(st.sampled_from(sorted(purposes)))
    if kind == "remove purpose":
        return list(entries.removal(plain, "purposes", name))
    return _changed_purpose(draw, plain, kind, name, texts_)


def _changed_purpose(draw: st.DrawFn, plain: Any, kind: str, name: str, texts_: dict[str, str]) -> list[Step]:
    spoken, was = entries.languages(plain), entries.section_of(plain, "purposes")[name]
    wanted = dict(was)
    if kind == "label":
        wanted["label"] = entries.label(was["label"], texts_, spoken)
    elif kind == "uses":
        held = was.get("data") or {}
        items = draw(
            st.lists(st.sampled_from(sorted(entries.section_of(plain, "data"))), min_size=1, max_size=4, unique=True)
        )
        wanted["data"] = entries.with_parts(held, {item: entries.need(held.get(item), draw(NEED)) for item in items})
    elif kind == "keep":
        wanted["retention"] = {**was["retention"], "keep": draw(st.sampled_from(["P1D", "P9Y", "P0D"]))}
    elif kind == "recipients":
        chosen = draw(
            st.lists(st.sampled_from(sorted(entries.section_of(plain, "recipients")) or ["nobody"]), unique=True)
        )
        wanted = entries.with_parts(was, {"recipients": entries.chosen(was.get("recipients"), chosen)})
    else:
        asked = draw(st.lists(st.sampled_from(["api", "paper", "banner", "portal"]), unique=True, min_size=1))
        before = was.get("consent") or {}
        wanted["consent"] = {**before, "kind": "opt_in", "ask_in": entries.chosen(before.get("ask_in"), asked)}
    return list(entries.entry_steps("purposes", name, was, wanted, plain))


@SLOW
@given(remarked(), st.data())
def test_any_sequence_of_guided_changes_keeps_every_comment_and_is_what_the_compiler_reads_back(text, data):
    kept = comments(text)
    for _ in range(data.draw(st.integers(1, 4))):
        plain = read_tree(text).plain()
        if not entries.section_of(plain, "data") or not entries.section_of(plain, "purposes"):
            return
        steps = data.draw(guided(plain))
        wanted = plain
        for step in steps:
            wanted = said(wanted, step)
        text = operate(text, steps)
        assert not kept - comments(text)
        assert read_tree(text).plain() == wanted
        found = load(text)
        if found.policy is not None:
            assert set(found.policy.data) == set(wanted["data"])
            assert set(found.policy.purposes) == set(wanted["purposes"])


@pytest.mark.parametrize("template", names())
def test_asking_for_what_is_there_changes_nothing(template):
    text = text_of(template)
    plain = read_tree(text).plain()
    for section in ("data", "purposes", "recipients"):
        for name, entry in entries.section_of(plain, section).items():
            assert list(entries.entry_steps(section, name, entry, dict(entry), plain)) == []
    assert operate(text, []) == text


def test_only_what_differs_is_touched_within_a_purpose():
    text = text_of("shop")
    was = read_tree(text).plain()["purposes"]["newsletter"]
    steps = list(put_all(("purposes", "newsletter"), was, {**was, "consent": {**was["consent"], "expires": "P12M"}}))
    assert steps == [Put(("purposes", "newsletter", "consent", "expires"), "P12M")]
    assert operate(text, steps) == text.replace(
        "expires: P24M, ask_in: [signup_form", "expires: P12M, ask_in: [signup_form"
    )


def test_a_new_entry_goes_where_its_like_are_and_keys_go_in_their_order():
    text = text_of("shop")
    plain = read_tree(text).plain()
    steps = entries.entry_steps("purposes", "bookkeeping", plain["purposes"]["bookkeeping"],
                                {**plain["purposes"]["bookkeeping"], "consent": {"kind": "opt_in", "ask_in": ["api"]}}, plain)  # fmt: skip
    lines = operate(text, list(steps)).split("\n")
    at = lines.index("    consent: {kind: opt_in, ask_in: [api]}")
    assert lines[at - 1].startswith("    basis: {gdpr: 6.1.c")
    assert lines[at + 1].startswith("    retention: {keep: P8Y")


def test_the_comment_of_a_line_that_goes_stays_where_it_was():
    text = text_of("shop").replace(
        "      first_name: optional\n    basis: {gdpr: 6.1.a",
        "      first_name: optional  # never read\n    basis: {gdpr: 6.1.a",
    )
    after = operate(text, [Cut(("purposes", "newsletter", "data", "first_name"))])
    assert "      email: required\n      # never read\n    basis: {gdpr: 6.1.a" in after


def test_a_place_that_only_a_person_should_change_is_refused_with_its_line():
    text = text_of("shop").replace("id: shop\n", "? id\n: shop\n")
    with pytest.raises(CannotEdit) as refused:
        operate(text, [Cut(("id",))])
    assert refused.value.line == 3


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Fit profile", "fit_profile"),
        ("Größe & Weite", "groesse_weite"),
        ("2. Adresse", "item_2_adresse"),
        ("日本", "item"),
        ("E-mail", "e_mail"),
    ],
)
def test_a_name_is_made_of_what_people_call_it(label, name):
    assert entries.name_for(label, {}) == name
    assert entries.name_for(label, {name: {}}) == f"{name}_2"
