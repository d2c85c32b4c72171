"""What Keepfold sealed is opened by a reader that knows only the documentation and another house's AES-GCM."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest
import tink

from keepfold.kernel import db
from keepfold.kernel.crypto import wrap
from keepfold.site import wiring
from keepfold.vault import actions, keys
from keepfold.vault.keys import context
from tests.vault import independent_reader

PATIENT = {
    "patient_no": "P-0042",
    "first_name": "Carl",
    "last_name": "Lindqvist",
    "birth_date": "1999-12-31",
    "emergency_contact": {"name": "Ana Lindqvist", "phone": "+46701740605"},
    "diagnoses": [
        {"code": "J45", "found_on": "2021-03-04", "note": "Asthma, since childhood"},
        {"code": "E10", "found_on": "2022-05-06"},
    ],
}


def root(home: Path) -> bytes:
    return bytes.fromhex((home / "root.key").read_text().split()[1])


def read(home: Path, person: bytes) -> dict[str, object]:
    names = {row[1]: row[0] for row in db.fetch_all("default", _NAMES)}
    return {names[number]: value for number, value in independent_reader.read(home, root(home), person).items()}


_NAMES = "SELECT name, number FROM policy_registry WHERE kind = 'data'"


@pytest.fixture
def clinic(installation):
    """A clinic in place of the media shop: it isolates lists of diagnoses."""
    actions.erase(actor=installation.operator, person=installation.carl, reason="asked")
    wiring.activate_template("clinic")
    return installation


def opened(clinic, person: bytes) -> dict[str, object]:
    return dict(actions.open_record(actor=clinic.operator, person=person, purpose="treatment", reason="test").values)


def test_a_shared_frame_of_a_real_installation_gives_the_same_values(installation):
    seen = actions.open_record(
        actor=installation.operator, person=installation.carl, purpose="support", reason="ticket"
    )
    found = read(installation.home, installation.carl)
    clear = {name: value for name, value in seen.values.items() if name not in seen.masked}
    assert clear
    assert clear.items() <= found.items()
    assert found["phone"] == "+46701740605"


def test_isolated_padded_lists_and_a_structure_give_the_same_values(clinic):
    person = actions.seal(actor=clinic.operator, values=PATIENT).id
    assert read(clinic.home, person) == opened(clinic, person) == PATIENT


def test_many_people_sealed_at_once_are_each_read_as_themselves(clinic):
    records = [PATIENT | {"patient_no": f"P-{number}", "first_name": f"Carl {number}"} for number in range(20)]
    outcomes = actions.seal_many(actor=clinic.operator, records=records)
    assert [read(clinic.home, outcome.id) for outcome in outcomes] == records


@pytest.mark.parametrize("length", [0, 5, 12, 13, 14, 15, 28, 29, 1999, 2000])
def test_every_length_of_padding_comes_off(clinic, length):
    diagnoses = [{"code": "J45", "found_on": "2021-03-04", "note": "x" * length}]
    if not length:
        del diagnoses[0]["note"]
    person = actions.seal(actor=clinic.operator, values=PATIENT | {"diagnoses": diagnoses}).id
    assert read(clinic.home, person)["diagnoses"] == diagnoses


def test_a_changed_record_gives_the_new_values(clinic):
    person = actions.seal(actor=clinic.operator, values=PATIENT).id
    change = {"last_name": "Neu", "diagnoses": [{"code": "A00", "found_on": "2024-01-02"}], "emergency_contact": None}
    actions.update(actor=clinic.operator, person=person, values=change)
    after = {name: value for name, value in (PATIENT | change).items() if value is not None}
    assert read(clinic.home, person) == opened(clinic, person) == after


def test_a_frame_of_a_later_generation_is_opened_with_the_key_of_that_generation(clinic):
    person = actions.seal(actor=clinic.operator, values=PATIENT).id
    numbers = dict(db.fetch_all("default", _NAMES))
    places = dict(db.fetch_all("default", "SELECT number, compartment FROM policy_place"))
    compartment = places[numbers["diagnoses"]]
    renew(person, compartment, b"n" * 32)
    # The frames of the first generation went with their key: only the item sealed afresh is there.
    db.execute("default", "DELETE FROM vault_record WHERE person = %s AND compartment = %s", [person, compartment])
    change = {"diagnoses": [{"code": "A00", "found_on": "2024-01-02"}]}
    actions.update(actor=clinic.operator, person=person, values=change)
    where = "SELECT sealed FROM vault_record WHERE person = %s AND compartment = %s"
    assert db.fetch_one("default", where, [person, compartment])[0][8:10] == b"\x01\x02"
    assert read(clinic.home, person) == opened(clinic, person) == PATIENT | change


def renew(person: bytes, compartment: int, key: bytes) -> None:
    """Put a key of generation 2 in place of the first one, as a renewal of the person's key would."""
    ring = keys.ring()
    where = "WHERE person = %s AND compartment = %s"
    (shard,) = db.fetch_one("keys", f"SELECT shard FROM vault_person_key {where}", [person, compartment])
    kek = ring.writer(compartment, shard, 1)
    wrapped = wrap.wrap(kek.cipher, kek.version, bytes(12), key, context.of_person(ring.tenant, person, compartment, 2))
    db.execute(
        "keys", f"UPDATE vault_person_key SET generation = 2, wrapped = %s {where}", [wrapped, person, compartment]
    )


def test_nothing_is_read_of_an_erased_person_not_even_from_an_old_copy_of_the_data(clinic, tmp_path):
    person, other = (
        actions.seal(actor=clinic.operator, values=PATIENT | {"patient_no": number}).id for number in ("P-1", "P-2")
    )
    old = tmp_path / "old"
    old.mkdir()
    db.fetch_all("default", "PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(clinic.home / "data.sqlite3", old)
    actions.erase(actor=clinic.operator, person=person, reason="asked")
    assert independent_reader.read(clinic.home, root(clinic.home), person) == {}
    db.fetch_all("keys", "PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(clinic.home / "keys.sqlite3", old)
    with pytest.raises(TypeError):  # there is no row of a key to start from
        independent_reader.read(old, root(clinic.home), person)
    assert len(independent_reader.read(old, root(clinic.home), other)) == len(PATIENT)


def test_another_root_key_opens_nothing(installation):
    with pytest.raises(tink.TinkError):
        independent_reader.read(installation.home, b"x" * 32, installation.carl)


def test_the_reader_is_short_and_knows_nothing_of_keepfold():
    text = Path(independent_reader.__file__).read_text()
    tree = ast.parse(text)
    documented = [one for one in ast.walk(tree) if isinstance(one, (ast.Module, ast.FunctionDef))]
    prose = {line for one in documented for line in range(one.body[0].lineno, one.body[0].end_lineno + 1)}
    code = [line for at, line in enumerate(text.splitlines(), 1) if line.strip() and at not in prose]
    assert len(code) <= 40
    imported = {one.module.split(".")[0] for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)}
    imported |= {alias.name for one in ast.walk(tree) if isinstance(one, ast.Import) for alias in one.names}
    assert imported == {"__future__", "sqlite3", "struct", "pathlib", "typing", "msgspec", "tink"}
