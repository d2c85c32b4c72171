"""The sealed details of an entry in words: what the ledger itself put there first, then what the action added."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from keepfold.kernel import ids
from keepfold.kernel.errors import Invalid
from keepfold.ui import components as ui
from keepfold.ui import say

# In the order in which they are shown; what is not here comes after, under its own name.
_NAMES: Mapping[str, str | Promise] = {
    "at_ms": _("Time"),
    "actor": _("Who"),
    "roles": _("In the role"),
    "action": _("Action"),
    "purpose": _("Purpose"),
    "reason": _("Reason given"),
    "refusal": _("Why it was refused"),
    "rules": _("Rules that decided"),
    "fields": _("Fields"),
    "masked": _("Of these masked"),
    "untagged": _("People without a key"),
    "reason_given": _("A reason was given"),
    "left_out": _("Left out, because it could point to somebody"),
    "cause": _("Made by the action of"),
    "id": _("Id of the entry"),
}
# Ids of staff and clients lead to their pages.
_PEOPLE = {"stf_": "staff_member", "cli_": "client"}
_SILENT = frozenset({"v", "more"})


class Details(NamedTuple):
    """What was opened. `there`: whether there was anything that could be."""

    there: bool
    pairs: list[ui.Pair]
    text: str


def of(found: Mapping[str, Any] | None) -> Details:
    """Return details as facts; what an action noted itself comes last."""
    if found is None:
        return Details(there=False, pairs=[], text="")
    more = found.get("more", {})
    shown = [ui.Pair(str(name), _value(key, found[key])) for key, name in _NAMES.items() if key in found]
    shown += [ui.Pair(key, _value(key, found[key])) for key in sorted(found.keys() - _NAMES.keys() - _SILENT)]
    shown += [ui.Pair(key, _value(key, value)) for key, value in sorted(more.items())]
    text = json.dumps(dict(found), indent=2, ensure_ascii=False, sort_keys=True)
    return Details(there=True, pairs=shown, text=text)


def _value(key: str, value: Any) -> Any:
    if key == "at_ms" and isinstance(value, int):
        return say.moment(value * 1000, "full")
    if isinstance(value, str) and _is_person(value):
        return format_html('<a class="mono" href="{}">{}</a>', reverse(_PEOPLE[value[:4]], args=[value]), value)
    if value is True or value is False:
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "–"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {item}" for name, item in value.items()) or "–"
    return value


def _is_person(text: str) -> bool:
    """Say whether a text is the id of staff or a client; a name that somebody chose may only look like one."""
    try:
        return text[:4] in _PEOPLE and bool(ids.parse(text[:3], text))
    except Invalid:
        return False
