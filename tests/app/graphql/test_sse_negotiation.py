"""Who is answered with a stream of events, and who with JSON as before."""

from typing import Any

import httpx2
import orjson
import pytest

from app.graphql.negotiation import accepted
from tests.app.graphql.served import GOOD, Served

NEW = "application/graphql-response+json"
OLD = "application/json"
EVENTS = "text/event-stream"

# word for word: Apollo Client 4.3, urql 6.0, graphql-sse 2.6, browsers' EventSource
APOLLO = f"{NEW},{OLD};q=0.9"
APOLLO_LIVE = f"multipart/mixed;boundary=graphql;subscriptionSpec=1.0,{NEW},{OLD};q=0.9"
URQL = f"{NEW}, application/graphql+json, {OLD}, {EVENTS}, multipart/mixed"
URQL_LIVE = f"{EVENTS}, multipart/mixed"

QUERY = "{ me }"
LIVE = "subscription { ticks(count: 1) }"


async def ask(
    server: Served, query: str, *, token: str | None = GOOD, method: str = "POST", **headers: str
) -> httpx2.Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    async with server.client(token) as client:
        if method == "GET":
            return await client.get("", params={"query": query}, headers=given)
        given = {"content-type": OLD} | given
        return await client.request(
            method, "", content=orjson.dumps({"query": query}), headers=given
        )


def kind(response: httpx2.Response) -> str:
    value: str = response.headers["content-type"]
    return value.removesuffix("; charset=utf-8")


def only_event(response: httpx2.Response) -> Any:
    """What comes in the one event of a stream that completes."""
    assert response.status_code == 200
    assert kind(response) == EVENTS
    text = response.text
    assert text.startswith("event: next\ndata: ")
    assert text.endswith("\n\nevent: complete\ndata:\n\n")
    return orjson.loads(text.split("\n")[1].removeprefix("data: "))


# ------------------------------------------------------------------------------------ who gets what


@pytest.mark.parametrize(
    ("accept", "to_queries", "streams_live"),
    [
        ("", OLD, False),
        ("*/*", OLD, False),
        (OLD, OLD, False),
        (APOLLO, NEW, False),
        (APOLLO_LIVE, NEW, False),
        (URQL, NEW, True),
        (URQL_LIVE, EVENTS, True),
        (EVENTS, EVENTS, True),
        (f"{EVENTS}, */*", OLD, True),
        (f"{EVENTS}, */*;q=0.1", EVENTS, True),
        (f"{EVENTS}, {OLD}", OLD, True),
        (f"{EVENTS}, {OLD};q=0.9", EVENTS, True),
        (f"{EVENTS};q=0.5, {OLD}", OLD, True),
        (f"{EVENTS};q=0.9, {OLD};q=0.8, {NEW};q=0.7", EVENTS, True),
        (f"{EVENTS};q=0, {OLD}", OLD, False),
        (f"{EVENTS};q=0, */*", OLD, False),
        (f"{OLD};q=0, {NEW};q=0, {EVENTS};q=0.1", EVENTS, True),
        ("text/*", EVENTS, True),
        (f"text/*;q=0.9, {OLD}", OLD, False),
        (f"{EVENTS};charset=utf-8", EVENTS, True),
        (f"TEXT/Event-Stream ; Q=0.3,{OLD} ; q=0.2", EVENTS, True),
    ],
)
async def test_a_stream_is_for_whoever_likes_it_best_or_subscribes_and_takes_it(
    server: Served, accept: str, to_queries: str, streams_live: bool
) -> None:
    query = await ask(server, QUERY, accept=accept)
    live = await ask(server, LIVE, accept=accept)

    assert kind(query) == to_queries
    answer = only_event(query) if to_queries == EVENTS else query.json()
    assert answer == {"data": {"me": "Ada"}}
    assert (kind(live) == EVENTS) is streams_live
    if not streams_live:
        [error] = live.json()["errors"]
        assert error["extensions"]["code"] == "BAD_REQUEST"
        assert "Accept: text/event-stream" in error["message"]
        assert "graphql-transport-ws" in error["message"]
    assert query.headers["vary"] == live.headers["vary"] == "accept"


