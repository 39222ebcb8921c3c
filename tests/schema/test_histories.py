"""What happened to a handoff: whole, in order, for everybody; its texts through the door."""

from typing import Any

import asyncpg
import pytest

from db.database import Database
from resolvers import cursors
from services.ids import Kind, public
from tests.harness.people import Account
from tests.harness.story import count
from tests.schema.asking import Client
from tests.schema.lives import (
    CANCEL,
    CLAIM,
    DECLINE,
    ESCALATE,
    REASSIGN,
    RELEASE,
    RESOLVE,
    RETURN,
    Life,
    People,
    State,
    do,
    live,
    succeed,
)

WHAT = """__typename cursor occurredAt actor { name } handoff { id }
  ... on HandoffDeclined { reason }
  ... on HandoffReassigned { previousTarget { name } target { name } }
  ... on HandoffReleased { reason }
  ... on HandoffReturned { guidance }
  ... on HandoffResolved { resolution }"""
HISTORY = f"""query ($id: ID!, $first: Int, $after: String) {{
  handoff(id: $id) {{ history(first: $first, after: $after) {{
    nodes {{ {WHAT} }} edges {{ cursor node {{ cursor }} }}
    pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }} }}"""


async def history(client: Client, actor: Any, life: Life, **page: Any) -> dict[str, Any]:
    data = await client.ask(actor, HISTORY, id=life.handoff, **page)
    return data["handoff"]["history"]


async def told(client: Client, actor: Any, life: Life) -> list[tuple[Any, ...]]:
    """(What, who, and what else there is to it), in order."""
    nodes = (await history(client, actor, life))["nodes"]
    for node in nodes:
        assert node.pop("handoff") == {"id": life.handoff}
        assert node.pop("occurredAt") == "2026-11-24T12:00:00.000000Z"
        assert node.pop("cursor")
    return [(node.pop("__typename"), node.pop("actor")["name"], *node.values()) for node in nodes]


async def bounced(client: Client, people: People) -> Life:
    """Everything that can happen to one handoff but its end."""
    life = await live(client, people, State.OPEN_TARGETED)
    this = {"handoffId": life.handoff}
    colleague = public(Kind.ENGINEER, people.colleague.id)
    await succeed(client, people.raiser, REASSIGN, **this, targetEngineerId=colleague)
    await succeed(client, people.colleague, DECLINE, **this, reason="On leave")
    await succeed(
        client,
        people.admin,
        REASSIGN,
        **this,
        targetEngineerId=public(Kind.ENGINEER, people.target.id),
    )
    await succeed(client, people.claimer, CLAIM, **this)
    await succeed(client, people.claimer, RELEASE, **this, reason="Called away")
    await succeed(client, people.target, CLAIM, **this)
    return life


BOUNCES: list[tuple[Any, ...]] = [
    ("HandoffCreated", "Tier1"),
    ("HandoffReassigned", "Tier1", {"name": "Tier2"}, {"name": "Colleague"}),
    ("HandoffDeclined", "Colleague", "On leave"),
    ("HandoffReassigned", "Admin", None, {"name": "Tier2"}),
    ("HandoffClaimed", "Tier3"),
    ("HandoffReleased", "Tier3", "Called away"),
    ("HandoffClaimed", "Tier2"),
]


async def test_a_handoff_that_was_claimed_released_and_claimed_again_has_one_history(
    client: Client, people: People
) -> None:
    life = await bounced(client, people)
    await succeed(client, people.target, RETURN, handoffId=life.handoff, guidance="Renew it")
    assert await told(client, people.raiser, life) == [
        *BOUNCES,
        ("HandoffReturned", "Tier2", "Renew it"),
    ]


@pytest.mark.parametrize(
    ("state", "end"),
    [
        (State.RESOLVED, ("HandoffResolved", "Tier3", "Renewed it")),
        (State.CANCELLED, ("HandoffCancelled", "Tier1")),
    ],
)
async def test_a_history_has_its_end(
    client: Client, people: People, state: State, end: tuple[Any, ...]
) -> None:
    life = await live(client, people, state)
    assert (await told(client, people.raiser, life))[-1] == end


