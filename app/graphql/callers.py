"""Who asks: what the transports know of callers, their tokens and the ids of their requests."""

from __future__ import annotations

import itertools
import re
from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime
from secrets import token_hex
from typing import Any, Final, Protocol, TypeAlias, TypeVar

# Unlike any other process's, and cheaper to count on than to draw anew for each request.
PROCESS: Final = token_hex(5)
_requests = itertools.count(1)

SANE_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class Identity(Protocol):
    """Who signed in. The transports need to know no more than until when, and how many of the
    connections they have are the same engineer's or account's."""

    @property
    def expires_at(self) -> datetime: ...

    @property
    def engineer(self) -> Hashable: ...

    @property
    def account(self) -> Hashable: ...


IdentityT = TypeVar("IdentityT", bound=Identity)

SignIn: TypeAlias = Callable[[str], Awaitable[IdentityT]]
"""From a token. Raises ClientError: with UNAVAILABLE when it can not tell just now, else because
the token is not accepted. Whatever else it raises is a fault of ours, of the database
(``app.graphql.errors.AWAY``) or in the code."""

Keep: TypeAlias = Callable[[IdentityT, Callable[[str], None]], Callable[[], None]]
"""(identity, out) -> left. ``out`` is called, with the reason, when the identity is no longer true;
``left`` is to be called when nobody uses it any more."""

MakeContext: TypeAlias = Callable[[IdentityT, str], Any]
"""(identity, request id) -> a fresh context for one execution."""


def bearer(value: str) -> str | None:
    """The token of an Authorization value, if that is of the Bearer scheme and has one."""
    scheme, _, token = value.strip().partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def request_id(given: bytes | None) -> str:
    """The client's own, if it is one that may be written to logs and headers; else a new one."""
    if given is not None and SANE_ID.fullmatch(given):
        return given.decode("ascii")
    return f"{PROCESS}{next(_requests):06x}"
