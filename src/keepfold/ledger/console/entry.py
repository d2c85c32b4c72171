"""One entry as a person reads it: what happened, its sealed details, its bytes, its proof, and its neighbours."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any, NamedTuple

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from keepfold.gate.console import actor_of, may, page
from keepfold.kernel.errors import NotFound
from keepfold.ledger import actions, proofs, queries
from keepfold.ledger import entry as entries
from keepfold.ledger.console import details, words
from keepfold.ledger.console.needs import DETAIL, SEE
from keepfold.ledger.types import EntryView, Inclusion
from keepfold.ui import components as ui
from keepfold.ui import forms as ui_forms
from keepfold.ui import say

_LARGEST = (1 << 63) - 1


class ReasonForm(ui_forms.Form):
    """Why somebody opens the details of an entry."""

    reason = forms.CharField(
        label=_("Why do you open the details?"),
        help_text=_("A case number or a sentence. It is written into the ledger, sealed, beside the opening."),
        min_length=3,
        max_length=500,
    )


class Field(NamedTuple):
    """One field of the entry's bytes: where it stands, what it is called, its bytes and what they mean."""

    offset: int
    size: int
    name: str
    hex: str
    means: str


class Shown(NamedTuple):
    """One step of a proof as it is drawn."""

    short: str
    is_left: bool
    words: str


@page(*SEE, methods=("GET", "POST"))
def entry(request: HttpRequest, index: int) -> HttpResponse:
    """Show one entry; with a reason, and for those who may, its details."""
    view = _view(index)
    form, opened = ReasonForm(request.POST or None), None
    may_open = may(actor_of(request), DETAIL) and view.subjects != 1
    # Whoever may not, or asks for what opens with a person's key only, is refused by the action, which writes it down.
    if request.method == "POST" and form.is_valid():
        _shown, found = actions.show_detail(actor=actor_of(request), index=index, reason=form.cleaned_data["reason"])
        opened = details.of(found)
    return render(request, "ledger/entry.html", _context(view, form, opened) | {"may_open": may_open})


def _view(index: int) -> EntryView:
    if not 0 <= index <= _LARGEST:
        raise NotFound(gettext("There is no such entry."), code="ledger.no-entry")
    return queries.show(index)


def _context(view: EntryView, form: ReasonForm, opened: details.Details | None) -> dict[str, Any]:
    index = view.index or 0
    status = queries.status()
    proof = _proof(view, status.checkpoint_size)
    return {
        "active": "ledger",
        "entry": view,
        "what": words.action(view),
        "sentence": sentence(view),
        "outcome": words.outcome(view),
        "state": words.state(index, status.checkpoint_size),
        "facts": facts(view),
        "form": form,
        "opened": opened,
        "proof": proof,
        "rungs": rungs(proof),
        "root": "" if proof is None else b64encode(proof.root).decode(),
        "fields": list(fields(view.body)),
        "leaf": b64encode(view.leaf).decode(),
        "leaf_short": _short(view.leaf),
        "policy": view.policy_hash.hex() if any(view.policy_hash) else "",
        "proof_words": gettext("Proof of inclusion"),
        "body": b64encode(view.body).decode(),
        "before": index - 1 if index else None,
        "after": index + 1 if index + 1 < status.size else None,
        "signed": status.checkpoint_size,
    }


def _proof(view: EntryView, signed: int) -> Inclusion | None:
    index = view.index or 0
    return queries.inclusion(index, signed) if index < signed else None


def rungs(proof: Inclusion | None) -> list[Shown]:
    """Return the way of a proof from the root down, as it is drawn."""
    if proof is None:
        return []
    return [Shown(_short(rung.made), rung.is_left, _beside(rung)) for rung in reversed(proofs.ladder(proof))]


def _beside(rung: proofs.Rung) -> str:
    values = {"first": say.num(rung.first), "last": say.num(rung.last), "hash": _short(rung.beside)}
    if rung.first == rung.last:
        return gettext("with entry %(first)s beside it (%(hash)s)") % values
    return gettext("with entries %(first)s to %(last)s beside it (%(hash)s)") % values


def _short(digest: bytes) -> str:
    return b64encode(digest).decode()[:10] + "…"


