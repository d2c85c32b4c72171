"""The Merkle tree of RFC 6962: appending with a frontier, inclusion and consistency proofs, and their verification.

Pure. Sizes and indexes are counted from 0 and below 2⁶³. A frontier is what must be kept to append: the roots of the
perfect subtrees that make up the tree, largest first, one for each 1 bit of its size.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

from keepfold.ledger.errors import ProofInvalid
from keepfold.ledger.hashing import EMPTY_ROOT, HASH_SIZE, node_hash

# Reads the root of a perfect subtree: (level, position) → 32 bytes; it covers leaves [position·2^level, …+2^level).
NodeReader = Callable[[int, int], bytes]

LIMIT = 1 << 63
MOST_PROOF_HASHES = 63
TILE_HEIGHT = 8


class Frontier:
    """A growing tree of which only the right edge is remembered."""

    __slots__ = ("nodes", "size")

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.nodes = list(nodes)
        if not 0 <= size < LIMIT or len(self.nodes) != size.bit_count():
            raise ProofInvalid("A frontier holds one hash for each 1 bit of the tree's size.", code="ledger.frontier")

    @classmethod
    def load(cls, size: int, packed: bytes) -> Frontier:
        """Return the frontier whose hashes were packed by `pack`. Raises `ProofInvalid` when they cannot be it."""
        if len(packed) % HASH_SIZE:
            raise ProofInvalid("A frontier consists of whole hashes.", code="ledger.frontier")
        return cls(size, split_hashes(packed))

    def pack(self) -> bytes:
        """Return the hashes, largest subtree first."""
        return b"".join(self.nodes)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> dict[int, list[bytes]]:
        """Add leaf hashes; return the new hashes of each level of tiles (level 0: the leaves, 1: roots of 256, …)."""
        sha256, nodes, size = hashlib.sha256, self.nodes, self.size
        made: dict[int, list[bytes]] = {0: []}
        bottom = made[0]
        for leaf in leaves:
            bottom.append(leaf)
            node, rest, level = leaf, size, 0
            while rest & 1:
                node = sha256(b"\x01" + nodes.pop() + node).digest()
                rest >>= 1
                level += 1
                if not level % TILE_HEIGHT:
                    made.setdefault(level // TILE_HEIGHT, []).append(node)
            nodes.append(node)
            size += 1
        self.size = size
        return made

    def root(self) -> bytes:
        """Return the root hash of the tree as it is."""
        if not self.nodes:
            return EMPTY_ROOT
        root = self.nodes[-1]
        for node in reversed(self.nodes[:-1]):
            root = node_hash(node, root)
        return root


def split_hashes(packed: bytes) -> list[bytes]:
    """Cut a run of hashes into single ones."""
    return [packed[start : start + HASH_SIZE] for start in range(0, len(packed), HASH_SIZE)]


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes, level by level: whoever has no neighbour moves up as it is."""
    sha256, level = hashlib.sha256, list(leaves)
    while len(level) > 1:
        above = [sha256(b"\x01" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
        level = above + level[-1:] if len(level) % 2 else above
    return level[0] if level else EMPTY_ROOT


def memory_reader(leaves: Sequence[bytes]) -> NodeReader:
    """Return a reader over leaf hashes in memory, for small trees such as the members of one batch."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])
    return lambda level, position: levels[level][position]


def range_root(low: int, high: int, node: NodeReader) -> bytes:
    """Return the root over leaves [low, high), where `low` is a multiple of the largest power of two below the width.

    That holds for every range that a proof names.
    """
    parts = []
    while low < high:
        level = (high - low).bit_length() - 1
        parts.append(node(level, low >> level))
        low += 1 << level
    if not parts:
        return EMPTY_ROOT
    root = parts.pop()
    while parts:
        root = node_hash(parts.pop(), root)
    return root


def _split(width: int) -> int:
    """Return the largest power of two smaller than `width` (RFC 6962 calls it k)."""
    return 1 << (width - 1).bit_length() - 1


def inclusion_proof(index: int, size: int, node: NodeReader) -> list[bytes]:
    """Return PATH(index, D[size]), leaf to root. Raises `ProofInvalid` when the index is not in the tree."""
    if not 0 <= index < size < LIMIT:
        raise ProofInvalid("The index lies outside of the tree.", code="ledger.proof-range")
    low, high, ranges = 0, size, []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    return [range_root(start, end, node) for start, end in reversed(ranges)]


def consistency_proof(old: int, new: int, node: NodeReader) -> list[bytes]:
    """Return PROOF(old, D[new]); empty when the sizes are equal or the old tree was empty."""
    if not 0 <= old <= new < LIMIT:
        raise ProofInvalid("The old size is larger than the new one.", code="ledger.proof-range")
    if old in {0, new}:
        return []
    low, high, whole = 0, new, True
    ranges: list[tuple[int, int]] = []
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low, whole = middle, False
    if not whole:
        ranges.append((low, high))
    return [range_root(start, end, node) for start, end in reversed(ranges)]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf hash stands at `index` (RFC 9162 section 2.1.3.2). Raises `ProofInvalid` if it does not."""
    _check_shape(leaf, root, *proof)
    if not 0 <= index < size < LIMIT:
        raise ProofInvalid("The index lies outside of the tree.", code="ledger.proof-range")
    place, last, found = index, size - 1, leaf
    for other in proof:
        if last == 0:
            raise ProofInvalid("The proof has too many hashes.", code="ledger.proof-length")
        if place & 1 or place == last:
            found = node_hash(other, found)
            place, last = _lift(place, last)
        else:
            found = node_hash(found, other)
        place, last = place >> 1, last >> 1
    if last != 0:
        raise ProofInvalid("The proof has too few hashes.", code="ledger.proof-length")
    if found != root:
        raise ProofInvalid("The proof leads to another root.", code="ledger.proof-root")


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of size `new` extends the one of size `old` (RFC 9162 section 2.1.4.2).

    Raises `ProofInvalid` otherwise. Nothing extends the empty tree but itself here, as in transparency-dev/merkle:
    a caller for whom an empty old tree is fine decides that before it asks.
    """
    _check_shape(old_root, new_root, *proof)
    if not 0 <= old <= new < LIMIT or (old == 0 and new > 0):
        raise ProofInvalid("There is no proof between these sizes.", code="ledger.proof-range")
    if old == new:
        _check_equal(old, old_root, new_root, proof)
        return
    hashes = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not hashes:
        raise ProofInvalid("The proof has too few hashes.", code="ledger.proof-length")
    if _fold_consistency(old, new, hashes) != (old_root, new_root):
        raise ProofInvalid("The proof leads to another root.", code="ledger.proof-root")


def _check_equal(size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    if proof:
        raise ProofInvalid("Between equal sizes the proof is empty.", code="ledger.proof-length")
    if old_root != new_root or (size == 0 and old_root != EMPTY_ROOT):
        raise ProofInvalid("Two trees of one size have different roots.", code="ledger.proof-root")


def _fold_consistency(old: int, new: int, hashes: list[bytes]) -> tuple[bytes, bytes]:
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old_found = new_found = hashes[0]
    for other in hashes[1:]:
        if last == 0:
            raise ProofInvalid("The proof has too many hashes.", code="ledger.proof-length")
        if place & 1 or place == last:
            old_found, new_found = node_hash(other, old_found), node_hash(other, new_found)
            place, last = _lift(place, last)
        else:
            new_found = node_hash(new_found, other)
        place, last = place >> 1, last >> 1
    if last != 0:
        raise ProofInvalid("The proof has too few hashes.", code="ledger.proof-length")
    return old_found, new_found


def _lift(place: int, last: int) -> tuple[int, int]:
    """Go up while the node is the left end of an incomplete level."""
    while place and not place & 1:
        place, last = place >> 1, last >> 1
    return place, last


def _check_shape(*hashes: bytes) -> None:
    if len(hashes) > MOST_PROOF_HASHES + 2:
        raise ProofInvalid("A proof has at most 63 hashes.", code="ledger.proof-length")
    if any(len(item) != HASH_SIZE for item in hashes):
        raise ProofInvalid("A hash has 32 bytes.", code="ledger.proof-hash")
