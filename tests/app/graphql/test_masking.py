"""What of an error a client may read, and what is for the log alone."""

import asyncio
import logging
from enum import Enum
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError

from app.graphql.engine import Engine, RequestError
from app.graphql.errors import ClientError, ErrorCode, mask, told
from tests.app.graphql.served import SCHEMA, Caller, Context

SECRET = "canary-7f3"


class Colour(Enum):
    RED = "red"


@strawberry.type
class Query:
    @strawberry.field
    def client(self) -> int | None:
        raise ClientError("Too old.", ErrorCode.CURSOR_EXPIRED, {"oldest": "abc"})

    @strawberry.field
    def default(self) -> int | None:
        raise ClientError("No.")

    @strawberry.field
    def takes(self, number: int = 1) -> int:
        return number

    @strawberry.field
    def coded(self) -> int | None:
        raise GraphQLError("Not for you.", extensions={"code": "FORBIDDEN"})

    @strawberry.field
    def miscoded(self) -> int | None:
        raise GraphQLError(SECRET, extensions={"code": "OF_SOMEBODY_ELSE"})

    @strawberry.field
    def uncoded(self) -> int | None:
        raise GraphQLError(SECRET)

    @strawberry.field
    def faulty(self) -> int | None:
        raise ValueError(SECRET)

    @strawberry.field
    def number(self) -> int | None:
        return SECRET  # type: ignore[return-value]

    @strawberry.field
    def colour(self) -> strawberry.enum(Colour) | None:  # type: ignore[valid-type]
        return SECRET

    @strawberry.field
    def items(self) -> list[int] | None:
        return 5  # type: ignore[return-value]

    @strawberry.field
    def never_null(self) -> int:
        return None  # type: ignore[return-value]

    @strawberry.field
    def lost(self) -> int | None:
        raise ConnectionResetError(SECRET)

    @strawberry.field
    def no_socket(self) -> int | None:
        raise FileNotFoundError(SECRET)

    @strawberry.field
    def slow_statement(self) -> int | None:
        raise TimeoutError


ENGINE = Engine(strawberry.Schema(Query), mask=mask)


async def errors(text: str, variables: dict[str, Any] | None = None) -> list[Any]:
    result = await ENGINE.execute(ENGINE.prepare(text), variables, None)
    return list(result.payload().get("errors", []))


async def test_a_client_error_keeps_message_code_and_what_else_it_says(
    caplog: pytest.LogCaptureFixture,
) -> None:
    [error] = await errors("{ client }")
    assert error["message"] == "Too old."
    assert error["extensions"] == {"oldest": "abc", "code": "CURSOR_EXPIRED"}
    assert (error["path"], error["locations"]) == (["client"], [{"line": 1, "column": 3}])
    [plain] = await errors("{ default }")
    assert plain["extensions"] == {"code": "BAD_REQUEST"}
    assert caplog.records == []


@pytest.mark.parametrize(
    "text",
    [
        "query ($n: Int = 1) { takes(number: $n) }",
        'query ($n: String = "Query") { __type(name: $n) { name } }',
        "query ($n: Boolean = true) { takes @include(if: $n) }",
    ],
)
async def test_a_null_where_none_may_be_is_the_clients_mistake(
    text: str, caplog: pytest.LogCaptureFixture
) -> None:
    [error] = await errors(text, {"n": None})
    assert error["extensions"] == {"code": "BAD_REQUEST"}
    assert "null" in error["message"]
    assert caplog.records == []


async def test_a_code_of_the_list_is_enough(caplog: pytest.LogCaptureFixture) -> None:
    [error] = await errors("{ coded }")
    assert error["message"] == "Not for you."
    assert error["extensions"] == {"code": "FORBIDDEN"}
    assert caplog.records == []


@pytest.mark.parametrize(
    "field",
    ["faulty", "miscoded", "uncoded", "number", "colour", "items", "neverNull"],
)
async def test_everything_else_is_masked_and_logged_once_under_its_id(
    field: str, caplog: pytest.LogCaptureFixture
) -> None:
    [error] = await errors(f"{{ {field} }}")
    assert error["message"].startswith("Something went wrong on our side.")
    assert error["path"] == [field]
    assert SECRET not in str(error)
    assert error["extensions"]["code"] == "INTERNAL"
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert error["extensions"]["errorId"] in record.getMessage()
    assert record.error_id == error["extensions"]["errorId"]  # type: ignore[attr-defined]
    assert record.exc_info


@pytest.mark.parametrize("field", ["lost", "noSocket", "slowStatement"])
async def test_a_database_that_is_away_is_to_be_asked_again(
    field: str, caplog: pytest.LogCaptureFixture
) -> None:
    [error] = await errors(f"{{ {field} }}")
    assert "Try again" in error["message"]
    assert error["extensions"]["code"] == "UNAVAILABLE"
    [record] = caplog.records
    assert record.levelno == logging.WARNING


async def test_what_fails_many_fields_at_once_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine = Engine(SCHEMA, mask=mask)
    context = Context(Caller("Ada", None), "id", 1, [])  # type: ignore[arg-type]
    result = await engine.execute(engine.prepare("{ rows { number double } }"), None, context)
    assert result.errors is not None
    assert len(result.errors) == 20
    assert len({(error.extensions or {})["errorId"] for error in result.errors}) == 1
    assert len(caplog.records) == 1
    await asyncio.sleep(0)


async def test_request_errors_have_codes() -> None:
    for text, code in {
        "{": "SYNTAX_ERROR",
        "{ missing }": "VALIDATION_FAILED",
        "query A { takes } query B { takes }": "BAD_REQUEST",
    }.items():
        for _ in range(2):  # read, and remembered
            with pytest.raises(RequestError) as caught:
                ENGINE.prepare(text)
            assert told(caught.value)[1] == code
