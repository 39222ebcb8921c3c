"""HTTP requests as clients make them, well and badly: which status, which body, which headers."""

import asyncio
import gzip
import logging
from typing import Any

import httpx2
import orjson
import pytest

from tests.app.graphql.served import GOOD, Served

NEW = "application/graphql-response+json"
OLD = "application/json"


async def ask(
    server: Served, body: Any, *, token: str | None = GOOD, **headers: str
) -> httpx2.Response:
    """POST. ``body`` is sent as it is when it is bytes."""
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    given = {"content-type": OLD} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    async with server.client(token) as client:
        return await client.post("", content=content, headers=given)


def refused(response: httpx2.Response, status: int, code: str) -> str:
    """The message of a refusal, which is JSON, has ``errors``, and no ``data``."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"].split(";")[0] in (OLD, NEW)
    body = response.json()
    assert list(body) == ["errors"]
    assert body["errors"][0]["extensions"]["code"] == code
    message = body["errors"][0]["message"]
    assert isinstance(message, str)
    return message


# ------------------------------------------------------------------------------------- answers


async def test_a_query_is_answered(server: Served) -> None:
    response = await ask(server, {"query": "query Who { me }", "operationName": "Who"})
    assert response.status_code == 200
    assert response.json() == {"data": {"me": "Ada"}}
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.headers["vary"] == "accept"
    assert server.observed.said[("finished", "http", "query", "Who", "OK")] == 1


async def test_variables_are_taken(server: Served) -> None:
    query = "query ($text: String!) { echo(text: $text) }"
    response = await ask(server, {"query": query, "variables": {"text": "é"}, "extensions": {}})
    assert response.json() == {"data": {"echo": "é"}}


async def test_nulls_stand_for_what_is_left_out(server: Served) -> None:
    body = {"query": "{ me }", "variables": None, "operationName": None, "extensions": None}
    assert (await ask(server, body)).json() == {"data": {"me": "Ada"}}


async def test_entries_nobody_knows_are_let_through(server: Served) -> None:
    assert (await ask(server, {"query": "{ me }", "id": 7})).status_code == 200


async def test_a_mutation_is_answered(server: Served) -> None:
    response = await ask(server, {"query": "mutation { write(seconds: 0) }"})
    assert response.json() == {"data": {"write": "written"}}


async def test_a_query_may_be_asked_with_get(server: Served) -> None:
    async with server.client() as client:
        response = await client.get(
            "", params={"query": "query ($t: String!) { echo(text: $t) }", "variables": '{"t":"x"}'}
        )
    assert response.json() == {"data": {"echo": "x"}}


async def test_each_request_has_a_context_of_its_own(server: Served) -> None:
    first, second = [await ask(server, {"query": "{ contextNumber }"}) for _ in range(2)]
    assert first.json() != second.json()


async def test_a_failing_field_leaves_the_others(server: Served) -> None:
    body = (await ask(server, {"query": "{ me cursor }"}, accept=NEW)).json()
    assert body["data"] == {"me": "Ada", "cursor": None}
    [error] = body["errors"]
    assert error["message"] == "No such cursor."
    assert error["extensions"] == {"code": "CURSOR_INVALID", "cursor": "x"}
    assert error["path"] == ["cursor"]


# ------------------------------------------------------------------------------------- media types


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (OLD, OLD),
        (NEW, NEW),
        ("*/*", OLD),
        ("application/*", OLD),
        (f"{NEW}, {OLD}", NEW),
        (f"{NEW};q=0.5, {OLD}", OLD),
        (f"multipart/mixed, {OLD};q=0.9", OLD),
        (f"{OLD};q=0, */*", NEW),
        (f"{NEW};charset=utf-8", NEW),
    ],
)
async def test_the_answer_comes_in_the_type_the_client_likes_best(
    server: Served, accept: str, expected: str
) -> None:
    response = await ask(server, {"query": "{ me }"}, accept=accept)
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{expected}; charset=utf-8"


@pytest.mark.parametrize("accept", ["text/html", f"{OLD};q=0", f"{OLD};charset=latin-1"])
async def test_a_client_that_takes_none_of_our_types_gets_406(server: Served, accept: str) -> None:
    refused(await ask(server, {"query": "{ me }"}, accept=accept), 406, "NOT_ACCEPTABLE")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ me", "SYNTAX_ERROR"),
        ("{ missing }", "VALIDATION_FAILED"),
        ("query ($t: String!) { echo(text: $t) }", "BAD_REQUEST"),
        ("query A { me } query B { me }", "BAD_REQUEST"),
        ("subscription { ticks }", "BAD_REQUEST"),
        ("{ __schema { types { name } } }", "FORBIDDEN"),
    ],
)
@pytest.mark.parametrize(("accept", "status"), [(OLD, 200), (NEW, 400)])
async def test_a_request_error_is_400_in_the_new_type_and_200_in_the_old(
    server: Served, accept: str, status: int, query: str, code: str
) -> None:
    refused(await ask(server, {"query": query}, accept=accept), status, code)


async def test_of_several_operations_none_is_run_by_guess(server: Served) -> None:
    body = {"query": "mutation A { write(seconds: 0) } mutation B { write(seconds: 0) }"}
    message = refused(await ask(server, body, accept=NEW), 400, "BAD_REQUEST")
    assert "Must provide operation name" in message
    body["operationName"] = "C"
    assert "C" in refused(await ask(server, body, accept=NEW), 400, "BAD_REQUEST")
    assert server.log == []


async def test_a_subscription_is_told_where_to_go(server: Served) -> None:
    response = await ask(server, {"query": "subscription { ticks }"})
    assert "graphql-transport-ws" in refused(response, 200, "BAD_REQUEST")


async def test_introspection_is_answered_where_it_is_on(server: Served) -> None:
    query = {"query": "{ __schema { queryType { name } } }"}
    assert "schema.graphql" in refused(await ask(server, query), 200, "FORBIDDEN")
    with Served(introspection=True) as open_server:
        data = (await ask(open_server, query)).json()["data"]
    assert data == {"__schema": {"queryType": {"name": "Query"}}}


# ------------------------------------------------------------------------------------- bad requests

BAD = {
    "nothing": b"",
    "a number": b"5",
    "a string": b'"{ me }"',
    "null": b"null",
    "a list": b'[{"query": "{ me }"}]',
    "NaN": b'{"query": "{ me }", "variables": {"x": NaN}}',
    "half an object": b'{"query": "{ me }"',
    "not UTF-8": b'{"query": "{ me } # \xff"}',
    "UTF-16": '{"query": "{ me }"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"query": "{ me }"}',
    "gzip": gzip.compress(b'{"query": "{ me }"}'),
    "deep lists": b'{"query": "{ me }", "variables": {"x": '
    + b"[" * 50_000
    + b"]" * 50_000
    + b"}}",
    "deep objects": b'{"query": "{ me }", "variables": ' + b'{"x":' * 20_000 + b"1" + b"}" * 20_001,
    "no query": b"{}",
    "a query of another type": b'{"query": {"me": true}}',
    "an empty query": b'{"query": ""}',
    "variables that are a list": b'{"query": "{ me }", "variables": []}',
    "variables that are a string": b'{"query": "{ me }", "variables": "{}"}',
    "an operation name of another type": b'{"query": "{ me }", "operationName": 5}',
    "extensions of another type": b'{"query": "{ me }", "extensions": "x"}',
    "a lone surrogate": b'{"query": "{ me }", "operationName": "\\ud800"}',
}


@pytest.mark.parametrize("accept", [OLD, NEW])
@pytest.mark.parametrize("body", BAD.values(), ids=BAD.keys())
async def test_a_body_that_is_no_request_gets_400(
    server: Served, body: bytes, accept: str, caplog: pytest.LogCaptureFixture
) -> None:
    refused(await ask(server, body, accept=accept), 400, "BAD_REQUEST")
    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []


async def test_a_compressed_body_gets_400(server: Served) -> None:
    body = gzip.compress(b'{"query": "{ me }"}')
    response = await ask(server, body, content_encoding="gzip")
    assert "Content-Encoding" in refused(response, 400, "BAD_REQUEST")


async def test_variables_nested_without_end_are_refused_and_not_a_fault(server: Served) -> None:
    deep = b'{"query": "query ($t: String) { echo(text: $t) }", "variables": {"t": %s}}' % (
        b"[" * 900 + b"]" * 900
    )
    refused(await ask(server, deep, accept=NEW), 400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/jsonfoo", f"{OLD}; charset=latin-1"]
)
async def test_a_body_of_another_type_gets_415(server: Served, content_type: str) -> None:
    response = await ask(server, {"query": "{ me }"}, content_type=content_type)
    refused(response, 415, "UNSUPPORTED_MEDIA_TYPE")


async def test_a_character_set_may_be_named(server: Served) -> None:
    response = await ask(server, {"query": "{ me }"}, content_type=f'{OLD}; charset="UTF-8"')
    assert response.status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_another_method_gets_405_and_the_ones_there_are(server: Served, method: str) -> None:
    async with server.client() as client:
        response = await client.request(method, "")
    refused(response, 405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "GET, POST"


async def test_a_mutation_with_get_gets_405(server: Served) -> None:
    async with server.client() as client:
        response = await client.get("", params={"query": "mutation { write(seconds: 0) }"})
    refused(response, 405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "POST"
    assert server.log == []


@pytest.mark.parametrize(
    "query_string",
    [
        "",
        "query=",
        "query={me}&query={me}",
        "query={me}&variables=5",
        "query={me}&variables={x",
        "query=%ff",
        "&".join(["x=1"] * 50),
    ],
)
async def test_a_query_string_that_is_no_request_gets_400(
    server: Served, query_string: str
) -> None:
    async with server.client() as client:
        refused(await client.get(f"{server.url}?{query_string}"), 400, "BAD_REQUEST")


async def test_a_body_of_two_megabytes_gets_413(server: Served) -> None:
    response = await ask(server, {"query": "{ me }" + " " * 2_000_000})
    assert "262144 bytes" in refused(response, 413, "TOO_LARGE")


async def test_a_body_that_does_not_say_its_size_is_counted(server: Served) -> None:
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        while sent < 50_000_000:
            sent += 64 * 1024
            yield b" " * 64 * 1024
            await asyncio.sleep(0)

    async with server.client() as client:
        response = await client.post("", content=endless(), headers={"content-type": OLD})
    refused(response, 413, "TOO_LARGE")


async def test_a_query_string_that_is_too_long_gets_414() -> None:
    with Served(max_body=1000) as server:
        async with server.client() as client:
            response = await client.get(f"{server.url}?query={{me}}{'+' * 1000}")
    refused(response, 414, "TOO_LARGE")


# ------------------------------------------------------------------------------------- who asks


@pytest.mark.parametrize(
    ("headers", "challenge"),
    [
        ({}, "Bearer"),
        ({"authorization": "Basic Z29vZA=="}, "Bearer"),
        ({"authorization": "Bearer"}, "Bearer"),
        ({"authorization": "good"}, "Bearer"),
        ({"authorization": "Bearer forged"}, 'Bearer error="invalid_token"'),
    ],
)
async def test_without_a_token_that_is_accepted_there_is_401(
    server: Served, headers: dict[str, str], challenge: str
) -> None:
    response = await ask(server, {"query": "mutation { write(seconds: 0) }"}, token=None, **headers)
    refused(response, 401, "UNAUTHENTICATED")
    assert response.headers["www-authenticate"] == challenge
    assert server.log == []
    assert server.observed.said[("refused", "http", "UNAUTHENTICATED")] == 1


async def test_the_scheme_is_written_as_one_likes(server: Served) -> None:
    response = await ask(server, {"query": "{ me }"}, token=None, authorization="bearer  good")
    assert response.status_code == 200


async def test_a_caller_who_is_known_but_not_let_in_gets_403(server: Served) -> None:
    response = await ask(server, {"query": "{ me }"}, token="forbidden")
    assert refused(response, 403, "FORBIDDEN") == "Not on this server."


async def test_when_sign_in_can_not_reach_the_database_clients_are_to_come_back(
    server: Served, caplog: pytest.LogCaptureFixture
) -> None:
    response = await ask(server, {"query": "{ me }"}, token="away")
    assert "10.1.2.3" not in refused(response, 503, "UNAVAILABLE")
    assert response.headers["retry-after"] == "1"
    assert "sign-in" in caplog.text


async def test_when_sign_in_can_not_tell_clients_are_to_come_back(server: Served) -> None:
    response = await ask(server, {"query": "{ me }"}, token="keyless")
    assert refused(response, 503, "UNAVAILABLE") == "The keys can not be fetched."
    assert response.headers["retry-after"] == "1"


async def test_a_fault_in_sign_in_is_a_500_that_tells_nothing(
    server: Served, caplog: pytest.LogCaptureFixture
) -> None:
    response = await ask(server, {"query": "{ me }"}, token="faulty")
    assert "secret" not in refused(response, 500, "INTERNAL")
    assert response.json()["errors"][0]["extensions"]["errorId"] in caplog.text
    assert "a secret of ours" in caplog.text


async def test_a_resolver_that_cancels_itself_is_a_fault_and_is_answered(server: Served) -> None:
    refused(await ask(server, {"query": "{ cancelled }"}), 500, "INTERNAL")


# ------------------------------------------------------------------------------------- request ids


async def test_a_request_id_is_taken_and_given_back(server: Served) -> None:
    response = await ask(server, {"query": "{ requestId }"}, x_request_id="trace-1.a_B")
    assert response.headers["x-request-id"] == "trace-1.a_B"
    assert response.json() == {"data": {"requestId": "trace-1.a_B"}}
    assert server.observed.said[("entered", "http", "trace-1.a_B")] == 1


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "${jndi}"])
async def test_a_request_id_that_is_not_sane_is_replaced(server: Served, given: str) -> None:
    response = await ask(server, {"query": "{ requestId }"}, x_request_id=given)
    made = response.headers["x-request-id"]
    assert made != given
    assert response.json() == {"data": {"requestId": made}}


async def test_refusals_have_a_request_id_too(server: Served) -> None:
    response = await ask(server, {"query": "{ me }"}, token=None)
    assert response.headers["x-request-id"]
