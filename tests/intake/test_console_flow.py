"""The four steps of an import in the console: source, mapping, dry run, import. For people, without JavaScript."""

from __future__ import annotations

import io
import re
import sqlite3

import pytest

from keepfold.intake import actions, begun, drafts, queries, steps
from keepfold.intake import held as table
from keepfold.kernel import clock, config, db, ids, jobs
from keepfold.kernel.errors import NotAllowed
from keepfold.people import actions as people
from keepfold.people import queries as people_queries
from keepfold.policy import actions as policy_actions
from keepfold.policy import queries as policy
from keepfold.vault import actions as vault
from keepfold.vault import queries as vault_queries
from tests.intake.importing import PEOPLE, Importing, main_of
from tests.support.console import signed_in, text_of, visitor
from tests.support.entries import waiting_actions

# What differs in every answer.
REFERENCE = re.compile(r"[0-9a-f]{16}")


def test_four_steps_lead_from_a_file_to_sealed_customers(installation):
    ana = Importing()
    ana.upload()
    assert "Reading the source" in ana.page()
    page = ana.work().page()
    assert "Each column becomes" in page
    assert "5 columns. 4 of them become data items." in page
    assert "Not needed: will not be read" in page
    assert "Looks like a fax number. No purpose needs it." in page
    assert ana.check().status_code == 302
    page = ana.work().page()
    assert "3 rows were looked at. Nothing was stored yet." in page
    assert "It is not an e-mail address that mail can be sent to." in page
    assert "row 3" in page
    assert "this is no address" not in page
    before = vault_queries.status().people
    ana.decide("launch")
    page = ana.work().page()
    assert vault_queries.status().people == before + 2
    assert "3 rows were dealt with" in page
    listed = main_of(ana.browser.get("/imports"))
    assert "people.csv" in listed
    assert "Done" in listed


def test_each_step_is_written_down(installation):
    Importing().to_end()
    made = [name for name, allowed in waiting_actions() if allowed and name.startswith("intake.")]
    assert made == [
        "intake.upload.add",
        "intake.source.check",
        "intake.draft.check",
        "intake.source.check",
        "intake.run.launch",
        "intake.batch.apply",
    ]


def test_samples_are_masked_and_those_of_others_are_not_shown(installation):
    ana, olga = Importing(), Importing("Olga")
    ana.upload()
    page = ana.work().page()
    assert "z•••.n••••@e••••••.o••" in page.replace("n•••", "n•••") or "z•••" in page
    for value in ("zora.neale", "Hurston", "Frischling", "174 06", "no address"):
        assert value not in page
    olga.where = ana.where
    assert "•" not in olga.page()
    assert "Somebody else is at work on this import." in olga.page()


