"""Secrets are planted everywhere, everything goes wrong, and they are nowhere but in their tables.

What is planted is in tests/harness/canaries.py, what is done with it in tests/journeys/ordeal.py.
"""

import asyncio
import json
import secrets
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from cryptography.fernet import Fernet

from app.demo.vendors import autotask, connectwise, halopsa, teams
from app.demo.vendors.autotask import FakeAutotask
from app.demo.vendors.connectwise import FakeConnectWise
from app.demo.vendors.halopsa import FakeHalo
from app.demo.vendors.slack import ORIGINS, FakeSlack
from app.demo.vendors.smtp import FakeMail
from app.demo.vendors.teams import FakeTeams
from app.demo.vendors.webhook import FakeReceiver
from db.database import Database
from db.embedded import APP_ROLE
from db.embedded.cluster import SUPERUSER
from services.redaction import MARK
from tests.harness.canaries import Canary, sung, word
from tests.harness.grumbling import Grumbler
from tests.harness.people import make_account
from tests.harness.postgres import Cluster
from tests.harness.web import SECRET, Client, Web, baton, running, token_of
from tests.journeys import documents as ask
from tests.journeys.ordeal import (
    ALL_DELIVERIES,
    INTEGRATIONS,
    OBSTRUCTIONS,
    READS,
    Desk,
    Planted,
)

RECEIVER = "https://hooks.acme.test"
CONTENT = {"session", "step", "handoff", "snapshot", "documentation", "notification", "event"}
"""Tables of what people write."""


@dataclass
class Outside:
    """The vendors, each behind somebody who repeats what it is told, and the mail server."""

    vendors: dict[str, Grumbler]
    mail: FakeMail
    settings: dict[str, str] = field(default_factory=dict)


@dataclass
class Aftermath:
    """``told`` is what became of the deliveries that nobody was in the way of. ``places`` is
    everything that is looked at but for ``tables``, each by its name."""

    planted: Planted
    outside: Outside
    told: list[dict[str, Any]]
    places: dict[str, str]
    tables: dict[str, str]


def integration_secrets() -> dict[str, list[Canary]]:
    def one(vendor: str, name: str, planted: str = "{}") -> Canary:
        plain = word(f"{vendor}'s {name}")
        return Canary(plain.name, planted.format(plain.needle), plain.needle)

    key = secrets.token_bytes(32)
    signing = "whsec_" + b64encode(key).decode()
    return {
        "slack": [one("Slack", "token", "xoxb-1-2-{}"), one("Slack", "signing secret")],
        "teams": [one("Teams", "sig")],
        "webhook": [Canary("the webhook's secret", signing, signing.removeprefix("whsec_"))],
        "connectwise": [one("ConnectWise", "private key")],
        "halopsa": [one("HaloPSA", "client secret")],
        "autotask": [one("Autotask", "secret")],
    }


def inputs(connected: dict[str, list[Canary]]) -> dict[str, dict[str, Any]]:
    """What an ADMIN enters to connect all of them."""
    token, signing = (each.planted for each in connected["slack"])
    sole = {name: found[-1].planted for name, found in connected.items()}
    return {
        "slack": {"channel": "#escalations", "botToken": token, "signingSecret": signing},
        "teams": {"url": teams.URL.replace(teams.SIG, sole["teams"])},
        "webhook": {"url": f"{RECEIVER}/baton", "secret": sole["webhook"]},
        "connectwise": {
            "site": "na.myconnectwise.net",
            "companyId": connectwise.COMPANY,
            "publicKey": connectwise.PUBLIC_KEY,
            "privateKey": sole["connectwise"],
            "clientId": connectwise.CLIENT_ID,
        },
        "halopsa": {
            "url": "https://acme.halopsa.com",
            "tenant": halopsa.TENANT,
            "clientId": halopsa.CLIENT_ID,
            "clientSecret": sole["halopsa"],
        },
        "autotask": {
            "userName": autotask.USER,
            "noteType": 3,
            "publish": 2,
            "zone": autotask.ZONE,
            "integrationCode": autotask.INTEGRATION_CODE,
            "secret": sole["autotask"],
        },
    }


@pytest.fixture(scope="module")
def planted() -> Planted:
    made = Planted(connected=integration_secrets())
    vault = Fernet.generate_key().decode()
    made.operators = [
        word("the mail server's password"),
        Canary("the signing secret", SECRET, SECRET),
        Canary("the key for secrets", vault, vault),
    ]
    return made


