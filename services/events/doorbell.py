"""Telling other replicas that an account's log has grown.

A hint and nothing else: it may be late, lost, doubled, or wrong. What happened is in the log.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import islice
from typing import Final
from uuid import UUID, uuid4

from services.events.backoff import delays
from services.events.line import Line, LineBroken, backend_of, usable
from services.events.rings import MOST_PEOPLE, MOST_RINGS, decode, encode

logger = logging.getLogger(__name__)

COALESCING: Final = 0.005  # seconds that a ring waits for others to travel with it
FIRST_RETRY: Final = 0.1  # seconds
LONGEST_RETRY: Final = 5.0
STOPPING: Final = 5.0

Rung = Callable[[UUID, int], None]
Connected = Callable[[], None]
People = Callable[[UUID], None]


class Doorbell:
    """One per process. A supervisor keeps one Line open and builds a new one when it breaks.

    Broken is a line whose connection or tasks have ended, that fails to publish, or that does not
    hear its own messages: one is sent every ``beat`` at least, and one that is not back within
    ``patience`` means that the other end is gone without a word.

    For whoever watches: ``backend`` is what it rings through; ``connected`` whether it works, and
    ``since`` when it has been so, on time.monotonic()'s clock; ``trouble`` is how the last line
    broke; ``rebuilds`` counts lines that had to be replaced. Everything runs on the event loop:
    call it from there only.
    """

    def __init__(
        self,
        url: str,
        *,
        beat: timedelta = timedelta(seconds=2),
        patience: timedelta = timedelta(seconds=3),
    ) -> None:
        """Raises ValueError for a URL that is not memory://, postgres(ql):// or redis(s)://."""
        self._url = usable(url)
        self.backend = backend_of(url)
        self.rebuilds = 0
        self.connected = False
        self.since = time.monotonic()
        self.trouble: str | None = None
        self._last_heard_at: float | None = None
        self._beat = beat.total_seconds()
        self._patience = patience.total_seconds()
        self._listeners: list[tuple[Rung, Connected, People]] = []
        # rings to be sent: one per account, so an outage of any length takes no memory
        self._pending: dict[UUID, int] = {}
        self._people: set[UUID] = set()
        self._rung = asyncio.Event()
        self._sender = ""
        self._alive_at = 0.0
        self._troubled = False
        self._supervisor: asyncio.Task[None] | None = None

    @property
    def last_heard_at(self) -> float | None:
        """Of any message, our own included; on time.monotonic()'s clock."""
        return self._last_heard_at

    def listen(
        self, rung: Rung, connected: Connected, people: People = lambda account_id: None
    ) -> None:
        """Call ``rung`` for each ring heard, our own too, and ``connected`` for each new line.

        Rings between two lines are lost: ``connected`` is the moment to look for oneself.
        ``people`` is called for each ``ring_people``. None of them may raise.
        """
        self._listeners.append((rung, connected, people))

    async def start(self) -> None:
        """Begin to connect. Never fails: a backend that is down is tried until it is up."""
        if self._supervisor is None:
            self._supervisor = asyncio.create_task(self._supervise(), name="doorbell")

    async def stop(self) -> None:
        """Disconnect, within STOPPING seconds even when the backend does not answer."""
        if self._supervisor is not None:
            supervisor, self._supervisor = self._supervisor, None
            supervisor.cancel()
            await asyncio.wait({supervisor}, timeout=STOPPING)
        self._turn(connected=False)

    def ring(self, account_id: UUID, seq: int) -> None:
        """Have everybody told, soon. Never waits, never raises; sent late rather than not at all.

        Call it after COMMIT: who is told earlier looks and finds nothing.
        """
        if seq > self._pending.get(account_id, 0):
            self._pending[account_id] = seq
            self._rung.set()

    def ring_people(self, account_id: UUID) -> None:
        """As ``ring``, of somebody's rights in the account that have changed."""
        self._people.add(account_id)
        self._rung.set()

    async def _supervise(self) -> None:
        pauses = delays(FIRST_RETRY, LONGEST_RETRY)
        while True:
            try:
                if await self._one_line():
                    pauses = delays(FIRST_RETRY, LONGEST_RETRY)
            except Exception as error:
                # whatever nobody foresaw ends a line, never the supervision
                logger.exception("the doorbell failed")
                self.trouble = repr(error)
            await asyncio.sleep(next(pauses))
            self.rebuilds += 1

    async def _one_line(self) -> bool:
        """Open a line and use it until it breaks. Returns whether it ever worked."""
        line = Line(self._url)
        try:
            await self._use(line)
        except LineBroken as broken:
            # once per outage, not once per attempt
            level = logging.DEBUG if self._troubled else logging.WARNING
            logger.log(level, "the doorbell is broken: %s", broken)
            self._troubled = True
            self.trouble = str(broken)
        finally:
            worked = self.connected
            self._turn(connected=False)
            await line.close()
        return worked

    async def _use(self, line: Line) -> None:
        """Raises LineBroken, sooner or later."""
        await line.open()
        # a new name for each line: what an old one still delivers proves nothing about it
        self._sender = uuid4().hex
        self._alive_at = time.monotonic()
        tasks = [
            asyncio.create_task(part)
            for part in (
                self._hear(line),
                self._speak(line),
                self._watch_silence(),
                _watch_end(line),
            )
        ]
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in ended:
            task.result()

    async def _hear(self, line: Line) -> None:
        while True:
            message = decode(await line.hear())
            self._last_heard_at = time.monotonic()
            if message.sender == self._sender:
                self._alive_at = self._last_heard_at
                self._now_connected()
            for rung, _, people in self._listeners:
                for account_id, seq in message.rings.items():
                    rung(account_id, seq)
                for account_id in message.people:
                    people(account_id)

    def _now_connected(self) -> None:
        """The first message came back, so both directions work: connecting alone proves neither."""
        if self.connected:
            return
        self._turn(connected=True)
        self._troubled = False
        logger.info("the doorbell is connected")
        for _, connected, _ in self._listeners:
            connected()

    def _turn(self, *, connected: bool) -> None:
        if self.connected != connected:
            self.connected, self.since = connected, time.monotonic()

    async def _speak(self, line: Line) -> None:
        """The only publisher: broadcaster's connection can't take two messages at once."""
        while True:
            self._rung.clear()
            batch = dict(islice(self._pending.items(), MOST_RINGS))
            people = set(islice(self._people, MOST_PEOPLE))
            # before, since one that is rung meanwhile has to be said again
            self._people -= people
            try:
                await line.say(encode(self._sender, batch, people))
            except BaseException:
                self._people |= people
                raise
            for account_id, seq in batch.items():
                if self._pending.get(account_id) == seq:
                    del self._pending[account_id]
            if not self._pending and not self._people:
                await self._until_rung()

    async def _until_rung(self) -> None:
        try:
            async with asyncio.timeout(self._beat):
                await self._rung.wait()
        except TimeoutError:
            return
        await asyncio.sleep(COALESCING)

    async def _watch_silence(self) -> None:
        """Half-open connections look healthy; their own echo is what they can't give."""
        while True:
            bound = self._patience + (self._beat if self.connected else 0)
            left = self._alive_at + bound - time.monotonic()
            if left <= 0:
                raise LineBroken(f"own message not heard for {bound:g} s")
            await asyncio.sleep(left)


async def _watch_end(line: Line) -> None:
    await line.broken()
    raise LineBroken("connection lost")
