"""A process that seals people until it is killed; `test_crash` starts it."""

from __future__ import annotations

import sys


def run() -> None:
    """Seal batches of 200 for ever and say so after each."""
    import django

    django.setup()
    from keepfold import gate
    from keepfold.policy import queries
    from keepfold.vault import actions
    from tests.vault.conftest import ANA, SCHEMA, ListedOnly, Notebook

    queries.schema = lambda: SCHEMA
    number = 0
    with gate.wired(ListedOnly(), Notebook()):
        while True:
            records = [{"last_name": "Quast", "email": f"c{at}@example.com"} for at in range(number, number + 200)]
            actions.seal_many(actor=ANA, records=records)
            number += 200
            sys.stdout.write("batch\n")
            sys.stdout.flush()


if __name__ == "__main__":
    run()
