"""What ADMINs connect, see and try; and what then becomes of promises."""

import ssl
from collections.abc import AsyncIterator
from typing import Any

import pytest
from cryptography.fernet import Fernet

from app.demo.vendors.base import Fault
from app.demo.vendors.slack import TOKEN, FakeSlack
from db.database import Database
from services.events import Hub
from services.ids import Kind, public
from services.integrations.desk import Desk
from services.integrations.outgoing import Outgoing
from services.integrations.vault import Vault
from tests.harness.people import Account
from tests.harness.story import started
from tests.schema.asking import Client

SHOWN = """id kind name version health disabledReason lastError lastSuccessAt
  settings { name value }"""
SAVE = f"""mutation ($input: SaveIntegrationInput!) {{ saveIntegration(input: $input) {{ __typename
  ... on SaveIntegrationSuccess {{ integration {{ {SHOWN} }} }}
  ... on InvalidInput {{ field }} ... on Problem {{ message }}
  ... on IntegrationChanged {{ integration {{ version }} }} }} }}"""
LIST = f"{{ integrations {{ {SHOWN} }} }}"
DISABLE = """mutation ($input: IntegrationInput!) { disableIntegration(input: $input) { __typename
  ... on DisableIntegrationSuccess { integration { health disabledReason version } }
  ... on Problem { message } } }"""
ENABLE = """mutation ($input: IntegrationInput!) { enableIntegration(input: $input) { __typename
  ... on EnableIntegrationSuccess { integration { health disabledReason } }
  ... on Problem { message } } }"""
TRY = """mutation ($input: TestIntegrationInput!) { testIntegration(input: $input) { __typename
  ... on TestIntegrationSuccess { accepted said status } ... on Problem { message } } }"""
NODE = f"query ($id: ID!) {{ node(id: $id) {{ id ... on Integration {{ {SHOWN} }} }} }}"
ESCALATE = """mutation ($id: ID!) { escalate(input: { sessionId: $id, reason: "Stuck" }) {
  ... on EscalateSuccess { deliveries { channel state skipReason target } } } }"""
CANARY = "canarySecretThatNobodyMaySee"
SECRET = "whsec_" + "Y2FuYXJ5" * 5  # 30 bytes
VENDORS: dict[str, dict[str, Any]] = {
    "slack": {"channel": "#escalations", "botToken": f"xoxb-{CANARY}"},
    "teams": {"url": f"https://prod-01.westeurope.logic.azure.com/workflows/a?sig={CANARY}"},
    "webhook": {"url": "https://hooks.acme.test/baton", "secret": SECRET},
    "connectwise": {
        "site": "api-eu.myconnectwise.net",
        "companyId": "acme",
        "publicKey": CANARY,
        "privateKey": CANARY,
        "clientId": CANARY,
    },
    "halopsa": {
        "url": "https://acme.halopsa.com",
        "clientId": CANARY,
        "clientSecret": CANARY,
    },
    "autotask": {
        "userName": "api@acme.test",
        "noteType": 1,
        "publish": 2,
        "integrationCode": CANARY,
        "secret": CANARY,
    },
}


@pytest.fixture
async def slack(database: Database, hub: Hub) -> AsyncIterator[tuple[Client, FakeSlack]]:
    """A client of an installation from which Slack is a fake one."""
    fake = FakeSlack()
    with fake.serving() as served:
        outgoing = Outgoing(
            routes={"https://slack.com": served.origin},
            tls=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        )
        client = Client(database, hub)
        client.desk = Desk(Vault([Fernet.generate_key().decode()]), outgoing)
        yield client, fake
        await outgoing.aclose()


async def save(client: Client, account: Account, vendor: str, **changes: Any) -> Any:
    given = {vendor: VENDORS[vendor] | changes}
    outcome = await client.ask(account.admin, SAVE, input=given)
    return outcome["saveIntegration"]


@pytest.mark.parametrize("vendor", VENDORS)
async def test_an_admin_connects_a_vendor_and_no_secret_is_ever_shown(
    client: Client, account: Account, vendor: str
) -> None:
    saved = await save(client, account, vendor, name="Our desk")

    assert saved["__typename"] == "SaveIntegrationSuccess", saved
    integration = saved["integration"]
    assert integration["name"] == "Our desk"
    assert (integration["kind"], integration["health"]) == (vendor.upper(), "UNTRIED")
    shown = await client.ask(account.admin, LIST)
    assert shown["integrations"] == [integration]
    again = await client.ask(account.admin, NODE, id=integration["id"])
    assert again["node"] == integration
    for secret in (CANARY, SECRET):
        assert secret not in repr((saved, shown, again))
    entered = {each["name"]: each["value"] for each in integration["settings"]}
    for name, value in VENDORS[vendor].items():
        if CANARY not in str(value) and value != SECRET:
            assert entered[name] == str(value)


