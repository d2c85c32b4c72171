"""What imports say in the reader's language: states, reasons, kinds of sources."""

from __future__ import annotations

import re

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from keepfold.policy.types import FieldSpec
from keepfold.ui.components import Badge
from keepfold.ui.words import in_language

Text = str | Promise

STATES: dict[str, tuple[Text, str, str]] = {
    "reading": (gettext_lazy("Reading"), "", "hourglass"),
    "choosing": (gettext_lazy("Choose a table"), "warn", "circle-alert"),
    "mapping": (gettext_lazy("Map columns"), "warn", "circle-alert"),
    "checking": (gettext_lazy("Dry run"), "", "hourglass"),
    "checked": (gettext_lazy("Ready to start"), "warn", "circle-alert"),
    "running": (gettext_lazy("Importing"), "", "hourglass"),
    "done": (gettext_lazy("Done"), "good", "circle-check"),
    "cancelled": (gettext_lazy("Cancelled"), "line", "circle-stop"),
    "failed": (gettext_lazy("Failed"), "bad", "circle-x"),
}
KINDS: dict[str, Text] = {
    "csv": gettext_lazy("CSV file"),
    "jsonl": gettext_lazy("JSON Lines file"),
    "parquet": gettext_lazy("Parquet file"),
    "sqlite": gettext_lazy("SQLite file"),
    "postgresql": gettext_lazy("PostgreSQL"),
    "mysql": gettext_lazy("MySQL or MariaDB"),
}
HOWS: dict[str, Text] = {
    "whole": gettext_lazy("as it is"),
    "lead": gettext_lazy("as it is, put first"),
    "first": gettext_lazy("its first word"),
    "last": gettext_lazy("its last word"),
    "rest": gettext_lazy("all but its first word"),
    "dmy.": gettext_lazy("a day like 31.12.2026"),
    "dmy/": gettext_lazy("a day like 31/12/2026"),
    "mdy/": gettext_lazy("a day like 12/31/2026"),
    "ymd/": gettext_lazy("a day like 2026/12/31"),
}
# Why values are refused; the English sentence of the refusal itself is more exact and shown to English readers.
REASONS: dict[str, Text] = {
    "boolean.malformed": gettext_lazy("It is neither yes nor no."),
    "card.checksum": gettext_lazy("Its check digit is wrong: a digit was mistyped."),
    "card.malformed": gettext_lazy("It is not a card number of 12 to 19 digits."),
    "country.unknown": gettext_lazy("It is not a country code (ISO 3166) or the name of a country."),
    "date.ambiguous": gettext_lazy("Day and month cannot be told apart; write it as YYYY-MM-DD."),
    "date.malformed": gettext_lazy("It is not a date; write it as YYYY-MM-DD."),
    "date.out-of-range": gettext_lazy("Its year is out of range."),
    "email.malformed": gettext_lazy("It is not an e-mail address that mail can be sent to."),
    "iban.checksum": gettext_lazy("Its check digits are wrong: something was mistyped."),
    "iban.malformed": gettext_lazy("It is not an IBAN of the country that it names."),
    "list.too-many": gettext_lazy("It has more items than the policy permits."),
    "number.malformed": gettext_lazy("It is not a number of the plain form -1234.5."),
    "number.out-of-range": gettext_lazy("It is too large or too small."),
    "number.too-precise": gettext_lazy("It has too many digits."),
    "phone.malformed": gettext_lazy("It is not a phone number."),
    "phone.no-country": gettext_lazy("It has no country code, and nothing says which country is meant."),
    "phone.not-possible": gettext_lazy("No phone number of that country has this many digits."),
    "postcode.malformed": gettext_lazy("It is not a postal code."),
    "reason.other": gettext_lazy("For other reasons."),
    "row.columns": gettext_lazy("This row has more or fewer columns than the header."),
    "row.unreadable": gettext_lazy("This row cannot be read."),
    "structure.unknown-part": gettext_lazy("It has a part that the policy does not name."),
    "text.too-long": gettext_lazy("It is longer than the policy permits."),
    "value.binary": gettext_lazy("This value is bytes, not text."),
    "value.date-format": gettext_lazy("This value is not a day of the form that was chosen."),
    "value.empty": gettext_lazy("It is empty."),
    "value.nested": gettext_lazy("This value is a list or an object; the data item takes one value."),
    "value.too-long": gettext_lazy("This value is far too long."),
    "value.unreadable": gettext_lazy("This value cannot be read."),
    "value.wrong-type": gettext_lazy("It is of another type than the data item."),
    "vault.identity-ambiguous": gettext_lazy("Its unique values belong to different people in the vault."),
    "vault.identity-taken": gettext_lazy("Somebody with this unique value is in the vault already."),
    "vault.person-exists": gettext_lazy("This person is in the vault already."),
    "vault.record-empty": gettext_lazy("Nothing is left of this row."),
    "vault.undeclared": gettext_lazy("The policy does not name this data item."),
}
TROUBLES: dict[str, Text] = {
    "intake.database-refused": gettext_lazy("The database refused. Check address, user, password, table or query."),
    "intake.database-unreadable": gettext_lazy("The database cannot be read."),
    "intake.given-up": gettext_lazy("The worker gave up on this import after several tries."),
    "intake.header-missing": gettext_lazy("The first row holds data, not the names of columns."),
    "intake.host-malformed": gettext_lazy("Write the name or address of a server, such as db.example.org."),
    "intake.host-not-allowed": gettext_lazy("The console may not connect to this server."),
    "intake.host-unknown": gettext_lazy("There is no server of this name."),
    "intake.no-tables": gettext_lazy("This database holds no table that you may read."),
    "intake.not-json-lines": gettext_lazy("The file holds no JSON object on a line of its own."),
    "intake.owner-gone": gettext_lazy("Whoever began this import does not work here any more."),
    "intake.path-not-allowed": gettext_lazy("There is no such file in the folders that may be imported from."),
    "intake.policy-changed": gettext_lazy("Another policy became active in the meantime. What is in stays in."),
    "intake.rows-too-large": gettext_lazy("Some rows are too large to be imported."),
    "intake.source-empty": gettext_lazy("The file is empty."),
    "intake.source-encoding": gettext_lazy("The text of this file cannot be read in its encoding."),
    "intake.source-not-parquet": gettext_lazy("This is not a readable Parquet file."),
    "intake.source-not-text": gettext_lazy("This is not a text file."),
    "intake.source-other": gettext_lazy("This is a spreadsheet, an archive or a document, not a table."),
    "intake.source-slow": gettext_lazy("This source answers too slowly."),
    "intake.source-unknown": gettext_lazy("This file is of no kind that can be imported."),
    "intake.source-unpacks": gettext_lazy("Unpacked, this source is far larger than it looks, or it is damaged."),
    "intake.source-unreadable": gettext_lazy("This source cannot be read."),
    "intake.table-missing": gettext_lazy("There is no such table in this source."),
    "intake.too-many-columns": gettext_lazy("This source has too many columns."),
    "intake.upload-gone": gettext_lazy("The uploaded file is not there any more."),
}
NEXT: dict[str, Text] = {
    "intake.given-up": gettext_lazy(
        "Look at the jobs for the reason, then begin a new import. Who is in stays in and is skipped."
    ),
    "intake.header-missing": gettext_lazy("Put a row with the names of the columns on top, then upload it again."),
    "intake.host-not-allowed": gettext_lazy("Whoever runs Keepfold can add it to the setting import_hosts."),
    "intake.path-not-allowed": gettext_lazy("Whoever runs Keepfold can add a folder to the setting import_folders."),
    "intake.policy-changed": gettext_lazy("Look at the source again; who is in is skipped."),
    "intake.source-encoding": gettext_lazy("Save it as UTF-8, then upload it again."),
    "intake.source-other": gettext_lazy("Unpack it, or save the sheet as CSV, and upload that."),
    "intake.source-unknown": gettext_lazy("Upload a file that ends in .csv, .tsv, .jsonl, .parquet or .sqlite."),
    "intake.source-unpacks": gettext_lazy("Write it anew as CSV and upload that."),
}
_WHYS: dict[str, Text] = {
    "the same name": gettext_lazy("the same name"),
    "the name is its label": gettext_lazy("the name is its label"),
    "the name means the same": gettext_lazy("the name means the same"),
    "the name means something close": gettext_lazy("the name means something close"),
    "given and family name joined": gettext_lazy("given and family name joined"),
    "the first word of the name; check": gettext_lazy("the first word of the name; look whether that is right"),
    "the other words of the name; check": gettext_lazy("the other words of the name; look whether that is right"),
    "both lines of the address joined": gettext_lazy("both lines of the address joined"),
}
_THINGS: dict[str, Text] = {
    "e-mail addresses": gettext_lazy("e-mail addresses"),
    "phone numbers": gettext_lazy("phone numbers"),
    "dates": gettext_lazy("dates"),
    "IBANs": gettext_lazy("IBANs"),
    "payment card numbers": gettext_lazy("payment card numbers"),
    "countries": gettext_lazy("countries"),
    "numbers": gettext_lazy("numbers"),
    "yes or no": gettext_lazy("yes or no"),
    "postcodes": gettext_lazy("postcodes"),
    "names": gettext_lazy("names"),
    "nothing": gettext_lazy("nothing"),
    "a number of the old system": gettext_lazy("a number of the old system"),
    "who looks after the customer": gettext_lazy("who looks after the customer"),
    "a fax number": gettext_lazy("a fax number"),
    "a company": gettext_lazy("a company"),
    "a payment card number": gettext_lazy("a payment card number"),
    "a card's security code": gettext_lazy("a card's security code"),
    "an identity or tax number": gettext_lazy("an identity or tax number"),
    "a password": gettext_lazy("a password"),
    "a date of birth": gettext_lazy("a date of birth"),
    "free text": gettext_lazy("free text"),
}
_SHARE = re.compile(r"(?P<why>[^;]+); (?P<share>\d+) % look like (?P<thing>.+)")
_LOOKS = re.compile(r"the values look like (?P<thing>.+)")
_BUT = re.compile(r"(?P<why>[^;,]+), but few values look like (?P<thing>.+)")


