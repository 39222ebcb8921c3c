"""`Session.accessLog`: who looked in while the session waited, for its owner and ADMINs alone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.database import Database
from schema.types.session_view import PLACES
from services import views
from services.actor import Actor
from services.handoffs.escalating import Escalated
from services.ids import Kind, public
from tests.harness.people import Account, make_engineer
from tests.harness.story import claimed, escalated, started, waiting
from tests.schema.asking import Client

LOG = """query ($id: ID!, $first: Int, $after: String) { session(id: $id) {
  accessLog(first: $first, after: $after) {
    nodes { viewedAt engineer { email } handoff { id status } }
    edges { cursor } pageInfo { hasNextPage hasPreviousPage endCursor } } } }"""
QUEUE = "{ handoffQueue { handoffs { id status reason notes raisedBy { name } %s } } }"
EVENTS = "subscription { handoffEvents { ... on HandoffEvent { handoff { id reason %s } } } }"


@pytest.fixture(autouse=True)
def a_process_that_knows_nothing() -> Iterator[None]:
    views._recorded.clear()
    yield
    views._recorded.clear()


@pytest.fixture
async def raised(database: Database, account: Account) -> Escalated:
    return await waiting(database, account.tier1, notes="Call before noon")


async def log(client: Client, actor: Actor, raised: Escalated, **page: Any) -> Any:
    data = await client.ask(
        actor, LOG, id=public(Kind.SESSION, raised.session["id"]), first=None, after=None, **page
    )
    return data["session"] and data["session"]["accessLog"]


async def viewers(client: Client, account: Account, raised: Escalated) -> list[str]:
    found = await log(client, account.admin, raised)
    return [node["engineer"]["email"] for node in found["nodes"]]


CONTENT = {
    "a session": "query ($s: ID!) { session(id: $s) { id } }",
    "its readiness": "query ($s: ID!) { escalationReadiness(sessionId: $s) { score } }",
    "sessions": "query { sessions { nodes { status } } }",
    "a node": "query ($s: ID!) { node(id: $s) { id } }",
    "a step": "query ($step: ID!) { node(id: $step) { id } }",
    "a document": "query ($written: ID!) { node(id: $written) { id } }",
    "a delivery": "query ($delivery: ID!) { node(id: $delivery) { id } }",
    "a handoff's session": "query ($h: ID!) { handoff(id: $h) { session { id } } }",
    "a snapshot": "query ($h: ID!) { handoff(id: $h) { snapshot { stepCount } } }",
    "an assessment": "query ($h: ID!) { handoff(id: $h) { assessment { state } } }",
    "documentation": "query ($h: ID!) { handoff(id: $h) { documentation { version } } }",
    "deliveries": "query ($h: ID!) { handoff(id: $h) { deliveries { state } } }",
    "the queue": QUEUE % "session { id }",
    "handoffs": "query { handoffs { nodes { documentation { markdown } } } }",
    "a bell": "query { notifications { nodes { handoff { snapshot { stepCount } } } } }",
}


def variables(raised: Escalated, step: Any) -> dict[str, str]:
    return {
        "s": public(Kind.SESSION, raised.session["id"]),
        "h": public(Kind.HANDOFF, raised.handoff["id"]),
        "step": public(Kind.STEP, step),
        "written": public(Kind.DOCUMENTATION, raised.documentation["id"]),
        "delivery": public(Kind.DELIVERY, raised.deliveries[0]["id"]),
    }


@pytest.mark.parametrize("way", CONTENT)
async def test_whichever_way_content_is_opened_the_log_has_it(
    client: Client, database: Database, account: Account, raised: Escalated, way: str
) -> None:
    async with database.transaction(account.id) as tx:
        step = await tx.fetchval("SELECT id FROM step LIMIT 1")
    asked = {
        name: value
        for name, value in variables(raised, step).items()
        if f"${name}:" in CONTENT[way]
    }

    data = await client.ask(account.tier2, CONTENT[way], **asked)

    assert None not in data.values()
    assert await viewers(client, account, raised) == [account.tier2.email]


async def test_reading_the_queue_and_its_reasons_is_no_view(
    client: Client, account: Account, raised: Escalated
) -> None:
    data = await client.ask(account.tier2, QUEUE % "")
    assert data["handoffQueue"]["handoffs"][0]["notes"] == "Call before noon"
    assert await viewers(client, account, raised) == []


async def test_content_that_a_stream_brings_is_a_view_and_its_records_are_none(
    client: Client, database: Database, account: Account
) -> None:
    async with (
        client.listen(account.tier2, EVENTS % "snapshot { stepCount }") as reading,
        client.listen(account.tier3, EVENTS % "") as glancing,
    ):
        await reading.next()
        await glancing.next()
        raised = await waiting(database, account.tier1)
        client.hub.ring(account.id, raised.seq or 0)
        assert (await reading.next())["handoff"]["snapshot"] == {"stepCount": 2}
        assert (await glancing.next())["handoff"]["reason"]

    assert await viewers(client, account, raised) == [account.tier2.email]


async def test_the_log_says_who_when_and_through_which_handoff(
    client: Client, account: Account, raised: Escalated
) -> None:
    await client.ask(account.tier2, QUEUE % "session { id }")

    for reader in (account.tier1, account.admin):
        found = await log(client, reader, raised)
        [node] = found["nodes"]
        assert node["engineer"] == {"email": account.tier2.email}
        assert node["handoff"] == {
            "id": public(Kind.HANDOFF, raised.handoff["id"]),
            "status": "OPEN",
        }
        viewed = datetime.fromisoformat(node["viewedAt"])
        assert abs(viewed - datetime.now(UTC)) < timedelta(minutes=1)


async def test_nobody_else_is_told_not_even_who_took_the_session_over(
    client: Client, database: Database, account: Account, raised: Escalated
) -> None:
    for other in (account.tier2, account.tier3):
        assert await log(client, other, raised) is None
    await claimed(database, account.tier2, raised)

    assert await log(client, account.tier2, raised) is None
    assert await log(client, account.tier3, raised) is None  # nor the session any more
    assert len((await log(client, account.tier1, raised))["nodes"]) == 2


async def test_a_session_that_nobody_looked_into_has_an_empty_log(
    client: Client, database: Database, account: Account
) -> None:
    session = await started(database, account.tier1)
    data = await client.ask(account.tier1, LOG, id=public(Kind.SESSION, session["id"]))
    assert data["session"]["accessLog"]["nodes"] == []
    assert data["session"]["accessLog"]["pageInfo"]["hasNextPage"] is False


async def test_the_log_is_read_page_by_page_newest_first_over_all_handoffs(
    client: Client, database: Database, account: Account, raised: Escalated
) -> None:
    document = "query ($id: ID!) { session(id: $id) { id } }"
    session_id = public(Kind.SESSION, raised.session["id"])
    colleagues = [
        await make_engineer(database, account.id, f"c{number}@{account.slug}.test")
        for number in range(4)
    ]
    for colleague in colleagues:
        await client.ask(colleague, document, id=session_id)
    await claimed(database, account.tier2, raised)
    await escalated(database, account.tier2, raised.session)
    for colleague in colleagues[:2]:
        await client.ask(colleague, document, id=session_id)
    expected = [colleagues[number].email for number in (1, 0, 3, 2, 1, 0)]

    shown: list[str] = []
    after = None
    for number in range(3):
        data = await client.ask(account.tier1, LOG, id=session_id, first=2, after=after)
        page = data["session"]["accessLog"]
        assert page["pageInfo"]["hasPreviousPage"] is (number > 0)
        assert page["pageInfo"]["hasNextPage"] is (number < 2)
        after = page["pageInfo"]["endCursor"]
        assert page["edges"][-1]["cursor"] == after
        shown += [node["engineer"]["email"] for node in page["nodes"]]
    assert shown == expected


@pytest.mark.parametrize("cursor", ["x", PLACES.write(2**63 - 1, bytes(16), bytes(16))])
async def test_a_cursor_that_was_never_given_out_is_refused(
    client: Client, account: Account, raised: Escalated, cursor: str
) -> None:
    code, message = await client.error(
        account.tier1, LOG, id=public(Kind.SESSION, raised.session["id"]), after=cursor
    )
    assert code == "BAD_REQUEST"
    assert "`after`" in message
