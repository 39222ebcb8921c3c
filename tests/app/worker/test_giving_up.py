"""Two real workers at once see a webhook's last failure: its ADMINs get one mail."""

import asyncio
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from cryptography.fernet import Fernet

from app.demo.vendors.smtp import FakeMail
from app.demo.vendors.webhook import FakeReceiver
from db.database import Database
from db.models.vocabulary import IntegrationKind
from services.integrations.configuring import Draft, save
from services.integrations.vault import Vault
from tests.app.worker.carrying import eventually
from tests.harness.people import Account
from tests.harness.story import NOON
from tests.harness.web import running
from tests.services.deliveries.parts import deliveries, raise_one, run

SECRET = "whsec_" + "c2VjcmV0IG9mIHRoaXJ0eS10d28gYnl0ZXMsIHllcyE="
HOOKS = "https://hooks.acme.test"
SIX_DAYS = "UPDATE integration SET failing_since = failing_since - interval '6 days'"


@pytest.fixture
def mail() -> FakeMail:
    return FakeMail()


@pytest.fixture
def settings(dsn: str, mail: FakeMail) -> Iterator[dict[str, str]]:
    """Of a worker. The receiver that it reaches refuses whatever comes: it has another secret."""
    receiver = FakeReceiver("whsec_" + "YW5vdGhlcg==" * 3)
    with receiver.serving() as hooks, mail.serving() as server:
        yield {
            "database_url": dsn,
            "secret_keys": Fernet.generate_key().decode(),
            "outgoing_routes": f"{HOOKS}={hooks.origin}",
            "smtp_url": server.url,
            "mail_from": "baton@desk.example",
            "auth_secret": "x" * 32,
        }


async def test_the_admin_gets_one_mail_that_says_why_and_what_to_do(
    database: Database, account: Account, settings: dict[str, str], mail: FakeMail
) -> None:
    draft = Draft(
        IntegrationKind.WEBHOOK, {"url": f"{HOOKS}/"}, {"secret": SECRET}, name="Dashboard"
    )
    vault = Vault([settings["secret_keys"]])
    await run(database, account, save, account.admin, vault, draft, now=NOON)

    async def integration() -> Any:
        return await run(database, account, lambda tx: tx.one("SELECT * FROM integration"))

    async def has_failed() -> bool:
        return (await integration())["failing_since"] is not None

    async def is_over() -> bool:
        states = {row["state"] for row in await deliveries(database, account)}
        return states <= {"SENT", "DEAD", "SKIPPED"}

    with running("worker", **settings), running("worker", **settings):
        await raise_one(database, account)
        await eventually(has_failed)
        assert mail.mails == []
        # nothing has been accepted for six days
        await run(database, account, lambda tx: tx.execute(SIX_DAYS))
        await asyncio.gather(*(raise_one(database, account) for _ in range(12)))
        await eventually(lambda: mail.mails)
        await eventually(is_over)
    [notice] = mail.mails
    assert notice.recipient == account.admin.email
    message = notice.message
    assert message["Subject"] == "Disabled after days of failure: the webhook “Dashboard”"
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    error = (await integration())["last_error"]
    assert "doesn't accept the signature (HTTP 401)" in error
    for body in (plain.get_content(), unescape(html.get_content())):
        for fact in (error, "failed since", "enableIntegration", "you are an administrator"):
            assert fact in body, fact
        assert "/settings/integrations" in body
    assert not (await integration())["enabled"]
