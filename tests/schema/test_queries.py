"""What can be asked, and what comes of ids that name nothing one may see."""

from typing import Any

import pytest

from db.database import Database
from services.handoffs.resolving import resolve
from services.ids import Kind, public
from tests.harness.people import Account
from tests.harness.story import NOON, claimed, escalated, started, waiting
from tests.schema.asking import Client

NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"


async def everything(database: Database, account: Account) -> dict[str, str]:
    """One id of every kind there is, all open to the account's tier 2."""
    raised = await waiting(database, account.tier1, target_id=account.tier2.id)
    async with database.transaction(account.id) as tx:
        step = await tx.one("SELECT id FROM step LIMIT 1")
        bell = await tx.one("SELECT id FROM notification WHERE engineer_id = $1", account.tier2.id)
    return {
        "Account": public(Kind.ACCOUNT, account.id),
        "Delivery": public(Kind.DELIVERY, raised.deliveries[0]["id"]),
        "Documentation": public(Kind.DOCUMENTATION, raised.documentation["id"]),
        "Engineer": public(Kind.ENGINEER, account.tier3.id),
        "Handoff": public(Kind.HANDOFF, raised.handoff["id"]),
        "Notification": public(Kind.NOTIFICATION, bell["id"]),
        "Session": public(Kind.SESSION, raised.session["id"]),
        "Step": public(Kind.STEP, step["id"]),
    }


async def test_the_viewer_is_told_who_they_are_and_what_waits(
    client: Client, database: Database, account: Account
) -> None:
    await waiting(database, account.tier1)
    query = """{ viewer {
      engineer { id name email role tier skills } account { id name }
      unreadNotificationCount openHandoffCount } }"""

    data = await client.ask(account.tier2, query)

    assert data["viewer"] == {
        "engineer": {
            "id": public(Kind.ENGINEER, account.tier2.id),
            "name": "Tier2",
            "email": account.tier2.email,
            "role": "ENGINEER",
            "tier": 2,
            "skills": [],
        },
        "account": {"id": public(Kind.ACCOUNT, account.id), "name": "acme"},
        "unreadNotificationCount": 1,
        "openHandoffCount": 1,
    }
    raiser = await client.ask(account.tier1, query)
    assert raiser["viewer"]["openHandoffCount"] == 0
    assert raiser["viewer"]["unreadNotificationCount"] == 0


async def test_skills_of_the_viewer_are_those_of_the_table(
    client: Client, database: Database, account: Account
) -> None:
    async with database.transaction(account.id) as tx:
        await tx.execute(
            "UPDATE engineer SET skills = '{dns,m365}' WHERE id = $1", account.tier2.id
        )
    data = await client.ask(account.tier2, "{ viewer { engineer { skills } } }")
    assert data["viewer"]["engineer"]["skills"] == ["dns", "m365"]


async def test_a_node_of_every_kind_is_found_by_its_id(
    client: Client, database: Database, account: Account
) -> None:
    for kind, node_id in (await everything(database, account)).items():
        data = await client.ask(account.tier2, NODE, id=node_id)
        assert data["node"] == {"__typename": kind, "id": node_id}


async def test_a_node_of_another_account_is_as_unknown_as_one_that_never_was(
    client: Client, database: Database, account: Account, other_account: Account
) -> None:
    for node_id in (await everything(database, account)).values():
        for actor in other_account.everybody:
            assert await client.ask(actor, NODE, id=node_id) == {"node": None}


async def test_what_a_viewer_may_not_see_is_unknown_to_them(
    client: Client, database: Database, account: Account
) -> None:
    ids = await everything(database, account)
    seen = {
        kind
        for kind, node_id in ids.items()
        if (await client.ask(account.viewer, NODE, id=node_id))["node"]
    }
    assert seen == {"Account", "Engineer", "Handoff"}


