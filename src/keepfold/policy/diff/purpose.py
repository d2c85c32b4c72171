"""Differences of purposes: their data, ground, consent, opt-out, keeping, recipients and people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from keepfold.policy.diff.base import Draft, leftovers, listed, pairs, renames
from keepfold.policy.format.document import Consent, OptOut, Policy, Purpose, Retention
from keepfold.policy.format.sugar import NeedWish
from keepfold.policy.format.values import Period
from keepfold.policy.types import Effect

_LOOKED_AT = frozenset({
    "label", "was", "data", "basis", "consent", "opt_out", "retention", "recipients", "subjects", "profiling",
    "automated_decision",
})  # fmt: skip
_REGIMES = ("gdpr", "uk_gdpr", "ccpa", "hipaa", "glba")
_SALES = {"sell", "share"}
_CONSENT = {"6.1.a", "authorization"}


def purpose_changes(old: Policy, new: Policy) -> Iterator[Draft]:
    """Yield every difference of the purposes."""
    for before, old_purpose, name, new_purpose in pairs(old.purposes, new.purposes):
        for draft in _purpose(old, new, (before, old_purpose), (name, new_purpose)):
            yield Draft(draft.kind, draft.effect, draft.path, draft.sentence, (name,))


def _purpose(
    old: Policy, new: Policy, before: tuple[str, Purpose | None], after: tuple[str, Purpose | None]
) -> Iterator[Draft]:
    (former, was), (name, is_) = before, after
    path = f"purposes.{name}"
    if is_ is None:
        yield Draft("purpose.removed", "narrower", path, f"Data is no longer used for `{former}`.")
    elif was is None:
        yield Draft("purpose.added", "wider", path, f"Data is used for a new purpose, `{name}`.")
        yield from _sale(path, name, None, is_)
    else:
        if former != name:
            yield Draft("purpose.renamed", "neutral", path, f"`{former}` is now called `{name}`.")
        yield from _both(old, new, (path, name), was, is_)


def _both(old: Policy, new: Policy, at: tuple[str, str], was: Purpose, is_: Purpose) -> Iterator[Draft]:
    path, name = at
    yield from _data(old, new, at, was, is_)
    yield from _ground(at, was, is_)
    yield from _sale(path, name, was, is_)
    yield from _consent(at, was.consent, is_.consent)
    yield from _opt_out(at, was.opt_out, is_.opt_out)
    yield from _retention(at, was.retention, is_.retention)
    yield from _recipients(old, new, at, was, is_)
    yield from _people(old, new, at, was, is_)
    yield from _flags(at, was, is_)
    if was.label != is_.label:
        yield Draft("label.changed", "neutral", f"{path}.label", f"`{name}` is described in other words.")
    yield from leftovers("purpose.changed", path, was, is_, _LOOKED_AT, f"`{name}`")


def _data(old: Policy, new: Policy, at: tuple[str, str], was: Purpose, is_: Purpose) -> Iterator[Draft]:
    path, name = at
    former = renames(old.data, new.data)
    before = {former.get(item, item): item for item in is_.data}
    for item, wish in is_.data.items():
        earlier = was.data.get(former.get(item, item))
        if earlier is None:
            yield Draft("purpose.widened", "wider", f"{path}.data.{item}", f"`{name}` uses `{item}` as well.")
        else:
            yield from _need(f"{path}.data.{item}", f"`{name}`: `{item}`", earlier, wish)
    for item in was.data:
        if item not in before:
            yield Draft("purpose.narrowed", "narrower", f"{path}.data.{item}", f"`{name}` no longer uses `{item}`.")


def _need(path: str, called: str, was: NeedWish, is_: NeedWish) -> Iterator[Draft]:
    if was.need != is_.need:
        wider = is_.need == "required"
        kind = "purpose.widened" if wider else "purpose.narrowed"
        yield Draft(kind, "wider" if wider else "narrower", path, f"{called} is {is_.need}, no longer {was.need}.")
    yield from _shown(path, called, was.show, is_.show)


def _shown(path: str, called: str, was: Mapping[str, str], is_: Mapping[str, str]) -> Iterator[Draft]:
    changed = False
    for role in sorted({*was, *is_}):
        earlier, now = was.get(role, was[""]), is_.get(role, is_[""])
        if earlier != now:
            changed = True
            wider, whom = now == "clear", f"`{role}`" if role else "everybody"
            kind = "show.clearer" if wider else "show.stricter"
            yield Draft(kind, "wider" if wider else "narrower", path, f"{called} is shown {now} to {whom}.")
    if not changed and was != is_:
        # Who holds several roles may see something else.
        yield Draft("purpose.changed", "neutral", path, f"{called} is shown by other rules to some roles.")


def _ground(at: tuple[str, str], was: Purpose, is_: Purpose) -> Iterator[Draft]:
    path, name = f"{at[0]}.basis", at[1]
    for regime in _REGIMES:
        earlier, now = getattr(was.basis, regime), getattr(is_.basis, regime)
        if earlier == now:
            continue
        if earlier is None or now is None:
            sentence = f"`{name}` has {'a' if now else 'no longer a'} ground under `{regime}`."
            yield Draft("basis.added" if now else "basis.removed", "neutral", path, sentence)
        else:
            sentence = f"`{name}` rests on `{now}` under `{regime}`, no longer on `{earlier}`."
            yield Draft("basis.changed", _ground_effect(earlier, now), path, sentence)
    yield from _ground_details(path, name, was, is_)


def _ground_details(path: str, name: str, was: Purpose, is_: Purpose) -> Iterator[Draft]:
    for key in ("special", "criminal", "automated"):
        if getattr(was.basis, key) != getattr(is_.basis, key):
            yield Draft("basis.changed", "neutral", f"{path}.{key}", f"`{name}`: the ground `{key}` was changed.")
    looked_at = {*_REGIMES, "special", "criminal", "automated"}
    yield from leftovers("basis.detail", path, was.basis, is_.basis, looked_at, f"The ground of `{name}`")


def _ground_effect(was: str, is_: str) -> Effect:
    if was in _CONSENT:
        return "wider"
    return "narrower" if is_ in _CONSENT else "neutral"


def _sale(path: str, name: str, was: Purpose | None, is_: Purpose) -> Iterator[Draft]:
    before = was is not None and was.basis.ccpa in _SALES
    now = is_.basis.ccpa in _SALES
    if now and not before:
        yield Draft("sale_or_share.added", "wider", f"{path}.basis", f"`{name}` sells or shares data.")
    elif before and not now:
        yield Draft("sale_or_share.removed", "narrower", f"{path}.basis", f"`{name}` no longer sells or shares data.")


def _consent(at: tuple[str, str], was: Consent | None, is_: Consent | None) -> Iterator[Draft]:
    path, name = f"{at[0]}.consent", at[1]
    if was is None or is_ is None:
        if was is not is_:
            asked = is_ is not None
            yield _strength(
                "consent", path, f"Consent to `{name}` is {'asked' if asked else 'no longer asked'}.", weaker=not asked
            )
        return
    if was.kind != is_.kind:
        yield _strength("consent", path, f"Consent to `{name}` is `{is_.kind}`.", weaker=is_.kind == "opt_in")
    if was.double_opt_in != is_.double_opt_in:
        how = "confirmed" if is_.double_opt_in else "no longer confirmed"
        yield _strength("consent", path, f"Consent to `{name}` is {how}.", weaker=not is_.double_opt_in)
    if _lasts(was.expires) != _lasts(is_.expires):
        sentence = f"Consent to `{name}` lasts {_lasting(is_.expires)} instead of {_lasting(was.expires)}."
        yield _strength("consent", path, sentence, weaker=_longer(is_.expires, was.expires))
    if set(was.proof) - set(is_.proof):
        yield _strength("consent", path, f"Less is kept to prove consent to `{name}`.", weaker=True)
    yield from leftovers("consent.changed", path, was, is_, {"kind", "double_opt_in", "expires"}, f"`{name}`")


def _opt_out(at: tuple[str, str], was: OptOut | None, is_: OptOut | None) -> Iterator[Draft]:
    path, name = f"{at[0]}.opt_out", at[1]
    if was is None or is_ is None:
        if was is not is_:
            yield _strength(
                "opt_out",
                path,
                f"People can {'opt out of' if is_ else 'no longer opt out of'} `{name}`.",
                weaker=is_ is None,
            )
        return
    if was.gpc != is_.gpc:
        sentence = f"The privacy signal {'closes' if is_.gpc else 'no longer closes'} `{name}`."
        yield _strength("opt_out", path, sentence, weaker=is_.gpc is None)
    if was.one_click != is_.one_click:
        sentence = f"One click {'stops' if is_.one_click else 'no longer stops'} `{name}`."
        yield _strength("opt_out", path, sentence, weaker=not is_.one_click)
    if _lasts(was.within) != _lasts(is_.within):
        sentence = f"Opting out of `{name}` takes effect within {_lasting(is_.within)}."
        yield _strength("opt_out", path, sentence, weaker=_longer(is_.within, was.within))
    if _lasts(was.ask_again_after) != _lasts(is_.ask_again_after):
        sentence = f"After opting out of `{name}` people are asked again after {_lasting(is_.ask_again_after)}."
        yield _strength("opt_out", path, sentence, weaker=_longer(was.ask_again_after, is_.ask_again_after))
    looked_at = {"gpc", "one_click", "within", "ask_again_after"}
    yield from leftovers("opt_out.changed", path, was, is_, looked_at, f"Opting out of `{name}`")


def _retention(at: tuple[str, str], was: Retention, is_: Retention) -> Iterator[Draft]:
    path, name = f"{at[0]}.retention", at[1]
    if _lasts(was.keep) != _lasts(is_.keep):
        longer = is_.keep.rough_days > was.keep.rough_days
        kind = "retention.longer" if longer else "retention.shorter"
        sentence = f"`{name}` keeps data for {is_.keep.text} instead of {was.keep.text}."
        yield Draft(kind, "wider" if longer else "narrower", path, sentence)
    if was.since != is_.since:
        # Nobody can tell in advance which moment comes later, so the wider reading counts.
        sentence = f"`{name}` counts from `{is_.since.text}`, no longer from `{was.since.text}`."
        yield Draft("retention.longer", "wider", path, sentence)
    yield from _retention_end(path, name, was, is_)


def _retention_end(path: str, name: str, was: Retention, is_: Retention) -> Iterator[Draft]:
    if was.then != is_.then:
        wider = was.then == "erase"
        kind = "retention.longer" if wider else "retention.shorter"
        yield Draft(kind, "wider" if wider else "narrower", path, f"At the end `{name}` does `{is_.then}`.")
    if was.overrides_erasure != is_.overrides_erasure:
        wider = is_.overrides_erasure is not None
        how = (
            f"outlives a request for erasure ({is_.overrides_erasure})" if wider else "ends with a request for erasure"
        )
        kind = "retention.longer" if wider else "retention.shorter"
        yield Draft(kind, "wider" if wider else "narrower", path, f"Data of `{name}` {how}.")
    looked_at = {"keep", "since", "then", "overrides_erasure"}
    yield from leftovers("retention.changed", path, was, is_, looked_at, f"Keeping data for `{name}`")


def _recipients(old: Policy, new: Policy, at: tuple[str, str], was: Purpose, is_: Purpose) -> Iterator[Draft]:
    path, name = f"{at[0]}.recipients", at[1]
    former = renames(old.recipients, new.recipients)
    before, now = set(was.recipients), {former.get(recipient, recipient) for recipient in is_.recipients}
    if now - before:
        yield Draft("recipient.added", "wider", path, f"`{name}` sends data to {listed(now - before)}.")
    if before - now:
        yield Draft("recipient.removed", "narrower", path, f"`{name}` no longer sends data to {listed(before - now)}.")
    if before == now and was.recipients != is_.recipients and not former:
        yield Draft("purpose.changed", "neutral", path, f"The recipients of `{name}` are in another order.")


def _people(old: Policy, new: Policy, at: tuple[str, str], was: Purpose, is_: Purpose) -> Iterator[Draft]:
    path, name = f"{at[0]}.subjects", at[1]
    before, now = set(was.subjects or old.subjects), set(is_.subjects or new.subjects)
    if now - before:
        yield Draft("subjects.widened", "wider", path, f"`{name}` concerns {listed(now - before)} as well.")
    if before - now:
        yield Draft("subjects.narrowed", "narrower", path, f"`{name}` no longer concerns {listed(before - now)}.")
    if before == now and was.subjects != is_.subjects:
        yield Draft("purpose.changed", "neutral", path, f"The groups of `{name}` are written in another way.")


def _flags(at: tuple[str, str], was: Purpose, is_: Purpose) -> Iterator[Draft]:
    for key, doing in (("profiling", "evaluates people"), ("automated_decision", "lets a machine decide")):
        if getattr(was, key) != getattr(is_, key):
            now = getattr(is_, key)
            sentence = f"`{at[1]}` {'' if now else 'no longer '}{doing}."
            kind = f"{key}.added" if now else f"{key}.removed"
            yield Draft(kind, "wider" if now else "narrower", f"{at[0]}.{key}", sentence)


def _strength(block: str, path: str, sentence: str, *, weaker: bool) -> Draft:
    return Draft(
        f"{block}.{'weakened' if weaker else 'strengthened'}", "wider" if weaker else "narrower", path, sentence
    )


def _longer(one: Period | None, other: Period | None) -> bool:
    """Say whether one period is longer; none at all is the longest."""
    if one is None or other is None:
        return one is None
    return one.rough_days > other.rough_days


def _lasts(period: Period | None) -> tuple[int, int, int] | None:
    """Return what a period amounts to, however it is written."""
    return None if period is None else (period.months, period.days, period.business_days)


def _lasting(period: Period | None) -> str:
    return period.text if period is not None else "for ever"
