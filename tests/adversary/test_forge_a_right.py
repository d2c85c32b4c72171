"""Mallory writes to the data store, has no key, and wants the server to open a value for her."""

from contextlib import closing
from hashlib import sha256
from sqlite3 import connect

import pytest

from keepfold.consent import actions as consent
from keepfold.kernel import rowmac
from keepfold.kernel.errors import NotAllowed, Unauthenticated, Unavailable
from keepfold.people import actions as people
from keepfold.people import queries, rules
from keepfold.people.memory import memory
from keepfold.policy import actions as policy_actions
from keepfold.policy import queries as policy
from keepfold.site import doctor
from keepfold.vault import actions as vault

KID, SECRET = "m" * 16, "m" * 52
HERS = rules.format_token(KID, SECRET)
CLIENT = bytes(15) + b"m"


@pytest.fixture
def write(installation):
    def run(sql, *values):
        with closing(connect(installation.home / "data.sqlite3", timeout=30)) as database, database:
            return database.execute(sql, values).fetchall()

    return run


def rows():
    found = next(doctor.THOROUGH["rows"]())
    return found.state, found.found, found.next_step


def read_as(token, person, purpose="support"):
    memory.forget()
    return vault.open_record(actor=queries.authenticate(token), person=person, purpose=purpose)


def test_the_doctor_finds_nothing_where_nobody_wrote(installation):
    assert rows()[0] == "ok"


def test_a_client_and_a_token_of_her_own_open_nothing(installation, write):
    write(
        "INSERT INTO people_client (id, name, actions, purposes, rate, created_by, created_s, mac)"
        " VALUES (?, 'm', 'vault.*', '*', 1000, ?, 1, ?)",
        CLIENT,
        queries.OPERATOR_ID,
        bytes(32),
    )
    write(
        "INSERT INTO people_token (kid, client_id, digest, created_s, mac) VALUES (?, ?, ?, 1, ?)",
        KID,
        CLIENT,
        sha256(HERS.encode()).digest(),
        bytes(32),
    )
    with pytest.raises(Unauthenticated):
        read_as(HERS, installation.carl)
    assert rows()[0] == "broken"
    assert "people_client: 1, people_token: 1" in rows()[1]


def test_her_own_token_opens_no_more_when_she_widens_its_grants(installation, write):
    made = people.create_client(actor=installation.operator, name="m", actions=("people.role.list",))
    with pytest.raises(NotAllowed):
        read_as(made.token, installation.carl)
    write("UPDATE people_client SET actions = 'vault.*', purposes = '*' WHERE id = ?", made.client.id)
    with pytest.raises(Unauthenticated):
        read_as(made.token, installation.carl)


def test_a_consent_of_hers_opens_nothing(installation, write):
    ana, carl = installation.ana, installation.carl
    consent.withdraw_consent(actor=ana, customer=carl, purpose="newsletter", channel="account_form")
    write("UPDATE consent_state SET status = 1, expires_s = NULL")
    with pytest.raises(NotAllowed) as refused:
        vault.open_record(actor=ana, person=carl, purpose="newsletter")
    assert refused.value.rule == "consent.altered"
    assert "consent_state" in rows()[1]


def test_a_consent_of_before_the_withdrawal_opens_nothing(installation, write):
    ana, carl = installation.ana, installation.carl
    consent.grant_consent(actor=ana, customer=carl, purpose="newsletter", channel="account_form")
    consent.confirm_consent(actor=ana, customer=carl, purpose="newsletter")
    assert vault.open_record(actor=ana, person=carl, purpose="newsletter").values
    before = write("SELECT * FROM consent_state")[0]
    consent.withdraw_consent(actor=ana, customer=carl, purpose="newsletter", channel="account_form")
    write("DELETE FROM consent_state")
    write(f"INSERT INTO consent_state VALUES ({', '.join('?' * len(before))})", *before)
    with pytest.raises(NotAllowed) as refused:
        vault.open_record(actor=ana, person=carl, purpose="newsletter")
    assert refused.value.rule == "consent.altered"


def test_a_policy_that_she_puts_in_force_decides_nothing(installation, write):
    version = policy_actions.submit_version(actor=installation.operator, source=policy.template("shop"))
    write("UPDATE policy_active SET version = ?", version.version)
    with pytest.raises(Unavailable) as refused:
        vault.open_record(actor=installation.operator, person=installation.carl, purpose="support")
    assert refused.value.code == "policy.altered"
    assert "policy_active" in rows()[1]


def test_a_role_that_she_gives_a_member_of_staff_grants_nothing(installation, write):
    write("INSERT INTO people_staff_role (staff_id, role) SELECT id, 'owner' FROM people_staff WHERE name = 'Dora'")
    with pytest.raises(Unavailable) as refused:
        queries.staff_actor(installation.dora.id)
    assert refused.value.code == "people.row-altered"


def test_marks_of_one_installation_are_worth_nothing_under_other_keys(installation, write):
    made = people.create_client(actor=installation.operator, name="m", actions=("vault.*",), purposes=("*",))
    with closing(connect(installation.home / "keys.sqlite3", timeout=30)) as keys, keys:
        keys.execute("UPDATE vault_named_key SET name = name || '/away' WHERE name = 'people/rows'")
    from keepfold.vault import keys as vault_keys

    vault_keys.forget()
    rowmac.forget()
    with pytest.raises(Unauthenticated):
        read_as(made.token, installation.carl)
