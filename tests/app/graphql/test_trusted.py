"""Documents that are asked for by their id, over every transport, and who takes no others."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import orjson
import pytest

from app.graphql.sockets import SocketOptions
from app.graphql.trusted import TrustedDocuments
from tests.app.graphql.served import Served

ECHO = "query Echo($text: String!) { echo(text: $text) }"
WRITE = "mutation Write { write(seconds: 0) }"
TICKS = "subscription Ticks { ticks(count: 2) }"
SCHEMA = "{ __schema { queryType { name } } }"
DOCUMENTS = {
    "echo": ECHO,
    "write": WRITE,
    "ticks": TICKS,
    "both": "query A { me } query B { contextNumber }",
    "schema": SCHEMA,
}
OWN_HASH = sha256(ECHO.encode()).hexdigest()
TRANSPORTS = ["post", "get", "sse", "socket"]


@pytest.fixture(scope="module")
def allowing() -> Iterator[Served]:
    with Served(trusted=TrustedDocuments(DOCUMENTS)) as server:
        yield server


@pytest.fixture(scope="module")
def requiring() -> Iterator[Served]:
    trusted = TrustedDocuments(DOCUMENTS, only=True)
    options = SocketOptions(introspection=True)
    with Served(trusted=trusted, introspection=True, options=options) as server:
        yield server


async def ask(server: Served, transport: str, **asked: Any) -> list[dict[str, Any]]:
    """The results, each ``{"data": …}`` or ``{"errors": […]}``."""
    if transport == "socket":
        return await ask_socket(server, asked)
    accept = "text/event-stream" if transport == "sse" else "application/json"
    async with server.client() as client:
        client.headers["accept"] = accept
        if transport == "get":
            given = {k: v if type(v) is str else orjson.dumps(v).decode() for k, v in asked.items()}
            response = await client.get("", params=given)
        else:
            response = await client.post("", json=asked)
    if transport != "sse":
        return [response.json()]
    told = [line.removeprefix("data: ") for line in response.text.splitlines()]
    return [orjson.loads(line) for line in told if line.startswith("{")]


async def ask_socket(server: Served, asked: dict[str, Any]) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = []
    async with server.socket() as socket:
        await socket.send(type="subscribe", id="1", payload=asked)
        while (message := await socket.receive())["type"] == "next":
            results.append(message["payload"])
    return results if message["type"] == "complete" else [{"errors": message["payload"]}]


def codes(results: list[dict[str, Any]]) -> list[str]:
    [result] = results
    assert list(result) == ["errors"]
    return [error["extensions"]["code"] for error in result["errors"]]


def persisted(id_: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": id_}}


# ------------------------------------------------------------------------------------- by id


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(
    "named",
    [
        {"documentId": "echo"},
        {"doc_id": "echo"},
        {"extensions": persisted("echo")},
        {"documentId": f"sha256:{OWN_HASH}"},
        {"extensions": persisted(OWN_HASH), "query": ""},
        {"documentId": "echo", "extensions": persisted("echo"), "operationName": "Echo"},
    ],
    ids=["specification", "relay", "apollo", "prefixed", "own-hash", "all"],
)
async def test_a_document_is_asked_for_by_its_id_however_the_client_calls_it(
    allowing: Served, transport: str, named: dict[str, Any]
) -> None:
    asked = named | {"variables": {"text": "é"}}
    assert await ask(allowing, transport, **asked) == [{"data": {"echo": "é"}}]


@pytest.mark.parametrize("transport", ["sse", "socket"])
async def test_a_subscription_is_begun_by_its_id(requiring: Served, transport: str) -> None:
    results = await ask(requiring, transport, documentId="ticks")
    assert results == [{"data": {"ticks": "0"}}, {"data": {"ticks": "1"}}]


async def test_of_several_operations_the_name_chooses(allowing: Served) -> None:
    assert await ask(allowing, "post", documentId="both", operationName="A") == [
        {"data": {"me": "Ada"}}
    ]
    assert codes(await ask(allowing, "post", documentId="both")) == ["BAD_REQUEST"]


async def test_a_mutation_is_not_carried_out_by_get_under_an_id_either(allowing: Served) -> None:
    async with allowing.client() as client:
        response = await client.get("", params={"documentId": "write"})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert allowing.log == []


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_an_id_that_nobody_added_is_told_in_the_words_that_clients_know(
    allowing: Served, transport: str
) -> None:
    [answer] = await ask(allowing, transport, documentId="nobody")
    assert codes([answer]) == ["PERSISTED_QUERY_NOT_FOUND"]
    assert answer["errors"][0]["message"] == "PersistedQueryNotFound"


async def test_an_unknown_id_has_the_status_of_a_request_error(allowing: Served) -> None:
    for accept, status in (("application/graphql-response+json", 400), ("application/json", 200)):
        async with allowing.client() as client:
            response = await client.post(
                "", json={"documentId": "nobody"}, headers={"accept": accept}
            )
        assert response.status_code == status


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_who_sends_the_document_as_well_is_answered_by_the_one_that_is_trusted(
    allowing: Served, transport: str
) -> None:
    asked = {"query": "{ me }", "variables": {"text": "x"}}
    known = await ask(allowing, transport, **asked, extensions=persisted("echo"))
    assert known == [{"data": {"echo": "x"}}]
    unknown = await ask(allowing, transport, **asked, extensions=persisted("nobody"))
    assert unknown == [{"data": {"me": "Ada"}}]


@pytest.mark.parametrize(
    "named",
    [
        {"documentId": 7},
        {"documentId": ""},
        {"documentId": ["echo"]},
        {"doc_id": {}},
        {"extensions": {"persistedQuery": True}},
        {"extensions": {"persistedQuery": {"version": 1}}},
        {"documentId": "echo", "doc_id": "write"},
        {"documentId": "echo", "query": 7},
    ],
)
async def test_an_id_that_is_none_makes_no_request(allowing: Served, named: dict[str, Any]) -> None:
    async with allowing.client() as client:
        response = await client.post("", json=named)
    assert (response.status_code, codes([response.json()])) == (400, ["BAD_REQUEST"])
    async with allowing.socket() as socket:
        await socket.send(type="subscribe", id="1", payload=named)
        assert (await socket.closed())[0] == 4400


# ------------------------------------------------------------------------------------- nothing else


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("query", [ECHO, "{ me }", SCHEMA, TICKS, WRITE, "{ __typename }", "{"])
async def test_where_only_trusted_documents_are_carried_out_no_text_is(
    requiring: Served, transport: str, query: str
) -> None:
    """Not even that of a trusted one: it has an id. Nor introspection, which is on here."""
    expected = ["PERSISTED_QUERY_ID_REQUIRED"]
    assert codes(await ask(requiring, transport, query=query)) == expected
    assert "write started" not in requiring.log


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_there_an_id_that_nobody_added_brings_no_text_in(
    requiring: Served, transport: str
) -> None:
    asked = {"query": "{ me }", "extensions": persisted(sha256(b"{ me }").hexdigest())}
    assert codes(await ask(requiring, transport, **asked)) == ["PERSISTED_QUERY_NOT_FOUND"]
    known = await ask(requiring, transport, query="{ me }", documentId="schema")
    assert known == [{"data": {"__schema": {"queryType": {"name": "Query"}}}}]


async def test_a_trusted_introspection_is_refused_where_introspection_is_off(
    allowing: Served,
) -> None:
    assert codes(await ask(allowing, "post", documentId="schema")) == ["FORBIDDEN"]
