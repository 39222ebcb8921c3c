"""Letting cases happen again: every start, step, escalation, claim and resolution in its order."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from app.demo.shapes import Case, Claim, Escalation, Resolution, Step
from db.database import Transaction
from services.actor import Actor
from services.handoffs import claiming, escalating, resolving
from services.options import Options
from services.sessions import recording, starting

Happening = tuple[datetime, Callable[[], Awaitable[None]]]


async def replay(
    tx: Transaction,
    cases: Sequence[Case],
    people: Mapping[str, Actor],
    options: Options,
    *,
    now: datetime,
) -> None:
    """Carry the cases out by the rules, all of them together in the order of time.

    ``people`` are the actors by login. Ids grow with insertion, so lists that are ordered by id
    are ordered by time as well.
    """
    happenings = [
        happening
        for case in cases
        for happening in _Retold(tx, case, people, options, now).happenings()
    ]
    for _, happen in sorted(happenings, key=lambda happening: happening[0]):
        await happen()


class _Retold:
    """One case on its way through the rules."""

    def __init__(
        self,
        tx: Transaction,
        case: Case,
        people: Mapping[str, Actor],
        options: Options,
        now: datetime,
    ) -> None:
        self._tx = tx
        self._case = case
        self._people = people
        self._options = options
        self._now = now
        self._session_id: UUID
        self._handoff_id: UUID

    def happenings(self) -> Iterator[Happening]:
        case = self._case
        yield self._at(0), self._start
        for step in case.steps:
            yield self._at(step.at), partial(self._record, step)
        if case.escalation is not None:
            yield self._at(case.escalation.at), partial(self._escalate, case.escalation)
        if case.claim is not None:
            yield self._at(case.claim.at), partial(self._claim, case.claim)
        if case.resolution is not None:
            yield self._at(case.resolution.at), partial(self._resolve, case.resolution)

    def _at(self, minute: int) -> datetime:
        return self._now - self._case.age + timedelta(minutes=minute)

    async def _start(self) -> None:
        case, customer, ticket = self._case, self._case.customer, self._case.ticket
        started = self._at(0)
        draft = starting.SessionDraft(
            problem_summary=case.summary,
            problem_domain=case.domain,
            environment=case.environment,
            customer_name=customer.name,
            customer_contact=customer.contact,
            customer_reachable_until=(
                self._now + customer.reachable_for if customer.reachable_for else None
            ),
            confidence_tier=case.confidence,
            ticket_system=ticket.system if ticket else None,
            ticket_number=ticket.number.format(started=started) if ticket else None,
        )
        session = await starting.start(self._tx, self._people[case.owner], draft, now=started)
        self._session_id = session["id"]

    async def _record(self, step: Step) -> None:
        draft = recording.StepDraft(
            kind=step.kind,
            title=step.title,
            detail=step.detail,
            hypothesis=step.hypothesis,
            outcome=step.outcome,
        )
        author = self._people[self._case.author_of(step)]
        await recording.record_step(
            self._tx, author, self._session_id, draft, now=self._at(step.at)
        )

    async def _escalate(self, escalation: Escalation) -> None:
        wanted = escalating.Escalation(
            session_id=self._session_id,
            reason=escalation.reason,
            notes=escalation.notes,
            intent=escalation.intent,
            priority=escalation.priority,
            target_id=self._people[escalation.target].id if escalation.target else None,
        )
        escalated = await escalating.escalate(
            self._tx,
            self._people[self._case.owner],
            wanted,
            now=self._at(escalation.at),
            options=self._options,
        )
        self._handoff_id = escalated.handoff["id"]
        if escalation.legacy:
            # no rule writes the legacy status any more, but rows from before still carry it
            await self._tx.execute(
                "UPDATE session SET status = 'REQUESTING_ESCALATION' WHERE id = $1",
                self._session_id,
            )

    async def _claim(self, claim: Claim) -> None:
        await claiming.claim(
            self._tx, self._people[claim.by], self._handoff_id, now=self._at(claim.at)
        )

    async def _resolve(self, resolution: Resolution) -> None:
        holder = self._case.claim.by if self._case.claim else self._case.owner
        await resolving.resolve(
            self._tx,
            self._people[holder],
            self._session_id,
            resolution.text,
            now=self._at(resolution.at),
        )
