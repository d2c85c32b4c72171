"""An uploaded file never lies open: not while it comes in, not at any step, not when anything goes wrong."""

from __future__ import annotations

import os
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from keepfold.intake import actions, begun, jobs, sweeping, uploads
from keepfold.intake import held as table
from keepfold.intake.console import upload as handler
from keepfold.intake.console.upload import SealingHandler, name_of
from keepfold.intake.sources.memory import filled, path_of
from keepfold.kernel import clock, config, db, ids, sealed
from keepfold.kernel.errors import NotFound, Unopened
from keepfold.vault import queries as vault
from tests.intake.importing import PEOPLE, VALUES, Importing, main_of
from tests.intake.searching import hits
from tests.support.entries import waiting_actions


def nothing_open(home) -> None:
    """Look for every value in every form in every file of the home."""
    db.fetch_all("default", "PRAGMA wal_checkpoint(FULL)")
    assert hits(home, VALUES) == []


def files() -> list[str]:
    return sorted(path.name for path in uploads.folder().glob("*")) if uploads.folder().is_dir() else []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_no_file_of_the_home_holds_an_uploaded_value_at_any_step(installation, encoding):
    ana = Importing()
    assert ana.upload(PEOPLE.encode(encoding)).status_code == 302
    nothing_open(installation.home)
    ana.work()
    nothing_open(installation.home)
    ana.check()
    nothing_open(installation.home)
    ana.work()
    nothing_open(installation.home)
    ana.decide("launch")
    nothing_open(installation.home)
    ana.work()
    assert "versiegelt" in ana.page() or "Sealed" in ana.page()
    nothing_open(installation.home)
    assert vault.status().people == 3


def test_names_and_samples_of_columns_do_not_lie_open_either(installation):
    ana = Importing()
    ana.upload("Lieblingsessen von Zora,Email\nPfannkuchen mit Zimt,zora@example.org\n", "Zora Hurston.csv")
    ana.work().check()
    ana.work()
    db.fetch_all("default", "PRAGMA wal_checkpoint(FULL)")
    assert hits(installation.home, ["Lieblingsessen", "Pfannkuchen", "Zora Hurston"]) == []
    assert "Zora Hurston.csv" in ana.page()


def test_an_upload_is_one_file_of_its_owner_alone_named_by_its_id(installation):
    ana = Importing()
    ana.upload()
    (path,) = uploads.folder().iterdir()
    assert path.name == f"{ana.where.rpartition('/')[2]}.sealed"
    assert path.stat().st_mode & 0o777 == 0o600
    assert uploads.folder().stat().st_mode & 0o777 == 0o700
    assert path.stat().st_size > len(PEOPLE)


def test_the_file_is_gone_after_a_run_without_refusals_and_nothing_opens_the_draft(installation):
    ana = Importing().to_end(PEOPLE.replace("this is no address", "wrong@example.org"))
    assert files() == []
    assert ana.held.state == "done"
    assert (ana.held.wrapped, ana.held.draft) == (None, None)
    assert "The uploaded file is gone." in ana.page()


def test_a_file_with_refused_rows_stays_sealed_for_a_day_and_goes_sooner_when_asked(installation):
    ana = Importing().to_end()
    assert len(files()) == 1
    assert abs(ana.held.expires_us - clock.now_us() - begun.KEEP_US) < 60_000_000
    nothing_open(installation.home)
    ana.decide("forget")
    assert files() == []
    assert not ana.held.open
    assert ("intake.upload.remove", True) in waiting_actions()


@pytest.mark.parametrize("step", ["reading", "mapping", "checking", "checked", "running"])
def test_cancelling_at_any_step_removes_file_and_key_and_stores_nothing_more(installation, step):
    ana = Importing()
    before = vault.status().people
    ana.upload()
    if step != "reading":
        ana.work()
    if step in {"checking", "checked", "running"}:
        ana.check()
    if step in {"checked", "running"}:
        ana.work()
    if step == "running":
        ana.decide("launch")
    assert ana.held.state == step
    ana.decide("cancel")
    assert files() == []
    assert (ana.held.state, ana.held.wrapped, ana.held.draft) == ("cancelled", None, None)
    ana.work()
    assert ana.held.state == "cancelled"
    assert vault.status().people == before
    assert "Cancelled." in ana.page()


@pytest.mark.parametrize("step", ["mapping", "checked", "done"])
def test_what_nobody_came_back_to_is_gone_after_a_day(installation, step):
    ana = Importing()
    ana.upload()
    ana.work()
    if step != "mapping":
        ana.check()
        ana.work()
    if step == "done":
        ana.decide("launch")
        ana.work()
    jobs.sweep()
    assert len(files()) == 1
    db.execute("default", "UPDATE intake_import SET expires_us = %s", [clock.now_us() - 1])
    jobs.sweep()
    assert files() == []
    assert not ana.held.open
    assert ana.browser.get(ana.where).status_code in {200, 409}


