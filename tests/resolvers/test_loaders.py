"""What an operation costs: a fixed number of statements, whatever the length of its lists."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from app.graphql.engine import Engine
from db.database import Database
from resolvers.context import Context
from schema.schema import schema
from services.actor import Actor
from services.events import Doorbell, Hub
from services.ids import Kind, public
from tests.harness.counting import Counting
from tests.harness.people import Account, make_engineer
from tests.harness.story import DESK, NOON, OPTIONS, claimed, started, waiting

ENGINE = Engine(schema)


@pytest.fixture
async def counting(dsn: str) -> AsyncIterator[Counting]:
    database = Counting(dsn)
    await database.open()
    yield database
    await database.close()


async def ask(counting: Counting, actor: Actor, document: str, **variables: Any) -> Any:
    counting.start()
    hub = Hub(counting, Doorbell("memory://"), poll=timedelta(seconds=30))
    context = Context(actor, counting, hub, OPTIONS, DESK, lambda: NOON, "test")
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


HANDOFFS = QUEUE.replace("handoffQueue", "handoffs").replace("count cursor handoffs", "nodes")
SESSIONS = """{ sessions(first: 50) { nodes { id status problemSummary customer { name }
  ticket { number } owner { name tier } escalatedTo { name } } pageInfo { endCursor } } }"""
BY_TABLE = (2, 4)  # the list; then engineers, sessions and snapshots together
BY_ONE = (1, 1)  # for who asks again


@pytest.mark.parametrize(
    ("document", "costs"),
    [
        (QUEUE, (BY_TABLE, BY_ONE)),
        (HANDOFFS, (BY_TABLE, BY_ONE)),
        (SESSIONS, ((2, 2), BY_ONE)),
        (QUEUE.replace("snapshot {", "viewerCan snapshot {"), (BY_TABLE, BY_TABLE)),
        (EVERYTHING, ((3, 11), (3, 11))),
    ],
    ids=["queue", "handoffs", "sessions", "with more than one statement knows", "everything"],
)
async def test_statements_do_not_grow_with_the_list(
    counting: Counting,
    database: Database,
    account: Account,
    document: str,
    costs: tuple[tuple[int, int], tuple[int, int]],
) -> None:
    first, again = costs
    engineers = [
        await make_engineer(database, account.id, f"e{number}@acme.test", tier=1)
        for number in range(4)
    ]
    for number in range(50):
        await waiting(database, engineers[number % 4], target_id=account.tier3.id)
        if number == 1:
            await ask(counting, account.tier2, document)
            assert spent(counting) == (*first, 1)  # for the record of what was looked into

    data = await ask(counting, account.tier2, document)
    [listed] = data.values()

    assert len(listed.get("handoffs") or listed["nodes"]) == 50
    assert spent(counting) == (*again, 1)
    await ask(counting, account.tier2, document)
    assert spent(counting) == (*again, 0)


def spent(counting: Counting) -> tuple[int, int, int]:
    """(Transactions, statements that read, statements that write)."""
    written = sum("INSERT" in statement for statement in counting.statements)
    return counting.transactions, len(counting.statements) - written, written


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


async def test_histories_and_what_may_be_done_cost_one_statement_for_the_whole_list(
    counting: Counting, database: Database, account: Account
) -> None:
    document = """{ handoffs(first: 50) { nodes { viewerCan version releaseReason
      history(first: 5) { nodes { __typename cursor occurredAt
        ... on HandoffReleased { reason } } pageInfo { hasNextPage } } } } }"""
    for number in range(8):
        raised = await waiting(database, account.tier1)
        if number % 2:
            await claimed(database, account.tier2, raised)

    data = await ask(counting, account.tier2, document)

    lengths = [len(node["history"]["nodes"]) for node in data["handoffs"]["nodes"]]
    assert lengths == [2, 1] * 4
    assert (counting.transactions, len(counting.statements)) == (2, 2)


async def test_what_may_be_done_is_known_without_asking(
    counting: Counting, database: Database, account: Account
) -> None:
    await waiting(database, account.tier1)
    data = await ask(counting, account.tier2, "{ handoffQueue { handoffs { viewerCan } } }")
    assert data["handoffQueue"]["handoffs"] == [{"viewerCan": ["CLAIM"]}]
    assert len(counting.statements) == 1


async def test_a_change_takes_one_transaction_unless_more_is_asked(
    counting: Counting, database: Database, account: Account
) -> None:
    raised = await waiting(database, account.tier1)
    document = """mutation ($id: ID!) { cancelHandoff(input: { handoffId: $id }) {
      ... on CancelHandoffSuccess {
        handoff { id status version viewerCan raisedBy { name } } } } }"""
    handoff_id = public(Kind.HANDOFF, raised.handoff["id"])
    data = await ask(counting, account.tier1, document, id=handoff_id)
    assert data["cancelHandoff"]["handoff"]["status"] == "CANCELLED"
    assert counting.transactions == 1


async def test_raising_many_takes_one_transaction_with_all_that_goes_with_them(
    counting: Counting, database: Database, account: Account
) -> None:
    ids = [public(Kind.SESSION, (await started(database, account.tier1))["id"]) for _ in range(3)]
    document = """mutation ($ids: [ID!]!) {
      escalateMany(input: { sessionIds: $ids, reason: "Shift ends" }) {
        ... on EscalateManySuccess { handoffs {
          id session { status } documentation { version } deliveries { state } } } } }"""
    data = await ask(counting, account.tier1, document, ids=ids)
    assert [each["session"] for each in data["escalateMany"]["handoffs"]] == [
        {"status": "ESCALATED"}
    ] * 3
    assert counting.transactions == 1
