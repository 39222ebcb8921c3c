"""What belongs to another account does not exist, whatever is asked."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from db.database import Database
from db.ids import uuid7
from schema.schema import schema
from services.ids import Kind, public
from tests.harness.people import Account
from tests.harness.story import claimed, escalated, started, waiting
from tests.harness.web import Client, Web
from tests.journeys import documents as ask

SignIn = Callable[..., Client]


@dataclass(frozen=True)
class Belongings:
    """Public ids of what another account has, by kind."""

    ids: dict[Kind, str]
    cursor: str


@pytest.fixture
async def theirs(
    web: Web, database: Database, other_account: Account, sign_in: SignIn
) -> Belongings:
    session = await started(database, other_account.tier1, ticket_system="X", ticket_number="4711")
    raised = await escalated(database, other_account.tier1, session)
    done = await waiting(database, other_account.tier1)
    await claimed(database, other_account.tier2, done)
    async with database.transaction(other_account.id) as tx:
        step = await tx.fetchval("SELECT id FROM step LIMIT 1")
        item = await tx.fetchval("SELECT id FROM notification LIMIT 1")
        connected = await tx.fetchval(
            "INSERT INTO integration (account_id, id, kind, name, settings, secrets) "
            "VALUES ($1, $2, 'TEAMS', 'Their desk', '{}', 'sealed') RETURNING id",
            other_account.id,
            uuid7(),
        )
    rows = {
        Kind.ACCOUNT: other_account.id,
        Kind.DELIVERY: raised.deliveries[0]["id"],
        Kind.DOCUMENTATION: raised.documentation["id"],
        Kind.ENGINEER: other_account.tier3.id,
        Kind.HANDOFF: raised.handoff["id"],
        Kind.INTEGRATION: connected,
        Kind.NOTIFICATION: item,
        Kind.SESSION: session["id"],
        Kind.STEP: step,
    }
    insider = sign_in(web, other_account.tier2, other_account)
    queue = await insider.ask(ask.QUEUE)
    return Belongings({kind: public(kind, row) for kind, row in rows.items()}, queue["cursor"])


def unknown(kind: Kind) -> str:
    return public(kind, uuid7())


QUERIES: dict[str, tuple[Kind | None, str]] = {
    # root field -> (kind of its id argument, document)
    "viewer": (None, "{ viewer { account { name } openHandoffCount unreadNotificationCount } }"),
    "node": (None, "{ viewer { openHandoffCount } }"),  # every kind: a test of its own below
    "session": (Kind.SESSION, "query($id: ID!) { session(id: $id) { id } }"),
    "escalationReadiness": (
        Kind.SESSION,
        "query($id: ID!) { escalationReadiness(sessionId: $id) { score } }",
    ),
    "sessions": (
        Kind.ENGINEER,
        "query($id: ID!) { a: sessions(filter: {ownerId: $id}) { nodes { id } } }",
    ),
    "handoff": (Kind.HANDOFF, "query($id: ID!) { handoff(id: $id) { id } }"),
    "handoffs": (
        Kind.SESSION,
        "query($id: ID!) { handoffs(filter: {sessionId: $id}) { nodes { id } } }",
    ),
    "handoffQueue": (None, "{ handoffQueue { count handoffs { id } } }"),
    "notifications": (None, "{ notifications { nodes { id } } }"),
    "deliveries": (
        Kind.HANDOFF,
        "query($id: ID!) { deliveries(filter: {handoffId: $id}) { nodes { id } } }",
    ),
    "integrations": (None, "{ integrations { id } }"),
}
EMPTY: dict[str, Any] = {
    "session": None,
    "escalationReadiness": None,
    "handoff": None,
    "sessions": {"nodes": []},
    "handoffs": {"nodes": []},
    "handoffQueue": {"count": 0, "handoffs": []},
    "notifications": {"nodes": []},
    "integrations": [],
}
MUTATIONS: dict[str, tuple[Kind | None, str]] = {
    "startSession": (None, ""),  # names nothing that exists
    "recordStep": (
        Kind.SESSION,
        'mutation($id: ID!) { recordStep(input: {sessionId: $id, kind: NOTE, title: "x"}) '
        "{ __typename ... on Problem { message } } }",
    ),
    "recordOutcome": (
        Kind.STEP,
        "mutation($id: ID!) { recordOutcome(input: {stepId: $id, outcome: WORKED}) "
        "{ __typename ... on Problem { message } } }",
    ),
    "startSuggestedStep": (
        Kind.HANDOFF,
        "mutation($id: ID!) { startSuggestedStep(input: {handoffId: $id, "
        'suggestionId: "derived:1"}) { __typename ... on Problem { message } } }',
    ),
    "rateAssessment": (
        Kind.HANDOFF,
        "mutation($id: ID!) { rateAssessment(input: {handoffId: $id, verdict: RIGHT}) "
        "{ __typename ... on Problem { message } } }",
    ),
    "resolveSession": (
        Kind.SESSION,
        'mutation($id: ID!) { resolveSession(input: {sessionId: $id, resolution: "x"}) '
        "{ __typename ... on Problem { message } } }",
    ),
    "escalate": (
        Kind.SESSION,
        'mutation($id: ID!) { escalate(input: {sessionId: $id, reason: "x"}) '
        "{ __typename ... on Problem { message } } }",
    ),
    "claimHandoff": (
        Kind.HANDOFF,
        "mutation($id: ID!) { claimHandoff(input: {handoffId: $id}) "
        "{ __typename ... on Problem { message } } }",
    ),
    "declineHandoff": (
        Kind.HANDOFF,
        'mutation($id: ID!) { declineHandoff(input: {handoffId: $id, reason: "x"}) '
        "{ __typename ... on Problem { message } } }",
    ),
    "reassignHandoff": (
        Kind.HANDOFF,
        'mutation($id: ID!) { reassignHandoff(input: {handoffId: $id, targetEngineerId: "x"}) '
        "{ __typename ... on Problem { message } } }",
    ),
    "cancelHandoff": (
        Kind.HANDOFF,
        "mutation($id: ID!) { cancelHandoff(input: {handoffId: $id}) "
        "{ __typename ... on Problem { message } } }",
    ),
    "releaseHandoff": (
        Kind.HANDOFF,
        'mutation($id: ID!) { releaseHandoff(input: {handoffId: $id, reason: "x"}) '
        "{ __typename ... on Problem { message } } }",
    ),
    "returnHandoff": (
        Kind.HANDOFF,
        'mutation($id: ID!) { returnHandoff(input: {handoffId: $id, guidance: "x"}) '
        "{ __typename ... on Problem { message } } }",
    ),
    "claimHandoffs": (
        Kind.HANDOFF,
        "mutation($id: ID!) { claimHandoffs(input: {handoffIds: [$id]}) { __typename "
        "... on ClaimHandoffsSuccess { results { result { __typename "
        "... on Problem { message } } } } } }",
    ),
    "escalateMany": (
        Kind.SESSION,
        'mutation($id: ID!) { escalateMany(input: {sessionIds: [$id], reason: "x"}) { __typename '
        "... on Problem { message } ... on SessionsNotEscalatable { refusals { problem "
        "{ __typename message } } } } }",
    ),
    "markNotificationsRead": (
        Kind.NOTIFICATION,
        "mutation($id: ID!) { markNotificationsRead(input: {ids: [$id]}) { __typename "
        "... on MarkNotificationsReadSuccess { unreadCount notifications { id } } } }",
    ),
    "updatePreferences": (None, ""),  # names nothing but the viewer
    "redeliver": (
        Kind.DELIVERY,
        "mutation($id: ID!) { redeliver(input: {deliveryId: $id}) "
        "{ __typename ... on Problem { message } } }",
    ),
    "saveIntegration": (
        Kind.INTEGRATION,
        'mutation($id: ID!) { saveIntegration(input: {webhook: {id: $id, url: "https://x.test"}}) '
        "{ __typename ... on Problem { message } } }",
    ),
    "disableIntegration": (
        Kind.INTEGRATION,
        "mutation($id: ID!) { disableIntegration(input: {integrationId: $id}) "
        "{ __typename ... on Problem { message } } }",
    ),
    "enableIntegration": (
        Kind.INTEGRATION,
        "mutation($id: ID!) { enableIntegration(input: {integrationId: $id}) "
        "{ __typename ... on Problem { message } } }",
    ),
    "testIntegration": (
        Kind.INTEGRATION,
        "mutation($id: ID!) { testIntegration(input: {integrationId: $id}) "
        "{ __typename ... on Problem { message } } }",
    ),
}
SUBSCRIPTIONS: dict[str, str] = {
    "handoffCreated": ask.CREATED,
    "handoffEvents": ask.EVENTS,
    "notificationReceived": ask.RUNG,
}


def test_every_root_field_is_tried() -> None:
    for name, tried in (
        ("Query", QUERIES),
        ("Mutation", MUTATIONS),
        ("Subscription", SUBSCRIPTIONS),
    ):
        assert set(schema._schema.type_map[name].fields) == set(tried), name  # type: ignore[attr-defined]


@pytest.mark.parametrize("role", ["tier2", "admin", "viewer"])
async def test_queries_and_mutations_answer_as_for_an_unknown_id(
    web: Web, account: Account, theirs: Belongings, sign_in: SignIn, role: str
) -> None:
    client = sign_in(web, getattr(account, role))
    for name, (kind, document) in {**QUERIES, **MUTATIONS}.items():
        if kind is None:
            if name in EMPTY:
                assert await client.ask(document) == EMPTY[name], name
            continue
        foreign = await client.answer(document, id=theirs.ids[kind])
        assert foreign == await client.answer(document, id=unknown(kind)), name
        if name in EMPTY:
            assert list(foreign["data"].values()) == [EMPTY[name]], name


async def test_every_kind_of_node_is_null(
    web: Web, account: Account, theirs: Belongings, sign_in: SignIn
) -> None:
    client = sign_in(web, account.admin)
    assert set(theirs.ids) == set(Kind)
    for kind, id_ in theirs.ids.items():
        document = "query($id: ID!) { node(id: $id) { __typename id } }"
        assert await client.answer(document, id=id_) == {"data": {"node": None}}, kind


async def test_their_nodes_are_there_for_themselves(
    web: Web, other_account: Account, theirs: Belongings, sign_in: SignIn
) -> None:
    """Otherwise the nulls above would prove nothing."""
    client = sign_in(web, other_account.admin, other_account)
    for kind, id_ in theirs.ids.items():
        if kind is Kind.NOTIFICATION:
            continue  # one engineer's own, admins included
        node = await client.ask("query($id: ID!) { node(id: $id) { __typename id } }", id=id_)
        assert node["id"] == id_, kind


async def test_a_foreign_target_is_refused_like_an_unknown_one(
    web: Web, account: Account, database: Database, theirs: Belongings, sign_in: SignIn
) -> None:
    session = await started(database, account.tier1)
    client = sign_in(web, account.tier1)

    async def aim_at(target: str) -> Any:
        session_id = public(Kind.SESSION, session["id"])
        wanted = {"sessionId": session_id, "reason": "x", "targetEngineerId": target}
        return await client.ask(ask.ESCALATE, input=wanted)

    foreign = await aim_at(theirs.ids[Kind.ENGINEER])
    assert foreign["__typename"] == "TargetNotEligible"
    assert foreign == await aim_at(unknown(Kind.ENGINEER))


async def test_a_foreign_engineer_is_no_new_target(
    web: Web, account: Account, database: Database, theirs: Belongings, sign_in: SignIn
) -> None:
    raised = await waiting(database, account.tier1)
    client = sign_in(web, account.tier1)

    async def aim_at(target: str) -> Any:
        handoff_id = public(Kind.HANDOFF, raised.handoff["id"])
        wanted = {"handoffId": handoff_id, "targetEngineerId": target}
        return await client.ask(ask.REASSIGN, input=wanted)

    foreign = await aim_at(theirs.ids[Kind.ENGINEER])
    assert foreign["__typename"] == "TargetNotEligible"
    assert foreign == await aim_at(unknown(Kind.ENGINEER))


async def test_streams_carry_the_own_account_only(
    web: Web, account: Account, other_account: Account, database: Database, sign_in: SignIn
) -> None:
    here = sign_in(web, account.admin)
    async with here.stream(ask.EVENTS) as events, here.stream(ask.RUNG) as bell:
        await events.next()
        await waiting(database, other_account.tier1)
        assert await events.is_silent(1.5)  # longer than a poll
        assert await bell.is_silent()


@pytest.mark.parametrize("name", SUBSCRIPTIONS)
async def test_a_foreign_cursor_is_refused(
    web: Web, account: Account, theirs: Belongings, sign_in: SignIn, name: str
) -> None:
    client = sign_in(web, account.admin)
    async with client.stream(SUBSCRIPTIONS[name], after=theirs.cursor) as stream:
        message = await stream.message()
        assert message["type"] == "error", message
        assert message["payload"][0]["extensions"]["code"] == "CURSOR_INVALID"


async def test_events_of_a_foreign_handoff_are_those_of_an_unknown_one(
    web: Web, account: Account, theirs: Belongings, sign_in: SignIn
) -> None:
    client = sign_in(web, account.admin)
    said = []
    for handoff_id in (theirs.ids[Kind.HANDOFF], unknown(Kind.HANDOFF)):
        async with client.stream(ask.EVENTS, handoffId=handoff_id) as stream:
            said.append(await stream.message())
    assert said[0] == said[1]
