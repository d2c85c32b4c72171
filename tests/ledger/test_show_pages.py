"""The ledger's pages: what they say is computed, what is sealed stays so, and their proofs hold without this server."""

from __future__ import annotations

import csv
import io
import json
import re
from base64 import b64decode

import pytest

from keepfold.kernel import db, ids
from keepfold.kernel.errors import NotAllowed
from keepfold.ledger import jobs, keyring, proofs, queries, sequencer, tree
from keepfold.ledger.checkpoint import open_checkpoint
from keepfold.ledger.hashing import leaf_hash
from keepfold.ledger.note import parse_vkey
from keepfold.people import actions as people
from keepfold.vault import actions as vault
from tests.ledger.support import sequence
from tests.support.cast import CARL
from tests.support.console import signed_in, text_of


@pytest.fixture
def lived(installation):
    """Return the installation after an opening, a refusal and a change, all signed."""
    carl, ben = installation.carl, installation.ben
    vault.open_record(actor=ben, person=carl, purpose="support", reason="ticket 17")
    with pytest.raises(NotAllowed):
        vault.open_record(actor=ben, person=carl, purpose="newsletter", reason="curious")
    people.list_roles(actor=installation.ana)
    sign()
    return installation


def sign():
    sequence()
    sequencer.checkpoint_beat()


def get(client, address, status=200):
    answer = client.get(address)
    assert answer.status_code == status, text_of(answer)[:1000]
    return text_of(answer)


def newest(**wanted):
    """Return the index of the newest entry that fits."""
    from keepfold.ledger.types import EntryFilter

    return queries.entries(EntryFilter(**wanted), limit=1).entries[0].index


# ------------------------------------------------------------------------------------------------------------ overview


def test_the_overview_counts_what_is_signed_and_claims_no_witness(lived):
    page = get(signed_in("Dora"), "/ledger")
    assert f"{queries.signed_size()} entries are written down and signed." in page
    assert "No one outside has seen them yet." in page
    assert "Unknown: none has signed" in page
    assert "Unknown: nobody has verified it yet" in page
    assert queries.checkpoint() in page.replace("&#x27;", "'")
    assert queries.vkey() in page


def test_the_overview_says_when_the_ledger_has_stopped(lived):
    db.execute("default", "UPDATE ledger_log SET halted = %s", ["Somebody wrote into its tables."])
    page = get(signed_in("Dora"), "/ledger")
    assert "The ledger has stopped" in page
    assert "Somebody wrote into its tables." in page


def test_the_overview_says_when_nobody_signs(lived):
    db.execute("default", "UPDATE ledger_log SET beat_us = 1")
    db.execute("default", "UPDATE ledger_checkpoint SET at_us = 1")
    assert "nobody has signed them lately" in get(signed_in("Dora"), "/ledger")


def test_the_overview_says_when_the_list_does_not_agree_with_the_entries(lived):
    db.execute("default", "UPDATE ledger_tally SET entries = entries + 1 WHERE span = 0")
    assert "does not agree with them" in get(signed_in("Dora"), "/ledger")


@pytest.mark.parametrize("span", ["2d", "30d", "180d", "all", "nonsense"])
def test_growth_is_shown_over_any_length_of_time(lived, span):
    page = get(signed_in("Dora"), f"/ledger?growth={span}")
    assert re.search(r"\d+ entries, \d+ an? (day|hour) on average", page)


# --------------------------------------------------------------------------------------------------------------- lists


def shown_indexes(page):
    return [int(number) for number in re.findall(r'<th scope="row"[^>]*>\s*<a href="/ledger/entries/(\d+)"', page)]


def test_entries_are_listed_newest_first_and_filtered_by_what_stands_in_them(lived):
    dora = signed_in("Dora")
    everything = shown_indexes(get(dora, "/ledger/entries"))
    assert everything == sorted(everything, reverse=True)
    assert everything[0] == queries.status().size - 1
    refused = shown_indexes(get(dora, "/ledger/entries?outcome=refused"))
    assert refused == [newest(allowed=False)]
    number = queries.show(refused[0]).purpose_number
    assert (
        shown_indexes(get(dora, f"/ledger/entries?purpose={number}&outcome=refused&actor=staff&kind=access")) == refused
    )
    assert "No" in get(dora, "/ledger/entries?kind=key")
    assert shown_indexes(get(dora, "/ledger/entries?day_from=2001-01-01&day_to=2001-01-02")) == []


