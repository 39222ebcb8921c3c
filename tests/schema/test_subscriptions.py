"""Live streams: complete, in order, without a seam, and open only as far as the door is."""

import pytest

from db.database import Database
from db.ids import uuid7
from resolvers import cursors
from services.actor import Actor
from services.events import Hub
from services.ids import Kind, public
from tests.harness.people import Account
from tests.harness.retention import age, prune_all
from tests.harness.story import claimed, started, waiting
from tests.schema.asking import Client

CREATED = """subscription ($after: Cursor) { handoffCreated(after: $after) {
  cursor occurredAt actor { name }
  handoff { id status reason session { problemSummary } snapshot { stepCount } } } }"""
EVENTS = """subscription ($after: Cursor, $handoffId: ID) {
  handoffEvents(after: $after, handoffId: $handoffId) {
    __typename
    ... on StreamReady { cursor latest openHandoffs }
    ... on HandoffEvent { cursor occurredAt actor { name }
      handoff { id status reason claimedBy { name } session { status } } } } }"""
BELL = """subscription ($after: Cursor) { notificationReceived(after: $after) {
  cursor notification { id title link readAt handoff { id status } } } }"""
QUEUE = "{ handoffQueue { cursor count handoffs { id } } }"
ESCALATE = """mutation ($id: ID!) { escalate(input: { sessionId: $id, reason: "Stuck" }) {
  ... on EscalateSuccess { handoff { id } } } }"""
CLAIM = """mutation ($id: ID!) { claimHandoff(input: { handoffId: $id }) { __typename } }"""
RESOLVE = """mutation ($id: ID!) { resolveSession(input: { sessionId: $id, resolution: "Done" }) {
  __typename } }"""


async def escalate(client: Client, actor: Actor) -> str:
    """Through the mutation, which rings. Returns the handoff's id."""
    session = await started(client.database, actor)
    data = await client.ask(actor, ESCALATE, id=public(Kind.SESSION, session["id"]))
    return data["escalate"]["handoff"]["id"]


async def claim(client: Client, actor: Actor, handoff: str) -> None:
    data = await client.ask(actor, CLAIM, id=handoff)
    assert data["claimHandoff"]["__typename"] == "ClaimHandoffSuccess"


async def test_a_raised_handoff_arrives_with_its_content(client: Client, account: Account) -> None:
    async with client.listen(account.tier2, CREATED) as stream:
        raised = await escalate(client, account.tier1)
        event = await stream.next()

    assert event.pop("cursor")
    assert event == {
        "occurredAt": "2026-11-24T12:00:00.000000Z",
        "actor": {"name": "Tier1"},
        "handoff": {
            "id": raised,
            "status": "OPEN",
            "reason": "Stuck",
            "session": {"problemSummary": "Outlook can't connect"},
            "snapshot": {"stepCount": 2},
        },
    }


async def test_everybody_of_the_account_hears_of_it_the_raiser_and_viewers_too(
    client: Client, account: Account, other_account: Account
) -> None:
    for listener in account.everybody:
        async with (
            client.listen(listener, CREATED) as stream,
            client.listen(other_account.admin, CREATED) as foreign,
        ):
            raised = await escalate(client, account.tier1)
            event = await stream.next()
            assert event["handoff"]["id"] == raised
            assert (event["handoff"]["reason"] is None) is (listener is account.viewer)
            assert await foreign.is_silent(0.05)


async def test_only_raised_handoffs_are_in_the_stream_of_raised_handoffs(
    client: Client, account: Account
) -> None:
    async with client.listen(account.tier3, CREATED) as stream:
        first = await escalate(client, account.tier1)
        await claim(client, account.tier2, first)
        second = await escalate(client, account.tier1)
        events = await stream.several(2)

    assert [event["handoff"]["id"] for event in events] == [first, second]
    # what was left out has its place in the log all the same
    places = [cursors.read(account.id, event["cursor"]) for event in events]
    assert places == [1, 3]


async def test_a_stream_begins_now_unless_it_is_told_where(
    client: Client, account: Account
) -> None:
    first = await escalate(client, account.tier1)
    async with client.listen(account.tier2, CREATED) as stream:
        second = await escalate(client, account.tier1)
        event = await stream.next()
        assert event["handoff"]["id"] == second
    third = await escalate(client, account.tier1)
    async with client.listen(account.tier2, CREATED, after=event["cursor"]) as stream:
        assert (await stream.next())["handoff"]["id"] == third
        fourth = await escalate(client, account.tier1)
        assert (await stream.next())["handoff"]["id"] == fourth
    beginning = cursors.write(account.id, 0)
    async with client.listen(account.tier2, CREATED, after=beginning) as stream:
        events = await stream.several(4)
    assert [event["handoff"]["id"] for event in events] == [first, second, third, fourth]


