"""Tiles: paths, geometry, contents, bundles; against C2SP, Tessera and a peer."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfold.ledger import note, tiles, tree
from keepfold.ledger.checkpoint import open_checkpoint
from keepfold.ledger.errors import EntryInvalid, TileInvalid
from keepfold.ledger.hashing import leaf_hash
from tests.ledger import vectors


def tile_rows(leaves):
    """Return {(level, n): hashes} as the sequencer writes them."""
    made = tree.Frontier().extend(leaves)
    return {
        (level, start // 256): b"".join(hashes[start : start + 256])
        for level, hashes in made.items()
        for start in range(0, len(hashes), 256)
    }


@pytest.mark.parametrize("case", vectors.cases("upstream/tiles/paths.json"))
def test_paths_and_geometry_equal_those_of_tessera_and_the_specification(case):
    vectors.need()
    width = case.get("width") or 256
    if case["kind"] == "entries_path_for_index":
        assert tiles.entries_path_for(case["index"], case["size"]) == case["want"]
    elif case["kind"] == "tile_path":
        assert tiles.tile_path(tiles.Tile(case["level"], case["index"], width)) == case["want"]
    elif case["kind"] == "index_path":
        assert tiles.index_path(case["index"]) == case["want"]
    elif case["kind"] == "tree_tiles":
        wanted = [(item["level"], item["full"], item["partial"]) for item in case["want"]]
        assert tiles.geometry(case["size"]) == wanted
    elif case.get("want_error"):
        with pytest.raises(TileInvalid):
            tiles.parse_tile(case["level_text"], case["index_text"])
    else:
        wanted = tiles.Tile(case["level"], case["index"], width)
        assert tiles.parse_tile(case["level_text"], case["index_text"]) == wanted


@given(st.integers(0, 2**63 - 1), st.integers(1, 256), st.integers(0, 63))
def test_a_path_is_read_as_the_tile_it_was_made_from(n, width, level):
    tile = tiles.Tile(level, n, width)
    _, shown_level, rest = tiles.tile_path(tile).split("/", 2)
    assert tiles.parse_tile(shown_level, rest) == tile


@given(st.text(st.sampled_from("0123456789x/.p-"), max_size=40))
def test_any_other_text_is_refused_or_is_the_one_way_to_write_its_tile(text):
    try:
        n, width = tiles.parse_index(text)
    except TileInvalid:
        return
    assert tiles.entries_path(n, width) == f"tile/entries/{text}"


def test_every_tile_of_a_tree_of_70_000_leaves_equals_the_peers():
    document = vectors.load("peer-generated/tiles_70000.json")
    leaves = [leaf_hash(b"entry %d" % number) for number in range(document["size"])]
    rows = tile_rows(leaves)
    found = {tiles.tile_path(tile): rows[tile.level, tile.n] for tile in tiles.tiles_of(document["size"])}
    for number in range(0, document["size"], 256):
        entries = [b"entry %d" % at for at in range(number, min(number + 256, document["size"]))]
        found[tiles.entries_path(number // 256, len(entries))] = tiles.bundle(entries)
    wanted = {item["path"]: (item["length"], item["sha256"]) for item in document["tiles"]}
    assert {path: (len(data), hashlib.sha256(data).hexdigest()) for path, data in found.items()} == wanted
    node = tiles.reader(lambda level, n: rows[level, n])
    assert tree.range_root(0, document["size"], node) == vectors.unb64(document["root_b64"])


@pytest.mark.parametrize("size", range(2, 16, 2))
def test_the_log_that_tessera_wrote_is_rebuilt_and_its_checkpoints_hold(size):
    vectors.need()
    folder = vectors.ROOT / "upstream" / "tessera_log"
    words = [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eit",
        "nain",
        "ten",
        "ileven",
        "twelf",
        "threeten",
        "fourten",
        "fivten",
    ]
    entries = [word.encode() for word in words[:size]]
    bundle = (folder / "tile" / "entries" / "000.p" / str(size)).read_bytes()
    assert tiles.unbundle(bundle) == entries
    assert tiles.bundle(entries) == bundle
    leaves = [leaf_hash(entry) for entry in entries]
    assert (folder / "tile" / "0" / "000.p" / str(size)).read_bytes() == b"".join(leaves)
    key = note.parse_vkey("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")
    checkpoint = open_checkpoint((folder / f"checkpoint.{size}").read_bytes(), "example.com/log/testdata", [key])
    assert (checkpoint.size, checkpoint.root) == (size, tree.root_of(leaves))


@given(st.integers(1, 70_000), st.data())
def test_proofs_read_from_tiles_equal_those_made_from_all_leaves(size, data):
    index = data.draw(st.integers(0, size - 1))
    node = tiles.reader(lambda level, n: ROWS[level, n])
    root = tree.range_root(0, size, node)
    tree.verify_inclusion(LEAVES[index], index, size, tree.inclusion_proof(index, size, node), root)
    old = data.draw(st.integers(1, size))
    proof = tree.consistency_proof(old, size, node)
    tree.verify_consistency(old, size, tree.range_root(0, old, node), root, proof)


LEAVES = [leaf_hash(b"entry %d" % number) for number in range(70_000)]
ROWS = tile_rows(LEAVES)


def test_a_tile_that_is_too_short_for_the_tree_is_noticed():
    node = tiles.reader(lambda level, n: ROWS[level, n][:-32] if level == 0 else ROWS[level, n])
    with pytest.raises(TileInvalid, match="fewer hashes"):
        node(0, 69_999)


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_a_bundle_gives_its_entries_back(entries):
    assert tiles.unbundle(tiles.bundle(entries)) == entries


@pytest.mark.parametrize("data", [b"\x00", b"\x00\x05abcd", b"\x00\x00" * 257])
def test_a_bundle_that_is_cut_off_or_too_long_is_refused(data):
    with pytest.raises(EntryInvalid):
        tiles.unbundle(data)


def test_an_entry_longer_than_its_length_field_is_refused():
    with pytest.raises(EntryInvalid):
        tiles.bundle([bytes(65_536)])
