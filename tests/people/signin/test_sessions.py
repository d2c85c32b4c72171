"""Sessions: what the table holds opens nothing, and when they end."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from django.conf import settings

from keepfold.people import sessions
from keepfold.people.models import Session
from keepfold.people.sessions import SessionStore
from tests.people.signin.conftest import LAPTOP, browser, give_password, is_in, member, sign_in
from tests.support.console import text_of


@pytest.fixture
def ana(installation):
    give_password("Ana")
    return sign_in("Ana")[0]


@pytest.fixture
def ben(installation):
    give_password("Ben")
    return sign_in("Ben")[0]


def row_of(name: str) -> Session:
    return Session.objects.get(staff=member(name).id)


def test_the_table_holds_a_hash_of_the_key_and_nothing_readable(ana):
    key = ana.cookies["sessionid"].value
    for row in Session.objects.all():
        text = json.dumps([row.session_key, bytes(row.session_data).decode("latin-1")])
        assert key not in text
        assert "_auth_user" not in text
        assert "Firefox" not in text
        assert "127.0" not in text
    browser_with_hash = browser()
    browser_with_hash.cookies["sessionid"] = row_of("Ana").session_key
    assert not is_in(browser_with_hash)


def test_a_row_copied_over_another_is_worth_nothing(ana, ben):
    owner_row, own_row = row_of("Ana"), row_of("Ben")
    Session.objects.filter(session_key=own_row.session_key).update(
        session_data=owner_row.session_data, staff=owner_row.staff, mac=owner_row.mac
    )
    assert not is_in(ben)


def test_data_of_another_session_does_not_open(ana, ben):
    Session.objects.filter(staff=member("Ben").id).update(session_data=row_of("Ana").session_data)
    assert not is_in(ben)


@pytest.mark.parametrize("change", [{"seen_s": 10**10}, {"created_s": 10**10}, {"staff": None}])
def test_a_row_that_somebody_changed_is_worth_nothing(ana, change):
    Session.objects.filter(staff=member("Ana").id).update(**change)
    assert not is_in(ana)


def test_a_session_that_somebody_made_in_the_table_is_worth_nothing(ana):
    row = row_of("Ana")
    row.session_key = sessions.digest("k" * 32)
    row.save(force_insert=True)
    mallory = browser()
    mallory.cookies["sessionid"] = "k" * 32
    assert not is_in(mallory)


def test_a_session_ends_when_it_is_not_used(ana, later):
    later(14 * 60)
    assert is_in(ana)
    later(14 * 60)
    assert is_in(ana)
    later(17 * 60)
    assert not is_in(ana)


def test_a_session_ends_after_its_longest_time_however_much_it_is_used(ana, later):
    for _ in range(12 * 60 // 14 - 1):
        later(14 * 60)
        assert is_in(ana)
    later(14 * 60)
    later(14 * 60)
    assert not is_in(ana)


def test_when_it_was_last_used_is_written_once_a_minute_at_most(ana, later, django_assert_num_writes):
    is_in(ana)
    assert django_assert_num_writes(lambda: is_in(ana)) == 0
    later(61)
    assert django_assert_num_writes(lambda: is_in(ana)) == 1


@pytest.fixture
def django_assert_num_writes():
    from django.db import connections
    from django.test.utils import CaptureQueriesContext

    def count(what) -> int:
        with CaptureQueriesContext(connections["default"]) as caught:
            what()
        return sum(query["sql"].startswith("UPDATE") and "people_session" in query["sql"] for query in caught)

    return count


def test_one_sees_ones_own_sessions_only_with_what_helps_to_know_them(ana, ben):
    page = text_of(ana.get("/account"))
    assert "Firefox on Linux" in page
    assert "This computer" in page
    assert page.count("This browser") == 1
    assert row_of("Ben").session_key not in page


def test_one_session_is_ended_and_the_other_goes_on(ana):
    phone, _ = sign_in("Ana", client=browser())
    keys = set(Session.objects.filter(staff=member("Ana").id).values_list("session_key", flat=True))
    mine = sessions.digest(ana.cookies["sessionid"].value)
    ana.post("/account/sessions", {"session": (keys - {mine}).pop()})
    assert is_in(ana)
    assert not is_in(phone)


def test_all_others_are_ended(ana):
    others = [sign_in("Ana", client=browser())[0] for _ in range(3)]
    ana.post("/account/sessions")
    assert is_in(ana)
    assert not any(is_in(other) for other in others)


def test_nobody_ends_the_session_of_somebody_else(ana, ben):
    ana.post("/account/sessions", {"session": row_of("Ben").session_key})
    assert is_in(ben)


def test_this_was_not_me_ends_all_others_and_forgets_known_browsers(ana, mailbox):
    other, _ = sign_in("Ana", client=browser())
    answer = ana.post("/account/not-me")
    assert answer["Location"] == "/account/password"
    assert is_in(ana)
    assert not is_in(other)
    assert "Your sessions were ended" in [one.subject for one in mailbox()]
    sign_in("Ana", client=other)
    assert "Somebody signed in as you in a new browser" in [one.subject for one in mailbox()]


def test_a_change_of_roles_ends_the_sessions(ana, installation):
    from keepfold.people import actions

    actions.set_roles(actor=installation.operator, staff=installation.ana.id, roles=("support",))
    assert not is_in(ana)


def test_deactivation_ends_the_sessions_for_good(ben, installation):
    from keepfold.people import actions

    actions.deactivate_staff(actor=installation.operator, staff=installation.ben.id)
    actions.reactivate_staff(actor=installation.operator, staff=installation.ben.id)
    assert not is_in(ben)


def test_a_session_that_was_ended_does_not_come_back_when_it_is_saved(installation):
    from django.contrib.sessions.backends.base import UpdateError

    store = SessionStore()
    store["a"] = 1
    store.create()
    sessions_of_the_table = Session.objects.all()
    sessions_of_the_table.delete()
    store["a"] = 2
    with pytest.raises(UpdateError):
        store.save()
    assert not sessions_of_the_table.exists()


def test_what_is_over_is_swept_away(ana, later):
    from keepfold.people.jobs import sweep

    later(3600)
    sweep()
    assert Session.objects.count() == 0


def test_cookies_are_not_for_scripts_and_end_with_the_browser(ana):
    cookie = ana.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert cookie["max-age"] == ""
    assert cookie["domain"] == ""


def test_behind_https_the_cookies_say_so_by_their_names(tmp_path):
    import os
    import subprocess
    import sys

    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    code = (
        "from keepfold.site import settings as s\n"
        "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.DEVICE_COOKIE_NAME, s.SESSION_COOKIE_SECURE,"
        " s.CSRF_COOKIE_SECURE, s.CSRF_TRUSTED_ORIGINS, 'keepfold.example.com' in s.ALLOWED_HOSTS)"
    )
    environment = {**os.environ, "KEEPFOLD_HOME": str(home), "KEEPFOLD_SITE_URL": "https://keepfold.example.com"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == (
        "__Host-sessionid __Host-csrftoken __Host-device True True ['https://keepfold.example.com'] True"
    )
    assert settings.SESSION_COOKIE_SECURE is False


def test_a_session_made_for_tests_counts_as_signed_in_just_now(installation):
    from tests.support.console import signed_in

    client = signed_in("Ana", HTTP_USER_AGENT=LAPTOP)
    assert client.get("/account/password").status_code == 200
    assert datetime.now(UTC).timestamp() - row_of("Ana").created_s < 60


def test_data_of_another_session_of_the_same_person_does_not_open_either(ana):
    other, _ = sign_in("Ana", client=browser())
    mine = sessions.digest(ana.cookies["sessionid"].value)
    theirs = Session.objects.exclude(session_key=mine).get(staff=member("Ana").id)
    Session.objects.filter(session_key=mine).update(session_data=theirs.session_data)
    assert not is_in(ana)
    assert is_in(other)