@pytest.fixture(scope="module")
def outside(planted: Planted) -> Iterator[Outside]:
    sole = {name: found[0].planted for name, found in planted.connected.items()}
    fakes = {
        "slack": (FakeSlack(sole["slack"]), ORIGINS),
        "teams": (FakeTeams(sole["teams"]), (teams.ORIGIN,)),
        "webhook": (FakeReceiver(sole["webhook"]), (RECEIVER,)),
        "connectwise": (
            FakeConnectWise(private_key=sole["connectwise"]),
            ("https://na.myconnectwise.net",),
        ),
        "halopsa": (FakeHalo(client_secret=sole["halopsa"]), ("https://acme.halopsa.com",)),
        "autotask": (
            FakeAutotask(secret=sole["autotask"]),
            ("https://webservices5.autotask.net",),
        ),
    }
    vendors = {}
    routes = []
    with ExitStack() as stack:
        for name, (fake, origins) in fakes.items():
            planted.echoed.append(word(f"{name}'s own"))
            vendors[name] = Grumbler(fake, planted.echoed[-1])
            served = stack.enter_context(vendors[name].serving())
            routes += [f"{origin}={served.origin}" for origin in origins]
        password = planted.operators[0].planted
        mail = FakeMail(password=password)
        url = stack.enter_context(mail.serving()).url
        settings = {
            "outgoing_routes": ",".join(routes),
            "smtp_url": url.replace("://", f"://baton:{password}@") + "?starttls=never",
            "mail_from": "baton@desk.example",
        }
        yield Outside(vendors, mail, settings)


@pytest.fixture(scope="module")
def aftermath(
    cluster: Cluster, database_name: str, planted: Planted, outside: Outside
) -> Aftermath:
    """After all of it: see ordeal. Processes say as much as they can be made to say."""
    dsn = cluster.dsn(database_name)
    settings = outside.settings | {
        "database_url": dsn,
        "auth_secret": SECRET,
        "secret_keys": planted.operators[2].planted,
        "link_base": "https://desk.example",
        "log_level": "DEBUG",
    }
    cluster.as_superuser(*OBSTRUCTIONS, database=database_name)
    cluster.as_superuser(
        f"ALTER ROLE {APP_ROLE} IN DATABASE {database_name} SET statement_timeout = '3s'"
    )
    with running(**settings) as web, running("worker", **settings) as worker:
        told, places = asyncio.run(undergo(web, dsn, planted, outside))
        tables, places["statements"] = asyncio.run(stored(cluster, database_name))
        diagnosed = baton("doctor", **settings)
        places["baton doctor"] = diagnosed.stdout + diagnosed.stderr
        for name, process in (("the web process", web), ("the worker", worker)):
            process.stop()
            places[name] = json.dumps(process.said)
    older = Path(f"{cluster.server.log_file}.1")
    files = (cluster.server.log_file, *([older] if older.exists() else []))
    places["PostgreSQL's log"] = "".join(file.read_text(errors="replace") for file in files)
    return Aftermath(planted, outside, told, places, tables)


