"""Named places beyond the navigation that the palette knows: the pages of the manual, and what the policy names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from keepfold.console.manual import shelf
from keepfold.policy import queries as policy
from keepfold.policy.errors import NoPolicy
from keepfold.policy.types import FieldSpec, PurposeSpec
from keepfold.ui.words import in_language

Place = tuple[str, str, str, str]


def named() -> list[Place]:
    """Return (label, address, icon, what it is) of what has a name; all staff may read the policy and the manual."""
    return [*_manual(), *_policy()]


def _manual() -> Iterator[Place]:
    for entries in shelf.contents().values():
        for entry in entries:
            yield entry.title, reverse("manual_page", args=[entry.key]), "book-open", _("Manual")


def _policy() -> list[Place]:
    try:
        schema, document = policy.schema(), reverse("policy")
    except (NoPolicy, NoReverseMatch):
        return []
    purposes = _parts(schema.purposes, f"{document}#purpose-", _("Purpose"))
    return [*purposes, *_parts(schema.fields, f"{document}#data-", _("Data item"))]


def _parts(specs: Mapping[str, FieldSpec] | Mapping[str, PurposeSpec], address: str, what: str) -> Iterator[Place]:
    for name, spec in specs.items():
        yield in_language(spec.label, name), f"{address}{name}", "scroll-text", what
