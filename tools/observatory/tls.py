"""A small TLS end in front of a local server, as a deployment would have one: for tests on this machine only.

One port answers both: a TLS hello is decrypted and passed on, plain HTTP is sent to the same address by https. The
certificate comes from an authority made for this run.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_TLS_HELLO = b"\x16"
_LONGEST_HEAD = 64 * 1024
# RFC 9110 section 7.6.1: these belong to one connection only.
_HOP = {"connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "proxy-connection"}


def make_certificates(folder: Path) -> Path:
    """Write an authority (`ca.pem`) and a server's key and chain (`server.pem`) for localhost; return the authority."""
    authority, server = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _certificate("Keepfold test authority", authority, authority, issuer=None)
    leaf = _certificate("localhost", server, authority, issuer=root.subject)
    key = server.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "ca.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    (folder / "server.pem").write_bytes(key + leaf.public_bytes(serialization.Encoding.PEM))
    return folder / "ca.pem"


def _certificate(
    name: str, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey, issuer: x509.Name | None
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(signer, hashes.SHA256())
    )


class Front:
    """Listens on a free port of 127.0.0.1 and passes requests on to `backend`; `cookie` is added to each."""

    def __init__(self, backend: int, chain: Path, cookie: str = "", port: int = 0) -> None:
        self._backend, self.cookie = backend, cookie
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.load_cert_chain(chain)
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection:
            connection.settimeout(10)
            if connection.recv(1, socket.MSG_PEEK) != _TLS_HELLO:
                head, _ = _read(connection)
                host, target = _field(head, "host"), head.split(b" ", 2)[1].decode("latin-1")
                connection.sendall(
                    _answer(301, [("Location", f"https://{host}{target}"), ("Content-Length", "0")], b"")
                )
                return
            with self._context.wrap_socket(connection, server_side=True) as secure:
                head, body = _read(secure)
                secure.sendall(self._pass_on(head, body))

    def _pass_on(self, head: bytes, body: bytes) -> bytes:
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = dict(line.split(": ", 1) for line in lines if ": " in line)
        headers = {name: value for name, value in headers.items() if name.lower() not in _HOP}
        if self.cookie:
            present = next((name for name in headers if name.lower() == "cookie"), "Cookie")
            headers[present] = "; ".join(part for part in (headers.get(present), self.cookie) if part)
        backend = http.client.HTTPConnection("127.0.0.1", self._backend, timeout=20)
        try:
            backend.request(method, target, body or None, headers)
            answer = backend.getresponse()
            content = answer.read()
        finally:
            backend.close()
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP | {"content-length"}]
        length = answer.getheader("Content-Length") if method == "HEAD" else str(len(content))
        return _answer(answer.status, [*kept, ("Content-Length", length or "0"), ("Connection", "close")], content)


def _read(connection: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data and len(data) < _LONGEST_HEAD:
        more = connection.recv(16384)
        if not more:
            break
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(_field(head, "content-length") or 0)
    while len(body) < length:
        body += connection.recv(16384) or b"\0" * (length - len(body))
    return head, body


def _field(head: bytes, name: str) -> str:
    for line in head.decode("latin-1").split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.lower() == name:
            return value.strip()
    return ""


def _answer(status: int, headers: list[tuple[str, str]], body: bytes) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {http.client.responses.get(status, '')}",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
