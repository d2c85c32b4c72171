"""A policy as people read it: every sentence follows from a key of the file, nothing is added."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from keepfold.people import queries as people
from keepfold.policy.checks.base import area, articles, gdpr_like
from keepfold.policy.compile import may_object, purposes_of
from keepfold.policy.console import words
from keepfold.policy.format.document import Consent, DataItem, OnChange, OptOut, Policy, Purpose
from keepfold.policy.format.sugar import NeedWish
from keepfold.policy.traits import DEFAULT_MASK


class Ref(NamedTuple):
    """A word that leads to its place in the text."""

    anchor: str
    label: str


class Item(NamedTuple):
    """One kind of data: what it is called, where it comes from, what for, and what else is to be known of it."""

    anchor: str
    label: str
    source: str
    purposes: list[Ref]
    marks: list[str]


class Clause(NamedTuple):
    """One purpose: its sentences, and for the margin its ground, its time and who receives the data."""

    anchor: str
    title: str
    paragraphs: list[str]
    grounds: list[str]
    kept: str
    then: str
    recipients: list[Ref]


class Receiver(NamedTuple):
    """Somebody who receives data."""

    anchor: str
    label: str
    role: str
    country: str
    contract: str
    transfer: str
    purposes: list[Ref]


class Document(NamedTuple):
    """A whole policy in words."""

    title: str
    lede: str
    items: list[Item]
    clauses: list[Clause]
    receivers: list[Receiver]
    places: list[str]
    choices: list[str]
    contact: str
    officer: str
    changes: list[str]


def document(policy: Policy) -> Document:
    """Return a policy in the reader's language."""
    names = words.Names(policy)
    return Document(
        title=_("What %(business)s does with your data") % {"business": policy.controller.name},
        lede=_lede(policy),
        items=[_item(names, name, item) for name, item in policy.data.items()],
        clauses=[_clause(names, name, purpose) for name, purpose in policy.purposes.items()],
        receivers=[_receiver(names, name) for name in policy.recipients],
        places=[_place(policy, number) for number in range(len(policy.storage))],
        choices=list(_choices(names)),
        contact=policy.controller.contact,
        officer=f"{policy.controller.dpo.name}, {policy.controller.dpo.contact}" if policy.controller.dpo else "",
        changes=list(_changes(policy)),
    )


def _lede(policy: Policy) -> str:
    kinds = ngettext("%(number)s kind of data", "%(number)s kinds of data", len(policy.data))
    purposes = ngettext("%(number)s purpose", "%(number)s purposes", len(policy.purposes))
    return _(
        "We collect %(kinds)s, use it for %(purposes)s and nothing else, and let go of it on its day. "
        "This text and the locks on the data are made from one file, so they cannot disagree."
    ) % {"kinds": kinds % {"number": len(policy.data)}, "purposes": purposes % {"number": len(policy.purposes)}}


def _ref(section: str, name: str, label: str) -> Ref:
    return Ref(f"{section}-{name}", label)


def _item(names: words.Names, name: str, item: DataItem) -> Item:
    purposes = purposes_of(names.policy, name)
    return Item(
        anchor=f"data-{name}",
        label=names.item(name),
        source={
            "subject": _("You give it to us."),
            "observed": _("It comes from what you do with us."),
            "derived": _("We compute it from other data."),
            "inferred": _("We infer it from other data."),
            "third_party": _("Somebody else gives it to us."),
        }[item.source],
        purposes=[_ref("purpose", one, names.purpose(one)) for one in purposes],
        marks=list(_marks(item)),
    )


def _marks(item: DataItem) -> Iterator[str]:
    if item.special is not None:
        yield words.word(words.SPECIALS, item.special)
    if item.isolate:
        yield _("sealed apart")
    if item.export == "describe_only":
        yield _("said to be held, never shown")
    if item.may_name_others:
        yield _("may name others")


