"""The ledger over REST, verified with nothing but the answers, as somebody outside would."""

from __future__ import annotations

from base64 import b64decode
from hashlib import sha256

import pytest

from keepfold.ledger import tree
from keepfold.ledger.jobs import checkpoint_beat, sequence_once


@pytest.fixture
def sealed(owner, carl):
    """A ledger with some entries under a checkpoint; returns its size."""
    for _ in range(5):
        owner.get(f"/customers/{carl}?purpose=support")
    while sequence_once():
        pass
    checkpoint_beat()
    return int(owner.get("/ledger/checkpoint").body.splitlines()[1])


def root_of(note: bytes) -> bytes:
    return b64decode(note.splitlines()[2])


def test_the_checkpoint_is_a_signed_note(owner, sealed):
    answer = owner.get("/ledger/checkpoint")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    lines = answer.body.decode().split("\n")
    assert lines[0] == "keepfold.local/ledger"
    assert int(lines[1]) == sealed >= 6
    assert lines[4].startswith("— keepfold.local/ledger ")


def test_before_the_first_checkpoint_there_is_none(owner):
    answer = owner.get("/ledger/checkpoint")
    assert (answer.status, answer.json["code"]) == (404, "ledger.no-checkpoint")


def test_the_tile_holds_the_hashes_of_the_entries_and_gives_the_root(owner, sealed):
    tile = owner.get(f"/ledger/tile/0/000.p/{sealed}")
    assert (tile.status, tile.headers["content-type"]) == (200, "application/octet-stream")
    leaves = [tile.body[start : start + 32] for start in range(0, len(tile.body), 32)]
    bundle = owner.get(f"/ledger/tile/entries/000.p/{sealed}").body
    entries = []
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        entries.append(bundle[2 : 2 + length])
        bundle = bundle[2 + length :]
    assert [sha256(b"\x00" + entry).digest() for entry in entries] == leaves
    assert tree.root_of(leaves) == root_of(owner.get("/ledger/checkpoint").body)


def test_a_tile_beyond_the_checkpoint_is_not_there(owner, sealed):
    assert owner.get(f"/ledger/tile/0/000.p/{sealed + 1}").status == 404
    assert owner.get("/ledger/tile/1/000").status == 404
    assert owner.get("/ledger/tile/entries/001").status == 404


def test_every_entry_is_proved_to_stand_in_the_tree(owner, sealed):
    root = root_of(owner.get("/ledger/checkpoint").body)
    for index in range(sealed):
        proof = owner.get(f"/ledger/proof/inclusion?index={index}").json
        assert proof["size"] == sealed
        hashes = [b64decode(one) for one in proof["hashes"]]
        tree.verify_inclusion(b64decode(proof["leaf"]), index, sealed, hashes, root)
    assert owner.get(f"/ledger/proof/inclusion?index={sealed}").status == 404


def test_the_tree_is_proved_to_have_grown_from_what_it_was(owner, sealed):
    for first in range(1, sealed):
        proof = owner.get(f"/ledger/proof/consistency?first={first}&second={sealed}").json
        hashes = [b64decode(one) for one in proof["hashes"]]
        tree.verify_consistency(first, sealed, b64decode(proof["first_root"]), b64decode(proof["second_root"]), hashes)
    assert owner.get(f"/ledger/proof/consistency?first=1&second={sealed + 1}").status == 404


def test_a_persons_entries_come_in_pages_newest_first_with_proofs(owner, carl, sealed):
    numbers, address = [], f"/customers/{carl}/ledger?limit=2"
    while address:
        page = owner.get(address).json
        numbers += [one["number"] for one in page["items"]]
        address = f"/customers/{carl}/ledger?limit=2&before={page['next']}" if page["next"] else None
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[-1] == 0
    oldest = page["items"][-1]
    assert oldest["state"] == "checkpointed"
    body = b64decode(oldest["body"])
    assert b64decode(oldest["tag"]) in body
    proof = oldest["proof"]
    tree.verify_inclusion(
        sha256(b"\x00" + body).digest(),
        proof["index"],
        proof["size"],
        [b64decode(one) for one in proof["hashes"]],
        root_of(owner.get("/ledger/checkpoint").body),
    )


def test_whoever_may_not_look_into_a_persons_entries_is_refused(ben, carl):
    assert ben.get(f"/customers/{carl}/ledger").json["rule"] == "actor.action"


def test_an_auditor_may_look_and_the_look_is_an_entry(dora, carl):
    entries = dora.get(f"/customers/{carl}/ledger").json["items"]
    assert entries[0]["action"] == "ledger.entries.list_of_person"
