"""Signed notes, verifier keys and checkpoints: vectors of Go, C2SP, sigsum and real production logs."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfold.ledger import checkpoint, note
from keepfold.ledger.errors import NoteInvalid
from tests.ledger import vectors

SEED = bytes(range(32))


def raw(case):
    return base64.b64decode(case["note_b64"]) if "note_b64" in case else case["note"]


@pytest.mark.parametrize("case", vectors.cases("upstream/note/notes.json"))
def test_notes_of_go_and_c2sp_are_judged_alike(case):
    vectors.need()
    trusted = [note.parse_vkey(vkey) for vkey in case["vkeys"]]
    if case["want"] == "reject":
        with pytest.raises(NoteInvalid):
            note.open_note(raw(case), trusted)
        return
    opened = note.open_note(raw(case), trusted)
    assert [item.name for item in opened.verified] == case["verified"]
    assert [item.name for item in opened.unverified] == case.get("unverified", [])
    assert opened.text == case.get("text", opened.text)


@pytest.mark.parametrize("case", vectors.cases("upstream/note/vkeys.json"))
def test_verifier_keys_are_judged_alike(case):
    vectors.need()
    if case["want"] != "ok":
        with pytest.raises(NoteInvalid):
            note.parse_vkey(case["vkey"])
        return
    key = note.parse_vkey(case["vkey"])
    assert key.kind == case["type"]
    assert key.vkey() == case["vkey"]
    if key.key is not None:
        assert (note.key_id(key.name, key.kind, key.public) == key.key_id) is case["key_id_recomputes"]


@pytest.mark.parametrize("case", vectors.cases("upstream/note/sign_golden.json"))
def test_a_signature_equals_that_of_go_byte_for_byte(case):
    vectors.need()
    _, _, name, _, packed = case["skey"].split("+", 4)
    signer = note.Signer(name, base64.b64decode(packed)[1:])
    assert signer.verifier().vkey() == case["vkey"]
    assert note.sign_note(case["text"], [signer]) == case["want_note"]


@pytest.mark.parametrize("case", vectors.cases("upstream/checkpoint/bodies.json"))
def test_checkpoint_texts_are_judged_alike(case):
    vectors.need()
    if case["want"] == "reject" or case["id"] in vectors.EXCEPTIONS:
        with pytest.raises(NoteInvalid):
            checkpoint.parse_checkpoint(case["text"])
        return
    parsed = checkpoint.parse_checkpoint(case["text"])
    assert (parsed.origin, parsed.size, parsed.text()) == (case["origin"], case["size"], case["text"])


@pytest.mark.parametrize("case", vectors.cases("upstream/checkpoint/signed.json"))
def test_checkpoints_of_real_logs_are_judged_alike(case):
    vectors.need()
    keys = [case.get("vkey") or case["log_vkey"], *case.get("other_vkeys", [])]
    opened = note.open_note(case["note"], [note.parse_vkey(key) for key in keys])
    assert len(opened.verified) == case.get("want_verified_sigs", 1)
    origin = case.get("origin") or case.get("expected_origin") or case["note"].split("\n")[0]
    log = note.parse_vkey(keys[0])
    if case["want"] == "reject" or case["id"] in vectors.EXCEPTIONS:
        with pytest.raises(NoteInvalid):
            checkpoint.open_checkpoint(case["note"], origin, [log])
        return
    found = checkpoint.open_checkpoint(case["note"], origin, [log])
    assert (found.origin, found.size) == (origin, case.get("size") or int(case["note"].split("\n")[1]))


def test_a_key_whose_owner_chose_another_id_is_accepted_only_when_the_caller_says_so():
    signer = note.Signer("example.com/log", SEED)
    chosen = signer.verifier()._replace(key_id=b"\x00\x01\x02\x03").vkey()
    with pytest.raises(NoteInvalid, match="id of the verifier key"):
        note.parse_vkey(chosen)
    assert note.parse_vkey(chosen, any_id=True).key_id == b"\x00\x01\x02\x03"


def test_each_exception_names_a_vector_that_is_there():
    vectors.need()
    known = {str(path.relative_to(vectors.ROOT / "upstream")) for path in (vectors.ROOT / "upstream").rglob("*.json")}
    for path in ("note/notes.json", "note/vkeys.json", "checkpoint/bodies.json", "checkpoint/signed.json"):
        known |= {case["id"] for case in vectors.load(f"upstream/{path}")["cases"]}
    assert set(vectors.EXCEPTIONS) <= known


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60),
    st.integers(0, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
)
def test_a_checkpoint_comes_back_as_it_was_signed(origin, size, root):
    signer = note.Signer("example.com/log", SEED)
    signed = note.sign_note(checkpoint.Checkpoint("o" + origin, size, root).text(), [signer])
    assert checkpoint.open_checkpoint(signed, "o" + origin, [signer.verifier()]) == ("o" + origin, size, root, ())


@given(st.binary(max_size=400))
def test_random_bytes_are_refused_as_a_note(data):
    with pytest.raises(NoteInvalid):
        note.parse_note(data)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_note_with_one_changed_byte_is_never_accepted_as_signed(at, flip):
    signer = note.Signer("example.com/log", SEED)
    data = bytearray(note.sign_note(checkpoint.Checkpoint("example.com/log", 12, bytes(32)).text(), [signer]).encode())
    data[at % len(data)] ^= flip
    with pytest.raises(NoteInvalid):
        note.open_note(bytes(data), [signer.verifier()])


def test_one_trusted_signature_that_fails_spoils_the_note_although_another_holds():
    log, witness = note.Signer("example.com/log", SEED), note.Signer("example.com/witness", bytes(32))
    trusted = [log.verifier(), witness.verifier()]
    text = checkpoint.Checkpoint("example.com/log", 12, bytes(32)).text()
    good = note.sign_note(text, [log, witness])
    assert len(note.open_note(good, trusted).verified) == 2
    other = witness.sign(text.replace("12", "13"))
    with pytest.raises(NoteInvalid, match="does not hold"):
        note.open_note(text + "\n" + log.sign(text).line() + other.line(), trusted)
    assert len(note.open_note(text + "\n" + log.sign(text).line() + other.line(), trusted[:1]).verified) == 1


@pytest.mark.parametrize(
    "text",
    ["", "no line feed", "tab\there\n", "carriage\r\n", "nul\x00\n"],
    ids=["empty", "unended", "tab", "cr", "nul"],
)
def test_a_text_that_cannot_stand_in_a_note_is_not_signed(text):
    with pytest.raises(NoteInvalid):
        note.sign_note(text, [note.Signer("example.com/log", SEED)])


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u2003b", "a\nb"])
def test_a_key_name_that_cannot_stand_in_a_note_is_refused(name):
    with pytest.raises(NoteInvalid):
        note.Signer(name, SEED)


@pytest.mark.parametrize(
    "vkey", ["", "a", "a+b", "a+0123456+AAAA", "a+01234567+****", "a+01234567+AQ==", "+01234567+AQAA"]
)
def test_a_text_that_is_no_verifier_key_is_refused(vkey):
    with pytest.raises(NoteInvalid):
        note.parse_vkey(vkey)


def test_the_seed_of_a_signer_is_not_shown():
    assert SEED.hex() not in repr(note.Signer("example.com/log", SEED)).lower()
    assert "key=" not in repr(note.Signer("example.com/log", SEED))


def test_a_checkpoint_of_another_log_is_refused():
    signer = note.Signer("example.com/log", SEED)
    signed = note.sign_note(checkpoint.Checkpoint("example.com/other", 0, bytes(32)).text(), [signer])
    with pytest.raises(NoteInvalid, match="another log"):
        checkpoint.open_checkpoint(signed, "example.com/log", [signer.verifier()])


def test_a_note_longer_than_the_limit_is_refused_unread():
    with pytest.raises(NoteInvalid, match="too long"):
        note.parse_note("a" * (note.LARGEST_NOTE + 1))
