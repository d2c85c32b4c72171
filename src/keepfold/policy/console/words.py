"""The words of policies in the reader's language: grounds, times, moments, kinds. Labels are the policy's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from babel import Locale, UnknownLocaleError
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from keepfold.policy.format.document import Basis, Policy
from keepfold.policy.format.sugar import Label
from keepfold.policy.format.values import Moment, Period

Text = str | Promise
_PARTS = re.compile(r"([0-9]+)(Y|M|W|D|BD)")


class Word(NamedTuple):
    """A choice that a policy makes: what it is called, and in one sentence what it means."""

    label: Text
    means: Text = ""


# ------------------------------------------------------------------------------------------------- grounds

ARTICLE_6: Mapping[str, Word] = {
    "6.1.a": Word(_("Consent"), _("Nothing opens until the person has agreed, and it closes when they withdraw.")),
    "6.1.b": Word(_("Contract"), _("It is needed to do what the person has ordered or asked for.")),
    "6.1.c": Word(_("Legal duty"), _("A law obliges you. Name it; nobody can object.")),
    "6.1.d": Word(_("Vital interest"), _("Somebody’s life depends on it. Rarely right for a business.")),
    "6.1.e": Word(_("Public task"), _("A law gives you a task in the public interest. People may object.")),
    "6.1.f": Word(
        _("Legitimate interest"), _("Your reason outweighs the person’s, and you wrote down why. People may object.")
    ),
}
ARTICLE_9: Mapping[str, Word] = {
    "9.2.a": Word(_("Explicit consent"), _("The person has said yes to exactly this, in words of their own act.")),
    "9.2.b": Word(_("Employment and social law"), _("A law on work or social protection demands or permits it.")),
    "9.2.c": Word(_("Vital interest"), _("Somebody’s life depends on it, and they cannot consent.")),
    "9.2.d": Word(_("Members of an association"), _("An association without profit, for its own members.")),
    "9.2.e": Word(_("Made public"), _("The person has plainly made it public.")),
    "9.2.f": Word(_("Legal claims"), _("It is needed to establish or defend a claim.")),
    "9.2.g": Word(_("Substantial public interest"), _("A law says so.")),
    "9.2.h": Word(_("Health care"), _("Diagnosis, care or treatment, under professional secrecy.")),
    "9.2.i": Word(_("Public health"), _("A law on public health says so.")),
    "9.2.j": Word(_("Research and archives"), _("With safeguards that a law names.")),
}
ARTICLE_22: Mapping[str, Word] = {
    "22.2.a": Word(_("Needed for a contract")),
    "22.2.b": Word(_("Permitted by law")),
    "22.2.c": Word(_("Explicit consent")),
}
CCPA: Mapping[str, Word] = {
    "business_purpose": Word(_("Business purpose"), _("Used for what the person would expect of the business.")),
    "sell": Word(_("Sale"), _("Somebody pays for it. People can refuse, by a link and by their browser’s signal.")),
    "share": Word(
        _("Sharing for advertising"), _("For advertising elsewhere. People can refuse, by link and by signal.")
    ),
    "legal_obligation": Word(_("Legal obligation"), _("A law demands it.")),
    "limitable_sensitive_use": Word(
        _("Use of sensitive data that can be limited"), _("People can limit it to what is strictly needed.")
    ),
}
HIPAA: Mapping[str, Word] = {
    "treatment": Word(_("Treatment"), _("Care of the patient.")),
    "payment": Word(_("Payment"), _("To be paid for care.")),
    "operations": Word(_("Health care operations"), _("Running the practice: quality, training, audits.")),
    "authorization": Word(_("Authorization"), _("The patient has signed for exactly this.")),
    "opportunity_to_object": Word(_("Opportunity to object"), _("The patient was asked and did not object.")),
    "public_interest": Word(_("Public interest"), _("One of the twelve cases of 164.512.")),
    "limited_data_set": Word(_("Limited data set"), _("Without direct identifiers, under an agreement.")),
    "incidental": Word(_("Incidental"), _("A by-product that could not reasonably be prevented.")),
    "required_by_law": Word(_("Required by law"), _("A law demands it.")),
}
GLBA: Mapping[str, Word] = {
    "1016.10": Word(_("Sharing after notice"), _("People were told and can refuse.")),
    "1016.13": Word(_("Service provider"), _("Somebody works for you under a contract that limits the use.")),
    "1016.14": Word(_("Processing and servicing"), _("Needed for the product that the person asked for.")),
    "1016.15": Word(_("Other exceptions"), _("Fraud, law, or at the person’s own direction.")),
}
GROUNDS: Mapping[str, Mapping[str, Word]] = {
    "gdpr": ARTICLE_6,
    "uk_gdpr": ARTICLE_6,
    "ccpa": CCPA,
    "hipaa": HIPAA,
    "glba": GLBA,
}
REGIMES: Mapping[str, Word] = {
    "gdpr": Word(_("GDPR"), _("The data protection law of the European Union.")),
    "uk_gdpr": Word(_("UK GDPR"), _("Its British twin.")),
    "ccpa": Word("CCPA", _("The consumer privacy law of California.")),
    "hipaa": Word("HIPAA", _("The health privacy law of the United States.")),
    "glba": Word("GLBA", _("The financial privacy law of the United States.")),
}
ERASURE_EXCEPTIONS: Mapping[str, Word] = {
    "A17-3-a": Word(_("Freedom of expression")),
    "A17-3-b": Word(_("A legal duty or public task")),
    "A17-3-c": Word(_("Public health")),
    "A17-3-d": Word(_("Archives and research")),
    "A17-3-e": Word(_("Legal claims")),
}

# --------------------------------------------------------------------------------------------------- data

TYPES: Mapping[str, Word] = {
    "text": Word(_("Text"), _("Anything that is written, up to a length.")),
    "name": Word(_("Name"), _("A person’s name; masked by initials.")),
    "email": Word(_("E-mail address"), _("Checked and brought into one form.")),
    "phone": Word(_("Telephone number"), _("Checked against its country’s plan, kept with the country code.")),
    "date": Word(_("Date"), _("A calendar day, for example a birthday.")),
    "number": Word(_("Number"), _("A number, whole or broken.")),
    "boolean": Word(_("Yes or no"), _("One of the two.")),
    "country": Word(_("Country"), _("One of the countries of ISO 3166.")),
    "postcode": Word(_("Postcode"), _("As its country writes it.")),
    "card": Word(_("Payment card"), _("Checked by its check digit; masked to the last four.")),
    "iban": Word(_("Bank account (IBAN)"), _("Checked by its check digits; masked to the last four.")),
    "list": Word(_("List"), _("Several values or lines. Its parts are written in the file.")),
    "structure": Word(_("Structure"), _("Named parts together. Its parts are written in the file.")),
}
SOURCES: Mapping[str, Word] = {
    "subject": Word(_("from the person"), _("They give it themselves.")),
    "observed": Word(_("observed"), _("It comes from what they do with you.")),
    "derived": Word(_("computed"), _("You compute it from other data.")),
    "inferred": Word(_("inferred"), _("You guess it from other data.")),
    "third_party": Word(_("from somebody else"), _("Another business or a register gives it to you.")),
}
SPECIALS: Mapping[str, Word] = {
    "health": Word(_("Health")),
    "genetic": Word(_("Genetic data")),
    "biometric": Word(_("Biometric data")),
    "sex_life": Word(_("Sex life and orientation")),
    "racial_or_ethnic_origin": Word(_("Origin")),
    "political_opinions": Word(_("Political opinions")),
    "religious_beliefs": Word(_("Belief")),
    "trade_union": Word(_("Trade union")),
    "criminal": Word(_("Crimes and convictions")),
}
MASKS: Mapping[str, Word] = {
    "last4": Word(_("the last four characters")),
    "email": Word(_("first letter and domain")),
    "initials": Word(_("initials")),
    "year": Word(_("the year")),
    "hidden": Word(_("nothing of it")),
    "none": Word(_("all of it")),
}
CCPA_CATEGORIES: Mapping[str, Word] = {
    "identifiers": Word(_("Identifiers")),
    "customer_records": Word(_("Customer records")),
    "protected_class": Word(_("Protected characteristics")),
    "commercial": Word(_("Commercial information")),
    "biometric": Word(_("Biometric information")),
    "internet": Word(_("Internet activity")),
    "geolocation": Word(_("Geolocation")),
    "sensory": Word(_("Sounds, pictures and the like")),
    "professional": Word(_("Professional information")),
    "education": Word(_("Education")),
    "inferences": Word(_("Inferences")),
    "sensitive": Word(_("Sensitive personal information")),
}

# ------------------------------------------------------------------------------------- consent, recipients

CHANNELS: Mapping[str, Word] = {
    "signup_form": Word(_("sign-up form")),
    "account_form": Word(_("account page")),
    "checkout_form": Word(_("checkout")),
    "banner": Word(_("banner on the website")),
    "portal": Word(_("customer portal")),
    "api": Word(_("another program")),
    "email": Word(_("e-mail")),
    "paper": Word(_("paper form")),
    "store_verbal": Word(_("spoken, in the shop")),
    "phone_verbal": Word(_("spoken, on the telephone")),
}
CONSENT_KINDS: Mapping[str, Word] = {
    "opt_in": Word(_("Opt-in"), _("A clear yes, such as a box that is ticked.")),
    "explicit": Word(_("Explicit"), _("A yes in so many words; needed for health, belief and the like.")),
}
PROOFS: Mapping[str, Word] = {
    "form_version": Word(_("which form was shown")),
    "staff_id": Word(_("who asked")),
    "script_version": Word(_("which words were read out")),
    "recording": Word(_("a recording")),
    "signature": Word(_("a signature")),
    "timestamp": Word(_("the time")),
}
ROLES: Mapping[str, Word] = {
    "processor": Word(_("Processor"), _("Works for you, as you say, under a contract.")),
    "controller": Word(_("Controller of its own"), _("Decides itself what it does with the data.")),
    "joint_controller": Word(_("Joint controller"), _("Decides together with you.")),
    "third_party": Word(_("Third party"), _("Uses the data for its own ends.")),
    "authority": Word(_("Authority"), _("Asks for it by law.")),
}
CONTRACTS: Mapping[str, Word] = {
    "dpa": Word(_("Data processing agreement")),
    "baa": Word(_("Business associate agreement")),
    "ccpa_service_provider": Word(_("CCPA service provider")),
    "ccpa_third_party": Word(_("CCPA third party")),
    "joint_controllers": Word(_("Arrangement of joint controllers")),
    "glba": Word(_("GLBA service provider")),
}
TRANSFERS: Mapping[str, Word] = {
    "A45-3": Word(_("Adequacy decision")),
    "A46-2-b": Word(_("Binding corporate rules")),
    "A46-2-c": Word(_("Standard contractual clauses")),
    "A46-2-d": Word(_("Standard clauses of an authority")),
    "A46-2-e": Word(_("Code of conduct")),
    "A46-2-f": Word(_("Certification")),
    "A49-1-a": Word(_("Explicit consent to the transfer")),
    "A49-1-b": Word(_("Needed for a contract with the person")),
}
ENDS: Mapping[str, Word] = {
    "erase": Word(_("erased"), _("Nothing of it stays readable, in backups either.")),
    "pseudonymise": Word(_("kept without a name"), _("What points to the person goes; the rest stays.")),
    "anonymise": Word(_("made anonymous"), _("Nobody can find the person in it again.")),
}
NOTIFIED: Mapping[str, Word] = {
    "email": Word(_("by e-mail")),
    "portal": Word(_("in the customer portal")),
    "post": Word(_("by post")),
    "banner": Word(_("by a banner on the website")),
}
PLACES: Mapping[str, Word] = {"vault": Word(_("The vault")), "backups": Word(_("Backups"))}
MOMENTS: Mapping[str, Word] = {
    "order.closed": Word(_("the order is closed")),
    "consent.ended": Word(_("the consent has ended")),
    "opt_out": Word(_("the person has said no")),
    "support.closed": Word(_("the question is settled")),
    "account.closed": Word(_("the account is closed")),
    "application.decided": Word(_("the application is decided")),
    "loan.closed": Word(_("the loan is paid back")),
    "treatment.ended": Word(_("the treatment has ended")),
    "record.created": Word(_("it was collected")),
    "invoice.issued": Word(_("the invoice is issued")),
    "contract.ended": Word(_("the contract has ended")),
}
CHANGES: Mapping[str, Word] = {
    "purpose.added": Word(_("a new purpose")),
    "purpose.widened": Word(_("a purpose that uses more")),
    "data.added": Word(_("a new kind of data")),
    "data.widened": Word(_("more of a kind of data")),
    "recipient.added": Word(_("a new recipient")),
    "recipient.widened": Word(_("a recipient that may do more")),
    "basis.changed": Word(_("another legal ground")),
    "consent.weakened": Word(_("a weaker consent")),
    "opt_out.weakened": Word(_("a harder way to say no")),
    "retention.longer": Word(_("longer keeping")),
    "transfer.added": Word(_("a transfer abroad")),
    "sale_or_share.added": Word(_("a sale or sharing")),
    "profiling.added": Word(_("profiling")),
    "automated_decision.added": Word(_("decisions by machine")),
    "show.clearer": Word(_("something shown more clearly")),
    "subjects.widened": Word(_("more people concerned")),
    "storage.moved": Word(_("another place of storage")),
    "notice.weakened": Word(_("less notice")),
    "regime.removed": Word(_("a law that is no longer checked")),
}
ASSESSMENTS: Mapping[str, Word] = {
    "dpia": Word(_("Data protection impact assessment")),
    "cpra_risk_assessment": Word(_("Risk assessment under the CPRA")),
    "transfer_assessment": Word(_("Transfer impact assessment")),
    "balancing_test": Word(_("Balancing test")),
    "review": Word(_("Review")),
}


def word(table: Mapping[str, Word], key: str) -> str:
    """Return the label of a choice; the key itself where nobody knows it."""
    return str(table[key].label) if key in table else key


# ------------------------------------------------------------------------------------------------- labels


def said(label: Label | Mapping[str, str] | None, default: str, otherwise: str = "") -> str:
    """Return a label in the reader's language, else in the policy's own, else in any."""
    texts = label.resolved(default) if isinstance(label, Label) else (label or {})
    language = get_language() or "en"
    for code in (language, language.partition("-")[0], default):
        if code in texts:
            return texts[code]
    return next(iter(texts.values()), otherwise)


class Names:
    """What the entries of one policy are called, in the reader's language."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.default = policy.languages.default

    def of(self, section: str, name: str) -> str:
        """Return the label of an entry of `data`, `purposes`, `recipients` or `subjects`, else its name."""
        entry = getattr(self.policy, section).get(name)
        return said(entry.label, self.default, name) if entry is not None else name

    def item(self, name: str) -> str:
        """Return the label of a data item."""
        return self.of("data", name)

    def purpose(self, name: str) -> str:
        """Return the label of a purpose."""
        return self.of("purposes", name)

    def recipient(self, name: str) -> str:
        """Return the label of a recipient."""
        return self.of("recipients", name)


