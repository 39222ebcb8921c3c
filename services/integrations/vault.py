"""Secrets at rest: encrypted with the installation's keys, of which the newest seals.

Source: the Fernet specification (AES-128-CBC and HMAC-SHA256); docs/operations.md, "Keys for
secrets".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from services.integrations.problems import VaultLocked

NO_KEY: Final = (
    "This installation has no key to keep secrets with. Whoever runs it sets BATON_SECRET_KEYS."
)
WRONG_KEY: Final = (
    "The stored secrets can't be read: none of this installation's keys fits. Whoever runs it adds "
    "the key they were stored with to the end of BATON_SECRET_KEYS, or an administrator enters the "
    "secrets again."
)


class Vault:
    """``keys`` are 32 bytes in URL-safe base64 each, newest first."""

    def __init__(self, keys: Sequence[str]) -> None:
        known = [Fernet(key) for key in keys]
        self._newest = known[0] if known else None
        self._all = MultiFernet(known) if known else None

    def seal(self, secrets: Mapping[str, Any]) -> bytes:
        """Raises VaultLocked when there is no key."""
        if self._newest is None:
            raise VaultLocked(NO_KEY)
        return self._newest.encrypt(orjson.dumps(dict(secrets)))

    def open(self, sealed: bytes) -> dict[str, Any]:
        """Raises VaultLocked when no key fits."""
        opened: dict[str, Any] = orjson.loads(self._read(sealed))
        return opened

    def resealed(self, sealed: bytes) -> bytes | None:
        """The same secrets under the newest key; None when they are under it already.

        Raises VaultLocked when no key fits.
        """
        if self._newest is None:
            raise VaultLocked(NO_KEY)
        try:
            self._newest.decrypt(sealed)
        except InvalidToken:
            return self._newest.encrypt(self._read(sealed))
        return None

    def _read(self, sealed: bytes) -> bytes:
        if self._all is None:
            raise VaultLocked(NO_KEY)
        try:
            return self._all.decrypt(sealed)
        except InvalidToken:
            raise VaultLocked(WRONG_KEY) from None
