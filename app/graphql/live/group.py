"""Those who share a subscription: each event is executed once, and all get the same bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable
from contextvars import Context
from functools import partial
from time import time
from typing import Any, Final

from app.graphql.live.audience import Audience
from app.graphql.live.hearing import Hears, tell
from app.graphql.live.rendering import Renderer, patiently
from app.graphql.live.subscriber import LiveSubscription, TooSlow, ending
from app.graphql.live.tally import Tally
from app.graphql.live.versions import Versions
from resolvers.streams import Feed, Stream
from services.events import Event

MOST_BEHIND: Final = 1000
"""Events that a subscriber who once was up to date may fall behind."""

AT_ONCE: Final = 250
"""Deliveries between which pings, answers and new clients get their turn: some milliseconds."""

REUSED_FOR: Final = 1.0
"""Seconds that a rendering is given to others who catch up, while nothing else happens."""

MOST_KEPT: Final = 200
"""Renderings kept for that."""


class Group:
    """A member is up to date: it has been given every event up to ``position``, and the loop hands
    it the next. Who has just come with a cursor, or has no room left, catches up in a task of its
    own until it stands where the group stands; there is no instant between the two.
    """

    def __init__(
        self,
        renderer: Renderer,
        stream: Stream[Any],
        audience: Audience,
        tally: Tally,
        *,
        heard: Hears,
        ended: Callable[[Group], None],
    ) -> None:
        """``stream`` is the first subscriber's; ``ended`` is called when nobody is left."""
        self.renderer = renderer
        self.stream = stream
        self.audience = audience
        self.tally = tally
        self.heard = heard
        self.ended = ended
        self.position = stream.feed.position
        self.members: dict[LiveSubscription, None] = {}
        self.size = 0
        self.broken: Exception | None = None
        self.recent: dict[int, asyncio.Task[Versions]] = {}
        self.recent_of = (0, 0.0)  # the log's newest event, and until when
        # nobody's in particular: what it logs is not to bear the founder's name
        self.task = asyncio.get_running_loop().create_task(self.run(stream.feed), context=Context())

    # ------------------------------------------------------------------ coming and going

    def join(self, subscriber: LiveSubscription, feed: Feed) -> None:
        """``feed`` stands where the subscriber begins."""
        self.size += 1
        subscriber.left = self.leave
        if feed is self.stream.feed:
            subscriber.feed = None
            self.members[subscriber] = None
        elif not self.rejoin(subscriber):
            subscriber.drive(partial(self.catch_up, subscriber))

    def leave(self, subscriber: LiveSubscription) -> None:
        self.members.pop(subscriber, None)
        self.size -= 1
        if self.size == 0:
            self.ended(self)
            self.task.cancel()
            self.stream.feed.close()

    # ------------------------------------------------------------------ together

    async def run(self, feed: Feed) -> None:
        try:
            async for event in feed:
                value = self.stream.message(event)
                if value is None:
                    self.position = event.seq
                else:
                    await self.hand_out(event, await self.versions(event, value))
        except Exception as error:
            self.fail(error)
        finally:
            feed.close()

    async def hand_out(self, event: Event, versions: Versions) -> None:
        members = list(self.members)
        while not await versions.make_ready(members):
            members = list(self.members)  # somebody may have come meanwhile
        self.position = event.seq  # who comes from here on has it already, or fetches it
        cursor = self.stream.cursor(event.seq)
        concerned = versions.concerned
        payload = versions.common
        for place, member in enumerate(members, start=1):
            if not member.ended and member.position < event.seq:
                if member.engineer in concerned:
                    self.hand_own(member, event, versions, cursor)
                elif member.offer(payload, cursor):
                    member.position = event.seq
                else:
                    self.fall_behind(member, event)
            if place % AT_ONCE == 0:
                await asyncio.sleep(0)
        self.tally.handed_out(len(members), time() - event.occurred_at.timestamp())
        self.tell_heard(event, (each.engineer for each in members if each.position >= event.seq))

    def tell_heard(self, event: Event, handed_to: Iterable[Hashable]) -> None:
        tell(self.heard, self.stream.context.account_id, event, handed_to)

    def hand_own(
        self, member: LiveSubscription, event: Event, versions: Versions, cursor: str
    ) -> None:
        try:
            payload = versions.version(member)
        except Exception as error:
            member.end(ending(error))
            return
        if member.offer(payload, cursor):
            member.position = event.seq
        else:
            self.fall_behind(member, event)

    def fail(self, error: Exception) -> None:
        self.broken = error
        self.ended(self)
        how = ending(error)
        for member in list(self.members):
            member.end(how)

    # ------------------------------------------------------------------ apart

    def fall_behind(self, member: LiveSubscription, event: Event) -> None:
        """It had no room for this one; what comes before, it has."""
        self.tally.fell_behind += 1
        del self.members[member]
        member.position = event.seq - 1
        member.drive(partial(self.catch_up, member))

    async def catch_up(self, subscriber: LiveSubscription) -> None:
        """Raises TooSlow, and what ends a feed."""
        feed = subscriber.feed
        if feed is None:
            feed = await patiently(lambda: self.stream.feed_after(subscriber.position))
            subscriber.feed = feed
        try:
            allowed = max(MOST_BEHIND, feed.newest - feed.position)
            while not self.rejoin(subscriber):
                event = await anext(feed)
                value = self.stream.message(event)
                if value is not None:
                    await self.hand_alone(subscriber, event, value)
                subscriber.position = event.seq
                if feed.newest - event.seq > allowed:
                    raise TooSlow
        finally:
            feed.close()

    async def hand_alone(self, subscriber: LiveSubscription, event: Event, value: Any) -> None:
        async def make() -> bytes:
            versions = await self.versions(event, value)
            await versions.make_ready((subscriber,))
            return versions.version(subscriber)

        await subscriber.take(make, self.stream.cursor(event.seq))
        self.tally.delivered += 1
        self.tell_heard(event, (subscriber.engineer,))

    def rejoin(self, subscriber: LiveSubscription) -> bool:
        """Whether it stands where the group does; then it is a member from this instant on."""
        if subscriber.position < self.position:
            return False
        if self.broken is not None:
            raise self.broken
        subscriber.let_go()
        self.members[subscriber] = None
        return True

    # ------------------------------------------------------------------ executing

    async def versions(self, event: Event, value: Any) -> Versions:
        """Executed once for whoever asks at about the same time.

        Not longer than nothing new is in the log: what a role may see changes only with an event.
        """
        now = asyncio.get_running_loop().time()
        newest, until = self.recent_of
        if newest != self.stream.feed.newest or now > until or len(self.recent) >= MOST_KEPT:
            self.recent.clear()
            self.recent_of = (self.stream.feed.newest, now + REUSED_FOR)
        rendering = self.recent.get(event.seq)
        if rendering is None:
            self.tally.executed += 1
            versions = Versions(self.renderer, self.audience, value)
            rendering = asyncio.ensure_future(versions.render(event))
            self.recent[event.seq] = rendering
        return await asyncio.shield(rendering)
