"""Lists that are read by one statement answer as graphql-core does, which asks every resolver."""

from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from graphql import GraphQLObjectType, is_non_null_type
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from app.graphql.engine import Operation, RequestError
from app.graphql.plan.selections import DEFINITION
from db.database import Database
from schema.schema import schema
from services.joined import HANDOFFS, SESSIONS, SNAPSHOTS
from tests.harness.people import Account
from tests.harness.story import waiting
from tests.schema.asking import Client
from tests.schema.joined_world import ENGINE, World
from tests.schema.random_lists import documents

WHO = ("raiser", "target", "claimer", "colleague", "admin", "viewer")
PERSON = "{ id name email role tier skills __typename }"
SESSION = f"""{{ __typename id status problemSummary problemDomain environment confidenceTier
  escalationReason stepCount resolution resolvedAt createdAt updatedAt
  customer {{ name contact reachableUntil __typename }} ticket {{ system number }}
  owner {PERSON} escalatedTo {PERSON} }}"""
HANDOFF = f"""{{ __typename id intent status priority problemSummary reason notes releaseReason
  version claimedAt approach createdAt closedAt raisedBy {PERSON} target {PERSON}
  claimedBy {PERSON} session {SESSION} snapshot {{ __typename capturedAt problemSummary
    problemDomain environment confidenceTier stepCount branchCount hypothesesOpen
    hypothesesRuledOut customer {{ contact }} ticket {{ number }} }} }}"""
PAGE = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
BY_PRIORITY, MINE = "{ field: PRIORITY, direction: ASC }", "{ mine: true }"
LISTS = {
    "queue": f"{{ handoffQueue(first: 3) {{ count cursor handoffs {HANDOFF} {PAGE} }} }}",
    "handoffs": f"{{ handoffs(first: 50) {{ nodes {HANDOFF} {PAGE} }} }}",
    "edges": f"{{ handoffs(first: 3) {{ edges {{ node {HANDOFF} cursor }} __typename }} }}",
    "urgent": f"{{ handoffs(orderBy: {BY_PRIORITY}) {{ nodes {HANDOFF} }} }}",
    "sessions": f"{{ sessions {{ nodes {SESSION} {PAGE} }} }}",
    "mine": f"{{ sessions(filter: {MINE}, first: 2) {{ edges {{ cursor node {SESSION} }} }} }}",
}


@pytest.fixture(scope="module")
def world(dsn: str) -> Iterator[World]:
    made = World(dsn)
    yield made
    made.close()


def is_joined(operation: Operation, variables: dict[str, Any]) -> bool:
    known = operation.plan.variant(operation.variables(variables)).joins.known
    return any(how is not None for how in known.values())


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("name", LISTS)
def test_everything_that_one_statement_knows_is_answered_as_the_resolvers_do(
    world: World, name: str, who: str
) -> None:
    operation = ENGINE.prepare(LISTS[name])

    async def both() -> None:
        expected = await world.by_core(who, LISTS[name], {})
        assert await world.by_plan(who, operation, {}) == expected
        assert await world.by_plan(who, operation, {}) == expected
        if not expected[1]:  # what is not as it should be is read again
            assert len(world.database.statements) == 1

    world.runner.run(both())
    assert is_joined(operation, {})


JOINED: Counter[bool] = Counter()


@settings(max_examples=30, deadline=None, suppress_health_check=[*HealthCheck])
@given(asked=documents(), who=st.sampled_from(WHO))
def test_any_valid_document_is_answered_as_the_resolvers_do(
    world: World, asked: tuple[str, dict[str, Any]], who: str
) -> None:
    text, variables = asked
    try:
        operation = ENGINE.prepare(text)
    except RequestError:  # a fragment, say, on what it can not be on
        assume(False)
        return

    async def both() -> None:
        expected = await world.by_core(who, text, variables)
        for _ in range(2):
            assert await world.by_plan(who, operation, variables) == expected

    world.runner.run(both())
    JOINED[is_joined(operation, variables)] += 1


def test_some_of_the_documents_made_at_random_are_read_by_one_statement() -> None:
    assert JOINED[True] >= 3, JOINED


# ------------------------------------------------------------------------- what else must hold


def test_what_is_asked_once_has_no_statement_of_its_own(world: World) -> None:
    operation = ENGINE.prepare("{ handoffs(first: 7) { nodes { snapshot { stepCount } } } }")

    async def statements() -> int:
        await world.by_plan("admin", operation, {})
        return len(world.database.statements)

    assert [world.runner.run(statements()) for _ in range(3)] == [2, 1, 1]


