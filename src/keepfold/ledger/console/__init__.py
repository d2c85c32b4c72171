"""Console pages about the ledger: where it stands, its entries, one entry with its proof, and verification."""

from __future__ import annotations

from keepfold.ledger.console import entries, entry, overview, verification

urlpatterns = [*overview.urlpatterns, *entries.urlpatterns, *entry.urlpatterns, *verification.urlpatterns]
