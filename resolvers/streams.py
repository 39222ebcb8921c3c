"""Live streams: what an account's log has after a cursor, and then what happens."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final, Generic, Self, TypeVar
from uuid import UUID

from resolvers import cursors
from resolvers.context import Context
from resolvers.errors import ClientError, ErrorCode
from services import ids
from services.events import CursorExpired, CursorUnknown, Event, Follower, HubStopped
from services.handoffs import reading
from services.ids import Kind

M = TypeVar("M")

STOPPED: Final = (
    "This server stops following the events, probably to be restarted. Nothing is lost: subscribe "
    "again after the last cursor you have."
)


class Feed:
    """The events behind a place in an account's log, each once, in order, for one consumer.

    What ends the iteration early comes out as a ClientError: CURSOR_INVALID, CURSOR_EXPIRED, or
    UNAVAILABLE with the cursor to go on from. ``close`` it when done.
    """

    __slots__ = ("_account_id", "_follower")

    def __init__(self, account_id: UUID, follower: Follower) -> None:
        self._account_id = account_id
        self._follower = follower

    @classmethod
    async def open(cls, context: Context, after: int | None) -> Self:
        """After that number, or from now on. Raises ClientError as the iteration does."""
        account_id = context.account_id
        try:
            return cls(account_id, await context.hub.follow(account_id, after))
        except (CursorExpired, CursorUnknown, HubStopped) as problem:
            raise _told(problem, account_id) from problem

    @property
    def position(self) -> int:
        """The number of the last event it gave, or where it began."""
        return self._follower.position

    @property
    def newest(self) -> int:
        """The number of the last event that this process has read."""
        return self._follower.newest

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        try:
            return await anext(self._follower)
        except (CursorExpired, CursorUnknown, HubStopped) as problem:
            raise _told(problem, self._account_id) from problem

    def close(self) -> None:
        """Safe to repeat. An iteration that waits ends."""
        self._follower.close()


def _told(problem: CursorExpired | CursorUnknown | HubStopped, account_id: UUID) -> ClientError:
    match problem:
        case CursorExpired():
            return ClientError(str(problem), ErrorCode.CURSOR_EXPIRED)
        case CursorUnknown():
            return ClientError(cursors.INVALID, ErrorCode.CURSOR_INVALID)
        case HubStopped(position=position):
            resume = {"cursor": cursors.write(account_id, position)}
            return ClientError(STOPPED, ErrorCode.UNAVAILABLE, resume)


@dataclass(eq=False, slots=True)
class Stream(Generic[M]):
    """What a subscription's resolver gives: ``opening``, if any, then ``message`` of each event.

    Iterating it is one way to have them, for one subscriber. For many at once, transports take it
    apart: ``message`` depends on nothing but the event and the arguments, unless the field is
    declared ``own``. It is None for an event that is none of this stream's.
    """

    context: Context
    feed: Feed
    message: Callable[[Event], M | None]
    opening: M | None = None

    def cursor(self, seq: int) -> str:
        return cursors.write(self.context.account_id, seq)

    async def feed_after(self, seq: int) -> Feed:
        """Another consumer's. Raises ClientError as the iteration of a Feed does."""
        return await Feed.open(self.context, seq)

    async def __aiter__(self) -> AsyncIterator[M]:
        try:
            if self.opening is not None:
                yield self.opening
            async for event in self.feed:
                found = self.message(event)
                if found is not None:
                    yield found
        finally:
            self.feed.close()


async def of_account(
    context: Context,
    after: str | None,
    message: Callable[[Event], M | None],
    *,
    opening: M | None = None,
) -> Stream[M]:
    """After the cursor, or from now on. Raises ClientError: CURSOR_INVALID, CURSOR_EXPIRED."""
    feed = await Feed.open(context, _begin(context, after))
    return Stream(context, feed, message, opening)


def _begin(context: Context, after: str | None) -> int | None:
    after = context.resume_after or after
    return None if after is None else cursors.read(context.account_id, after)


@dataclass(frozen=True, slots=True)
class HandoffsStart:
    """Where a stream begins, and how many waited at ``latest``, which is not before it."""

    cursor: str
    latest: str
    open_handoffs: int


async def handoffs_start(context: Context, after: str | None) -> HandoffsStart:
    """The number of waiting handoffs is read in one statement with the end of the log.

    That is where the stream begins unless ``after`` is given: who counts on from there counts
    nothing twice and misses nothing. Raises ClientError: CURSOR_INVALID.
    """
    actor = context.actor
    begin = _begin(context, after)
    async with context.database.transaction(actor.account_id) as tx:
        waiting = await reading.queue(tx, actor, first=0)
    return HandoffsStart(
        cursor=cursors.write(actor.account_id, waiting.seq if begin is None else begin),
        latest=cursors.write(actor.account_id, waiting.seq),
        open_handoffs=waiting.count,
    )


async def existing(context: Context, handoff: str | None) -> UUID | None:
    """The handoff's own id; None if none is asked for. Raises ClientError if it is not there."""
    if handoff is None:
        return None
    handoff_id = ids.parse(handoff, Kind.HANDOFF)
    row = None if handoff_id is None else await context.loaders.handoffs.row(handoff_id)
    if handoff_id is None or row is None:
        raise ClientError("There is no such handoff in your account.")
    return handoff_id


def notification_of(engineer_id: UUID, event: Event) -> UUID | None:
    """The engineer's bell item that tells of this event, if there is one."""
    for notified, notification_id in zip(event.notified, event.notifications, strict=True):
        if notified == engineer_id:
            return notification_id
    return None
