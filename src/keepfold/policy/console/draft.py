"""One draft: written on both sides, checked, reviewed, told to customers, put in force.

Form and file are two halves of one form. Whatever is sent, the text that came with it is kept first: as a revision of
its own when it differs from the saved one, or on a page that shows both texts when somebody else saved in between.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _

from keepfold.gate.console import actor_of, is_partial, may, page
from keepfold.gate.types import Actor
from keepfold.kernel import ids
from keepfold.kernel.errors import Conflict, Invalid, KeepfoldError, NotAllowed, TooLarge
from keepfold.policy import actions, moves, queries
from keepfold.policy.console import desk as desks
from keepfold.policy.console import names, parts, sayings, story
from keepfold.policy.console.desk import Desk
from keepfold.policy.console.workshop import SEES
from keepfold.policy.drafting import reading, rules
from keepfold.policy.errors import DraftChanged
from keepfold.policy.types import Draft
from keepfold.ui import components as ui
from keepfold.ui import toast


def find(request: HttpRequest, draft: str) -> Draft:
    """Return a draft that whoever looks may see. Raises the same `NotFound` for any other id."""
    actor = actor_of(request)
    try:
        found = queries.draft(ids.parse(rules.PREFIX, draft))
    except Invalid:
        found = None
    if found is None or not reading.may_see(actor, queries.person_of(actor), found):
        raise moves.no_draft()
    return found


class Rights(NamedTuple):
    """What whoever looks may do with a draft now."""

    write: bool
    submit: bool
    review: bool
    is_author: bool
    reopen: bool
    discard: bool
    announce: bool
    activate: bool


def rights(actor: Actor, found: Draft, *, two_people: bool) -> Rights:
    """Return what somebody may do with a draft, by their grants and by where the draft stands."""
    person = queries.person_of(actor)
    author, here = person in found.authors, found.genuine

    def can(verb: rules.Verb, action: str) -> bool:
        return here and may(actor, action) and rules.may(verb, found.state, two_people=two_people)

    return Rights(
        write=can("save", "policy.draft.save"),
        submit=can("submit", "policy.draft.submit") and (author or may(actor, "policy.draft.save")),
        review=can("approve", "policy.draft.review") and not author,
        is_author=author,
        reopen=can("reopen", "policy.draft.reopen"),
        discard=may(actor, "policy.draft.discard") and found.state in rules.OPEN,
        announce=can("announce", "policy.draft.announce"),
        activate=can("activate", "policy.draft.activate"),
    )


# ------------------------------------------------------------------------------------------------- looking


@page(*SEES)
def draft(request: HttpRequest, draft: str) -> HttpResponse:
    """Show a draft."""
    found = find(request, draft)
    return show(request, desks.of(found, actor_of(request)))


def show(
    request: HttpRequest,
    desk: Desk,
    *,
    bound: Any = None,
    error: str = "",
    typed: bool = False,
    on: int | None = None,
    status: int = 200,
) -> HttpResponse:
    """Return the page of a draft; `bound` is a form with mistakes, `typed` a text that is not saved.

    `on` is the revision that the text was made from, when that is not the newest: whoever saves then meets the
    text of others.
    """
    context = _context(request, desk, bound, error, typed=typed)
    context["on"] = desk.draft.revision if on is None else on
    return render(request, "policy/draft.html", context, status=status)


def _context(request: HttpRequest, desk: Desk, bound: Any, error: str, *, typed: bool) -> dict[str, Any]:
    found, actor = desk.draft, actor_of(request)
    allowed = rights(actor, found, two_people=desk.two_people)
    asked = request.POST if request.method == "POST" else request.GET
    view = _view(asked.get("view", ""), allowed, typed=typed)
    part = parts.of(asked.get("part", ""), desk.plain)
    known = names.of({found.created_by, *(event.person for event in found.events), *found.authors})
    return {
        "active": "workshop",
        "desk": desk,
        "draft": found,
        "id": desk.id,
        "may": allowed,
        "view": view,
        "typed": typed,
        "error": error,
        "part": part,
        "half": parts.half(desk, part, bound) if desk.plain is not None else None,
        "tabs": parts.tabs(desk, part, view),
        "views": _views(desk, part, view, allowed),
        "by": known[found.created_by],
        "base_number": queries.ordinal(found.base) if found.base else 0,
        "lines": _listed(desk, part, view),
        "can_undo": allowed.write and _before(found) > 0,
        **_lower(desk, known),
    }  # fmt: skip


def _listed(desk: Desk, part: parts.Part, view: str) -> ui.CodeLines:
    """Return the lines beside the form; none where they are written on."""
    if view == "text":
        return ()
    return desk.marked if view == "whole" else desk.around(part.section, part.name)


def _lower(desk: Desk, known: Any) -> dict[str, Any]:
    """Return what stands below the two halves."""
    found = desk.draft
    return {
        "desk": desk,
        "draft": found,
        "id": desk.id,
        "now_number": queries.ordinal(desk.base[0]) if desk.base is not None else 0,
        "now_version": desk.base[0] if desk.base is not None else "",
        "choices": parts.example_choices(desk) if desk.plain is not None else None,
        "events": [
            *story.so_far(found, known),
            *story.to_come(found, two_people=desk.two_people, lead=desk.lead_words, from_day=desk.from_day),
        ],
    }


def _view(asked: str, allowed: Rights, *, typed: bool) -> str:
    if allowed.write and (asked == "text" or typed):
        return "text"
    return "whole" if asked == "whole" else "marked"


def _views(desk: Desk, part: parts.Part, view: str, allowed: Rights) -> list[ui.Tab]:
    address = f"{reverse('draft', args=[desk.id])}?part={part.key}"
    found = [
        ui.Tab(_("Changes"), address, view == "marked"),
        ui.Tab(_("Whole file"), f"{address}&view=whole", view == "whole"),
    ]
    return [*found, ui.Tab(_("Write"), f"{address}&view=text", view == "text")] if allowed.write else found


@page(*SEES, methods=("POST",))
def check(request: HttpRequest, draft: str) -> HttpResponse:
    """Look at a text that is still being written: what is wrong with it, and what it would change. Stores nothing."""
    found, actor = find(request, draft), actor_of(request)
    try:
        text = _sent(request)
    except TooLarge as error:
        if not is_partial(request):
            return _too_large(request, found, actor, error)
        text = moves.plain(request.POST["text"])  # the checks say so below the text
    desk = desks.of(found, actor, text)
    if "part" in request.POST and text is None:
        desk = _as_filled_in(request, desk)
    if not is_partial(request):
        typed = text is not None
        return show(request, desk, typed=typed, on=_number(request, "on") if typed else None)
    known = names.of({found.created_by, *(event.person for event in found.events)})
    context = {"may": rights(actor, found, two_people=desk.two_people), **_lower(desk, known)}
    template = "policy/_first.html" if "first" in request.GET else "policy/_lower.html"
    return render(request, template, context)


def _as_filled_in(request: HttpRequest, desk: Desk) -> Desk:
    """Return the draft as it would be with what the guided form says now; as it is while the form has mistakes."""
    part = parts.of(request.POST.get("part", ""), desk.plain)
    try:
        changed = parts.apply(desk, part, request.POST)
    except parts.NotYet:
        return desk
    return desks.of(desk.draft, desk.actor, changed.text)


def _sent(request: HttpRequest) -> str | None:
    """Return the text that came with a form, as drafts keep it; None when the form had none. Raises `TooLarge`."""
    text = request.POST.get("text")
    return None if text is None else moves.tidy(text)


def _too_large(request: HttpRequest, found: Draft, actor: Actor, error: TooLarge) -> HttpResponse:
    """Return the page with the text that was too large, so that whoever wrote it can shorten it. Nothing is stored."""
    desk = desks.of(found, actor, moves.plain(request.POST["text"]))
    said = f"{error.detail} {error.next_step or ''}".strip()
    return show(request, desk, error=said, typed=True, on=_number(request, "on"), status=422)


# ------------------------------------------------------------------------------------------------- writing


@page("policy.draft.save", methods=("POST",))
def save(request: HttpRequest, draft: str) -> HttpResponse:
    """Keep the text that came, then do what was asked for: a guided change, an undo, or nothing more."""
    found, actor = find(request, draft), actor_of(request)
    try:
        text = _sent(request)
    except TooLarge as error:
        return _too_large(request, found, actor, error)
    work = _Work(request, found, actor, _number(request, "on"))
    return work.done(text)


class _Work:
    """One request that writes on a draft: `on` is the revision that the page showed."""

    def __init__(self, request: HttpRequest, found: Draft, actor: Actor, on: int) -> None:
        self.request = request
        self.found = found
        self.actor = actor
        self.on = on
        self.part = request.POST.get("part", "")
        self.do = request.POST.get("do", "text")

    def done(self, text: str | None) -> HttpResponse:
        """Do everything, and say where it led."""
        base = self._base_text()
        if text is not None and text != base:
            try:
                self._keep(text, how="text")
            except DraftChanged:
                return merge_page(self.request, self.found, self.actor, on=self.on, mine=text)
            except Conflict as error:
                desk = desks.of(self.found, self.actor, text)
                return show(self.request, desk, error=error.detail, typed=True, on=self.on, status=409)
            base = text
            if self.do == "text":
                toast.say(self.request, _("Saved."))
        return self._then(base)

    def _then(self, base: str) -> HttpResponse:
        if self.do == "undo":
            return self._undo()
        if self.do in {"guide", "remove"}:
            return self._guide(base)
        return self._back(self.part)

    def _guide(self, base: str) -> HttpResponse:
        desk = desks.of(self.found, self.actor, base)
        part = parts.of(self.part, desk.plain)
        try:
            change = parts.remove(desk, part) if self.do == "remove" else parts.apply(desk, part, self.request.POST)
        except parts.NotYet as error:
            return show(self.request, desk, bound=error.form, error=error.words, on=self.on, status=422)
        try:
            self._keep(change.text, how="form", part=change.path)
        except DraftChanged:
            return merge_page(self.request, self.found, self.actor, on=self.on, mine=change.text)
        except Conflict as error:
            return show(self.request, desk, error=error.detail, on=self.on, status=409)
        toast.say(self.request, change.said)
        return self._back(change.part)

    def _undo(self) -> HttpResponse:
        head = queries.draft_revision(self.found.id, self.on)
        before = queries.draft_revision(self.found.id, head.before) if head is not None else None
        if before is None:
            toast.say(self.request, _("There is nothing to undo."), tone="warn")
            return self._back(self.part)
        try:
            self._keep(before.text, how="undo", before=before.before)
        except DraftChanged:
            return merge_page(self.request, self.found, self.actor, on=self.on, mine=before.text)
        toast.say(self.request, _("Undone. The text is as it was before the last change."))
        return self._back(self.part)

    def _keep(self, text: str, *, how: str, part: str = "", before: int | None = None) -> None:
        self.on = actions.save_draft(
            actor=self.actor, draft=self.found.id, on=self.on, text=text, how=how, part=part, before=before
        )

    def _base_text(self) -> str:
        """Return the text that the page showed; the newest where nobody can say."""
        shown = queries.draft_revision(self.found.id, self.on)
        return shown.text if shown is not None else desks.of(self.found, self.actor).text

    def _back(self, part: str) -> HttpResponse:
        return HttpResponseRedirect(address(self.found, part=part, view=self.request.POST.get("view", "")))


def address(found: Draft, *, part: str = "", view: str = "") -> str:
    """Return where a draft is looked at, with the half that was open."""
    query = "&".join(
        [*([f"part={part}"] if parts.is_key(part) else []), *([f"view={view}"] if view in {"text", "whole"} else [])]
    )
    return reverse("draft", args=[ids.show(rules.PREFIX, found.id)]) + (f"?{query}" if query else "")


def merge_page(request: HttpRequest, found: Draft, actor: Actor, *, on: int, mine: str) -> HttpResponse:
    """Show both texts when somebody else saved in between, and where they agree the two together. Nothing is stored."""
    fresh = queries.draft(found.id) or found
    theirs = queries.draft_revision(found.id, fresh.revision)
    base = queries.draft_revision(found.id, on)
    their_text = theirs.text if theirs is not None else ""
    together = rules.merge(base.text, mine, their_text) if base is not None else None
    context = {
        "active": "workshop",
        "draft": fresh,
        "id": ids.show(rules.PREFIX, found.id),
        "who": names.of([theirs.author])[theirs.author] if theirs is not None else "",
        "theirs": theirs,
        "mine": mine,
        "together": together,
        "text": together if together is not None else mine,
        "code": ui.code_diff(their_text, mine),
        "desk": desks.of(fresh, actor, together if together is not None else mine),
    }
    return render(request, "policy/merge.html", context, status=409)


def _before(found: Draft) -> int:
    head = queries.draft_revision(found.id, found.revision)
    return head.before if head is not None else 0


# ------------------------------------------------------------------------------------------------- moving on


@page("policy.draft.save", methods=("POST",))
def example(request: HttpRequest, draft: str) -> HttpResponse:
    """Add an example to the file, or take one out."""
    found, actor = find(request, draft), actor_of(request)
    desk = desks.of(found, actor)
    on = _number(request, "on")
    try:
        change = parts.example(desk, request.POST)
        actions.save_draft(actor=actor, draft=found.id, on=on, text=change.text, how="form", part="examples")
    except parts.NotYet as error:
        return show(request, desk, error=error.words, status=422)
    except DraftChanged:
        return merge_page(request, found, actor, on=on, mine=change.text)
    toast.say(request, change.said)
    return HttpResponseRedirect(
        address(found, part=request.POST.get("part", ""), view=request.POST.get("view", "")) + "#h-examples"
    )


@page("policy.draft.submit", methods=("POST",))
def submit(request: HttpRequest, draft: str) -> HttpResponse:
    """Send a draft to review."""
    found = find(request, draft)
    on = _number(request, "on")
    said = _("Sent to review. A second person, who wrote none of it, looks at it now.")
    return _moved(request, found, said, lambda actor: actions.submit_draft(actor=actor, draft=found.id, on=on))


@page("policy.draft.reopen", methods=("POST",))
def reopen(request: HttpRequest, draft: str) -> HttpResponse:
    """Take a draft back to write on it."""
    found = find(request, draft)
    said = _("Taken back. It has to be reviewed again.")
    return _moved(request, found, said, lambda actor: actions.reopen_draft(actor=actor, draft=found.id))


@page("policy.draft.review", methods=("POST",))
def review(request: HttpRequest, draft: str) -> HttpResponse:
    """Approve a draft, or send it back."""
    found = find(request, draft)
    yes, comment, on = request.POST.get("verdict") == "approve", request.POST.get("comment", ""), _number(request, "on")
    said = _("Approved.") if yes else _("Sent back to its authors.")

    def act(actor: Actor) -> None:
        actions.review_draft(actor=actor, draft=found.id, on=on, approve=yes, comment=comment)

    return _moved(request, found, said, act)


@page("policy.draft.announce", methods=("POST",))
def announce(request: HttpRequest, draft: str) -> HttpResponse:
    """Note on which day customers were told."""
    found = find(request, draft)
    try:
        day = date.fromisoformat(request.POST.get("day", ""))
    except ValueError:
        words = _("Write the day on which customers were told, for example 2026-12-24.")
        return show(request, desks.of(found, actor_of(request)), error=words, status=422)
    said = _("Noted. The promised time counts from that day.")
    return _moved(request, found, said, lambda actor: actions.announce_draft(actor=actor, draft=found.id, day=day))


@page("policy.draft.discard", methods=("GET", "POST"))
def discard(request: HttpRequest, draft: str) -> HttpResponse:
    """Put a draft aside, after a question."""
    found = find(request, draft)
    if request.method != "POST":  # a HEAD request looks as well
        return render(request, "policy/discard.html", {"active": "workshop", "draft": found, "id": draft})
    answer = _moved(request, found, _("Discarded. Its texts stay readable."),
                    lambda actor: actions.discard_draft(actor=actor, draft=found.id))  # fmt: skip
    return HttpResponseRedirect(reverse("workshop")) if answer.status_code == 302 else answer


@page("policy.draft.activate", methods=("GET", "POST"), fresh=True)
def activate(request: HttpRequest, draft: str) -> HttpResponse:
    """Put a draft in force: what follows is said first, and the button repeats it."""
    found, actor = find(request, draft), actor_of(request)
    desk = desks.of(found, actor)
    problem: KeepfoldError | None = None
    if request.method == "POST":
        try:
            done = actions.activate_draft(actor=actor, draft=found.id, on=_number(request, "on"))
        except (Conflict, Invalid, NotAllowed) as error:
            problem = error
        else:
            return _activated(request, found, done)
    allowed = rights(actor, found, two_people=desk.two_people)
    context = {
        "active": "workshop",
        "desk": desk,
        "draft": found,
        "id": desk.id,
        "may": allowed,
        "now_number": queries.ordinal(desk.base[0]) if desk.base is not None else 0,
        "keeps": _keeps(desk, allowed),
        "problem": sayings.plainly(problem.detail) if problem is not None else "",
        "next": sayings.plainly(problem.next_step or "") if problem is not None else "",
    }
    return render(request, "policy/activate.html", context, status=409 if problem is not None else 200)


def _activated(request: HttpRequest, found: Draft, done: actions.Activation) -> HttpResponse:
    if done.status == "awaiting":
        toast.say(request, _("Your yes is noted. It needs one more person who may activate."))
        return HttpResponseRedirect(address(found))
    toast.say(request, _("In force. It decides from this moment on."))
    return HttpResponseRedirect(reverse("policy"))


def _keeps(desk: Desk, allowed: Rights) -> str:
    """Return what keeps a draft from coming into force, in words; nothing when nothing does."""
    if not desk.is_ready:
        return _("The draft has errors, or an example comes out differently.")
    if not allowed.activate:
        return _("A second person has to approve it first.")
    if desk.outdated:
        return _("Another version came into force after the approval, so something else would change now.")
    if desk.lead.owed and desk.told is None:
        return _("Customers must hear of this change before it counts, and nobody has noted that they did.")
    if desk.from_day is not None and desk.from_day > moves.today():
        return _("The time between telling customers and the change has not passed yet.")
    return ""


def _moved(request: HttpRequest, found: Draft, said: str, act: Any) -> HttpResponse:
    """Do one thing to a draft and go back to it; what was refused is said there."""
    actor = actor_of(request)
    try:
        act(actor)
    except DraftChanged as error:
        fresh = queries.draft(found.id) or found
        return show(request, desks.of(fresh, actor), error=error.detail, status=409)
    except (Conflict, Invalid, NotAllowed, TooLarge) as error:
        fresh = queries.draft(found.id) or found
        return show(request, desks.of(fresh, actor), error=sayings.plainly(error.detail), status=error.status)
    toast.say(request, said)
    return HttpResponseRedirect(address(found))


def _number(request: HttpRequest, key: str) -> int:
    text = request.POST.get(key, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


# ------------------------------------------------------------------------------------------------- history


@page(*SEES)
def revisions(request: HttpRequest, draft: str) -> HttpResponse:
    """List the texts of a draft."""
    found = find(request, draft)
    listed = list(desks.history(found))
    known = names.of(one.author for one in listed)
    rows = [(one, known[one.author], _how(one.how)) for one in listed]
    return render(request, "policy/revisions.html", {"active": "workshop", "draft": found, "id": draft, "rows": rows})


@page(*SEES)
def revision(request: HttpRequest, draft: str, number: int) -> HttpResponse:
    """Show one text of a draft, against the one that it changed."""
    found = find(request, draft)
    one = queries.draft_revision(found.id, number)
    if one is None:
        raise moves.no_draft()
    before = queries.draft_revision(found.id, one.before)
    context = {
        "active": "workshop",
        "draft": found,
        "id": draft,
        "revision": one,
        "who": names.of([one.author])[one.author],
        "how": _how(one.how),
        "before": before,
        "code": ui.code_diff(before.text, one.text) if before is not None else (),
    }
    return render(request, "policy/revision.html", context)


def _how(how: str) -> str:
    return {
        "started": _("Begun"),
        "text": _("Written as text"),
        "form": _("Changed in the form"),
        "merge": _("Two texts brought together"),
        "undo": _("Undone"),
    }.get(how, how)


urlpatterns = [
    path("policy/workshop/<str:draft>", draft, name="draft"),
    path("policy/workshop/<str:draft>/save", save, name="draft_save"),
    path("policy/workshop/<str:draft>/check", check, name="draft_check"),
    path("policy/workshop/<str:draft>/example", example, name="draft_example"),
    path("policy/workshop/<str:draft>/submit", submit, name="draft_submit"),
    path("policy/workshop/<str:draft>/reopen", reopen, name="draft_reopen"),
    path("policy/workshop/<str:draft>/review", review, name="draft_review"),
    path("policy/workshop/<str:draft>/announce", announce, name="draft_announce"),
    path("policy/workshop/<str:draft>/discard", discard, name="draft_discard"),
    path("policy/workshop/<str:draft>/activate", activate, name="draft_activate"),
    path("policy/workshop/<str:draft>/revisions", revisions, name="draft_revisions"),
    path("policy/workshop/<str:draft>/revisions/<int:number>", revision, name="draft_revision"),
]
