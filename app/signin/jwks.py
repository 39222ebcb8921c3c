"""The identity provider's published keys, fetched when needed and kept for a while."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta

import httpx2
import orjson
import structlog

from app.signin.keys import Key, usable
from app.signin.problems import KeysUnavailable, TokenRefused

LIFETIME = 600.0  # seconds that a fetched set is used without asking again
STALE_AT_MOST = 86_400.0  # seconds: an outage must not keep a withdrawn key alive for ever
ASK_AGAIN_AFTER = 30.0  # seconds between fetches that unknown key ids cause: anybody can invent ids
RETRY_AFTER = 5.0  # seconds without a fetch after a failed one
DEADLINE = timedelta(seconds=5)  # for a whole fetch: per read, a slow drip would go on for ever
LARGEST_BODY = 262_144  # bytes

log = structlog.get_logger("app.signin")

KeySet = dict[str, dict[str, Key]]
"""By key id, then by algorithm."""


class UnusableKeySet(Exception):
    """What came back holds no key that could verify a token."""


class PublishedKeys:
    """One fetch at a time, whoever waits for it; while fetches fail the known keys go on serving.

    ``fetched`` is told of every fetch whether it worked. ``clock`` counts seconds, monotonically.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        fetched: Callable[[bool], None] = lambda worked: None,
        deadline: timedelta = DEADLINE,
    ) -> None:
        self._url = url
        self._clock = clock
        self._fetched = fetched
        self._deadline = deadline.total_seconds()
        self._tls = httpx2.create_ssl_context(trust_env=False)  # slow to make: once
        self._known: KeySet | None = None
        self._known_since = self._failed_at = self._asked_at = -float("inf")
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, kid: str | None, algorithm: str) -> Key:
        if kid is None:
            raise TokenRefused("The token's header names no key (kid).")
        if self._worth_a_fetch(kid):
            fetch = self._fetch_once()
            if not self._serving_in_outage(kid):
                await asyncio.shield(fetch)
        named = self._usable().get(kid)
        if named is None:
            raise TokenRefused("The token is signed with a key the identity provider doesn't have.")
        if algorithm not in named:
            raise TokenRefused("The token's algorithm is not the one its key is meant for.")
        return named[algorithm]

    def _worth_a_fetch(self, kid: str) -> bool:
        now = self._clock()
        if now - self._known_since >= LIFETIME and now - self._failed_at >= RETRY_AFTER:
            return True
        if kid in self._usable():
            return False
        if self._fetching is not None:
            return True  # to be joined: it may bring the key
        due = now - self._asked_at >= ASK_AGAIN_AFTER
        if due:
            self._asked_at = now
        return due

    def _usable(self) -> KeySet:
        if self._known is None or self._clock() - self._known_since > STALE_AT_MOST:
            raise KeysUnavailable
        return self._known

    def _serving_in_outage(self, kid: str) -> bool:
        """Nobody waits again for a provider that has just been seen not to answer."""
        return self._failed_at > self._known_since and kid in (self._known or ())

    def _fetch_once(self) -> asyncio.Task[None]:
        """The fetch under way, or a new one. It goes on when whoever waits for it goes away."""
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch(), name="fetch published keys")
            self._fetching.add_done_callback(self._finished)
        return self._fetching

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._fetching = None

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(self._deadline):
                known = key_set(await self._download())
        except (httpx2.HTTPError, OSError, TimeoutError, UnusableKeySet) as error:
            self._failed_at = self._clock()
            self._fetched(False)
            log.warning(
                "signin.keys_not_fetched",
                url=self._url,
                error=str(error) or type(error).__name__,
                serving_known_keys=self._known is not None,
            )
            return
        self._known, self._known_since = known, self._clock()
        self._fetched(True)
        log.info("signin.keys_fetched", keys=len(known))

    async def _download(self) -> bytes:
        async with (
            httpx2.AsyncClient(
                verify=self._tls, trust_env=False, follow_redirects=False, timeout=self._deadline
            ) as client,
            # a compressed answer could be small on the wire and huge in memory
            client.stream("GET", self._url, headers={"accept-encoding": "identity"}) as answer,
        ):
            if answer.status_code != 200:
                raise UnusableKeySet(f"it answered {answer.status_code}")
            body = bytearray()
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise UnusableKeySet(f"its answer is larger than {LARGEST_BODY} bytes")
            return bytes(body)


def key_set(body: bytes) -> KeySet:
    """The keys of a JWK set that may be used here. Others in it are left out (RFC 7517, 5).

    Raises UnusableKeySet when none is left.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise UnusableKeySet("its answer is not JSON") from None
    members = document.get("keys") if isinstance(document, dict) else None
    found: KeySet = {}
    for jwk in members if isinstance(members, list) else []:
        key = usable(jwk) if isinstance(jwk, dict) else None
        kid = jwk.get("kid") if key is not None else None
        if key is not None and isinstance(kid, str):
            found.setdefault(kid, {}).setdefault(key.algorithm, key)
    if not found:
        raise UnusableKeySet("its answer holds no RS256, ES256 or EdDSA key with a kid")
    return found
