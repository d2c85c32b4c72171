"""Find, update and compile the translations.

    python tools/messages.py              compile every django.po into the django.mo beside it
    python tools/messages.py update       add texts that are new to every room's django.po, drop those that are gone
    python tools/messages.py missing      print the texts that have no German yet

Texts are found in every room's Python files (`_`, `gettext`, `ngettext` and their lazy forms) and templates
(`translate`, `blocktranslate`). A text that another room's file translates needs no second translation: Django merges
all of them. The `.mo` files are part of the repository, so that running needs no tools; a test fails when one is stale.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

SOURCE = Path(__file__).resolve().parent.parent / "src" / "keepfold"
LANGUAGE = "de"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "pgettext": ((1, "c"), 2),
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
}
# What Django's `templatize` makes of a template's texts.
_QUOTED = r"u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
_SINGLE = re.compile(rf"(?<![a-z])(?:gettext|_)\({_QUOTED}\)")
_PLURAL = re.compile(rf"ngettext\({_QUOTED},\s*{_QUOTED},")
# When every file says so, a run that changes nothing leaves no trace.
_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)

Text = str | tuple[str, str]


def rooms() -> list[Path]:
    """Return the folders of all rooms."""
    return sorted(folder for folder in SOURCE.iterdir() if (folder / "__init__.py").is_file())


def texts_of(room: Path) -> set[Text]:
    """Return every text of a room that people read; a pair when it has a plural."""
    found: set[Text] = set()
    for path in sorted(room.rglob("*.py")):
        with path.open("rb") as file:
            found |= {_as_text(text) for _line, text, _comments, _context in extract("python", file, KEYWORDS)}
    for path in sorted(room.glob("templates/**/*")):
        if path.suffix in {".html", ".txt"}:
            found |= set(_template_texts(path.read_text(encoding="utf-8")))
    return found


def _as_text(found: object) -> Text:
    return (str(found[0]), str(found[1])) if isinstance(found, tuple) else str(found)


def _template_texts(source: str) -> Iterator[Text]:
    from django.conf import settings  # noqa: PLC0415  only extraction needs Django
    from django.utils.translation.template import templatize  # noqa: PLC0415

    if not settings.configured:
        settings.configure()
    code = templatize(source)
    for single in _SINGLE.finditer(code):
        yield _unquoted(single[1])
    for plural in _PLURAL.finditer(code):
        yield _unquoted(plural[1]), _unquoted(plural[2])


def _unquoted(literal: str) -> str:
    return str(ast.literal_eval(literal))


def po_of(room: Path) -> Path:
    """Return where a room's German lies."""
    return room / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"


def read(po: Path) -> Catalog:
    """Return a file of translations; an empty one when it is not there."""
    if not po.exists():
        return Catalog(locale=LANGUAGE, charset="utf-8", fuzzy=False)
    with po.open("rb") as file:
        return read_po(file, locale=LANGUAGE)


def key_of(text: Text | list[str]) -> str:
    """Return what identifies a text: its singular."""
    return text if isinstance(text, str) else text[0]


def is_translated(message: Message) -> bool:
    """Say whether every form of a text has its German."""
    forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return all(forms)


def translated() -> dict[str, Message]:
    """Return every translated text of every room by its singular."""
    return {
        key_of(message.id): message
        for room in rooms()
        for message in read(po_of(room))
        if message.id and is_translated(message)
    }


def missing() -> dict[str, list[Text]]:
    """Return the texts without German, by room."""
    known = translated()
    lacking = {room.name: [text for text in texts_of(room) if key_of(text) not in known] for room in rooms()}
    return {room: sorted(texts, key=key_of) for room, texts in lacking.items() if texts}


def update(room: Path, keep: set[str]) -> None:
    """Bring a room's file up to date: new texts without German, no texts that are gone. `keep` are never dropped."""
    po, known = po_of(room), translated()
    old, wanted = read(po), {key_of(text): text for text in texts_of(room)}
    present = {key_of(message.id) for message in old if message.id}
    for key in present - wanted.keys() - keep:
        old.delete(key)
    for key, text in sorted(wanted.items()):
        if key not in present and key not in known:
            old.add(text)
    if len(old):
        write(po, old)


def write(po: Path, catalogue: Catalog) -> None:
    """Write a file of translations in its one form: sorted, without places and dates."""
    po.parent.mkdir(parents=True, exist_ok=True)
    catalogue.creation_date = catalogue.revision_date = _MOMENT
    made = BytesIO()
    write_po(made, catalogue, width=118, no_location=True, sort_output=True, omit_header=False, ignore_obsolete=True)
    po.write_bytes(made.getvalue())


def compiled(po: Path) -> bytes:
    """Return the compiled form of one file of translations."""
    catalogue = read(po)
    # Babel fills in the present time where a file names none, which would make every run differ.
    catalogue.creation_date = catalogue.revision_date = _MOMENT
    made = BytesIO()
    write_mo(made, catalogue)
    return made.getvalue()


def compile_all() -> None:
    """Compile all."""
    for po in sorted(SOURCE.glob("*/locale/*/LC_MESSAGES/django.po")):
        po.with_suffix(".mo").write_bytes(compiled(po))
        print(f"Compiled {po.relative_to(SOURCE)}")


def titles() -> set[str]:
    """Return the titles of errors, which `ui` translates though they stand in the kernel."""
    from keepfold.kernel import errors  # noqa: PLC0415  only `update` needs the package

    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    return {kind.title for kind in kinds if hasattr(kind, "title")}


def main(words: list[str]) -> None:
    """Do what the command line says."""
    if words == ["update"]:
        for room in rooms():
            update(room, titles())
    elif words == ["missing"]:
        for room, texts in missing().items():
            print(f"# {room}: {len(texts)}")
            for text in texts:
                print(f"  {text}")
        return
    compile_all()


if __name__ == "__main__":
    main(sys.argv[1:])