@pytest.mark.parametrize(
    "text",
    [
        "{ handoffs { nodes { id session { id } viewerCan } } }",
        "{ handoffs { nodes { id session { id } history { nodes { cursor } } } } }",
        "{ handoffs { nodes { id session { id steps { nodes { id } } } } } }",
        "{ handoffs { nodes { id snapshot { cut { steps } } } } }",
        "{ handoffs { nodes { id } edges { node { status } } } }",
        "{ handoffs { pageInfo { hasNextPage } } }",
        "{ deliveries { nodes { id } } }",
    ],
)
def test_anything_else_that_is_asked_leaves_all_of_it_to_the_resolvers(
    world: World, text: str
) -> None:
    operation = ENGINE.prepare(text)

    async def both() -> None:
        expected = await world.by_core("admin", text, {})
        for _ in range(3):
            assert await world.by_plan("admin", operation, {}) == expected

    world.runner.run(both())
    assert not is_joined(operation, {})


async def test_what_is_read_by_one_statement_is_a_view_and_what_is_not_shown_is_none(
    client: Client, database: Database, account: Account
) -> None:
    """The admin's asking makes the statement, and is no view."""
    for _ in range(2):
        await waiting(database, account.tier1)
    ways = {
        account.tier2: "{ handoffQueue(first: 1) { handoffs { id session { id } } } }",
        account.tier3: "{ sessions(first: 1) { nodes { id } } }",
    }
    for actor, text in ways.items():
        for each in (account.admin, account.admin, actor):
            await client.ask(each, text)

    async with database.transaction(account.id) as tx:
        found = await tx.fetch("SELECT engineer_id, handoff_id FROM session_view")
    assert sorted(row["engineer_id"] for row in found) == sorted(each.id for each in ways)
    assert len({row["handoff_id"] for row in found}) == 2  # the first, and the last


@pytest.mark.parametrize("fields", ["id reason notes raisedBy { name }", "id status"])
async def test_reading_what_the_call_says_is_no_view(
    client: Client, database: Database, account: Account, fields: str
) -> None:
    await waiting(database, account.tier1)
    for text in (
        f"{{ handoffQueue {{ handoffs {{ {fields} }} }} }}",
        f"{{ handoffs {{ nodes {{ {fields} }} }} }}",
    ):
        for _ in range(2):
            await client.ask(account.tier2, text)
    async with database.transaction(account.id) as tx:
        assert await tx.fetchval("SELECT count(*) FROM session_view") == 0


ENGINEERS = HANDOFFS.links["raised_by"].table
TYPES = {"Handoff": HANDOFFS, "Session": SESSIONS, "Snapshot": SNAPSHOTS, "Engineer": ENGINEERS}


@pytest.mark.parametrize("name", TYPES)
async def test_what_an_answer_must_have_is_never_null_in_the_table(
    database: Database, name: str
) -> None:
    table, type_ = TYPES[name], schema._schema.type_map[name]
    async with database.transaction(UUID(int=0)) as tx:
        columns = await tx.fetch(
            "SELECT column_name, is_nullable FROM information_schema.columns WHERE table_name = $1",
            table.name,
        )
    nullable = {row["column_name"]: row["is_nullable"] == "YES" for row in columns}
    assert isinstance(type_, GraphQLObjectType)
    needed = {
        field.extensions[DEFINITION].python_name
        for field in type_.fields.values()
        if is_non_null_type(field.type)
    }
    assert table.columns <= nullable.keys()
    assert [name for name in sorted(needed & table.columns) if nullable[name]] == []
    for link in table.links.values():
        if link.present is None:
            assert not nullable[f"{link.table.alias}_id"]


def test_a_row_that_is_not_understood_is_left_to_the_resolvers(
    world: World, superuser_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A word of a newer release, while the two run side by side."""
    text = f"{{ handoffs {{ nodes {HANDOFF} }} }}"
    operation = ENGINE.prepare(text)

    async def both() -> None:
        await world.by_plan("admin", operation, {})
        await spoil(superuser_dsn)
        expected = await world.by_core("admin", text, {})
        assert [error["path"][-1] for error in expected[1]] == ["session"]
        assert await world.by_plan("admin", operation, {}) == expected

    world.runner.run(both())
    assert is_joined(operation, {})
    assert "by whole rows" in caplog.text


async def spoil(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("ALTER TABLE session DROP CONSTRAINT session_status_known")
        await connection.execute(
            "UPDATE session SET status = 'PARKED' "
            "WHERE id = (SELECT session_id FROM handoff ORDER BY id LIMIT 1)"
        )
    finally:
        await connection.close()
