"""Who shares a subscription's executions, and who must not."""

import pytest
from graphql import GraphQLObjectType, GraphQLUnionType, get_named_type
from graphql.type import is_abstract_type

from app.graphql.live import Live
from app.graphql.live.sharing import Sharing, is_own
from db.database import Database
from schema.schema import schema
from services.events import Hub
from tests.app.graphql.ears import Ear, Identity, shared_live
from tests.harness.people import Account, make_engineer
from tests.schema.asking import ENGINE, Client
from tests.services.events.parts import Writer, make_handoff

PLAIN = """subscription S($after: Cursor) { handoffEvents(after: $after) {
  __typename ... on HandoffEvent { cursor } } }"""
OTHERWISE_PRINTED = """# the same
subscription S ( $after : Cursor ) {
  handoffEvents ( after: $after ) { __typename, ... on HandoffEvent { cursor, }, }, }"""
RECORD = "subscription { handoffCreated { cursor handoff { id status raisedBy { name } } } }"
ONE = """subscription ($handoff: ID, $last: Int = 1) { handoffEvents(handoffId: $handoff) {
  __typename ... on HandoffEvent { cursor handoff { session { steps(last: $last) {
    nodes { title } } } } } } }"""
TWO = """subscription A { handoffCreated { cursor } }
subscription B { handoffCreated { cursor } }"""


@pytest.fixture
def live(database: Database, hub: Hub) -> Live[Identity]:
    return shared_live(Client(database, hub))


async def test_whoever_asks_the_same_shares_one_execution_of_each_event(
    live: Live[Identity], hub: Hub, database: Database, account: Account
) -> None:
    writer = Writer(database, account, await make_handoff(database, account), hub.ring)
    ears = [await Ear().subscribe(live, account.tier2, PLAIN) for _ in range(20)]

    for _ in range(3):
        await writer.write()
    heard = [await ear.hears(4) for ear in ears]

    assert live.tally.executed == 3
    assert live.tally.delivered == 60
    assert all(each[1:] == heard[0][1:] for each in heard)
    assert len({each["cursor"] for each in heard[0][1:]}) == 3


@pytest.mark.parametrize(
    ("one", "other", "groups"),
    [
        pytest.param((PLAIN, {}), (PLAIN, {}), 1, id="the same"),
        pytest.param((PLAIN, {}), (OTHERWISE_PRINTED, {}), 1, id="printed otherwise"),
        pytest.param((PLAIN, {}), (PLAIN, {"unknown": 1}), 1, id="a variable nobody declared"),
        pytest.param((PLAIN, {}), (RECORD, {}), 2, id="another document"),
        pytest.param((ONE, {"last": 1}), (ONE, {"last": 2}), 2, id="another variable"),
        pytest.param((ONE, {"last": 2}), (ONE, {"last": 2}), 1, id="equal variables"),
    ],
)
async def test_what_is_asked_decides_who_shares(
    live: Live[Identity],
    account: Account,
    one: tuple[str, dict[str, object]],
    other: tuple[str, dict[str, object]],
    groups: int,
) -> None:
    for document, variables in (one, other):
        await Ear().subscribe(live, account.tier2, document, **variables)

    assert len(live.groups) == groups


async def test_operations_of_one_document_are_not_the_same(account: Account) -> None:
    a, b = (Sharing(ENGINE.prepare(TWO, name), schema) for name in ("A", "B"))

    assert a.key({}) != b.key({})


async def test_who_begins_elsewhere_shares_all_the_same(
    live: Live[Identity], hub: Hub, database: Database, account: Account
) -> None:
    writer = Writer(database, account, await make_handoff(database, account), hub.ring)
    first = await Ear().subscribe(live, account.tier2, PLAIN)
    for _ in range(5):
        await writer.write()
    [_, *cursors] = [each.get("cursor") for each in await first.hears(6)]

    second = await Ear().subscribe(live, account.tier2, PLAIN, after=cursors[1])
    await second.hears(4)
    await writer.write()
    heard = await second.hears(5)
    await first.hears(7)

    assert [each["cursor"] for each in heard[1:]] == [*cursors[2:], first.roots[-1]["cursor"]]
    assert len(live.groups) == 1
    [group] = live.groups.values()
    assert len(group.members) == 2


