"""Loaders: together what is asked together, and an answer for everybody who waits."""

import asyncio
import gc
import weakref
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pytest

from db.database import Database
from resolvers.loaders import Loaders
from resolvers.loading import Loader, Reader
from services import views
from services.views import Viewing
from tests.harness.garbage import collect_quietly
from tests.harness.people import Account


class Squares:
    """Asks the database for squares, and notes for which."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    async def read(self, view: Viewing, keys: Sequence[int]) -> Mapping[int, int]:
        self.asked.append(list(keys))
        rows = await view.tx.fetch(
            "SELECT k, k * k AS square FROM unnest($1::int[]) k WHERE k <> 13", keys
        )
        return {row["k"]: row["square"] for row in rows}


@pytest.fixture
def squares() -> Squares:
    return Squares()


@pytest.fixture
def reader(database: Database, account: Account) -> Reader:
    return Reader(partial(views.viewing, database, account.tier1))


def double(square: int) -> int:
    return 2 * square


async def settled(value: Any) -> Any:
    return await value if isinstance(value, asyncio.Future) else value


async def test_what_is_asked_in_one_turn_is_read_by_one_statement(
    reader: Reader, squares: Squares
) -> None:
    loader = Loader(reader, squares.read)
    waiting = [loader.load(key, double) for key in (2, 3, 2, 5)]
    assert waiting[0] is waiting[2]
    assert [await settled(each) for each in waiting] == [8, 18, 8, 50]
    assert squares.asked == [[2, 3, 5]]


async def test_what_was_read_is_there_at_once(reader: Reader, squares: Squares) -> None:
    loader = Loader(reader, squares.read)
    assert await loader.row(3) == 9
    assert loader.load(3, double) == 18
    loader.prime(4, 16)
    assert loader.load(4, double) == 32
    assert squares.asked == [[3]]


async def test_what_is_being_read_is_not_read_again(reader: Reader, squares: Squares) -> None:
    loader = Loader(reader, squares.read)
    first = loader.load(3, double)
    while not squares.asked:  # noqa: ASYNC110 - nothing else tells that reading has begun
        await asyncio.sleep(0)
    second, third = loader.load(3, str), loader.load(7, double)
    assert [await settled(each) for each in (first, second, third)] == [18, "9", 98]
    assert squares.asked == [[3], [7]]


async def test_without_a_row_there_is_what_was_said_to_be_instead(
    reader: Reader, squares: Squares
) -> None:
    loader = Loader(reader, squares.read)
    assert await settled(loader.load(13, double)) is None
    assert await settled(loader.load_or(-1, 13, double)) == -1
    other = Loader(reader, squares.read)
    assert await settled(other.load_or(-1, 13, double)) == -1


async def test_a_failure_reaches_everybody_who_waits_and_the_next_try_is_a_new_one(
    reader: Reader, squares: Squares
) -> None:
    class Broken(Squares):
        async def read(self, view: Viewing, keys: Sequence[int]) -> Mapping[int, int]:
            if not self.asked:
                self.asked.append(list(keys))
                await view.tx.execute("SELECT 1 / 0")
            return await super().read(view, keys)

    broken = Loader(reader, Broken().read)
    neighbour = Loader(reader, squares.read)
    waiting = [broken.load(2, double), broken.load(3, double), neighbour.load(4, double)]
    failures = await asyncio.gather(*map(settled, waiting), return_exceptions=True)
    assert [type(each).__name__ for each in failures] == ["DivisionByZeroError"] * 3
    assert await broken.row(2) == 4
    assert await neighbour.row(4) == 16


async def test_what_can_not_be_made_of_a_row_fails_alone(reader: Reader, squares: Squares) -> None:
    def refuse(square: int) -> int:
        raise ValueError(f"{square}?")

    loader = Loader(reader, squares.read)
    bad, good = loader.load(2, refuse), loader.load(2, double)
    with pytest.raises(ValueError, match="4"):
        await settled(bad)
    assert await settled(good) == 8


async def test_who_was_cancelled_is_passed_over(reader: Reader, squares: Squares) -> None:
    loader = Loader(reader, squares.read)
    gone: Any = loader.load(2, double)
    here = loader.load(2, str)
    gone.cancel()
    assert await settled(here) == "4"


async def test_nothing_that_was_loaded_waits_for_the_garbage_collector(
    database: Database, account: Account
) -> None:
    collect_quietly()
    gc.disable()
    try:
        viewing = partial(views.viewing, database, account.tier1)
        loaders = Loaders(account.tier1, viewing)
        row = await loaders.engineers.row(account.tier2.id)
        assert row is not None
        kept = weakref.ref(loaders)
        del loaders, row
        await asyncio.sleep(0)  # the turn's task goes
        assert kept() is None
    finally:
        gc.enable()
