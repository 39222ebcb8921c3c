"""Pages: bounded, by keys that inserts don't shift, and cursors that are only good where given."""

from typing import Any

import pytest

from db.database import Database
from db.models.vocabulary import StepKind
from services.ids import Kind, public
from services.sessions.recording import StepDraft, record_step
from tests.harness.people import Account
from tests.harness.story import NOON, escalated, started, waiting
from tests.schema.asking import Client

INFO = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
LISTS = {
    "sessions": f"query ($first: Int, $after: String) {{ sessions(first: $first, after: $after) "
    f"{{ edges {{ cursor node {{ id }} }} nodes {{ id }} {INFO} }} }}",
    "handoffs": f"query ($first: Int, $after: String) {{ handoffs(first: $first, after: $after) "
    f"{{ edges {{ cursor node {{ id }} }} nodes {{ id }} {INFO} }} }}",
    "notifications": "query ($first: Int, $after: String) "
    f"{{ notifications(first: $first, after: $after) "
    f"{{ edges {{ cursor node {{ id }} }} nodes {{ id }} {INFO} }} }}",
    "handoffQueue": f"query ($first: Int, $after: String) {{ handoffQueue(first: $first, "
    f"after: $after) {{ nodes: handoffs {{ id }} {INFO} }} }}",
}


