"""Makes customers out of a seed. Pure: no clock, no files, no database; the same arguments give the same people."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from typing import Any, NamedTuple

import msgspec

# example.com, .net and .org and the top-level domain .example belong to nobody: RFC 2606.
DOMAINS = ("example.com", "example.org", "example.net", "mail.example", "post.example", "home.example")
GOODS: Mapping[str, int] = {
    "Beech cutting board": 3400,
    "Enamel jug": 2250,
    "Linen tea towel": 1190,
    "Walnut salad bowl": 5600,
    "Desk lamp, green": 7900,
    "Wool blanket": 9800,
    "Oolong tea, 100 g": 1450,
    "Olive oil, 0.5 l": 1290,
    "Field notebook": 890,
    "Fountain pen": 4700,
    "Paper lantern": 1650,
    "Herb garden kit": 2590,
    "Cast-iron pan": 6400,
    "Ceramic mug": 1580,
    "Bread knife": 3950,
    "Soap, lavender": 640,
}
_LATIN = str.maketrans(
    {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ä": "ae", "ö": "oe"}
    | {"ü": "ue"},
)


class Locale(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One list of names and places. `share` weighs how many customers come from here."""

    country: str
    language: str
    share: int
    order: str
    address: str
    given_f: tuple[str, ...]
    given_m: tuple[str, ...]
    family: tuple[str, ...]
    streets: tuple[str, ...]
    towns: tuple[str, ...]
    phones: tuple[str, ...]
    family_f: tuple[str, ...] = ()


class Purchase(NamedTuple):
    """One order: what, how many, the price of one in cents, and when (days before the demonstration's day)."""

    item: str
    quantity: int
    cents: int
    day: date


class Customer(NamedTuple):
    """One made-up customer. `opted_in` says what they were asked and agreed to, `changed_mind` whether they left."""

    given_name: str
    family_name: str
    full_name: str
    email: str
    phone: str | None
    street: str
    postcode: str
    city: str
    region: str
    country: str
    language: str
    birth_date: date
    purchases: tuple[Purchase, ...]
    iban: str | None
    opted_in: bool
    changed_mind: bool


class Reading(NamedTuple):
    """One reading of the past: which customer (by number), by which member of staff (by number), for what."""

    customer: int
    staff: int
    purpose: int
    reason: int


def customers(locales: Sequence[Locale], count: int, *, seed: int, today: date) -> Iterator[Customer]:
    """Yield `count` customers. Each depends on the seed and its own number only, and no two share an address."""
    heights = list(accumulate(locale.share for locale in locales))
    taken: set[str] = set()
    for number in range(count):
        dice = Random(f"{seed}:{number}")  # noqa: S311  (made-up people need no secrets)
        locale = dice.choices(locales, cum_weights=heights)[0]
        yield _customer(locale, dice, taken, today)


def readings(count: int, people: int, *, staff: int, purposes: int, reasons: int, seed: int) -> list[Reading]:
    """Return `count` readings; some customers are read often, as in a shop."""
    dice = Random(f"{seed}:readings")  # noqa: S311  (see above)
    return [
        Reading(
            int(people * dice.random() ** 2),
            dice.randrange(staff),
            dice.randrange(purposes),
            dice.randrange(reasons),
        )
        for _ in range(count if people else 0)
    ]


def _customer(locale: Locale, dice: Random, taken: set[str], today: date) -> Customer:
    (given, given_latin), (family, family_latin) = _names(locale, dice)
    town, code, region = dice.choice(locale.towns).split(";")
    street = locale.address.format(street=dice.choice(locale.streets), number=dice.randint(1, 140))
    joined = f"{given} {family}" if locale.order == "given family" else _family_first(family, given)
    return Customer(
        given_name=given,
        family_name=family,
        full_name=joined,
        email=_email(given_latin, family_latin, dice, taken),
        phone=_digits(dice.choice(locale.phones), dice) if dice.random() < 0.85 else None,
        street=street,
        postcode=_digits(code, dice),
        city=town,
        region=region,
        country=locale.country,
        language=locale.language,
        birth_date=today - timedelta(days=int(365.25 * dice.triangular(18, 88, 38))),
        purchases=tuple(_purchases(dice, today)),
        iban=_iban(dice) if locale.country == "DE" and dice.random() < 0.6 else None,
        opted_in=dice.random() < 0.45,
        changed_mind=dice.random() < 0.12,
    )


def _names(locale: Locale, dice: Random) -> tuple[tuple[str, str], tuple[str, str]]:
    woman = dice.random() < 0.52
    given = dice.choice(locale.given_f if woman else locale.given_m)
    place = dice.randrange(len(locale.family))
    family = (locale.family_f if woman and locale.family_f else locale.family)[place]
    return _spelled(given), _spelled(family)


def _family_first(family: str, given: str) -> str:
    """Join without a space where the script has none between names (Chinese, Japanese, Korean)."""
    return (
        f"{family} {given}" if family.isascii() or unicodedata.name(family[0]).startswith("LATIN") else family + given
    )


def _spelled(entry: str) -> tuple[str, str]:
    """Return a name and its Latin spelling: given after a slash, or made by dropping accents."""
    name, slash, latin = entry.partition("/")
    return name, latin if slash else latin_of(name)


def latin_of(name: str) -> str:
    """Return the letters of a Latin-script name without accents, lower case."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(_LATIN))
    return "".join(letter for letter in plain if letter.isascii() and letter.isalnum())


def _email(given: str, family: str, dice: Random, taken: set[str]) -> str:
    shapes = (f"{given}.{family}", f"{given[0]}{family}", f"{family}.{given}", f"{given}{dice.randint(50, 99)}")
    local, domain = dice.choice(shapes), dice.choice(DOMAINS)
    address, again = f"{local}@{domain}", 2
    while address in taken:
        address, again = f"{local}{again}@{domain}", again + 1
    taken.add(address)
    return address


def _digits(pattern: str, dice: Random) -> str:
    return "".join(str(dice.randrange(10)) if letter == "#" else letter for letter in pattern)


def _purchases(dice: Random, today: date) -> Iterator[Purchase]:
    for _ in range(int(dice.triangular(0, 6, 1))):
        item = dice.choice(tuple(GOODS))
        yield Purchase(item, dice.choice((1, 1, 1, 2, 2, 4)), GOODS[item], today - timedelta(days=dice.randint(1, 900)))


def _iban(dice: Random) -> str:
    """Return a German account number with right check digits (ISO 13616) at the bank 00000000, which nobody is."""
    account = f"00000000{dice.randrange(10**10):010}"
    check = 98 - int(f"{account}131400") % 97  # D is 13 and E is 14
    return f"DE{check:02}{account}"


def as_table(people: Sequence[Customer]) -> list[dict[str, Any]]:
    """Return customers as flat rows, as a shop's own table would hold them: for exports and tests of the import."""
    names = ("given_name", "family_name", "email", "phone", "street", "postcode", "city", "region", "country")
    return [{name: getattr(person, name) for name in names} for person in people]
