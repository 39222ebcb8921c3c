"""What those who share are told is what each would be told alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import asyncpg
import pytest
from graphql import GraphQLObjectType, get_named_type
from graphql.type import is_abstract_type, is_leaf_type, is_union_type

from app.graphql.live import Live
from app.graphql.live.sharing import is_own
from db.database import Database
from db.embedded.cluster import SUPERUSER
from schema.schema import schema
from services.actor import Actor
from services.events import Hub
from tests.app.graphql.ears import Ear, Identity, lonely_live, shared_live
from tests.harness.people import Account, make_engineer
from tests.harness.postgres import Cluster
from tests.harness.story import claimed, count, waiting
from tests.schema.asking import Client
from tests.schema.lives import CLAIM, ESCALATE, RELEASE, RESOLVE, RETURN, Life, State, do, live
from tests.schema.lives import People as Cast

CONTENT: Final = """subscription ($after: Cursor) { handoffEvents(after: $after) {
  ... on StreamReady { cursor }
  ... on HandoffEvent { cursor handoff { status session { problemSummary } } } } }"""


OF_THE_MOMENT: Final = {("Reach", "told"), ("Reach", "toldAt"), ("Reach", "viewed")}
"""Count who has looked, which each look changes: no two executions need agree, whoever asks."""


def everything(type_: Any, depth: int, above: frozenset[str] = frozenset()) -> str:
    """A selection of all fields that are about neither the viewer nor the moment, ``depth`` levels
    deep."""
    core = schema._schema
    if is_abstract_type(type_):
        parts = [
            f"... on {each.name} {everything(each, depth, above)}"
            for each in core.get_possible_types(type_)
        ]
        # fields of one name must be of one type: those of interfaces are, those of unions may not
        return f"{{ __typename {' '.join(parts)} }}"
    assert isinstance(type_, GraphQLObjectType)
    fields = ["__typename"]
    for name, definition in type_.fields.items():
        inner = get_named_type(definition.type)
        if is_own(definition) or (type_.name, name) in OF_THE_MOMENT:
            continue
        if is_leaf_type(inner):
            fields.append(name)
        elif depth > 0 and inner.name not in above:
            alias = (
                f"{type_.name[0].lower()}{type_.name[1:]}_{name}: " if is_union_type(inner) else ""
            )
            below = everything(inner, depth - 1, above | {type_.name})
            fields.append(f"{alias}{name} {below}")
    return f"{{ {' '.join(fields)} }}"


@pytest.fixture(scope="module")
def superuser_dsn(cluster: Cluster, database_name: str) -> str:
    return cluster.dsn(database_name, SUPERUSER)


@pytest.fixture
def client(database: Database, hub: Hub) -> Client:
    return Client(database, hub)


@pytest.fixture
async def cast(database: Database, account: Account) -> Cast:
    return await Cast.of(database, account)


@pytest.fixture
def shared(client: Client) -> Live[Identity]:
    return shared_live(client)


async def seers(database: Database, account: Account) -> set[UUID]:
    async with database.transaction(account.id) as tx:
        rows = await tx.fetch("SELECT engineer_id FROM session_view")
    return {row["engineer_id"] for row in rows}


class Stalled:
    """Keeps the table of views from being written."""

    def __init__(self, keeper: asyncpg.Connection[asyncpg.Record]) -> None:
        self.keeper = keeper

    @classmethod
    @asynccontextmanager
    async def by(cls, superuser_dsn: str) -> AsyncIterator[Stalled]:
        keeper = await asyncpg.connect(superuser_dsn)
        try:
            await keeper.execute("BEGIN; LOCK TABLE session_view IN SHARE MODE")
            yield cls(keeper)
        finally:
            await keeper.close()

    async def go_on(self) -> None:
        await self.keeper.execute("COMMIT")


class Crowd:
    """Each of several engineers twice: among those who share, and alone."""

    def __init__(self, shared: Live[Identity], lonely: Live[Identity], document: str) -> None:
        self.shared = shared
        self.lonely = lonely
        self.document = document
        self.pairs: list[tuple[Actor, Ear, Ear]] = []
        self.heard = 0

    async def gather(self, *actors: Actor) -> None:
        for actor in actors:
            together = await Ear().subscribe(self.shared, actor, self.document)
            alone = await Ear().subscribe(self.lonely, actor, self.document)
            self.pairs.append((actor, together, alone))
        self.heard += 1  # StreamReady

    async def agrees(self) -> None:
        """On the next event."""
        self.heard += 1
        for actor, together, alone in self.pairs:
            for ear in (together, alone):
                await ear.until(lambda ear: len(ear.results) >= self.heard or ear.ending)
            assert together.results == alone.results, actor


async def a_life_of(client: Client, cast: Cast, crowd: Crowd) -> None:
    """Everything that opens and closes the door of a session."""
    begun = await live(client, cast, State.OPEN)
    await crowd.agrees()
    this: dict[str, Any] = {"handoffId": begun.handoff}

    async def then(actor: Actor, document: str, **input: Any) -> dict[str, Any]:
        outcome = await do(client, actor, document, **input)
        assert outcome["__typename"].endswith("Success"), outcome
        await crowd.agrees()
        return outcome

    await then(cast.claimer, CLAIM, **this)
    await then(cast.claimer, RELEASE, **this, reason="Shift is over")
    await then(cast.colleague, CLAIM, **this)
    await then(cast.colleague, RETURN, **this, guidance="Renew the certificate")
    again = await then(cast.raiser, ESCALATE, sessionId=begun.session, reason="No use")
    further = Life(again["handoff"]["id"], begun.session)
    await then(cast.target, CLAIM, handoffId=further.handoff)
    await then(cast.target, RESOLVE, sessionId=begun.session, resolution="Renewed it")


async def test_every_field_is_told_to_those_who_share_as_to_each_alone(
    client: Client, cast: Cast, shared: Live[Identity]
) -> None:
    """All fields, all roles, owner, holders and bystanders, with the door open and closed."""
    core = schema._schema
    events = everything(core.get_type("HandoffCreated"), 1)
    document = f"""subscription {{ handoffEvents {{ __typename ... on HandoffEvent {{
      cursor occurredAt }} ... on HandoffCreated {events}
      ... on HandoffReleased {{ reason }} ... on HandoffReturned {{ guidance }}
      ... on HandoffResolved {{ resolution }}
      ... on HandoffEvent {{ handoff {everything(core.get_type("Handoff"), 2)} }} }} }}"""
    crowd = Crowd(shared, lonely_live(client), document)
    people = (cast.raiser, cast.target, cast.claimer, cast.colleague, cast.admin, cast.viewer)
    await crowd.gather(*people)

    await a_life_of(client, cast, crowd)

    assert not any("errors" in result for _, ear, _ in crowd.pairs for result in ear.results)
    assert len(shared.groups) == 3


async def test_the_door_decides_at_each_event(
    client: Client, cast: Cast, shared: Live[Identity]
) -> None:
    ears = {
        name: await Ear().subscribe(shared, getattr(cast, name), CONTENT)
        for name in ("raiser", "claimer", "colleague", "admin", "viewer")
    }

    await live(client, cast, State.RETURNED)

    sees = {}
    for name, ear in ears.items():
        heard = (await ear.hears(4))[1:]
        assert [each["handoff"]["status"] for each in heard][-1] == "RETURNED"
        sees[name] = heard[-1]["handoff"]["session"] is not None
    assert sees == {
        "raiser": True,
        "claimer": False,
        "colleague": False,
        "admin": True,
        "viewer": False,
    }
    assert shared.tally.executed == 3 * 3


async def test_whoever_is_told_through_the_open_door_is_in_the_access_log(
    database: Database, account: Account, hub: Hub, shared: Live[Identity]
) -> None:
    """Each of those who share, but for the raiser."""
    crowd = [await make_engineer(database, account.id, f"v{n}@acme.test") for n in range(5)]
    ears = [await Ear().subscribe(shared, each, CONTENT) for each in crowd]
    raiser = await Ear().subscribe(shared, account.tier1, CONTENT)
    admin = await Ear().subscribe(shared, account.admin, CONTENT)

    raised = await waiting(database, account.tier1)
    hub.ring(account.id, raised.seq)
    for ear in (*ears, raiser, admin):
        await ear.hears(2)

    assert await seers(database, account) == {each.id for each in crowd}


@pytest.fixture
async def stalled(superuser_dsn: str) -> AsyncIterator[Stalled]:
    """Until told otherwise, nobody's look can be recorded."""
    async with Stalled.by(superuser_dsn) as stall:
        yield stall


