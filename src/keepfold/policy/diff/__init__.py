"""What became wider, what narrower, between two policies: each difference as a sentence.

No difference is left out: whatever no comparison names is reported as a neutral change of its section. A change is
material when the old or the new `notice.material_when` lists its kind, so that a policy cannot free itself of the
promise it changes.
"""

from __future__ import annotations

from keepfold.policy.diff.base import Draft
from keepfold.policy.diff.data import data_changes
from keepfold.policy.diff.other import other_changes
from keepfold.policy.diff.purpose import purpose_changes
from keepfold.policy.diff.recipient import recipient_changes
from keepfold.policy.format.document import Policy
from keepfold.policy.types import Change

__all__ = ["diff"]


def diff(old: Policy, new: Policy) -> tuple[Change, ...]:
    """Return every difference, the material ones first, otherwise in the order of the file."""
    drafts = [
        *data_changes(old, new),
        *purpose_changes(old, new),
        *recipient_changes(old, new),
        *other_changes(old, new),
    ]
    if not drafts and old != new:
        drafts = [Draft("policy.rewritten", "neutral", "policy", "The same is written in another way.")]
    material: set[str] = {*old.notice.material_when, *new.notice.material_when}
    changes = [_change(draft, material) for draft in drafts]
    return tuple(sorted(changes, key=lambda change: not change.material))


def _change(draft: Draft, material: set[str]) -> Change:
    return Change(
        kind=draft.kind,
        effect=draft.effect,
        material=draft.kind in material,
        path=draft.path,
        sentence=draft.sentence,
        purposes=draft.purposes,
    )
