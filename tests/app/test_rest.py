"""Beside GraphQL, too, a fault is told without its words, and found in the log."""

import logging

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.rest import Rest


async def faulty(_: Request) -> Response:
    raise ValueError("a secret of ours")


async def away(_: Request) -> Response:
    raise ConnectionRefusedError("postgres on 10.1.2.3")


async def asked(path: str) -> httpx2.Response:
    app = Rest([Route("/faulty", faulty), Route("/away", away)], nothing_here="Nothing.")
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://baton") as client:
        return await client.get(path, headers={"x-request-id": "one"})


async def test_a_fault_is_masked_and_logged_once_under_its_id(
    caplog: pytest.LogCaptureFixture,
) -> None:
    response = await asked("/faulty")
    assert (response.status_code, response.headers["x-request-id"]) == (500, "one")
    [error] = response.json()["errors"]
    assert "secret" not in response.text
    assert error["extensions"]["code"] == "INTERNAL"
    [record] = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert error["extensions"]["errorId"] in record.getMessage()
    assert record.exc_info


async def test_while_the_database_is_away_who_asks_is_to_come_back() -> None:
    response = await asked("/away")
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert "10.1.2.3" not in response.text
