"""Signing in on a socket: who it is, or the code the socket is closed with."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from app.graphql.callers import IdentityT, SignIn
from app.graphql.errors import ClientError, ErrorCode, told
from app.graphql.sockets.protocol import CloseCode

FORBIDDEN: Final = "Forbidden"  # the reason that the reference server gives
TRY_AGAIN: Final = "Try again later"


@dataclass(frozen=True, slots=True)
class Refused:
    close: CloseCode
    why: str
    code: str


async def admit(
    sign_in: SignIn[IdentityT], token: str | None, timeout: float
) -> IdentityT | Refused:
    """``timeout`` in seconds. What fails on our side is closed with a code that clients come back
    after: 1011 and 4500 would end them for good."""
    if token is None:
        return Refused(CloseCode.FORBIDDEN, FORBIDDEN, ErrorCode.UNAUTHENTICATED)
    try:
        async with asyncio.timeout(timeout) as clock:
            return await sign_in(token)
    except ClientError as error:
        if error.code is ErrorCode.UNAVAILABLE:
            return Refused(CloseCode.TRY_AGAIN, TRY_AGAIN, error.code)
        return Refused(CloseCode.FORBIDDEN, FORBIDDEN, error.code)
    except Exception as error:
        _, code = told(error, where="sign-in")
        if isinstance(error, TimeoutError) and clock.expired():
            return Refused(CloseCode.SIGN_IN_TIMEOUT, "Sign-in took too long", code)
        return Refused(CloseCode.TRY_AGAIN, TRY_AGAIN, code)
