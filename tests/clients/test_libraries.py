"""The usual clients of frontends work with the service as their own pages set them up."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from building.node import Node
from tests.clients.consumer import consumer
from tests.clients.raiser import Raiser
from tests.harness.people import Account
from tests.harness.web import Client, Web, running, token_of


@pytest.fixture(scope="module")
def web(settings: dict[str, str]) -> Iterator[Web]:
    with running(**settings) as process:
        yield process


@pytest.mark.parametrize(
    ("program", "transport"),
    [("apollo.ts", "sockets"), ("urql.ts", "sockets"), ("urql.ts", "sse")],
)
async def test_a_frontend_has_its_list_and_then_what_happens(
    web: Web, account: Account, workshop: Path, node: Node, *, program: str, transport: str
) -> None:
    async with (
        Client(web, token_of(account.tier1, account)) as client,
        consumer(
            workshop,
            (node.program, program),
            url=f"{web.url}/graphql",
            token=token_of(account.tier2, account),
            transport=transport,
        ) as frontend,
    ):
        raiser = Raiser(client)
        await frontend.until(lambda it: len(it.events) == 1)
        [queue], [ready] = frontend.queues, frontend.events
        assert queue["count"] == 0
        assert (ready["__typename"], ready["openHandoffs"]) == ("StreamReady", 0)
        for _ in range(3):
            await raiser.raise_one()
        await frontend.until(lambda it: len(it.events) == 4)
        heard = [event["handoff"] for event in frontend.events[1:]]
        assert [handoff["id"] for handoff in heard] == raiser.raised
        assert {handoff["reason"] for handoff in heard} == {"Stuck"}
        assert await frontend.stop() == 0