async def test_who_did_what_is_for_everybody_and_what_they_wrote_for_who_may_see_the_session(
    client: Client, people: People
) -> None:
    life = await bounced(client, people)
    texts = ["On leave", "Called away"]
    silent = [tuple(None if part in texts else part for part in event) for event in BOUNCES]
    seen = {
        name: await told(client, getattr(people, name), life)
        for name in ("raiser", "target", "claimer", "colleague", "admin", "viewer")
    }
    assert seen == {
        "raiser": BOUNCES,
        "target": BOUNCES,  # who has it now
        "claimer": silent,  # who had it
        "colleague": silent,
        "admin": BOUNCES,
        "viewer": silent,
    }


async def test_guidance_closes_with_the_door_and_opens_with_it(
    client: Client, people: People
) -> None:
    life = await live(client, people, State.RETURNED)

    async def guidance(name: str) -> str | None:
        [*_, (kind, _, text)] = await told(client, getattr(people, name), life)
        assert kind == "HandoffReturned"
        return text

    names = ("raiser", "claimer", "colleague", "admin", "viewer")
    closed = {name: await guidance(name) for name in names}
    await succeed(client, people.raiser, ESCALATE, sessionId=life.session, reason="Still stuck")
    opened = {name: await guidance(name) for name in names}

    text = "Renew the certificate"
    assert closed == {
        "raiser": text, "claimer": None, "colleague": None, "admin": text, "viewer": None,
    }  # fmt: skip
    assert opened == {
        "raiser": text, "claimer": text, "colleague": text, "admin": text, "viewer": None,
    }  # fmt: skip


async def test_reading_guidance_through_a_door_that_is_open_for_all_is_a_view(
    client: Client, database: Database, people: People
) -> None:
    life = await live(client, people, State.RETURNED)
    await succeed(client, people.raiser, ESCALATE, sessionId=life.session, reason="Still stuck")
    who = "query ($id: ID!) { handoff(id: $id) { history { nodes { __typename actor { id } } } } }"
    await client.ask(people.colleague, who, id=life.handoff)
    assert await count(database, people.admin, "session_view") == 0

    await told(client, people.colleague, life)

    assert await count(database, people.admin, "session_view") == 1


async def test_a_history_is_read_page_by_page_while_it_goes_on(
    client: Client, people: People
) -> None:
    life = await bounced(client, people)
    kinds: list[str] = []
    after, info = None, {"hasNextPage": True}
    while info["hasNextPage"]:
        page = await history(client, people.raiser, life, first=3, after=after)
        kinds += [node["__typename"] for node in page["nodes"]]
        places = [edge["cursor"] for edge in page["edges"]]
        info = page["pageInfo"]
        assert (info["startCursor"], info["endCursor"]) == (places[0], places[-1])
        assert info["endCursor"] != after, "it does not come to an end"
        assert info["hasPreviousPage"] is (after is not None)
        if after is None:
            await succeed(client, people.target, RELEASE, handoffId=life.handoff, reason="No time")
        after = info["endCursor"]
    assert kinds == [*(event[0] for event in BOUNCES), "HandoffReleased"]


async def test_an_event_carries_its_place_in_the_accounts_log(
    client: Client, account: Account, people: People
) -> None:
    await live(client, people, State.OPEN)
    life = await live(client, people, State.CLAIMED)
    nodes = (await history(client, people.raiser, life))["nodes"]
    assert [cursors.read(account.id, node["cursor"]) for node in nodes] == [2, 3]

    document = """subscription ($after: Cursor, $id: ID) {
      handoffEvents(after: $after, handoffId: $id) {
        __typename ... on HandoffEvent { cursor } } }"""
    behind = {"after": nodes[0]["cursor"], "id": life.handoff}
    async with client.listen(people.raiser, document, **behind) as stream:
        _, event = await stream.several(2)
    assert event == {"__typename": "HandoffClaimed", "cursor": nodes[1]["cursor"]}


@pytest.mark.parametrize("first", [0, -1, 101])
async def test_a_page_of_a_history_has_one_to_a_hundred_events(
    client: Client, people: People, first: int
) -> None:
    life = await live(client, people, State.OPEN)
    code, message = await client.error(people.raiser, HISTORY, id=life.handoff, first=first)
    assert (code, message) == ("BAD_REQUEST", f"`first` is {first}; a page has 1 to 100 items.")


