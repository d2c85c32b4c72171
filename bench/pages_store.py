"""The store that `bench_pages` measures over: a million customers and five million ledger entries, by the real paths.

Customers go through `vault.seal_many` and the gate; what was done with them goes through the ledger's own recorder and
sequencer, with the clock set back so that it spreads over the past year. Only the gate's decision is left out for
entries, since it writes nothing. Built once under var/, resumable: what was reached stands in `progress.json`, and a
step that was cut off is done again from the rows that are there.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import time_machine

from keepfold.kernel import config
from keepfold.site import installation, setup

# Before anything looks at a table: the home that this process was started for.
installation.make_home(config.current())
config.use(config.load())
setup.load_anyway()

from keepfold.consent import actions as consent  # noqa: E402  after Django has loaded the rooms
from keepfold.demo import fit, generator  # noqa: E402
from keepfold.demo.lists import locales  # noqa: E402
from keepfold.gate.types import Context, Decision, Entry  # noqa: E402
from keepfold.kernel import clock, db, ids  # noqa: E402
from keepfold.ledger import queries as ledger  # noqa: E402
from keepfold.ledger import sequencer  # noqa: E402
from keepfold.ledger.recorder import recorder  # noqa: E402
from keepfold.people import actions as people_actions  # noqa: E402
from keepfold.people import queries as people  # noqa: E402
from keepfold.people.models import Staff  # noqa: E402
from keepfold.policy import queries as policy  # noqa: E402
from keepfold.site import wiring  # noqa: E402
from keepfold.vault import actions as vault_actions  # noqa: E402
from keepfold.vault import queries as vault  # noqa: E402
from keepfold.vault import store  # noqa: E402
from tests.access import stage  # noqa: E402

BATCH = 2000
SAY_EVERY_S = 5
# The policy of the demonstration holds from 2026-01-01; nothing can have happened before.
DAYS = 300
CAST = (
    ("ana@shop.example", "Ana Ahlgren", ("privacy_lead",)),
    ("ben@shop.example", "Ben Bauer", ("support",)),
    ("dora@shop.example", "Dora Dimou", ("auditor",)),
    ("fred@shop.example", "Fred Faber", ("support",)),
    ("nora@shop.example", "Nora Nilsson", ("support",)),
)
PURPOSES = ("support", "support", "fulfil_order", "bookkeeping", "fraud_check")
CONSENTS = 50
# What is there without a store, so that one that was built before it came need not be built anew.
FIXED = {"chapter": "explanation/vault"}


class Progress:
    """What was reached, durable, and one line for people."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "progress.json"
        self.reached: dict[str, Any] = json.loads(self._path.read_text()) if self._path.exists() else {}
        self._said = 0.0

    def note(self, name: str, value: Any) -> None:
        """Remember."""
        self.reached[name] = value
        self._path.write_text(json.dumps(self.reached))

    def say(self, what: str, done: int, total: int, since: float, before: int = 0) -> None:
        """Say how far a step is and how long it will take, now and then."""
        if time.monotonic() - self._said < SAY_EVERY_S and done < total:
            return
        self._said = time.monotonic()
        rate = (done - before) / max(time.monotonic() - since, 1e-6)
        left = (total - done) / max(rate, 1e-6)
        print(f"  {what}: {done:,} of {total:,} ({rate:,.0f}/s, {left / 60:.1f} min left)", file=sys.stderr, flush=True)


def build(home: Path, customers: int, entries: int) -> None:
    """Build what is missing in this home. The process must have been started with KEEPFOLD_HOME set to it."""
    home.parent.mkdir(parents=True, exist_ok=True)
    progress = Progress(home.parent)
    began = datetime.fromisoformat(progress.reached.get("began", datetime.now(UTC).isoformat()))
    progress.note("began", began.isoformat())
    if "entries" in progress.reached:
        installation.init(lambda _text: None)  # a newer version may have brought tables
        wiring.wire()
    else:
        with time_machine.travel(began - timedelta(days=DAYS + 1)):
            _install()
        _customers(progress, began, customers)
        _entries(progress, began, entries)
    if "parts" not in progress.reached:
        progress.note("parts", _parts(customers, entries))
    print(json.dumps(progress.reached["parts"] | FIXED))


