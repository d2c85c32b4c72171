"""The version id: SHA-256 of the canonical form, the same for everybody who reads the file."""

from __future__ import annotations

import hashlib
import json

import pytest

from keepfold.kernel.errors import Invalid
from keepfold.policy.canonical import canonical
from keepfold.policy.load import load, load_stored, require
from keepfold.policy.templates import text_of
from tests.policy.base import plain, text

SHOP = text_of("shop")


def test_the_version_is_the_sha256_of_the_canonical_json():
    found = load(SHOP)
    assert found.report.version == hashlib.sha256(found.form).hexdigest()
    assert json.loads(found.form) == plain("shop")


def test_the_canonical_form_is_that_of_rfc_8785():
    # Section 3.2.2 and 3.2.3: no white space, keys sorted by UTF-16 code units, only the escapes that are needed.
    assert canonical({"\u20ac": "€", "\ufb33": 1, "\U0001f600": [True, None], "a": 'x"\n\u000f'}) == (
        '{"a":"x\\"\\n\\u000f","€":"€","\U0001f600":[true,null],"\ufb33":1}'.encode()
    )


def test_comments_order_and_layout_do_not_matter():
    assert load(text("shop")).report.version == load(SHOP).report.version
    reordered = dict(reversed(plain("shop").items()))
    assert load(json.dumps(reordered)).report.version == load(SHOP).report.version
    assert load("# another comment\n" + SHOP).report.version == load(SHOP).report.version


def test_any_other_change_is_another_version():
    assert load(SHOP.replace("P90D", "P91D")).report.version != load(SHOP).report.version
    assert load(SHOP.replace("en: City", "en: Town")).report.version != load(SHOP).report.version


def test_a_policy_with_errors_has_no_version():
    found = load(SHOP.replace("type: phone", "type: fone"))
    assert found.report.version is None
    assert found.form == b""


def test_a_stored_policy_reads_back_to_the_same_hash_and_the_same_order():
    found = load(SHOP)
    policy, policy_hash = load_stored(SHOP)
    assert policy == found.policy
    assert policy_hash == found.hash
    assert list(policy.data) == list(found.policy.data)


def test_require_refuses_with_every_finding():
    with pytest.raises(Invalid) as caught:
        require(SHOP.replace("type: phone", "type: fone").replace("P90D", "never"))
    assert caught.value.code == "policy.invalid"
    assert [one["check"] for one in caught.value.extra["findings"]] == ["value.choice", "value.pattern"]
    assert caught.value.problem()["findings"][0]["place"]["line"] > 0
