"""Hashes, roots, inclusion and consistency proofs against vectors of others and against the recursive definition."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfold.ledger import tree
from keepfold.ledger.errors import ProofInvalid
from keepfold.ledger.hashing import EMPTY_ROOT, leaf_hash, node_hash
from tests.ledger import vectors


def recursive_root(leaves):
    """MTH of RFC 6962 section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(recursive_root(leaves[:k]), recursive_root(leaves[k:]))


def recursive_path(m, leaves):
    """PATH of RFC 6962 section 2.1.1, word for word."""
    n = len(leaves)
    if n == 1:
        return []
    k = 1
    while k * 2 < n:
        k *= 2
    if m < k:
        return [*recursive_path(m, leaves[:k]), recursive_root(leaves[k:])]
    return [*recursive_path(m - k, leaves[k:]), recursive_root(leaves[:k])]


def recursive_subproof(m, leaves, whole):
    """SUBPROOF of RFC 6962 section 2.1.2, word for word."""
    n = len(leaves)
    if m == n:
        return [] if whole else [recursive_root(leaves)]
    k = 1
    while k * 2 < n:
        k *= 2
    if m <= k:
        return [*recursive_subproof(m, leaves[:k], whole), recursive_root(leaves[k:])]
    return [*recursive_subproof(m - k, leaves[k:], False), recursive_root(leaves[:k])]


def leaves_of(count):
    return [leaf_hash(b"entry %d" % number) for number in range(count)]


@pytest.mark.parametrize("case", vectors.cases("upstream/merkle/known_answers.json"))
def test_hashes_and_roots_equal_the_known_answers(case):
    vectors.need()
    want = bytes.fromhex(case["want"])
    if case["kind"] == "empty_root":
        found = EMPTY_ROOT
    elif case["kind"] == "leaf_hash":
        found = leaf_hash(bytes.fromhex(case["data_hex"]))
    elif case["kind"] == "node_hash_raw":
        found = node_hash(bytes.fromhex(case["left_hex"]), bytes.fromhex(case["right_hex"]))
    else:
        found = tree.root_of([leaf_hash(bytes.fromhex(leaf)) for leaf in case["leaves_hex"]])
    assert found == want


@pytest.mark.parametrize("path", vectors.files("merkle/inclusion"))
def test_inclusion_probes_of_transparency_dev_are_answered_alike(path):
    probe = vectors.load(f"upstream/{path}")
    holds = True
    try:
        tree.verify_inclusion(
            vectors.unb64(probe["leafHash"]),
            probe["leafIdx"],
            probe["treeSize"],
            vectors.unb64s(probe["proof"]),
            vectors.unb64(probe["root"]),
        )
    except ProofInvalid:
        holds = False
    assert holds is not probe["wantErr"], probe["desc"]


@pytest.mark.parametrize("path", vectors.files("merkle/consistency"))
def test_consistency_probes_of_transparency_dev_are_answered_alike(path):
    probe = vectors.load(f"upstream/{path}")
    holds = True
    try:
        tree.verify_consistency(
            probe["size1"],
            probe["size2"],
            vectors.unb64(probe["root1"]),
            vectors.unb64(probe["root2"]),
            vectors.unb64s(probe["proof"]),
        )
    except ProofInvalid:
        holds = False
    assert (not holds) is (probe["wantErr"] or path in vectors.EXCEPTIONS), probe["desc"]


def test_roots_of_growing_trees_equal_those_of_a_peer():
    wanted = {
        item["size"]: vectors.unb64(item["root_b64"]) for item in vectors.load("peer-generated/roots.json")["roots"]
    }
    frontier, found = tree.Frontier(), {}
    for size in range(max(wanted) + 1):
        if size in wanted:
            found[size] = frontier.root()
        frontier.append(leaf_hash(b"entry %d" % size))
    assert found == wanted


def test_inclusion_proofs_of_a_peer_are_made_and_accepted_alike():
    cases = vectors.load("peer-generated/inclusion.json")["cases"]
    node = tree.memory_reader(leaves_of(max(case["size"] for case in cases)))
    for case in cases:
        proof = vectors.unb64s(case["proof"])
        assert tree.inclusion_proof(case["index"], case["size"], node) == proof
        tree.verify_inclusion(
            vectors.unb64(case["leaf_hash_b64"]), case["index"], case["size"], proof, vectors.unb64(case["root_b64"])
        )


