"""Differences of recipients and places."""

from __future__ import annotations

from collections.abc import Iterator

from keepfold.policy.checks.base import area
from keepfold.policy.diff.base import Draft, leftovers, pairs
from keepfold.policy.format.document import Policy, Recipient, Storage

_ROLES = ("processor", "joint_controller", "controller", "authority", "third_party")
_LOOKED_AT = {"country", "role", "transfer", "label", "was"}


def recipient_changes(old: Policy, new: Policy) -> Iterator[Draft]:
    """Yield every difference of the recipients and of the places where data lies."""
    for before, was, name, is_ in pairs(old.recipients, new.recipients):
        for draft in _recipient(new, (before, was), (name, is_)):
            yield Draft(
                draft.kind, draft.effect, draft.path, draft.sentence, _sending(new, name) or _sending(old, before)
            )
    yield from _storage(old, new)


def _recipient(
    new: Policy, before: tuple[str, Recipient | None], after: tuple[str, Recipient | None]
) -> Iterator[Draft]:
    (former, was), (name, is_) = before, after
    path = f"recipients.{name}"
    if is_ is None:
        yield Draft("recipient.removed", "narrower", path, f"`{former}` no longer receives data.")
    elif was is None:
        yield Draft("recipient.added", "wider", path, f"`{name}` ({is_.country}) receives data.")
        yield from _abroad(new, path, name, None, is_)
    else:
        if former != name:
            yield Draft("recipient.renamed", "neutral", path, f"`{former}` is now called `{name}`.")
        yield from _same(new, path, name, was, is_)


def _same(new: Policy, path: str, name: str, was: Recipient, is_: Recipient) -> Iterator[Draft]:
    if was.role != is_.role:
        wider = _ROLES.index(is_.role) > _ROLES.index(was.role)
        kind = "recipient.widened" if wider else "recipient.narrowed"
        sentence = f"`{name}` acts as {is_.role}, no longer as {was.role}."
        yield Draft(kind, "wider" if wider else "narrower", f"{path}.role", sentence)
    if was.country != is_.country:
        sentence = f"`{name}` is in {is_.country}, no longer in {was.country}."
        yield Draft("recipient.changed", "neutral", f"{path}.country", sentence)
    yield from _abroad(new, path, name, was, is_)
    if was.label != is_.label:
        yield Draft("label.changed", "neutral", f"{path}.label", f"`{name}` is described in other words.")
    yield from leftovers("recipient.changed", path, was, is_, _LOOKED_AT, f"`{name}`")


def _abroad(
    new: Policy, path: str, name: str, was: Recipient | Storage | None, is_: Recipient | Storage
) -> Iterator[Draft]:
    beyond = is_.country not in area(new)
    before = was is not None and was.country == is_.country
    if beyond and not before:
        yield Draft("transfer.added", "wider", path, f"Data leaves the area: `{name}` is in {is_.country}.")
    elif was is not None and not beyond and was.country not in area(new):
        yield Draft("transfer.removed", "narrower", path, f"Data for `{name}` no longer leaves the area.")
    if was is not None and was.transfer != is_.transfer:
        yield Draft("transfer.changed", "neutral", f"{path}.transfer", f"The transfer tool for `{name}` was changed.")


def _storage(old: Policy, new: Policy) -> Iterator[Draft]:
    before, after = _numbered(old.storage), _numbered(new.storage)
    for key, place in after.items():
        path, called = f"storage.{place.place}", place.place
        was = before.get(key)
        if was is None:
            yield Draft("storage.moved", "wider", path, f"Data lies in a new place, `{called}` ({place.country}).")
            yield from _abroad(new, path, called, None, place)
        elif was != place:
            yield from _moved(new, path, was, place)
    for key, place in before.items():
        if key not in after:
            yield Draft(
                "storage.removed", "narrower", f"storage.{place.place}", f"No data lies in `{place.place}` any more."
            )
    if old.storage != new.storage and before == after:
        yield Draft("storage.changed", "neutral", "storage", "The places are in another order.")


def _moved(new: Policy, path: str, was: Storage, is_: Storage) -> Iterator[Draft]:
    if was.country != is_.country:
        sentence = f"`{is_.place}` is in {is_.country}, no longer in {was.country}."
        yield Draft("storage.moved", "wider" if is_.country not in area(new) else "neutral", path, sentence)
    if was.keep != is_.keep:
        longer = is_.keep is None or (was.keep is not None and is_.keep.rough_days > was.keep.rough_days)
        sentence = f"Copies in `{is_.place}` last {is_.keep.text if is_.keep else 'for ever'}."
        yield Draft(
            "retention.longer" if longer else "retention.shorter", "wider" if longer else "narrower", path, sentence
        )
    yield from _abroad(new, path, is_.place, was, is_)


def _numbered(places: tuple[Storage, ...]) -> dict[tuple[str, int], Storage]:
    """Key places by their name and how often it came before."""
    seen: dict[str, int] = {}
    keyed: dict[tuple[str, int], Storage] = {}
    for place in places:
        seen[place.place] = seen.get(place.place, 0) + 1
        keyed[place.place, seen[place.place]] = place
    return keyed


def _sending(policy: Policy, recipient: str) -> tuple[str, ...]:
    return tuple(name for name, purpose in policy.purposes.items() if recipient in purpose.recipients)
