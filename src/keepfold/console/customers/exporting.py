"""Taking customers out as a file: a right of its own, with a purpose, a reason and an entry of its own."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from keepfold.console.customers import values, whom, words
from keepfold.gate.console import actor_of, page
from keepfold.kernel import clock
from keepfold.kernel.errors import Invalid
from keepfold.policy import queries as policy
from keepfold.ui.exports import guarded
from keepfold.vault import actions as vault
from keepfold.vault.types import Opened

_MOST = 100
_LEAST_WORDS = 3


@page("vault.record.export", methods=("POST",))
def export(request: HttpRequest) -> HttpResponse:
    """Answer with a file of the customers named, as the purpose may see them. Raises `Invalid`, `NotAllowed`."""
    given = request.POST
    people = [one.id for one in map(whom.named, given.getlist("ids")[:_MOST]) if one is not None]
    schema, reason = policy.schema(), given.get("reason", "").strip()[:120]
    spec = schema.purposes.get(given.get("purpose", ""))
    if spec is None or not people or len(reason) < _LEAST_WORDS:
        raise Invalid(
            _("A file needs a purpose, a reason and somebody to be in it."),
            code="customer.export-incomplete",
            next_step=_("Go back and say what the file is for."),
        )
    fields = [name for name in spec.fields if schema.fields[name].export == "full"]
    found = vault.export(actor=actor_of(request), persons=people, purpose=spec.name, fields=fields, reason=reason)
    there = [one for one in found if one is not None]
    heads = [words.field(schema.fields[name]) for name in fields]
    made = _json(there, fields) if given.get("as") == "json" else _csv(there, fields, heads)
    kind = "application/json" if given.get("as") == "json" else "text/csv; charset=utf-8"
    ending = "json" if given.get("as") == "json" else "csv"
    name = f"customers-{spec.name}-{clock.now():%Y-%m-%d}.{ending}"
    return HttpResponse(made, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _csv(people: Sequence[Opened], fields: Sequence[str], heads: Sequence[str]) -> str:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([_("Customer"), *map(guarded, heads)])
    for one in people:
        cells = [guarded(values.plain(one.values.get(name))) for name in fields]
        writer.writerow([whom.of(one.id).shown, *cells])
    # The mark tells spreadsheets that this is UTF-8.
    return "\ufeff" + file.getvalue()


def _json(people: Sequence[Opened], fields: Sequence[str]) -> str:
    rows = [
        {"customer": whom.of(one.id).shown, **{name: one.values.get(name) for name in fields}, "masked": one.masked}
        for one in people
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1)