def test_consistency_proofs_of_a_peer_are_made_and_accepted_alike():
    cases = vectors.load("peer-generated/consistency.json")["cases"]
    node = tree.memory_reader(leaves_of(max(case["new"] for case in cases)))
    for case in cases:
        proof = vectors.unb64s(case["proof"])
        assert tree.consistency_proof(case["old"], case["new"], node) == proof
        old_root, new_root = vectors.unb64(case["old_root_b64"]), vectors.unb64(case["new_root_b64"])
        tree.verify_consistency(case["old"], case["new"], old_root, new_root, proof)


@pytest.mark.parametrize("case", vectors.cases("upstream/proof/rekor_real.json"))
def test_inclusion_in_the_real_rekor_log_is_judged_as_its_peers_judge_it(case):
    vectors.need()
    holds = True
    try:
        tree.verify_inclusion(
            leaf_hash(vectors.unb64(case["leaf_b64"])),
            case["index"],
            case["size"],
            vectors.unb64s(case["hashes"]),
            vectors.unb64(case["root_b64"]),
        )
    except ProofInvalid:
        holds = False
    assert holds is case["want_inclusion"]


@given(st.integers(1, 80), st.data())
def test_every_proof_equals_the_recursive_definition_and_holds(size, data):
    leaves = leaves_of(size)
    node = tree.memory_reader(leaves)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    root = recursive_root(leaves)
    assert tree.root_of(leaves) == root
    path, proof = tree.inclusion_proof(index, size, node), tree.consistency_proof(old, size, node)
    assert path == recursive_path(index, leaves)
    assert proof == recursive_subproof(old, leaves, True)
    tree.verify_inclusion(leaves[index], index, size, path, root)
    tree.verify_consistency(old, size, recursive_root(leaves[:old]), root, proof)


@given(st.integers(2, 80), st.data())
def test_a_proof_with_one_changed_bit_or_another_place_proves_nothing(size, data):
    leaves = leaves_of(size)
    node = tree.memory_reader(leaves)
    index = data.draw(st.integers(0, size - 1))
    root, path = tree.root_of(leaves), tree.inclusion_proof(index, size, node)
    at, bit = data.draw(st.integers(0, len(path) * 32 - 1)), data.draw(st.integers(0, 7))
    packed = bytearray(b"".join(path))
    packed[at] ^= 1 << bit
    with pytest.raises(ProofInvalid):
        tree.verify_inclusion(leaves[index], index, size, tree.split_hashes(bytes(packed)), root)
    other = data.draw(st.integers(0, size - 1).filter(lambda place: place != index))
    with pytest.raises(ProofInvalid):
        tree.verify_inclusion(leaves[index], other, size, path, root)


@given(st.integers(0, 700), st.integers(0, 700))
def test_a_frontier_continues_where_it_was_put_down(first, second):
    leaves = leaves_of(first + second)
    frontier = tree.Frontier()
    frontier.extend(leaves[:first])
    resumed = tree.Frontier.load(first, frontier.pack())
    resumed.extend(leaves[first:])
    assert resumed.root() == tree.root_of(leaves)
    assert len(resumed.nodes) == (first + second).bit_count()


def test_a_frontier_of_the_wrong_number_of_hashes_is_refused():
    with pytest.raises(ProofInvalid):
        tree.Frontier.load(3, bytes(32))
    with pytest.raises(ProofInvalid):
        tree.Frontier.load(1, bytes(31))


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0), (0, 1 << 63)])
def test_there_is_no_inclusion_proof_outside_of_the_tree(index, size):
    with pytest.raises(ProofInvalid, match="outside"):
        tree.inclusion_proof(index, size, tree.memory_reader(leaves_of(3)))


def test_a_proof_of_more_than_63_hashes_is_refused_unread():
    with pytest.raises(ProofInvalid, match="at most 63"):
        tree.verify_inclusion(bytes(32), 0, 1 << 62, [bytes(32)] * 64, bytes(32))