async def test_every_event_comes_typed_after_a_message_that_the_stream_stands(
    client: Client, account: Account
) -> None:
    await escalate(client, account.tier3)
    async with client.listen(account.tier1, EVENTS) as stream:
        ready = await stream.next()
        raised = await escalate(client, account.tier1)
        await claim(client, account.tier2, raised)
        data = await client.ask(
            account.tier2, "query ($id: ID!) { handoff(id: $id) { session { id } } }", id=raised
        )
        await client.ask(account.tier2, RESOLVE, id=data["handoff"]["session"]["id"])
        created, taken, resolved = await stream.several(3)

    assert ready == {
        "__typename": "StreamReady",
        "cursor": cursors.write(account.id, 1),
        "latest": cursors.write(account.id, 1),
        "openHandoffs": 1,
    }
    assert [each["__typename"] for each in (created, taken, resolved)] == [
        "HandoffCreated", "HandoffClaimed", "HandoffResolved",
    ]  # fmt: skip
    assert [each["actor"]["name"] for each in (created, taken, resolved)] == [
        "Tier1", "Tier2", "Tier2",
    ]  # fmt: skip
    assert {each["handoff"]["id"] for each in (created, taken, resolved)} == {raised}
    assert [cursors.read(account.id, each["cursor"]) for each in (created, taken, resolved)] == [
        2, 3, 4,
    ]  # fmt: skip


async def test_at_the_claim_the_content_closes_for_bystanders_on_a_running_stream(
    client: Client, account: Account
) -> None:
    listeners = (account.tier1, account.tier2, account.tier3, account.admin, account.viewer)
    opened = {}
    for listener in listeners:
        async with client.listen(listener, EVENTS) as stream:
            await stream.next()
            raised = await escalate(client, account.tier1)
            before = await stream.next()
            await claim(client, account.tier2, raised)
            after = await stream.next()
        assert after["handoff"]["status"] == "CLAIMED"
        assert after["handoff"]["claimedBy"] == {"name": "Tier2"}
        opened[listener.name] = tuple(
            (event["handoff"]["session"], event["handoff"]["reason"]) != (None, None)
            for event in (before, after)
        )
    assert opened == {
        "Tier1": (True, True),
        "Tier2": (True, True),
        "Tier3": (True, False),
        "Admin": (True, True),
        "Viewer": (False, False),
    }


async def test_the_stream_of_one_handoff_leaves_the_others_out(
    client: Client, account: Account
) -> None:
    wanted = await escalate(client, account.tier1)
    async with client.listen(account.tier3, EVENTS, handoffId=wanted) as stream:
        await stream.next()
        await escalate(client, account.tier1)
        await claim(client, account.tier2, wanted)
        event = await stream.next()
        assert (event["__typename"], event["handoff"]["id"]) == ("HandoffClaimed", wanted)
        assert cursors.read(account.id, event["cursor"]) == 3
        assert await stream.is_silent(0.05)


async def test_a_stream_of_a_handoff_that_is_not_there_ends_at_once(
    client: Client, database: Database, account: Account, other_account: Account
) -> None:
    foreign = await waiting(database, other_account.tier1)
    for strange in (
        "nonsense",
        public(Kind.HANDOFF, uuid7()),
        public(Kind.SESSION, uuid7()),
        public(Kind.HANDOFF, foreign.handoff["id"]),
    ):
        async with client.listen(account.tier2, EVENTS, handoffId=strange) as stream:
            error = await stream.error()
        assert error["extensions"]["code"] == "BAD_REQUEST"
        assert error["message"] == "There is no such handoff in your account."


async def test_queue_and_stream_join_without_gap_or_repeat(
    client: Client, account: Account
) -> None:
    listed = [await escalate(client, account.tier1) for _ in range(2)]
    queue = (await client.ask(account.tier2, QUEUE))["handoffQueue"]
    missed = [await escalate(client, account.tier1) for _ in range(2)]
    async with client.listen(account.tier2, EVENTS, after=queue["cursor"]) as stream:
        ready = await stream.next()
        live = await escalate(client, account.tier1)
        streamed = [event["handoff"]["id"] for event in await stream.several(3)]
        assert await stream.is_silent(0.05)

    assert [each["id"] for each in queue["handoffs"]] == listed
    assert queue["count"] == 2
    assert streamed == [*missed, live]
    assert ready["cursor"] == queue["cursor"]
    assert (ready["latest"], ready["openHandoffs"]) == (cursors.write(account.id, 4), 4)