@pytest.mark.parametrize(
    "accept",
    ["text/html", f"{EVENTS};q=0", f"{EVENTS};charset=latin-1", f"{OLD};q=0, {EVENTS};q=0"],
)
async def test_who_takes_none_of_our_types_gets_406(server: Served, accept: str) -> None:
    assert accepted(accept.encode()) is None
    response = await ask(server, QUERY, accept=accept)
    assert (response.status_code, kind(response)) == (406, OLD)
    assert EVENTS in response.json()["errors"][0]["message"]


async def test_a_mutation_is_answered_as_a_stream_of_one_event(server: Served) -> None:
    response = await ask(server, "mutation { write(seconds: 0) }", accept=EVENTS)
    assert only_event(response) == {"data": {"write": "written"}}
    assert server.observed.said[("finished", "sse", "mutation", None, "OK")] == 1


async def test_a_get_is_answered_as_a_stream_too(server: Served) -> None:
    assert only_event(await ask(server, QUERY, method="GET", accept=EVENTS)) == {
        "data": {"me": "Ada"}
    }
    live = await ask(server, LIVE, method="GET", accept=EVENTS)
    assert kind(live) == EVENTS
    assert live.text == (
        ':\n\nevent: next\ndata: {"data":{"ticks":"0"}}\n\nevent: complete\ndata:\n\n'
    )


async def test_fields_that_fail_are_told_beside_the_data(server: Served) -> None:
    answer = only_event(await ask(server, "{ me cursor }", accept=EVENTS))
    assert answer["data"] == {"me": "Ada", "cursor": None}
    assert answer["errors"][0]["extensions"]["code"] == "CURSOR_INVALID"


# ---------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ me", "SYNTAX_ERROR"),
        ("subscription { missing }", "VALIDATION_FAILED"),
        ("subscription ($n: Int!) { ticks(count: $n) }", "BAD_REQUEST"),
        ("query A { me } query B { me }", "BAD_REQUEST"),
        ("{ __schema { types { name } } }", "FORBIDDEN"),
    ],
)
async def test_a_request_error_is_an_event_since_clients_would_retry_a_status(
    server: Served, query: str, code: str
) -> None:
    answer = only_event(await ask(server, query, accept=EVENTS))
    assert list(answer) == ["errors"]
    assert answer["errors"][0]["extensions"]["code"] == code
    assert server.observed.said[("refused", "sse", code)] == 1 or "$n" not in query


async def test_what_urql_asks_wrongly_is_told_as_its_kind_of_request_is_answered(
    server: Served,
) -> None:
    query = await ask(server, "{ missing }", accept=URQL)
    assert (query.status_code, kind(query)) == (400, NEW)
    variables = await ask(server, "subscription ($n: Int!) { ticks(count: $n) }", accept=URQL)
    assert only_event(variables)["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ({"token": None}, 401, "UNAUTHENTICATED"),
        ({"token": "forged"}, 401, "UNAUTHENTICATED"),
        ({"token": "forbidden"}, 403, "FORBIDDEN"),
        ({"token": "keyless"}, 503, "UNAVAILABLE"),
        ({"method": "PUT"}, 405, "METHOD_NOT_ALLOWED"),
        ({"content_type": "text/plain"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"query": "subscription { ticks }" + " " * 300_000}, 413, "TOO_LARGE"),
        ({"query": "mutation { write(seconds: 0) }", "method": "GET"}, 405, "METHOD_NOT_ALLOWED"),
    ],
)
async def test_what_http_refuses_has_its_status_and_json(
    server: Served, how: dict[str, Any], status: int, code: str
) -> None:
    response = await ask(server, **({"query": LIVE, "accept": EVENTS} | how))
    assert (response.status_code, kind(response)) == (status, OLD)
    assert response.json()["errors"][0]["extensions"]["code"] == code


async def test_a_fault_before_the_stream_begins_has_a_status_that_clients_retry(
    server: Served,
) -> None:
    assert (await ask(server, "{ cancelled }", accept=EVENTS)).status_code == 500