def test_files_that_no_row_knows_are_swept_and_others_are_left(installation):
    ana = Importing()
    ana.upload()
    received = uploads.Receiver()
    received.take(PEOPLE.encode())
    stray = uploads.folder() / "something-else"
    stray.write_bytes(b"x")
    for path in uploads.folder().iterdir():
        os.utime(path, (1, 1))
    sweeping.remove_strays()
    assert files() == [f"{ana.where.rpartition('/')[2]}.sealed"]


def test_an_upload_that_breaks_off_leaves_nothing_that_anybody_could_open(installation):
    received = uploads.Receiver()
    received.take(PEOPLE.encode() * 5000)
    nothing_open(installation.home)
    assert len(files()) == 1
    assert db.fetch_all("default", "SELECT 1 FROM intake_import") == []
    with pytest.raises(Unopened), uploads.opened(received.import_id, received.key):
        pass


@pytest.mark.parametrize("harm", ["first", "middle", "last", "cut", "longer", "swapped"])
def test_a_file_that_somebody_changed_is_refused_and_removed(installation, harm):
    ana = Importing()
    ana.upload(PEOPLE * 20_000)
    (path,) = uploads.folder().iterdir()
    content = bytearray(path.read_bytes())
    assert len(content) > 3 * (1 << 18)
    if harm == "cut":
        del content[-(1 << 18) :]
    elif harm == "longer":
        content += content[-100:]
    elif harm == "swapped":
        content[1 << 18 : 2 << 18], content[2 << 18 : 3 << 18] = content[2 << 18 : 3 << 18], content[1 << 18 : 2 << 18]
    else:
        content[{"first": 50, "middle": len(content) // 2, "last": -1}[harm]] ^= 1
    path.write_bytes(content)
    ana.work()
    assert ana.held.state == "failed"
    assert files() == []
    assert "cannot be opened" in ana.page()


def test_another_imports_file_or_key_opens_nothing(installation):
    ana, again = Importing(), Importing()
    ana.upload()
    again.upload()
    one, other = (uploads.path_of(each.held.id) for each in (ana, again))
    one.write_bytes(other.read_bytes())
    with pytest.raises(Unopened):
        sealed.open_key("intake", ana.held.id, again.held.wrapped)
    ana.work()
    assert ana.held.state == "failed"


def test_a_vanished_file_is_a_clear_failure(installation):
    ana = Importing()
    ana.upload()
    uploads.remove(ana.held.id)
    ana.work()
    assert "The uploaded file is not there any more." in ana.page()
    with pytest.raises(NotFound), uploads.opened(bytes(16), sealed.new_key("intake", bytes(16))[0]):
        pass


# -- coming in -------------------------------------------------------------------------------------------------------


@pytest.fixture
def most(installation):
    """Let 100,000 bytes be the most."""
    before = config.current()
    config.use(replace(before, max_upload_bytes=100_000))
    yield 100_000
    config.use(before)


@pytest.mark.parametrize(("size", "status"), [(99_000, 302), (100_000, 302), (100_001, 422), (150_000, 422)])
def test_the_limit_holds_to_the_byte_while_the_file_comes_in(most, size, status):
    ana = Importing()
    head = b"Email\n"
    answer = ana.upload(head + b"x" * (size - len(head)))
    assert answer.status_code == status
    if status == 422:
        assert "larger than" in main_of(answer)
        assert files() == []


def test_a_form_far_beyond_the_limit_is_not_even_read(most):
    answer = Importing().upload(b"x" * 400_000)
    assert answer.status_code == 413
    assert files() == []


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"PK\x03\x04zip", "people.csv"),
        (b"PK\x03\x04xlsx", "people.xlsx"),
        (b"\x1f\x8b\x08gz", "people.csv.gz"),
        (b"%PDF-1.7", "people.pdf"),
        (b"\xd0\xcf\x11\xe0old", "people.xls"),
        (b"MZ\x90", "people.exe"),
        (b"<html>", "people.html"),
        (b"x", "people"),
    ],
)
def test_what_is_no_table_is_refused_by_its_beginning(installation, head, name):
    ana = Importing()
    answer = ana.upload(head + bytes(20), name)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in main_of(answer)
    assert files() == []
    assert db.fetch_all("default", "SELECT 1 FROM intake_import") == []


def test_no_file_empty_file_and_two_files_are_refused_with_words(installation):
    ana = Importing()
    assert ana.browser.post("/imports/new", {}).status_code == 422
    assert ana.upload(b"").status_code == 422
    both = [SimpleUploadedFile("a.csv", b"Email\nx\n"), SimpleUploadedFile("b.csv", b"Email\nx\n")]
    answer = ana.browser.post("/imports/new", {"file": both})
    assert answer.status_code == 422
    assert "one file at a time" in main_of(answer)
    assert files() == []


