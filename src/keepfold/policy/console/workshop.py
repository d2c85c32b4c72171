"""The workshop: every draft with where it stands and what comes next, and how to begin one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django import forms as dj
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from keepfold.gate.console import actor_of, may, page
from keepfold.gate.types import Actor
from keepfold.kernel import clock, config, ids
from keepfold.kernel.errors import KeepfoldError, NotFound, TooLarge
from keepfold.policy import actions, moves, queries
from keepfold.policy.console import names
from keepfold.policy.drafting import reading, rules
from keepfold.policy.format.tree import MAX_BYTES
from keepfold.policy.types import Draft
from keepfold.ui import components as ui
from keepfold.ui import forms as ui_forms
from keepfold.ui import nav, toast

# Any of these leads into the workshop; which drafts somebody sees there depends on them.
SEES = ("policy.draft.start", "policy.draft.submit", *reading.SEES_ALL)
_BADGES: Mapping[str, ui.Badge] = {
    "drafting": ui.Badge(gettext_lazy("Draft"), "line"),
    "review": ui.Badge(gettext_lazy("In review"), "warn", "eye"),
    "approved": ui.Badge(gettext_lazy("Approved"), "good"),
    "active": ui.Badge(gettext_lazy("In force"), "good"),
    "discarded": ui.Badge(gettext_lazy("Discarded")),
}

nav.register(
    nav.Item("workshop", "rules", gettext_lazy("Workshop"), "pencil-ruler", "workshop", SEES, 20, "G W",
             waiting_for=queries.waiting_for),
    nav.Item("draft_new", "rules", gettext_lazy("Begin a draft of the policy"), "pencil-ruler", "draft_new",
             ("policy.draft.start",), 21, hidden=True),
)  # fmt: skip


class Shown(NamedTuple):
    """One draft in the list."""

    href: str
    title: str
    badge: ui.Badge
    by: str
    changed_us: int
    following: str
    is_mine: bool


@page(*SEES)
def workshop(request: HttpRequest) -> HttpResponse:
    """List the drafts that somebody may see."""
    actor = actor_of(request)
    person = queries.person_of(actor)
    opened = [one for one in queries.drafts() if reading.may_see(actor, person, one)]
    closed = [one for one in queries.drafts(closed=True) if reading.may_see(actor, person, one)]
    known = names.of(one.created_by for one in (*opened, *closed))
    shown = [_shown(one, actor, person, known) for one in opened]
    context = {
        "active": "workshop",
        "waiting": [one for one in shown if one.is_mine],
        "others": [one for one in shown if not one.is_mine],
        "closed": [_shown(one, actor, person, known) for one in closed[:20]],
        "drafts": may(actor, "policy.draft.start"),
        "is_first": not opened and not closed,
    }
    return render(request, "policy/workshop.html", context)


def _shown(draft: Draft, actor: Actor, person: bytes, known: Mapping[bytes, str]) -> Shown:
    two_people = config.current().two_person_activation
    mine = draft.genuine and reading.waits_for(actor, person, draft, two_people=two_people)
    return Shown(
        href=reverse("draft", args=[ids.show(rules.PREFIX, draft.id)]),
        title=draft.title,
        badge=ui.Badge(_("Altered"), "bad") if not draft.genuine else _BADGES[draft.state],
        by=known[draft.created_by],
        changed_us=draft.changed_us,
        following=following(draft, mine=mine),
        is_mine=mine,
    )


def following(draft: Draft, *, mine: bool) -> str:
    """Return the next step of a draft in words."""
    if not draft.genuine:
        return _("Somebody wrote to its rows past Keepfold. Discard it and begin a new one.")
    returned = draft.last("returned", "sent")
    if draft.state == "drafting" and returned is not None and returned.kind == "returned":
        return _("Sent back: %(comment)s") % {"comment": returned.comment}
    return {
        "drafting": _("Finish it, then send it to review."),
        "review": _("Waits for your review.") if mine else _("Waits for a second person."),
        "approved": _("Waits for you to put it in force.") if mine else _("Waits to be put in force."),
        "active": _("It came into force."),
        "discarded": _("It was put aside."),
    }[draft.state]


# ------------------------------------------------------------------------------------------------ beginning


class NewDraft(ui_forms.Form):
    """What a draft is called and what it begins from."""

    title = dj.CharField(
        label=gettext_lazy("What changes"), max_length=moves.LONGEST_TITLE,
        help_text=gettext_lazy("In a few words, such as “Fit advice for boots”. Reviewers see it first."),
    )  # fmt: skip
    start = dj.ChoiceField(label=gettext_lazy("Begin from"), widget=dj.RadioSelect)
    version = dj.ChoiceField(label=gettext_lazy("Which version"), required=False)
    template = dj.ChoiceField(label=gettext_lazy("Which template"), required=False)
    file = dj.FileField(
        label=gettext_lazy("Which file"),
        required=False,
        help_text=gettext_lazy("A policy in YAML, at most one megabyte."),
    )

    class Meta:
        """Nothing; see `keepfold.ui.forms.Form`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer what there is."""
        super().__init__(*args, **kwargs)
        listed = queries.versions(100)
        self.active = next((info.version for info in listed if info.active), "")
        self.fields["start"].choices = _starts(bool(self.active), bool(listed))  # type: ignore[attr-defined]
        self.fields["start"].initial = "active" if self.active else "template"
        self.fields["version"].choices = [  # type: ignore[attr-defined]
            (info.version, _version_words(len(listed) - place, info.version, active=info.active))
            for place, info in enumerate(listed)
        ]
        self.fields["template"].choices = [(name, _TEMPLATES.get(name, name)) for name in queries.templates()]  # type: ignore[attr-defined]

    def clean_file(self) -> str:
        """Return the text of the file that came."""
        file = self.cleaned_data.get("file")
        if file is None:
            if self.data.get("start") == "file":
                raise dj.ValidationError(_("Choose a file."))
            return ""
        if file.size > MAX_BYTES:
            raise dj.ValidationError(_("This file is larger than one megabyte. A policy needs far less."))
        try:
            return str(file.read().decode("utf-8"))
        except UnicodeDecodeError:
            raise dj.ValidationError(
                _("This file is not text in UTF-8. Save it as UTF-8 and choose it again.")
            ) from None

    def text(self) -> tuple[str, str]:
        """Return the text to begin with, and the version that it is of, if any."""
        said = self.cleaned_data
        if said["start"] == "file":
            return said["file"], ""
        if said["start"] == "template":
            name = said["template"] or queries.templates()[0]
            return queries.template(name, today=clock.now().date()), ""
        version = self.active if said["start"] == "active" else said["version"]
        return queries.source(version), version


_TEMPLATES: Mapping[str, Any] = {
    "shop": gettext_lazy("Online shop, Europe and California"),
    "media-shop": gettext_lazy("Shop for music and films"),
    "software-service": gettext_lazy("Software as a service"),
    "clinic": gettext_lazy("Medical practice"),
    "lender": gettext_lazy("Lender"),
}


def _version_words(number: int, version: str, *, active: bool) -> str:
    words = _("Version %(number)s · %(hash)s") % {"number": number, "hash": version[:8]}
    return f"{words} ({_('in force')})" if active else words


def _starts(has_active: bool, has_versions: bool) -> list[tuple[str, ui_forms.Choice]]:  # noqa: FBT001  two facts
    found = []
    if has_active:
        found.append(
            ("active", ui_forms.Choice(_("The policy in force"), _("For a change. Everything else stays as it is.")))
        )
    if has_versions:
        found.append(("version", ui_forms.Choice(_("An earlier version"), _("To bring back what was."))))
    found.append(("template", ui_forms.Choice(_("A template"), _("For a new trade. Change the controller first."))))
    found.append(("file", ui_forms.Choice(_("A file of yours"), _("Such as one from your own repository."))))
    return found


@page("policy.draft.start", methods=("GET", "POST"))
def draft_new(request: HttpRequest) -> HttpResponse:
    """Begin a draft."""
    wanted = request.GET.get("from", "")
    initial = {"start": "version", "version": wanted} if wanted and wanted != queries.version_in_force() else {}
    form = NewDraft(request.POST or None, request.FILES or None, initial=initial or None)
    if request.method == "POST" and form.is_valid():
        text, base = form.text()
        try:
            made = actions.start_draft(actor=actor_of(request), title=form.cleaned_data["title"], text=text, base=base)
        except NotFound:
            form.add_error("version", _("There is no such version. Choose one of the list."))
        except TooLarge as error:
            form.add_error(
                "file" if form.cleaned_data["start"] == "file" else None, f"{error.detail} {error.next_step}"
            )
        except KeepfoldError as error:
            form.add_error(None, error.detail)
        else:
            toast.say(request, _("The draft is there. It decides nothing until it is in force."))
            return HttpResponseRedirect(reverse("draft", args=[ids.show(rules.PREFIX, made)]))
    return render(
        request, "policy/draft_new.html", {"active": "workshop", "form": form}, status=200 if not form.errors else 422
    )


def counted(number: int) -> str:
    """Return how many drafts there are, in words."""
    return ngettext("%(number)s draft", "%(number)s drafts", number) % {"number": number}


urlpatterns = [
    path("policy/workshop", workshop, name="workshop"),
    path("policy/workshop/new", draft_new, name="draft_new"),
]