def _clause(names: words.Names, name: str, purpose: Purpose) -> Clause:
    retention = purpose.retention
    return Clause(
        anchor=f"purpose-{name}",
        title=names.purpose(name),
        paragraphs=[text for text in (" ".join(_uses(names, purpose)), " ".join(_says(names, purpose))) if text],
        grounds=words.grounds(purpose.basis, names.policy.regimes),
        kept=words.kept(retention.keep, retention.since),
        then=words.word(words.ENDS, retention.then),
        recipients=[_ref("recipient", one, names.recipient(one)) for one in purpose.recipients],
    )


def _uses(names: words.Names, purpose: Purpose) -> Iterator[str]:
    needed = [names.item(item) for item, wish in purpose.data.items() if wish.need == "required"]
    optional = [names.item(item) for item, wish in purpose.data.items() if wish.need == "optional"]
    if needed:
        yield _("For this we need: %(items)s.") % {"items": words.listed(needed)}
    if optional:
        sentence = _("Where we have it, also: %(items)s.") if needed else _("Where we have it, we use: %(items)s.")
        yield sentence % {"items": words.listed(optional)}
    for item, wish in purpose.data.items():
        yield from _shown(names, item, wish)


def _shown(names: words.Names, item: str, wish: NeedWish) -> Iterator[str]:
    spec = names.policy.data.get(item)
    if spec is None or "masked" not in wish.show.values():
        return
    mask = spec.mask or DEFAULT_MASK.get(spec.type, "hidden")
    by_role = {role_label(role): how for role, how in wish.show.items() if role}
    known = {
        "item": names.item(item),
        "mask": words.word(words.MASKS, mask),
        "roles": words.listed([role for role, how in by_role.items() if how != wish.show[""]]),
    }
    if wish.show[""] == "masked":
        yield (
            _("%(item)s: nothing of it can be seen.") if mask == "hidden" else _("%(item)s: only %(mask)s can be seen.")
        ) % known
        if known["roles"]:
            yield _("All of it can be seen by: %(roles)s.") % known
    elif mask == "hidden":
        yield _("%(item)s: nothing of it can be seen by %(roles)s.") % known
    else:
        yield _("%(item)s: only %(mask)s can be seen by %(roles)s.") % known


def _says(names: words.Names, purpose: Purpose) -> Iterator[str]:
    basis, keeping = purpose.basis, purpose.retention
    if basis.law is not None:
        yield _("The law behind it: %(law)s.") % {"law": basis.law}
    if basis.interest is not None:
        yield _("Our interest: %(interest)s.") % {"interest": basis.interest.rstrip(".")}
    yield from _refusals(names, purpose)
    if keeping.overrides_erasure is not None:
        why = words.word(words.ERASURE_EXCEPTIONS, keeping.overrides_erasure)
        yield _("Even if you ask for erasure, it stays until then. The exception: %(why)s.") % {"why": why}
    if keeping.keep_suppression:
        yield _("A keyed number of your address stays, so that nobody asks you again.")
    if purpose.profiling:
        yield _("People are evaluated for it (profiling).")
    if purpose.automated_decision:
        yield _("A machine decides, without a person.")


def _refusals(names: words.Names, purpose: Purpose) -> Iterator[str]:
    if purpose.consent is not None:
        yield from _consent(purpose.consent)
    if purpose.opt_out is not None:
        yield from _opt_out(names, purpose.opt_out)
    elif may_object(purpose):
        yield _("You may object at any time; from then on nothing is opened for it.")


def _consent(consent: Consent) -> Iterator[str]:
    yield (
        _("Nothing is opened for it until you have agreed in so many words.")
        if consent.kind == "explicit"
        else _("Nothing is opened for it until you have agreed.")
    )
    channels = [words.word(words.CHANNELS, one) for one in consent.ask_in]
    if channels:
        yield _("We ask you here: %(channels)s.") % {"channels": words.listed(channels)}
    if consent.double_opt_in:
        yield _("Your yes counts once you have confirmed it.")
    if consent.expires is not None:
        yield _("It lasts %(period)s; then we ask again.") % {"period": words.period(consent.expires)}
    yield _("You can withdraw it at any time, and it works at once.")


