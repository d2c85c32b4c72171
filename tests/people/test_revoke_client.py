"""Ending clients: what they made ends with them, and every process knows within a second."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from keepfold.kernel import config
from keepfold.kernel.errors import Conflict, NotFound
from keepfold.people import actions, queries
from keepfold.people.errors import TokenRefused, TooMuch
from tests.people.conftest import SYSTEM, actor


@pytest.fixture
def database(store):
    """Once on SQLite and once on PostgreSQL."""
    return store


def make(by=SYSTEM, names=("people.client.*", "vault.record.open"), **more):
    return actions.create_client(actor=by, name="shop", actions=names, **more)


def refused(token: str) -> str:
    with pytest.raises(TokenRefused) as answer:
        queries.authenticate(token)
    return answer.value.detail


def test_a_revoked_token_is_refused_at_once_in_the_same_process(door):
    issued = make()
    assert queries.authenticate(issued.token).id == issued.client.id
    actions.revoke_client(actor=SYSTEM, client=issued.client.id)
    assert refused(issued.token) == "This token was revoked."


def test_what_a_client_made_ends_with_it_through_all_generations(door):
    first = make()
    child = make(queries.authenticate(first.token))
    grandchild = make(queries.authenticate(child.token))
    stranger = make()
    actions.revoke_client(actor=SYSTEM, client=first.client.id)
    assert refused(child.token) == refused(grandchild.token) == "This token was revoked."
    assert queries.authenticate(stranger.token).id == stranger.client.id
    assert door.entries[-1].details["revoked"] == 3


def test_revoking_twice_changes_nothing(door):
    issued = make()
    once = actions.revoke_client(actor=SYSTEM, client=issued.client.id)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1), tick=False):
        again = actions.revoke_client(actor=SYSTEM, client=issued.client.id)
    assert again.revoked_at == once.revoked_at is not None


def test_a_client_that_is_not_there_cannot_be_revoked(door):
    with pytest.raises(NotFound):
        actions.revoke_client(actor=SYSTEM, client=bytes(16))


def test_a_new_token_ends_the_old_one_at_once(door):
    issued = make()
    queries.authenticate(issued.token)
    again = actions.rotate_client(actor=SYSTEM, client=issued.client.id)
    assert queries.authenticate(again.token).id == issued.client.id
    assert refused(issued.token) == "This token has expired."


def test_with_an_overlap_the_old_token_works_until_it_is_over(door):
    issued = make()
    actions.rotate_client(actor=SYSTEM, client=issued.client.id, overlap_s=60)
    assert queries.authenticate(issued.token).id == issued.client.id
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=61), tick=False):
        queries.memory.forget()
        assert refused(issued.token) == "This token has expired."


def test_a_second_rotation_does_not_lengthen_the_life_of_the_first_token(door):
    issued = make()
    actions.rotate_client(actor=SYSTEM, client=issued.client.id)
    actions.rotate_client(actor=SYSTEM, client=issued.client.id, overlap_s=3600)
    assert refused(issued.token) == "This token has expired."


def test_nobody_gets_a_token_that_opens_more_than_they_hold(door):
    strong = make(names=("vault.*",))
    with pytest.raises(TooMuch):
        actions.rotate_client(actor=actor("people.client.rotate"), client=strong.client.id)
    assert queries.authenticate(strong.token).id == strong.client.id


def test_a_revoked_client_gets_no_new_token(door):
    issued = make()
    actions.revoke_client(actor=SYSTEM, client=issued.client.id)
    with pytest.raises(Conflict):
        actions.rotate_client(actor=SYSTEM, client=issued.client.id)


def test_the_list_names_clients_in_order_and_never_a_token(door):
    tokens = [make() for _ in range(3)]
    actions.revoke_client(actor=SYSTEM, client=tokens[1].client.id)
    everyone = actions.list_clients(actor=SYSTEM)
    assert [one.id for one in everyone] == sorted(one.client.id for one in tokens)
    alive = {one.id for one in actions.list_clients(actor=SYSTEM, revoked=False)}
    assert alive == {tokens[0].client.id, tokens[2].client.id}
    following = actions.list_clients(actor=SYSTEM, after=everyone[0].id, limit=1)
    assert following == everyone[1:2]
    assert not any(one.token in repr(everyone) for one in tokens)


# Another process has its own memory and its own connection; it must learn of a revocation from the database alone.
WATCH = """
import sys, time
from keepfold.site.setup import load_anyway
load_anyway()
from keepfold.kernel import rowmac
from keepfold.people import queries
from tests.support.rows import PlainKeys
rowmac.wire(keys=PlainKeys())
from keepfold.people.errors import TokenRefused
token = sys.argv[1]
queries.authenticate(token)
print("known", flush=True)
while True:
    try:
        queries.authenticate(token)
    except TokenRefused:
        print(time.time(), flush=True)
        break
    time.sleep(0.02)
"""


def test_another_process_refuses_a_revoked_token_within_a_second(door, home):
    issued = make()
    settings = config.current()
    environ = os.environ | {
        "KEEPFOLD_HOME": str(home),
        "KEEPFOLD_DATA_URL": settings.data_url,
        "KEEPFOLD_KEYS_URL": settings.keys_url,
        "DJANGO_SETTINGS_MODULE": "keepfold.site.settings",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    with subprocess.Popen(
        [sys.executable, "-c", WATCH, issued.token], stdout=subprocess.PIPE, text=True, env=environ
    ) as watcher:
        assert watcher.stdout is not None
        assert watcher.stdout.readline().strip() == "known"
        before = time.time()
        actions.revoke_client(actor=SYSTEM, client=issued.client.id)
        revoked = time.time()
        noticed = float(watcher.stdout.readline())
    assert watcher.returncode == 0
    assert before <= noticed <= revoked + 1.1