def test_a_file_under_another_name_of_the_form_is_not_kept(installation):
    answer = Importing().browser.post("/imports/new", {"other": SimpleUploadedFile("a.csv", b"Email\nx\n")})
    assert answer.status_code == 422
    assert files() == []


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("people.csv", "people.csv"),
        ("../../etc/passwd.csv", "passwd.csv"),
        ("..\\..\\windows\\people.csv", "people.csv"),
        ("/absolute/people.csv", "people.csv"),
        ("....//....//x.csv", "x.csv"),
        (".htaccess.csv", "htaccess.csv"),
        ("pe\x00op\x1ble\r\n.csv", "people.csv"),
        ("a" * 500 + ".csv", "a" * 116 + ".csv"),
        ("", "file"),
        (None, "file"),
        ("\u202egpj.csv", "gpj.csv"),
    ],
)
def test_a_name_is_a_name_and_never_a_way(given, shown):
    assert name_of(given) == shown


def test_a_name_that_climbs_writes_nowhere_else(installation):
    before = sorted(path for path in installation.home.parent.rglob("*") if path.is_file())
    Importing().upload(PEOPLE, "../../../../climbed.csv")
    after = {path for path in installation.home.parent.rglob("*") if path.is_file()} - set(before)
    assert {path.parent for path in after} <= {uploads.folder(), installation.home}
    assert not any("climbed" in path.name for path in installation.home.parent.rglob("*"))


def test_nothing_is_written_to_the_folder_of_temporary_files(installation, monkeypatch, tmp_path):
    watched = tmp_path / "tmp"
    watched.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(watched))
    opened: list[str] = []
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", lambda *a, **k: opened.append("file"))
    assert Importing().upload(PEOPLE * 50_000).status_code == 302
    assert (list(watched.iterdir()), opened) == ([], [])


def test_a_forged_form_leaves_nothing(installation):
    mallory = Importing(enforce_csrf_checks=True)
    assert mallory.upload().status_code == 403
    assert files() == []
    assert db.fetch_all("default", "SELECT 1 FROM intake_import") == []


@pytest.mark.parametrize("name", ["Ben", "Dora"])
def test_who_may_not_import_is_refused_before_anything_is_read(installation, monkeypatch, name):
    monkeypatch.setattr(SealingHandler, "new_file", lambda *_a, **_k: pytest.fail("the file was read"))
    assert Importing(name).upload().status_code == 403
    assert files() == []


def test_a_full_disk_is_said_and_leaves_nothing(installation, monkeypatch):
    real = os.write

    def full(number, data):
        if "/uploads/" in str(Path(f"/proc/self/fd/{number}").readlink()):
            raise OSError(28, "No space left on device")
        return real(number, data)

    monkeypatch.setattr(os, "write", full)
    answer = Importing().upload()
    assert answer.status_code == 422
    assert "no room" in main_of(answer)
    assert files() == []


def test_a_file_that_trickles_in_is_given_up(installation, monkeypatch):
    monkeypatch.setattr(handler, "_PATIENCE_S", -1.0)
    monkeypatch.setattr(handler, "_SLOWEST_BYTES_A_SECOND", 10**12)
    answer = Importing().upload(b"Email\n" + b"x" * (1 << 19))
    assert answer.status_code == 422
    assert "too slowly" in main_of(answer)
    assert files() == []


def test_one_upload_at_a_time_leaves_a_thread_for_everybody_else(installation, monkeypatch):
    monkeypatch.setattr(handler, "_turns", threading.BoundedSemaphore(1))
    with handler.turn():
        answer = Importing().upload()
    assert answer.status_code == 429
    assert Importing().upload().status_code == 302


def test_what_was_uploaded_is_written_down_without_its_name(installation):
    Importing().upload(PEOPLE, "Zora Hurston.csv")
    assert ("intake.upload.add", True) in waiting_actions()


# -- in memory -------------------------------------------------------------------------------------------------------


def test_a_file_in_memory_has_its_name_and_nobody_can_change_it():
    with filled([b"Email\n", b"zora@example.org\n"]) as number:
        path = path_of(number, "people.csv")
        assert (path.name, path.suffix) == ("people.csv", ".csv")
        assert path.read_bytes() == b"Email\nzora@example.org\n"
        for attempt in (
            lambda: os.write(number, b"x"),
            lambda: os.ftruncate(number, 0),
            lambda: os.ftruncate(number, 99),
        ):
            with pytest.raises(OSError, match="Operation not permitted"):
                attempt()
    assert not path.exists()


def test_the_actions_refuse_an_import_that_moved_on(installation):
    ana = Importing()
    ana.upload()
    held = ana.held
    ana.work()
    with pytest.raises(Exception, match="has not been made"):
        actions.launch_run(actor=installation.ana, held=held)
    assert table.one(held.id).state == "mapping"
    assert ids.show("imp", held.id) in ana.where
