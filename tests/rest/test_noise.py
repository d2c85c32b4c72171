"""Ten thousand byte strings that nobody would send: each is answered, none with a 5xx."""

from __future__ import annotations

import random
from collections import Counter

import pytest

NDJSON = {"Content-Type": "application/x-ndjson"}
SEEDS = [
    b'{"values":{"email":"a@shop.example","first_name":"Carl"},"partial":true}',
    b'{"field":"email","value":"a@shop.example","purpose":"support"}',
    b'{"purpose":"newsletter","channel":"api","form_version":"v1"}',
    b'{"name":"till","actions":["vault.record.open"],"purposes":["support"],"rate":5}',
    b'{"email":"a@shop.example"}\n{"first_name":"Carl"}\n',
    b"policy: 1\nid: shop\ndata:\n  email: {type: email, index: exact}\n",
    b'{"purpose":"newsletter","fields":["email"],"person":{"consents":{"newsletter":"granted"}}}',
]
TARGETS = [
    ("POST", "/customers", {}),
    ("POST", "/customers/bulk", NDJSON),
    ("POST", "/customers/search", {}),
    ("PATCH", "/customers/CARL", {}),
    ("POST", "/customers/CARL/consents", {}),
    ("POST", "/customers/CARL/consents/newsletter/withdraw", {}),
    ("POST", "/clients", {}),
    ("POST", "/policy/check", {}),
    ("POST", "/policy/diff", {}),
    ("POST", "/policy/explain", {}),
]


def noise(chance: random.Random) -> bytes:
    """Return random bytes, or something nearly right with a few bytes changed, removed, doubled."""
    if chance.random() < 0.4:
        return chance.randbytes(chance.randrange(60))
    data = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(data))
        kind = chance.randrange(4)
        if kind == 0:
            data[at] = chance.randrange(256)
        elif kind == 1:
            del data[at : at + chance.randrange(1, 6)]
        elif kind == 2:
            data[at:at] = data[at : at + chance.randrange(1, 20)]
        else:
            data[at:at] = chance.choice([b"\x00", b"\xff", b"\\u0000", b"\\ud800", b"1e999", b"[[[[", b'"', b"null"])
        if not data:
            break
    return bytes(data)


@pytest.mark.slow
def test_ten_thousand_byte_strings_are_answered_and_none_with_a_5xx(owner, carl):
    chance = random.Random(20261124)
    seen: Counter[int] = Counter()
    for number in range(10_000):
        method, path, headers = TARGETS[number % len(TARGETS)]
        answer = owner.send(method, path.replace("CARL", carl), noise(chance), headers)
        assert answer.status < 500, (path, answer.body)
        if answer.status >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
        seen[answer.status] += 1
    assert {200, 201, 400, 422} <= set(seen)
