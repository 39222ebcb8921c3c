"""What the front door says to who comes badly, or from elsewhere: with JSON, a code, and an id."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx2
import pytest

from services.actor import Actor
from tests.harness.people import Account
from tests.harness.web import PATIENCE, Client, Web, running, token_of
from tests.journeys import documents as ask

DESK = "https://desk.example"
JSON = "application/json"
VIEWER = "{ viewer { openHandoffCount } }"

SignIn = Callable[[Web, Actor], Client]


@pytest.fixture(scope="module")
def web(settings: dict[str, str]) -> Iterator[Web]:
    with running(**settings, allowed_origins=DESK) as process:
        yield process


@pytest.fixture
async def stranger(web: Web) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=web.url, timeout=PATIENCE) as client:
        yield client


@pytest.fixture
def client(web: Web, account: Account, sign_in: SignIn) -> Client:
    return sign_in(web, account.tier1)


def refused(response: httpx2.Response, status: int, code: str) -> str:
    assert response.status_code == status, response.text
    assert response.headers["content-type"].split(";")[0] == JSON
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == code
    assert "data" not in response.json()
    message: str = error["message"]
    return message


async def lines(web: Web, wanted: Callable[[dict[str, Any]], object]) -> list[dict[str, Any]]:
    """Those of the log that are wanted, once there are some."""
    async with asyncio.timeout(PATIENCE):
        while not (found := [line for line in web.said if wanted(line)]):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found


# ------------------------------------------------------------------------------------- no request


@pytest.mark.parametrize("path", ["/nothing", "/graphql/", "/graphiql", "/.env", "/%00"])
async def test_a_path_that_is_none_is_told_as_json_where_graphql_is(
    stranger: httpx2.AsyncClient, path: str
) -> None:
    response = await stranger.get(path, headers={"x-request-id": "lost-1"})
    assert "/graphql" in refused(response, 404, "NOT_FOUND")
    assert response.headers["x-request-id"] == "lost-1"


async def test_another_method_is_told_as_json_beside_graphql_too(
    stranger: httpx2.AsyncClient,
) -> None:
    response = await stranger.post("/livez")
    refused(response, 405, "METHOD_NOT_ALLOWED")
    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert response.headers["x-request-id"]


@asynccontextmanager
async def connected(web: Web) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    place = urlsplit(web.url)
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        try:
            yield reader, writer
        finally:
            writer.close()


def told(answer: bytes) -> tuple[str, str]:
    """(status line, code) of an answer that is JSON, and all there is."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head
    [error] = json.loads(body)["errors"]
    return head.partition(b"\r\n")[0].decode(), error["extensions"]["code"]


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n", b"X / Y\r\n"])
async def test_bytes_that_are_no_http_are_answered_in_json(web: Web, sent: bytes) -> None:
    async with connected(web) as (reader, writer):
        writer.write(sent)
        assert told(await reader.read()) == ("HTTP/1.1 400 Bad Request", "BAD_REQUEST")


async def test_nothing_is_said_into_the_middle_of_an_answer(web: Web, client: Client) -> None:
    """A stream whose client goes on with what is no HTTP is broken off, and not garbled."""
    query = "subscription%7BhandoffEvents%7B__typename%7D%7D"
    async with connected(web) as (reader, writer):
        writer.write(
            f"GET /graphql?query={query} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n"
            f"Authorization: Bearer {client.token}\r\n\r\n".encode()
        )
        assert b"200 OK" in await reader.readuntil(b"StreamReady")
        writer.write(b"no HTTP at all\r\n\r\n")
        assert b"HTTP" not in await reader.read()


async def test_headers_without_end_are_not_kept(web: Web) -> None:
    line = b"x-more: " + b"x" * 65_000 + b"\r\n"
    for _ in range(5):  # what is still on its way when the connection is closed may cost the answer
        async with connected(web) as (reader, writer):
            answer = asyncio.ensure_future(reader.read())
            writer.write(b"GET /graphql HTTP/1.1\r\n")
            sent = 0
            while not answer.done():
                writer.write(line)
                sent += len(line)
                assert sent < 8_000_000
                await asyncio.sleep(0.01)
            if answer.exception() is None and answer.result():
                break
    status = "HTTP/1.1 431 Request Header Fields Too Large"
    assert told(answer.result()) == (status, "TOO_LARGE")


# ------------------------------------------------------------------------------------- origins


