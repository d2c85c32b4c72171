"""The vault as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class VaultConfig(AppConfig):
    """Registers the vault's tables under the label `vault`."""

    name = "keepfold.vault"
    label = "vault"
    verbose_name = "Vault"
