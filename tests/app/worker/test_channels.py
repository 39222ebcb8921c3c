"""Which channel carries a delivery, and what it still knows from the attempt before."""

import pytest

from app.demo.vendors import halopsa as vendor
from app.demo.vendors.halopsa import FakeHalo
from app.settings import Settings
from app.worker import channels
from app.worker.channels import channels_of
from db.models.vocabulary import IntegrationKind
from services.deliveries import finishing
from services.integrations.configuring import disable, enable
from services.integrations.outgoing import Outgoing
from services.integrations.protocol import Refused, Ticket
from tests.services.deliveries.parts import WITH_MAIL, ended, raise_one, run, taken_by
from tests.services.integrations.connecting import NOON, VAULT, saved
from tests.services.integrations.letters import letter

HALO = IntegrationKind.HALOPSA
URL = "https://acme.halopsa.com"
TICKET = {"ticket_system": "HaloPSA", "ticket_number": "2818"}
SIGNING_IN = "/auth/token"


@pytest.fixture
def halo():
    fake = FakeHalo()
    with fake.serving() as served:
        yield fake, Outgoing(routes={URL: served.origin})


@pytest.fixture
async def integration(database, account):
    keys = {"client_id": vendor.CLIENT_ID, "client_secret": vendor.CLIENT_SECRET}
    settings = {"url": URL, "tenant": vendor.TENANT}
    return await saved(database, account.admin, HALO, settings=settings, secrets=keys)


async def sent_over(find, database, account):
    """A note, over the channel that a raise finds."""
    await raise_one(database, account, **TICKET)
    [taken] = await taken_by(database, account)
    found = (await run(database, account, find, [taken]))[taken.id]
    await found.send(letter(ticket=Ticket("HaloPSA", "2818")), None)
    assert await ended(database, account, finishing.sent(taken, None))
    return found


def signed_in(fake):
    return sum(each.path == SIGNING_IN for each in fake.asked)


async def test_a_token_is_asked_for_once_and_not_by_every_attempt(
    database, account, halo, integration
):
    fake, outgoing = halo
    find = channels_of(Settings(), VAULT, outgoing)
    for _ in range(3):
        await sent_over(find, database, account)
    assert signed_in(fake) == 1


async def test_what_has_changed_since_is_known_at_once(database, account, halo, integration):
    find = channels_of(Settings(), VAULT, halo[1])
    first = await sent_over(find, database, account)
    for verb in (disable, enable):
        await run(database, account, verb, account.admin, integration["id"], now=NOON)
    assert await sent_over(find, database, account) is not first


async def test_what_was_found_out_is_asked_for_anew_after_a_while(
    database, account, halo, integration, monkeypatch
):
    fake, outgoing = halo
    find = channels_of(Settings(), VAULT, outgoing)
    first = await sent_over(find, database, account)
    monkeypatch.setattr(channels, "KEPT_FOR", -1.0)
    other = channels_of(Settings(), VAULT, outgoing)
    assert await sent_over(find, database, account) is first
    await sent_over(other, database, account)
    await sent_over(other, database, account)
    assert signed_in(fake) == 3


async def test_no_more_are_kept_than_there_is_room_for(
    database, account, other_account, halo, monkeypatch
):
    fake, outgoing = halo
    monkeypatch.setattr(channels, "KEPT", 1)
    find = channels_of(Settings(), VAULT, outgoing)
    keys = {"client_id": vendor.CLIENT_ID, "client_secret": vendor.CLIENT_SECRET}
    settings = {"url": URL, "tenant": vendor.TENANT}
    for each in (account, other_account):
        await saved(database, each.admin, HALO, settings=settings, secrets=keys)
    for each in (account, other_account, other_account, account):
        await sent_over(find, database, each)
    assert signed_in(fake) == 3


async def test_mail_that_is_not_configured_any_more_is_refused(database, account, halo):
    await raise_one(database, account, WITH_MAIL)
    taken = await taken_by(database, account)
    found = await run(database, account, channels_of(Settings(), VAULT, halo[1]), taken)
    assert found
    for each in found.values():
        assert isinstance(each, Refused)
        assert "BATON_SMTP_URL" in each.why