def listed(words: list[str] | tuple[str, ...]) -> str:
    """Return words as a list in a sentence: a, b and c."""
    found = list(words)
    if len(found) < 2:
        return "".join(found)
    return gettext("%(words)s and %(last)s") % {"words": ", ".join(found[:-1]), "last": found[-1]}


# -------------------------------------------------------------------------------------------- times, places


def period(value: Period | None) -> str:
    """Return a length of time in words: 90 days, 1 year and 6 months."""
    if value is None:
        return gettext("without end")
    parts = [_amount(int(number), unit) for number, unit in _PARTS.findall(value.text) if int(number)]
    return listed(parts) if parts else gettext("0 days")


def _amount(number: int, unit: str) -> str:
    words = {
        "Y": ngettext("%(number)s year", "%(number)s years", number),
        "M": ngettext("%(number)s month", "%(number)s months", number),
        "W": ngettext("%(number)s week", "%(number)s weeks", number),
        "D": ngettext("%(number)s day", "%(number)s days", number),
        "BD": ngettext("%(number)s business day", "%(number)s business days", number),
    }[unit]
    return words % {"number": number}


def moment(value: Moment) -> str:
    """Return the moment from which a time runs, in words."""
    name = word(MOMENTS, value.name)
    if value.year_end:
        return gettext("the end of the year in which %(moment)s") % {"moment": name}
    return name


