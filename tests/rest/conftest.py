"""The REST API in the same process, over WSGI, with the installation behind it and tokens for the cast."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from keepfold.kernel import ids
from keepfold.people import actions as people
from keepfold.site.wsgi import ApiHandler
from tests.support.wsgi import Answer, Application, environ_of, send

NDJSON = "application/x-ndjson"


class Client:
    """Somebody with a token."""

    def __init__(self, application: Application, token: str) -> None:
        self.application = application
        self.token = token

    def send(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        given = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **(headers or {})}
        return send(self.application, environ_of(method, f"/api/v1{path}", body=body, headers=given))

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, headers=headers)

    def post(self, path: str, document: Any = None, key: str | None = None) -> Answer:
        return self.send("POST", path, _encoded(document), _key(key))

    def patch(self, path: str, document: Any, key: str | None = None) -> Answer:
        return self.send("PATCH", path, _encoded(document), _key(key))

    def delete(self, path: str, key: str | None = None) -> Answer:
        return self.send("DELETE", path, headers=_key(key))

    def bulk(self, *records: Any, query: str = "", key: str | None = None) -> Answer:
        body = b"".join(_encoded(record) + b"\n" for record in records)
        return self.send("POST", f"/customers/bulk{query}", body, {"Content-Type": NDJSON, **_key(key)})


def _encoded(document: Any) -> bytes:
    if document is None or isinstance(document, bytes):
        return document or b""
    return json.dumps(document).encode()


def _key(key: str | None) -> dict[str, str]:
    return {} if key is None else {"Idempotency-Key": key}


@pytest.fixture
def application():
    return ApiHandler()


@pytest.fixture
def client_of(installation, application):
    def client_of(actor, *, actions=None, purposes=None) -> Client:
        issued = people.create_client(
            actor=installation.operator,
            name=actor.name or "client",
            actions=actor.actions if actions is None else actions,
            purposes=actor.purposes if purposes is None else purposes,
        )
        return Client(application, issued.token)

    return client_of


@pytest.fixture
def ana(client_of, installation):
    return client_of(installation.ana)


@pytest.fixture
def ben(client_of, installation):
    return client_of(installation.ben)


@pytest.fixture
def dora(client_of, installation):
    return client_of(installation.dora)


@pytest.fixture
def owner(client_of, installation):
    return client_of(installation.operator)


@pytest.fixture
def carl(installation) -> str:
    return ids.show("cus", installation.carl)