def test_a_page_at_work_refreshes_without_a_script_and_by_htmx_with_one(installation):
    ana = Importing()
    ana.upload()
    whole = text_of(ana.browser.get(ana.where))
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in whole
    assert 'hx-trigger="every 1s"' in whole
    part = ana.browser.get(ana.where, headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert "HX-Redirect" not in part.headers
    ana.work()
    over = ana.browser.get(ana.where, headers={"HX-Request": "true"})
    assert over.headers["HX-Redirect"] == ana.where
    assert "http-equiv" not in text_of(ana.browser.get(ana.where))


def test_progress_shows_rows_rate_and_time_left(installation):
    ana = Importing().to_report()
    ana.decide("launch")
    held = ana.held
    db.execute(
        "default",
        "UPDATE intake_import SET rows_total = 10000, begun_us = %s WHERE id = %s",
        [clock.now_us() - 10_000_000, held.id],
    )
    db.execute(
        "default", "UPDATE intake_run SET position_row = 4000, sealed = 3900, refused = 100 WHERE id = %s", [held.run]
    )
    page = ana.page()
    assert "4,000 of 10,000" in page
    assert re.search(r"(3[5-9]\d|400) rows a second, about 1[5-7] seconds left", page)
    assert "3,900" in page


def test_a_worker_that_is_away_is_said_on_the_page_that_waits_for_it(installation):
    ana = Importing()
    ana.upload()
    assert "No worker has been seen yet." in ana.page()
    jobs.work.note_worker()
    assert "No worker" not in ana.page()


def test_imports_of_the_command_line_are_listed_beside_those_of_the_console(installation, tmp_path):
    from keepfold.intake import runner
    from keepfold.intake.rules.mapping import parse
    from keepfold.intake.sources.opening import Options, open_source

    path = tmp_path / "terminal.csv"
    path.write_text("Email\nzora@example.org\n", encoding="utf-8")
    schema = policy.schema()
    source = open_source(str(path), Options(), {})
    plan = parse({"mapping": 1, "fields": {"email": "Email"}}, ["Email"], schema)
    job = runner.Job(source=source, plan=plan, schema=schema)
    runner.apply(job, terms=job.terms(), actor=installation.operator, watch=lambda *_: None, stopping=lambda: False)
    ana = Importing().to_end()
    page = main_of(ana.browser.get("/imports"))
    assert "On the command line" in page
    assert page.partition("On the command line")[2].count("<tbody>") == 1
    assert "terminal.csv" in page
    assert "(imp_" not in page


# -- mapping ---------------------------------------------------------------------------------------------------------


def test_a_mapping_with_a_mistake_says_what_and_keeps_what_was_chosen(installation):
    ana = Importing()
    ana.upload()
    ana.work()
    answer = ana.check(**{"how-0": "first", "to-1": "email"})
    page = main_of(answer)
    assert answer.status_code == 422
    assert 'class="problems" role="alert"' in page
    assert "Several columns become E-mail address" in page
    assert '<option value="first" selected>' in page
    empty = ana.browser.post(ana.where, {"do": "check", "existing": "skip"})
    assert empty.status_code == 422
    assert "No column becomes a data item." in main_of(empty)


def test_what_is_not_in_the_policy_cannot_be_mapped_to(installation):
    ana = Importing()
    ana.upload()
    ana.work()
    answer = ana.check(**{"to-0": "shoe_size"})
    assert answer.status_code == 422
    assert ana.held.state == "mapping"


def test_one_column_can_feed_two_data_items(installation):
    ana = Importing()
    ana.upload("Email,Name\nzora@example.org,Zora Neale Hurston\n")
    page = ana.work().page()
    assert 'name="to2-1"' in page
    ana.check()
    ana.work().decide("launch")
    ana.work()
    person = vault.search(actor=installation.ana, field="email", value="zora@example.org", purpose="fulfil_order")[0]
    opened = vault.open_record(actor=installation.ana, person=person, purpose="fulfil_order")
    assert (opened.values["first_name"], opened.values["last_name"]) == ("Zora", "Neale Hurston")


def test_a_second_use_is_added_without_a_script(installation):
    ana = Importing()
    ana.upload("Email,First name\nzora@example.org,Zora Neale\n")
    ana.work()
    answer = ana.check(add="twice", twice="1")
    page = main_of(answer)
    assert answer.status_code == 200
    assert 'name="to2-1"' in page
    assert 'class="problems"' not in page
    assert ana.held.state == "mapping"


def test_a_kept_mapping_serves_the_next_file_of_its_kind_and_its_maker_alone(installation):
    ana = Importing().to_report()
    assert ana.decide("save", name="Our web shop").status_code == 302
    again = Importing()
    again.upload(PEOPLE.replace("zora", "nella"))
    assert "Our web shop" in again.work().page()
    kept = queries.saved_mappings(installation.ana)[0]
    page = main_of(again.browser.get(again.where, {"mapping": ids.show("map", kept.id)}))
    assert "Remove this kept mapping" in page
    other = Importing()
    other.upload("E,F\nzora@example.org,Zora\n")
    assert "Our web shop" not in other.work().page()
    olga = Importing("Olga")
    olga.upload(PEOPLE)
    assert "Our web shop" not in olga.work().page()
    olga.decide("drop-mapping", mapping=ids.show("map", kept.id))
    assert len(queries.saved_mappings(installation.ana)) == 1
    again.decide("drop-mapping", mapping=ids.show("map", kept.id))
    assert queries.saved_mappings(installation.ana) == []


# -- dry run and start -----------------------------------------------------------------------------------------------


def test_the_report_tells_who_is_there_already(installation):
    ana = Importing().to_report("Email,First name\ncarl.lindqvist@example.org,Carl\nnew@example.org,New\n")
    page = ana.page()
    assert "There already" in page
    assert drafts.read(ana.held).report.known == 1
    ana.decide("launch")
    ana.work()
    assert queries.run(ana.held.run).tally.skipped == 1


def test_going_back_keeps_the_mapping_that_was_chosen(installation):
    ana = Importing()
    ana.upload()
    ana.work().check(**{"to-3": ""})
    ana.work().decide("reopen")
    assert ana.held.state == "mapping"
    assert ana.chosen()["to-3"] == ""


def test_rows_without_their_refused_values_are_sealed_when_asked(installation):
    ana = Importing().to_report(PEOPLE, partial="on")
    assert "Sealed in part" in ana.page()
    ana.decide("launch")
    ana.work()
    assert queries.run(ana.held.run).tally.partial == 1


def test_the_same_file_again_is_noticed_and_nobody_comes_in_twice(installation):
    content = PEOPLE.replace("this is no address", "third@example.org")
    Importing().to_end(content)
    people_there = vault_queries.status().people
    again = Importing().to_report(content, "another-name.csv")
    assert "This very file was imported before." in again.page()
    again.decide("launch")
    again.work()
    assert vault_queries.status().people == people_there


def test_sending_a_form_twice_does_its_work_once(installation):
    ana = Importing().to_report()
    before = vault_queries.status().people
    assert ana.decide("launch").status_code == 302
    assert ana.decide("launch").status_code == 409
    ana.work()
    assert ana.decide("launch").status_code == 409
    assert vault_queries.status().people == before + 2
    assert len(db.fetch_all("default", "SELECT 1 FROM intake_run")) == 1


def test_another_policy_in_between_stops_the_start_and_the_source_is_looked_at_again(installation):
    ana = Importing().to_report()
    source = policy.active().source if hasattr(policy.active(), "source") else None
    version = policy_actions.submit_version(actor=installation.operator, source=changed_policy(source), name="changed")
    policy_actions.activate(actor=installation.operator, version=version.version)
    page = ana.page()
    assert "Another policy became active since this source was looked at." in page
    assert ana.decide("launch").status_code == 409
    ana.decide("again")
    assert ana.held.state == "reading"
    assert "Each column becomes" in ana.work().page()


def changed_policy(source: str | None) -> str:
    text = source or policy.template("media-shop")
    return text + "\n# a remark\n" if "cities" in text else policy.template("shop")


def test_a_policy_that_changes_while_rows_come_in_ends_the_run_and_keeps_the_file(installation, monkeypatch):
    ana = Importing().to_report()
    ana.decide("launch")
    version = policy_actions.submit_version(actor=installation.operator, source=policy.template("shop"), name="shop")
    policy_actions.activate(actor=installation.operator, version=version.version)
    ana.work()
    assert ana.held.state == "failed"
    assert "Another policy became active" in ana.page()
    assert ana.held.open
    ana.decide("again")
    assert "Each column becomes" in ana.work().page()


def test_whoever_was_deactivated_imports_nothing_more(installation):
    ana = Importing().to_report()
    ana.decide("launch")
    before = vault_queries.status().people
    people.deactivate_staff(actor=installation.operator, staff=installation.ana.id)
    ana.work()
    held = table.one(db.fetch_all("default", "SELECT id FROM intake_import")[0][0])
    assert held.state == "failed"
    assert drafts.words_of(held).code == "intake.owner-gone"
    assert vault_queries.status().people == before


def test_a_job_that_was_given_up_fails_its_import(installation):
    from keepfold.intake import sweeping

    ana = Importing()
    ana.upload()
    sweeping.give_up()
    assert ana.held.state == "reading"
    db.execute("default", "UPDATE kernel_job SET state = 2, ended_us = 1")
    db.execute("default", "UPDATE intake_import SET changed_us = 1")
    sweeping.give_up()
    assert ana.held.state == "failed"
    assert "gave up" in ana.page()


def test_a_store_that_is_away_is_no_failure_of_the_import(installation, monkeypatch):
    from keepfold.kernel.errors import Unavailable

    ana = Importing()
    ana.upload()

    def away(*_args):
        raise Unavailable("The database is busy.", code="storage.busy")

    with monkeypatch.context() as patched:
        patched.setattr(steps, "look", away)
        ana.work()
    assert ana.held.state == "reading"
    db.execute("default", "UPDATE kernel_job SET run_us = 1 WHERE state = 0")
    assert "Each column becomes" in ana.work().page()


def test_a_step_that_was_done_is_not_done_again(installation):
    ana = Importing().to_report()
    ana.decide("launch")
    held = ana.held
    ana.work()
    before = vault_queries.status().people
    steps.work(held.id, held.step)
    steps.work(held.id, held.step - 1)
    assert vault_queries.status().people == before


def test_two_workers_at_one_run_store_each_row_once(installation):
    rows = "Email\n" + "".join(f"person{number}@example.org\n" for number in range(2500))
    ana = Importing().to_report(rows)
    ana.decide("launch")
    held, before = ana.held, vault_queries.status().people
    draft = drafts.read(held)
    with steps.opened(held, draft) as one, steps.opened(held, draft) as other:
        from keepfold.intake import runner

        loads = [
            list(runner._loads(steps._job(source, draft), queries.run(held.run).position)) for source in (one, other)
        ]
    schema = policy.schema()
    for first, second in zip(*loads, strict=True):
        actions.apply_batch(actor=installation.ana, run=held.run, load=first, policy_hash=schema.hash)
        with pytest.raises(Exception, match="was not stored twice"):
            actions.apply_batch(actor=installation.ana, run=held.run, load=second, policy_hash=schema.hash)
    assert vault_queries.status().people == before + 2500
    ana.work()
    assert ana.held.state == "done"


# -- other sources ---------------------------------------------------------------------------------------------------


@pytest.fixture
def shop_file(tmp_path):
    """Return the bytes of a SQLite file with two tables and a view."""
    path = tmp_path / "shop.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(
        "PRAGMA journal_mode=WAL; CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, phone TEXT);"
        "INSERT INTO customers VALUES (1, 'zora@example.org', '+46 70 174 06 05'), (2, 'max@example.org', NULL);"
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, what TEXT); CREATE VIEW spying AS SELECT * FROM customers;"
        "PRAGMA wal_checkpoint(TRUNCATE);"
    )
    connection.close()
    return path.read_bytes()


