"""Autotask: internal notes, each once, and as few requests as that takes."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import pytest
from pydantic import ValidationError

from app.demo.vendors import autotask as vendor
from app.demo.vendors.autotask import FakeAutotask
from app.demo.vendors.base import Fault
from services.integrations.autotask import AutotaskChannel, AutotaskSecrets, AutotaskSettings
from services.integrations.outgoing import Outgoing
from services.integrations.protocol import Purpose, Refused, Ticket, TryAgain
from tests.services.integrations.letters import letter
from tests.services.integrations.tickets import Desk, TicketSystemPromises, desk

NUMBER = "T20261124.0042"
TICKET = 5002
ORIGINS = ["https://webservices.autotask.net", "https://webservices5.autotask.net"]


def channel(outgoing: Outgoing, **changes: Any) -> AutotaskChannel:
    keys = {"integration_code": vendor.INTEGRATION_CODE, "secret": vendor.SECRET}
    given = {name: changes.pop(name) for name in list(changes) if name in keys}
    settings = {"user_name": vendor.USER, "note_type": 3, "publish": 2}
    return AutotaskChannel(
        AutotaskSettings.model_validate(settings | changes),
        AutotaskSecrets.model_validate(keys | given),
        outgoing,
    )


Served = tuple[FakeAutotask, dict[str, str]]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    fake = FakeAutotask()
    with fake.serving() as at:
        yield fake, dict.fromkeys(ORIGINS, at.origin)


@pytest.fixture
async def fresh(served: Served) -> AsyncIterator[Desk]:
    fake, routes = served

    def read() -> list[tuple[str, str]]:
        return [(str(note["id"]), note["description"]) for note in fake.notes[TICKET]]

    async with desk(fake, routes, channel, NUMBER, read) as made:
        yield made


@pytest.fixture
async def here(fresh: Desk) -> Desk:
    """The zone and the ticket are known already."""
    await fresh.channel.find(NUMBER)
    fresh.fake.asked.clear()
    return fresh


def fake_of(here: Desk) -> FakeAutotask:
    return cast(FakeAutotask, here.fake)


def paths(here: Desk) -> list[str]:
    return [asked.path.lower().rpartition("/v1.0/")[2] for asked in here.fake.asked]


class TestAutotask(TicketSystemPromises):
    async def test_a_note_is_what_was_chosen_at_set_up(self, here: Desk):
        await here.channel.send(here.letter(), None)

        [note] = fake_of(here).notes[TICKET]
        assert (note["noteType"], note["publish"]) == (3, 2)
        assert note["title"].startswith("Handed over")

    async def test_a_ticket_is_found_by_its_number_and_costs_no_more_than_it_must(
        self, fresh: Desk
    ):
        await fresh.channel.send(fresh.letter(), None)
        first = paths(fresh)
        fresh.fake.asked.clear()
        await fresh.channel.send(fresh.letter(marker="another"), None)

        note = f"tickets/{TICKET}/notes"
        assert first == ["zoneinformation", "tickets/query", "ticketnotes/query", note]
        assert paths(fresh) == ["ticketnotes/query", note]

    async def test_nothing_is_asked_at_the_same_time(self, here: Desk):
        """Each asks twice, and no pair is torn apart."""
        letters = [here.letter(marker=f"marker-{n}") for n in range(5)]
        await asyncio.gather(*(here.channel.send(told, None) for told in letters))

        assert paths(here) == ["ticketnotes/query", f"tickets/{TICKET}/notes"] * 5
        assert len(here.read()) == 5

    async def test_a_note_of_another_event_with_a_longer_name_is_not_taken_for_it(self, here: Desk):
        await here.channel.send(here.letter(marker="x:claimed12"), None)
        await here.channel.send(here.letter(marker="x:claimed1"), None)
        assert len(here.read()) == 2

    async def test_a_zone_that_was_entered_is_not_asked_for(self, fresh: Desk):
        await channel(fresh.outgoing, zone=vendor.ZONE).send(fresh.letter(), None)
        assert "zoneinformation" not in paths(fresh)

    @pytest.mark.parametrize(
        "zone",
        [
            "https://autotask.example/x",
            "http://webservices5.autotask.net/x",
            "https://evil.example#.autotask.net/",
            "https://webservices5.autotask.net.evil.example/",
        ],
    )
    async def test_keys_are_sent_to_no_zone_of_somebody_else(self, fresh: Desk, zone: str):
        fake_of(fresh).zone = zone
        with pytest.raises(Refused, match="none of its own"):
            await fresh.channel.send(fresh.letter(), None)
        assert all("secret" not in asked.headers for asked in fresh.fake.asked)

    async def test_a_user_without_a_zone_is_said(self, fresh: Desk):
        with pytest.raises(Refused, match="knows no API user"):
            await channel(fresh.outgoing, user_name="nobody@acme.example").send(
                fresh.letter(), None
            )

    @pytest.mark.parametrize("at", [0, 1])
    @pytest.mark.parametrize(
        "fault", [Fault.SERVER_ERROR, Fault.BUSY, Fault.LOSE_ANSWER, Fault.GARBAGE]
    )
    async def test_trouble_on_the_way_to_the_ticket_is_worth_another_try(
        self, fresh: Desk, fault: Fault, at: int
    ):
        fresh.fake.faults.extend([*[None] * at, fault])
        with pytest.raises(TryAgain):
            await fresh.channel.send(fresh.letter(), None)
        await fresh.channel.send(fresh.letter(), None)
        assert len(fresh.read()) == 1

    @pytest.mark.parametrize("wrong", ["integration_code", "secret"])
    async def test_wrong_keys_are_said_and_not_shown(self, fresh: Desk, wrong: str):
        with pytest.raises(Refused, match="make new ones") as caught:
            await channel(fresh.outgoing, **{wrong: "canary"}).send(fresh.letter(), None)
        assert caught.value.status == 401
        assert "canary" not in caught.value.why

    async def test_a_security_level_that_may_not_is_said(self, here: Desk):
        fake_of(here).allowed = False
        with pytest.raises(Refused, match="security level"):
            await here.channel.send(here.letter(), None)

    async def test_a_ticket_that_is_not_there_is_said(self, here: Desk):
        with pytest.raises(Refused, match=r"no ticket 'T20261124\.9999'"):
            await here.channel.send(letter(ticket=Ticket("Autotask", "T20261124.9999")), None)

    async def test_a_ticket_that_was_deleted_since_is_said(self, here: Desk):
        del fake_of(here).notes[TICKET]
        with pytest.raises(Refused, match="no ticket 5002"):
            await here.channel.send(here.letter(), None)

    @pytest.mark.parametrize("wrong", [{"note_type": 99}, {"publish": 99}])
    async def test_a_value_that_is_none_of_the_customers_is_named(
        self, here: Desk, wrong: dict[str, int]
    ):
        name = {"note_type": "noteType", "publish": "publish"}[next(iter(wrong))]
        with pytest.raises(Refused, match=f"refuses {name}"):
            await channel(here.outgoing, **wrong).send(here.letter(), None)
        with pytest.raises(Refused, match=f"no active value of {name}"):
            tried = letter(ticket=None, purpose=Purpose.TEST)
            await channel(here.outgoing, **wrong).send(tried, None)

    async def test_who_will_see_the_notes_is_told_when_the_keys_are_tried(self, here: Desk):
        sent = await here.channel.send(letter(ticket=None, purpose=Purpose.TEST), None)
        assert "'Internal Users Only'" in sent.said


@pytest.mark.parametrize(
    "wrong", [{"zone": "https://evil.example/"}, {"publish": -1}, {"publish": None}, {"more": 1}]
)
def test_settings_that_would_lead_elsewhere_are_refused(wrong: dict[str, Any]):
    settings = {"user_name": vendor.USER, "note_type": 3, "publish": 2}
    with pytest.raises(ValidationError):
        AutotaskSettings.model_validate(settings | wrong)


def test_keys_are_not_part_of_what_is_printed():
    assert "canary" not in repr(AutotaskSecrets(integration_code="canary", secret="canary"))