async def undergo(
    web: Web, dsn: str, planted: Planted, outside: Outside
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    database = Database(dsn)
    await database.open()
    account, other = await make_account(database), await make_account(database, "globex")
    await database.close()
    planted.tokens = [
        Canary(f"{actor.name}'s token", token, token.rpartition(".")[2])
        for actor in (account.admin, account.tier1, account.tier2, other.admin)
        for token in [token_of(actor, account if actor.account_id == account.id else other)]
    ]
    expired = token_of(account.tier1, account, now=datetime.now(UTC) - timedelta(hours=2))
    wrong = [expired, f"{planted.tokens[0].planted[:-20]}{secrets.token_hex(10)}", planted.bad("x")]
    planted.refused += [Canary("a wrong token", each, each[-16:]) for each in wrong]
    async with AsyncExitStack() as stack:
        admin, raiser, senior, stranger = [
            await stack.enter_async_context(Client(web, each.planted)) for each in planted.tokens
        ]
        desk = Desk(admin, raiser, senior, planted)
        ids = await desk.connect(inputs(planted.connected))
        told = await desk.whole_life()
        outside.mail.refusing[account.tier2.email] = f"550 5.1.1 {planted.echoed[0].needle}"
        await desk.refused_by(outside.vendors, ids)
        session = (await raiser.ask(ask.START, input={"problemSummary": "x"}))["session"]["id"]
        await desk.misspelt(session)
        await desk.malformed()
        await desk.obstructed(session)
        await desk.knocked(wrong)
        await desk.pressed(f"/integrations/slack/{account.slug}/{ids['slack']}/actions")
        places = {
            "answers": "\n".join(planted.said),
            "deliveries": json.dumps(await admin.answer(ALL_DELIVERIES)),
            "integrations": json.dumps(await admin.answer(INTEGRATIONS)),
            "what others read": json.dumps([await stranger.answer(read) for read in READS]),
            "what the others' administrators read": json.dumps(
                [await stranger.answer(each) for each in (ALL_DELIVERIES, INTEGRATIONS)]
            ),
        }
        for path in ("/metrics", "/readyz", "/livez"):
            answer = await raiser.http.get(path)
            places[path] = answer.text + repr(answer.headers)
    return told, places


async def stored(cluster: Cluster, database: str) -> tuple[dict[str, str], str]:
    """(the rows of each table, the statements that connections ran last)."""
    connection = await asyncpg.connect(cluster.dsn(database, SUPERUSER))
    try:
        names = await connection.fetch(
            "SELECT relname FROM pg_class "
            "WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
        )
        rows = {
            name: await connection.fetchval(
                f"SELECT coalesce(string_agg(t::text, E'\\n'), '') FROM {name} t"
            )
            for (name,) in names
        }
        statements = await connection.fetchval(
            "SELECT string_agg(query, E'\\n') FROM pg_stat_activity WHERE datname = $1", database
        )
    finally:
        await connection.close()
    return rows, statements


PLACES = (
    "the web process", "the worker", "baton doctor", "PostgreSQL's log", "/metrics", "/readyz",
    "/livez", "statements", "answers", "deliveries", "integrations", "what others read",
    "what the others' administrators read",
)  # fmt: skip


def test_everything_that_was_to_happen_has_happened(aftermath: Aftermath) -> None:
    """Or nothing could be found."""
    told = aftermath.told
    sent = Counter(each["channel"] for each in told if each["state"] == "SENT")
    assert set(sent) == {"SLACK", "TEAMS", "WEBHOOK", "PSA_NOTE", "EMAIL"}, told
    assert set(aftermath.places) == set(PLACES)
    ours, theirs = aftermath.places["the web process"], aftermath.places["PostgreSQL's log"]
    for sign in ("session_unwelcome", "audit_detail_key", "statement timeout"):
        assert sign in ours
        assert sign in theirs
    assert "(HTTP 422)" in aftermath.places["answers"]
    assert "(HTTP 500)" in aftermath.places["deliveries"]
    assert "(550 5.1.1)" in aftermath.places["deliveries"]
    for vendor in aftermath.outside.vendors.values():
        assert vendor.refused > 10
    written = {
        name: sung(rows, aftermath.planted.content) for name, rows in aftermath.tables.items()
    }
    assert len(written["session"]) >= 3
    assert len(written["step"]) >= 3
    assert sung(aftermath.tables["step"], aftermath.planted.pasted)
    mails = "".join(mail.message.as_string() for mail in aftermath.outside.mail.mails)
    assert MARK in mails


@pytest.mark.parametrize("place", PLACES)
def test_nothing_that_was_planted_is_in(aftermath: Aftermath, place: str) -> None:
    planted = aftermath.planted
    assert sung(aftermath.places[place], [*planted.secrets, *planted.content]) == []


def test_tables_hold_what_people_write_and_nothing_else(aftermath: Aftermath) -> None:
    planted = aftermath.planted
    written = [*planted.content, *planted.pasted]
    there = {canary.name for canary in planted.refused if canary.name.startswith("the row that is")}
    for name, rows in aftermath.tables.items():
        may = {each.name for each in written} if name in CONTENT else set()
        may |= {each.name for each in planted.keys} if name == "idempotency_key" else set()
        may |= there if name in {"step", "audit"} else set()
        others = [each for each in [*planted.secrets, *planted.content] if each.name not in may]
        assert sung(rows, others) == [], name


def test_vendors_are_told_what_people_wrote_without_the_secrets(aftermath: Aftermath) -> None:
    planted = aftermath.planted
    for name, vendor in aftermath.outside.vendors.items():
        # what signs in is an own secret, where the vendor wants it
        asked = [each for each in vendor.asked if each.path != "/auth/token"]
        bodies = "\n".join(each.body.decode() for each in asked)
        assert sung(bodies, planted.secrets) == [], name
        assert sung(bodies, planted.content), name
        assert MARK in bodies, name
        own = {each.name for each in planted.connected[name]}
        heads = "\n".join(f"{each.path}?{each.query} {each.headers}" for each in vendor.asked)
        others = [each for each in planted.secrets if each.name not in own]
        assert sung(heads, [*others, *planted.content]) == [], name


def test_mail_tells_what_people_wrote_without_the_secrets(aftermath: Aftermath) -> None:
    planted = aftermath.planted
    mails = [mail.message for mail in aftermath.outside.mail.mails]
    parts = [
        str(part.get_content()) for mail in mails for part in mail.walk() if not part.is_multipart()
    ]
    said = "\n".join([*parts, *(repr(mail.items()) for mail in mails)])
    assert sung(said, planted.secrets) == []
    assert sung(said, planted.content)