def _opt_out(names: words.Names, opt_out: OptOut) -> Iterator[str]:
    if opt_out.one_click:
        yield _("One click in each message stops it.")
    if opt_out.gpc is not None:
        yield _("Your browser’s privacy signal (Global Privacy Control) stops it.")
    if opt_out.link is not None:
        yield _("The link “%(link)s” stops it.") % {"link": words.said(opt_out.link, names.default)}
    if not (opt_out.one_click or opt_out.gpc or opt_out.link):
        yield _("You can say no at any time.")
    if opt_out.ask_again_after is not None:
        period = words.period(opt_out.ask_again_after)
        yield _("After a no, nobody asks again for %(period)s.") % {"period": period}


def _receiver(names: words.Names, name: str) -> Receiver:
    spec = names.policy.recipients[name]
    contract, transfer = spec.contract, spec.transfer
    kinds = [words.word(words.CONTRACTS, kind) for kind in contract.kind] if contract is not None else []
    abroad = spec.country not in area(names.policy)
    return Receiver(
        anchor=f"recipient-{name}",
        label=names.recipient(name),
        role=words.word(words.ROLES, spec.role),
        country=words.country(spec.country),
        contract=words.listed(kinds),
        transfer=words.word(words.TRANSFERS, transfer.tool) if transfer is not None and abroad else "",
        purposes=[
            _ref("purpose", one, names.purpose(one))
            for one, purpose in names.policy.purposes.items()
            if name in purpose.recipients
        ],
    )


def _place(policy: Policy, number: int) -> str:
    place = policy.storage[number]
    known = {"place": words.word(words.PLACES, place.place), "country": words.country(place.country)}
    if place.keep is None:
        return _("%(place)s, in %(country)s") % known
    return _("%(place)s, in %(country)s, for %(period)s") % {**known, "period": words.period(place.keep)}


def _choices(names: words.Names) -> Iterator[str]:
    policy = names.policy
    consents = [names.purpose(name) for name, purpose in policy.purposes.items() if purpose.consent is not None]
    objects = [names.purpose(name) for name, purpose in policy.purposes.items() if may_object(purpose)]
    along = [names.purpose(name) for name, purpose in policy.purposes.items() if _portable(policy, purpose)]
    if consents:
        yield _("It rests on your consent, and you can withdraw it: %(purposes)s.") % {
            "purposes": words.listed(consents)
        }
    if objects:
        yield _("You may object to: %(purposes)s.") % {"purposes": words.listed(objects)}
    if along:
        yield _("You may take the data along that we use for: %(purposes)s.") % {"purposes": words.listed(along)}
    if policy.requests is not None and "access" in policy.requests.within:
        period = words.period(policy.requests.within["access"])
        yield _("When you ask what we hold, we answer within %(period)s.") % {"period": period}


def _portable(policy: Policy, purpose: Purpose) -> bool:
    denied = purpose.rights is not None and purpose.rights.portability is False
    return gdpr_like(policy) and bool(articles(purpose) & {"6.1.a", "6.1.b"}) and not denied


def _changes(policy: Policy) -> Iterator[str]:
    notice = policy.notice
    kinds = [words.word(words.CHANGES, kind) for kind in notice.material_when]
    yield _told(notice.on_material, _("when it matters to you"))
    if kinds:
        yield _("It matters when there is %(kinds)s.") % {"kinds": _either(kinds)}
    if notice.on_minor is not None:
        yield _told(notice.on_minor, _("of anything else"))


def _told(change: OnChange, when: str) -> str:
    channels = words.listed([words.word(words.NOTIFIED, one) for one in change.notify])
    known = {"when": when, "channels": channels, "period": words.period(change.before)}
    if change.before is None:
        return _("We tell you %(when)s: %(channels)s.") % known
    return _("We tell you %(when)s: %(channels)s, %(period)s before it counts.") % known


def _either(found: list[str]) -> str:
    if len(found) < 2:
        return "".join(found)
    return _("%(words)s or %(last)s") % {"words": ", ".join(found[:-1]), "last": found[-1]}


def role_label(role: str) -> str:
    """Return what a role is called; its name where this installation has no such role."""
    known = people.roles().get(role)
    return words.said(known.label, "en", role) if known is not None else role
