"""Sessions: started, filled with steps, resolved, listed."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from db.database import Columns, Row, Transaction
from db.models.vocabulary import SessionStatus, StepOutcome
from resolvers import pages
from resolvers.changing import announced, changed
from resolvers.context import Context
from resolvers.errors import ClientError
from resolvers.ids import known
from resolvers.pages import Page
from services import text, views
from services.handoffs import resolving, suggested
from services.handoffs.resolving import Resolved
from services.ids import Kind
from services.joined import Joined
from services.problems import InvalidInput, Problem
from services.sessions import concluding, reading, recording, starting
from services.sessions.reading import BEGINNING, END, SessionFilter, StepWindow
from services.sessions.recording import Recorded, StepDraft
from services.sessions.starting import SessionDraft


@dataclass(frozen=True, slots=True)
class WantedSessions:
    """A filter as clients give it."""

    statuses: Sequence[SessionStatus] = ()
    owner: str | None = None
    mine: bool = False
    ticket_number: str | None = None

    def conditions(self) -> SessionFilter:
        """Raises ClientError for a ticket number that can't be one."""
        try:
            number = text.optional("filter.ticketNumber", self.ticket_number, text.TITLE)
        except InvalidInput as problem:
            raise ClientError(str(problem)) from problem
        owner_id = None if self.owner is None else known(self.owner, Kind.ENGINEER)
        return SessionFilter(tuple(self.statuses), owner_id, self.mine, number)


@dataclass(frozen=True, slots=True)
class WantedSteps:
    """A part of a timeline: from its beginning, or with ``last`` from its end.

    ``after`` and ``before`` are positions.
    """

    first: int | None = None
    after: int | None = None
    last: int | None = None
    before: int | None = None

    def window(self) -> StepWindow:
        """With room for one more, which tells whether there are more. Raises ClientError."""
        return StepWindow(
            self._size() + 1,
            BEGINNING if self.after is None else self.after,
            END if self.before is None else self.before,
            from_end=self.last is not None,
        )

    def page(self, rows: Sequence[Columns]) -> Page:
        """Of the rows in that window."""
        size = self._size()
        more = len(rows) > size
        if self.last is not None:
            return Page(rows[-size:], self.before is not None, more or self.after is not None)
        return Page(rows[:size], more or self.before is not None, self.after is not None)

    def _size(self) -> int:
        if self.last is None:
            return pages.size(self.first)
        if self.first is None:
            return pages.size(self.last, argument="last")
        raise ClientError("Give `first` or `last`, not both.")


async def sessions(
    context: Context,
    wanted: WantedSessions,
    joined: Joined | None = None,
    *,
    first: int,
    after: UUID | None,
) -> Page:
    conditions = wanted.conditions()
    async with views.viewing(context.database, context.actor) as view:
        rows = await reading.page(
            view, context.actor, conditions, first=first, after=after, joined=joined
        )
    return Page.forward(rows, first, begun=after is not None, joined=joined)


async def start_session(
    context: Context, draft: SessionDraft, *, idempotency_key: str | None
) -> Row | Problem:
    async def change(tx: Transaction) -> Row:
        return await starting.start(
            tx, context.actor, draft, now=context.clock(), idempotency_key=idempotency_key
        )

    return await changed(context, change)


async def record_step(
    context: Context, session: str, draft: StepDraft, *, idempotency_key: str | None
) -> Recorded | Problem:
    async def change(tx: Transaction) -> Recorded:
        return await recording.record_step(
            tx,
            context.actor,
            known(session, Kind.SESSION),
            draft,
            now=context.clock(),
            idempotency_key=idempotency_key,
        )

    return await changed(context, change)


async def record_outcome(
    context: Context,
    step: str,
    outcome: StepOutcome,
    *,
    detail: str | None,
    idempotency_key: str | None,
) -> Recorded | Problem:
    async def change(tx: Transaction) -> Recorded:
        return await concluding.record_outcome(
            tx,
            context.actor,
            known(step, Kind.STEP),
            outcome,
            now=context.clock(),
            detail=detail,
            idempotency_key=idempotency_key,
        )

    return await changed(context, change)


async def start_suggested_step(
    context: Context, handoff: str, suggestion: str, *, idempotency_key: str | None
) -> Recorded | Problem:
    async def change(tx: Transaction) -> Recorded:
        return await suggested.start_suggested(
            tx,
            context.actor,
            known(handoff, Kind.HANDOFF),
            suggestion.removeprefix(f"{handoff}/"),
            now=context.clock(),
            idempotency_key=idempotency_key,
        )

    return await changed(context, change)


async def resolve_session(
    context: Context, session: str, resolution: str, *, expected_version: int | None
) -> Resolved | Problem:
    async def change(tx: Transaction) -> Resolved:
        return await resolving.resolve(
            tx,
            context.actor,
            known(session, Kind.SESSION),
            resolution,
            now=context.clock(),
            expected_version=expected_version,
        )

    resolved = await announced(context, change)
    if not isinstance(resolved, Problem):
        context.loaders.sessions.prime(resolved.session["id"], resolved.session)
    return resolved