async def test_a_bell_rings_for_its_owner_alone(client: Client, account: Account) -> None:
    async with (
        client.listen(account.tier2, BELL) as tier2,
        client.listen(account.tier1, BELL) as tier1,
        client.listen(account.viewer, BELL) as viewer,
    ):
        raised = await escalate(client, account.tier1)
        heard = await tier2.next()
        assert await tier1.is_silent(0.05)
        await claim(client, account.tier2, raised)
        told = await tier1.next()
        assert await tier2.is_silent(0.05)
        assert await viewer.is_silent(0)

    assert heard["notification"]["title"] == "Session escalated by Tier1"
    assert heard["notification"]["link"].endswith("?pickup=true")
    assert heard["notification"]["handoff"] == {"id": raised, "status": "OPEN"}
    assert told["notification"]["title"] == "Tier2 took over: Outlook can't connect"
    assert cursors.read(account.id, told["cursor"]) == 2
    bell = await client.ask(account.tier2, "{ notifications { nodes { id } } }")
    assert bell["notifications"]["nodes"] == [{"id": heard["notification"]["id"]}]


async def test_a_bell_is_replayed_from_a_cursor(client: Client, account: Account) -> None:
    for _ in range(3):
        await escalate(client, account.tier1)
    after = cursors.write(account.id, 1)
    async with client.listen(account.tier2, BELL, after=after) as stream:
        heard = await stream.several(2)
    assert [cursors.read(account.id, each["cursor"]) for each in heard] == [2, 3]


# ------------------------------------------------------------------ what can't be followed


STREAMS = (CREATED, EVENTS, BELL)


@pytest.mark.parametrize("document", STREAMS)
async def test_a_cursor_nobody_gave_out_here_is_invalid(
    client: Client, database: Database, account: Account, other_account: Account, document: str
) -> None:
    await waiting(database, other_account.tier1)
    foreign = cursors.write(other_account.id, 1)
    ahead = cursors.write(account.id, 7)
    for cursor in ("", "nonsense", "é" * 9, "x" * 10_000, foreign, ahead):
        async with client.listen(account.tier2, document, after=cursor) as stream:
            error = await stream.error()
        assert error["extensions"]["code"] == "CURSOR_INVALID"
        assert "leave `after` out" in error["message"]


@pytest.mark.parametrize("document", STREAMS)
async def test_a_cursor_is_a_text(client: Client, account: Account, document: str) -> None:
    async with client.listen(account.tier2, document, after=7) as stream:
        error = await stream.error()

    assert "A cursor is a text" in error["message"]


@pytest.mark.parametrize("document", STREAMS)
async def test_a_cursor_older_than_what_is_kept_has_expired(
    *, client: Client, database: Database, owner_dsn: str, account: Account, document: str
) -> None:
    for _ in range(3):
        await waiting(database, account.tier1)
    await age(owner_dsn, account.id, up_to=2)
    await prune_all(database)

    async with client.listen(account.tier2, document, after=cursors.write(account.id, 1)) as stream:
        error = await stream.error()
    async with client.listen(account.tier2, document, after=cursors.write(account.id, 2)) as stream:
        assert await stream.next()

    assert error["extensions"]["code"] == "CURSOR_EXPIRED"
    assert "Read the current state again" in error["message"]


@pytest.mark.parametrize("document", STREAMS)
async def test_when_the_server_stops_the_stream_says_from_where_to_go_on(
    client: Client, hub: Hub, account: Account, document: str
) -> None:
    await escalate(client, account.tier1)
    async with client.listen(account.tier2, document) as stream:
        if document == EVENTS:
            await stream.next()
        await hub.stop()
        error = await stream.error()

    assert error["extensions"]["code"] == "UNAVAILABLE"
    assert cursors.read(account.id, error["extensions"]["cursor"]) == 1


@pytest.mark.parametrize("document", STREAMS)
async def test_who_leaves_follows_no_more(
    client: Client, hub: Hub, account: Account, document: str
) -> None:
    async with client.listen(account.tier2, document):
        assert hub.followers == 1
    assert hub.followers == 0


async def test_each_event_is_loaded_afresh(
    client: Client, database: Database, account: Account
) -> None:
    raised = await waiting(database, account.tier1)
    start = cursors.write(account.id, 0)
    async with client.listen(account.tier2, EVENTS, after=start) as stream:
        _, before = await stream.several(2)
        await claimed(database, account.tier2, raised)
        client.hub.ring(account.id, 2)
        after = await stream.next()
    assert before["handoff"]["status"] == "OPEN"
    assert after["handoff"]["status"] == "CLAIMED"
    assert after["handoff"]["session"] == {"status": "ACTIVE"}