@pytest.mark.parametrize(
    "headers",
    [
        "authorization, content-type",
        "authorization, content-type, x-request-id, apollo-require-preflight",
        "authorization, cache-control, last-event-id",
        "authorization, content-type, traceparent, baggage, sentry-trace",
    ],
)
async def test_a_page_of_an_allowed_origin_may_ask_with_the_headers_that_clients_send(
    stranger: httpx2.AsyncClient, client: Client, headers: str
) -> None:
    asked = {
        "origin": DESK,
        "access-control-request-method": "POST",
        "access-control-request-headers": headers,
    }
    allowed = await stranger.options("/graphql", headers=asked)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == DESK
    assert allowed.headers["access-control-allow-headers"] == headers
    assert "POST" in allowed.headers["access-control-allow-methods"]
    assert "access-control-allow-credentials" not in allowed.headers
    answer = await client.http.post("/graphql", json={"query": VIEWER}, headers={"origin": DESK})
    assert answer.json()["data"]
    assert answer.headers["access-control-allow-origin"] == DESK
    assert answer.headers["access-control-expose-headers"] == "*"
    assert {"accept", "Origin"} == set(answer.headers["vary"].split(", "))


async def test_a_page_of_an_allowed_origin_may_listen_and_reads_why_it_may_not(
    web: Web, client: Client, stranger: httpx2.AsyncClient
) -> None:
    headers = {"origin": DESK, "accept": "text/event-stream"}
    body = {"query": "subscription { handoffEvents { __typename } }"}
    async with client.http.stream("POST", "/graphql", json=body, headers=headers) as stream:
        assert stream.headers["access-control-allow-origin"] == DESK
        async for line in stream.aiter_lines():
            if line.startswith("data:"):
                break
        assert "StreamReady" in line
    unknown = await stranger.post("/graphql", json={"query": VIEWER}, headers={"origin": DESK})
    refused(unknown, 401, "UNAUTHENTICATED")
    assert unknown.headers["access-control-allow-origin"] == DESK


@pytest.mark.parametrize("origin", ["https://evil.example", "http://desk.example", "null"])
async def test_a_page_of_another_origin_may_not(
    stranger: httpx2.AsyncClient, client: Client, origin: str
) -> None:
    asked = {"origin": origin, "access-control-request-method": "POST"}
    response = await stranger.options("/graphql", headers=asked)
    assert "origin" in refused(response, 403, "FORBIDDEN")
    assert "access-control-allow-origin" not in response.headers
    answer = await client.http.post("/graphql", json={"query": VIEWER}, headers={"origin": origin})
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""],
)
async def test_what_a_form_can_send_is_never_carried_out(client: Client, content_type: str) -> None:
    """Even by somebody whose browser would send the token by itself."""
    body = json.dumps({"query": ask.START, "variables": {"input": {"problemSummary": "forged"}}})
    response = await client.http.post(
        "/graphql", content=body, headers={"content-type": content_type, "origin": DESK}
    )
    refused(response, 415, "UNSUPPORTED_MEDIA_TYPE")
    answer = await client.answer("{ sessions(first: 1) { nodes { id } } }")
    assert answer["data"]["sessions"]["nodes"] == []


async def test_no_cookie_is_believed_and_none_is_set(
    web: Web, account: Account, stranger: httpx2.AsyncClient, client: Client
) -> None:
    """So that what a browser sends by itself is worth nothing, with GET as with POST."""
    token = token_of(account.tier1, account)
    for name in ("token", "authorization", "session"):
        cookie = {"cookie": f"{name}={token}", "accept": JSON}
        refused(
            await stranger.get("/graphql", params={"query": VIEWER}, headers=cookie),
            401,
            "UNAUTHENTICATED",
        )
        refused(
            await stranger.post("/graphql", json={"query": VIEWER}, headers=cookie),
            401,
            "UNAUTHENTICATED",
        )
    answer = await client.http.get("/graphql", params={"query": VIEWER}, headers={"accept": JSON})
    assert answer.json()["data"]
    assert "set-cookie" not in answer.headers


# ------------------------------------------------------------------------------------- ids


async def test_a_request_is_found_in_the_log_by_the_id_that_its_client_gave(
    web: Web, client: Client
) -> None:
    headers = {"x-request-id": "desk-7.42"}
    body = {"query": "query Mine { viewer { openHandoffCount } }"}
    response = await client.http.post("/graphql", json=body, headers=headers)
    assert response.headers["x-request-id"] == "desk-7.42"
    [line] = await lines(web, lambda it: it.get("request_id") == "desk-7.42")
    assert (line["event"], line["name"]) == ("operation.finished", "Mine")


