"""Handoffs: raised, claimed, listed, and the queue of those that wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from db.models.vocabulary import HandoffIntent, HandoffStatus, Priority
from resolvers import cursors
from resolvers.context import Context
from resolvers.ids import known
from resolvers.pages import Page
from services.handoffs import claiming, escalating, reading
from services.handoffs.claiming import Claimed
from services.handoffs.escalating import Escalated, Escalation
from services.handoffs.reading import HandoffFilter
from services.ids import Kind
from services.problems import Problem

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
    context: Context, wanted: WantedHandoffs, *, first: int, after: Place | None
) -> Page:
    async with context.database.transaction(context.actor.account_id) as tx:
        rows = await reading.page(
            tx,
            context.actor,
            wanted.conditions(),
            first=first + 1,
            by_priority=wanted.by_priority,
            descending=wanted.descending,
            after=after,
        )
    return Page.forward(rows, first, begun=after is not None)


async def handoff_queue(context: Context, *, first: int, after: Place | None) -> Queue:
    account_id = context.actor.account_id
    async with context.database.transaction(account_id) as tx:
        waiting = await reading.queue(tx, context.actor, first=first + 1, after=after)
    page = Page.forward(waiting.rows, first, begun=after is not None)
    return Queue(waiting.count, cursors.write(account_id, waiting.seq), page)


@dataclass(frozen=True, slots=True)
class WantedHelp:
    """An escalation as clients ask for it."""

    session: str
    reason: str
    notes: str | None
    intent: HandoffIntent
    priority: Priority
    target: str | None

    def escalation(self) -> Escalation:
        return Escalation(
            known(self.session, Kind.SESSION),
            self.reason,
            self.notes,
            self.intent,
            self.priority,
            None if self.target is None else known(self.target, Kind.ENGINEER),
        )


async def escalate(
    context: Context, wanted: WantedHelp, *, idempotency_key: str | None
) -> Escalated | Problem:
    context.forget()
    actor = context.actor
    try:
        async with context.database.transaction(actor.account_id) as tx:
            escalated = await escalating.escalate(
                tx,
                actor,
                wanted.escalation(),
                now=context.clock(),
                options=context.options,
                idempotency_key=idempotency_key,
            )
    except Problem as problem:
        return problem
    if escalated.seq is not None:
        context.hub.ring(actor.account_id, escalated.seq)
        _keep(context, escalated)
    return escalated


def _keep(context: Context, escalated: Escalated) -> None:
    """What was just written need not be loaded. Of a repeat it must: the door may be closed."""
    handoff_id = escalated.handoff["id"]
    context.loaders.sessions.prime(escalated.session["id"], escalated.session)
    context.loaders.documentation_of_handoffs.prime(handoff_id, escalated.documentation)
    context.loaders.deliveries_of_handoffs.prime(handoff_id, escalated.deliveries)


async def claim_handoff(context: Context, handoff: str) -> Claimed | Problem:
    """Claim as the caller, in one transaction. A refusal rolls it back and is returned."""
    context.forget()
    actor = context.actor
    handoff_id = known(handoff, Kind.HANDOFF)
    try:
        async with context.database.transaction(actor.account_id) as tx:
            claimed = await claiming.claim(tx, actor, handoff_id, now=context.clock())
    except Problem as problem:
        return problem
    if claimed.seq is not None:
        context.hub.ring(actor.account_id, claimed.seq)
    context.loaders.sessions.prime(claimed.session["id"], claimed.session)
    return claimed
