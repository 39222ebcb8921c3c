"""The way of the service: a session is raised, and the real assessor asks about it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from app.worker.asking import Answer, Model
from app.worker.assessor import Assessor
from benchmarks.assessment.scoring import Run
from benchmarks.assessment.situations import Situation
from db.database import Database, Row
from db.models.vocabulary import AssessmentState
from services.actor import Actor
from services.assessments.prompting import label
from services.events import Doorbell
from services.handoffs.escalating import Escalation, escalate
from services.options import Options
from services.sessions.recording import record_step
from services.sessions.starting import start

OPTIONS: Final = Options(link_base="https://desk.bench.test", assessment=True)
SLACK: Final = 5.0  # seconds beyond the budget until a run is given up


class Overheard:
    """A model, and what it was asked last and said."""

    def __init__(self, model: Model) -> None:
        self.question: str | None = None
        self.answer: str | None = None
        self._model = model

    @property
    def name(self) -> str:
        return self._model.name

    async def ask(self, question: str, until: float) -> Answer:
        self.question, self.answer = question, None
        answer = await self._model.ask(question, until)
        self.answer = answer.text
        return answer

    async def aclose(self) -> None:
        await self._model.aclose()


class Asker:
    """Raises one session after the other, as ``actor``, and waits for each one's assessment."""

    def __init__(
        self, database: Database, doorbell: Doorbell, actor: Actor, heard: Overheard, budget: float
    ) -> None:
        self._database = database
        self._doorbell = doorbell
        self._actor = actor
        self._heard = heard
        self._patience = budget + SLACK

    async def ask(self, situation: Situation) -> Run:
        """Raises TimeoutError when it does not end."""
        self._heard.question = self._heard.answer = None
        handoff_id = await self._raise(situation)
        async with asyncio.timeout(self._patience):
            row = await self._ended(handoff_id)
        return Run(
            AssessmentState(row["state"]),
            row["reason"],
            self._heard.question,
            self._heard.answer,
            row["content"],
            {step["id"]: label(step) for step in row["timeline"]},
            row["dropped"],
            row["latency_ms"],
        )

    async def _raise(self, situation: Situation) -> UUID:
        now = datetime.now(UTC)
        async with self._database.transaction(self._actor.account_id) as tx:
            session = await start(tx, self._actor, situation.session, now=now)
            for step in situation.steps:
                await record_step(tx, self._actor, session["id"], step, now=now)
        wanted = Escalation(session["id"], situation.reason)
        async with self._database.transaction(self._actor.account_id) as tx:
            raised = await escalate(tx, self._actor, wanted, now=now, options=OPTIONS)
        assert raised.seq is not None
        self._doorbell.ring(self._actor.account_id, raised.seq)
        handoff_id: UUID = raised.handoff["id"]
        return handoff_id

    async def _ended(self, handoff_id: UUID) -> Row:
        while True:
            row = await self._row(handoff_id)
            if row["state"] != AssessmentState.PENDING:
                return row
            await asyncio.sleep(0.01)

    async def _row(self, handoff_id: UUID) -> Row:
        async with self._database.transaction(self._actor.account_id) as tx:
            return await tx.one(
                "SELECT a.*, s.timeline FROM assessment a JOIN snapshot s USING "
                "(account_id, handoff_id) WHERE a.account_id = $1 AND a.handoff_id = $2",
                self._actor.account_id,
                handoff_id,
            )


@asynccontextmanager
async def asking(
    database: Database, actor: Actor, model: Model, *, budget: float
) -> AsyncIterator[Asker]:
    """``budget`` is in seconds. Closes the model."""
    doorbell = Doorbell("memory://")
    heard = Overheard(model)
    limit = timedelta(seconds=budget)
    assessor = Assessor(database, doorbell, heard, budget=limit, daily=1_000)
    await doorbell.start()
    await assessor.start()
    try:
        yield Asker(database, doorbell, actor, heard, budget)
    finally:
        await assessor.stop()
        await doorbell.stop()
