"""What ADMINs see of a webhook that was given up, and others do not."""

import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from cryptography.fernet import Fernet

from app.demo.vendors.webhook import FakeReceiver
from db.database import Database
from db.models.vocabulary import Role
from services.events import Hub
from services.integrations.desk import Desk
from services.integrations.outgoing import Outgoing
from services.integrations.vault import Vault
from tests.harness.people import Account
from tests.schema.asking import Client
from tests.schema.test_deliveries import MAIL
from tests.schema.test_integrations import DISABLE, SAVE, SECRET, TRY, VENDORS
from tests.services.deliveries.parts import taken_by

NOTICE = "notice { name failingSince lastError disabledAt text integration { health version } }"
BELL = f"""subscription {{ notificationReceived {{ notification {{
  title link handoff {{ id }} {NOTICE} }} }} }}"""
EVENTS = "subscription { handoffEvents { __typename } }"
UNREAD = f"{{ notifications(first: 9) {{ nodes {{ id title {NOTICE} }} }} }}"
MAILS = f"""{{ deliveries(first: 9) {{ nodes {{ id channel purpose target handoff {{ id }}
  {NOTICE} attemptHistory {{ number }} }} }} }}"""
NODE = "query ($id: ID!) { node(id: $id) { id } }"


@pytest.fixture
async def failing(database: Database, hub: Hub, account: Account) -> AsyncIterator[Any]:
    """A client, and the id of a webhook that has failed for six days: its receiver has gone."""
    receiver = FakeReceiver(SECRET)
    receiver.gone = True
    with receiver.serving() as served:
        outgoing = Outgoing(
            routes={"https://hooks.acme.test": served.origin},
            tls=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        )
        client = Client(database, hub, MAIL)
        client.desk = Desk(Vault([Fernet.generate_key().decode()]), outgoing)
        saved = await client.ask(
            account.admin, SAVE, input={"webhook": VENDORS["webhook"] | {"name": "Dashboard"}}
        )
        webhook = saved["saveIntegration"]["integration"]["id"]
        await client.ask(account.admin, TRY, input={"integrationId": webhook})
        async with database.transaction(account.id) as tx:
            await tx.execute(
                "UPDATE integration SET failing_since = failing_since - '6d'::interval"
            )
        yield client, webhook
        await outgoing.aclose()


async def test_a_test_that_gives_it_up_is_heard_live_by_admins_and_on_no_stream_of_handoffs(
    failing: tuple[Client, str], account: Account
) -> None:
    client, webhook = failing
    async with (
        client.listen(account.admin, BELL) as bell,
        client.listen(account.tier2, BELL) as others,
        client.listen(account.admin, EVENTS) as events,
    ):
        assert (await events.next())["__typename"] == "StreamReady"
        await client.ask(account.admin, TRY, input={"integrationId": webhook})
        item = (await bell.next())["notification"]
        assert await others.is_silent()
        assert await events.is_silent(0)
    assert item["title"] == "Disabled after days of failure: the webhook “Dashboard”"
    assert item["link"] == "https://desk.example/settings/integrations"
    assert item["handoff"] is None
    notice = item["notice"]
    assert notice["integration"] == {"health": "DISABLED", "version": 2}
    assert (notice["failingSince"][:10], notice["disabledAt"][:10]) == ("2026-11-18", "2026-11-24")
    assert "HTTP 410" in notice["lastError"]
    assert notice["lastError"] in notice["text"]
    # a second test of what is disabled already says nothing more
    await client.ask(account.admin, TRY, input={"integrationId": webhook})
    [only] = (await client.ask(account.admin, UNREAD))["notifications"]["nodes"]
    assert only["notice"] == notice


async def test_its_mail_stands_among_the_deliveries_for_admins_alone(
    failing: tuple[Client, str], database: Database, account: Account
) -> None:
    client, webhook = failing
    await client.ask(account.admin, TRY, input={"integrationId": webhook})
    assert len(await taken_by(database, account)) == 1

    [mail] = (await client.ask(account.admin, MAILS))["deliveries"]["nodes"]
    assert (mail["channel"], mail["purpose"]) == ("EMAIL", "DISABLED")
    assert (mail["target"], mail["handoff"]) == (account.admin.email, None)
    assert (mail["notice"]["name"], mail["attemptHistory"]) == ("Dashboard", [{"number": 1}])
    assert (await client.ask(account.admin, NODE, id=mail["id"]))["node"] == {"id": mail["id"]}
    for who in (account.tier1, account.tier2, account.viewer):
        assert (await client.ask(who, NODE, id=mail["id"]))["node"] is None
        assert (await client.ask(who, UNREAD))["notifications"]["nodes"] == []


async def test_who_is_no_admin_any_more_reads_no_more_of_it_than_its_title(
    failing: tuple[Client, str], database: Database, account: Account
) -> None:
    client, webhook = failing
    await client.ask(account.admin, TRY, input={"integrationId": webhook})
    demoted = replace(account.admin, role=Role.ENGINEER)
    [item] = (await client.ask(demoted, UNREAD))["notifications"]["nodes"]
    assert item["notice"] is None


async def test_one_that_was_disabled_by_hand_is_no_news(
    failing: tuple[Client, str], account: Account
) -> None:
    client, webhook = failing
    await client.ask(account.admin, DISABLE, input={"integrationId": webhook})
    await client.ask(account.admin, TRY, input={"integrationId": webhook})
    assert (await client.ask(account.admin, UNREAD))["notifications"]["nodes"] == []
    assert (await client.ask(account.admin, MAILS))["deliveries"]["nodes"] == []