def state(name: str) -> Badge:
    """Return a state as a badge."""
    label, tone, icon = STATES[name]
    return Badge(label, tone, icon)


def kind(name: str) -> Text:
    """Return what a kind of source is called."""
    return KINDS.get(name, _("Source"))


def reason(code: str, message: str) -> str:
    """Return why something was refused, in the reader's language as far as we have it."""
    return message if _reads_english() else str(REASONS.get(code, message))


def trouble(code: str, detail: str) -> str:
    """Return why an import failed."""
    return detail if _reads_english() else str(TROUBLES.get(code, detail))


def next_step(code: str, given: str) -> str:
    """Return what to do about it. What is said on the command line names options that a page does not have."""
    return str(NEXT[code]) if code in NEXT else "" if "--" in given or "KEEPFOLD_" in given else given


def why(text: str) -> str:
    """Return the reason of a proposal."""
    if match := _SHARE.fullmatch(text):
        given = {"why": _known(match["why"]), "share": match["share"], "thing": thing(match["thing"])}
        return _("%(why)s; %(share)s %% look like %(thing)s") % given
    if match := _LOOKS.fullmatch(text):
        return _("the values look like %(thing)s") % {"thing": thing(match["thing"])}
    if match := _BUT.fullmatch(text):
        given = {"why": _known(match["why"]), "thing": thing(match["thing"])}
        return _("%(why)s, but few values look like %(thing)s") % given
    return _known(text)


def thing(text: str) -> str:
    """Return what a column seems to hold."""
    return str(_THINGS.get(text, text))


def _known(text: str) -> str:
    return str(_WHYS.get(text, text))


def item(spec: FieldSpec, part: str = "") -> str:
    """Return what a data item, or a part of one, is called."""
    label = in_language(spec.label, spec.name)
    return f"{label} › {part}" if part else label


def _reads_english() -> bool:
    return (get_language() or "en").startswith("en")
