"""The schema, put together. ``schema.graphql`` is this, printed."""

from functools import cache
from typing import Final

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema.mutation import Mutation
from schema.query import Query
from schema.scalars import SCALARS
from schema.subscription import Subscription
from schema.types.account import Account
from schema.types.delivery import Delivery
from schema.types.documentation import Documentation
from schema.types.engineer import Engineer
from schema.types.step import Step


def build(*, sort: bool = False) -> strawberry.Schema:
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        # what `node` can give, however it is reached otherwise
        types=[Account, Delivery, Documentation, Engineer, Step],
        config=StrawberryConfig(scalar_map=SCALARS, sort_schema=sort),
    )


# Not sorted: Strawberry 0.341 does not find the types of a sorted schema's unions.
schema: Final = build()


ONE_OF: Final = "directive @oneOf on INPUT_OBJECT"
"""Strawberry prints it without a description; older tools know it from here only."""


@cache
def sdl() -> str:
    """As it stands in ``schema.graphql``, sorted so that a change shows where it is made."""
    printed = build(sort=True).as_str()
    explained = (
        f'"""Exactly one of the input\'s fields must be given, and not as null."""\n{ONE_OF}'
    )
    return f"{printed.replace(ONE_OF, explained, 1)}\n"