def test_a_sqlite_file_asks_for_its_table_and_offers_tables_only(installation, shop_file):
    ana = Importing()
    ana.upload(shop_file, "shop.sqlite")
    page = ana.work().page()
    assert "Which table holds the customers?" in page
    assert "customers" in page
    assert "spying" not in page
    assert ana.decide("table", table="spying").status_code == 409
    assert ana.decide("table", table="customers").status_code == 302
    ana.work().check()
    ana.work().decide("launch")
    ana.work()
    assert queries.run(ana.held.run).tally.sealed == 2


@pytest.mark.parametrize("kind", ["jsonl", "parquet", "tsv"])
def test_every_kind_of_file_comes_in(installation, kind):
    if kind == "jsonl":
        content = b'{"email": "zora@example.org", "born": null}\n{"email": "max@example.org"}\n'
    elif kind == "tsv":
        content = "Email\tOrt\nzora@example.org\tMalmö\nmax@example.org\tZürich\n".encode("cp1252")
    else:
        import pyarrow as pa
        from pyarrow import parquet

        out = io.BytesIO()
        parquet.write_table(pa.table({"email": ["zora@example.org", "max@example.org"]}), out)
        content = out.getvalue()
    ana = Importing().to_end(content, f"people.{kind}")
    assert queries.run(ana.held.run).tally.sealed == 2


