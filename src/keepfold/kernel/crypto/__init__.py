"""Cryptographic primitives, all from the `cryptography` library, in the formats that the rooms store.

`aead` frames, `wrap` wrapped keys, `keys` derivation, `argon2` passphrases, `mac`, `sign`, `pool` nonces, `wipe`,
and `selftest` with published test vectors. Only kernel, vault, ledger and people may import this package.
"""
