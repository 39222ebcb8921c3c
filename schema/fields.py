"""Strawberry's decorators, typed: a field stays the method it was, and each has its description.

``own`` says that what the field answers is about the viewer: on a live stream it is resolved for
each subscriber alone, while everything else is resolved once for many.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import strawberry

F = TypeVar("F", bound=Callable[..., Any])

OWN: Final = "own"


def field(*, description: str, own: bool = False) -> Callable[[F], F]:
    return cast("Callable[[F], F]", strawberry.field(description=description, metadata={OWN: own}))


def mutation(*, description: str) -> Callable[[F], F]:
    return cast("Callable[[F], F]", strawberry.mutation(description=description))


def subscription(*, description: str, own: bool = False) -> Callable[[F], F]:
    return cast(
        "Callable[[F], F]", strawberry.subscription(description=description, metadata={OWN: own})
    )
