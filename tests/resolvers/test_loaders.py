"""What an operation costs: a fixed number of statements, whatever the length of its lists."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.graphql.engine import Engine
from db.database import Database, Transaction
from resolvers.context import Context
from schema.schema import schema
from services.actor import Actor
from services.events import Doorbell, Hub
from services.ids import Kind, public
from tests.harness.people import Account, make_engineer
from tests.harness.story import NOON, OPTIONS, claimed, started, waiting

ENGINE = Engine(schema)


class Counted(Transaction):
    """Notes every statement."""

    __slots__ = ("statements",)
    statements: list[str]

    async def fetch(self, sql: str, *args: Any) -> Any:
        self.statements.append(sql)
        return await super().fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: Any) -> Any:
        self.statements.append(sql)
        return await super().fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        self.statements.append(sql)
        return await super().fetchval(sql, *args)


class Counting(Database):
    """The database, with everything noted that is asked of it."""

    transactions = 0
    statements: list[str]

    @asynccontextmanager
    async def transaction(self, account_id: UUID) -> AsyncIterator[Transaction]:
        self.transactions += 1
        async with super().transaction(account_id) as tx:
            counted = Counted(tx._connection, account_id)
            counted.statements = self.statements
            yield counted


@pytest.fixture
async def counting(dsn: str) -> AsyncIterator[Counting]:
    database = Counting(dsn, max_connections=8)
    database.statements = []
    await database.open()
    yield database
    await database.close()


async def ask(counting: Counting, actor: Actor, document: str, **variables: Any) -> Any:
    counting.transactions = 0
    counting.statements.clear()
    hub = Hub(counting, Doorbell("memory://"), poll=timedelta(seconds=30))
    context = Context(actor, counting, hub, OPTIONS, lambda: NOON, "test")
    result = await ENGINE.execute(ENGINE.prepare(document), variables, context)
    assert not result.errors, result.errors
    return result.data


QUEUE = """{ handoffQueue(first: 50) { count cursor handoffs {
  id status priority reason raisedBy { name tier } target { name } claimedBy { name }
  session { id status problemSummary owner { name } escalatedTo { name } }
  snapshot { capturedAt problemSummary stepCount hypothesesOpen hypothesesRuledOut } } } }"""
EVERYTHING = """{ handoffs(first: 50) { nodes {
  raisedBy { skills } target { name } claimedBy { name }
  session { owner { name } documentation { version }
    steps(first: 5) { nodes { title author { name } } }
    handoffs(first: 5) { nodes { id raisedBy { name } } } }
  snapshot { stepCount redactions timeline { title author { name } } }
  assessment { state whatWeKnow { evidence { title } } }
  documentation { version } deliveries { state }
  supersedes { id raisedBy { name } } } } }"""


@pytest.mark.parametrize(
    ("document", "cost"),
    [
        (QUEUE, (2, 4)),  # the queue; then engineers, sessions and snapshots together
        (EVERYTHING, (3, 11)),
    ],
)
async def test_statements_do_not_grow_with_the_list(
    counting: Counting, database: Database, account: Account, document: str, cost: tuple[int, int]
) -> None:
    engineers = [
        await make_engineer(database, account.id, f"e{number}@acme.test", tier=1)
        for number in range(4)
    ]
    for number in range(50):
        await waiting(database, engineers[number % 4], target_id=account.tier3.id)
        if number == 1:
            await ask(counting, account.tier2, document)
            assert (counting.transactions, len(counting.statements)) == cost

    data = await ask(counting, account.tier2, document)
    [listed] = data.values()

    assert len(listed.get("handoffs") or listed["nodes"]) == 50
    assert (counting.transactions, len(counting.statements)) == cost


async def test_a_claim_takes_one_transaction_with_all_that_a_client_shows_of_it(
    counting: Counting, database: Database, account: Account
) -> None:
    raised = await waiting(database, account.tier1)
    document = """mutation ($id: ID!) { claimHandoff(input: { handoffId: $id }) {
      ... on ClaimHandoffSuccess {
        handoff { id status claimedBy { name } claimedAt session { id status } }
        session { id status escalatedTo { id name } } } } }"""

    data = await ask(
        counting, account.tier2, document, id=public(Kind.HANDOFF, raised.handoff["id"])
    )

    assert data["claimHandoff"]["handoff"]["claimedBy"] == {"name": "Tier2"}
    assert counting.transactions == 1


async def test_a_loser_is_told_who_won_in_the_same_transaction(
    counting: Counting, database: Database, account: Account
) -> None:
    raised = await waiting(database, account.tier1)
    await claimed(database, account.tier3, raised)
    document = """mutation ($id: ID!) { claimHandoff(input: { handoffId: $id }) {
      ... on HandoffAlreadyClaimed { claimedBy { id name email skills } claimedAt } } }"""

    data = await ask(
        counting, account.tier2, document, id=public(Kind.HANDOFF, raised.handoff["id"])
    )

    assert data["claimHandoff"]["claimedBy"]["name"] == "Tier3"
    assert counting.transactions == 1


async def test_an_escalation_takes_one_transaction_with_its_effects(
    counting: Counting, database: Database, account: Account
) -> None:
    session = await started(database, account.tier1)
    document = """mutation ($id: ID!) { escalate(input: { sessionId: $id, reason: "Stuck" }) {
      ... on EscalateSuccess {
        handoff { id reason raisedBy { name } session { status } documentation { version }
          deliveries { state } }
        session { owner { name } } documentation { markdown } deliveries { channel state } } } }"""

    data = await ask(counting, account.tier1, document, id=public(Kind.SESSION, session["id"]))

    assert data["escalate"]["handoff"]["session"] == {"status": "ESCALATED"}
    assert len(data["escalate"]["handoff"]["deliveries"]) == len(data["escalate"]["deliveries"])
    assert counting.transactions == 1


async def test_the_viewer_costs_nothing_to_name(counting: Counting, account: Account) -> None:
    data = await ask(counting, account.tier1, "{ viewer { engineer { id name tier } } }")
    assert data["viewer"]["engineer"]["name"] == "Tier1"
    assert counting.transactions == 0


async def test_the_same_thing_asked_twice_is_loaded_once(
    counting: Counting, database: Database, account: Account
) -> None:
    session = await started(database, account.tier1)
    other = await started(database, account.tier1)
    document = """query ($a: ID!, $b: ID!) {
      a: session(id: $a) { id } again: node(id: $a) { id } b: session(id: $b) { id } }"""
    await ask(
        counting,
        account.tier1,
        document,
        a=public(Kind.SESSION, session["id"]),
        b=public(Kind.SESSION, other["id"]),
    )
    assert counting.transactions == 1
