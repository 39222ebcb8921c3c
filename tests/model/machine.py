"""Random people doing random things, to the real service and to the world in memory alike."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from db.database import Database
from db.ids import uuid7
from db.models.vocabulary import Role
from services.actor import Actor
from tests.model.asking import OK, Request, Start
from tests.model.chances import ACTIVE, PEOPLE, requests
from tests.model.service import Service
from tests.model.views import in_words, seen_by
from tests.model.world import World

T = TypeVar("T")


@dataclass(frozen=True)
class Stage:
    """Where the machines play: each in an account of its own."""

    runner: asyncio.Runner
    database: Database
    elsewhere: tuple[UUID, UUID, UUID]  # an engineer, a session and a handoff of another account

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(doing)


def next_request(machine: "Life") -> st.SearchStrategy[Request]:
    return requests(machine.world, machine.sessions, machine.done)


def must_agree(found: Any, expected: Any, about: str = "answer") -> None:
    """Fails with what differs, and only that."""
    if found == expected:
        return
    if isinstance(expected, dict) and isinstance(found, dict):
        for part in expected:
            must_agree(found.get(part), expected[part], f"{about}, {part}")
    if isinstance(expected, list) and isinstance(found, list):
        for number, (one, other) in enumerate(zip(found, expected, strict=False)):
            must_agree(one, other, f"{about}, {number}")
    raise AssertionError(f"{about}: {found} in the service, {expected} in the model")


class Life(RuleBasedStateMachine):
    """Everything asked is asked of both, and both must answer alike and look alike afterwards.

    One rule asks for all: which requests come together is chance's, not a choice of rules.
    """

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage = stage
        self.service = stage.run(settled(stage))
        self.world = World(PEOPLE)
        self.sessions = 1
        self.done: list[Request] = []
        self.asked = 0

    @initialize(sessions=st.integers(1, 4))
    def keep_going(self, sessions: int) -> None:
        self.sessions = sessions

    @rule(request=st.runner().flatmap(next_request), then_looks=st.none() | st.sampled_from(ACTIVE))
    def ask(self, request: Request, then_looks: str | None) -> None:
        self.asked += 1
        expected = self.world.answer(request, self.asked)
        must_agree(self.stage.run(self.service.answer(request, self.asked)), expected)
        everything = self.stage.run(self.service.everything())
        everything.check()
        must_agree(everything.in_words(), in_words(self.world), "rows")
        if request.key is not None and expected.word == OK and not isinstance(request, Start):
            self.done.append(request)
        if then_looks is not None:
            seen = self.stage.run(self.service.seen_by(then_looks))
            must_agree(seen, seen_by(self.world, then_looks), f"seen by {then_looks}")


async def settled(stage: Stage) -> Service:
    """An account with these people."""
    account_id = uuid7()
    actors = {
        name: Actor(account_id, uuid7(), Role(person.role), person.tier, name, f"{name}@acme.test")
        for name, person in PEOPLE.items()
    }
    async with stage.database.transaction(account_id) as tx:
        await tx.execute(
            "INSERT INTO account (id, slug, name) VALUES ($1, $2, 'acme')",
            account_id,
            account_id.hex,
        )
        for name, actor in actors.items():
            await tx.execute(
                "INSERT INTO engineer (account_id, id, subject, email, name, role, tier, active) "
                "VALUES ($1, $2, $3, $3, $4, $5, $6, $7)",
                account_id,
                actor.id,
                actor.email,
                name,
                actor.role,
                actor.tier,
                PEOPLE[name].active,
            )
    return Service(stage.database, actors, stage.elsewhere)
