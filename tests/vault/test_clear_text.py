"""Nothing of a customer stands in clear in any file, and no key either."""

from __future__ import annotations

import base64
import binascii

import pytest

from keepfold.kernel import db, log
from keepfold.kernel.errors import KeepfoldError
from keepfold.vault import actions, keys
from tests.vault.conftest import ANA, CARL

CANARY = CARL | {
    "email": "zanzibar.canary@example.com", "first_name": "Zanzibarius", "last_name": "Quetzalcoatlus", "street": "Okapistraße 77", "note": "Xylophonkonzert",
    "card": "4111111111111111", "allergies": ["Kapuzinerkresse"], "vat": "VATZZ99881",
}  # fmt: skip
WORDS = ["zanzibar.canary", "Zanzibarius", "Quetzalcoatlus", "Okapistra", "Xylophonkonzert", "4111111111111111", "Kapuzinerkresse", "VATZZ99881",
         "DE89370400440532013000", "497112842222"]  # fmt: skip


def spellings(raw: bytes) -> set[bytes]:
    """Return the forms in which bytes could stand somewhere: plain, hexadecimal, base64 at each of three offsets."""
    found = {raw, binascii.hexlify(raw), binascii.hexlify(raw).upper()}
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + raw + b"\0" * 3)
        found.add(coded[-(-shift * 4 // 3) + (shift > 0) : len(raw) * 4 // 3 - 2])
    return {form for form in found if len(form) >= 6}


def needles(word: str) -> set[bytes]:
    return {
        form
        for text in (word, word.lower(), word.upper())
        for raw in (text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be"))
        for form in spellings(raw)
    }


def everything(folder) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def found_in(folder, wanted: set[bytes]) -> list[str]:
    return [name for name, content in everything(folder).items() for needle in wanted if needle in content]


def test_the_search_itself_finds_what_is_there(tmp_path):
    for number, form in enumerate(needles("Quetzalcoatlus")):
        (tmp_path / str(number)).write_bytes(b"..." + form + b"...")
    (tmp_path / "base64").write_bytes(base64.b64encode(b"ab" + b"Quetzalcoatlus" + b"c"))
    assert len(set(found_in(tmp_path, needles("Quetzalcoatlus")))) == len(needles("Quetzalcoatlus")) + 1


def test_no_file_holds_a_value_after_sealing_changing_searching_and_refusing(vault):
    person = actions.seal(actor=ANA, values=CANARY).id
    actions.seal_many(
        actor=ANA, records=[CANARY, {"email": "zanzibar.canary@", "note": "Xylophonkonzert" * 100}], partial=True
    )
    actions.update(
        actor=ANA, person=person, values={"note": "Xylophonkonzert 2", "last_name": "Quetzalcoatlus-Zanzibarius"}
    )
    actions.search(actor=ANA, field="email", value=CANARY["email"], purpose="all")
    actions.open_record(actor=ANA, person=person, purpose="all")
    assert {name.split(".")[0] for name in everything(vault.home)} >= {"data", "keys"}
    for word in WORDS:
        assert found_in(vault.home, needles(word)) == []


def test_no_file_but_the_root_key_file_holds_a_key(vault):
    actions.seal(actor=ANA, values=CANARY)
    ledger = keys.LedgerKeys()
    secrets = [ledger.log_key("sign"), ledger.actor_key(b"a" * 16), *vault.notebook.keys, keys.ring().side("index/1")]
    root = bytes.fromhex((vault.home / "root.key").read_text().split()[1])
    for secret in [*secrets, root]:
        assert {name for name in found_in(vault.home, spellings(secret)) if name != "root.key"} == set()


@pytest.mark.parametrize(
    "change",
    [
        {"email": "zanzibar.canary@@example.com"},
        {"born": "Zanzibarius"},
        {"allergies": ["Kapuzinerkresse" * 9]},
        {"points": "VATZZ99881"},
        {"card": "4111111111111112"},
    ],
)
def test_no_error_and_no_log_line_repeats_a_value(vault, change, caplog):
    with pytest.raises(KeepfoldError) as caught:
        actions.seal(actor=ANA, values=change)
    log.get_logger("test").warning("vault.refused", error=caught.value)
    seen = f"{caught.value} {caught.value!r} {caught.value.problem()} {caught.value.readable()} {caplog.text}"
    assert [word for word in [*WORDS, "4111111111111112"] if word in seen] == []


def test_deleted_keys_leave_no_trace_in_the_key_store(vault):
    person = actions.seal(actor=ANA, values=CANARY).id
    wrapped = [
        row[0] for row in db.fetch_all("keys", "SELECT wrapped FROM vault_person_key WHERE person = %s", [person])
    ]
    assert all(found_in(vault.home, {row}) for row in wrapped)
    actions.erase(actor=ANA, person=person, reason="asked")
    assert [found_in(vault.home, {row}) for row in wrapped] == [[], [], [], []]
