"""What can be loaded, and by what.

What a reader may not see is not loaded: the statements apply the session's door themselves.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

from db.database import Columns, Row, Transaction
from resolvers.loading import Loader, OpenViewing, Reader
from services import accounts, deliveries, documentation, engineers, events, notifications, views
from services.actor import Actor
from services.handoffs import rating, reaching
from services.handoffs import reading as handoffs
from services.ids import Kind
from services.integrations import configuring, notices
from services.sessions import reading as sessions
from services.sessions.reading import StepWindow
from services.views import Place, Viewing

Window = TypeVar("Window", bound=Hashable)
ReadTenant = Callable[[Transaction, Sequence[UUID]], Awaitable[Sequence[Row]]]
ReadRecord = Callable[[Transaction, Actor, Sequence[UUID]], Awaitable[Sequence[Row]]]
Read = Callable[[Viewing, Actor, Sequence[UUID]], Awaitable[Sequence[Row]]]
ReadWindow = Callable[[Viewing, Actor, Sequence[UUID], Window], Awaitable[Sequence[Row]]]

OneRow = Loader[UUID, Columns]
ManyRows = Loader[UUID, Sequence[Columns]]
Windows = Loader[tuple[UUID, Window], Sequence[Columns]]


class HandoffWindow(NamedTuple):
    """Up to ``limit`` handoffs of a session, older than ``after``."""

    limit: int
    after: UUID | None


class HistoryWindow(NamedTuple):
    """Up to ``limit`` events of a handoff, behind the one of number ``after``."""

    limit: int
    after: int


class ViewWindow(NamedTuple):
    """Up to ``limit`` views of a session, behind ``after``."""

    limit: int
    after: Place | None


class Loaders:
    """Made when first used, for one reader and one operation, since they remember."""

    def __init__(self, actor: Actor, viewing: OpenViewing) -> None:
        self._reader = Reader(viewing)
        self._actor = actor

    def stop(self) -> None:
        """What is being read is wanted by nobody any more."""
        self._reader.stop()

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
        return self._one_row(_record(handoffs.by_ids))

    @cached_property
    def deliveries(self) -> OneRow:
        return self._one_row(deliveries.by_ids)

    @cached_property
    def documentation(self) -> OneRow:
        return self._one_row(documentation.by_ids)

    @cached_property
    def integrations(self) -> OneRow:
        """For ADMINs; nothing for others."""
        return self._one_row(_record(configuring.by_ids))

    @cached_property
    def work_of_integrations(self) -> OneRow:
        """For ADMINs; nothing for others, nor of one over which all is done."""
        return self._one_row(_record(deliveries.of_integrations), key="integration_id")

    @cached_property
    def notices(self) -> OneRow:
        """For ADMINs; nothing for others."""
        return self._one_row(_record(notices.by_ids))

    @cached_property
    def notifications(self) -> OneRow:
        return self._one_row(_record(notifications.by_ids))

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
    def ratings(self) -> OneRow:
        """Of assessments, by handoff; with the reader's own."""
        return self._one_row(rating.by_handoffs, key="handoff_id")

    @cached_property
    def documentation_of_handoffs(self) -> OneRow:
        return self._one_row(documentation.by_handoffs, key="handoff_id")

    @cached_property
    def documentation_of_sessions(self) -> Windows[int | None]:
        """By (session, version); without a number, the newest."""
        return self._windows(documentation.by_sessions)

    @cached_property
    def deliveries_of_handoffs(self) -> ManyRows:
        actor = self._actor

        async def read(view: Viewing, keys: Sequence[UUID]) -> Mapping[UUID, Sequence[Columns]]:
            rows = await deliveries.by_handoffs(view, actor, keys)
            return _grouped(rows, "handoff_id", keys)

        return Loader(self._reader, read)

    @cached_property
    def suggested_steps(self) -> ManyRows:
        """By handoff."""
        actor = self._actor

        async def read(view: Viewing, keys: Sequence[UUID]) -> Mapping[UUID, Sequence[Columns]]:
            rows = await sessions.suggested_steps(view, actor, keys)
            return _grouped(rows, "suggested_in_id", keys)

        return Loader(self._reader, read)

    @cached_property
    def reach_of_handoffs(self) -> OneRow:
        return self._one_row(reaching.by_handoffs, key="handoff_id")

    @cached_property
    def attempts_of_deliveries(self) -> ManyRows:
        actor = self._actor

        async def read(view: Viewing, keys: Sequence[UUID]) -> Mapping[UUID, Sequence[Columns]]:
            rows = await deliveries.attempts(view, actor, keys)
            return _grouped(rows, "delivery_id", keys)

        return Loader(self._reader, read)

    @cached_property
    def steps_of_sessions(self) -> Windows[StepWindow]:
        return self._windows(sessions.steps_pages)

    @cached_property
    def handoffs_of_sessions(self) -> Windows[HandoffWindow]:
        return self._windows(_handoffs_of_sessions)

    @cached_property
    def history_of_handoffs(self) -> Windows[HistoryWindow]:
        return self._windows(_history_of_handoffs, key="handoff_id")

    @cached_property
    def access_logs(self) -> Windows[ViewWindow]:
        """By (session, window); nothing for a session whose log the reader may not know."""
        actor = self._actor

        async def read(
            view: Viewing, keys: Sequence[tuple[UUID, ViewWindow]]
        ) -> Mapping[tuple[UUID, ViewWindow], Sequence[Columns]]:
            found: dict[tuple[UUID, ViewWindow], Sequence[Columns]] = {}
            for window, session_ids in _by_window(keys).items():
                pages = await views.pages_of_sessions(
                    view.tx, actor, session_ids, first=window.limit, after=window.after
                )
                found |= {(session_id, window): page for session_id, page in pages.items()}
            return found

        return Loader(self._reader, read)

    def _one_row(self, read: Read, *, key: str = "id") -> OneRow:
        # What reads must not hold on to the loaders: in a ring of references all rows of an answer
        # would wait for the garbage collector.
        actor = self._actor

        async def read_keys(view: Viewing, keys: Sequence[UUID]) -> Mapping[UUID, Columns]:
            return {row[key]: row for row in await read(view, actor, keys)}

        return Loader(self._reader, read_keys)

    def _windows(self, read: ReadWindow[Window], *, key: str = "session_id") -> Windows[Window]:
        """Parts of things, by (``key``, window): a statement for each different window."""
        actor = self._actor

        async def read_keys(
            view: Viewing, keys: Sequence[tuple[UUID, Window]]
        ) -> Mapping[tuple[UUID, Window], Sequence[Columns]]:
            found: dict[tuple[UUID, Window], Sequence[Columns]] = {}
            for window, whole_ids in _by_window(keys).items():
                rows = await read(view, actor, whole_ids, window)
                for whole_id, part in _grouped(rows, key, whole_ids).items():
                    found[whole_id, window] = part
            return found

        return Loader(self._reader, read_keys)


