"""An account with something of everything that a list can show, asked in two ways."""

import asyncio
from datetime import timedelta
from typing import Any

from graphql import GraphQLError, execute, parse

from app.graphql.engine import Engine, Operation
from app.graphql.limits.bounds import Bounds
from resolvers.context import Context
from schema.schema import schema
from services.actor import Actor
from services.events import Doorbell, Hub
from tests.harness.counting import Counting
from tests.harness.people import make_account
from tests.harness.story import DESK, NOON, OPTIONS, escalated, started
from tests.schema.asking import Client
from tests.schema.lives import People, State, live

MUCH = 1_000_000
ENGINE = Engine(
    schema,
    bounds=Bounds(
        document_bytes=MUCH,
        tokens=MUCH,
        depth=MUCH,
        aliases=MUCH,
        directives=MUCH,
        root_fields=MUCH,
    ),
)
Answer = tuple[Any, list[Any]]

KNOWN = {
    "problem_domain": "Mail flow",
    "environment": "Exchange 2019",
    "customer_name": "Weber & Söhne",
    "customer_reachable_until": NOON,
    "ticket_system": "HALOPSA",
    "ticket_number": "1007",
}


class World:
    """Handoffs in every state; sessions of which all is known, and of which nothing is."""

    def __init__(self, dsn: str) -> None:
        self.runner = asyncio.Runner()
        self.database = Counting(dsn)
        self.hub = Hub(self.database, Doorbell("memory://"), poll=timedelta(seconds=30))
        self.people = self.runner.run(self.made())

    async def made(self) -> People:
        await self.database.open()
        people = await People.of(self.database, await make_account(self.database))
        client = Client(self.database, self.hub)
        for state in State:
            await live(client, people, state)
        known = await started(self.database, people.colleague, **KNOWN)
        await escalated(self.database, people.colleague, known, priority="URGENT")
        half = await started(self.database, people.raiser, customer_contact="+49 30 1234567")
        async with self.database.transaction(half["account_id"]) as tx:
            # which the rules do not let happen: a ticket that is said to have a system has none
            await tx.execute("UPDATE session SET ticket_number = '7' WHERE id = $1", half["id"])
        return people

    def close(self) -> None:
        self.runner.run(self.database.close())
        self.runner.close()

    def context(self, who: str) -> Context:
        actor: Actor = getattr(self.people, who)
        return Context(actor, self.database, self.hub, OPTIONS, DESK, lambda: NOON, "test")

    async def by_core(self, who: str, text: str, variables: dict[str, Any]) -> Answer:
        """As graphql-core has it, which asks every resolver."""
        outcome: Any = execute(
            schema._schema, parse(text), context_value=self.context(who), variable_values=variables
        )
        answer = await outcome if asyncio.iscoroutine(outcome) else outcome
        return in_order(answer.data), told(answer.errors)

    async def by_plan(self, who: str, operation: Operation, variables: dict[str, Any]) -> Answer:
        self.database.start()
        result = await ENGINE.execute(operation, variables, self.context(who))
        return in_order(result.data), told(result.errors)


def told(errors: list[GraphQLError] | None) -> list[Any]:
    return sorted((error.formatted for error in errors or []), key=repr)


def in_order(value: Any) -> Any:
    """Objects as lists of pairs: the order of fields is part of the answer."""
    if isinstance(value, dict):
        return [(key, in_order(item)) for key, item in value.items()]
    return [in_order(item) for item in value] if isinstance(value, list) else value
