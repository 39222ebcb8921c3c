"""The real services on a real database, asked in the words of the model and answering in them."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from db.database import Columns, Database, Row, Transaction
from db.models.vocabulary import Approach, StepKind, Verdict
from services import views
from services.actor import Actor
from services.handoffs import problems, rating, reading, rules
from services.handoffs.cancelling import cancel
from services.handoffs.claiming import claim
from services.handoffs.declining import decline
from services.handoffs.escalating import Escalation, escalate
from services.handoffs.escalating_many import escalate_many
from services.handoffs.rating import rate
from services.handoffs.reassigning import reassign
from services.handoffs.releasing import release
from services.handoffs.resolving import resolve
from services.handoffs.returning import return_
from services.handoffs.transitions import Guard
from services.options import Options
from services.problems import Problem
from services.sessions import problems as session_problems
from services.sessions import reading as session_reading
from services.sessions.recording import StepDraft, record_step
from services.sessions.starting import SessionDraft, start
from tests.model.asking import (
    OK,
    Answer,
    Cancel,
    Claim,
    Decline,
    Escalate,
    EscalateMany,
    Move,
    Rate,
    Reassign,
    Record,
    Release,
    Request,
    Resolve,
    Return,
    Start,
)
from tests.model.tables import Everything, everything, moment, tick

OPTIONS: Final = Options(link_base="https://desk.example", mail=True)
# As if a model had answered at once, and for everybody.
ASSESSED: Final = "UPDATE assessment SET state = 'READY' WHERE state = 'DISABLED'"
REASON: Final = "I am out of ideas"


class Service:
    """``people`` are engineers of one account; ``elsewhere`` is of another, with its own rows."""

    def __init__(
        self, database: Database, people: dict[str, Actor], elsewhere: tuple[UUID, UUID, UUID]
    ) -> None:
        self.database = database
        self.people = people
        self.account_id = next(iter(people.values())).account_id
        self.stranger_id, self.foreign_session_id, self.foreign_handoff_id = elsewhere
        self.names = {str(actor.id): name for name, actor in people.items()}
        self.sessions: list[UUID] = []
        self.handoffs: list[UUID] = []

    async def answer(self, request: Request, at: int) -> Answer:
        """In a transaction of its own, as a resolver opens it."""
        try:
            async with self.database.transaction(self.account_id) as tx:
                return await self._ask(tx, self.people[request.who], request, moment(at))
        except Problem as refusal:
            return self._refused(refusal)

    async def _ask(self, tx: Transaction, actor: Actor, request: Request, now: datetime) -> Answer:
        match request:
            case Start():
                draft = SessionDraft(request.about)
                row = await start(tx, actor, draft, now=now, idempotency_key=request.key)
                return Answer(OK, (number(self.sessions, row["id"]),))
            case Record():
                session_id = self._session_id(request.session)
                step = StepDraft(StepKind.NOTE, request.title)
                recorded = await record_step(
                    tx, actor, session_id, step, now=now, idempotency_key=request.key
                )
                return Answer(OK, (request.session, recorded.step["position"]))
            case Escalate():
                wanted = self._escalation(request.session, request.target)
                raised = await escalate(
                    tx, actor, wanted, now=now, options=OPTIONS, idempotency_key=request.key
                )
                await tx.execute(ASSESSED)
                return self._moved(raised.handoff, raised.seq)
            case EscalateMany():
                many = [self._escalation(one, request.target) for one in request.sessions]
                rows, seq = await escalate_many(
                    tx, actor, many, now=now, options=OPTIONS, idempotency_key=request.key
                )
                await tx.execute(ASSESSED)
                return Answer(OK, (*(self._moved(row, None) for row in rows), seq))
            case Resolve():
                session_id = self._session_id(request.session)
                version = request.expected
                done = await resolve(
                    tx, actor, session_id, request.resolution, now=now, expected_version=version
                )
                handoff = done.handoff and number(self.handoffs, done.handoff["id"])
                return Answer(OK, (request.session, handoff, done.seq))
            case Move() | Rate():
                return await self._move(tx, actor, request, now)
        raise TypeError(request)

    async def _move(
        self, tx: Transaction, actor: Actor, request: Move | Rate, now: datetime
    ) -> Answer:
        handoff_id = self._handoff_id(request.handoff)
        if isinstance(request, Rate):
            said = {"comment": request.comment, "idempotency_key": request.key}
            verdict = Verdict(request.verdict)
            rated = await rate(tx, actor, handoff_id, verdict, now=now, **said)
            row = rated.rating
            return Answer(OK, (request.handoff, row["verdict"], row["comment"], rated.seq))
        guard = Guard(request.key, request.expected)
        match request:
            case Claim():
                approach = request.approach and Approach(request.approach)
                won = await claim(tx, actor, handoff_id, now=now, approach=approach, guard=guard)
                return self._moved(won.handoff, won.seq)
            case Decline():
                moved = await decline(tx, actor, handoff_id, request.reason, now=now, guard=guard)
            case Reassign():
                to = self._person_id(request.to)
                moved = await reassign(tx, actor, handoff_id, to, now=now, guard=guard)
            case Cancel():
                moved = await cancel(tx, actor, handoff_id, now=now, guard=guard)
            case Release():
                moved = await release(tx, actor, handoff_id, request.reason, now=now, guard=guard)
            case Return():
                moved = await return_(tx, actor, handoff_id, request.guidance, now=now, guard=guard)
            case _:
                raise TypeError(request)
        return self._moved(moved.handoff, moved.seq)

    # -------------------------------------------------------------- in the model's words

    def _moved(self, handoff: Columns, seq: int | None) -> Answer:
        named = number(self.handoffs, handoff["id"])
        return Answer(OK, (named, handoff["version"], handoff["status"], seq))

    def _refused(self, refusal: Problem) -> Answer:
        facts: tuple[Any, ...] = ()
        match refusal:
            case problems.HandoffAlreadyClaimed():
                facts = (self.names[str(refusal.claimed_by["id"])], tick(refusal.claimed_at))
            case problems.HandoffChanged(handoff=row):
                facts = (*self._moved(row, None).facts[:-1], row["door"])
            case (
                problems.HandoffNotOpen(status=status)
                | problems.HandoffNotClaimed(status=status)
                | problems.SessionNotEscalatable(status=status)
                | session_problems.SessionNotResolvable(status=status)
            ):
                facts = (status.value,)
            case problems.TargetNotEligible(reason=reason):
                facts = (reason.value,)
            case problems.SessionsNotEscalatable(refusals=refusals):
                each = [(self._session_number(id_), self._refused(one)) for id_, one in refusals]
                facts = tuple(sorted(each, key=lambda one: one[0]))
        return Answer(type(refusal).__name__, facts)

    def _session_id(self, number: int) -> UUID:
        return self.sessions[number] if number >= 0 else self.foreign_session_id

    def _handoff_id(self, number: int) -> UUID:
        return self.handoffs[number] if number >= 0 else self.foreign_handoff_id

    def _session_number(self, session_id: UUID) -> int:
        return self.sessions.index(session_id) if session_id in self.sessions else -1

    def _person_id(self, name: str) -> UUID:
        return self.people[name].id if name in self.people else self.stranger_id

    def _escalation(self, session: int, target: str | None) -> Escalation:
        target_id = None if target is None else self._person_id(target)
        return Escalation(self._session_id(session), REASON, target_id=target_id)

    # -------------------------------------------------------------- what the tables hold

    async def everything(self) -> Everything:
        return await everything(
            self.database, self.account_id, self.names, self.sessions, self.handoffs
        )

    async def seen_by(self, who: str) -> dict[str, Any]:
        """What this person is shown of everything there is."""
        actor = self.people[who]
        async with views.viewing(self.database, actor) as view:
            sessions = await session_reading.by_ids(view, actor, self.sessions)
            handoffs = await reading.by_ids(view.tx, actor, self.handoffs)
            rated = await rating.by_handoffs(view, actor, self.handoffs)
            waiting = await reading.queue(view.tx, actor, first=100)
        rows: dict[int, Row] = {self.handoffs.index(row["id"]): row for row in handoffs}
        return {
            "sessions": sorted(self.sessions.index(row["id"]) for row in sessions),
            "content": sorted(n for n, row in rows.items() if row["door"]),
            "ratings": {
                self.handoffs.index(row["handoff_id"]): (
                    row["rated_right"],
                    row["rated_wrong"],
                    row["verdict"],
                    row["comment"],
                )
                for row in rated
            },
            "records": sorted(rows),
            "queue": [self.handoffs.index(row["id"]) for row in waiting.rows],
            "count": waiting.count,
            "cursor": waiting.seq,
            "viewer can": {
                n: {action.value for action in rules.allowed(actor, row)}
                for n, row in sorted(rows.items())
            },
        }


def number(known: list[UUID], row_id: UUID) -> int:
    """Its number; the next one for what was not known yet."""
    plain = UUID(int=row_id.int)
    if plain not in known:
        known.append(plain)
    return known.index(plain)
