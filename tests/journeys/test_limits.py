"""Limits, seen through the front door: the same over HTTP, server-sent events and sockets."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from db.embedded.cluster import SUPERUSER
from tests.harness.people import Account
from tests.harness.postgres import Cluster
from tests.harness.web import PATIENCE, Client, Web, running
from tests.journeys import documents as ask

SignIn = Callable[..., Client]

BUDGET = 20_000  # points a minute; 333 come back each second
PAGE = "{ handoffs(first: 100) { nodes { raisedBy { id } claimedBy { id } } } }"  # costs 301
CHEAP = "{ viewer { engineer { id } } }"


@pytest.fixture(scope="module")
def web(settings: dict[str, str]) -> Iterator[Web]:
    with running(query_timeout="0.5", rate_limit_per_engineer=str(BUDGET), **settings) as process:
        yield process


class Watched:
    """A table that nobody can read until the block ends, and who waits for it."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection

    async def statements(self) -> int:
        """Those of the service that wait."""
        await self.connection.execute("SELECT pg_stat_clear_snapshot()")
        count: int = await self.connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE application_name = 'baton' AND datname = current_database()"
            " AND state = 'active' AND wait_event_type = 'Lock'"
        )
        return count

    async def until(self, count: int) -> None:
        async with asyncio.timeout(5):
            while await self.statements() != count:  # noqa: ASYNC110  # of another process
                await asyncio.sleep(0.02)


