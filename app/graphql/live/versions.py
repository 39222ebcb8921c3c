"""What one event is to those who share a subscription: the same for nearly all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Hashable, Iterable
from typing import Any

from app.graphql.live.audience import Audience
from app.graphql.live.rendering import Renderer, patiently
from app.graphql.live.subscriber import LiveSubscription


class Versions:
    """One for everybody, and one for each of the few whom the event concerns, made when asked for.

    ``make_ready`` for those who are to be told, then ``version`` for each of them.
    """

    __slots__ = (
        "audience",
        "common",
        "concerned",
        "context",
        "own",
        "renderer",
        "value",
        "witnesses",
    )

    def __init__(self, renderer: Renderer, audience: Audience, value: Any) -> None:
        self.renderer = renderer
        self.audience = audience
        self.value = value
        self.context: Any = None
        self.concerned: Collection[Hashable] = ()
        self.common = b""
        self.own: dict[Hashable, asyncio.Task[bytes]] = {}
        self.witnesses: set[Hashable] = set()

    async def render(self, event: Any) -> Versions:
        """The one for everybody. Who is concerned is read with it, through the same loaders."""

        async def attempt() -> bytes:
            self.context = self.audience.everybody()
            self.concerned = await self.audience.concerned(self.context, event)
            return (await self.renderer.attempt(self.value, self.context)).encode()

        self.common = await patiently(attempt)
        return self

    def version(self, subscriber: LiveSubscription) -> bytes:
        if subscriber.engineer in self.concerned:
            return self.own[subscriber.engineer].result()
        return self.common

    async def make_ready(self, subscribers: Iterable[LiveSubscription]) -> bool:
        """Whether it was already, without anything having to be awaited."""
        if not self.concerned and not self.audience.remarkable(self.context):
            return True
        missing, unseen = [], set()
        for each in subscribers:
            if each.engineer in self.concerned:
                version = self.own.get(each.engineer)
                if version is None:
                    making = self.renderer.render(self.value, each.make_context)
                    version = self.own[each.engineer] = asyncio.ensure_future(making)
                if not version.done():
                    missing.append(version)
            elif each.engineer not in self.witnesses:
                unseen.add(each.engineer)
        if missing:
            await asyncio.wait(missing)
        if unseen and self.audience.remarkable(self.context):
            await patiently(lambda: self.audience.witnessed(self.context, unseen))
        self.witnesses |= unseen
        return not missing and not unseen
