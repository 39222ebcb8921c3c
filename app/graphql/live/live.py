"""Who subscribes, and with whom they share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable, Hashable
from functools import partial
from typing import Any, Generic
from weakref import WeakKeyDictionary

from app.graphql.callers import IdentityT, MakeContext
from app.graphql.engine import Engine, Operation
from app.graphql.errors import cancelled
from app.graphql.live.audience import Audience, MakeAudience
from app.graphql.live.group import MOST_BEHIND, Group
from app.graphql.live.hearing import Hears, tell, unnoticed
from app.graphql.live.rendering import Renderer
from app.graphql.live.sharing import Sharing
from app.graphql.live.sink import Ending, Sink
from app.graphql.live.subscriber import COMPLETE, LiveSubscription, TooSlow
from app.graphql.live.tally import Tally
from resolvers.streams import Stream


class Live(Generic[IdentityT]):
    """One for all transports of a process. ``audience`` says who may share; without it nobody.
    ``heard`` is told of whoever was notified of an event and has been handed it."""

    def __init__(
        self,
        engine: Engine,
        make_context: MakeContext[IdentityT],
        audience: MakeAudience[IdentityT] | None = None,
        heard: Hears = unnoticed,
    ) -> None:
        self.engine = engine
        self.make_context = make_context
        self.audience = audience
        self.heard = heard
        self.tally = Tally()
        self.groups: dict[Hashable, Group] = {}
        self.sharings: WeakKeyDictionary[Operation, Sharing] = WeakKeyDictionary()

    async def subscribe(
        self,
        identity: IdentityT,
        operation: Operation,
        variables: dict[str, Any] | None,
        sink: Sink,
        request_id: str,
        *,
        after: str | None = None,
    ) -> LiveSubscription:
        """Results go to ``sink`` from now on, perhaps before this returns.

        ``after`` is a cursor that beats the document's. Raises RequestError for variables that do
        not fit and for a source that could not be made.
        """
        renderer = Renderer(self.engine, operation, variables)
        make_context = partial(self.make_context, identity, request_id)
        context = make_context()
        if after is not None:
            context.resume_after = after
        source = await self.engine.source(operation, renderer.variables, context)
        subscriber = LiveSubscription(identity.engineer, make_context, sink)
        if not isinstance(source, Stream):
            subscriber.drive(partial(self.pull, subscriber, renderer, source))
            return subscriber
        subscriber.feed = source.feed
        subscriber.position = source.feed.position
        try:
            opening = await self.opening(renderer, source, make_context)
            shared = self.shared(identity, operation, variables)
        except BaseException:
            subscriber.leave()
            raise
        cursor = source.cursor(source.feed.position)
        begin = partial(self.begin, subscriber, renderer, source, shared)
        if opening is None or subscriber.offer(opening, cursor):
            begin()
        else:
            subscriber.drive(partial(self.begin_later, subscriber, opening, cursor, begin))
        return subscriber

    async def opening(
        self, renderer: Renderer, stream: Stream[Any], make_context: Callable[[], Any]
    ) -> bytes | None:
        """The message that a stream begins with, if it has one."""
        if stream.opening is None:
            return None
        return await renderer.render(stream.opening, make_context)

    def begin(
        self,
        subscriber: LiveSubscription,
        renderer: Renderer,
        stream: Stream[Any],
        shared: tuple[Hashable, Audience] | None,
    ) -> None:
        if shared is None:
            subscriber.drive(partial(self.alone, subscriber, renderer, stream))
        else:
            self.group(*shared, renderer, stream).join(subscriber, stream.feed)

    async def begin_later(
        self,
        subscriber: LiveSubscription,
        opening: bytes,
        cursor: str,
        begin: Callable[[], None],
    ) -> None:
        """On a connection that has no room just now. Raises TooSlow."""

        async def as_it_is() -> bytes:
            return opening

        await subscriber.take(as_it_is, cursor)
        begin()

    # ------------------------------------------------------------------ who shares

    def shared(
        self, identity: IdentityT, operation: Operation, variables: dict[str, Any] | None
    ) -> tuple[Hashable, Audience] | None:
        """(what is the same for whoever shares, those who may), or None for who shares nothing."""
        sharing = self.sharing(operation)
        if not sharing.shared or self.audience is None:
            return None
        found = self.audience(identity)
        if found is None:
            return None
        common, audience = found
        return (common, sharing.key(variables)), audience

    def group(
        self, key: Hashable, audience: Audience, renderer: Renderer, stream: Stream[Any]
    ) -> Group:
        """The one there is, or a new one that goes on from ``stream``."""

        def ended(group: Group) -> None:
            if self.groups.get(key) is group:
                del self.groups[key]

        group = self.groups.get(key)
        if group is None:
            group = Group(renderer, stream, audience, self.tally, heard=self.heard, ended=ended)
            self.groups[key] = group
        return group

    def sharing(self, operation: Operation) -> Sharing:
        sharing = self.sharings.get(operation)
        if sharing is None:
            sharing = self.sharings[operation] = Sharing(operation, self.engine.schema)
        return sharing

    # ------------------------------------------------------------------ who shares with nobody

    async def alone(
        self, subscriber: LiveSubscription, renderer: Renderer, stream: Stream[Any]
    ) -> None:
        """Raises TooSlow, and what ends a feed."""
        feed = stream.feed
        allowed = max(MOST_BEHIND, feed.newest - feed.position)
        try:
            async for event in feed:
                value = stream.message(event)
                if value is not None:
                    self.tally.executed += 1
                    make = partial(renderer.render, value, subscriber.make_context)
                    await subscriber.take(make, stream.cursor(event.seq))
                    self.tally.delivered += 1
                    who = (subscriber.engineer,)
                    tell(self.heard, stream.context.account_id, event, who)
                subscriber.position = event.seq
                if feed.newest - event.seq > allowed:
                    raise TooSlow
        finally:
            feed.close()

    async def pull(
        self, subscriber: LiveSubscription, renderer: Renderer, source: AsyncIterable[Any]
    ) -> Ending:
        """From a source that is no stream of an account's events."""
        engine, operation, variables = self.engine, renderer.operation, renderer.variables
        results = engine.events(operation, variables, source, subscriber.make_context)
        try:
            async for result in results:

                async def as_it_is(payload: bytes = result.encode()) -> bytes:
                    return payload

                await subscriber.take(as_it_is, None)
        except asyncio.CancelledError as error:  # by ourselves, or by something of the source's
            raise engine.source_error(operation, variables, cancelled(error)) from error
        finally:
            await results.aclose()
        return COMPLETE