def test_a_file_that_cannot_be_read_fails_clearly_and_is_gone(installation):
    ana = Importing()
    ana.upload("zora@example.org,Zora\nmax@example.org,Max\n")
    page = ana.work().page()
    assert "The first row" in page
    assert "--" not in page.partition("</section>")[0]
    assert "zora@" not in page
    assert not ana.held.open
    ana.upload("Email\n", "empty.csv")
    assert ana.work().held.state in {"mapping", "failed"}


# -- who -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def importers(installation):
    """Return two people whose role allows imports and nothing else, by name."""
    people.define_role(
        actor=installation.operator,
        name="importer",
        actions=("intake.*", "vault.record.seal_many"),
        purposes=(),
    )
    for name in ("Ivo", "Ida"):
        people.add_staff(
            actor=installation.operator, email=f"{name.lower()}@example.org", name=name, roles=("importer",)
        )


def test_anothers_unfinished_import_answers_like_an_absent_one(importers, installation):
    ivo = Importing("Ivo")
    ivo.upload()
    absent = f"/imports/{ids.show('imp', ids.uuid7())}"
    ida = signed_in("Ida")
    for method in ("get", "post"):
        theirs, nowhere = (getattr(ida, method)(path, {"do": "cancel"}) for path in (ivo.where, absent))
        assert theirs.status_code == nowhere.status_code == 404
        assert [REFERENCE.sub("", main_of(answer)) for answer in (theirs, nowhere)] == [
            REFERENCE.sub("", main_of(nowhere))
        ] * 2
    for path in ("/refused",):
        assert ida.get(ivo.where + path).status_code == 404
    assert ivo.held.state == "reading"
    assert "people.csv" not in main_of(ida.get("/imports"))
    for name in ("Ana", "Olga"):
        assert signed_in(name).get(ivo.where).status_code == 200
        assert "people.csv" in main_of(signed_in(name).get("/imports"))


