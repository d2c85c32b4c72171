"""Recipients and places: declared, used, under contract, and within the area or on a transfer tool."""

from __future__ import annotations

from collections.abc import Iterator

from keepfold import packs
from keepfold.policy.checks.base import Found, area, check, gdpr_like
from keepfold.policy.format.document import Policy, Transfer
from keepfold.policy.format.nearest import did_you_mean


@check("recipient.unknown", "A purpose names only recipients that are declared.", source="GDPR Art. 13(1)(e)")
def unknown(policy: Policy) -> Iterator[Found]:
    """Refuse a recipient that is not listed."""
    for name, purpose in policy.purposes.items():
        for number, recipient in enumerate(purpose.recipients):
            if recipient not in policy.recipients:
                message = f"`{recipient}` is not declared under `recipients`."
                path = ("purposes", name, "recipients", str(number))
                yield Found(path, message, did_you_mean(recipient, policy.recipients))


@check("recipient.unused", "Every recipient receives data for a purpose.")
def unused(policy: Policy) -> Iterator[Found]:
    """Refuse a recipient without purpose."""
    named = {recipient for purpose in policy.purposes.values() for recipient in purpose.recipients}
    for name in policy.recipients:
        if name not in named:
            yield Found(("recipients", name), f"No purpose sends data to `{name}`.")


@check("recipient.rename-clash", "A recipient was called by a name that no other recipient has.")
def rename_clash(policy: Policy) -> Iterator[Found]:
    """Refuse a former name that is still in use."""
    for name, recipient in policy.recipients.items():
        if recipient.was in policy.recipients:
            yield Found(("recipients", name, "was"), f"`{recipient.was}` is still a recipient of its own.")


@check("recipient.label-missing", "People are told who receives their data.", severity="warning")
def label_missing(policy: Policy) -> Iterator[Found]:
    """Warn when the notice would have to show an id."""
    for name, recipient in policy.recipients.items():
        if recipient.label is None:
            yield Found(("recipients", name), f"The notice has no name for `{name}`.", "Add `label: …`.")


@check("recipient.contract-missing", "A processor is bound by a contract.", source="GDPR Art. 28(3)")
def contract_missing(policy: Policy) -> Iterator[Found]:
    """Refuse a processor without contract."""
    for name, recipient in policy.recipients.items():
        if recipient.role == "processor" and recipient.contract is None:
            hint = "Add `contract: {kind: dpa, signed: …, review: P1Y}`."
            yield Found(("recipients", name), f"`{name}` is a processor without a contract.", hint)


@check("recipient.review-missing", "The contract with a processor is reviewed.", source="GDPR Art. 28(1)")
def review_missing(policy: Policy) -> Iterator[Found]:
    """Refuse a contract that nobody looks at again."""
    for name, recipient in policy.recipients.items():
        if recipient.role == "processor" and recipient.contract is not None and recipient.contract.review is None:
            yield Found(
                ("recipients", name, "contract"), f"Nobody reviews the contract with `{name}`.", "Add `review: P1Y`."
            )


@check(
    "recipient.transfer-missing", "A recipient beyond the controller's area has a transfer tool.", source="GDPR Art. 44"
)
def transfer_missing(policy: Policy) -> Iterator[Found]:
    """Refuse a transfer without tool."""
    for name, recipient in policy.recipients.items():
        if gdpr_like(policy) and recipient.transfer is None and recipient.country not in area(policy):
            hint = "Add `transfer: {tool: A46-2-c, assessed: …}`."
            yield Found(("recipients", name), f"`{name}` is in {recipient.country}, beyond the area.", hint)


@check("storage.transfer-missing", "A place beyond the controller's area has a transfer tool.", source="GDPR Art. 44")
def storage_transfer_missing(policy: Policy) -> Iterator[Found]:
    """Refuse a place abroad without tool."""
    for number, place in enumerate(policy.storage):
        if gdpr_like(policy) and place.transfer is None and place.country not in area(policy):
            hint = "Add `transfer: {tool: A46-2-c, assessed: …}`."
            yield Found(("storage", str(number)), f"`{place.place}` is in {place.country}, beyond the area.", hint)


@check("recipient.transfer-unknown", "A transfer tool is an article of GDPR chapter V.", source="DPV 2.3, eu-gdpr")
def transfer_unknown(policy: Policy) -> Iterator[Found]:
    """Refuse a tool that does not exist."""
    tools = packs.keys("vocabulary", "gdpr-transfers.txt")
    for path, transfer in _transfers(policy):
        if transfer.tool not in tools:
            message = f"`{transfer.tool}` is no transfer tool."
            yield Found((*path, "transfer", "tool"), message, did_you_mean(transfer.tool, tools))


@check("country.unknown", "Every country code exists.", source="ISO 3166-1")
def country_unknown(policy: Policy) -> Iterator[Found]:
    """Refuse a code that no country has."""
    known = packs.keys("vocabulary", "countries.txt")
    for path, code in _countries(policy):
        if code not in known:
            hint = "The United Kingdom is `GB`." if code == "UK" else ""
            yield Found((*path, "country"), f"`{code}` is not a country code.", hint)


def _transfers(policy: Policy) -> Iterator[tuple[tuple[str, ...], Transfer]]:
    for name, recipient in policy.recipients.items():
        if recipient.transfer is not None:
            yield ("recipients", name), recipient.transfer
    for number, place in enumerate(policy.storage):
        if place.transfer is not None:
            yield ("storage", str(number)), place.transfer


def _countries(policy: Policy) -> Iterator[tuple[tuple[str, ...], str]]:
    yield ("controller",), policy.controller.country
    for name, recipient in policy.recipients.items():
        yield ("recipients", name), recipient.country
    for number, place in enumerate(policy.storage):
        yield ("storage", str(number)), place.country