def test_a_list_goes_on_and_back_by_cursors(lived):
    dora = signed_in("Dora")
    for _ in range(40):
        people.list_roles(actor=lived.ana)
    sign()
    first = get(dora, "/ledger/entries?n=25&kind=people")
    following = re.search(r'href="(\?[^"]*after=[^"#]+)', first)[1].replace("&amp;", "&")
    second = get(dora, f"/ledger/entries{following}")
    assert shown_indexes(second)[0] < shown_indexes(first)[-1]
    back = re.search(r'href="(\?[^"]*before=[^"#]+)', second)[1].replace("&amp;", "&")
    assert shown_indexes(get(dora, f"/ledger/entries{back}")) == shown_indexes(first)


def test_a_number_leads_to_its_entry(lived):
    answer = signed_in("Dora").get("/ledger/entries?number=2")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/ledger/entries/2")


def test_the_list_is_exported_whole_and_as_it_is_filtered(lived):
    dora = signed_in("Dora")
    answer = dora.get("/ledger/entries?kind=access&as=csv")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert len(rows) - 1 == queries.counts().of(kind="access")
    document = json.loads(b"".join(dora.get("/ledger/entries?as=json").streaming_content))
    assert len(document if isinstance(document, list) else document["rows"]) == queries.status().size


# --------------------------------------------------------------------------------------------------------------- entry


def test_an_entry_says_what_happened_and_not_to_whom(lived):
    index = newest(action=302, allowed=True)
    page = get(signed_in("Dora"), f"/ledger/entries/{index}")
    assert "Opened a record" in page
    assert "1 person" in page
    assert "details open with that person’s key only" in page
    assert ids.show("cus", lived.carl) not in page
    assert lived.carl.hex() not in page
    for value in CARL.values():
        assert value not in page


def test_the_proof_of_an_entry_holds_for_whoever_has_the_file_and_the_key(lived):
    dora = signed_in("Dora")
    index = newest(allowed=False)
    answer = dora.get(f"/ledger/entries/{index}/proof")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="entry-{index}.tlog-proof"'
    head, checkpoint = text_of(answer).split("\n\n", 1)
    magic, extra, place, *hashes = head.split("\n")
    assert magic == "c2sp.org/tlog-proof@v1"
    body = b64decode(extra.removeprefix("extra "))
    assert body == dora.get(f"/ledger/entries/{index}/bytes").content
    signed = open_checkpoint(checkpoint, keyring.origin(), [parse_vkey(queries.vkey())])
    place = int(place.removeprefix("index "))
    tree.verify_inclusion(leaf_hash(body), place, signed.size, [b64decode(one) for one in hashes], signed.root)


def test_the_way_that_is_drawn_ends_at_the_signed_root(lived):
    for index in range(queries.signed_size()):
        proof = queries.inclusion(index)
        rungs = proofs.ladder(proof)
        assert (rungs[-1].made if rungs else proof.leaf) == proof.root
        covered = sorted([(index, index), *((rung.first, rung.last) for rung in rungs)])
        assert [first for first, _ in covered] == [0, *(last + 1 for _, last in covered[:-1])]
        assert covered[-1][1] == proof.size - 1


def test_an_entry_that_waits_for_its_checkpoint_has_no_proof_yet(lived):
    people.list_roles(actor=lived.ana)
    sequence()
    index = queries.status().size - 1
    dora = signed_in("Dora")
    assert "Not in a checkpoint yet." in get(dora, f"/ledger/entries/{index}")
    assert dora.get(f"/ledger/entries/{index}/proof").status_code == 404


@pytest.mark.parametrize("number", ["999999", "9223372036854775808", "99999999999999999999999999"])
def test_there_is_no_page_of_an_entry_that_is_not_there(lived, number):
    dora = signed_in("Dora")
    for tail in ("", "/proof", "/bytes"):
        assert dora.get(f"/ledger/entries/{number}{tail}").status_code == 404


def test_details_open_for_a_reason_and_the_opening_is_an_entry_with_it(lived):
    dora = signed_in("Dora")
    index = newest(kind="people", actor_kind="staff")
    without = dora.post(f"/ledger/entries/{index}", {"reason": ""})
    assert "people.role.list" in text_of(without)
    assert "Opened, and written down." not in text_of(without)
    opened = text_of(dora.post(f"/ledger/entries/{index}", {"reason": "Audit of November"}))
    assert "Opened, and written down." in opened
    assert ids.show("stf", lived.ana.id) in opened
    sign()
    shown = queries.show(queries.status().size - 1)
    assert (shown.action, shown.allowed) == ("ledger.detail.show", True)
    assert queries.is_by_actor(shown, lived.dora.id)


