"""Write docs/reference/openapi.json from the routers. tests/rest/test_document.py fails when it is stale."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "reference" / "openapi.json"


def main() -> None:
    """Write the document and say so when it changed."""
    from tools.docs import prepare  # noqa: PLC0415  found by the path that is set below

    prepare()
    from keepfold.site.api import document_text  # noqa: PLC0415  needs the rooms

    text = document_text()
    if not DOCUMENT.exists() or DOCUMENT.read_text(encoding="utf-8") != text:
        DOCUMENT.parent.mkdir(parents=True, exist_ok=True)
        DOCUMENT.write_text(text, encoding="utf-8")
        print("wrote openapi.json")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
