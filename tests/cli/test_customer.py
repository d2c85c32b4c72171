"""`keepfold customer`: the same actions and refusals as the API, for somebody at a terminal."""

import json

import pytest
from click.testing import CliRunner

from keepfold.cli.customer import customer
from keepfold.kernel import ids
from keepfold.kernel.errors import KeepfoldError, Malformed, NotAllowed, NotFound, Unauthenticated
from keepfold.ledger.sequencer import sequence_once
from keepfold.people import actions as people
from tests.support.cast import CARL

NEW = {"email": "renee@example.org", "first_name": "Renée", "last_name": "Exemple"}


@pytest.fixture
def ask(installation, monkeypatch):
    """Run `keepfold customer …` with a token that grants what Ana may do; errors come through."""
    token = people.create_client(
        actor=installation.operator, name="terminal", actions=["vault.*", "consent.*"], purposes=["*"]
    ).token
    monkeypatch.setenv("KEEPFOLD_TOKEN", token)

    def run(*words, stdin=None):
        typed = json.dumps(stdin) if isinstance(stdin, dict) else stdin
        result = CliRunner().invoke(customer, list(words), input=typed, standalone_mode=False)
        if isinstance(result.exception, KeepfoldError):
            raise result.exception
        assert result.exception is None, result.output
        return result.stdout

    return run


@pytest.fixture
def carl(installation):
    return ids.show("cus", installation.carl)


def test_a_new_customer_comes_from_standard_input_and_is_listed(ask, carl):
    made = json.loads(ask("add", "--json", stdin=NEW))
    assert json.loads(ask("list", "--json")) == [carl, made["id"]]
    assert json.loads(ask("list", "--after", carl, "--json")) == [made["id"]]


def test_nothing_is_stored_when_a_field_is_not_in_the_policy(ask, carl):
    with pytest.raises(KeepfoldError) as refused:
        ask("add", stdin=NEW | {"shoe_size": "44"})
    assert "shoe_size" in refused.value.readable()
    assert "44" not in refused.value.readable()
    assert ask("list").split() == [carl]


def test_partial_intake_says_what_was_left_out(ask):
    shown = ask("add", "--partial", stdin=NEW | {"shoe_size": "44"})
    assert "Not stored: shoe_size." in shown
    assert "44" not in shown


@pytest.mark.parametrize("typed", ["", "[]", "{", '"text"', "[" * 3000])
def test_what_is_not_an_object_is_refused(ask, typed):
    with pytest.raises(Malformed):
        ask("add", stdin=typed)


def test_an_opening_shows_values_masks_purpose_and_policy(ask, carl):
    shown = ask("show", carl, "--purpose", "support", "--reason", "ticket 7")
    assert CARL["email"] in shown
    assert "(masked)" in shown
    assert "Opened for support under policy" in shown
    document = json.loads(ask("show", carl, "--purpose", "support", "--fields", "email,phone", "--json"))
    assert set(document["values"]) == {"email", "phone"}
    assert document["masked"] == ["phone"]


def test_a_purpose_without_consent_is_refused_then_opens_then_is_refused_again(ask, carl):
    with pytest.raises(NotAllowed) as before:
        ask("show", carl, "--purpose", "newsletter")
    assert before.value.rule == "consent.missing"
    assert "pending" in ask("consent", "grant", carl, "--purpose", "newsletter")
    assert "granted" in ask("consent", "confirm", carl, "--purpose", "newsletter")
    assert CARL["email"] in ask("show", carl, "--purpose", "newsletter")
    assert "withdrawn" in ask("consent", "withdraw", carl, "--purpose", "newsletter")
    with pytest.raises(NotAllowed) as after:
        ask("show", carl, "--purpose", "newsletter")
    assert after.value.rule == "consent.withdrawn"
    assert [one["status"] for one in json.loads(ask("consent", "list", carl, "--json"))] == ["withdrawn"]


def test_a_search_takes_the_value_from_standard_input_and_normalises_it(ask, carl):
    found = ask("search", "email", "--purpose", "support", stdin=CARL["email"].upper() + "\n")
    assert found.split() == [carl]
    assert "Nobody" in ask("search", "email", "--purpose", "support", stdin="nobody@example.org\n")


def test_a_value_is_changed_and_removed(ask, carl):
    assert "set city" in ask("update", carl, stdin={"city": "Malmö"})
    assert "removed city" in ask("update", carl, stdin={"city": None})


def test_somebody_erased_is_gone(ask, carl):
    assert "keys destroyed" in ask("erase", carl, "--reason", "request", "--yes")
    with pytest.raises(NotFound):
        ask("show", carl, "--purpose", "support")
    assert ask("list") == "\n"


def test_erasing_asks_first(ask, carl):
    result = CliRunner().invoke(customer, ["erase", carl, "--reason", "request"], input="n\n")
    assert result.exit_code == 1
    assert carl in ask("list")


def test_every_opening_is_in_the_ledger(ask, carl, installation):
    from keepfold.ledger import actions as ledger

    ask("show", carl, "--purpose", "support")
    while sequence_once():
        pass
    found = ledger.entries_of(actor=installation.dora, person=installation.carl)
    assert [one.entry.action for one in found.entries][:2] == ["ledger.entries.list_of_person", "vault.record.open"]


def test_without_a_token_nothing_is_done_and_the_next_step_is_said(installation, monkeypatch):
    monkeypatch.delenv("KEEPFOLD_TOKEN", raising=False)
    result = CliRunner().invoke(customer, ["list"], standalone_mode=False)
    assert isinstance(result.exception, Unauthenticated)
    assert "keepfold client create" in result.exception.next_step


def test_the_owners_token_in_the_home_is_used(installation, monkeypatch):
    monkeypatch.delenv("KEEPFOLD_TOKEN", raising=False)
    token = people.create_client(actor=installation.operator, name="o", actions=["vault.*"], purposes=[]).token
    (installation.home / "owner.token").write_text(token + "\n")
    result = CliRunner().invoke(customer, ["list"], standalone_mode=False)
    assert result.exception is None
    assert ids.show("cus", installation.carl) in result.stdout


def test_a_token_that_grants_less_opens_less(installation, carl, monkeypatch):
    token = people.create_client(
        actor=installation.operator, name="ben", actions=["vault.record.open"], purposes=["support"]
    ).token
    monkeypatch.setenv("KEEPFOLD_TOKEN", token)
    for words in (["show", carl, "--purpose", "bookkeeping"], ["list"], ["erase", carl, "--reason", "x", "--yes"]):
        result = CliRunner().invoke(customer, words, standalone_mode=False)
        assert isinstance(result.exception, NotAllowed), words