def test_a_finished_import_is_seen_by_those_who_import_but_its_rows_only_by_its_owner(importers, installation):
    ivo = Importing("Ivo").to_end()
    ida = signed_in("Ida")
    assert ida.get(ivo.where).status_code == 200
    assert "Take out with values" not in main_of(ida.get(f"{ivo.where}/refused"))
    answer = ida.post(f"{ivo.where}/refused", {"reason": "I am curious"})
    assert answer.status_code == 404
    assert ida.post(ivo.where, {"do": "forget"}).status_code == 302
    assert ivo.held.open


@pytest.mark.parametrize("do", ["check", "launch", "table", "again", "reopen", "save"])
def test_overseers_can_cancel_anothers_import_and_decide_nothing_else(importers, installation, do):
    ivo, ana = Importing("Ivo").to_report(), Importing("Ana")
    ana.where = ivo.where
    assert ana.decide(do, table="x", name="x", existing="skip").status_code in {404, 422}
    assert ivo.held.state == "checked"
    ana.decide("cancel")
    assert ivo.held.state == "cancelled"


@pytest.mark.parametrize(
    "path", ["", "/new", "/new/database", "/new/server", "/imp_01h455vb4pex5vsknk084sn02q", "/x/refused"]
)
def test_strangers_are_led_to_the_sign_in_and_others_refused(installation, path):
    assert visitor().get(f"/imports{path}").status_code == 302
    for name in ("Ben", "Dora"):
        assert signed_in(name).get(f"/imports{path}").status_code == 403


