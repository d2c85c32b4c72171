"""The Django app of the ledger."""

from __future__ import annotations

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Registers the ledger's tables under the label `ledger`."""

    name = "keepfold.ledger"
    label = "ledger"
    verbose_name = "Ledger"
