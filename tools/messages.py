"""Compile the translations: every `locale/*/LC_MESSAGES/django.po` becomes the `django.mo` beside it.

The `.mo` files are part of the repository, so that running needs no tools; a test fails when one is stale.
"""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

SOURCE = Path(__file__).resolve().parent.parent / "src" / "keepfold"


def compiled(po: Path) -> bytes:
    """Return the compiled form of one file of translations."""
    with po.open("rb") as file:
        catalogue = read_po(file)
    # Babel fills in the present time where a file names none, which would make every run differ.
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    made = BytesIO()
    write_mo(made, catalogue)
    return made.getvalue()


def main() -> None:
    """Compile all."""
    for po in sorted(SOURCE.glob("*/locale/*/LC_MESSAGES/django.po")):
        po.with_suffix(".mo").write_bytes(compiled(po))
        print(f"Compiled {po.relative_to(SOURCE)}")


if __name__ == "__main__":
    main()
