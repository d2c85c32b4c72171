"""The tables made by hand are those that the models describe, and the jobs are known to the worker."""

from __future__ import annotations

import io

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connections

from keepfold.kernel.jobs import kinds
from keepfold.vault import jobs, queries


@pytest.mark.parametrize("model", list(apps.get_app_config("vault").get_models()), ids=lambda model: model.__name__)
def test_each_table_has_the_columns_of_its_model_and_lies_in_its_store(store, model):
    alias = getattr(model, "keepfold_database", "default")
    table = model._meta.db_table
    with connections[alias].cursor() as cursor:
        columns = {
            column.name: column for column in connections[alias].introspection.get_table_description(cursor, table)
        }
        primary = connections[alias].introspection.get_primary_key_columns(cursor, table)
    fields = {field.column: field for field in model._meta.concrete_fields if field.column}
    assert set(columns) == set(fields)
    assert {name for name, column in columns.items() if column.null_ok} == {
        name for name, field in fields.items() if field.null
    }
    assert tuple(primary) == getattr(model._meta.pk, "field_names", (model._meta.pk.column,))
    other = "keys" if alias == "default" else "default"
    assert table not in connections[other].introspection.table_names()


def test_the_migration_knows_all_models(stores):
    call_command("makemigrations", "vault", check=True, dry_run=True, stdout=io.StringIO())


def test_the_worker_knows_the_vaults_jobs():
    assert {"vault.reconcile", "vault.sweep", "vault.grow"} <= set(kinds())


def test_the_jobs_run_on_a_vault_where_nothing_is_to_do(installation):
    before = queries.status()
    for job in (jobs.reconcile, jobs.sweep, jobs.grow):
        job()
    assert queries.status() == before


def test_the_job_finishes_an_interrupted_erasure(installation, monkeypatch):
    from keepfold.vault import actions, erasing

    monkeypatch.setattr(erasing, "destroy_after_commit", lambda _person: None)
    actions.erase(actor=installation.operator, person=installation.carl, reason="asked")
    monkeypatch.undo()
    assert queries.status().erasures_pending == 1
    jobs.reconcile()
    assert queries.status().erasures_pending == 0
