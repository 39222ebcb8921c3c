"""HaloPSA: private actions, each once, with a token that is asked for when it is needed."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import pytest
from pydantic import ValidationError

from app.demo.vendors import halopsa as vendor
from app.demo.vendors.base import Fault
from app.demo.vendors.halopsa import FakeHalo
from services.integrations.halopsa import HaloChannel, HaloSecrets, HaloSettings
from services.integrations.outgoing import Outgoing
from services.integrations.protocol import Purpose, Refused, Ticket, TryAgain
from services.integrations.psa import LOOKED_THROUGH
from tests.services.integrations.letters import letter
from tests.services.integrations.tickets import Desk, TicketSystemPromises, desk

URL = "https://acme.halopsa.com"
TICKET = 2818


def channel(outgoing: Outgoing, **changes: Any) -> HaloChannel:
    keys = {"client_id": vendor.CLIENT_ID, "client_secret": vendor.CLIENT_SECRET}
    given = {name: changes.pop(name) for name in list(changes) if name in keys}
    return HaloChannel(
        HaloSettings.model_validate({"url": f"{URL}/", "tenant": vendor.TENANT} | changes),
        HaloSecrets.model_validate(keys | given),
        outgoing,
    )


Served = tuple[FakeHalo, dict[str, str]]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    fake = FakeHalo()
    with fake.serving() as at:
        yield fake, dict.fromkeys([URL], at.origin)


@pytest.fixture
async def fresh(served: Served) -> AsyncIterator[Desk]:
    fake, routes = served

    def read() -> list[tuple[str, str]]:
        return [(str(action["id"]), action["note"]) for action in fake.actions[TICKET]]

    async with desk(fake, routes, channel, str(TICKET), read) as made:
        yield made


@pytest.fixture
async def here(fresh: Desk) -> Desk:
    """Signed in already."""
    await fresh.channel.send(letter(ticket=None, purpose=Purpose.TEST), None)
    fresh.fake.asked.clear()
    return fresh


def fake_of(here: Desk) -> FakeHalo:
    return cast(FakeHalo, here.fake)


class TestHalo(TicketSystemPromises):
    async def test_a_note_is_private_and_nobody_is_mailed(self, here: Desk):
        await here.channel.send(here.letter(), None)

        [asked] = here.asked("POST")
        [action] = asked.json()
        assert action["hiddenfromuser"] is True
        assert action["sendemail"] is False
        assert action["outcome"] == "Private Note"

    async def test_the_action_that_was_chosen_is_used(self, here: Desk):
        await channel(here.outgoing, outcome_id=8).send(here.letter(), None)
        assert fake_of(here).actions[TICKET][0]["outcome_id"] == 8

    async def test_what_people_typed_is_no_markup(self, here: Desk):
        told = here.letter(markdown="# <b>1 < 2</b> &amp;\n\n```\n  <script>\n```\n")
        await here.channel.send(told, None)

        assert "<script>" not in here.asked("POST")[0].body.decode()
        [(_, text)] = here.read()
        assert "<b>1 < 2</b> &amp;\n\n      <script>\n" in text

    async def test_a_token_is_asked_for_once_while_it_lasts(self, here: Desk):
        await here.channel.send(here.letter(), None)
        await here.channel.send(here.letter(), None)
        assert fake_of(here).given == 1

    async def test_a_token_near_its_end_is_replaced(self, fresh: Desk):
        fake_of(fresh).lasting = 30
        await fresh.channel.send(fresh.letter(), None)
        assert fake_of(fresh).given == 2
        assert len(fresh.read()) == 1

    async def test_a_token_that_was_taken_back_is_replaced_once(self, here: Desk):
        fake_of(here).tokens.clear()
        await here.channel.send(here.letter(), None)
        assert fake_of(here).given == 2
        assert len(here.read()) == 1

    async def test_a_token_that_is_never_accepted_is_not_asked_for_again_and_again(
        self, here: Desk
    ):
        class Forgetful(set[str]):
            def __contains__(self, token: object) -> bool:
                return False

        fake_of(here).tokens = Forgetful()
        with pytest.raises(Refused) as caught:
            await here.channel.send(here.letter(), None)
        assert caught.value.status == 401
        assert fake_of(here).given == 2

    @pytest.mark.parametrize("wrong", ["client_id", "client_secret", "tenant"])
    async def test_wrong_keys_are_said_and_not_shown(self, fresh: Desk, wrong: str):
        with pytest.raises(Refused, match="make a new secret") as caught:
            await channel(fresh.outgoing, **{wrong: "canary"}).send(fresh.letter(), None)
        assert "canary" not in caught.value.why

    @pytest.mark.parametrize(
        "fault", [Fault.SERVER_ERROR, Fault.BUSY, Fault.LOSE_ANSWER, Fault.GARBAGE]
    )
    async def test_trouble_while_signing_in_is_worth_another_try(self, fresh: Desk, fault: Fault):
        fresh.fake.faults.append(fault)
        with pytest.raises(TryAgain):
            await fresh.channel.send(fresh.letter(), None)
        await fresh.channel.send(fresh.letter(), None)
        assert len(fresh.read()) == 1

    async def test_missing_permissions_are_said(self, here: Desk):
        fake_of(here).scopes = "read:tickets"
        with pytest.raises(Refused, match="edit:actions"):
            await here.channel.send(here.letter(), None)

    async def test_a_ticket_that_is_not_there_is_said(self, here: Desk):
        with pytest.raises(Refused, match="no ticket 999"):
            await here.channel.send(letter(ticket=Ticket("HaloPSA", "999")), None)

    async def test_an_action_that_is_not_there_is_named(self, here: Desk):
        with pytest.raises(Refused, match="refuses outcome_id"):
            await channel(here.outgoing, outcome_id=99).send(here.letter(), None)
        with pytest.raises(Refused, match="'Hush'"):
            tried = letter(ticket=None, purpose=Purpose.TEST)
            await channel(here.outgoing, outcome="Hush").send(tried, None)

    async def test_nothing_is_written_where_not_everything_could_be_looked_through(
        self, here: Desk
    ):
        fake_of(here).actions[TICKET].append({"id": 1, "note": "x" * LOOKED_THROUGH})
        with pytest.raises(Refused, match="more notes than"):
            await here.channel.send(here.letter(), None)
        assert here.asked("POST") == []


@pytest.mark.parametrize(
    "wrong",
    [{"url": "http://acme.halopsa.com"}, {"url": "https://a@b"}, {"tenant": "a&b"}, {"more": 1}],
)
def test_settings_that_would_bend_a_request_are_refused(wrong: dict[str, Any]):
    with pytest.raises(ValidationError):
        HaloSettings.model_validate({"url": URL} | wrong)


def test_keys_are_not_part_of_what_is_printed():
    assert "canary" not in repr(HaloSecrets(client_id="canary", client_secret="canary"))
