"""Rights taken away: live streams end within a second, wherever they are, and others' go on."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from db.database import Database
from db.models.vocabulary import Role
from tests.harness.people import Account
from tests.harness.story import waiting
from tests.harness.web import Client, Stream, Web, token_of
from tests.journeys import documents as ask

SignIn = Callable[..., Client]

SOON = 2.0  # seconds: one, and as much again for a machine that is busy
WHO = "{ viewer { engineer { role tier } } }"
EARLIER = datetime.now(UTC) - timedelta(minutes=5)


async def closed(stream: Stream, within: float = SOON) -> tuple[int, str]:
    try:
        async with asyncio.timeout(within):
            while True:
                await stream.socket.recv()
    except ConnectionClosed as ending:
        assert ending.rcvd is not None, "closed without a code"
        return ending.rcvd.code, ending.rcvd.reason


async def refused(client: Client) -> int:
    """The code that a new socket is closed with."""
    address = f"{client.web.sockets_url}/graphql"
    async with connect(address, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
        hello = {"type": "connection_init", "payload": {"token": client.token}}
        await socket.send(json.dumps(hello))
        return (await closed(Stream(socket)))[0]


def baton(settings: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if "BATON" not in name}
    environment |= {f"BATON_{name.upper()}": value for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


async def test_a_removed_engineer_loses_streams_and_sockets_and_can_not_come_back(
    two_webs: tuple[Web, Web], account: Account, database: Database, sign_in: SignIn
) -> None:
    removed = [sign_in(web, account.tier2) for web in two_webs]
    other = sign_in(two_webs[0], account.tier3)
    async with (
        removed[0].stream(ask.EVENTS) as here,
        removed[1].stream("{ viewer { openHandoffCount } }") as idle,  # no stream at all
        other.stream(ask.EVENTS) as others,
    ):
        await here.next()
        await idle.next()
        await others.next()
        async with database.transaction(account.id) as tx:
            await tx.execute("UPDATE engineer SET active = false WHERE id = $1", account.tier2.id)
        before = time.monotonic()

        codes = await asyncio.gather(closed(here), closed(idle))

        assert time.monotonic() - before < SOON
        assert [code for code, _ in codes] == [4403, 4403]
        for client in removed:
            assert await refused(client) == 4403
            answer = await client.answer(WHO)
            assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        await waiting(database, account.tier1)
        assert (await others.next())["__typename"] == "HandoffCreated"


async def test_a_demoted_engineer_loses_streams_at_every_process_and_returns_as_what_they_are(
    two_webs: tuple[Web, Web], account: Account, sign_in: SignIn
) -> None:
    here, there = two_webs
    async with (
        Client(here, token_of(account.admin, account, now=EARLIER)) as old,
        Client(there, token_of(account.admin, account, role=Role.VIEWER, tier=1)) as new,
        old.stream(ask.EVENTS) as stream,
        sign_in(here, account.tier2).stream(ask.EVENTS) as others,
    ):
        await stream.next()
        await others.next()
        assert await old.ask(WHO) == {"engineer": {"role": "ADMIN", "tier": 3}}
        assert await new.ask(WHO) == {"engineer": {"role": "VIEWER", "tier": 1}}
        before = time.monotonic()

        assert await closed(stream) == (4403, "Your rights have changed: sign in again")

        assert time.monotonic() - before < SOON
        assert await old.ask(WHO) == {"engineer": {"role": "VIEWER", "tier": 1}}
        async with old.stream(ask.EVENTS) as again, new.stream(ask.EVENTS) as newer:
            await again.next()
            await newer.next()
            assert await again.is_silent(1.5)  # longer than a poll: they may stay
            assert await newer.is_silent()
        assert await others.is_silent()


async def test_operators_remove_somebody_and_let_them_in_again(
    web: Web, account: Account, settings: dict[str, str], sign_in: SignIn
) -> None:
    client = sign_in(web, account.tier1)
    person = (account.tier1.email, "--account", account.slug)
    async with client.stream(ask.RUNG) as stream:
        done = await asyncio.to_thread(baton, settings, "engineer", "deactivate", *person)
        assert done.stdout == f"Tier1 <{account.tier1.email}> is kept out.\n"
        assert (await closed(stream))[0] == 4403
    assert await refused(client) == 4403

    done = await asyncio.to_thread(baton, settings, "engineer", "activate", *person)
    assert done.stdout == f"Tier1 <{account.tier1.email}> may sign in again.\n"
    assert await client.ask(WHO) == {"engineer": {"role": "ENGINEER", "tier": 1}}


@pytest.mark.parametrize(
    ("email", "slug", "said"),
    [
        ("nobody@acme.test", None, "Nobody in this account has the e-mail address"),
        ("nobody@acme.test", "nowhere", "There is no account 'nowhere'"),
    ],
)
async def test_operators_are_told_whom_there_is_not(
    account: Account, settings: dict[str, str], email: str, slug: str | None, said: str
) -> None:
    arguments = ("engineer", "deactivate", email, "--account", slug or account.slug)
    done = await asyncio.to_thread(baton, settings, *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith(f"baton: {said}")
    assert "Traceback" not in done.stderr
