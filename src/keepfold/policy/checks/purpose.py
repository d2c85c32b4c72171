"""Purposes: they exist, name what exists, and concern somebody."""

from __future__ import annotations

from collections.abc import Iterator

from keepfold.policy.checks.base import Found, check
from keepfold.policy.format.document import Policy
from keepfold.policy.format.nearest import did_you_mean


@check("purpose.none", "A policy has at least one purpose.", source="GDPR Art. 5(1)(b)")
def none(policy: Policy) -> Iterator[Found]:
    """Refuse a policy without purposes."""
    if not policy.purposes:
        yield Found(("purposes",), "There is no purpose, so nothing could ever be opened.")


@check("purpose.data-unknown", "A purpose needs only data items that are declared.")
def data_unknown(policy: Policy) -> Iterator[Found]:
    """Refuse a need for data that is not listed."""
    for name, purpose in policy.purposes.items():
        for item in purpose.data:
            if item not in policy.data:
                message = f"`{name}` needs `{item}`, which is not declared under `data`."
                yield Found(("purposes", name, "data", item), message, did_you_mean(item, policy.data))


@check("purpose.data-none", "A purpose needs at least one data item.")
def data_none(policy: Policy) -> Iterator[Found]:
    """Refuse a purpose that uses nothing."""
    for name, purpose in policy.purposes.items():
        if not purpose.data:
            yield Found(("purposes", name, "data"), f"`{name}` needs no data, so it is no purpose.")


@check("subject.none", "A policy names at least one group of people.", source="GDPR Art. 30(1)(c)")
def subject_none(policy: Policy) -> Iterator[Found]:
    """Refuse a policy about nobody."""
    if not policy.subjects:
        yield Found(("subjects",), "No group of people is named.", "Add `subjects: {customer: {label: Customers}}`.")


@check("subject.unknown", "A purpose concerns only groups that are declared.")
def subject_unknown(policy: Policy) -> Iterator[Found]:
    """Refuse a group that is not listed."""
    for name, purpose in policy.purposes.items():
        for number, subject in enumerate(purpose.subjects):
            if subject not in policy.subjects:
                message = f"`{subject}` is not declared under `subjects`."
                yield Found(
                    ("purposes", name, "subjects", str(number)), message, did_you_mean(subject, policy.subjects)
                )


@check("purpose.rename-clash", "A purpose was called by a name that no other purpose has or had.")
def rename_clash(policy: Policy) -> Iterator[Found]:
    """Refuse a former name that is still in use or claimed twice."""
    claimed: dict[str, str] = {}
    for name, purpose in policy.purposes.items():
        if purpose.was is None:
            continue
        if purpose.was in policy.purposes:
            yield Found(("purposes", name, "was"), f"`{purpose.was}` is still a purpose of its own.")
        elif purpose.was in claimed:
            yield Found(
                ("purposes", name, "was"), f"`{claimed[purpose.was]}` says already that it was `{purpose.was}`."
            )
        claimed[purpose.was] = name
