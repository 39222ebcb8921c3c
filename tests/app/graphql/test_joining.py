"""What may be read by one statement: fields that do no more than read."""

from typing import Any

import pytest
import strawberry
from strawberry.permission import BasePermission

from app.graphql.engine import Engine
from resolvers.reads import Lists
from schema.fields import field
from services.joined import HANDOFFS


class Never(BasePermission):
    message = "Not for you."

    def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:
        return False


@strawberry.type
class Handoff:
    status: str
    intent: str | None = strawberry.field(permission_classes=[Never])
    version: float

    @strawberry.field
    def priority(self, loud: bool = False) -> str:
        return "URGENT!" if loud else "URGENT"


@strawberry.type
class Page:
    nodes: list[Handoff]


@strawberry.type
class Query:
    @field(description="", lists=Lists(HANDOFFS, "Handoff"))
    def handoffs(self, info: strawberry.Info) -> Page:
        info.context.append(info.joined is not None)  # type: ignore[attr-defined]
        return Page(nodes=[])

    @field(description="")
    def others(self, info: strawberry.Info) -> Page:
        info.context.append(info.joined is not None)  # type: ignore[attr-defined]
        return Page(nodes=[])


@pytest.mark.parametrize(
    ("asked", "joined"),
    [
        ("handoffs { nodes { status __typename } }", True),
        ("handoffs { nodes { status intent } }", False),
        ("handoffs { nodes { priority } }", False),
        ("handoffs { nodes { status again: priority(loud: true) } }", False),
        ("handoffs { nodes { version } }", True),
        ("handoffs { nodes { status } more: nodes { status } }", False),
        ("handoffs { __typename }", False),
        ("others { nodes { status } }", False),
    ],
)
async def test_a_field_that_does_more_than_read_leaves_the_list_to_its_resolvers(
    asked: str, joined: bool
) -> None:
    engine = Engine(strawberry.Schema(Query))
    found: list[bool] = []
    for _ in range(2):
        result = await engine.execute(engine.prepare(f"{{ {asked} }}"), {}, found)
        assert not result.errors
    assert found == [False, joined]
