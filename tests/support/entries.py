"""What was written into the ledger since: the names of the actions, in order."""

from __future__ import annotations


def waiting_actions() -> list[tuple[str, bool]]:
    """Return (action, allowed) of every entry that waits for its index, in the order in which they were written."""
    from keepfold.gate.catalogue import known_actions
    from keepfold.gate.spec import known
    from keepfold.kernel import db
    from keepfold.ledger.entry import unpack

    names = {known(name).number: name for name in known_actions()}
    rows = db.fetch_all("default", "SELECT body FROM ledger_pending ORDER BY at_us, ref")
    bodies = [unpack(row[0]) for row in rows]
    return [(names[body.action], body.allowed) for body in bodies]
