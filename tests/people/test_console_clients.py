"""Pages about API clients."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest

from keepfold.kernel import ids
from keepfold.people import actions, queries
from keepfold.people.errors import TokenRefused
from tests.support.console import signed_in, text_of

TOKEN = re.compile(r"kf_[a-z2-7]{16}_[a-z2-7]{52}")
ASKED = {"name": "Shop checkout", "tasks": ["bring_in"], "ends": "90", "rate": "50"}


def asked(client, **changes):
    """Return the form as the page offers it, filled in."""
    page = text_of(client.get("/clients/new"))
    return {**ASKED, "once": re.search(r'name="once" value="([^"]+)"', page)[1], **changes}


def made(installation, name="Shop till", **changes):
    options = {"actions": ("vault.record.search", "people.client.*"), "purposes": ("support",), **changes}
    return actions.create_client(actor=installation.ana, name=name, **options)


def address(issued, *more):
    return "/".join(["/clients", ids.show("cli", issued.client.id), *more])


def test_a_client_is_made_by_what_it_is_for_and_gets_exactly_these_grants(installation):
    ana = signed_in("Ana")
    form = asked(ana, tasks=["bring_in", "read_one"], purposes=["support"], rights=["vault.record.list"])
    page = text_of(ana.post("/clients/new", form))
    actor = queries.authenticate(TOKEN.search(page)[0])
    assert set(actor.actions) == {
        "vault.record.seal",
        "vault.record.seal_many",
        "vault.record.open",
        "vault.record.list",
    }
    assert actor.purposes == ("support",)
    one = actions.list_clients(actor=installation.operator, only=actor.id)[0]
    assert one.rate == 50
    assert timedelta(days=89) < one.expires_at - datetime.now(UTC) < timedelta(days=91)


def test_a_token_is_in_one_answer_and_nowhere_else(installation, capfd):
    ana = signed_in("Ana")
    answer = ana.post("/clients/new", asked(ana))
    page = text_of(answer)
    token = TOKEN.search(page)[0]
    assert page.count(token) == 1
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    assert token not in repr(answer.headers)
    assert token not in str(ana.session.items())
    listed = ids.show("cli", queries.authenticate(token).id)
    for path in (
        "/clients",
        f"/clients/{listed}",
        f"/clients/{listed}/rotate",
        f"/clients/{listed}/revoke",
        "/clients?as=json",
    ):
        found = ana.get(path)
        text = b"".join(found.streaming_content).decode() if found.streaming else text_of(found)
        assert not TOKEN.search(text)
        assert token.split("_")[2][:12] not in text
    assert token not in "".join(capfd.readouterr())
    for file in installation.home.rglob("*"):
        assert not file.is_file() or token.encode() not in file.read_bytes()


def test_a_form_that_is_sent_twice_makes_one_client_and_shows_no_token_again(installation):
    ana = signed_in("Ana")
    form = asked(ana)
    ana.post("/clients/new", form)
    again = ana.post("/clients/new", form)
    assert again.status_code == 302
    assert not TOKEN.search(text_of(ana.get(again.headers["Location"])))
    assert len(actions.list_clients(actor=installation.operator, maker=installation.ana.id)) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Fill this in."),
        ({"tasks": []}, "Choose at least one task, or a single grant."),
        ({"tasks": ["read_one"]}, "Choose a purpose: without one nothing opens."),
        ({"ends": "day"}, "Choose a day that lies ahead."),
        ({"ends": "day", "day": "2020-01-01"}, "Choose a day that lies ahead."),
        ({"rate": "0"}, "greater than or equal to 1"),
        ({"name": "a\u0000b"}, "Null characters are not allowed."),
    ],
)
def test_what_is_missing_is_said_in_the_form_and_nothing_is_made(installation, changes, words):
    ana = signed_in("Ana")
    page = text_of(ana.post("/clients/new", asked(ana, **changes)))
    assert words in html.unescape(page)
    assert 'role="alert"' in page
    assert not TOKEN.search(page)
    assert actions.list_clients(actor=installation.operator, maker=installation.ana.id) == []


def test_nobody_gives_a_client_more_than_they_hold(installation):
    actions.set_roles(actor=installation.operator, staff=installation.ben.id, roles=("developer",))
    ben = signed_in("Ben")
    page = text_of(ben.post("/clients/new", asked(ben, tasks=["erase"])))
    assert "You can give and take only what you hold yourself." in page
    page = text_of(ben.post("/clients/new", asked(ben, tasks=["bring_in"], purposes=["support"])))
    assert not TOKEN.search(page)
    assert TOKEN.search(text_of(ben.post("/clients/new", asked(ben))))


def test_the_exact_grants_are_shown_while_tasks_are_chosen(installation):
    ana = signed_in("Ana")
    page = text_of(ana.post("/clients/new/grants", {"tasks": ["find"]}))
    assert "vault.record.search" in page
    assert "Still without a purpose" in page
    page = text_of(ana.post("/clients/new", asked(ana, tasks=["find"], purposes=["support"], look="1")))
    assert "vault.record.search" in page
    assert not TOKEN.search(page)
    assert actions.list_clients(actor=installation.operator, maker=installation.ana.id) == []


def test_a_new_token_takes_over_at_once_or_after_an_overlap(installation):
    first, ana = made(installation), signed_in("Ana")
    page = text_of(ana.get(address(first, "rotate")))
    once = re.search(r'name="once" value="([^"]+)"', page)[1]
    second = TOKEN.search(text_of(ana.post(address(first, "rotate"), {"overlap": "3600", "once": once})))[0]
    assert queries.authenticate(first.token).id == queries.authenticate(second).id
    third = TOKEN.search(text_of(ana.post(address(first, "rotate"), {"overlap": "0", "once": once + "x"})))[0]
    with pytest.raises(TokenRefused):
        queries.authenticate(second)
    assert queries.authenticate(third).id == first.client.id
    again = ana.post(address(first, "rotate"), {"overlap": "0", "once": once + "x"})
    assert again.status_code == 302
    assert queries.authenticate(third).id == first.client.id


def test_revoking_shows_what_ends_with_a_client_and_then_ends_it(installation):
    shop, ana = made(installation), signed_in("Ana")
    till = actions.create_client(
        actor=queries.authenticate(shop.token), name="Drawer", actions=("vault.record.search",)
    )
    page = text_of(ana.get(address(shop, "revoke")))
    assert "Drawer" in page
    assert queries.authenticate(till.token)
    assert ana.post(address(shop, "revoke"), {}).status_code == 302
    for issued in (shop, till):
        with pytest.raises(TokenRefused):
            queries.authenticate(issued.token)
    assert "Its tokens stopped working" in text_of(ana.get(address(shop)))


def test_a_client_that_ended_cannot_be_renewed_and_the_form_says_so(installation):
    shop, ana = made(installation), signed_in("Ana")
    actions.revoke_client(actor=installation.operator, client=shop.client.id)
    page = text_of(ana.post(address(shop, "rotate"), {"overlap": "0", "once": "x"}))
    assert "This client is revoked or has expired." in page
    assert f'{address(shop, "rotate")}"' not in text_of(ana.get(address(shop)))


def test_unused_clients_are_pointed_out(installation):
    from keepfold.kernel import db

    shop = made(installation)
    assert "not used for 30 days" not in text_of(signed_in("Ana").get("/clients"))
    db.execute("default", "UPDATE people_client SET created_s = created_s - 3000000")
    page = text_of(signed_in("Ana").get("/clients"))
    assert "2 clients were not used for 30 days." in page
    assert shop.client.name in text_of(signed_in("Ana").get("/clients?state=idle"))


def test_the_list_says_who_made_a_client_and_what_it_may(installation):
    made(installation)
    page = text_of(signed_in("Dora").get("/clients"))
    for words in ("Shop till", "Ana", "first token", "Olga", "Find a customer by an exact value"):
        assert words in page


@pytest.mark.parametrize("page", ["", "/rotate", "/revoke"])
def test_absent_malformed_and_foreign_ids_are_answered_alike(installation, page):
    ana = signed_in("Ana")
    absent, foreign = ids.show("cli", ids.uuid7()), ids.show("stf", installation.ben.id)
    answers = [ana.get(f"/clients/{one}{page}") for one in (absent, foreign, "cli_nothing", "%00", "x" * 500)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({text_of(answer).split("<main")[1].split("mono hash")[0] for answer in answers}) == 1


GRANTED = {
    "/clients": {"Olga", "Ana", "Dora", "Dan"},
    "/clients/new": {"Olga", "Ana", "Dan"},
    "/clients/{one}": {"Olga", "Ana", "Dora", "Dan"},
    "/clients/{one}/rotate": {"Olga", "Ana", "Dan"},
    "/clients/{one}/revoke": {"Olga", "Ana"},
}


@pytest.mark.parametrize("path", GRANTED)
def test_each_role_sees_exactly_the_pages_it_is_granted(installation, path):
    actions.add_staff(actor=installation.operator, email="dan@example.org", name="Dan", roles=("developer",))
    at = path.replace("/clients/{one}", address(made(installation)))
    statuses = {name: signed_in(name).get(at).status_code for name in ("Olga", "Ana", "Ben", "Dora", "Dan")}
    assert statuses == {name: 200 if name in GRANTED[path] else 403 for name in statuses}


def test_nobody_else_changes_anything_by_sending_the_form_all_the_same(installation):
    shop = made(installation)
    for name in ("Ben", "Dora"):
        for path in ("/clients/new", "/clients/new/grants", address(shop, "rotate"), address(shop, "revoke")):
            assert signed_in(name).post(path, {**ASKED, "overlap": "0", "once": "y"}).status_code == 403
    assert queries.authenticate(shop.token).id == shop.client.id


def test_a_developer_renews_no_client_that_holds_more_than_they_do(installation):
    shop = made(installation)
    actions.add_staff(actor=installation.operator, email="dan@example.org", name="Dan", roles=("developer",))
    page = text_of(signed_in("Dan").post(address(shop, "rotate"), {"overlap": "0", "once": "z"}))
    assert "You can give and take only what you hold yourself." in page
    assert queries.authenticate(shop.token).id == shop.client.id


def test_a_name_that_is_markup_stays_text_on_every_page(installation):
    shop, ana = made(installation, name="\"'><svg/onload=alert(1)>{{7*7}}</title>"), signed_in("Ana")
    for path in (
        "/clients",
        address(shop),
        address(shop, "rotate"),
        address(shop, "revoke"),
        f"/people/{ids.show('stf', installation.ana.id)}",
    ):
        page = text_of(ana.get(path))
        assert "<svg/onload" not in page
        assert "&lt;svg/onload" in page
        assert "49</title>" not in page
    token = text_of(ana.post(address(shop, "rotate"), {"overlap": "0", "once": "q"}))
    assert "<svg/onload" not in token
    assert "&lt;svg/onload" in token


def test_an_installation_without_clients_is_told_what_they_are_for(installation):
    from keepfold.kernel import db

    db.execute("default", "DELETE FROM people_token")
    db.execute("default", "DELETE FROM people_client")
    assert "No program has access yet" in text_of(signed_in("Ana").get("/clients"))