async def test_a_bell_is_its_owners_alone(
    client: Client, database: Database, account: Account
) -> None:
    bell = (await everything(database, account))["Notification"]
    for actor in (account.tier1, account.tier3, account.admin):
        assert await client.ask(actor, NODE, id=bell) == {"node": None}


NOT_OURS = [
    "", "1", "session", "session_", "session_01h455vb4pex5vsknk084sn02", "Session:1",
    "session_01h455vb4pex5vsknk084sn0!q", "ticket_01h455vb4pex5vsknk084sn02q", "\x00",
    "session_" + "9" * 100_000, "01890a5d-ac96-774b-bcce-b302099a8057", "session_é",
]  # fmt: skip


@pytest.mark.parametrize("id", [*NOT_OURS, "handoff_01m87zwjbkep6tnvfpcqk5h8by"])
async def test_ids_that_name_nothing_find_nothing(
    client: Client, account: Account, id: str
) -> None:
    query = """query ($id: ID!) {
      node(id: $id) { id } session(id: $id) { id } handoff(id: $id) { id }
      sessions(filter: { ownerId: $id }) { nodes { id } }
      handoffs(filter: { sessionId: $id }) { nodes { id } } }"""
    assert await client.ask(account.admin, query, id=id) == {
        "node": None,
        "session": None,
        "handoff": None,
        "sessions": {"nodes": []},
        "handoffs": {"nodes": []},
    }


async def test_an_id_of_another_kind_finds_nothing(
    client: Client, database: Database, account: Account
) -> None:
    ids = await everything(database, account)
    query = "query ($s: ID!, $h: ID!) { session(id: $h) { id } handoff(id: $s) { id } }"
    data = await client.ask(account.tier1, query, s=ids["Session"], h=ids["Handoff"])
    assert data == {"session": None, "handoff": None}


async def test_a_session_tells_everything_known_of_it(
    client: Client, database: Database, account: Account
) -> None:
    session = await started(
        database,
        account.tier1,
        environment="Windows 11",
        customer_name="Dana",
        ticket_system="HaloPSA",
        ticket_number="4711",
        confidence_tier="LOW",
    )
    await escalated(database, account.tier1, session)
    query = """query ($id: ID!) { session(id: $id) {
      status problemSummary problemDomain environment customer { name contact reachableUntil }
      confidenceTier owner { name } escalatedTo { name } escalationReason
      ticket { system number } stepCount resolution createdAt updatedAt
      steps { nodes { position kind title hypothesis outcome author { name } recordedAt } }
      handoffs { nodes { status reason } }
      documentation { version kind markdown writtenAt } } }"""

    data = await client.ask(account.tier2, query, id=public(Kind.SESSION, session["id"]))

    found = data["session"]
    assert found.pop("documentation")["markdown"].startswith("# Outlook can't connect")
    step = found.pop("steps")["nodes"][0]
    assert step == {
        "position": 1,
        "kind": "CHECK",
        "title": "Check 1",
        "hypothesis": "Cause 1",
        "outcome": "FAILED",
        "author": {"name": "Tier1"},
        "recordedAt": "2026-11-24T12:00:00.000000Z",
    }
    assert found == {
        "status": "ESCALATED",
        "problemSummary": "Outlook can't connect",
        "problemDomain": None,
        "environment": "Windows 11",
        "customer": {"name": "Dana", "contact": None, "reachableUntil": None},
        "confidenceTier": "LOW",
        "owner": {"name": "Tier1"},
        "escalatedTo": None,
        "escalationReason": "I am out of ideas",
        "ticket": {"system": "HaloPSA", "number": "4711"},
        "stepCount": 2,
        "resolution": None,
        "createdAt": "2026-11-24T12:00:00.000000Z",
        "updatedAt": "2026-11-24T12:00:00.000000Z",
        "handoffs": {"nodes": [{"status": "OPEN", "reason": "I am out of ideas"}]},
    }