async def test_nobody_is_told_before_it_is_recorded(
    client: Client, account: Account, shared: Live[Identity], stalled: Stalled
) -> None:
    ear = await Ear().subscribe(shared, account.tier2, CONTENT)
    admin = await Ear().subscribe(shared, account.admin, CONTENT)

    raised = await waiting(client.database, account.tier1)
    client.hub.ring(account.id, raised.seq)
    await admin.hears(2)
    await asyncio.sleep(0.3)
    assert len(ear.results) == 1

    await stalled.go_on()
    await ear.hears(2)


async def test_who_comes_while_others_are_being_recorded_is_recorded_too(
    client: Client, account: Account, shared: Live[Identity], stalled: Stalled
) -> None:
    first = await Ear().subscribe(shared, account.tier2, CONTENT)
    [ready] = await first.hears(1)
    raised = await waiting(client.database, account.tier1)
    client.hub.ring(account.id, raised.seq)
    await asyncio.sleep(0.2)

    late = await Ear().subscribe(shared, account.tier3, CONTENT, after=ready["cursor"])
    await stalled.go_on()
    await late.hears(2)

    assert await seers(client.database, account) == {account.tier2.id, account.tier3.id}


async def test_who_begins_behind_an_event_is_not_told_of_it_by_a_group_that_is_late(
    client: Client, account: Account, shared: Live[Identity], stalled: Stalled
) -> None:
    first = await Ear().subscribe(shared, account.tier2, CONTENT)
    raised = await waiting(client.database, account.tier1)
    client.hub.ring(account.id, raised.seq)
    await asyncio.sleep(0.2)

    late = await Ear().subscribe(shared, account.tier3, CONTENT)
    await stalled.go_on()
    await first.hears(2)
    again = await waiting(client.database, account.tier1)
    client.hub.ring(account.id, again.seq)
    await first.hears(3)

    [_, *events] = await late.hears(2)
    assert events == first.roots[2:]