async def test_roles_and_accounts_share_nothing(
    live: Live[Identity], account: Account, other_account: Account
) -> None:
    for actor in (*account.everybody, *other_account.everybody):
        await Ear().subscribe(live, actor, RECORD)

    assert len(live.groups) == 2 * 3  # the three ENGINEERs of an account share
    assert sorted(len(group.members) for group in live.groups.values()) == [1, 1, 1, 1, 3, 3]


@pytest.mark.parametrize(
    "document",
    [
        "subscription { handoffCreated { handoff { viewerCan } } }",
        """subscription { handoffEvents { ... on HandoffEvent { handoff {
             viewerCan } } } }""",
        """subscription { handoffEvents { ... on HandoffCreated { handoff { session {
             handoffs { nodes { ...More } } } } } } }
           fragment More on Handoff { can: viewerCan }""",
        "subscription { notificationReceived { cursor } }",
    ],
)
async def test_who_asks_about_themselves_shares_nothing(
    live: Live[Identity], hub: Hub, account: Account, document: str
) -> None:
    for actor in (account.tier2, account.tier2, account.tier3):
        await Ear().subscribe(live, actor, document)

    assert not live.groups
    assert hub.followers == 3


async def test_a_group_ends_with_its_last_member(
    live: Live[Identity], hub: Hub, account: Account
) -> None:
    ears = [await Ear().subscribe(live, account.tier2, RECORD) for _ in range(3)]
    assert (len(live.groups), hub.followers) == (1, 1)

    for ear in ears:
        ear.leave()

    assert (len(live.groups), hub.followers) == (0, 0)


async def test_the_founder_of_a_group_may_leave_it(
    live: Live[Identity], hub: Hub, database: Database, account: Account
) -> None:
    writer = Writer(database, account, await make_handoff(database, account), hub.ring)
    founder, other = [await Ear().subscribe(live, account.tier2, RECORD) for _ in range(2)]
    founder.leave()

    await writer.write()

    assert await other.hears(1)
    assert founder.results == []


async def test_different_engineers_of_one_role_share(
    live: Live[Identity], hub: Hub, database: Database, account: Account
) -> None:
    crowd = [await make_engineer(database, account.id, f"e{n}@acme.test") for n in range(10)]
    writer = Writer(database, account, await make_handoff(database, account), hub.ring)
    ears = [await Ear().subscribe(live, each, RECORD) for each in crowd]

    await writer.write()
    for ear in ears:
        await ear.hears(1)

    assert live.tally.executed == 1


# ------------------------------------------------------------------------------- by the fields


def reachable() -> dict[str, GraphQLObjectType]:
    """The object types that a subscription can come to, by their names."""
    core = schema._schema
    found: dict[str, GraphQLObjectType] = {}
    assert core.subscription_type is not None
    waiting = [get_named_type(each.type) for each in core.subscription_type.fields.values()]
    while waiting:
        type_ = waiting.pop()
        if is_abstract_type(type_):
            waiting += core.get_possible_types(type_)
        elif isinstance(type_, GraphQLObjectType) and type_.name not in found:
            found[type_.name] = type_
            waiting += [get_named_type(each.type) for each in type_.fields.values()]
    return found


def test_the_fields_about_the_viewer_are_known() -> None:
    """Whoever adds one declares it; resolving any other looks at nobody (the test below)."""
    own = {
        f"{name}.{field}"
        for name, type_ in reachable().items()
        for field, definition in type_.fields.items()
        if is_own(definition)
    }

    assert own == {
        "Assessment.viewerCanRate",
        "Assessment.viewerRating",
        "Handoff.viewerCan",
        "SuggestedStep.viewerCanStart",
    }


def test_the_ways_to_a_session_are_known() -> None:
    """They lead to the event's own session, whose owner and holder are told apart. Another way
    would need others told apart (resolvers/audiences.py)."""
    ways = {
        f"{name}.{field}"
        for name, type_ in reachable().items()
        for field, definition in type_.fields.items()
        if get_named_type(definition.type).name in {"Session", "Handoff"}
    }

    assert ways == {
        *(f"{name}.handoff" for name in event_types()),
        "Delivery.handoff",
        "Handoff.session",
        "Handoff.supersedes",
        "HandoffConnection.nodes",
        "HandoffEdge.node",
        "SessionView.handoff",
        "Step.suggestedIn",
        "Notification.handoff",
    }


def event_types() -> list[str]:
    core = schema._schema
    union = core.get_type("HandoffStreamMessage")
    assert isinstance(union, GraphQLUnionType)
    return [each.name for each in union.types if each.name != "StreamReady"]