async def test_sessions_are_narrowed_by_every_condition(
    client: Client, database: Database, account: Account
) -> None:
    active = await started(database, account.tier1, ticket_system="X", ticket_number="T-1")
    handed = await waiting(database, account.tier1)
    taken = await waiting(database, account.tier1)
    await claimed(database, account.tier2, taken)
    names = {
        public(Kind.SESSION, active["id"]): "active",
        public(Kind.SESSION, handed.session["id"]): "handed",
        public(Kind.SESSION, taken.session["id"]): "taken",
    }

    async def found(actor: Any, filter: dict[str, Any]) -> list[str]:
        query = "query ($f: SessionFilter) { sessions(filter: $f) { nodes { id } } }"
        data = await client.ask(actor, query, f=filter)
        return [names[node["id"]] for node in data["sessions"]["nodes"]]

    owner = public(Kind.ENGINEER, account.tier1.id)
    assert await found(account.admin, {}) == ["taken", "handed", "active"]
    assert await found(account.admin, {"status": ["ACTIVE"]}) == ["taken", "active"]
    assert await found(account.admin, {"status": []}) == ["taken", "handed", "active"]
    assert await found(account.admin, {"mine": True}) == []
    assert await found(account.admin, {"ownerId": owner}) == ["taken", "handed", "active"]
    assert await found(account.admin, {"ticketNumber": " T-1 "}) == ["active"]
    assert await found(account.tier2, {}) == ["taken", "handed"]
    assert await found(account.tier2, {"mine": True}) == ["taken"]
    assert await found(account.tier3, {}) == ["handed"]
    assert await found(account.viewer, {}) == []


async def test_handoffs_are_narrowed_and_ordered(
    client: Client, database: Database, account: Account
) -> None:
    low = await waiting(database, account.tier1, priority="LOW")
    urgent = await waiting(database, account.tier2, priority="URGENT", intent="SHIFT_CHANGE")
    normal = await waiting(database, account.tier1, target_id=account.tier3.id)
    await claimed(database, account.tier3, normal)
    names = {
        public(Kind.HANDOFF, raised.handoff["id"]): name
        for name, raised in {"low": low, "urgent": urgent, "normal": normal}.items()
    }

    async def found(actor: Any, filter: dict[str, Any], **order: str) -> list[str]:
        query = """query ($f: HandoffFilter, $o: HandoffOrder) {
          handoffs(filter: $f, orderBy: $o) { nodes { id } } }"""
        data = await client.ask(actor, query, f=filter, **({"o": order} if order else {}))
        return [names[node["id"]] for node in data["handoffs"]["nodes"]]

    assert await found(account.viewer, {}) == ["normal", "urgent", "low"]
    assert await found(account.tier1, {"status": ["OPEN"]}) == ["urgent", "low"]
    assert await found(account.tier1, {"priority": ["LOW", "URGENT"]}) == ["urgent", "low"]
    assert await found(account.tier1, {"intent": "SHIFT_CHANGE"}) == ["urgent"]
    assert await found(account.tier1, {"raisedByMe": True}) == ["normal", "low"]
    assert await found(account.tier3, {"claimedByMe": True}) == ["normal"]
    assert await found(account.tier3, {"forMe": True, "status": ["CLAIMED"]}) == ["normal"]
    assert await found(account.tier3, {"forMe": False}) == ["normal", "urgent", "low"]
    session = public(Kind.SESSION, low.session["id"])
    assert await found(account.tier1, {"sessionId": session}) == ["low"]
    assert await found(account.tier1, {}, field="PRIORITY") == ["urgent", "normal", "low"]
    assert await found(account.tier1, {}, field="PRIORITY", direction="ASC") == [
        "low", "normal", "urgent",
    ]  # fmt: skip
    assert await found(account.tier1, {}, field="CREATED_AT", direction="ASC") == [
        "low", "urgent", "normal",
    ]  # fmt: skip