async def test_of_a_fault_the_client_has_an_id_that_leads_to_the_log_and_its_request(
    web: Web, client: Client, owner_dsn: str
) -> None:
    """Somebody has taken a column away: a fault of ours, and none of the client's business."""
    rename = "ALTER TABLE session RENAME COLUMN {} TO {}"
    owner = await asyncpg.connect(owner_dsn)
    try:
        await owner.execute(rename.format("problem_summary", "gone"))
        headers = {"x-request-id": "desk-fault"}
        body = {"query": "{ sessions(first: 1) { nodes { problemSummary } } }"}
        response = await client.http.post("/graphql", json=body, headers=headers)
    finally:
        await owner.execute(rename.format("gone", "problem_summary"))
        await owner.close()
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert "problem_summary" not in response.text
    error_id = error["extensions"]["errorId"]
    [line] = await lines(web, lambda it: it["event"].endswith(error_id))
    assert (line["level"], line["request_id"]) == ("error", "desk-fault")
    assert "Traceback" in line["exception"]


# ------------------------------------------------------------------------------------- mistakes


async def over(client: Client, transport: str, document: str, **variables: Any) -> Any:
    """The errors that are answered by this transport."""
    if transport == "http":
        return (await client.answer(document, **variables))["errors"]
    if transport == "socket":
        async with client.stream(document, **variables) as stream:
            message = await stream.message()
        return message["payload"] if message["type"] == "error" else message["payload"]["errors"]
    body = {"query": document, "variables": variables}
    headers = {"accept": "text/event-stream"}
    response = await client.http.post("/graphql", json=body, headers=headers)
    [told] = [line for line in response.text.splitlines() if line.startswith("data: ")]
    return json.loads(told.removeprefix("data: "))["errors"]


MISTAKES: dict[str, tuple[str, dict[str, Any], str]] = {
    "syntax": ("{ viewer", {}, "SYNTAX_ERROR"),
    "a field that is none": ("{ viewr { openHandoffCount } }", {}, "VALIDATION_FAILED"),
    "no variable": ("query ($id: ID!) { node(id: $id) { id } }", {}, "BAD_REQUEST"),
    "two operations": ("query A { __typename } query B { __typename }", {}, "BAD_REQUEST"),
    "a page too long": ("{ sessions(first: 101) { nodes { id } } }", {}, "BAD_REQUEST"),
    "introspection": ("{ __schema { types { name } } }", {}, "FORBIDDEN"),
    "introspection among other things": ("{ a: __typename ...F } fragment F on Query {"
    ' __type(name: "Handoff") { name } }', {}, "FORBIDDEN"),
}  # fmt: skip


@pytest.mark.parametrize("transport", ["http", "sse", "socket"])
async def test_a_clients_mistake_is_told_to_the_client_and_is_no_error_in_the_log(
    web: Web, client: Client, transport: str
) -> None:
    before = len(web.said)
    for document, variables, code in MISTAKES.values():
        [error] = await over(client, transport, document, **variables)
        assert error["extensions"] == {"code": code}
    if transport != "http":
        [error] = await over(client, transport, ask.EVENTS, after="x")
        assert error["extensions"]["code"] == "CURSOR_INVALID"
    assert await client.answer(VIEWER)
    await lines(web, lambda it: it in web.said[before:] and it.get("outcome") == "OK")
    said = web.said[before:]
    assert {line["level"] for line in said} == {"info"}
    assert {line["code"] for line in said if "code" in line} >= {"SYNTAX_ERROR", "FORBIDDEN"}


@pytest.mark.parametrize("transport", ["http", "sse", "socket"])
async def test_what_there_is_is_not_told_by_suggestions_either(
    client: Client, transport: str
) -> None:
    for document in (
        "{ viewr { openHandoffCount } }",
        "{ viewer { openHandofCount } }",
        "{ viewer { ... on Viewr { openHandoffCount } } }",
        "{ sessions(frst: 1) { nodes { id } } }",
        'mutation { startSession(input: { problemSumary: "x" }) { __typename } }',
        "{ handoffs(filter: { status: OPN }) { nodes { id } } }",
    ):
        for error in await over(client, transport, document):
            assert "Did you mean" not in error["message"]
