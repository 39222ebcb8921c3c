"""Somebody who has one session after another, and is stuck in each."""

import asyncio

from tests.harness.web import Client
from tests.journeys import documents as ask


class Raiser:
    """``raised`` has the handoffs' ids, oldest first."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.raised: list[str] = []
        self.enough = False

    async def raise_one(self) -> None:
        started = await self.client.ask(ask.START, input={"problemSummary": "Outlook"})
        raised = await self.client.ask(
            ask.ESCALATE, input={"sessionId": started["session"]["id"], "reason": "Stuck"}
        )
        self.raised.append(raised["handoff"]["id"])

    async def go_on(self) -> None:
        while not self.enough:
            await self.raise_one()
            await asyncio.sleep(0.05)
