"""What a genuine token says, checked."""

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.signin.problems import TokenExpired, TokenRefused
from db.models.vocabulary import Role
from services.engineers import Claims

LEEWAY = timedelta(seconds=30)
"""How far the clocks of this machine and of the issuer may be apart."""

LONGEST_TEXT = 200
LAST_INSTANT = 253_370_764_800  # 9999-01-01; room for the leeway below datetime's last year
# Explicit direction changes: a name could make the rest of a line read backwards.
REVERSING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class Expected:
    """What the deployment demands of every token."""

    issuer: str | None = None
    audience: str | None = None


def read(payload: Mapping[str, Any], expected: Expected, *, now: datetime) -> Claims:
    """Raises TokenRefused, or TokenExpired where a fresh token is all that is missing."""
    expires_at, issued_at = _instant(payload, "exp"), _instant(payload, "iat")
    if now >= expires_at + LEEWAY:
        raise TokenExpired(f"The token expired at {expires_at:%Y-%m-%d %H:%M:%S} UTC.")
    if issued_at > now + LEEWAY:
        raise TokenRefused("The token's iat lies in the future: the issuer's clock is ahead.")
    if "nbf" in payload and _instant(payload, "nbf") > now + LEEWAY:
        raise TokenRefused("The token is not valid yet (nbf).")
    _refuse_strangers(payload, expected)
    return Claims(
        subject=_text(payload, "sub"),
        account=_text(payload, "account"),
        email=_email(payload),
        name=_text(payload, "name"),
        role=_role(payload),
        tier=_tier(payload),
        issued_at=issued_at,
        expires_at=expires_at,
    )


def _refuse_strangers(payload: Mapping[str, Any], expected: Expected) -> None:
    if expected.issuer is not None and payload.get("iss") != expected.issuer:
        raise TokenRefused("The token's iss is not the issuer that this service trusts.")
    if expected.audience is not None:
        audience = payload.get("aud")
        if expected.audience not in (audience if isinstance(audience, list) else [audience]):
            raise TokenRefused("The token's aud does not name this service.")


def _instant(payload: Mapping[str, Any], claim: str) -> datetime:
    value = _given(payload, claim)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TokenRefused(f"The token's {claim} must be a number of seconds since 1970.")
    if not 0 <= value <= LAST_INSTANT:
        raise TokenRefused(f"The token's {claim} is out of range.")
    return datetime.fromtimestamp(value, UTC)


def _text(payload: Mapping[str, Any], claim: str) -> str:
    value = _given(payload, claim)
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_TEXT:
        raise TokenRefused(f"The token's {claim} must be a text of 1 to {LONGEST_TEXT} characters.")
    if any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} or c in REVERSING for c in value):
        raise TokenRefused(f"The token's {claim} must not contain control characters.")
    return value.strip()


def _email(payload: Mapping[str, Any]) -> str:
    value = _text(payload, "email")
    name, _, domain = value.rpartition("@")
    if not name or not domain or any(c.isspace() for c in value):
        raise TokenRefused("The token's email must be an address such as sam@example.com.")
    return value


def _role(payload: Mapping[str, Any]) -> Role:
    value = _given(payload, "role")
    if not isinstance(value, str) or value not in Role.__members__:
        raise TokenRefused("The token's role must be VIEWER, ENGINEER or ADMIN.")
    return Role(value)


def _tier(payload: Mapping[str, Any]) -> int:
    value = _given(payload, "tier")
    if isinstance(value, bool) or not isinstance(value, int) or value not in {1, 2, 3}:
        raise TokenRefused("The token's tier must be the number 1, 2 or 3.")
    return value


def _given(payload: Mapping[str, Any], claim: str) -> Any:
    value = payload.get(claim)
    if value is None:
        raise TokenRefused(f"The token has no {claim} claim.")
    return value
