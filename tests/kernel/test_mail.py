"""Mail goes to a server or into a folder, with headers that nobody can add to."""

from __future__ import annotations

import email
import email.policy
import socket
from contextlib import contextmanager
from dataclasses import replace

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from aiosmtpd.smtp import AuthResult
from hypothesis import given
from hypothesis import strategies as st

from keepfold.kernel import config, mailer
from keepfold.kernel.errors import Invalid, Misconfigured, Unavailable


@pytest.fixture
def settings(tmp_path):
    before = config.current()
    yield lambda **changes: config.use(replace(before, home=tmp_path, mail_from="shop@example.org", **changes))
    config.use(before)


def read(file):
    return email.message_from_bytes(file.read_bytes(), policy=email.policy.default)


def filed(tmp_path):
    return sorted((tmp_path / "mail").glob("*.eml"))


def test_without_a_server_a_message_becomes_a_file_for_its_owner_only(settings, tmp_path):
    settings()
    mailer.send("carl@example.org", "Grüße – 你好", "Dear Carl,\nä\n", "<p>Dear Carl</p>")
    (file,) = filed(tmp_path)
    message = read(file)
    assert (message["To"], message["From"], message["Subject"]) == (
        "carl@example.org",
        "shop@example.org",
        "Grüße – 你好",
    )
    assert message.get_body(("plain",)).get_content() == "Dear Carl,\nä\n"
    assert message.get_body(("html",)).get_content() == "<p>Dear Carl</p>\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert "carl" not in file.name
    assert not list((tmp_path / "mail").glob("*.tmp"))


def test_the_message_does_not_tell_the_name_of_this_machine(settings, tmp_path):
    settings()
    mailer.send("carl@example.org", "Hello", "Hello")
    message = read(filed(tmp_path)[0])
    assert message["Message-ID"].endswith("@example.org>")
    assert socket.gethostname() not in filed(tmp_path)[0].read_text()


@pytest.mark.parametrize(
    "subject",
    ["Hello\nBcc: m@example.org", "Hello\r\n\r\nbody", "a\x00b", "a\x0bb", "a\x85b", "a\u2028b", "x" * 401],
    ids=["line", "body", "zero", "tab", "next-line", "separator", "long"],
)
def test_a_subject_cannot_add_headers(settings, tmp_path, subject):
    settings()
    with pytest.raises(Invalid) as refusal:
        mailer.send("carl@example.org", subject, "Hello")
    assert refusal.value.code == "mail.subject"
    assert filed(tmp_path) == []


@pytest.mark.parametrize(
    "address",
    [
        "carl@example.org\nBcc: m@example.org",
        "carl@example.org, m@example.org",
        "Carl <carl@example.org>",
        "carl",
        "@example.org",
        "carl@",
        "",
        "carl@exa mple.org",
        "carl@example.org\x00",
    ],
    ids=["header", "two", "display", "no-domain", "no-user", "empty-domain", "empty", "blank", "zero"],
)
def test_an_address_is_one_address_and_is_not_quoted_when_it_is_not(settings, tmp_path, address):
    settings()
    with pytest.raises(Invalid) as refusal:
        mailer.send(address, "Hello", "Hello")
    assert refusal.value.code == "mail.address"
    assert "carl" not in refusal.value.readable()
    assert filed(tmp_path) == []


def test_nobody_is_no_receiver(settings):
    settings()
    with pytest.raises(Invalid):
        mailer.send([], "Hello", "Hello")


@given(st.text(max_size=60), st.text(max_size=40))
def test_no_subject_and_address_add_a_header_or_break_anything(subject, address):
    try:
        message = mailer.compose(["carl@example.org", address], subject, "Hello", None, sender="shop@example.org")
    except Invalid:
        return
    back = email.message_from_bytes(message.as_bytes(policy=email.policy.SMTPUTF8), policy=email.policy.default)
    assert set(back.keys()) == set(message.keys())


def test_a_folder_that_cannot_be_written_is_named(settings, tmp_path):
    (tmp_path / "mail").write_text("a file")
    settings()
    with pytest.raises(Unavailable) as refusal:
        mailer.send("carl@example.org", "Hello", "Hello")
    assert refusal.value.code == "mail.folder"


