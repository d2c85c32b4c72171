"""What a form says about one entry of a policy, as the fewest steps on its text. Plain values in, steps out.

A form governs some keys of an entry; every other key stays. Where the file says the same in a short form, that form
stays too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from keepfold.policy.format.document import DataItem, Policy, Purpose, Recipient
from keepfold.policy.format.shapes import fields_of
from keepfold.policy.guide.surgery import Cut, Put, Step, put_all

ORDERS: Mapping[str, tuple[str, ...]] = {
    "data": tuple(fields_of(DataItem)),
    "purposes": (
        "was", "label", "dpv", "fides", "subjects", "data", "basis", "consent", "opt_out", "retention", "recipients",
        "rights", "profiling", "automated_decision", "minimum_necessary",
    ),
    "recipients": tuple(fields_of(Recipient)),
}  # fmt: skip
SECTIONS = tuple(fields_of(Policy))
assert set(ORDERS["purposes"]) == set(fields_of(Purpose))  # noqa: S101  a new key gets its place here
_FOLDS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "o", "å": "a", "&": " "})
_LONGEST = 40
# What a choice of a form says about how a purpose needs a data item.
NEEDS = ("-", "required", "optional", "required masked", "optional masked")


def entry_steps(section: str, name: str, was: Any, wanted: dict[str, Any], plain: Any) -> Iterator[Step]:
    """Yield the steps that bring one entry of a section from what it was to what is wanted; None when it is new."""
    path = (section, name)
    if isinstance(was, dict) and was:
        yield from put_all(path, was, wanted, ORDERS[section])
    elif isinstance(plain, dict) and isinstance(plain.get(section), dict):
        yield Put(path, ordered(section, wanted))
    else:
        before = ("", *SECTIONS[: SECTIONS.index(section)])
        yield Put((section,), {name: ordered(section, wanted)}, before)


def ordered(section: str, entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry with its keys in the order of the reference."""
    order = ORDERS[section]
    return dict(sorted(entry.items(), key=lambda pair: order.index(pair[0]) if pair[0] in order else len(order)))


def section_of(plain: Any, section: str) -> dict[str, Any]:
    """Return the entries of a section, or none where the text says something else there."""
    found = plain.get(section) if isinstance(plain, dict) else None
    return {name: entry for name, entry in found.items() if isinstance(entry, dict)} if isinstance(found, dict) else {}


def languages(plain: Any) -> tuple[str, ...]:
    """Return the languages of a policy, the default first."""
    found = plain.get("languages") if isinstance(plain, dict) else None
    if not isinstance(found, dict):
        return ("en",)
    also = found.get("also")
    listed = [str(found.get("default") or "en"), *(also if isinstance(also, list) else [])]
    return tuple(dict.fromkeys(code for code in listed if isinstance(code, str)))


def regimes(plain: Any) -> tuple[str, ...]:
    """Return the laws that a policy is checked by."""
    found = plain.get("regimes") if isinstance(plain, dict) else None
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list) else ()


# ------------------------------------------------------------------------------------------------- labels


def label_texts(label: Any, spoken: tuple[str, ...]) -> dict[str, str]:
    """Return a label's text for each language of the policy; empty where it has none."""
    if isinstance(label, str):
        return {code: label if code == spoken[0] else "" for code in spoken}
    texts = label if isinstance(label, dict) else {}
    return {code: texts[code] if isinstance(texts.get(code), str) else "" for code in spoken}


def label(was: Any, texts: Mapping[str, str], spoken: tuple[str, ...]) -> Any:
    """Return a label as the file should write it: a plain text where there is one language, else by language."""
    given = {code: texts[code].strip() for code in spoken if texts.get(code, "").strip()}
    if given == {code: text for code, text in label_texts(was, spoken).items() if text} and was is not None:
        return was
    if isinstance(was, dict):
        return {**{code: text for code, text in was.items() if code not in spoken}, **given}
    only = list(given)
    return given[only[0]] if only == [spoken[0]] and len(spoken) == 1 else given


