"""What can be loaded, and by what.

What a reader may not see is not loaded: the statements apply the session's door themselves.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

from db.database import Columns, Database, Row, Transaction
from resolvers.loading import Loader, Reader
from services import accounts, deliveries, documentation, engineers, notifications
from services.actor import Actor
from services.handoffs import reading as handoffs
from services.ids import Kind
from services.sessions import reading as sessions
from services.sessions.reading import StepWindow

Window = TypeVar("Window", bound=Hashable)
ReadTenant = Callable[[Transaction, Sequence[UUID]], Awaitable[Sequence[Row]]]
Read = Callable[[Transaction, Actor, Sequence[UUID]], Awaitable[Sequence[Row]]]
ReadWindow = Callable[[Transaction, Actor, Sequence[UUID], Window], Awaitable[Sequence[Row]]]

OneRow = Loader[UUID, Columns]
ManyRows = Loader[UUID, Sequence[Columns]]
Windows = Loader[tuple[UUID, Window], Sequence[Columns]]


class HandoffWindow(NamedTuple):
    """Up to ``limit`` handoffs of a session, older than ``after``."""

    limit: int
    after: UUID | None


class Loaders:
    """Made when first used, for one reader and one operation, since they remember."""

    def __init__(self, database: Database, actor: Actor) -> None:
        self._reader = Reader(database, actor.account_id)
        self._actor = actor

    def of(self, kind: Kind) -> OneRow:
        """The loader of what an id names, by that id."""
        loader: OneRow = getattr(self, BY_KIND[kind])
        return loader

    @cached_property
    def accounts(self) -> OneRow:
        return self._one_row(_for_everybody(accounts.by_ids))

    @cached_property
    def engineers(self) -> OneRow:
        return self._one_row(_for_everybody(engineers.by_ids))

    @cached_property
    def sessions(self) -> OneRow:
        return self._one_row(sessions.by_ids)

    @cached_property
    def steps(self) -> OneRow:
        return self._one_row(sessions.steps_by_ids)

    @cached_property
    def handoffs(self) -> OneRow:
        return self._one_row(handoffs.by_ids)

    @cached_property
    def deliveries(self) -> OneRow:
        return self._one_row(deliveries.by_ids)

    @cached_property
    def documentation(self) -> OneRow:
        return self._one_row(documentation.by_ids)

    @cached_property
    def notifications(self) -> OneRow:
        return self._one_row(notifications.by_ids)

    @cached_property
    def snapshots(self) -> OneRow:
        """By handoff, without their timelines."""
        return self._one_row(handoffs.snapshots, key="handoff_id")

    @cached_property
    def timelines(self) -> OneRow:
        """By handoff."""
        return self._one_row(handoffs.timelines, key="handoff_id")

    @cached_property
    def assessments(self) -> OneRow:
        """By handoff."""
        return self._one_row(handoffs.assessments, key="handoff_id")

    @cached_property
    def documentation_of_handoffs(self) -> OneRow:
        return self._one_row(documentation.by_handoffs, key="handoff_id")

    @cached_property
    def documentation_of_sessions(self) -> OneRow:
        return self._one_row(documentation.by_sessions, key="session_id")

    @cached_property
    def deliveries_of_handoffs(self) -> ManyRows:
        async def read(tx: Transaction, keys: Sequence[UUID]) -> Mapping[UUID, Sequence[Columns]]:
            return _grouped(await deliveries.by_handoffs(tx, self._actor, keys), "handoff_id", keys)

        return Loader(self._reader, read)

    @cached_property
    def steps_of_sessions(self) -> Windows[StepWindow]:
        return self._windows(sessions.steps_pages)

    @cached_property
    def handoffs_of_sessions(self) -> Windows[HandoffWindow]:
        return self._windows(_handoffs_of_sessions)

    def _one_row(self, read: Read, *, key: str = "id") -> OneRow:
        async def read_keys(tx: Transaction, keys: Sequence[UUID]) -> Mapping[UUID, Columns]:
            return {row[key]: row for row in await read(tx, self._actor, keys)}

        return Loader(self._reader, read_keys)

    def _windows(self, read: ReadWindow[Window]) -> Windows[Window]:
        """Parts of sessions, by (session, window): a statement for each different window."""

        async def read_keys(
            tx: Transaction, keys: Sequence[tuple[UUID, Window]]
        ) -> Mapping[tuple[UUID, Window], Sequence[Columns]]:
            asked: defaultdict[Window, list[UUID]] = defaultdict(list)
            for session_id, window in keys:
                asked[window].append(session_id)
            found: dict[tuple[UUID, Window], Sequence[Columns]] = {}
            for window, session_ids in asked.items():
                rows = await read(tx, self._actor, session_ids, window)
                for session_id, part in _grouped(rows, "session_id", session_ids).items():
                    found[session_id, window] = part
            return found

        return Loader(self._reader, read_keys)


BY_KIND: Final = {
    Kind.ACCOUNT: "accounts",
    Kind.DELIVERY: "deliveries",
    Kind.DOCUMENTATION: "documentation",
    Kind.ENGINEER: "engineers",
    Kind.HANDOFF: "handoffs",
    Kind.NOTIFICATION: "notifications",
    Kind.SESSION: "sessions",
    Kind.STEP: "steps",
}


def _for_everybody(read: ReadTenant) -> Read:
    """What everybody of the account may see, whoever asks."""

    async def read_for(tx: Transaction, _: Actor, ids: Sequence[UUID]) -> Sequence[Row]:
        return await read(tx, ids)

    return read_for


async def _handoffs_of_sessions(
    tx: Transaction, actor: Actor, session_ids: Sequence[UUID], window: HandoffWindow
) -> Sequence[Row]:
    return await handoffs.pages_of_sessions(
        tx, actor, session_ids, first=window.limit, after=window.after
    )


def _grouped(
    rows: Sequence[Row], key: str, keys: Sequence[UUID]
) -> Mapping[UUID, Sequence[Columns]]:
    """By ``key``, an empty group for a key without rows."""
    groups: dict[UUID, list[Columns]] = {each: [] for each in keys}
    for row in rows:
        groups[row[key]].append(row)
    return groups
