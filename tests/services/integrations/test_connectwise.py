"""ConnectWise: internal notes, each once, whatever goes wrong on the way."""

from base64 import b64decode
from collections.abc import AsyncIterator, Iterator
from typing import cast

import pytest
from pydantic import ValidationError

from app.demo.vendors import connectwise as vendor
from app.demo.vendors.connectwise import FakeConnectWise
from services.integrations.connectwise import (
    PAGE,
    ConnectWiseChannel,
    ConnectWiseSecrets,
    ConnectWiseSettings,
)
from services.integrations.outgoing import Outgoing
from services.integrations.protocol import Refused, Ticket
from tests.services.integrations.letters import letter
from tests.services.integrations.tickets import Desk, TicketSystemPromises, desk

SITE = "api-na.myconnectwise.net"
TICKET = 48231


def channel(
    outgoing: Outgoing, codebase: str | None = "v4_6_release", **keys: str
) -> ConnectWiseChannel:
    pair = {
        "public_key": vendor.PUBLIC_KEY,
        "private_key": vendor.PRIVATE_KEY,
        "client_id": vendor.CLIENT_ID,
    }
    return ConnectWiseChannel(
        ConnectWiseSettings(site=SITE, company_id=vendor.COMPANY, codebase=codebase),
        ConnectWiseSecrets.model_validate(pair | keys),
        outgoing,
    )


Served = tuple[FakeConnectWise, dict[str, str]]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    fake = FakeConnectWise()
    with fake.serving() as at:
        yield fake, dict.fromkeys([f"https://{SITE}"], at.origin)


@pytest.fixture
async def here(served: Served) -> AsyncIterator[Desk]:
    fake, routes = served

    def read() -> list[tuple[str, str]]:
        return [(str(note["id"]), note["text"]) for note in fake.notes[TICKET]]

    async with desk(fake, routes, channel, str(TICKET), read) as made:
        yield made


def fake_of(here: Desk) -> FakeConnectWise:
    return cast(FakeConnectWise, here.fake)


class TestConnectWise(TicketSystemPromises):
    async def test_a_note_is_internal_and_nobody_is_mailed(self, here: Desk):
        await here.channel.send(here.letter(), None)

        [note] = fake_of(here).notes[TICKET]
        assert {name: note[name] for name in vendor.FLAGS} == {
            "detailDescriptionFlag": False,
            "internalAnalysisFlag": True,
            "resolutionFlag": False,
            "issueFlag": False,
            "customerUpdatedFlag": False,
            "processNotifications": False,
        }

    async def test_every_request_is_signed_and_says_the_version(self, here: Desk):
        await here.channel.send(here.letter(), None)

        assert len(here.fake.asked) == 2
        for asked in here.fake.asked:
            pair = b64decode(asked.headers["authorization"].removeprefix("Basic "))
            assert pair == b"acme+connectwise-public:connectwise-private"
            assert asked.headers["clientid"] == vendor.CLIENT_ID
            assert asked.headers["accept"].endswith("; version=2025.16")

    async def test_the_code_base_is_asked_for_once_when_it_is_not_entered(self, here: Desk):
        asking = channel(here.outgoing, codebase=None)
        await asking.send(here.letter(), None)
        await asking.send(here.letter(), None)

        paths = [asked.path for asked in here.fake.asked]
        assert paths.count("/login/companyinfo/acme") == 1
        assert len(here.read()) == 1

    async def test_the_code_base_of_a_new_release_is_found(self, here: Desk, monkeypatch):
        asking = channel(here.outgoing, codebase=None)
        await asking.send(here.letter(), None)
        monkeypatch.setattr(fake_of(here), "codebase", "v2026_1")

        await asking.send(here.letter(marker="another/raised1"), None)

        assert len(here.read()) == 2

    async def test_a_note_is_found_behind_many_newer_ones(self, here: Desk):
        first = await here.channel.send(here.letter(), None)
        notes = fake_of(here).notes[TICKET]
        notes += [{"id": 10_000 + n, "text": "x" * 32_000} for n in range(2 * PAGE)]

        again = await here.channel.send(here.letter(), None)

        assert again.reference == first.reference
        assert len(here.asked("POST")) == 1

    @pytest.mark.parametrize("wrong", ["public_key", "private_key", "client_id"])
    async def test_wrong_keys_are_said_and_not_shown(self, here: Desk, wrong: str):
        mistaken = channel(here.outgoing, **{wrong: "canary"})
        with pytest.raises(Refused, match="make new ones") as caught:
            await mistaken.send(here.letter(), None)
        assert caught.value.status == 401
        assert "canary" not in caught.value.why

    async def test_a_role_that_may_not_is_said(self, here: Desk):
        fake_of(here).allowed = False
        with pytest.raises(Refused, match="Service Tickets"):
            await here.channel.send(here.letter(), None)

    async def test_a_ticket_that_is_not_there_is_said(self, here: Desk):
        with pytest.raises(Refused, match="no ticket 999"):
            await here.channel.send(letter(ticket=Ticket("ConnectWise", "999")), None)

    @pytest.mark.parametrize("number", ["T2026", "4/../5", "٣", "", "-1", "1" * 19])
    async def test_what_is_no_ticket_number_is_not_asked_for(self, here: Desk, number: str):
        with pytest.raises(Refused, match="plain numbers"):
            await here.channel.send(letter(ticket=Ticket("ConnectWise", number)), None)
        assert here.fake.asked == []

    async def test_a_field_that_is_refused_is_named(self, here: Desk):
        fake_of(here).longest = 10
        with pytest.raises(Refused, match="refuses text"):
            await here.channel.send(here.letter(), None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"site": "https://api-na.myconnectwise.net"},
        {"site": "api.example/login?x="},
        {"company_id": "acme/../x"},
        {"codebase": "../x"},
        {"version": "1\r\nX: y"},
        {"more": "x"},
    ],
)
def test_settings_that_would_bend_a_request_are_refused(wrong: dict[str, str]):
    with pytest.raises(ValidationError):
        ConnectWiseSettings.model_validate({"site": SITE, "company_id": "acme"} | wrong)


def test_keys_are_not_part_of_what_is_printed():
    secrets = ConnectWiseSecrets(public_key="canary", private_key="canary", client_id="canary")
    assert "canary" not in repr(secrets)
