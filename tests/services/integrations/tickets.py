"""What is promised of every ticket system, told once and tried with each of the three fakes."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from app.demo.vendors.base import GARBAGE, Asked, FakeVendor, Fault
from services.integrations.outgoing import Outgoing
from services.integrations.protocol import Letter, Purpose, Refused, Ticket, TryAgain
from services.integrations.psa import TicketSystem
from tests.services.integrations.letters import OF_HANDOFFS, letter

TLS = ssl.create_default_context()  # making one takes longer than most tests
LONG = "\n".join(f"{n}. **Step {n}**: did not work \N{SLIGHTLY SMILING FACE}" for n in range(4000))


@dataclass
class Desk:
    """A ticket system, a channel to it, and how to read what is on its one ticket.

    ``hurried`` is another channel, which soon gives up, and ``outgoing`` the way there for more.
    """

    fake: FakeVendor
    outgoing: Outgoing
    channel: TicketSystem
    hurried: TicketSystem
    number: str
    read: Callable[[], list[tuple[str, str]]]  # ids and texts

    def letter(self, **changes: Any) -> Letter:
        return letter(ticket=Ticket(self.channel.vendor, self.number), **changes)

    def asked(self, method: str) -> list[Asked]:
        return [asked for asked in self.fake.asked if asked.method == method]


@asynccontextmanager
async def desk(
    fake: FakeVendor,
    routes: dict[str, str],
    make: Callable[[Outgoing], TicketSystem],
    number: str,
    read: Callable[[], list[tuple[str, str]]],
) -> AsyncIterator[Desk]:
    """As on the first day: ``fake`` is served to a whole file of tests."""
    fake.__init__()  # type: ignore[misc]
    outgoing = Outgoing(routes=routes, tls=TLS)
    hurried = Outgoing(routes=routes, tls=TLS, timeout=timedelta(seconds=1))
    yield Desk(fake, outgoing, make(outgoing), make(hurried), number, read)
    await outgoing.aclose()
    await hurried.aclose()


class TicketSystemPromises:
    """Inherit it, and have a fixture ``here`` with a Desk whose first requests are over: what is
    asked next is the look for the note, and then the note."""

    async def test_a_note_is_written_and_its_id_kept(self, here: Desk):
        sent = await here.channel.send(here.letter(), None)

        [(note_id, text)] = here.read()
        assert sent.reference == note_id
        assert "Everything there is to say." in text
        assert "https://baton.example.com/h/abc" in text
        assert text.rstrip().endswith(f"[{here.letter().marker}/1]")

    @pytest.mark.parametrize("fault", [Fault.LOSE_ANSWER, Fault.GARBAGE])
    async def test_a_note_whose_answer_was_lost_is_found_and_not_written_again(
        self, here: Desk, fault: Fault
    ):
        here.fake.faults.extend([None, fault])
        with pytest.raises(TryAgain):
            await here.channel.send(here.letter(), None)

        sent = await here.channel.send(here.letter(), None)

        [(note_id, _)] = here.read()
        assert sent.reference == note_id
        assert "already" in sent.said

    @pytest.mark.parametrize("lost", [1, 2, 3])
    async def test_of_several_notes_only_those_are_written_that_are_missing(
        self, here: Desk, lost: int
    ):
        told = here.letter(markdown=LONG)
        here.fake.faults.extend([None, *[None] * (lost - 1), Fault.LOSE_ANSWER])
        with pytest.raises(TryAgain):
            await here.channel.send(told, None)

        sent = await here.channel.send(told, None)

        notes = here.read()
        assert len(notes) > 3
        assert sent.reference == ",".join(note_id for note_id, _ in notes)
        for number, (_, text) in enumerate(notes, 1):
            assert text.startswith(f"Handed over ({number}/{len(notes)})\n")
            assert text.endswith(f"[{told.marker}/{number}]")

    async def test_nothing_of_a_long_account_is_lost_between_notes(self, here: Desk):
        await here.channel.send(here.letter(markdown=LONG), None)

        lines = [line for _, text in here.read() for line in text.splitlines()]
        steps = [line for line in lines if "Step" in line]
        assert steps == LONG.replace("**", "").splitlines()

    async def test_a_later_event_has_a_note_of_its_own(self, here: Desk):
        raised = here.letter()
        await here.channel.send(raised, None)
        resolved = here.letter(
            purpose=Purpose.RESOLVED,
            marker=raised.marker.replace("raised", "resolved"),
            who="Sam Ortiz",
            words="Renewed the certificate",
            markdown="## What fixed it\n\nRenewed the certificate\n",
        )
        await here.channel.send(resolved, None)

        [_, (_, text)] = here.read()
        assert "Sam Ortiz has resolved this" in text
        assert "Renewed the certificate" in text
        assert "Everything there is to say." not in text

    async def test_every_event_can_be_told(self, here: Desk):
        for purpose in OF_HANDOFFS:
            await here.channel.send(here.letter(purpose=purpose, marker=purpose.value), None)

        texts = [text for _, text in here.read()]
        assert len({text.splitlines()[0] for text in texts}) == len(texts) == len(OF_HANDOFFS)

    @pytest.mark.parametrize("at", [0, 1])
    async def test_trouble_at_the_vendor_is_worth_another_try(self, here: Desk, at: int):
        here.fake.faults.extend([*[None] * at, Fault.SERVER_ERROR])
        with pytest.raises(TryAgain) as caught:
            await here.channel.send(here.letter(), None)
        assert caught.value.status == 500
        assert here.read() == []

        await here.channel.send(here.letter(), None)
        assert len(here.read()) == 1

    async def test_a_vendor_that_does_not_answer_is_waited_for_so_long_and_tried_again(
        self, here: Desk
    ):
        here.fake.faults.append(Fault.HANG)
        with pytest.raises(TryAgain, match="in time"):
            await here.hurried.send(here.letter(), None)

    async def test_a_pause_that_is_asked_for_is_passed_on(self, here: Desk):
        here.fake.retry_after = 90
        here.fake.faults.append(Fault.BUSY)
        with pytest.raises(TryAgain) as caught:
            await here.channel.send(here.letter(), None)
        assert (caught.value.after, caught.value.status) == (timedelta(seconds=90), 429)

    @pytest.mark.parametrize("at", [0, 1])
    async def test_a_redirect_is_not_followed(self, here: Desk, at: int):
        here.fake.faults.extend([*[None] * at, Fault.REDIRECT])
        with pytest.raises(Refused) as caught:
            await here.channel.send(here.letter(), None)
        assert caught.value.status == 307
        assert "stolen" not in caught.value.why

    async def test_garbage_in_place_of_the_notes_is_worth_another_try(self, here: Desk):
        here.fake.faults.append(Fault.GARBAGE)
        with pytest.raises(TryAgain) as caught:
            await here.channel.send(here.letter(), None)
        assert GARBAGE.decode("latin-1")[:6] not in caught.value.why
        assert here.read() == []

    async def test_without_a_ticket_nothing_is_sent(self, here: Desk):
        with pytest.raises(Refused, match="ticket"):
            await here.channel.send(letter(ticket=None), None)
        assert here.read() == []

    async def test_keys_can_be_tried_without_a_ticket(self, here: Desk):
        sent = await here.channel.send(letter(ticket=None, purpose=Purpose.TEST), None)
        assert sent.reference is None
        assert "accepts the keys" in sent.said
        assert here.read() == []