@pytest.mark.parametrize("number", ["imp_", "imp_zzzz", "cus_01h455vb4pex5vsknk084sn02q", "../new", "%00", "a" * 300])
def test_malformed_ids_answer_like_absent_ones(installation, number):
    assert signed_in("Ana").get(f"/imports/{number}").status_code == 404


def test_every_form_needs_its_token(installation):
    ana = Importing().to_report()
    forged = signed_in("Ana", enforce_csrf_checks=True)
    for do in ("cancel", "launch", "reopen", "forget"):
        assert forged.post(ana.where, {"do": do}).status_code == 403
    assert forged.post(f"{ana.where}/refused", {"reason": "forged"}).status_code == 403
    assert forged.post("/imports/new/database", {}).status_code == 403
    assert ana.held.state == "checked"


# -- the rest ---------------------------------------------------------------------------------------------------------


def test_no_page_puts_a_name_or_value_into_title_or_address(installation):
    ana = Importing()
    ana.upload(PEOPLE, "Zora Hurston.csv")
    whole = text_of(ana.work().browser.get(ana.where))
    title = whole[whole.index("<title>") : whole.index("</title>")]
    assert "Zora" not in title
    assert "Zora" not in ana.where


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_step_speaks_the_readers_language(installation, language):
    ana = Importing(headers={"accept-language": language})
    pages = [text_of(ana.browser.get("/imports/new")), text_of(ana.browser.get("/imports/new/database"))]
    ana.upload()
    pages.append(ana.page())
    pages.append(ana.work().page())
    ana.check()
    pages.append(ana.work().page())
    ana.decide("launch")
    pages.append(ana.work().page())
    german = ["Import beginnen", "Mit einer Datenbank verbinden", "Die Quelle wird gelesen", "Nicht nötig: wird nicht gelesen",
              "Zeilen wurden angesehen", "Wie es weitergeht"]  # fmt: skip
    for page, sentence in zip(pages, german, strict=True):
        assert (sentence in page) == (language == "de")


def test_the_server_offers_files_of_its_own_only_where_the_settings_say_so(installation, tmp_path, shop_file):
    from dataclasses import replace

    ana = Importing()
    assert ana.browser.get("/imports/new/server").status_code == 409
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "shop.sqlite").write_bytes(shop_file)
    (tmp_path / "other.sqlite").write_bytes(shop_file)
    (folder / "link.sqlite").symlink_to(installation.home / "data.sqlite3")
    before = config.current()
    config.use(replace(before, import_folders=(str(folder), str(installation.home))))
    try:
        outcomes = {}
        for path in (
            folder / "shop.sqlite",
            tmp_path / "other.sqlite",
            folder / "link.sqlite",
            folder / "../other.sqlite",
            installation.home / "keys.sqlite3",
            folder / "absent.sqlite",
        ):
            answer = ana.browser.post("/imports/new/server", {"path": str(path), "table": "customers"})
            ana.where = answer["Location"]
            ana.work()
            outcomes[path.name] = (ana.held.state, drafts.words_of(ana.held).code)
    finally:
        config.use(before)
    assert outcomes.pop("shop.sqlite") == ("mapping", "")
    assert set(outcomes.values()) == {("failed", "intake.path-not-allowed")}


def test_grants_are_read_anew_for_each_step(installation):
    ana = Importing()
    ana.upload()
    assert people_queries.staff_actor(ana.held.owner).roles == ("privacy_lead",)
    with pytest.raises(NotAllowed):
        actions.cancel_run(actor=installation.ben, held=ana.held)
    assert begun.KEEP_US == 24 * 3600 * 1_000_000