async def test_what_was_executed_while_the_door_was_open_is_not_told_when_it_is_closed(
    client: Client, database: Database, account: Account, hub: Hub, shared: Live[Identity]
) -> None:
    first = await Ear().subscribe(shared, account.tier2, CONTENT)
    slow = await Ear(room=1).subscribe(shared, account.tier3, CONTENT)
    raised = await waiting(database, account.tier1)
    hub.ring(account.id, raised.seq)
    await first.hears(2)
    hub.ring(account.id, (await claimed(database, account.tier2, raised)).seq)
    await first.hears(3)

    slow.read()
    [_, created, _] = await slow.hears(3)

    assert first.roots[1]["handoff"]["session"] is not None
    assert created["handoff"]["session"] is None


async def test_records_alone_are_no_views(
    database: Database, account: Account, hub: Hub, shared: Live[Identity]
) -> None:
    ear = await Ear().subscribe(
        shared, account.tier2, "subscription { handoffCreated { handoff { status } } }"
    )

    raised = await waiting(database, account.tier1)
    hub.ring(account.id, raised.seq)
    await ear.hears(1)

    assert await count(database, account.tier1, "session_view") == 0


async def test_who_catches_up_from_what_was_executed_for_others_is_recorded_too(
    database: Database, account: Account, hub: Hub, shared: Live[Identity]
) -> None:
    first = await Ear().subscribe(shared, account.tier2, CONTENT)
    slow = await Ear(room=1).subscribe(shared, account.tier3, CONTENT)
    raised = await waiting(database, account.tier1)
    hub.ring(account.id, raised.seq)
    await first.hears(2)

    slow.read()
    await slow.hears(2)

    assert await seers(database, account) == {account.tier2.id, account.tier3.id}
