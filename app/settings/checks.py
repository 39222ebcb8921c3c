"""What settings have to do with each other."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.settings.fields import Settings


@dataclass(frozen=True, slots=True)
class Conflict:
    """A combination that can't work. Meaningless when one of ``fields`` is itself unreadable."""

    fields: frozenset[str]
    message: str


def conflicts(settings: Settings, *, serving: bool) -> Iterator[Conflict]:
    """``serving``: requests will be answered, so it must be possible to sign in."""
    yield from _sign_in(settings, serving)
    if settings.database_owner_url is not None and settings.embedded:
        yield _conflict(
            "database_owner_url database_url",
            "BATON_DATABASE_OWNER_URL is for an external server: set BATON_DATABASE_URL too, or "
            "remove it.",
        )
    if settings.smtp_url is not None and settings.mail_from is None:
        yield _conflict(
            "smtp_url mail_from",
            "BATON_MAIL_FROM is needed with BATON_SMTP_URL: set it to the sender's address.",
        )


def _sign_in(settings: Settings, serving: bool) -> Iterator[Conflict]:
    secret, keys = settings.auth_secret, settings.auth_jwks_url
    if secret is not None and keys is not None:
        yield _conflict(
            "auth_secret auth_jwks_url",
            "BATON_AUTH_SECRET and BATON_AUTH_JWKS_URL exclude each other: remove one.",
        )
    if serving and secret is None and keys is None and not settings.embedded:
        yield _conflict(
            "auth_secret auth_jwks_url database_url",
            "BATON_AUTH_SECRET or BATON_AUTH_JWKS_URL is needed with an external database: every "
            "process must know the same keys.",
        )
    if keys is not None:
        for field in ("auth_issuer", "auth_audience"):
            if getattr(settings, field) is None:
                yield _conflict(
                    f"auth_jwks_url {field}",
                    f"BATON_{field.upper()} is needed with BATON_AUTH_JWKS_URL: the identity "
                    "provider signs tokens for others with the same keys.",
                )


def _conflict(fields: str, message: str) -> Conflict:
    return Conflict(frozenset(fields.split()), message)
