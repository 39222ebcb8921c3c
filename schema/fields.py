"""Strawberry's decorators, typed: a field stays the method it was, and each has its description.

``own`` says that what the field answers is about the viewer: on a live stream it is resolved for
each subscriber alone, while everything else is resolved once for many. ``lists`` says of whose
rows the field is a page.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import strawberry

from resolvers.reads import LISTS, Lists

F = TypeVar("F", bound=Callable[..., Any])

OWN: Final = "own"


def field(*, description: str, own: bool = False, lists: Lists | None = None) -> Callable[[F], F]:
    metadata = {OWN: own, LISTS: lists}
    return cast("Callable[[F], F]", strawberry.field(description=description, metadata=metadata))


def mutation(*, description: str) -> Callable[[F], F]:
    return cast("Callable[[F], F]", strawberry.mutation(description=description))


def subscription(*, description: str, own: bool = False) -> Callable[[F], F]:
    return cast(
        "Callable[[F], F]", strawberry.subscription(description=description, metadata={OWN: own})
    )
