"""Prometheus metrics of all processes of one home, on an address of their own that only this machine can reach."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET, AF_INET6
from socketserver import TCPServer

from keepfold.kernel import metrics
from keepfold.kernel.config import split_address
from keepfold.kernel.errors import Misconfigured


def loopback(bind: str) -> tuple[str, int]:
    """Return host and port of a loopback address. Raises `Misconfigured` for any other."""
    host, port = split_address(bind)
    if host != "localhost" and not _is_loopback(host):
        raise Misconfigured(
            f"Metrics may only be served on this machine itself, not on {bind}.",
            code="config.metrics-address",
            rule="metrics_bind",
            next_step="Use 127.0.0.1:8701, and let the collector run here or reach it through a tunnel.",
        )
    return host, port


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def serve(bind: str) -> Iterator[None]:
    """Serve `/metrics` while the block runs. Raises `Misconfigured` for an address that others could reach."""
    host, port = loopback(bind)
    server = _server(host)((host, port), _Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 1.0}, daemon=True, name="metrics")
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def _server(host: str) -> type[ThreadingHTTPServer]:
    class Server(ThreadingHTTPServer):
        """Binds without asking the name service for its own name, which may take seconds on a machine without one."""

        address_family = AF_INET6 if ":" in host else AF_INET
        daemon_threads = True

        def server_bind(self) -> None:
            """Bind."""
            TCPServer.server_bind(self)

    return Server


class _Handler(BaseHTTPRequestHandler):
    """Knows one path."""

    def do_GET(self) -> None:
        """Answer a scrape."""
        if self.path.split("?")[0] != "/metrics":
            self.send_error(404)
            return
        body = metrics.render()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Log nothing: a scrape every few seconds is no news."""
