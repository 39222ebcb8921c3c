"""Who is at the door."""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.signin.claims import LEEWAY
from app.signin.problems import TokenExpired
from app.signin.tokens import TokenVerifier, utc_now
from db.database import Database
from services import engineers
from services.actor import Actor
from services.engineers import SignInRefused

REMEMBERED_FOR = timedelta(seconds=10)
"""How long an engineer's removal, or a new role in the database, may go unnoticed at most; see
``SignIn.forget``."""

REMEMBERED = 10_000  # tokens; about 1 kB each


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token speaks for, and when it stops doing so: the moment its sockets must close.

    ``read_at``: their rights are those of then or later, on time.monotonic()'s clock.
    """

    actor: Actor
    expires_at: datetime
    account_slug: str
    read_at: float = 0.0

    @property
    def engineer(self) -> UUID:
        return self.actor.id

    @property
    def account(self) -> UUID:
        return self.actor.account_id


@dataclass(frozen=True, slots=True)
class Memory:
    identity: Identity
    since: datetime


class SignIn:
    """Tokens in, identities out.

    A token seen in the last seconds costs one look into a dictionary; refusals are never
    remembered. Many first sights of one token at once are verified and looked up once.
    ``refused`` is told the reason of every refusal, ``changed`` the account in which a token has
    given somebody another role or tier.
    """

    def __init__(
        self,
        verifier: TokenVerifier,
        database: Database,
        *,
        provision: bool = True,
        clock: Callable[[], datetime] = utc_now,
        refused: Callable[[str], None] = lambda reason: None,
        changed: Callable[[UUID], None] = lambda account_id: None,
        capacity: int = REMEMBERED,
    ) -> None:
        self._verifier = verifier
        self._database = database
        self._provision = provision
        self._clock = clock
        self._refused = refused
        self._changed = changed
        self._capacity = capacity
        self._memories: OrderedDict[bytes, Memory] = OrderedDict()
        self._under_way: dict[bytes, asyncio.Task[Identity]] = {}
        self._forgotten_at = 0.0

    def forget(self, account_id: UUID) -> None:
        """Rights in the account have changed: see everybody of it anew.

        A look-up under way may have read what was true before: nobody else is given its answer.
        """
        self._forgotten_at = time.monotonic()
        self._under_way = {}
        for digest, memory in list(self._memories.items()):
            if memory.identity.actor.account_id == account_id:
                del self._memories[digest]

    async def __call__(self, token: str) -> Identity:
        """Raises SignInRefused. What the database raises when it is away passes through."""
        try:
            # a digest, so that a dump of this process's memory holds no usable tokens
            digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
            return self._remembered(digest) or await self._looked_up(digest, token)
        except SignInRefused as refusal:
            self._refused(type(refusal).__name__)
            raise

    def _remembered(self, digest: bytes) -> Identity | None:
        memory = self._memories.get(digest)
        if memory is None:
            return None
        now = self._clock()
        if now >= memory.identity.expires_at:
            del self._memories[digest]
            raise TokenExpired("The token has expired. Sign in with a fresh one.")
        # not a memory from the future either: the clock may have been put back
        if not memory.since <= now < memory.since + REMEMBERED_FOR:
            del self._memories[digest]
            return None
        self._memories.move_to_end(digest)
        return memory.identity

    async def _looked_up(self, digest: bytes, token: str) -> Identity:
        """Join the look-up under way, or start one. It goes on when this caller goes away."""
        task = self._under_way.get(digest)
        if task is None:
            task = asyncio.create_task(self._look_up(digest, token), name="sign in")
            self._under_way[digest] = task
            task.add_done_callback(lambda done: self._finished(digest, done))
        return await asyncio.shield(task)

    def _finished(self, digest: bytes, task: asyncio.Task[Identity]) -> None:
        if self._under_way.get(digest) is task:
            del self._under_way[digest]
        if not task.cancelled():
            task.exception()  # marks it as seen, should every caller have gone away

    async def _look_up(self, digest: bytes, token: str) -> Identity:
        since, read_at = self._clock(), time.monotonic()
        claims = await self._verifier.verify(token)
        actor = await engineers.sign_in(
            self._database, claims, provision=self._provision, changed=self._changed
        )
        identity = Identity(actor, claims.expires_at + LEEWAY, claims.account, read_at)
        if read_at > self._forgotten_at:
            self._memories[digest] = Memory(identity, since)
        if len(self._memories) > self._capacity:
            self._memories.popitem(last=False)
        return identity
