"""What reading a file may find, before any check: the names and their sentences."""

from __future__ import annotations

READING = {
    "file.encoding": "The file is UTF-8 text.",
    "file.too-large": "The file is at most 1 MiB and 20,000 lines, and holds at most 20,000 values.",
    "file.syntax": "The file is YAML 1.2.",
    "file.empty": "The file holds a policy.",
    "file.anchor": "There are no anchors and aliases: every value is written out.",
    "file.tag": "There are no YAML tags.",
    "file.duplicate-key": "No mapping holds a key twice.",
    "file.too-deep": "Nothing is nested more than 16 levels deep.",
    "file.many-documents": "One file holds one policy.",
    "file.key-not-text": "Keys are plain words.",
    "file.number": "Whole numbers stay below 2^53.",
    "key.unknown": "Every key is known; the nearest known key is named.",
    "key.missing": "No key that must be there is missing.",
    "value.type": "Every value has the type its key takes.",
    "value.empty": "No value is left empty.",
    "value.choice": "A word from a closed list is one of that list.",
    "value.pattern": "Names, codes, dates, periods and moments are written as they should.",
    "value.range": "Numbers and lists stay within their bounds.",
    "value.too-long": "Texts stay within their length.",
    "value.characters": "Texts hold printable characters only.",
}
