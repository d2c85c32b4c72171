"""The policy templates in `packs/policies`."""

from __future__ import annotations

import re
from datetime import date

from keepfold import packs
from keepfold.kernel.errors import NotFound

_FOLDER = "policies"
_EFFECTIVE = re.compile(r"^effective_from: .*$", re.MULTILINE)


def names() -> tuple[str, ...]:
    """Return the names of the templates."""
    return packs.names(_FOLDER, ".yaml")


def text_of(name: str, *, today: date | None = None) -> str:
    """Return the text of a template, in effect from `today` when that is given. Raises `NotFound`."""
    if name not in names():
        raise NotFound(
            "There is no such template.",
            code="policy.template-unknown",
            next_step=f"There are: {', '.join(names())}.",
        )
    text = packs.read_text(_FOLDER, f"{name}.yaml")
    return text if today is None else _EFFECTIVE.sub(f"effective_from: {today.isoformat()}", text, count=1)