async def test_others_than_admins_change_nothing_and_see_nothing(
    client: Client, account: Account
) -> None:
    connected = (await save(client, account, "teams"))["integration"]["id"]

    for actor in (account.tier2, account.viewer):
        outcome = await client.ask(actor, SAVE, input={"teams": VENDORS["teams"]})
        assert outcome["saveIntegration"]["__typename"] == "NotAllowed"
        for document, field in ((DISABLE, "disableIntegration"), (TRY, "testIntegration")):
            outcome = await client.ask(actor, document, input={"integrationId": connected})
            assert outcome[field]["__typename"] == "NotAllowed"
        assert (await client.ask(actor, LIST))["integrations"] == []
        assert (await client.ask(actor, NODE, id=connected))["node"] is None


async def test_what_is_wrong_is_said_by_its_name_and_without_its_value(
    client: Client, account: Account
) -> None:
    outcome = await save(client, account, "slack", botToken=f"not-a-token-{CANARY}")

    assert outcome["__typename"] == "InvalidInput"
    assert outcome["field"] == "slack.botToken"
    assert CANARY not in outcome["message"]


async def test_whoever_changes_what_they_did_not_see_is_told(
    client: Client, account: Account
) -> None:
    await save(client, account, "teams")
    changed = await save(client, account, "teams", name="Second", expectedVersion=1)
    outcome = await save(client, account, "teams", name="Third", expectedVersion=1)

    assert changed["integration"]["version"] == 2
    assert outcome["__typename"] == "IntegrationChanged"
    assert outcome["integration"]["version"] == 2


async def test_a_test_message_arrives_marked_and_the_answer_is_told(
    slack: tuple[Client, FakeSlack], account: Account
) -> None:
    client, fake = slack
    connected = (await save(client, account, "slack", botToken=TOKEN))["integration"]["id"]

    outcome = await client.ask(account.admin, TRY, input={"integrationId": connected})

    assert outcome["testIntegration"]["accepted"] is True
    [message] = fake.messages
    assert "test" in repr(message).lower()
    [shown] = (await client.ask(account.admin, LIST))["integrations"]
    assert shown["health"] == "HEALTHY"
    assert shown["lastSuccessAt"]


@pytest.mark.parametrize(
    ("token", "fault"), [(f"xoxb-wrong-{CANARY}", None), (TOKEN, Fault.SERVER_ERROR)]
)
async def test_a_test_that_fails_says_what_to_do_and_is_remembered(
    slack: tuple[Client, FakeSlack], account: Account, token: str, fault: Fault | None
) -> None:
    client, fake = slack
    fake.faults.append(fault)
    connected = (await save(client, account, "slack", botToken=token))["integration"]["id"]

    outcome = await client.ask(account.admin, TRY, input={"integrationId": connected})

    assert outcome["testIntegration"]["accepted"] is False
    [shown] = (await client.ask(account.admin, LIST))["integrations"]
    assert shown["health"] == "FAILING"
    assert shown["lastError"] == outcome["testIntegration"]["said"]
    assert CANARY not in repr((outcome, shown))


async def test_what_is_connected_is_promised_to_and_what_is_disabled_is_not(
    client: Client, database: Database, account: Account
) -> None:
    async def cards() -> dict[str, tuple[str, str | None]]:
        session = await started(
            database, account.tier1, ticket_system="HaloPSA", ticket_number="4711"
        )
        answer = await client.ask(account.tier1, ESCALATE, id=public(Kind.SESSION, session["id"]))
        return {
            each["channel"]: (each["state"], each["skipReason"])
            for each in answer["escalate"]["deliveries"]
        }

    missing = ("SKIPPED", "INTEGRATION_NOT_CONFIGURED")
    before = await cards()
    assert before["TEAMS"] == before["PSA_NOTE"] == missing
    teams = (await save(client, account, "teams"))["integration"]["id"]
    await save(client, account, "halopsa")
    connected = await cards()
    assert connected["TEAMS"] == connected["PSA_NOTE"] == ("PENDING", None)
    assert connected["SLACK"] == missing

    outcome = await client.ask(account.admin, DISABLE, input={"integrationId": teams})
    assert outcome["disableIntegration"]["integration"]["health"] == "DISABLED"
    assert (await cards())["TEAMS"] == missing
    await client.ask(account.admin, ENABLE, input={"integrationId": teams})
    assert (await cards())["TEAMS"] == ("PENDING", None)
