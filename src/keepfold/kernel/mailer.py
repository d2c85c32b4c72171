"""Mail: by SMTP, or as `.eml` files in `<home>/mail` when no server is set, so that nothing is lost or sent by mistake.

Addresses and subjects with line breaks or control characters are refused, since they could add headers of their own.
Errors never quote an address.
"""

from __future__ import annotations

import os
import re
import smtplib
import ssl
from collections.abc import Sequence
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from keepfold.kernel import clock, config, ids, metrics
from keepfold.kernel.errors import Invalid, KeepfoldError, Misconfigured, Unavailable

_TIMEOUT_S = 20
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_LONGEST_SUBJECT = 400


class Server(NamedTuple):
    """Where mail goes. `security` is how the connection is protected."""

    host: str
    port: int
    user: str
    password: str
    security: str


def send(to: str | Sequence[str], subject: str, text: str, html: str | None = None) -> None:
    """Send one message. Raises `Invalid` on a wrong address or subject, `Unavailable` when it was not taken."""
    settings = config.current()
    message = compose([to] if isinstance(to, str) else list(to), subject, text, html, sender=settings.mail_from)
    try:
        if settings.mail_url:
            _deliver(parse_url(settings.mail_url), message)
        else:
            file(message, settings.home / "mail")
    except KeepfoldError:
        metrics.count("keepfold_mail", outcome="failed")
        raise
    metrics.count("keepfold_mail", outcome="sent" if settings.mail_url else "filed")


def compose(to: Sequence[str], subject: str, text: str, html: str | None, *, sender: str) -> EmailMessage:
    """Return the message."""
    if not to:
        raise Invalid("A message needs a receiver.", code="mail.address")
    if _CONTROL.search(subject) or len(subject) > _LONGEST_SUBJECT:
        raise Invalid("A subject is one line without control characters.", code="mail.subject")
    origin = _address(sender)
    message = EmailMessage()
    message["From"] = origin
    message["To"] = [_address(one) for one in to]
    message["Subject"] = subject
    message["Date"] = format_datetime(clock.now())
    # The domain of the sender, not the name of this machine.
    message["Message-ID"] = make_msgid(domain=origin.domain)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message


def _address(text: str) -> Address:
    if not _CONTROL.search(text):
        try:
            address = Address(addr_spec=text)
        except (ValueError, IndexError, MessageError):
            pass
        else:
            if address.username and address.domain:
                return address
    raise Invalid("This is not an e-mail address.", code="mail.address")


def parse_url(url: str) -> Server:
    """Return the server of `smtp://user:password@host:port?starttls=1` or `smtps://…`.

    Raises `Misconfigured` when the URL is of another form, or would send a password in clear over a network.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _wrong_url() from None
    starttls = parse_qs(parts.query).get("starttls", ["0"])[-1] in {"1", "true", "yes"}
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise _wrong_url()
    security = "tls" if parts.scheme == "smtps" else "starttls" if starttls else "none"
    standard = {"tls": 465, "starttls": 587, "none": 25}[security]
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if password and security == "none" and not _is_loopback(parts.hostname):
        raise Misconfigured(
            "The mail server's password would be sent in clear.",
            code="mail.insecure",
            rule="mail_url",
            next_step="Use smtps://, or add ?starttls=1.",
        )
    return Server(parts.hostname, port or standard, user, password, security)


def _wrong_url() -> Misconfigured:
    return Misconfigured(
        "The setting mail_url must look like smtp://user:password@host:port?starttls=1 or smtps://host.",
        code="mail.url",
        rule="mail_url",
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _deliver(server: Server, message: EmailMessage) -> None:
    context = ssl.create_default_context()
    try:
        with _connect(server, context) as connection:
            if server.security == "starttls":
                connection.starttls(context=context)
            if server.user:
                connection.login(server.user, server.password)
            connection.send_message(message)
    except smtplib.SMTPRecipientsRefused:
        raise _refused("The mail server refused the receiver.", "mail.receiver") from None
    except (smtplib.SMTPException, OSError):
        raise _refused("The mail server did not take the message.", "mail.server") from None


def _connect(server: Server, context: ssl.SSLContext) -> smtplib.SMTP:
    # "localhost" in the greeting, so that the name of this machine stays here.
    if server.security == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, "localhost", timeout=_TIMEOUT_S, context=context)
    return smtplib.SMTP(server.host, server.port, "localhost", timeout=_TIMEOUT_S)


def _refused(detail: str, code: str) -> Unavailable:
    return Unavailable(detail, code=code, next_step="Check mail_url and the mail server's own log.")


def file(message: EmailMessage, folder: Path) -> Path:
    """Put a message into a folder as a file that only its owner may read; return its path."""
    path = folder / f"{ids.show('mail', ids.uuid7())}.eml"
    passing = path.with_suffix(".tmp")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as writer:
            writer.write(message.as_bytes())
        passing.rename(path)
    except OSError:
        raise Unavailable("The mail folder cannot be written.", code="mail.folder") from None
    return path
