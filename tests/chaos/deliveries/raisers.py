"""Engineers who ask for help through the front door, each time on a ticket of its own."""

import asyncio
from collections.abc import Callable, Iterator

import httpx2

from tests.chaos.asking import Asking, Unanswered
from tests.harness.people import Account
from tests.harness.web import token_of
from tests.journeys import documents as ask

AT_ONCE = 4  # of each account


class Raisers:
    """Of one account. ``told`` has the deliveries that they were promised, by handoff."""

    def __init__(
        self, account: Account, url: Callable[[], str], tickets: Iterator[int], seed: int
    ) -> None:
        self.account = account
        self.told: dict[str, set[str]] = {}
        self.retries = 0
        self.gave_up: list[str] = []
        self._url = url
        self._tickets = tickets
        self._seed = f"{seed} {account.slug}"
        self._left = 0
        self._due = 0.0
        self._interval = 0.0

    async def ask_for_help(self, often: int, seconds: float) -> None:
        """So often, spread over so long when nothing is in the way."""
        self._left = often
        self._due = asyncio.get_running_loop().time()
        self._interval = seconds / often
        async with httpx2.AsyncClient(timeout=15) as http, asyncio.TaskGroup() as everybody:
            for number in range(AT_ONCE):
                asking = Asking(http, self._url, f"{self._seed} {number}")
                everybody.create_task(self._ask(asking))

    async def _ask(self, asking: Asking) -> None:
        try:
            while self._left > 0:
                self._left -= 1
                self._due += self._interval
                await asyncio.sleep(self._due - asyncio.get_running_loop().time())
                await self._once(asking, next(self._tickets))
        except Unanswered as why:
            self.gave_up.append(str(why))
            self._left = 0
        self.retries += asking.retries

    async def _once(self, asking: Asking, ticket: int) -> None:
        token = token_of(self.account.tier1, self.account)
        start = {
            "problemSummary": "Outlook can't connect",
            "ticket": {"system": "HaloPSA", "number": f"{ticket}"},
            "idempotencyKey": f"{self._seed} start {ticket}",
        }
        started = await asking.ask(token, ask.START, input=start)
        escalate = {
            "sessionId": started["session"]["id"],
            "reason": "Out of ideas",
            "idempotencyKey": f"{self._seed} escalate {ticket}",
        }
        raised = await asking.ask(token, ask.ESCALATE, input=escalate)
        self.told[raised["handoff"]["id"]] = {each["id"] for each in raised["deliveries"]}
