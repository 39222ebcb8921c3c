"""Subscribers of live streams: as a transport would be one, over a real log and a real hub."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from app.graphql.live import Ending, Live, LiveSubscription
from resolvers.audiences import Audience
from resolvers.context import Context
from services.actor import Actor
from tests.harness.story import NOON
from tests.schema.asking import ENGINE, Client


@dataclass(frozen=True)
class Identity:
    actor: Actor
    expires_at: datetime = NOON

    @property
    def engineer(self) -> UUID:
        return self.actor.id

    @property
    def account(self) -> UUID:
        return self.actor.account_id


def shared_live(client: Client) -> Live[Identity]:
    """As the service puts it together."""

    def audience(identity: Identity) -> tuple[tuple[UUID, str], Audience]:
        actor = identity.actor
        return (actor.account_id, actor.role), Audience(lambda: client.context(actor))

    return Live(ENGINE, contexts(client), audience)


def lonely_live(client: Client) -> Live[Identity]:
    """Nobody shares: everything is executed for each subscriber alone."""
    return Live(ENGINE, contexts(client))


def contexts(client: Client) -> Callable[[Identity, str], Context]:
    return lambda identity, _request_id: client.context(identity.actor)


class Ear:
    """A sink with room for ``room`` results, without a bound when that is None."""

    def __init__(self, room: int | None = None) -> None:
        self.room = room
        self.results: list[dict[str, Any]] = []
        self.ending: Ending | None = None
        self.subscription: LiveSubscription | None = None
        self.changed = asyncio.Event()

    async def subscribe(
        self, live: Live[Identity], actor: Actor, document: str, **variables: Any
    ) -> "Ear":
        self.subscription = await live.subscribe(
            Identity(actor), ENGINE.prepare(document), variables, self, "test"
        )
        return self

    def offer(self, payload: bytes, cursor: str | None) -> bool:
        if self.room == 0:
            return False
        if self.room is not None:
            self.room -= 1
        self.results.append(orjson.loads(payload))
        self.changed.set()
        return True

    def end(self, ending: Ending) -> None:
        assert self.ending is None
        self.ending = ending
        self.changed.set()

    def read(self, count: int | None = None) -> None:
        """Make room for so many, or for all."""
        self.room = count
        if self.subscription is not None:
            self.subscription.room()

    def leave(self) -> None:
        assert self.subscription is not None
        self.subscription.leave()

    @property
    def roots(self) -> list[Any]:
        """What the root field of each result holds."""
        assert not any("errors" in result for result in self.results), self.results
        return [value for result in self.results for value in result["data"].values()]

    async def until(self, condition: Callable[["Ear"], object]) -> "Ear":
        async with asyncio.timeout(10):
            while not condition(self):
                self.changed.clear()
                await self.changed.wait()
        return self

    async def hears(self, count: int) -> list[Any]:
        await self.until(lambda ear: len(ear.results) >= count or ear.ending)
        assert self.ending is None, self.ending
        return self.roots