BY_KIND: Final = {
    Kind.ACCOUNT: "accounts",
    Kind.DELIVERY: "deliveries",
    Kind.DOCUMENTATION: "documentation",
    Kind.ENGINEER: "engineers",
    Kind.HANDOFF: "handoffs",
    Kind.INTEGRATION: "integrations",
    Kind.NOTIFICATION: "notifications",
    Kind.SESSION: "sessions",
    Kind.STEP: "steps",
}


def _for_everybody(read: ReadTenant) -> Read:
    """What everybody of the account may see, whoever asks."""

    async def read_for(view: Viewing, _: Actor, ids: Sequence[UUID]) -> Sequence[Row]:
        return await read(view.tx, ids)

    return read_for


def _record(read: ReadRecord) -> Read:
    """What is no content."""

    async def read_for(view: Viewing, actor: Actor, ids: Sequence[UUID]) -> Sequence[Row]:
        return await read(view.tx, actor, ids)

    return read_for


async def _handoffs_of_sessions(
    view: Viewing, actor: Actor, session_ids: Sequence[UUID], window: HandoffWindow
) -> Sequence[Row]:
    return await handoffs.pages_of_sessions(
        view.tx, actor, session_ids, first=window.limit, after=window.after
    )


async def _history_of_handoffs(
    view: Viewing, actor: Actor, handoff_ids: Sequence[UUID], window: HistoryWindow
) -> Sequence[Row]:
    return await events.of_handoffs(
        view.tx, actor, handoff_ids, first=window.limit, after=window.after
    )


def _by_window(keys: Sequence[tuple[UUID, Window]]) -> Mapping[Window, list[UUID]]:
    asked: defaultdict[Window, list[UUID]] = defaultdict(list)
    for whole_id, window in keys:
        asked[window].append(whole_id)
    return asked


def _grouped(
    rows: Sequence[Row], key: str, keys: Sequence[UUID]
) -> Mapping[UUID, Sequence[Columns]]:
    """By ``key``, an empty group for a key without rows."""
    groups: dict[UUID, list[Columns]] = {each: [] for each in keys}
    for row in rows:
        groups[row[key]].append(row)
    return groups
