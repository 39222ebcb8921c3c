"""What the transports tell becomes lines and numbers: seen from outside, through real sockets."""

import io
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from app.graphql.engine import Engine
from app.graphql.errors import mask
from app.graphql.http import GraphQLHTTP
from app.graphql.live import Live
from app.graphql.sockets import GraphQLSockets
from app.graphql.sockets.endpoint import keep_all
from app.graphql.sse import EventStreams
from app.observability import Metrics, Reporter, configure
from app.signin import Identity
from db.ids import uuid7
from db.models.vocabulary import Role
from resolvers.errors import ClientError, ErrorCode
from services.actor import Actor
from tests.app.graphql.served import SCHEMA, Context, Served, until

ADA = Actor(uuid7(), uuid7(), Role.ENGINEER, 2, "Ada", "ada@acme.test")


async def sign_in(token: str) -> Identity:
    if token != "good":
        raise ClientError("The token is not valid.", ErrorCode.UNAUTHENTICATED)
    return Identity(ADA, datetime.now(UTC) + timedelta(hours=1), "acme")


class Reported(Served):
    """Both transports, with the reporter as their observer."""

    def __init__(self) -> None:
        super().__init__()
        self.metrics, self.stream = Metrics(), io.BytesIO()
        engine, reporter = Engine(SCHEMA, mask=mask), Reporter(self.metrics)
        live = Live(engine, self.context)
        streams = EventStreams(live, self.seats, keep=keep_all, observe=reporter)
        self.http = GraphQLHTTP(engine, sign_in, self.context, streams, observe=reporter)  # type: ignore[assignment]
        self.sockets = GraphQLSockets(engine, sign_in, self.context, live, observe=reporter)  # type: ignore[assignment]

    def context(self, identity: Identity, request_id: str) -> Context:
        return Context(identity.actor, request_id, 0, [])  # type: ignore[arg-type]

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self.stream.getvalue().splitlines()]

    def said(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == event]

    def value(self, name: str, **labels: str) -> float:
        text = generate_latest(self.metrics.registry).decode()
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )


@pytest.fixture
def served(restored: None) -> Iterator[Reported]:
    with Reported() as server:
        configure("json", "INFO", stream=server.stream)
        yield server


async def test_an_operation_is_one_line_with_its_request_and_its_account(served):
    async with served.client() as client:
        await client.post(
            "",
            json={"query": "query Mine { me }"},
            headers={"x-request-id": "r-17"},
        )
    await until(lambda: served.said("operation.finished"))

    (line,) = served.said("operation.finished")
    assert line["request_id"] == "r-17"
    assert line["account"] == "acme"
    assert line["engineer"] == str(ADA.id)
    assert (line["transport"], line["kind"], line["name"]) == ("http", "query", "Mine")
    assert (line["outcome"], line["level"]) == ("OK", "info")
    assert 0 <= line["seconds"] < 5


async def test_a_fault_is_a_warning_with_the_same_request_as_its_traceback(served):
    async with served.client() as client:
        await client.post("", json={"query": "{ faulty }"}, headers={"x-request-id": "r-18"})
    await until(lambda: served.said("operation.finished"))

    (line,) = served.said("operation.finished")
    assert (line["outcome"], line["level"]) == ("INTERNAL", "warning")
    (fault,) = [each for each in served.lines if "ValueError" in each.get("exception", "")]
    assert fault["request_id"] == "r-18"
    assert fault["account"] == "acme"


async def test_operations_are_counted_and_timed_without_names_of_clients(served):
    async with served.client() as client:
        for name in ("A", "B"):
            await client.post("", json={"query": f"query {name} {{ me }}"})
        await client.post("", json={"query": "{ cursor }"})
    labels = {"transport": "http", "kind": "query"}
    await until(lambda: served.value("baton_operations_total", **labels) == 3)

    assert served.value("baton_operations_total", **labels, outcome="OK") == 2
    assert served.value("baton_operations_total", **labels, outcome="CURSOR_INVALID") == 1
    assert served.value("baton_operation_seconds_count", **labels, outcome="OK") == 2
    exposed = generate_latest(served.metrics.registry).decode()
    assert str(ADA.account_id) not in exposed
    assert "acme" not in exposed


async def test_refused_requests_are_counted_by_their_code(served):
    async with served.client(token="bad") as client:
        await client.post("", json={"query": "{ me }"})
    async with served.client() as client:
        await client.post("", json={"query": "{"})

    refused = "baton_requests_refused_total"
    await until(lambda: served.value(refused) == 2)
    assert served.value(refused, transport="http", code="UNAUTHENTICATED") == 1
    assert served.value(refused, transport="http", code="SYNTAX_ERROR") == 1
    assert {line["code"] for line in served.said("request.refused")} == {
        "UNAUTHENTICATED",
        "SYNTAX_ERROR",
    }


async def test_sockets_and_subscriptions_are_counted_while_they_live(served):
    async with served.socket() as socket:
        await socket.subscribe("1", "subscription Live { ticks }")
        await socket.receive()
        assert served.value("baton_sockets_open") == 1
        assert served.value("baton_subscriptions_live", transport="websocket") == 1
        await socket.send(type="complete", id="1")
        await until(lambda: served.value("baton_subscriptions_live") == 0)
        assert served.value("baton_subscriptions_ended_total", outcome="CANCELLED") == 1

    await until(lambda: served.value("baton_sockets_open") == 0)
    assert served.value("baton_sockets_closed_total", code="1000") == 1
    (line,) = served.said("subscription.ended")
    assert (line["name"], line["account"]) == ("Live", "acme")


async def test_close_codes_that_clients_invent_share_one_label(served):
    for code in (3001, 3002, 4999):
        async with served.socket() as socket:
            await socket.connection.close(code)

    await until(lambda: served.value("baton_sockets_closed_total", code="other") == 3)


@pytest.mark.parametrize("tell", ["operation_finished", "subscription_ended", "refused"])
def test_codes_out_of_the_list_share_one_label(tell):
    metrics = Metrics()
    reporter = Reporter(metrics)
    telling: dict[str, Callable[[str], None]] = {
        "operation_finished": lambda code: reporter.operation_finished(
            "http", "query", None, code, 0.1
        ),
        "subscription_ended": lambda code: reporter.subscription_ended("http", None, code, 0.1),
        "refused": lambda code: reporter.refused("http", code),
    }
    for number in range(50):
        telling[tell](f"INVENTED_{number}")

    exposed = generate_latest(metrics.registry).decode()
    assert "INVENTED" not in exposed
    assert 'other"' in exposed


async def test_a_name_as_long_as_a_document_is_cut(served):
    async with served.client() as client:
        await client.post("", json={"query": f"query {'N' * 5000} {{ me }}"})
    await until(lambda: served.said("operation.finished"))

    assert served.said("operation.finished")[0]["name"] == "N" * 100


def test_telling_costs_little(restored):
    """Every operation pays it: some hundredths of a millisecond, not more."""
    configure("json", "INFO", stream=io.BytesIO())
    reporter = Reporter(Metrics())
    started = time.perf_counter()
    for _ in range(2000):
        reporter.operation_finished("http", "mutation", "Escalate", "OK", 0.01)

    assert (time.perf_counter() - started) / 2000 < 0.0005