class Inbox(Message):
    """Keeps what it is sent."""

    def __init__(self):
        super().__init__(email.message.EmailMessage)
        self.messages, self.refusing = [], False

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  as aiosmtpd calls it
        if self.refusing:
            return "550 no such user carl@example.org"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    def prepare_message(self, session, envelope):
        self.greeting = session.host_name
        return email.message_from_bytes(envelope.original_content, policy=email.policy.default)

    def handle_message(self, message):
        self.messages.append(message)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def server(**options):
    inbox = Inbox()
    inbox.port = free_port()
    controller = Controller(inbox, hostname="127.0.0.1", port=inbox.port, **options)
    controller.start()
    try:
        yield inbox
    finally:
        controller.stop()


@pytest.mark.loopback
class TestServer:
    def test_a_message_arrives(self, settings, tmp_path):
        with server() as inbox:
            settings(mail_url=f"smtp://127.0.0.1:{inbox.port}")
            mailer.send(["carl@example.org", "ana@example.org"], "Grüße", "Dear Carl", "<p>Dear Carl</p>")
        (message,) = inbox.messages
        assert (message["Subject"], message["To"]) == ("Grüße", "carl@example.org, ana@example.org")
        assert inbox.greeting == "localhost"
        assert filed(tmp_path) == []

    def test_a_name_and_password_are_used(self, settings):
        seen = []

        def check(_server, _session, _envelope, _mechanism, data):
            seen.append((data.login, data.password))
            return AuthResult(success=True)

        with server(authenticator=check, auth_require_tls=False) as inbox:
            settings(mail_url=f"smtp://shop%40example.org:p%3Aw@127.0.0.1:{inbox.port}")
            mailer.send("carl@example.org", "Hello", "Hello")
        assert seen == [(b"shop@example.org", b"p:w")]
        assert len(inbox.messages) == 1

    def test_a_refused_receiver_is_named_without_the_address(self, settings):
        with server() as inbox:
            inbox.refusing = True
            settings(mail_url=f"smtp://127.0.0.1:{inbox.port}")
            with pytest.raises(Unavailable) as refusal:
                mailer.send("carl@example.org", "Hello", "Hello")
        assert refusal.value.code == "mail.receiver"
        assert refusal.value.__cause__ is None
        assert refusal.value.__suppress_context__

    def test_a_server_that_cannot_encrypt_is_not_used_when_that_was_asked_for(self, settings):
        with server() as inbox:
            settings(mail_url=f"smtp://127.0.0.1:{inbox.port}?starttls=1")
            with pytest.raises(Unavailable) as refusal:
                mailer.send("carl@example.org", "Hello", "Hello")
            assert refusal.value.code == "mail.server"
            assert inbox.messages == []

    def test_a_server_that_is_away_is_named(self, settings):
        with server() as inbox:
            pass
        settings(mail_url=f"smtp://127.0.0.1:{inbox.port}")
        with pytest.raises(Unavailable) as refusal:
            mailer.send("carl@example.org", "Hello", "Hello")
        assert refusal.value.code == "mail.server"


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", ("mail.example", 25, "", "", "none")),
        ("smtp://mail.example?starttls=1", ("mail.example", 587, "", "", "starttls")),
        ("smtp://u:p@mail.example:2525?starttls=true", ("mail.example", 2525, "u", "p", "starttls")),
        ("smtps://u:p%40@mail.example", ("mail.example", 465, "u", "p@", "tls")),
        ("smtp://u:p@[::1]:25", ("::1", 25, "u", "p", "none")),
    ],
)
def test_a_url_says_how_the_server_is_reached(url, server):
    assert mailer.parse_url(url) == server


@pytest.mark.parametrize("url", ["mail.example", "http://mail.example", "smtp://", "smtp://h:port", "smtp://[::1"])
def test_another_url_is_refused_without_quoting_it(url):
    with pytest.raises(Misconfigured) as refusal:
        mailer.parse_url(url)
    assert refusal.value.code == "mail.url"


def test_a_password_is_not_sent_in_clear_over_a_network():
    with pytest.raises(Misconfigured) as refusal:
        mailer.parse_url("smtp://u:hush@mail.example")
    assert refusal.value.code == "mail.insecure"
    assert "hush" not in refusal.value.readable()
