"""Verification: reads every row of the ledger's tables, recomputes what can be recomputed, and names what is wrong."""
