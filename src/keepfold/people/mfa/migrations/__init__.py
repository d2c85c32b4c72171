"""The migrations of allauth's app `mfa` in this installation (setting MIGRATION_MODULES); `fields` says why."""