@pytest.mark.parametrize("number", ["x" * 201, "a\x00b"])
async def test_a_ticket_number_that_can_not_be_one_is_refused(
    client: Client, account: Account, number: str
) -> None:
    query = "query ($n: String) { sessions(filter: { ticketNumber: $n }) { nodes { id } } }"
    code, message = await client.error(account.admin, query, n=number)
    assert code == "BAD_REQUEST"
    assert "filter.ticketNumber" in message


async def test_the_queue_leaves_out_ones_own_and_puts_the_urgent_first(
    client: Client, database: Database, account: Account
) -> None:
    for priority in ("NORMAL", "URGENT", "NORMAL"):
        await waiting(database, account.tier1, priority=priority)
    await waiting(database, account.tier2)
    query = "{ handoffQueue { count handoffs { priority raisedBy { name } } } }"

    theirs = (await client.ask(account.tier2, query))["handoffQueue"]
    mine = (await client.ask(account.tier1, query))["handoffQueue"]

    assert theirs["count"] == 3
    assert [each["priority"] for each in theirs["handoffs"]] == ["URGENT", "NORMAL", "NORMAL"]
    assert {each["raisedBy"]["name"] for each in theirs["handoffs"]} == {"Tier1"}
    assert (mine["count"], len(mine["handoffs"])) == (1, 1)


async def test_notifications_lead_to_the_session_with_an_offer_to_take_it(
    client: Client, database: Database, account: Account
) -> None:
    raised = await waiting(database, account.tier1)
    query = """{ notifications(unreadOnly: true) { nodes {
      title link readAt createdAt handoff { id status reason } } } }"""

    data = await client.ask(account.tier2, query)

    session = public(Kind.SESSION, raised.session["id"])
    assert data["notifications"]["nodes"] == [
        {
            "title": "Session escalated by Tier1",
            "link": f"https://desk.example/pilot/{session}?pickup=true",
            "readAt": None,
            "createdAt": "2026-11-24T12:00:00.000000Z",
            "handoff": {
                "id": public(Kind.HANDOFF, raised.handoff["id"]),
                "status": "OPEN",
                "reason": "I am out of ideas",
            },
        }
    ]
    assert (await client.ask(account.tier1, query))["notifications"]["nodes"] == []


async def test_every_version_of_the_written_account_can_be_read_and_the_newest_is_shown(
    client: Client, database: Database, account: Account
) -> None:
    won = await claimed(database, account.tier2, await waiting(database, account.tier1))
    async with database.transaction(account.id) as tx:
        await resolve(tx, account.tier2, won.session["id"], "New certificate", now=NOON)
    query = """query ($id: ID!, $h: ID!) {
      handoff(id: $h) { documentation { version kind } }
      session(id: $id) {
        documentation { ...Shown } first: documentation(version: 1) { ...Shown }
        second: documentation(version: 2) { ...Shown } third: documentation(version: 3) { ...Shown }
        none: documentation(version: null) { ...Shown } } }
      fragment Shown on Documentation { version kind markdown }"""
    ids = {
        "id": public(Kind.SESSION, won.session["id"]),
        "h": public(Kind.HANDOFF, won.handoff["id"]),
    }
    data = await client.ask(account.tier1, query, **ids)

    found = data["session"]
    assert (found["first"]["version"], found["first"]["kind"]) == (1, "RAISED")
    assert (found["second"]["version"], found["second"]["kind"]) == (2, "RESOLVED")
    assert "New certificate" not in found["first"]["markdown"]
    assert "## What fixed it\n\nNew certificate\n" in found["second"]["markdown"]
    assert found["documentation"] == found["none"] == found["second"]
    assert found["third"] is None
    assert data["handoff"]["documentation"] == {"version": 2, "kind": "RESOLVED"}
    for stranger in (account.tier3, account.viewer):  # the door is closed again
        data = await client.ask(stranger, query, **ids)
        assert data["session"] is None
        assert data["handoff"]["documentation"] is None