def test_details_about_one_person_never_open_by_number_alone(lived):
    index = newest(action=302, allowed=True)
    answer = signed_in("Dora").post(f"/ledger/entries/{index}", {"reason": "curious"})
    assert answer.status_code == 404
    assert "ticket 17" not in text_of(answer)


def test_whoever_holds_nothing_of_the_ledger_sees_none_of_its_pages(lived):
    ben = signed_in("Ben")
    run = ids.show("ver", bytes(16))
    for address in (
        "/ledger",
        "/ledger/entries",
        "/ledger/entries/1",
        "/ledger/entries/999999",
        "/ledger/entries/1/proof",
        "/ledger/entries/1/bytes",
        "/ledger/checkpoint",
        "/ledger/verify",
        f"/ledger/verify/{run}",
    ):
        assert ben.get(address).status_code == 403, address
    assert ben.post("/ledger/verify").status_code == 403
    assert ben.post(f"/ledger/verify/{run}/stop").status_code == 403


# -------------------------------------------------------------------------------------------------------- verification


def begin(client):
    answer = client.post("/ledger/verify")
    assert answer.status_code == 302
    return answer.headers["Location"]


def test_a_verification_is_begun_watched_and_read_with_every_check(lived):
    dora = signed_in("Dora")
    address = begin(dora)
    waiting = get(dora, address)
    assert "Waits for the worker" in waiting
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in waiting
    assert 'hx-trigger="every 1s"' in waiting
    part = text_of(dora.get(address, HTTP_HX_REQUEST="true"))
    assert part.startswith('<div class="stack far" id="run"')
    jobs.verify_now()
    page = get(dora, address)
    size = queries.verifications(1)[0].report.size
    assert f"Whole and unchanged. {size} of {size} entries." in page
    assert f"All {size} entries hash to the root" in page
    assert page.count("Holds:") == 8
    assert "Whether others saw the same checkpoints: unknown" in page
    assert 'hx-trigger="every 1s"' not in page
    assert "Whole and unchanged" in get(dora, "/ledger")
    assert address in get(dora, "/ledger/verify")


def test_a_verification_that_finds_something_names_it_and_hands_out_the_evidence(lived):
    db.execute("default", "UPDATE ledger_entry SET mac = %s WHERE idx = 2", [bytes(16)])
    dora = signed_in("Dora")
    address = begin(dora)
    jobs.verify_now()
    page = get(dora, address)
    assert "Entry 2 does not verify." in page
    assert "Entry 2 was changed: its id or its MAC." in page
    evidence = json.loads(dora.get(f"{address}?as=json").content)
    assert evidence["report"]["ok"] is False
    assert evidence["report"]["findings"][0]["index"] == 2
    assert evidence["checkpoint"] == queries.checkpoint()
    overview = get(dora, "/ledger")
    assert "Entry 2 does not verify." in overview


def test_a_verification_is_stopped_by_whoever_may(lived):
    dora = signed_in("Dora")
    address = begin(dora)
    assert dora.post(f"{address}/stop").status_code == 302
    assert "Stopped before it was done." in get(dora, address)


def test_an_altered_result_is_never_shown_as_one(lived):
    dora = signed_in("Dora")
    address = begin(dora)
    jobs.verify_now()
    db.execute("default", "UPDATE ledger_verification SET report = REPLACE(report, '\"ok\":true', '\"ok\":true ')")
    page = get(dora, address)
    assert "This result was altered." in page
    assert "Whole and unchanged" not in page
    assert "Whole and unchanged" not in get(dora, "/ledger")


@pytest.mark.parametrize("run", ["ver_00000000000000000000000000", "ver_x", "cus_00000000000000000000000000"])
def test_there_is_no_page_of_a_verification_that_is_not_there(lived, run):
    dora = signed_in("Dora")
    assert dora.get(f"/ledger/verify/{run}").status_code == 404
    assert dora.post(f"/ledger/verify/{run}/stop").status_code == 404


def test_the_pages_speak_german(lived):
    dora = signed_in("Dora", HTTP_ACCEPT_LANGUAGE="de")
    assert "festgehalten und unterschrieben" in get(dora, "/ledger")
    assert "Einträge des Protokolls" in get(dora, "/ledger/entries")
    assert "Was darin steht" in get(dora, "/ledger/entries/1")
    assert "Prüfungen, die neuesten zuerst" in get(dora, "/ledger/verify")
