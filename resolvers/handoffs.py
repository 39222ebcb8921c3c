"""Handoffs: raised, claimed, listed, and the queue of those that wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from db.database import Columns, Row, Transaction
from db.models.vocabulary import HandoffIntent, HandoffStatus, Priority
from resolvers import cursors
from resolvers.changing import announced, changed
from resolvers.context import Context
from resolvers.ids import each_known, known
from resolvers.pages import Page
from services import views
from services.handoffs import escalating, escalating_many, reading
from services.handoffs.additions import NOTHING, Additions
from services.handoffs.escalating import Escalated, Escalation
from services.handoffs.reading import HandoffFilter
from services.ids import Kind
from services.joined import Joined
from services.problems import Problem
from services.views import Viewing

Place = tuple[int, UUID]
"""(Rank of the priority, id) of a handoff in a list."""


@dataclass(frozen=True, slots=True)
class WantedHandoffs:
    """A filter as clients give it, and an order."""

    statuses: Sequence[HandoffStatus] = ()
    priorities: Sequence[Priority] = ()
    intent: HandoffIntent | None = None
    session: str | None = None
    raised_by_me: bool = False
    claimed_by_me: bool = False
    for_me: bool = False
    by_priority: bool = False
    descending: bool = True

    def conditions(self) -> HandoffFilter:
        return HandoffFilter(
            tuple(self.statuses),
            tuple(self.priorities),
            self.intent,
            None if self.session is None else known(self.session, Kind.SESSION),
            self.raised_by_me,
            self.claimed_by_me,
            self.for_me,
        )


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits: ``count`` in all, and ``cursor`` is the last event that list and count know."""

    count: int
    cursor: str
    page: Page


async def handoffs(
    context: Context,
    wanted: WantedHandoffs,
    joined: Joined | None = None,
    *,
    first: int,
    after: Place | None,
) -> Page:
    conditions = wanted.conditions()
    async with views.viewing(context.database, context.actor) as view:
        rows = await reading.page(
            view.tx,
            context.actor,
            conditions,
            first=first + 1,
            by_priority=wanted.by_priority,
            descending=wanted.descending,
            after=after,
            joined=joined,
        )
        page = Page.forward(rows, first, begun=after is not None, joined=joined)
        _note(view, page)
    return page


async def handoff_queue(
    context: Context, joined: Joined | None = None, *, first: int, after: Place | None
) -> Queue:
    async with views.viewing(context.database, context.actor) as view:
        waiting = await reading.queue(
            view.tx, context.actor, first=first + 1, after=after, joined=joined
        )
        page = Page.forward(waiting.rows, first, begun=after is not None, joined=joined)
        _note(view, page)
    return Queue(waiting.count, cursors.write(context.account_id, waiting.seq), page)


def _note(view: Viewing, page: Page) -> None:
    if page.joined is not None and page.joined.looks:
        view.note(page.rows)


@dataclass(frozen=True, slots=True)
class WantedHelp:
    """An escalation as clients ask for it."""

    session: str
    reason: str
    notes: str | None
    intent: HandoffIntent
    priority: Priority
    target: str | None
    additions: Additions = NOTHING

    def escalation(self, session_id: UUID) -> Escalation:
        return Escalation(
            session_id,
            self.reason,
            self.notes,
            self.intent,
            self.priority,
            None if self.target is None else known(self.target, Kind.ENGINEER),
            self.additions,
        )


async def escalate(
    context: Context, wanted: WantedHelp, *, idempotency_key: str | None
) -> Escalated | Problem:
    async def change(tx: Transaction) -> Escalated:
        return await escalating.escalate(
            tx,
            context.actor,
            wanted.escalation(known(wanted.session, Kind.SESSION)),
            now=context.clock(),
            options=context.options,
            idempotency_key=idempotency_key,
        )

    escalated = await announced(context, change)
    if not isinstance(escalated, Problem) and escalated.seq is not None:
        _keep(context, escalated.handoff)
    return escalated


async def escalate_many(
    context: Context, wanted: Sequence[WantedHelp], *, idempotency_key: str | None
) -> Sequence[Row] | Problem:
    """All in one transaction. Returns the handoffs, in the order asked."""
    session_ids = each_known([one.session for one in wanted], Kind.SESSION)
    asked = [one.escalation(its_id) for one, its_id in zip(wanted, session_ids, strict=True)]

    async def change(tx: Transaction) -> tuple[Sequence[Row], int | None]:
        return await escalating_many.escalate_many(
            tx,
            context.actor,
            asked,
            now=context.clock(),
            options=context.options,
            idempotency_key=idempotency_key,
        )

    outcome = await changed(context, change)
    if isinstance(outcome, Problem):
        return outcome
    handoffs, seq = outcome
    if seq is not None:
        context.hub.ring(context.account_id, seq)
        for handoff in handoffs:
            _keep(context, handoff)
    return handoffs


def _keep(context: Context, raised: Columns) -> None:
    """What was just written need not be loaded. Of a repeat it must: the door may be closed."""
    context.loaders.sessions.prime(raised["session"]["id"], raised["session"])
    context.loaders.documentation_of_handoffs.prime(raised["id"], raised["documentation"])
    context.loaders.deliveries_of_handoffs.prime(raised["id"], raised["deliveries"])
