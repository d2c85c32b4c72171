"""Write docs/reference from the code. `make docs` runs this; tests/docs fails when a page is stale.

A page is a function that returns Markdown. It reads what the product itself uses: the settings, the vocabulary of
actions, the events, the command line, the checks of the policy, the OpenAPI document. Nothing is written by hand twice.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"
NOTE = "<!-- Made from the code by `make docs`. Change the code, not this page. -->\n\n"


def prepare() -> None:
    """Load Django and the rooms with a home that is thrown away: the pages show defaults, not this machine."""
    for name in [name for name in os.environ if name.startswith("KEEPFOLD_")]:
        del os.environ[name]
    os.environ["KEEPFOLD_HOME"] = tempfile.mkdtemp(prefix="keepfold-docs-")
    os.environ["DJANGO_SETTINGS_MODULE"] = "keepfold.site.settings"
    import django  # noqa: PLC0415  the environment must be set first

    django.setup()


def pages() -> dict[str, Callable[[], str]]:
    """Return the generators by file name."""
    from tools import reference  # noqa: PLC0415  imports the rooms

    return reference.PAGES


def rendered() -> dict[str, str]:
    """Return every page by file name."""
    from keepfold.site.api import document_text  # noqa: PLC0415  imports the rooms

    return {name: NOTE + page() for name, page in pages().items()} | {"openapi.json": document_text()}


def main(folder: Path = REFERENCE) -> None:
    """Write the pages into a folder and say which changed."""
    prepare()
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in rendered().items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main(*map(Path, sys.argv[1:2]))
