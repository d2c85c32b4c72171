"""The policy over REST: in force, checked, compared, explained."""

from __future__ import annotations

from keepfold.policy import queries
from keepfold.policy.templates import text_of

YAML = {"Content-Type": "application/yaml"}


def text(client, path: str, body: str):
    return client.send("POST", path, body.encode(), YAML)


def test_the_policy_in_force_is_shown_to_whoever_has_a_token(dora):
    answer = dora.get("/policy")
    assert (answer.status, answer.json["policy_id"]) == (200, "media-shop")
    assert answer.json["version"] == queries.active().version
    assert "newsletter" in answer.json["document"]["purposes"]


def test_a_policy_without_errors_gets_the_version_it_would_be(dora):
    answer = text(dora, "/policy/check", text_of("media-shop"))
    assert (answer.status, answer.json["ok"], answer.json["version"]) == (200, True, queries.active().version)


def test_an_error_is_named_with_its_line(dora):
    broken = text_of("media-shop").replace("identity: true", "identiti: true", 1)
    answer = text(dora, "/policy/check", broken)
    assert answer.json["ok"] is False
    finding = answer.json["findings"][0]
    assert finding["severity"] == "error"
    assert broken.splitlines()[finding["line"] - 1].strip() == "identiti: true"


def test_checking_and_comparing_store_nothing(dora):
    before = queries.versions()
    changed = text_of("media-shop").replace("P24M", "P36M")
    assert text(dora, "/policy/check", changed).json["ok"] is True
    assert text(dora, "/policy/diff", changed).status == 200
    assert queries.versions() == before


def test_a_comparison_says_what_became_wider(dora):
    changed = text_of("media-shop").replace("keep: P90D", "keep: P900D")
    answer = text(dora, "/policy/diff", changed)
    assert answer.json["material"] is True
    assert {(change["kind"], change["effect"]) for change in answer.json["changes"]} >= {("retention.longer", "wider")}
    same = text(dora, "/policy/diff?against=active", text_of("media-shop"))
    assert same.json == {"material": False, "changes": []}


def test_a_version_that_is_not_there_is_not_found_and_a_broken_text_is_refused(dora):
    assert text(dora, "/policy/diff?against=00000000", text_of("media-shop")).status == 404
    assert text(dora, "/policy/diff", "policy: 1").status == 422


def test_a_decision_is_explained_for_a_role_and_a_person_who_does_not_exist(dora):
    question = {"role": "privacy_lead", "purpose": "newsletter", "fields": ["email"], "person": {}}
    refused = dora.post("/policy/explain", question).json
    assert (refused["allowed"], refused["rules"][0]) == (False, "consent.missing")
    question["person"] = {"consents": {"newsletter": "granted"}}
    allowed = dora.post("/policy/explain", question).json
    assert (allowed["allowed"], allowed["fields"]) == (True, {"email": "clear"})
    assert {step["effect"] for step in allowed["steps"]} >= {"allows"}


def test_without_a_role_the_tokens_own_grants_are_asked(dora):
    answer = dora.post("/policy/explain", {"purpose": "support"}).json
    assert (answer["allowed"], answer["rules"][0]) == (False, "actor.action")


def test_a_role_that_is_not_there_is_refused(dora):
    assert dora.post("/policy/explain", {"role": "nobody"}).json["code"] == "people.role-unknown"
