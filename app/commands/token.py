"""`baton token`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from app.commands.failing import told
from app.demo import world
from app.service import signing_secret
from app.settings import Settings, SettingsError, load
from app.signin import mint
from db.models.vocabulary import Role


def token(
    email: Annotated[
        str, typer.Argument(help="Somebody of the demo (tier1@acme.test), or anybody else.")
    ],
    *,
    account: Annotated[
        str | None, typer.Option(help="The account's slug, for somebody not of the demo.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Their name.")] = None,
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.ENGINEER,
    tier: Annotated[int, typer.Option(min=1, max=3, help="Their support line.")] = 1,
    hours: Annotated[float, typer.Option(min=0.01, max=8760, help="How long it is good.")] = 12,
) -> None:
    """Print a token, signed with this installation's own secret (HS256 only)."""
    with told():
        settings = load()
        minted = minted_for(
            settings,
            email,
            account=account,
            name=name,
            role=role,
            tier=tier,
            lifetime=timedelta(hours=hours),
        )
    typer.echo(minted)


def minted_for(
    settings: Settings,
    email: str,
    *,
    account: str | None = None,
    name: str | None = None,
    role: Role = Role.ENGINEER,
    tier: int = 1,
    lifetime: timedelta = timedelta(hours=12),
) -> str:
    """A token for somebody of the demo world, or for ``email`` in ``account``.

    Raises SettingsError when tokens are not ours to sign, or when it is nobody of the demo and
    no account is given.
    """
    if settings.auth_jwks_url is not None:
        raise SettingsError(
            [
                "Tokens come from the identity provider of BATON_AUTH_JWKS_URL; only it can sign "
                "them. `baton token` signs with a shared secret: set BATON_AUTH_SECRET instead."
            ]
        )
    found = world.find(email)
    if account is None:
        if found is None:
            raise SettingsError(
                [f"{email} is nobody of the demo. Say which account with --account SLUG."]
            )
        tenant, person = found
        account, name, role, tier = tenant.slug, person.name, person.role, person.tier
    return mint(
        signing_secret(settings),
        subject=email.lower(),
        account=account,
        email=email.lower(),
        name=name or email.partition("@")[0],
        role=role,
        tier=tier,
        lifetime=lifetime,
        issuer=settings.auth_issuer,
        audience=settings.auth_audience,
        now=datetime.now(UTC),
    )
