"""A vendor whose certificate nobody believes: what its delivery says, and that it still arrives."""

from pathlib import Path

import pytest

from app.demo.vendors.base import Fault
from app.demo.vendors.certificates import Authority
from app.demo.vendors.slack import ORIGINS, TOKEN, FakeSlack
from app.demo.vendors.teams import ORIGIN, URL, FakeTeams
from app.demo.vendors.webhook import FakeReceiver
from db.models.vocabulary import IntegrationKind
from services.integrations.outgoing import Outgoing
from services.integrations.slack import SlackChannel, SlackSecrets, SlackSettings
from services.integrations.teams import TeamsChannel, TeamsSecrets, TeamsSettings
from services.integrations.webhook import WebhookChannel, WebhookSecrets, WebhookSettings
from tests.app.worker.carrying import carrying, eventually
from tests.services.deliveries.parts import attempts, connect, only, raise_one, set_all

SECRET = "whsec_" + "c2VjcmV0IG9mIHRoaXJ0eS10d28gYnl0ZXMsIHllcyE="
HOOKS = "https://hooks.acme.test"
VENDORS = {
    IntegrationKind.SLACK: (
        FakeSlack,
        ORIGINS[0],
        lambda out: SlackChannel(
            SlackSettings(channel="#escalations"), SlackSecrets(bot_token=TOKEN), out
        ),
    ),
    IntegrationKind.TEAMS: (
        FakeTeams,
        ORIGIN,
        lambda out: TeamsChannel(TeamsSettings(), TeamsSecrets(url=URL), out),
    ),
    IntegrationKind.WEBHOOK: (
        lambda: FakeReceiver(SECRET),
        HOOKS,
        lambda out: WebhookChannel(
            WebhookSettings(url=f"{HOOKS}/"), WebhookSecrets(secret=SECRET), out
        ),
    ),
}


@pytest.mark.parametrize("kind", VENDORS)
async def test_nothing_is_sent_to_who_can_not_prove_who_they_are_and_it_arrives_when_they_can(
    database, account, tmp_path: Path, kind: IntegrationKind
):
    fake, origin, channel = VENDORS[kind]
    vendor, authority = fake(), Authority()
    (tmp_path / "authority.pem").write_text(authority.pem)
    await connect(database, account, kind)
    await raise_one(database, account)
    vendor.faults.append(Fault.TLS)

    async def state_is(state: str) -> bool:
        return (await only(database, account))["state"] == state

    with vendor.serving(authority) as served:
        outgoing = Outgoing(routes={origin: served.origin}, authorities=tmp_path / "authority.pem")
        async with carrying(database, channel(outgoing)):
            await eventually(lambda: state_is("FAILED"))
            row = await only(database, account)
            assert "or not securely" in row["last_error"]
            assert row["next_attempt_at"] is not None
            assert vendor.asked == []  # no word was said to them

            await set_all(database, account, "next_attempt_at = now()")
            await eventually(lambda: state_is("SENT"))
        await outgoing.aclose()
    tried = await attempts(database, account, row["id"])
    assert [(each["outcome"], each["status"]) for each in tried] == [
        ("FAILED", None),
        ("SENT", None),
    ]
    assert vendor.asked