def name_for(text: str, taken: Mapping[str, Any]) -> str:
    """Return a name for an entry that people call so: small letters, digits and _, not taken yet."""
    folded = unicodedata.normalize("NFKD", text.lower().translate(_FOLDS)).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "_", folded).strip("_")[: _LONGEST - 4].strip("_")
    name = words if words[:1].isalpha() else f"item_{words}".rstrip("_")
    number = 2
    while name in taken:
        name = f"{re.sub(r'_[0-9]+$', '', name)}_{number}"
        number += 1
    return name


# -------------------------------------------------------------------------------------------------- needs


def need_choice(need: Any) -> str:
    """Return how a purpose needs a data item as one of `NEEDS`, or `keep` for what only the file can say."""
    if need is None:
        return "-"
    if isinstance(need, str):
        return need if need in NEEDS else "keep"
    if not isinstance(need, dict) or need.get("need") not in ("required", "optional") or set(need) - {"need", "show"}:
        return "keep"
    shown = need.get("show", "clear")
    if shown == "clear":
        return str(need["need"])
    return f"{need['need']} masked" if shown == "masked" else "keep"


def need(was: Any, choice: str) -> Any:
    """Return how the file should say it; None for not at all. The same choice leaves it as it was written."""
    if choice in {"keep", need_choice(was)}:
        return was
    if choice == "-":
        return None
    kind, _, masked = choice.partition(" ")
    return {"need": kind, "show": "masked"} if masked else kind


def with_parts(entry: dict[str, Any], parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry with some keys set; None takes a key out."""
    kept = {key: value for key, value in entry.items() if key not in parts}
    return {**kept, **{key: value for key, value in parts.items() if value is not None}}


def flag(was: Any, wanted: bool) -> Any:  # noqa: FBT001  it is the value of the key
    """Return a truth value of which only true is written, unless the file writes false already."""
    if wanted:
        return True
    return was if was is False else None


def uses_steps(plain: Any, item: str, choices: Mapping[str, str]) -> Iterator[Step]:
    """Yield the steps after which each purpose needs a data item as chosen."""
    for purpose, entry in section_of(plain, "purposes").items():
        held = entry.get("data")
        if purpose in choices and (isinstance(held, dict) or held is None):
            yield from _need_steps(("purposes", purpose, "data", item), held or {}, item, choices[purpose])


def _need_steps(path: tuple[str, ...], held: dict[str, Any], item: str, choice: str) -> Iterator[Step]:
    was = held.get(item)
    wanted = need(was, choice)
    if wanted is None and item in held:
        yield Cut(path)
    elif wanted is not None:
        yield from put_all(path, was, wanted)


# ------------------------------------------------------------------------------------------------ removing


def removal(plain: Any, section: str, name: str) -> Iterator[Step]:
    """Yield the steps that take an entry out, with every mention of it in purposes. Examples stay: they will say so."""
    if section == "data":
        yield from uses_steps(plain, name, dict.fromkeys(section_of(plain, "purposes"), "-"))
    if section == "recipients":
        for purpose, entry in section_of(plain, "purposes").items():
            listed = entry.get("recipients")
            if isinstance(listed, list) and name in listed:
                rest = [one for one in listed if one != name]
                yield from put_all(("purposes", purpose, "recipients"), listed, rest)
    if name in section_of(plain, section):
        yield Cut((section, name))


def chosen(was: Any, wanted: list[str]) -> list[str] | None:
    """Return a list of words in the order of the file, new ones behind; None when there is nothing to list."""
    before = [one for one in was if isinstance(one, str)] if isinstance(was, list) else []
    kept = [one for one in before if one in wanted]
    found = [*kept, *(one for one in wanted if one not in kept)]
    return found or ([] if was == [] else None)