def sentence(view: EntryView) -> str:
    """Return the entry as one sentence."""
    values = {
        "who": words.actor(view),
        "what": words.action(view),
        "purpose": words.purpose(view.purpose_number),
        "hour": words.hour(view),
    }
    if view.purpose_number:
        if view.allowed:
            return gettext("%(who)s: “%(what)s”, for the purpose “%(purpose)s”, %(hour)s.") % values
        return gettext("%(who)s was refused “%(what)s”, for the purpose “%(purpose)s”, %(hour)s.") % values
    if view.allowed:
        return gettext("%(who)s: “%(what)s”, %(hour)s.") % values
    return gettext("%(who)s was refused “%(what)s”, %(hour)s.") % values


def facts(view: EntryView) -> list[ui.Pair]:
    """Return what stands in the entry, as facts."""
    return [
        ui.Pair(gettext("What"), words.action(view), view.action or ""),
        ui.Pair(gettext("Kind"), words.KINDS.get(view.kind, view.kind)),
        ui.Pair(gettext("Hour"), words.hour(view), gettext("the exact time is in the sealed details")),
        ui.Pair(gettext("Who"), words.actor(view), gettext("who it was is in the sealed details")),
        ui.Pair(gettext("Purpose"), words.purpose(view.purpose_number) or gettext("none was named")),
        ui.Pair(gettext("About"), words.about(view)),
    ]


def fields(body: bytes) -> Iterator[Field]:
    """Return the entry's bytes, field by field, as `ledger.entry` lays them out."""
    parsed = entries.unpack(body)
    people = gettext("batch") if parsed.is_batch else gettext("no batch")
    layout = (
        (1, gettext("Version"), str(body[0])),
        (1, gettext("Kind"), str(words.KINDS[parsed.kind])),
        (1, gettext("Flags"), f"{gettext('allowed') if parsed.allowed else gettext('refused')}, {people}"),
        (1, gettext("Kind of actor"), str(words.ACTORS[parsed.actor_kind])),
        (2, gettext("Action"), gettext("number %(number)s") % {"number": parsed.action}),
        (4, gettext("Hour"), gettext("hours since 1 January 1970")),
        (4, gettext("Purpose"), gettext("number %(number)s") % {"number": parsed.purpose}),
        (4, gettext("People"), str(parsed.subjects)),
        (8, gettext("Tenant"), gettext("zero: this installation serves one")),
        (32, gettext("Policy"), gettext("SHA-256 of the version that decided")),
        (32, gettext("Tag of the person"), _tag_words(parsed)),
        (32, gettext("Tag of the actor"), gettext("made with the actor’s key, another one in every entry")),
        (32, gettext("Commitment"), gettext("SHA-256 of the sealed details with 32 random bytes")),
    )
    offset = 0
    for size, name, means in layout:
        yield Field(offset, size, name, body[offset : offset + size].hex(), means)
        offset += size


def _tag_words(parsed: entries.Body) -> str:
    if not parsed.subjects:
        return gettext("zero: nobody in particular")
    if parsed.is_batch:
        return gettext("root of a tree over the tags of all of them")
    return gettext("made with the person’s key, another one in every entry")


@page(*SEE)
def proof_file(request: HttpRequest, index: int) -> HttpResponse:  # noqa: ARG001  Django passes it
    """Offer the proof of one entry as a C2SP tlog-proof file."""
    view = _view(index)
    proof = _proof(view, queries.signed_size())
    if proof is None or proof.checkpoint is None:
        raise NotFound(
            gettext("This entry is not in a checkpoint yet."),
            code="ledger.no-proof",
            next_step=gettext("Try again in a few seconds."),
        )
    return _file(proofs.as_file(proof, view.body).encode(), f"entry-{index}.tlog-proof", "text/plain; charset=utf-8")


@page(*SEE)
def entry_file(request: HttpRequest, index: int) -> HttpResponse:  # noqa: ARG001  Django passes it
    """Offer the bytes of one entry."""
    return _file(_view(index).body, f"entry-{index}.bin", "application/octet-stream")


@page(*SEE)
def checkpoint_file(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  Django passes it
    """Offer the newest checkpoint as a file."""
    return _file(queries.checkpoint().encode(), "checkpoint.txt", "text/plain; charset=utf-8")


def _file(data: bytes, name: str, kind: str) -> HttpResponse:
    return HttpResponse(data, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def address(index: int) -> str:
    """Return where an entry is shown."""
    return reverse("ledger_entry", args=[index])


urlpatterns = [
    path("ledger/checkpoint", checkpoint_file, name="ledger_checkpoint"),
    path("ledger/entries/<int:index>", entry, name="ledger_entry"),
    path("ledger/entries/<int:index>/proof", proof_file, name="ledger_proof"),
    path("ledger/entries/<int:index>/bytes", entry_file, name="ledger_bytes"),
]
