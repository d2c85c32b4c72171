"""Whether a text is one single SELECT. A second line of defence: the connection is read-only as well."""

from __future__ import annotations

import re

from keepfold.kernel.errors import Invalid

# What may hold any word: comments, strings, quoted names. `--` and `#` and the backslash differ between the dialects.
_OPAQUE = {
    "standard": re.compile(
        r"""--[^\n]*|/\*.*?\*/|\b[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\$(\w*)\$.*?\$\1\$""",
        re.DOTALL,
    ),
    "mysql": re.compile(
        r"""--(?:\s[^\n]*|$)|\#[^\n]*|/\*(?!M?!).*?\*/|'(?:[^'\\]|''|\\.)*'|"(?:[^"\\]|""|\\.)*"|`(?:[^`]|``)*`""",
        re.DOTALL,
    ),
}
_WORD = re.compile(r"[A-Za-z_]\w*")
_WRITES = (
    "insert update delete merge replace into create alter drop truncate grant revoke copy call do execute attach "
    "detach pragma vacuum set lock load handler"
)
# Also names of functions: `replace(name, 'a', 'b')` reads, `REPLACE INTO` does not.
_ALSO_FUNCTIONS = frozenset(("replace", "insert", "truncate"))
_NEXT = "Write one SELECT without a semicolon inside; reading is all that an import does."


def single_select(query: str, dialect: str = "standard") -> str:
    """Return the query without its closing semicolon. Raises `Invalid` unless it is one SELECT (or WITH … SELECT)."""
    bare = query.strip().rstrip(";").rstrip()
    plain = _OPAQUE["mysql" if dialect == "mysql" else "standard"].sub(" x ", bare)
    words = [word.lower() for word in _WORD.findall(plain)]
    if not words or words[0] not in {"select", "with"} or "select" not in words:
        raise Invalid("The query is not a SELECT.", code="intake.query-not-select", next_step=_NEXT)
    if ";" in plain:
        raise Invalid("The query holds more than one statement.", code="intake.query-several", next_step=_NEXT)
    for word in sorted(set(_WRITES.split()) & set(words)):
        if not (word in _ALSO_FUNCTIONS and _only_called(plain, word)):
            raise Invalid(f"The query holds the word {word.upper()}.", code="intake.query-writes", next_step=_NEXT)
    # A closing line comment would swallow what is put around the query.
    return bare + "\n" if "--" in bare or "#" in bare else bare


def _only_called(plain: str, word: str) -> bool:
    return not re.search(rf"\b{word}\b(?!\s*\()", plain, re.IGNORECASE)
