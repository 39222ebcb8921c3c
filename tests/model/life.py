"""Rounds of stories, each from a seed that brings it back."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from db.database import Database
from tests.harness.people import make_account
from tests.harness.story import waiting
from tests.model.machine import Life, Stage

REQUESTS: Final = 60  # of one story

# The same in the test run and in the long one: what a seed brings forth depends on them.
ROUND: Final = settings(
    max_examples=25,
    stateful_step_count=REQUESTS,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate, Phase.shrink),
)


@contextmanager
def stage(dsn: str, *, connections: int = 2) -> Iterator[Stage]:
    """On a loop of its own: the steps of a story are no coroutines."""
    with asyncio.Runner() as runner:
        database = Database(dsn, max_connections=connections)
        runner.run(database.open())
        try:
            other = runner.run(make_account(database, "globex"))
            raised = runner.run(waiting(database, other.tier1))
            elsewhere = (other.tier2.id, raised.session["id"], raised.handoff["id"])
            yield Stage(runner, database, elsewhere)
        finally:
            runner.run(database.close())


def a_seed() -> int:
    return random.SystemRandom().randrange(2**32)


def a_round(on: Stage, number: int) -> int:
    """The stories of one seed. Returns how many requests were asked.

    Fails at the first difference, with the shortest story found that shows it.
    """
    stories: list[Life] = []

    class Story(Life):
        def __init__(self) -> None:
            super().__init__(on)
            stories.append(self)

    try:
        run_state_machine_as_test(seed(number)(Story), settings=ROUND, _min_steps=REQUESTS - 1)
    except BaseException as error:
        error.add_note(f"These stories again: make model SEED={number}")
        raise
    return sum(story.asked for story in stories)