def _parts(customers: int, entries: int) -> dict[str, str]:
    """Return what the changing parts of addresses stand for: things from the middle of everything."""
    staff = {row.email.partition("@")[0]: row.id.bytes for row in Staff.objects.all()}
    ana = people.staff_actor(staff["ana"])
    client = people_actions.create_client(actor=people.operator(), name="Web shop", actions=("vault.record.seal",))
    stage.override_role(people.operator())
    people_actions.deactivate_staff(actor=people.operator(), staff=staff["fred"])
    found = {
        "customer": ids.show("cus", store.living(bytes(16), customers // 2)[-1]),
        "staff_id": ids.show("stf", staff["ben"]),
        "left_id": ids.show("stf", staff["fred"]),
        "client_id": ids.show("cli", client.client.id),
        "name": "developer",
        "version": policy.active().version,
        "token": stage.make_link(staff["nora"]),
        "draft": stage.begin_draft(ana),
        "import_id": stage.begin_import(ana),
        "run_id": stage.ask_to_verify(ana),
        "revision": "1",
        "factor": "1",
        **stage.failures(),
    }
    _sequence()
    return found | {"index": str(entries // 2), "deed": "1", "entry": "ent_01m6gmjjfxfpdrtq75epy790dt"}


def _install() -> None:
    installation.init(lambda _text: None, owner_email="olga@shop.example", owner_name="Olga Olsen")
    wiring.wire()
    for email, name, roles in CAST:
        if not Staff.objects.filter(email=email).exists():
            people_actions.add_staff(actor=people.operator(), email=email, name=name, roles=roles)


def _batches(count: int, skip: int) -> Iterator[list[dict[str, Any]]]:
    made = generator.customers(locales(), count, seed=1, today=date(2026, 1, 1))
    values = (fit.values(customer) for customer in islice(made, skip, None))
    while batch := list(islice(values, BATCH)):
        yield batch


def _customers(progress: Progress, began: datetime, wanted: int) -> None:
    there = vault.status().people
    first, since, done = there, time.monotonic(), there
    for batch in _batches(wanted, there):
        with time_machine.travel(began - timedelta(days=DAYS) + timedelta(days=30) * (done / wanted)):
            clock.forget()
            made = vault_actions.seal_many(actor=people.operator(), records=batch, on_conflict="skip")
            _agree([outcome.id for outcome in made[::CONSENTS] if outcome.id])
            _sequence()
        done += len(batch)
        progress.say("customers", done, wanted, since, first)
    progress.note("customers", vault.status().people)


def _agree(some: list[bytes]) -> None:
    """Let one customer in fifty take the newsletter, and every tenth of these leave it again."""
    for number, person in enumerate(some):
        said = {"actor": people.operator(), "customer": person, "purpose": "newsletter"}
        consent.grant_consent(**said, channel="signup_form")
        consent.confirm_consent(**said)
        if number % 10 == 0:
            consent.withdraw_consent(**said)


def _entries(progress: Progress, began: datetime, wanted: int) -> None:
    everybody, actors = _everybody(), _actors()
    first = done = ledger.status().size + ledger.status().pending
    since, dice = time.monotonic(), random.Random(done)
    while done < wanted:
        share = done / wanted
        with time_machine.travel(began - timedelta(days=DAYS - 31) + timedelta(days=DAYS - 31) * share):
            clock.forget()
            count = min(BATCH, wanted - done)
            with db.atomic():
                for _ in range(count):
                    recorder.append(_entry(dice, dice.choice(everybody), actors))
            _sequence()
        done += count
        progress.say("entries", done, wanted, since, first)
    progress.note("entries", ledger.status().size)


def _everybody() -> list[bytes]:
    found: list[bytes] = []
    while some := store.living(found[-1] if found else bytes(16), 10_000):
        found += some
    return found


def _actors() -> list[Any]:
    return [people.staff_actor(row.id.bytes) for row in Staff.objects.filter(is_active=True).order_by("email")]


def _entry(dice: random.Random, person: bytes, actors: list[Any]) -> Any:
    purpose = dice.choice(PURPOSES)
    is_allowed = dice.random() < 0.97
    actor = dice.choice(actors)
    fields = ("email", "phone") if purpose != "bookkeeping" else ("address",)
    context = Context(
        actor=actor,
        action="vault.record.open",
        subjects=(person,),
        purpose=purpose,
        fields=fields,
        reason=f"FW-{dice.randrange(10**5)}",
    )
    decision = Decision(
        allowed=is_allowed,
        rules=(f"purpose.{purpose}",) if is_allowed else ("actor.purpose",),
        fields=dict.fromkeys(fields, "clear") if is_allowed else {},
        purpose_number=policy.schema().purposes[purpose].number,
        policy_hash=bytes.fromhex(policy.active().version),
    )
    return Entry(id=ids.uuid7(), context=context, decision=decision, subjects=(person,), details={})


def _sequence() -> None:
    while sequencer.sequence_once():
        pass
    sequencer.checkpoint_beat()


if __name__ == "__main__":
    build(Path(os.environ["KEEPFOLD_HOME"]), int(sys.argv[1]), int(sys.argv[2]))