async def pages(client: Client, actor: Any, name: str, *, between: Any, first: int = 2):
    """Every page of a list, with something happening between any two."""
    after = None
    while True:
        data = await client.ask(actor, LISTS[name], first=first, after=after)
        page = data[name]
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        for edge, node in zip(page.get("edges", []), page["nodes"], strict=False):
            assert edge["node"] == node
        yield [node["id"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]
        await between()


@pytest.mark.parametrize("name", LISTS)
async def test_each_item_is_shown_once_whatever_is_added_meanwhile(
    client: Client, database: Database, account: Account, name: str
) -> None:
    for priority in ("LOW", "URGENT", "NORMAL", "URGENT", "LOW"):
        await waiting(database, account.tier1, priority=priority)
    whole = await client.ask(account.tier2, LISTS[name], first=100, after=None)
    before = [node["id"] for node in whole[name]["nodes"]]
    assert len(before) == 5

    async def more() -> None:
        await waiting(database, account.tier1, priority="URGENT")

    shown = [
        each async for page in pages(client, account.tier2, name, between=more) for each in page
    ]

    assert len(set(shown)) == len(shown)
    assert [each for each in shown if each in before] == before


async def test_a_list_can_be_followed_by_the_cursors_of_its_edges(
    client: Client, database: Database, account: Account
) -> None:
    for _ in range(3):
        await waiting(database, account.tier1)
    data = await client.ask(account.tier1, LISTS["handoffs"], first=3, after=None)
    edges = data["handoffs"]["edges"]
    info = data["handoffs"]["pageInfo"]
    assert (info["startCursor"], info["endCursor"]) == (edges[0]["cursor"], edges[2]["cursor"])

    rest = await client.ask(account.tier1, LISTS["handoffs"], first=3, after=edges[0]["cursor"])

    assert rest["handoffs"]["nodes"] == [edges[1]["node"], edges[2]["node"]]


async def test_an_empty_list_has_an_empty_page(client: Client, account: Account) -> None:
    for name, query in LISTS.items():
        data = await client.ask(account.tier1, query, first=5)
        assert data[name]["nodes"] == []
        assert data[name]["pageInfo"] == {
            "hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None,
        }  # fmt: skip


@pytest.mark.parametrize("first", [0, -1, 101, 2**31 - 1])
@pytest.mark.parametrize("name", LISTS)
async def test_a_page_has_one_to_a_hundred_items(
    client: Client, account: Account, name: str, first: int
) -> None:
    code, message = await client.error(account.tier1, LISTS[name], first=first)
    assert code == "BAD_REQUEST"
    assert message == f"`first` is {first}; a page has 1 to 100 items."


async def test_null_asks_for_the_usual_size(client: Client, account: Account) -> None:
    for query in LISTS.values():
        await client.ask(account.tier1, query, first=None, after=None)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("after", ["", "x", "AAAA", "é", "=", "aGVsbG8", "a" * 10_000, "\x00"])
async def test_a_cursor_nobody_gave_out_is_refused(
    client: Client, account: Account, name: str, after: str
) -> None:
    code, message = await client.error(account.tier1, LISTS[name], first=1, after=after)
    assert code == "BAD_REQUEST"
    assert "`after` is not a cursor of this list" in message


async def test_a_cursor_of_another_list_is_refused(
    client: Client, database: Database, account: Account
) -> None:
    await waiting(database, account.tier1)
    cursors = {}
    for name in ("sessions", "handoffs", "notifications"):
        data = await client.ask(account.tier2, LISTS[name], first=1)
        cursors[name] = data[name]["pageInfo"]["endCursor"]
    assert len(set(cursors.values())) == 3

    for given, cursor in cursors.items():
        for name in ("sessions", "handoffs", "notifications"):
            answer = await client.answer(account.tier2, LISTS[name], first=1, after=cursor)
            assert ("errors" in answer) is (name != given)


STEPS = f"""query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {{
  session(id: $id) {{ steps(first: $first, after: $after, last: $last, before: $before) {{
    nodes {{ position }} {INFO} }} }} }}"""


async def steps(
    client: Client, actor: Any, session_id: str, **window: Any
) -> tuple[list[int], Any]:
    data = await client.ask(actor, STEPS, id=session_id, **window)
    found = data["session"]["steps"]
    return [node["position"] for node in found["nodes"]], found["pageInfo"]


async def test_a_timeline_is_read_from_either_end(
    client: Client, database: Database, account: Account
) -> None:
    session = await started(database, account.tier1, steps=7)
    session_id = public(Kind.SESSION, session["id"])

    positions, info = await steps(client, account.tier1, session_id)
    assert positions == [1, 2, 3, 4, 5, 6, 7]
    assert (info["hasPreviousPage"], info["hasNextPage"]) == (False, False)

    positions, info = await steps(client, account.tier1, session_id, first=3)
    assert positions == [1, 2, 3]
    assert (info["hasPreviousPage"], info["hasNextPage"]) == (False, True)
    positions, info = await steps(
        client, account.tier1, session_id, first=4, after=info["endCursor"]
    )
    assert positions == [4, 5, 6, 7]
    assert (info["hasPreviousPage"], info["hasNextPage"]) == (True, False)

    positions, info = await steps(client, account.tier1, session_id, last=3)
    assert positions == [5, 6, 7]
    assert (info["hasPreviousPage"], info["hasNextPage"]) == (True, False)
    positions, info = await steps(
        client, account.tier1, session_id, last=4, before=info["startCursor"]
    )
    assert positions == [1, 2, 3, 4]
    assert (info["hasPreviousPage"], info["hasNextPage"]) == (False, True)


async def test_reading_backwards_is_not_shifted_by_new_steps(
    client: Client, database: Database, account: Account
) -> None:
    session = await started(database, account.tier1, steps=4)
    session_id = public(Kind.SESSION, session["id"])
    _, info = await steps(client, account.tier1, session_id, last=2)
    async with database.transaction(account.id) as tx:
        draft = StepDraft(StepKind.NOTE, "Meanwhile")
        await record_step(tx, account.tier1, session["id"], draft, now=NOON)

    positions, _ = await steps(
        client, account.tier1, session_id, last=2, before=info["startCursor"]
    )

    assert positions == [1, 2]


async def test_both_ends_at_once_are_refused(
    client: Client, database: Database, account: Account
) -> None:
    session = await started(database, account.tier1)
    session_id = public(Kind.SESSION, session["id"])
    answer = await client.answer(account.tier1, STEPS, id=session_id, first=1, last=1)
    assert answer["errors"][0]["message"] == "Give `first` or `last`, not both."
    answer = await client.answer(account.tier1, STEPS, id=session_id, last=101)
    assert answer["errors"][0]["message"] == "`last` is 101; a page has 1 to 100 items."
    answer = await client.answer(account.tier1, STEPS, id=session_id, before="nonsense")
    assert "`before` is not a cursor of this list" in answer["errors"][0]["message"]


async def test_a_sessions_handoffs_come_in_pages_too(
    client: Client, database: Database, account: Account
) -> None:
    session = await started(database, account.tier1)
    query = """query ($id: ID!, $after: String) { session(id: $id) {
      handoffs(first: 1, after: $after) { nodes { id status } pageInfo { hasNextPage endCursor } }
    } }"""
    first = await escalated(database, account.tier1, session)
    async with database.transaction(account.id) as tx:
        await tx.execute("UPDATE handoff SET status = 'CANCELLED', closed_at = now()")
        await tx.execute("UPDATE session SET status = 'ACTIVE'")
    second = await escalated(database, account.tier1, session)
    session_id = public(Kind.SESSION, session["id"])

    newest = (await client.ask(account.tier1, query, id=session_id))["session"]["handoffs"]
    assert newest["nodes"] == [{"id": public(Kind.HANDOFF, second.handoff["id"]), "status": "OPEN"}]
    assert newest["pageInfo"]["hasNextPage"] is True
    after = newest["pageInfo"]["endCursor"]
    oldest = (await client.ask(account.tier1, query, id=session_id, after=after))["session"][
        "handoffs"
    ]
    assert oldest["nodes"] == [
        {"id": public(Kind.HANDOFF, first.handoff["id"]), "status": "CANCELLED"}
    ]
    assert oldest["pageInfo"]["hasNextPage"] is False
