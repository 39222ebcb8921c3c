"""Live streams: what an account's log has after a cursor, and then what happens."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Self
from uuid import UUID

from resolvers import cursors
from resolvers.context import Context
from resolvers.errors import ClientError, ErrorCode
from services import ids
from services.events import CursorExpired, CursorUnknown, Event, Follower, HubStopped
from services.handoffs import reading
from services.ids import Kind

STOPPED: Final = (
    "This server stops following the events, probably to be restarted. Nothing is lost: subscribe "
    "again after the last cursor you have."
)


@asynccontextmanager
async def following(context: Context, after: str | None) -> AsyncIterator[Follower]:
    """The events after the cursor ``after``, or from now on.

    What ends the iteration early comes out as a ClientError: CURSOR_INVALID, CURSOR_EXPIRED, or
    UNAVAILABLE with the cursor to go on from.
    """
    begin = None if after is None else cursors.read(context.actor.account_id, after)
    async with _from(context, begin) as follower:
        yield follower


@dataclass(frozen=True, slots=True)
class HandoffStream:
    """Events, of one handoff if ``handoff_id`` is given. Begins at ``cursor``.

    ``open_handoffs`` is true at ``latest``, which is not before ``cursor``.
    """

    cursor: str
    latest: str
    open_handoffs: int
    handoff_id: UUID | None
    follower: Follower

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while True:
            event = await anext(self.follower)
            if self.handoff_id is None or event.handoff_id == self.handoff_id:
                return event


@asynccontextmanager
async def handoff_events(
    context: Context, after: str | None, handoff: str | None
) -> AsyncIterator[HandoffStream]:
    """As ``following``, with the number of waiting handoffs.

    It is read in one statement with the end of the log, where the stream begins unless ``after``
    is given: who counts on from there counts nothing twice and misses nothing.
    Raises ClientError for a ``handoff`` that is not there.
    """
    actor = context.actor
    begin = None if after is None else cursors.read(actor.account_id, after)
    handoff_id = None if handoff is None else await _existing(context, handoff)
    async with context.database.transaction(actor.account_id) as tx:
        waiting = await reading.queue(tx, actor, first=0)
    if begin is None:
        begin = waiting.seq
    async with _from(context, begin) as follower:
        yield HandoffStream(
            cursor=cursors.write(actor.account_id, begin),
            latest=cursors.write(actor.account_id, waiting.seq),
            open_handoffs=waiting.count,
            handoff_id=handoff_id,
            follower=follower,
        )


async def _existing(context: Context, handoff: str) -> UUID:
    handoff_id = ids.parse(handoff, Kind.HANDOFF)
    row = None if handoff_id is None else await context.loaders.handoffs.row(handoff_id)
    if handoff_id is None or row is None:
        raise ClientError("There is no such handoff in your account.")
    return handoff_id


@asynccontextmanager
async def _from(context: Context, begin: int | None) -> AsyncIterator[Follower]:
    account_id = context.actor.account_id
    follower: Follower | None = None
    try:
        follower = await context.hub.follow(account_id, begin)
        yield follower
    except CursorExpired as problem:
        raise ClientError(str(problem), ErrorCode.CURSOR_EXPIRED) from problem
    except CursorUnknown as problem:
        raise ClientError(cursors.INVALID, ErrorCode.CURSOR_INVALID) from problem
    except HubStopped as stopped:
        resume = {"cursor": cursors.write(account_id, follower.position)} if follower else None
        raise ClientError(STOPPED, ErrorCode.UNAVAILABLE, resume) from stopped
    finally:
        if follower is not None:
            await follower.aclose()


def own_notification(context: Context, event: Event) -> UUID | None:
    """The caller's bell item that tells of this event, if there is one."""
    for engineer_id, notification_id in zip(event.notified, event.notifications, strict=True):
        if engineer_id == context.actor.id:
            return notification_id
    return None
