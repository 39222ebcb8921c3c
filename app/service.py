"""Everything a web process holds while it runs, opened in order and closed in the reverse."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from app.databases import Access
from app.demo.seeding import seed
from app.graphql.live import Hearing
from app.graphql.manifest import NoManifest
from app.graphql.trusted import TrustedDocuments, TrustedFile
from app.observability.metrics import Metrics
from app.rights import Rights
from app.settings import Settings, SettingsError, auth_secret, has_secret_key, secret_key
from app.signin import PublishedKeys, SharedSecret, SignIn, TokenVerifier
from app.worker import Carrier
from app.worker.assembling import assessor_of, carrier_of
from app.worker.assessor import Assessor
from db import guard
from db.database import Database
from db.embedded import EmbeddedServer
from db.migrate import head
from services.events import Doorbell, Hub, Pruner
from services.integrations.desk import Desk
from services.integrations.outgoing import Outgoing
from services.integrations.vault import Vault
from services.options import Options


@dataclass
class Service:
    """``draining``: this process answers what it has and wants no more."""

    settings: Settings
    access: Access
    database: Database
    doorbell: Doorbell
    hub: Hub
    pruner: Pruner
    sign_in: SignIn
    rights: Rights
    options: Options
    desk: Desk
    metrics: Metrics
    hearing: Hearing
    trusted: TrustedDocuments
    carrier: Carrier | None = None
    assessor: Assessor | None = None
    draining: bool = False

    @property
    def server(self) -> EmbeddedServer | None:
        """PostgreSQL, when this process runs it."""
        return self.access.server

    @staticmethod
    def clock() -> datetime:
        return datetime.now(UTC)


@asynccontextmanager
async def opened(
    settings: Settings, access: Access, *, carrying: bool = False
) -> AsyncIterator[Service]:
    """A service that is ready to answer. ``carrying``: deliveries are carried out here too.

    Raises UnsafeDatabase for a database that would run us with too much power, or that has another
    schema than this release; OSError or asyncpg.PostgresError when it can't be reached;
    SettingsError for trusted documents that can't be used.
    """
    trusted = trusted_of(settings)
    async with AsyncExitStack() as stack:
        database = Database(access.dsn, max_connections=settings.database_pool)
        await database.open()
        stack.push_async_callback(database.close)
        await guard.check(database, expected_revision=head())
        options = options_of(settings)
        outgoing = outgoing_of(settings)
        stack.push_async_callback(outgoing.aclose)
        vault = vault_of(settings)
        desk = Desk(vault, outgoing)
        if settings.demo:
            await seed(database, options, now=Service.clock())
        doorbell = Doorbell(broadcast_url(settings, access))
        hub = Hub(database, doorbell)
        metrics = Metrics()
        sign_in = SignIn(
            _verifier(settings, metrics),
            database,
            provision=settings.provision_engineers,
            refused=metrics.sign_in_refused,
            changed=hub.ring_people,
        )
        rights = Rights(database, hub, sign_in)
        stack.push_async_callback(rights.stop)
        await hub.start()
        stack.push_async_callback(hub.stop)
        hearing = Hearing(database)
        stack.push_async_callback(hearing.stop)
        pruner = Pruner(database, retention=settings.event_retention)
        await pruner.start()
        stack.push_async_callback(pruner.stop)
        carrier = assessor = None
        if carrying:
            carrier = carrier_of(
                settings,
                database,
                doorbell,
                vault=vault,
                outgoing=outgoing,
                options=options,
                metrics=metrics,
            )
            await carrier.start()
            stack.push_async_callback(carrier.stop)
            assessor = assessor_of(settings, database, doorbell, metrics)
            await assessor.start()
            stack.push_async_callback(assessor.stop)
        yield Service(
            settings,
            access,
            database,
            doorbell,
            hub,
            pruner,
            sign_in,
            rights,
            options,
            desk,
            metrics,
            hearing,
            trusted,
            carrier,
            assessor,
        )


def options_of(settings: Settings) -> Options:
    return Options(
        link_base=settings.link_base,
        mail=settings.smtp_url is not None,
        assessment=settings.anthropic_api_key is not None,
        reach_after=settings.reach_after,
    )


def broadcast_url(settings: Settings, access: Access) -> str:
    """What carries the doorbell: the database itself unless the operator said otherwise."""
    if settings.broadcast_url is not None:
        return settings.broadcast_url.get_secret_value()
    return access.dsn


def signing_secret(settings: Settings) -> str:
    """The HS256 secret: the operator's, or the embedded installation's own."""
    if settings.auth_secret is not None:
        return settings.auth_secret.get_secret_value()
    return auth_secret(settings.data_dir)


def vault_of(settings: Settings) -> Vault:
    """What secrets at rest are kept with: the operator's keys, newest first.

    With the embedded server its own key comes last, so that what it has sealed can be read on
    when the operator sets another; without another it is made.
    """
    keys = [key.get_secret_value() for key in settings.secret_keys]
    if settings.embedded and (not keys or has_secret_key(settings.data_dir)):
        keys.append(secret_key(settings.data_dir))
    return Vault(keys)


def outgoing_of(settings: Settings) -> Outgoing:
    """The way out for integrations. Its owner closes it."""
    routes = dict(route.split("=", 1) for route in settings.outgoing_routes)
    return Outgoing(
        allowed=settings.outgoing_allow, routes=routes, authorities=settings.outgoing_ca
    )


def trusted_of(settings: Settings) -> TrustedFile:
    """What clients may ask for by id. Raises SettingsError for a file that can't be used, and for
    none where nothing else would be carried out."""
    file, only = settings.documents_file, settings.trusted_documents == "require"
    try:
        trusted = TrustedFile(file, only=only)
    except OSError as error:
        raise SettingsError([f"{file} can't be read: {error.strerror}."]) from None
    except NoManifest as error:
        raise SettingsError([f"{file} is {error}."]) from None
    if only and not trusted.texts:
        raise SettingsError(
            [
                "BATON_TRUSTED_DOCUMENTS=require carries out nothing without documents, and "
                f"{file} has none: add some with `baton documents add`."
            ]
        )
    return trusted


def _verifier(settings: Settings, metrics: Metrics) -> TokenVerifier:
    keys = (
        SharedSecret(signing_secret(settings))
        if settings.auth_jwks_url is None
        else PublishedKeys(settings.auth_jwks_url, fetched=metrics.keys_fetched)
    )
    return TokenVerifier(keys, issuer=settings.auth_issuer, audience=settings.auth_audience)
