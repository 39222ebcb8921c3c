"""Integrations as ADMINs connect them, through the rules."""

from datetime import UTC, datetime
from typing import Any

from cryptography.fernet import Fernet

from db.database import Database, Row
from db.models.vocabulary import IntegrationKind
from services.actor import Actor
from services.integrations.configuring import Draft, save
from services.integrations.vault import Vault

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEY = Fernet.generate_key().decode()
VAULT = Vault([KEY])

SETTINGS: dict[IntegrationKind, dict[str, Any]] = {
    IntegrationKind.SLACK: {"channel": "#escalations"},
    IntegrationKind.TEAMS: {},
    IntegrationKind.WEBHOOK: {"url": "https://hooks.acme.test/baton"},
    IntegrationKind.CONNECTWISE: {"site": "api-eu.myconnectwise.net", "company_id": "acme"},
    IntegrationKind.HALOPSA: {"url": "https://acme.halopsa.com", "tenant": "acme"},
    IntegrationKind.AUTOTASK: {"user_name": "api@acme.test", "note_type": 1, "publish": 2},
}
SECRETS: dict[IntegrationKind, dict[str, Any]] = {
    IntegrationKind.SLACK: {
        "bot_token": "xoxb-1234567890-hunter2",
        "signing_secret": "hunter2" * 3,
    },
    IntegrationKind.TEAMS: {
        "url": "https://prod-1.westeurope.logic.azure.com:443/workflows/0123456789abcdef0123456789"
        "abcdef/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun"
        "&sv=1.0&sig=hunter2hunter2hunter2hunter2hunter2hunter2"
    },
    IntegrationKind.WEBHOOK: {"secret": "whsec_aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMg=="},
    IntegrationKind.CONNECTWISE: {
        "public_key": "public",
        "private_key": "hunter2",
        "client_id": "client",
    },
    IntegrationKind.HALOPSA: {"client_id": "client", "client_secret": "hunter2"},
    IntegrationKind.AUTOTASK: {"integration_code": "CODE", "secret": "hunter2"},
}


def draft(kind: IntegrationKind, **changes: Any) -> Draft:
    return Draft(kind, **({"settings": SETTINGS[kind], "secrets": SECRETS[kind]} | changes))


async def saved(
    database: Database,
    admin: Actor,
    kind: IntegrationKind = IntegrationKind.WEBHOOK,
    *,
    vault: Vault = VAULT,
    now: datetime = NOON,
    **changes: Any,
) -> Row:
    async with database.transaction(admin.account_id) as tx:
        return await save(tx, admin, vault, draft(kind, **changes), now=now)


async def stored(database: Database, admin: Actor, integration: Row) -> Row:
    """The whole row, secrets and all."""
    async with database.transaction(admin.account_id) as tx:
        return await tx.one("SELECT * FROM integration WHERE id = $1", integration["id"])