async def test_only_a_historys_own_cursor_is_a_place_in_it(
    client: Client, people: People, account: Account
) -> None:
    life = await live(client, people, State.OPEN)
    handoffs = await client.ask(people.raiser, "{ handoffs { edges { cursor } } }")
    for strange in (
        "",
        "x",
        "é",
        "a" * 10_000,
        cursors.write(account.id, 1),
        handoffs["handoffs"]["edges"][0]["cursor"],
    ):
        code, message = await client.error(people.raiser, HISTORY, id=life.handoff, after=strange)
        assert code == "BAD_REQUEST"
        assert "`after` is not a cursor of this list" in message


async def test_nobody_of_another_account_reads_it(
    client: Client, people: People, other_account: Account
) -> None:
    life = await live(client, people, State.CLAIMED)
    for stranger in other_account.everybody:
        assert await client.ask(stranger, HISTORY, id=life.handoff) == {"handoff": None}


async def test_a_replica_of_an_older_release_leaves_out_what_it_can_not_name(
    client: Client, database: Database, people: People, account: Account, superuser_dsn: str
) -> None:
    life = await live(client, people, State.OPEN)
    await applaud(superuser_dsn, database, account, life)
    await succeed(client, people.raiser, CANCEL, handoffId=life.handoff)
    assert [event[0] for event in await told(client, people.raiser, life)] == [
        "HandoffCreated", "HandoffCancelled",
    ]  # fmt: skip


async def test_streams_go_on_over_what_they_can_not_name(
    client: Client, database: Database, people: People, account: Account, superuser_dsn: str
) -> None:
    life = await live(client, people, State.OPEN)
    documents = (
        "subscription ($after: Cursor) { handoffEvents(after: $after) { __typename } }",
        "subscription ($after: Cursor) { handoffCreated(after: $after) { __typename } }",
        "subscription ($after: Cursor) { notificationReceived(after: $after) { __typename } }",
    )
    start = cursors.write(account.id, 0)
    async with (
        client.listen(people.target, documents[0], after=start) as events,
        client.listen(people.target, documents[1], after=start) as created,
        client.listen(people.target, documents[2], after=start) as bell,
    ):
        replayed = await events.several(2)
        await applaud(superuser_dsn, database, account, life)
        client.hub.ring(account.id, 2)
        await live(client, people, State.OPEN)
        news = await events.next()
        for stream in (created, bell):
            await stream.several(2)
            assert await stream.is_silent(0.05)
    kinds = [each["__typename"] for each in (*replayed, news)]
    assert kinds == ["StreamReady", "HandoffCreated", "HandoffCreated"]


async def applaud(dsn: str, database: Database, account: Account, life: Life) -> None:
    """An event that only a newer release has a name for, as its replicas would write it."""
    owner = await asyncpg.connect(dsn)
    await owner.execute("ALTER TABLE event DROP CONSTRAINT IF EXISTS event_type_known")
    await owner.close()
    async with database.transaction(account.id) as tx:
        await tx.execute(
            """
            WITH numbered AS (UPDATE event_counter SET seq = seq + 1 RETURNING seq)
            INSERT INTO event (account_id, seq, type, handoff_id, actor_id)
            SELECT $1, seq, 'handoff.applauded', h.id, h.raised_by_id FROM numbered, handoff h
            """,
            account.id,
        )


async def test_a_history_does_not_say_what_a_refused_change_would_have_been(
    client: Client, people: People
) -> None:
    life = await live(client, people, State.CLAIMED)
    for actor, document, more in (
        (people.colleague, RELEASE, {"reason": "Not mine"}),
        (people.raiser, CANCEL, {}),
        (people.target, CLAIM, {}),
    ):
        refused = await do(client, actor, document, handoffId=life.handoff, **more)
        assert not refused["__typename"].endswith("Success")
    done = {"sessionId": life.session, "resolution": "Not mine"}
    assert (await do(client, people.colleague, RESOLVE, **done))["__typename"] == "SessionNotFound"
    assert [event[0] for event in await told(client, people.raiser, life)] == [
        "HandoffCreated", "HandoffClaimed",
    ]  # fmt: skip
