"""From the text of a bearer token to verified claims."""

import base64
import binascii
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError

from app.signin import claims
from app.signin.keys import Key, Keys
from app.signin.problems import TokenRefused
from services.engineers import Claims

LONGEST_TOKEN = 8192  # bytes; what common proxies allow a header to be
LONGEST_HEADER = 2048  # bytes of its base64; some providers put certificate chains there
COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class OnlyAlgorithm(jws.JWSRegistry):
    """Allows what the key is pinned to.

    Without the library's warning about the name EdDSA, which leaves the curve open: the key does
    not.
    """

    max_header_length = LONGEST_HEADER

    def get_alg(self, name: str) -> Any:
        if name not in (self.allowed or ()):
            raise UnsupportedAlgorithmError(f"{name} is not this key's algorithm")
        return self.algorithms[name]


def utc_now() -> datetime:
    return datetime.now(UTC)


class TokenVerifier:
    """Checks signature, time, issuer, audience and the claims themselves."""

    def __init__(
        self,
        keys: Keys,
        *,
        issuer: str | None = None,
        audience: str | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._keys = keys
        self._expected = claims.Expected(issuer, audience)
        self._clock = clock

    async def verify(self, token: str) -> Claims:
        """Raises SignInRefused; its message says what is wrong with the token."""
        header = read_header(token)
        kid, algorithm = header.get("kid"), header.get("alg")
        if not isinstance(algorithm, str):
            raise TokenRefused("The token's header names no algorithm (alg).")
        if not isinstance(kid, str | None):
            raise TokenRefused("The token's key id (kid) must be a text.")
        key = await self._keys.find(kid, algorithm)
        return claims.read(_genuine(token, key), self._expected, now=self._clock())


def read_header(token: str) -> dict[str, Any]:
    """The header of a token that is not verified yet."""
    if len(token) > LONGEST_TOKEN:
        raise TokenRefused(f"The token is longer than {LONGEST_TOKEN} bytes.")
    shape = COMPACT.fullmatch(token)
    if shape is None or len(shape[1]) > LONGEST_HEADER:
        raise TokenRefused("The token is not a signed JWT (three parts with dots between them).")
    try:
        header = orjson.loads(_decoded(shape[1]))
    except (binascii.Error, orjson.JSONDecodeError):
        raise TokenRefused("The token's header can't be read.") from None
    if not isinstance(header, dict):
        raise TokenRefused("The token's header can't be read.")
    if "crit" in header or "b64" in header:
        raise TokenRefused("The token's header demands extensions that this service doesn't have.")
    return header


def _genuine(token: str, key: Key) -> dict[str, Any]:
    """The payload, once the signature is found to be that key's."""
    registry = OnlyAlgorithm(algorithms=[key.algorithm], strict_check_header=False)
    try:
        signed = jws.deserialize_compact(token.encode(), key.material, registry=registry)
    except (JoseError, ValueError, TypeError, RecursionError):
        raise TokenRefused("The token's signature is not valid.") from None
    try:
        payload = orjson.loads(signed.payload or b"")
    except orjson.JSONDecodeError:
        raise TokenRefused("The token's claims can't be read.") from None
    if not isinstance(payload, dict):
        raise TokenRefused("The token's claims can't be read.")
    return payload


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
