"""Keys that verify tokens, each pinned to one algorithm."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from app.signin.problems import TokenRefused

# (kty, crv) to the algorithms that a key of this kind may be meant for; the first when it doesn't
# say. Source: RFC 7518, section 3.1; RFC 8037, section 3.1; RFC 9864, section 2.2 (one algorithm,
# two names).
ALGORITHMS: Mapping[Any, tuple[str, ...]] = {
    ("RSA", None): ("RS256",),
    ("EC", "P-256"): ("ES256",),
    ("OKP", "Ed25519"): ("EdDSA", "Ed25519"),
}
KINDS: Mapping[str, type[RSAKey] | type[ECKey] | type[OKPKey]] = {
    "RS256": RSAKey,
    "ES256": ECKey,
    "EdDSA": OKPKey,
    "Ed25519": OKPKey,
}
PUBLIC_MEMBERS = ("kty", "n", "e", "crv", "x", "y")


@dataclass(frozen=True, slots=True)
class Key:
    """A key and the algorithm it is good for. A token that names another is refused."""

    material: OctKey | RSAKey | ECKey | OKPKey
    algorithm: str


class Keys(Protocol):
    """Where the key of a token comes from."""

    async def find(self, kid: str | None, algorithm: str) -> Key:
        """Raises SignInRefused unless there is a key of this name for this algorithm."""


class SharedSecret:
    """The one key of an installation that signs its own tokens. Tokens need not name it."""

    def __init__(self, secret: str) -> None:
        self._key = Key(OctKey.import_key(secret.encode()), "HS256")

    async def find(self, kid: str | None, algorithm: str) -> Key:
        if algorithm != self._key.algorithm:
            raise TokenRefused("The token must be signed with HS256.")
        return self._key


def usable(jwk: Mapping[str, Any]) -> Key | None:
    """A member of a published key set, or None when it is none that may verify tokens here."""
    algorithm = pinned_algorithm(jwk)
    if algorithm is None or jwk.get("use", "sig") != "sig":
        return None
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        return None
    try:
        # nothing but the public numbers: a provider's private members are no business of ours
        material = KINDS[algorithm].import_key({m: jwk[m] for m in PUBLIC_MEMBERS if m in jwk})
        public = material.public_key
    except (JoseError, KeyError, TypeError, ValueError):
        return None
    if isinstance(material, RSAKey) and getattr(public, "key_size", 0) < 2048:
        return None  # NIST SP 800-131A: shorter ones are broken
    return Key(material, algorithm)


def pinned_algorithm(jwk: Mapping[str, Any]) -> str | None:
    kty, crv, alg = jwk.get("kty"), jwk.get("crv"), jwk.get("alg")
    if not isinstance(kty, str) or not isinstance(crv, str | None):
        return None
    fitting = ALGORITHMS.get((kty, None if kty == "RSA" else crv), (None,))
    return fitting[0] if alg is None else alg if alg in fitting else None
