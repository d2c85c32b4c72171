"""The vault's scenarios once more, on a real PostgreSQL with two databases."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections

from keepfold import gate
from keepfold.kernel import db
from keepfold.vault import actions, keys, queries
from tests.vault import (
    test_attack,
    test_erase,
    test_keys,
    test_open,
    test_seal,
    test_seal_many,
    test_search,
    test_update,
)
from tests.vault.conftest import ANA, CARL, SCHEMA, ListedOnly, Vault

pytestmark = pytest.mark.postgres

SCENARIOS = [
    test_seal.test_every_type_survives_the_vault,
    test_seal.test_every_refused_field_is_named_and_nothing_is_stored,
    test_seal.test_two_people_cannot_share_a_unique_value,
    test_seal.test_an_id_made_elsewhere_is_used_once,
    test_seal.test_an_entry_that_cannot_be_written_undoes_the_sealing,
    test_seal.test_the_layout_is_one_row_per_person_and_compartment,
    test_seal_many.test_every_record_has_an_outcome_of_its_own_in_the_order_given,
    test_seal_many.test_a_thousand_people_open_again_under_one_entry,
    test_seal_many.test_a_taken_identity_is_refused_by_default,
    test_seal_many.test_a_repeated_import_skips_who_is_there_and_returns_their_ids,
    test_seal_many.test_a_refreshing_import_updates_who_is_there_and_keeps_what_was_left_out,
    test_seal_many.test_what_a_refused_record_claimed_is_free_for_a_later_one_of_the_batch,
    test_seal_many.test_a_batch_of_conflicts_leaves_the_index_as_it_was,
    test_open.test_nobody_is_found_under_an_unknown_id_and_the_attempt_is_written_down,
    test_search.test_everybody_with_the_value_is_found_and_stands_in_the_entry,
    test_search.test_a_new_version_of_an_index_key_finds_old_and_new,
    test_erase.test_keys_that_a_crash_left_are_swept_when_they_are_old_enough,
    test_keys.test_side_keys_are_made_once_and_differ,
    test_keys.test_peoples_ledger_keys_come_in_the_order_asked_and_are_absent_for_strangers,
    test_keys.test_uses_of_a_shard_key_are_counted_from_above_and_end_in_a_new_version,
    test_keys.test_more_people_get_more_shards_and_nobody_is_lost,
    test_keys.test_actors_have_keys_of_their_own_made_on_first_use,
]
WITH_CARL = [
    test_open.test_many_people_come_in_the_order_asked_for_with_gaps_for_strangers,
    test_open.test_masked_fields_come_masked_and_are_named,
    test_update.test_given_values_change_and_all_others_stay,
    test_update.test_the_index_follows,
    test_update.test_somebody_elses_unique_value_is_refused_and_nothing_changes,
    test_update.test_a_new_compartment_gets_a_key_of_its_own,
    test_update.test_a_compartment_without_values_has_no_row,
    test_update.test_concurrent_changes_are_all_kept,
    test_erase.test_rows_index_rows_and_keys_go_and_a_tombstone_stays,
    test_erase.test_the_erased_cannot_be_opened_changed_found_or_erased_again,
    test_erase.test_an_erasure_whose_entry_cannot_be_written_does_not_happen,
    test_erase.test_old_data_rows_put_back_stay_unreadable,
]
WITH_MONKEYPATCH = [
    test_erase.test_an_interrupted_erasure_is_finished_by_the_next_reconciliation,
    test_erase.test_a_reconciliation_that_is_interrupted_itself_can_be_repeated,
]
MONKEYPATCHED = {test_keys.test_uses_of_a_shard_key_are_counted_from_above_and_end_in_a_new_version,
                 test_keys.test_more_people_get_more_shards_and_nobody_is_lost}  # fmt: skip


@pytest.fixture
def vault(postgres_stores: tuple[str, str], home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vault]:
    monkeypatch.setattr("keepfold.policy.queries.schema", lambda: SCHEMA)
    keys.forget()
    keys.init()
    here = Vault(home)
    with gate.wired(ListedOnly(), here.notebook):
        yield here
    keys.forget()


@pytest.fixture
def carl(vault) -> bytes:
    return actions.seal(actor=ANA, values=CARL).id


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_it_holds_on_postgres(vault, scenario, monkeypatch):
    if scenario in MONKEYPATCHED:
        scenario(vault, monkeypatch)
    else:
        scenario(vault)


@pytest.mark.parametrize("scenario", WITH_CARL, ids=lambda scenario: scenario.__name__)
def test_it_holds_on_postgres_for_carl(vault, carl, scenario):
    scenario(vault, carl)


@pytest.mark.parametrize("scenario", WITH_MONKEYPATCH, ids=lambda scenario: scenario.__name__)
def test_it_holds_on_postgres_after_an_interruption(vault, carl, scenario, monkeypatch):
    scenario(vault, carl, monkeypatch)


def test_a_record_of_another_person_does_not_open_on_postgres(vault):
    two = [outcome.id for outcome in actions.seal_many(actor=ANA, records=test_attack.RECORDS)]
    test_attack.test_a_record_of_another_person_does_not_open(vault, two)
    test_attack.test_the_keys_of_another_person_do_not_help(vault, two)


def in_threads(count: int, work) -> list[object]:
    """Run `work(number)` in that many threads at once and return what each gave or raised."""
    results: list[object] = [None] * count
    ready = threading.Barrier(count)

    def run(number: int) -> None:
        try:
            ready.wait()
            results[number] = work(number)
        except Exception as error:  # noqa: BLE001  whatever it is, the test shows it
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_of_two_batches_at_once_each_identity_goes_to_one_and_none_dies_of_it(vault):
    def batch(number: int) -> list[str]:
        records = [{"email": f"p{at}@example.com", "vat": f"v{at}"} for at in range(60)]
        return [one.state for one in actions.seal_many(actor=ANA, records=records[:: 1 if number % 2 else -1])]

    results = in_threads(4, batch)
    states = [state for result in results for state in result]
    assert states.count("sealed") == 60
    assert states.count("refused") == 180
    status = queries.status()
    assert (status.people, status.identity_rows) == (60, 120)


def test_first_use_from_many_threads_makes_one_key_each(vault):
    ledger = keys.LedgerKeys()
    results = in_threads(6, lambda number: (ledger.actor_key(b"a" * 16), keys.LedgerKeys().log_key("sign")))
    assert len(set(map(str, results))) == 1
    assert db.fetch_one("keys", "SELECT count(*) FROM vault_named_key WHERE name = 'ledger/sign'") == (1,)


def test_an_erasure_and_a_change_of_one_person_do_not_overlap(vault, carl):
    def work(number: int) -> object:
        if number == 0:
            return actions.erase(actor=ANA, person=carl, reason="asked")
        return actions.update(actor=ANA, person=carl, values={"allergies": ["nuts"], "city": f"City {number}"})

    in_threads(4, work)
    assert queries.is_erased(carl)
    status = queries.status()
    assert (status.people, status.records, status.identity_rows, status.index_rows) == (0, 0, 0, 0)
    actions.reconcile(actor=ANA)
    assert queries.status().keys == 0


def test_no_row_of_either_database_holds_a_value(vault):
    actions.seal(actor=ANA, values=CARL | {"note": "Xylophonkonzert"})
    for alias in ("default", "keys"):
        tables = db.fetch_all(alias, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in tables:
            for row in db.fetch_all(alias, f'SELECT t::text FROM "{table}" t'):
                assert "Xylophon" not in row[0]
                assert b"Xylophon".hex() not in row[0]