@pytest.fixture
def locked(cluster: Cluster, database_name: str) -> Callable[[str], Any]:
    @asynccontextmanager
    async def locked(table: str) -> AsyncIterator[Watched]:
        connection = await asyncpg.connect(cluster.dsn(database_name, SUPERUSER))
        try:
            await connection.execute(f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield Watched(connection)
        finally:
            await connection.close()

    return locked


@pytest.fixture
def client(web: Web, sign_in: SignIn, account: Account) -> Client:
    return sign_in(web, account.tier2)


@pytest.mark.parametrize(
    ("table", "document"),
    [
        ("handoff", "{ handoffQueue { count } }"),  # a resolver's statement
        ("account", "{ viewer { account { name } } }"),  # a loader's
    ],
)
async def test_a_query_that_takes_too_long_ends_in_the_database_too(
    client: Client, locked: Callable[[str], Any], table: str, document: str
) -> None:
    assert "errors" not in await client.answer(document)
    async with locked(table) as watched:
        asked = asyncio.create_task(client.answer(document))
        await watched.until(1)
        assert (await asked)["errors"][0]["extensions"]["code"] == "TIMEOUT"
        await watched.until(0)


async def test_a_query_that_is_completed_on_its_socket_ends_in_the_database_too(
    client: Client, locked: Callable[[str], Any]
) -> None:
    await client.answer(CHEAP)  # signs in: that looks into the table too
    document = "{ viewer { account { name } } }"
    async with locked("account") as watched, client.stream(document) as stream:
        await watched.until(1)
        await stream.socket.send('{"id": "1", "type": "complete"}')
        await watched.until(0)


HOSTILE = {
    "documentBytes": "{ viewer { engineer { id } } } #" + "x" * 10_240,
    "tokens": "{ viewer { engineer { " + "id " * 1000 + "} } }",
    "depth": "{ handoff(id: 1) { " + "supersedes { " * 9 + "id" + " }" * 11,
    "aliases": "{ viewer { engineer { " + " ".join(f"a{n}: id" for n in range(16)) + " } } }",
    "directives": "{ viewer { engineer { id " + "@include(if: true) " * 21 + "} } }",
    "rootFields": "{ " + " ".join(f'a{n}: node(id: "x") {{ id }}' for n in range(11)) + " }",
    "cost": "{ handoffs(first: 100) { nodes { history(first: 100) { nodes { cursor } } } } }",
}


async def over_http(client: Client, document: str) -> dict[str, Any]:
    headers = {"accept": "application/graphql-response+json"}
    response = await client.http.post("/graphql", json={"query": document}, headers=headers)
    assert response.status_code == 400
    answer = response.json()
    assert "data" not in answer
    error: dict[str, Any] = answer["errors"][0]
    return error


async def over_sse(client: Client, document: str) -> dict[str, Any]:
    headers = {"accept": "text/event-stream"}
    response = await client.http.post("/graphql", json={"query": document}, headers=headers)
    [line] = [line for line in response.text.splitlines() if line.startswith("data: {")]
    error: dict[str, Any] = json.loads(line.removeprefix("data: "))["errors"][0]
    return error


async def over_a_socket(client: Client, document: str) -> dict[str, Any]:
    async with client.stream(document) as stream:
        message = await stream.message()
    assert message["type"] == "error"
    error: dict[str, Any] = message["payload"][0]  # type: ignore[assignment]
    return error


@pytest.mark.parametrize("limit", HOSTILE)
async def test_each_limit_is_the_same_over_http_streams_and_sockets(
    client: Client, limit: str
) -> None:
    errors = [await ask(client, HOSTILE[limit]) for ask in (over_http, over_sse, over_a_socket)]
    for error in errors:
        told = error["extensions"]
        assert (told["code"], told["limit"]) == ("LIMIT_EXCEEDED", limit)
        assert str(told["allowed"]) in error["message"]
        assert limit == "tokens" or told["asked"] > told["allowed"]
    assert errors[0] == errors[1] == errors[2]


async def test_a_page_is_as_large_as_its_variable_says(client: Client) -> None:
    document = (
        "query ($n: Int, $m: Int) { handoffs(first: $n) { nodes {"
        " history(first: $m) { nodes { cursor } } } } }"
    )
    small = await client.told(document, n=10, m=10)
    assert small["extensions"]["cost"]["requested"] == 1 + 10 * (1 + 1 + 10) + 10 * 10 / 4
    large = await client.answer(document, n=100, m=100)
    assert large["errors"][0]["extensions"]["asked"] == 1 + 100 * (1 + 1 + 100) + 100 * 100 / 4
    too_large = await client.answer(document, n=101, m=1)
    assert "1 to 100" in too_large["errors"][0]["message"]


async def test_every_answer_says_what_it_cost_and_what_is_left(client: Client) -> None:
    await client.answer(CHEAP)  # read for the first time, it costs more
    response = await client.http.post("/graphql", json={"query": CHEAP})
    cost = response.json()["extensions"]["cost"]
    assert cost["requested"] == 3  # two objects and a field
    assert BUDGET - 100 < cost["remaining"] < cost["limit"] == BUDGET
    policy = '"engineer";q=20000;w=60;qu="cost", "account";q=1000000;w=60;qu="cost"'
    assert response.headers["ratelimit-policy"] == policy
    left = re.fullmatch(
        r'"engineer";r=(\d+);t=\d+, "account";r=\d+;t=\d+', response.headers["ratelimit"]
    )
    assert left is not None
    assert int(left[1]) - cost["remaining"] in (0, 1, 2)  # some may have come back meanwhile
    async with client.stream(CHEAP) as stream:
        told = (await stream.message())["payload"]
    assert told["extensions"]["cost"]["requested"] == 3


async def test_events_of_a_stream_are_told_without_a_cost(
    client: Client,
) -> None:
    async with client.stream(
        "subscription { handoffEvents { ... on StreamReady { cursor } } }"
    ) as stream:
        assert set((await stream.message())["payload"]) == {"data"}


async def spend_all(client: Client) -> None:
    async with asyncio.timeout(PATIENCE):
        while "errors" not in await client.answer(PAGE):
            pass


async def test_who_has_spent_all_is_told_when_to_come_back(client: Client) -> None:
    await spend_all(client)
    for accept in ("application/json", "application/graphql-response+json", "text/event-stream"):
        response = await client.http.post(
            "/graphql", json={"query": PAGE}, headers={"accept": accept}
        )
        assert response.status_code == 429
        error = response.json()["errors"][0]
        assert error["extensions"]["code"] == "RATE_LIMITED"
        seconds = int(response.headers["retry-after"])
        assert 1 <= seconds == error["extensions"]["retryAfter"] <= 2
        assert response.headers["ratelimit"].startswith('"engineer";r=')
    async with client.stream(PAGE) as stream:
        message = await stream.message()
    assert message["type"] == "error"
    assert message["payload"][0]["extensions"]["code"] == "RATE_LIMITED"


async def test_who_has_spent_all_can_call_for_help_and_take_a_call(
    web: Web, sign_in: SignIn, account: Account
) -> None:
    stuck, senior = sign_in(web, account.tier1), sign_in(web, account.tier2)
    started = await stuck.ask(ask.START, input={"problemSummary": "It is on fire"})
    call = {"sessionId": started["session"]["id"], "reason": "No water"}
    for number, each in enumerate((stuck, senior)):
        await spend_all(each)
        # three seconds more than all: it is charged for being read
        refused = await each.answer(f"{CHEAP} #{number}{'x' * 10_000}")
        assert refused["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    more = "markNotificationsRead(input: { all: true }) { __typename }"
    besides = ask.ESCALATE.replace("  escalate(", f"  {more} escalate(")
    refused = await stuck.answer(besides, input=call)
    assert refused["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    handoff = (await stuck.ask(ask.ESCALATE, input=call))["handoff"]["id"]
    taken = await senior.ask(ask.CLAIM, id=handoff)
    assert taken["handoff"]["status"] == "CLAIMED"


async def test_who_has_spent_all_is_no_burden_for_others(
    web: Web, sign_in: SignIn, account: Account
) -> None:
    await spend_all(sign_in(web, account.tier1))
    assert "errors" not in await sign_in(web, account.tier3).answer(
        "{ viewer { engineer { id } } }"
    )


async def test_documents_that_were_never_seen_are_charged_for_being_read(
    web: Web, sign_in: SignIn, account: Account
) -> None:
    """Refused ones too: each of these is read for a thousand points."""
    client = sign_in(web, account.admin)
    codes = []
    for number in range(30):
        answer = await client.answer(f"{{ missing{number} #{'x' * 10_000}\n }}")
        codes.append(answer["errors"][0]["extensions"]["code"])
    refused = codes.index("RATE_LIMITED")
    assert 18 <= refused <= 25
    assert set(codes[:refused]) == {"VALIDATION_FAILED"}
