"""Fits made-up customers into the data items of the shop's policy. Pure."""

from __future__ import annotations

from typing import Any

from keepfold.demo.generator import Customer, Purchase
from keepfold.demo.types import Newcomer


def newcomer(number: int, customer: Customer) -> Newcomer:
    """Return a customer as the shop's policy has them; what no purpose needs (birthday, language) is left out."""
    return Newcomer(number=number, values=values(customer), agreed=customer.opted_in, left=customer.changed_mind)


def values(customer: Customer) -> dict[str, Any]:
    """Return values by data item of `packs/policies/shop.yaml`."""
    found = {
        "email": customer.email,
        "first_name": customer.given_name,
        "last_name": customer.family_name,
        "phone": customer.phone,
        "address": customer.street,
        "city": customer.city,
        "state": customer.region,
        "postal_code": customer.postcode,
        "country": customer.country,
        "order_items": [_item(purchase) for purchase in customer.purchases],
        "iban": customer.iban,
    }
    return {name: value for name, value in found.items() if value}


def _item(purchase: Purchase) -> dict[str, Any]:
    return {
        "item": purchase.item,
        "quantity": purchase.quantity,
        "price": purchase.cents / 100,
        "bought_on": purchase.day.isoformat(),
    }
