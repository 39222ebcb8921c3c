"""Making tokens, for the demo, for development and for tests."""

from datetime import datetime, timedelta

from joserfc import jwt
from joserfc.jwk import OctKey

from db.models.vocabulary import Role


def mint(
    secret: str,
    *,
    subject: str,
    account: str,
    email: str,
    name: str,
    role: Role,
    tier: int,
    lifetime: timedelta,
    issuer: str | None = None,
    audience: str | None = None,
    now: datetime,
) -> str:
    """A token signed with the installation's own secret (HS256). ``now`` is aware."""
    issued = int(now.timestamp())
    claims: dict[str, str | int] = {
        "sub": subject,
        "account": account,
        "email": email,
        "name": name,
        "role": role.value,
        "tier": tier,
        "iat": issued,
        "exp": issued + int(lifetime.total_seconds()),
    }
    if issuer is not None:
        claims["iss"] = issuer
    if audience is not None:
        claims["aud"] = audience
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(secret.encode()), ["HS256"])
