"""A security key in a few lines, with a browser that says whatever a test wants: for what no honest one would do.

Formats: WebAuthn Level 3, sections 5.8.1 (client data), 6.1 (authenticator data), 6.5.4 (attestation object, `none`).
"""

from __future__ import annotations

import json
import os
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_encode

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Key:
    """One credential of one authenticator. `verifies`: it asks for a fingerprint or PIN."""

    def __init__(self, *, verifies: bool = True, origin: str = "http://localhost:8700", rp: str = "localhost") -> None:
        self.id = os.urandom(16)
        self.origin, self.rp = origin, rp
        self.flags = PRESENT | (VERIFIED if verifies else 0)
        self.user = b""
        self._private = ec.generate_private_key(ec.SECP256R1())

    def make(self, options: dict[str, Any], *, resident: bool = True) -> str:
        """Answer `navigator.credentials.create`, as the page's script would send it."""
        asked = options["publicKey"]
        self.user = asked["user"]["id"].encode()
        public = cbor.encode(dict(ES256.from_cryptography_key(self._private.public_key())))
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + public
        data = self._data(self.flags | ATTESTED) + attested
        return self._answer(
            {
                "clientDataJSON": websafe_encode(self._client("webauthn.create", asked["challenge"])),
                "attestationObject": websafe_encode(cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})),
                "transports": ["internal"],
            },
            {"credProps": {"rk": resident}},
        )

    def sign(self, options: dict[str, Any], *, user: str | None = None) -> str:
        """Answer `navigator.credentials.get`. `user` is the handle that is claimed; by default the right one."""
        client = self._client("webauthn.get", options["publicKey"]["challenge"])
        data = self._data(self.flags)
        signature = self._private.sign(data + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": websafe_encode(client),
                "authenticatorData": websafe_encode(data),
                "signature": websafe_encode(signature),
                "userHandle": user or self.user.decode(),
            },
            {},
        )

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _data(self, flags: int) -> bytes:
        return sha256(self.rp.encode()).digest() + bytes([flags]) + bytes(4)

    def _answer(self, response: dict[str, Any], extensions: dict[str, Any]) -> str:
        name = websafe_encode(self.id)
        return json.dumps(
            {
                "id": name,
                "rawId": name,
                "type": "public-key",
                "clientExtensionResults": extensions,
                "response": response,
            }
        )
