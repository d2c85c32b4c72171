"""Who sees the ledger's pages: whoever holds one of these. Whose entries they are, no page says without an action."""

from __future__ import annotations

SEE = ("ledger.detail.show", "ledger.entries.list_of_person", "ledger.verification.start")
VERIFY = "ledger.verification.start"
DETAIL = "ledger.detail.show"
