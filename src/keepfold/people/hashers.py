"""Passwords as Argon2id (RFC 9106, second recommended parameters), in PHC strings, with a pepper from the vault.

The pepper is Argon2's secret value (RFC 9106 section 3.1). Whoever copies the data store cannot try passwords against
it. Passwords are normalised to NFKC (NIST SP 800-63B-4 section 3.1.1.2), so that keyboards do not matter.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from django.contrib.auth.hashers import BasePasswordHasher

from keepfold.kernel.crypto import argon2
from keepfold.people import sealing

LONGEST = 256


def normalised(password: str) -> str:
    """Return the form of a password that counts."""
    return unicodedata.normalize("NFKC", password)


class Argon2idHasher(BasePasswordHasher):
    """Django's hasher. Stored: `argon2id$argon2id$v=19$m=65536,t=3,p=4$salt$hash`."""

    algorithm = "argon2id"
    memory_kib = 64 * 1024
    iterations = 3
    lanes = 4

    def encode(self, password: str, salt: str) -> str:
        """Return what is stored of a password."""
        return self.algorithm + argon2.phc(
            _bytes(password),
            salt.encode(),
            sealing.key("password"),
            memory_kib=self.memory_kib,
            iterations=self.iterations,
            lanes=self.lanes,
        )

    def verify(self, password: str, encoded: str) -> bool:
        """Say whether this is the password."""
        return argon2.phc_matches(_bytes(password), encoded.removeprefix(self.algorithm), sealing.key("password"))

    def decode(self, encoded: str) -> dict[str, Any]:
        """Return the parts of what is stored."""
        _, variant, version, costs, salt, digest = encoded.split("$")
        numbers = dict(part.split("=") for part in costs.split(","))
        return {
            "algorithm": self.algorithm,
            "variant": variant,
            "version": version,
            "memory_cost": int(numbers["m"]),
            "time_cost": int(numbers["t"]),
            "parallelism": int(numbers["p"]),
            "salt": salt,
            "hash": digest,
        }

    def must_update(self, encoded: str) -> bool:
        """Say whether the costs are not today's."""
        found = self.decode(encoded)
        wanted = (self.memory_kib, self.iterations, self.lanes)
        return (found["memory_cost"], found["time_cost"], found["parallelism"]) != wanted

    def safe_summary(self, encoded: str) -> Any:
        """Return what may be shown."""
        found = self.decode(encoded)
        return {name: found[name] for name in ("algorithm", "memory_cost", "time_cost", "parallelism")}

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Do nothing: other costs cannot be made up for."""


def _bytes(password: str) -> bytes:
    return normalised(password).encode("utf-8", "surrogatepass")