def kept(keep: Period, since: Moment) -> str:
    """Return how long something is kept: 90 days after the order is closed."""
    if keep.text == "P0D" or not keep.rough_days:
        return gettext("Until %(moment)s") % {"moment": moment(since)}
    if since.year_end:
        return gettext("%(period)s from %(moment)s") % {"period": period(keep), "moment": moment(since)}
    return gettext("%(period)s after %(moment)s") % {"period": period(keep), "moment": moment(since)}


def country(code: str) -> str:
    """Return the name of a country."""
    try:
        names = Locale.parse((get_language() or "en").replace("-", "_")).territories
    except (UnknownLocaleError, ValueError):
        names = Locale("en").territories
    return str(names.get(code, code))


def article(ground: str, regime: str = "gdpr") -> str:
    """Return where a ground stands: GDPR 6(1)(b)."""
    law = word(REGIMES, regime)
    parts = ground.split(".")
    if regime in {"gdpr", "uk_gdpr"} and len(parts) == 3:
        if (get_language() or "en").startswith("de"):
            return f"Art. {parts[0]} Abs. {parts[1]} Buchst. {parts[2]} {law}"
        return f"{law} {parts[0]}({parts[1]})({parts[2]})"
    if regime == "glba":
        return f"12 CFR {ground}"
    return law


def grounds(basis: Basis, regimes: tuple[str, ...]) -> list[str]:
    """Return every ground of a purpose in words: Contract, GDPR 6(1)(b)."""
    found: list[str] = []
    for regime in regimes:
        ground = getattr(basis, regime)
        if ground is not None:
            found.append(f"{word(GROUNDS[regime], ground)}, {article(ground, regime)}")
    if basis.special is not None:
        found.append(f"{word(ARTICLE_9, basis.special)}, {article(basis.special)}")
    if basis.automated is not None:
        found.append(f"{word(ARTICLE_22, basis.automated)}, {article(basis.automated)}")
    if basis.criminal is not None:
        found.append(gettext("Data on crimes, GDPR Article 10"))
    return found


def said_plain(label: object, spoken: tuple[str, ...], otherwise: str) -> str:
    """Return a label of a text that is not checked yet, in the reader's language, else in the first that it has."""
    if isinstance(label, str):
        return label
    texts = {code: text for code, text in label.items() if isinstance(text, str)} if isinstance(label, dict) else {}
    return said(texts, spoken[0], otherwise)
