"""The people of the story at the API: what they do, and what they see live."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from app.demo import documents
from app.demo.client import PATIENCE, Client, StoryStopped
from app.demo.live import Arrival, Subscription, live


@dataclass(frozen=True, slots=True)
class Engineer:
    """Somebody who is signed in. ``id`` is the API's."""

    id: str
    name: str
    tier: int
    account: str
    endpoint: str
    token: str = field(repr=False)
    client: Client = field(repr=False)

    async def do(self, document: str, operation: str, input: Mapping[str, Any]) -> dict[str, Any]:
        """A mutation that must succeed. Raises StoryStopped with the refusal."""
        answer: dict[str, Any] = (await self.client.ask(document, input=input))[operation]
        if not answer["__typename"].endswith("Success"):
            raise StoryStopped(f"{operation} was refused: {answer['message']}")
        return answer


@dataclass(frozen=True, slots=True)
class Watcher:
    """An engineer with both live streams open.

    The account may be busy with other work meanwhile: what is not about the handoff is passed over.
    """

    engineer: Engineer
    arrivals: Subscription
    news: Subscription

    async def arrival(self, handoff_id: str) -> Arrival | None:
        """When the handoff came in `handoffCreated`; None if it never did."""
        return await _find(
            self.arrivals, lambda data: data["handoffCreated"]["handoff"]["id"] == handoff_id
        )

    async def next_about(self, handoff_id: str) -> dict[str, Any] | None:
        """What `handoffEvents` tells next that somebody did with it; None if nothing comes."""

        def fits(data: Any) -> bool:
            event = data["handoffEvents"]
            # an assessment may come to its end at any time, by the service
            return event["handoff"]["id"] == handoff_id and event["actor"] is not None

        found = await _find(self.news, fits)
        return None if found is None else found.data["handoffEvents"]


async def enter(stack: AsyncExitStack, endpoint: str, token: str) -> Engineer:
    """Sign in. Raises StoryStopped where that is refused or nobody answers."""
    client = await stack.enter_async_context(Client(endpoint, token))
    viewer = (await client.ask(documents.WHO))["viewer"]
    who = viewer["engineer"]
    account = viewer["account"]["name"]
    return Engineer(who["id"], who["name"], who["tier"], account, endpoint, token, client)


async def watch(stack: AsyncExitStack, engineer: Engineer) -> Watcher:
    """Open both streams where the queue stands now, and wait until they are live."""
    connection = await stack.enter_async_context(live(engineer.endpoint, engineer.token))
    queue = (await engineer.client.ask(documents.QUEUE))["handoffQueue"]
    arrivals = await connection.subscribe(documents.ARRIVALS, after=queue["cursor"])
    news = await connection.subscribe(documents.NEWS, after=queue["cursor"])
    try:
        first = (await news.next()).data["handoffEvents"]["__typename"]
    except TimeoutError:
        first = "nothing"
    if first != "StreamReady":
        raise StoryStopped(f"A live stream began with {first} instead of StreamReady.")
    return Watcher(engineer, arrivals, news)


async def _find(subscription: Subscription, fits: Callable[[Any], bool]) -> Arrival | None:
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                arrival = await subscription.next()
                if fits(arrival.data):
                    return arrival
    except TimeoutError:
        return None
