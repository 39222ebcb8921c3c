"""Rows asked for one by one, read together.

What an operation's resolvers ask for in one turn of the event loop is read in one transaction, a
statement for each loader, and handed out in one go, so that what is asked for next comes together
again. A resolver needn't be a coroutine to wait: it returns what ``load`` gives it, typed as what
it will be, and the engine awaits it. Strawberry's DataLoader takes a transaction for each loader,
and twice the processor time for each row.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Generic, TypeVar, cast

from services.views import Viewing

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")
T = TypeVar("T")

OpenViewing = Callable[[], AbstractAsyncContextManager[Viewing]]


class Reader:
    """Reads for all loaders of one operation. ``viewing`` opens the transactions it reads in."""

    def __init__(self, viewing: OpenViewing) -> None:
        self._viewing = viewing
        self._due: list[Loader[Any, Any]] = []
        self._reading: set[asyncio.Task[None]] = set()  # the loop itself holds tasks weakly

    def ask(self, loader: "Loader[Any, Any]") -> None:
        """Read for it in the next turn of the loop, with everything else that is due by then."""
        self._due.append(loader)
        if len(self._due) == 1:
            task = asyncio.get_running_loop().create_task(self._read())
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)

    def stop(self) -> None:
        """Whoever still waits is cancelled."""
        for task in self._reading:
            task.cancel()

    async def _read(self) -> None:
        due, self._due = self._due, []
        batches = [loader._begin() for loader in due]
        try:
            async with self._viewing() as view:
                for batch in batches:
                    await batch.read(view)
        except Exception as error:
            for batch in batches:
                batch.fail(error)
        except BaseException:
            for batch in batches:
                batch.cancel()
            raise
        else:
            for batch in batches:
                batch.hand_out()


class Loader(Generic[K, R]):
    """Remembers what it has read: for one operation, not longer.

    ``read`` gives what it finds for the keys.
    """

    def __init__(
        self,
        reader: Reader,
        read: Callable[[Viewing, Sequence[K]], Awaitable[Mapping[K, R]]],
    ) -> None:
        self.read = read
        self._reader = reader
        self._known: dict[K, R | None] = {}
        self._asked: dict[K, dict[Callable[[R], Any], _Place]] = {}
        self._due: list[K] = []  # of what is asked, what is not being read yet

    def load(self, key: K, make: Callable[[R], T]) -> T | None:
        """What ``make`` makes of the row; None when there is none."""
        return self.load_or(None, key, make)

    def surely(self, key: K, make: Callable[[R], T]) -> T:
        """As ``load``, of a row that is there for certain."""
        return cast("T", self.load(key, make))

    def load_or(self, otherwise: T, key: K, make: Callable[[R], T]) -> T:
        """``otherwise`` when there is no row, or no more: the door may have closed meanwhile."""
        if key in self._known:
            row = self._known[key]
            return otherwise if row is None else make(row)
        places = self._asked.get(key)
        if places is None:
            places = self._asked[key] = {}
            self._due.append(key)
            if len(self._due) == 1:
                self._reader.ask(self)
        place = places.get(make)
        if place is None:
            place = _Place(asyncio.get_running_loop().create_future(), otherwise)
            places[make] = place
        return cast("T", place.future)

    async def row(self, key: K) -> R | None:
        found: Any = self.load(key, _itself)
        return cast("R | None", await found if isinstance(found, asyncio.Future) else found)

    def prime(self, key: K, row: R) -> None:
        """It is at hand already."""
        self._known[key] = row

    def _begin(self) -> "_Batch[K, R]":
        due, self._due = self._due, []
        return _Batch(self, due)

    def _settle(self, key: K, row: R | None) -> None:
        self._known[key] = row
        for make, place in self._asked.pop(key).items():
            if place.future.done():  # cancelled with the operation
                continue
            try:
                place.future.set_result(place.otherwise if row is None else make(row))
            except Exception as error:
                place.future.set_exception(error)
                place.future.exception()

    def _waiting(self, key: K) -> "list[asyncio.Future[Any]]":
        """To be told that nothing comes; whoever asks again has it read again."""
        places = self._asked.pop(key).values()
        return [place.future for place in places if not place.future.done()]


class _Place:
    """Where a row is awaited."""

    __slots__ = ("future", "otherwise")

    def __init__(self, future: "asyncio.Future[Any]", otherwise: Any) -> None:
        self.future = future
        self.otherwise = otherwise


class _Batch(Generic[K, R]):
    """What was asked of one loader in one turn."""

    def __init__(self, loader: Loader[K, R], keys: list[K]) -> None:
        self._loader = loader
        self._keys = keys
        self._found: Mapping[K, R] = {}

    async def read(self, view: Viewing) -> None:
        self._found = await self._loader.read(view, self._keys)

    def hand_out(self) -> None:
        for key in self._keys:
            self._loader._settle(key, self._found.get(key))

    def fail(self, error: Exception) -> None:
        for key in self._keys:
            for future in self._loader._waiting(key):
                future.set_exception(error)
                future.exception()  # seen: who waited may be gone, and asyncio would complain

    def cancel(self) -> None:
        for key in self._keys:
            for future in self._loader._waiting(key):
                future.cancel()


def _itself(row: R) -> R:
    return row
