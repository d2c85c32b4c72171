from __future__ import annotations

import csv
import json
import stat
from datetime import date
from pathlib import Path

import pytest

from keepfold.demo.generator import as_table, customers
from keepfold.demo.lists import locales
from keepfold.intake import actions, queries, runner
from keepfold.intake.errors import MovedOn, PolicyChanged
from keepfold.intake.rules.mapping import parse
from keepfold.intake.runner import Job
from keepfold.intake.sources.opening import Options, open_source
from keepfold.intake.types import Load, Position, Tally
from keepfold.kernel.errors import NotAllowed
from keepfold.ledger import queries as ledger
from keepfold.policy import queries as policy
from keepfold.vault import actions as vault_actions
from keepfold.vault import queries as vault

FIELDS = {
    "email": "email", "first_name": "given_name", "last_name": "family_name", "phone": "phone", "address": "street",
    "city": "city", "state": "region", "postal_code": "postcode", "country": "country",
}  # fmt: skip


def people(count: int, seed: int = 3) -> list[dict[str, object]]:
    return as_table(list(customers(locales(), count, seed=seed, today=date(2026, 11, 1))))


def write_csv(path: Path, rows: list[dict[str, object]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def job_of(path: Path, *, batch: int = 10, fields=None, **more) -> Job:
    source = open_source(str(path), Options(), {})
    schema = policy.schema()
    plan = parse({"mapping": 1, "fields": fields or FIELDS}, [column.name for column in source.columns()], schema)
    return Job(source=source, plan=plan, schema=schema, batch=batch, **more)


def apply(job: Job, actor, *, stop_after: int | None = None, again: bool = False):
    done = []
    return runner.apply(
        job,
        terms=job.terms(),
        actor=actor,
        watch=lambda rows, tally: done.append(rows),
        stopping=lambda: stop_after is not None and len(done) >= stop_after,
        again=again,
    )


def check(job: Job, actor):
    return runner.dry_run(job, actor=actor, watch=lambda *_: None, stopping=lambda: False)


def test_an_interrupted_import_goes_on_where_it_stopped(installation, tmp_path):
    before = vault.status().people
    path = write_csv(tmp_path / "p.csv", people(45))
    first = apply(job_of(path), installation.operator, stop_after=2)
    assert (first.complete, first.run.position.row, first.run.tally) == (False, 20, Tally(sealed=20))
    assert vault.status().people == before + 20
    second = apply(job_of(path), installation.operator)
    assert second.run.id == first.run.id
    assert (second.complete, second.resumed_at, second.run.tally) == (True, 20, Tally(sealed=45))
    assert vault.status().people == before + 45


def test_a_complete_import_has_nothing_to_do_unless_asked_again(installation, tmp_path):
    path = write_csv(tmp_path / "p.csv", people(12))
    apply(job_of(path), installation.operator)
    assert apply(job_of(path), installation.operator).nothing_to_do
    again = apply(job_of(path), installation.operator, again=True)
    assert again.run.tally == Tally(skipped=12)


def test_a_file_that_grew_adds_only_who_is_new(installation, tmp_path):
    rows = people(30)
    apply(job_of(write_csv(tmp_path / "p.csv", rows[:20])), installation.operator)
    grown = apply(job_of(write_csv(tmp_path / "p.csv", rows)), installation.operator)
    assert grown.run.tally == Tally(sealed=10, skipped=20)


@pytest.mark.parametrize(
    ("existing", "tally", "city"),
    [
        ("skip", Tally(skipped=1), "Old Town"),
        ("update", Tally(updated=1), "New Town"),
        ("reject", Tally(refused=1), "Old Town"),
    ],
)
def test_people_who_are_there_are_skipped_updated_or_refused_as_asked(installation, tmp_path, existing, tally, city):
    row = people(1)[0]
    apply(job_of(write_csv(tmp_path / "a.csv", [row | {"city": "Old Town"}])), installation.operator)
    changed = write_csv(tmp_path / "b.csv", [row | {"city": "New Town", "email": str(row["email"]).upper()}])
    assert apply(job_of(changed, existing=existing), installation.operator).run.tally == tally
    found = vault_actions.search(actor=installation.operator, field="email", value=row["email"], purpose="fulfil_order")
    opened = vault_actions.open_record(actor=installation.operator, person=found[0], purpose="fulfil_order")
    assert opened.values["city"] == city


def test_the_same_person_twice_in_one_file_is_one_person(installation, tmp_path):
    before = vault.status().people
    rows = people(5)
    path = write_csv(tmp_path / "p.csv", [*rows, rows[0], rows[3]])
    assert check(job_of(path), installation.operator).repeated == 2
    assert apply(job_of(path, batch=3), installation.operator).run.tally == Tally(sealed=5, skipped=2)
    assert vault.status().people == before + 5


def test_refused_rows_are_named_by_row_field_and_reason_never_by_value(installation, tmp_path):
    rows = people(4)
    rows[1]["email"] = "mallory at nowhere"
    rows[2]["country"] = "Atlantis"
    path = write_csv(tmp_path / "p.csv", rows)
    checked = check(job_of(path), installation.operator)
    assert (checked.acceptable, checked.refused) == (2, 2)
    ended = apply(job_of(path), installation.operator)
    assert ended.run.tally == Tally(sealed=2, refused=2)
    flaws = list(queries.rejects(ended.run.id))
    assert flaws == checked.flaws
    assert [(flaw.row, flaw.field) for flaw in flaws] == [(2, "email"), (3, "country")]
    assert not any("mallory" in str(flaw).lower() or "atlantis" in str(flaw).lower() for flaw in flaws)


def test_partial_intake_stores_a_row_without_its_refused_fields(installation, tmp_path):
    rows = people(3)
    rows[1]["phone"] = "call me"
    path = write_csv(tmp_path / "p.csv", rows)
    ended = apply(job_of(path, partial=True), installation.operator)
    assert ended.run.tally == Tally(sealed=2, partial=1)
    found = vault_actions.search(actor=installation.operator, field="email", value=rows[1]["email"], purpose="support")
    opened = vault_actions.open_record(actor=installation.operator, person=found[0], purpose="support")
    assert "phone" not in opened.values
    assert opened.values["email"] == rows[1]["email"]


def test_a_value_that_cannot_be_converted_refuses_its_row_or_is_left_out(installation, tmp_path):
    path = tmp_path / "p.jsonl"
    rows = [row | {"city": ["a", "b"]} if number == 1 else row for number, row in enumerate(people(3))]
    path.write_text("\n".join(json.dumps(row) for row in rows))
    ended = apply(job_of(path), installation.operator)
    assert ended.run.tally == Tally(sealed=2, refused=1)
    assert [(flaw.row, flaw.code) for flaw in queries.rejects(ended.run.id)] == [(2, "value.nested")]
    assert apply(job_of(path, partial=True), installation.operator).run.tally == Tally(partial=1, skipped=2)


def test_a_dry_run_counts_people_who_lack_what_a_purpose_requires(installation, tmp_path):
    rows = people(6)
    rows[0]["city"] = rows[1]["city"] = ""
    checked = check(job_of(write_csv(tmp_path / "p.csv", rows)), installation.operator)
    assert checked.lacking["city"] == 2
    assert checked.acceptable == 6


def test_two_processes_cannot_store_the_same_batch_twice(installation, tmp_path):
    before = vault.status().people
    path = write_csv(tmp_path / "p.csv", people(10))
    run = apply(job_of(path, batch=5), installation.operator, stop_after=1).run
    late = Load([(1, {"email": "late@example.com"})], [], 0, Position(0), Position(5), last=False)
    with pytest.raises(MovedOn):
        actions.apply_batch(actor=installation.operator, run=run.id, load=late, policy_hash=run.policy_hash)
    assert vault.status().people == before + 5
    assert queries.run(run.id) == run


def test_the_same_import_is_not_opened_twice(installation, tmp_path):
    job = job_of(write_csv(tmp_path / "p.csv", people(2)))
    terms = job.terms()
    arguments = {"kind": "csv", "source": "p.csv", "terms": terms, "policy_hash": bytes(32)}
    actions.start_run(actor=installation.operator, **arguments)
    with pytest.raises(MovedOn):
        actions.start_run(actor=installation.operator, **arguments)


def test_a_policy_that_changes_meanwhile_stops_the_import(installation, tmp_path):
    job = job_of(write_csv(tmp_path / "p.csv", people(4)))
    run = apply(job, installation.operator, stop_after=1).run
    load = Load([], [], 0, run.position, run.position, last=True)
    with pytest.raises(PolicyChanged):
        actions.apply_batch(actor=installation.operator, run=run.id, load=load, policy_hash=bytes(32))


def test_whoever_may_not_import_is_refused_before_anything_is_read(installation, tmp_path):
    job = job_of(write_csv(tmp_path / "p.csv", people(4)))
    with pytest.raises(NotAllowed):
        check(job, installation.ben)
    with pytest.raises(NotAllowed):
        apply(job, installation.mallory)
    assert queries.latest(job.terms()) is None


def test_every_batch_leaves_entries_and_the_ledger_verifies(installation, tmp_path):
    before = ledger.status()
    apply(job_of(write_csv(tmp_path / "p.csv", people(25))), installation.operator)
    after = ledger.status()
    # One entry opens the import; each of three batches has one of its own and one of the vault.
    assert after.size + after.pending - before.size - before.pending == 1 + 3 * 2


def test_the_request_is_kept_as_a_keyed_hash_only(installation, tmp_path):
    path = write_csv(tmp_path / "p.csv", people(2))
    job = job_of(path)
    assert job.terms() == job_of(path).terms()
    assert job.terms() != job_of(path, existing="update").terms()
    assert job.terms() != job_of(path, partial=True).terms()
    assert job.source.fingerprint() not in job.terms().hex()


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_the_file_of_refusals_is_for_its_owner_only(installation, tmp_path, ending):
    from keepfold.intake import rejects

    rows = people(3)
    rows[2]["email"] = "nobody"
    ended = apply(job_of(write_csv(tmp_path / "p.csv", rows)), installation.operator)
    path = tmp_path / f"refused{ending}"
    path.write_text("older")
    path.chmod(0o644)
    assert rejects.write(path, queries.rejects(ended.run.id)) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lines = path.read_text().splitlines()
    assert lines[-1].startswith("3,email,email.") if ending == ".csv" else json.loads(lines[0])["row"] == 3


@pytest.mark.postgres
def test_an_import_works_the_same_on_postgresql(postgres_stores, tmp_path):
    from tests.support import cast

    cast.set_up()
    installation = cast.enter(tmp_path)
    before = vault.status().people
    rows = people(45)
    rows[7]["email"] = "nobody"
    path = write_csv(tmp_path / "p.csv", rows)
    apply(job_of(path), installation.operator, stop_after=2)
    ended = apply(job_of(path), installation.operator)
    assert ended.run.tally == Tally(sealed=44, refused=1)
    assert vault.status().people == before + 44
    assert queries.reject_counts(ended.run.id)[0][3:] == (1, 8)
    assert apply(job_of(path), installation.operator).nothing_to_do
