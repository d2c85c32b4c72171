"""Signing in before a real installation, by Django's test client. Hashing is made cheap; one test looks at its cost."""

from __future__ import annotations

import email
import email.policy
import html
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from keepfold.kernel import clock, jobs
from keepfold.people.hashers import Argon2idHasher
from keepfold.people.memory import memory
from keepfold.people.models import Staff
from tests.support.authenticator import Key
from tests.support.console import text_of, visitor

PASSWORD = "lantern gravel seventeen otters"
OTHER = "sixty quiet umbrellas in a drawer"
LAPTOP = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    monkeypatch.setattr(Argon2idHasher, "memory_kib", 64)
    monkeypatch.setattr(Argon2idHasher, "iterations", 1)
    monkeypatch.setattr(Argon2idHasher, "lanes", 1)


@pytest.fixture
def later(monkeypatch):
    """Let time pass for everybody: `later(seconds)`."""
    real, passed = clock.now_s, [0]
    monkeypatch.setattr(clock, "now_s", lambda: real() + passed[0])
    monkeypatch.setattr("time.time", _moved(passed))

    def pass_by(seconds: float) -> None:
        passed[0] += seconds
        memory.failures.clear()

    return pass_by


def _moved(passed: list[float]) -> Any:
    import time as real

    now = real.time
    return lambda: now() + passed[0]


@dataclass
class Mail:
    to: str
    subject: str
    text: str


@pytest.fixture
def mailbox(installation):
    """Return what was sent since the last look, oldest first."""
    seen: set[Path] = set()

    def look() -> list[Mail]:
        jobs.Worker(only=["people.mail"], with_events=False, with_beats=False).drain()
        fresh = sorted(set((installation.home / "mail").glob("*.eml")) - seen)
        seen.update(fresh)
        read = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in fresh]
        return [Mail(str(one["To"]), str(one["Subject"]), one.get_content()) for one in read]

    return look


def member(name: str) -> Staff:
    return Staff.objects.get(name=name)


def give_password(name: str, password: str = PASSWORD) -> Staff:
    """Let somebody have a password, as if set long ago."""
    from keepfold.people.signin import backend, members

    row = member(name)
    members.set_password(row, backend.hashed(password))
    return member(name)


def browser(**headers: Any):
    return visitor(HTTP_USER_AGENT=LAPTOP, HTTP_HOST="localhost:8700", **headers)


def sign_in(name: str, password: str = PASSWORD, client=None, **more: str):
    """Type address and password; return the browser and the answer."""
    client = client or browser()
    answer = client.post("/sign-in", {"email": member(name).email, "password": password, **more})
    return client, answer


def is_in(client) -> bool:
    return client.get("/account").status_code == 200


def entries(notebook: list[Any]) -> list[str]:
    return [entry.context.action for entry in notebook]


def options_in(answer) -> dict[str, Any]:
    """Return what a page asks the browser to sign or make."""
    found = re.search(r'data-options="([^"]+)"', text_of(answer))
    assert found is not None
    return json.loads(html.unescape(found[1]))


def add_app(client) -> str:
    """Set an app up in a signed-in browser; return its secret."""
    from keepfold.people.signin import factors

    page = text_of(client.get("/account/app"))
    secret = re.search(r'id="secret">([A-Z2-7 ]+)<', page)[1].replace(" ", "")
    answer = client.post("/account/app", {"code": code_of(secret)})
    assert answer.status_code in {200, 302}, text_of(answer)
    assert factors.has_second(Staff.objects.get(id=client.session["_auth_user_id"]))
    client.codes = re.findall(r'<li class="mono">(\d{5} \d{5})</li>', text_of(answer))
    return secret


def code_of(secret: str, steps: int = 0) -> str:
    """Return the code of an app, now or some steps from now."""
    import time

    from allauth.mfa.totp.internal import auth

    return auth.format_hotp_value(auth.hotp_value(secret, int(time.time()) // 30 + steps))


def add_passkey(client, *, alone: bool = True, key: Key | None = None, **made: Any) -> Key:
    """Make a passkey in a signed-in browser."""
    key = key or Key()
    options = options_in(client.get("/account/passkeys/new"))
    answer = client.post(
        "/account/passkeys/new",
        {"name": "Blue key", "alone": "yes" if alone else "no", "credential": key.make(options, **made)},
    )
    assert answer.status_code in {200, 302}
    return key
