"""What is done with planted secrets before they are looked for: everything that works, and
everything that can go wrong with them on the way."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.exceptions import ConnectionClosed

from tests.harness.canaries import Canary, secrets_of_every_kind, word
from tests.harness.grumbling import STATUSES, Grumbler
from tests.harness.web import Client
from tests.journeys import documents as ask

TICKETS = {"HaloPSA": "2818", "ConnectWise": "48231", "Autotask": "T20261124.0042"}

SAVE = """mutation ($input: SaveIntegrationInput!) { saveIntegration(input: $input) { __typename
  ... on SaveIntegrationSuccess { integration { id kind name settings { name value } } }
  ... on Problem { message } } }"""
TEST = """mutation ($id: ID!, $ticket: String) { testIntegration(input: { integrationId: $id,
  ticketNumber: $ticket }) { __typename ... on TestIntegrationSuccess { accepted said status }
  ... on Problem { message } } }"""
DELIVERIES = """query ($id: ID!) { handoff(id: $id) { deliveries { channel state target lastError
  externalRef skipReason attemptHistory { outcome status error } } } }"""
ALL_DELIVERIES = """{ deliveries(first: 100) { nodes { channel state target lastError externalRef
  attemptHistory { error } } } }"""
INTEGRATIONS = """{ integrations { name kind lastError disabledReason settings { name value } } }"""
READS = (
    """{ sessions(first: 50) { nodes { id problemSummary environment resolution
      steps(first: 100) { nodes { title detail hypothesis } } } } }""",
    """{ handoffs(first: 40) { nodes { id problemSummary reason notes documentation { markdown }
      snapshot { problemSummary environment timeline { title detail } }
      deliveries { lastError } history(first: 50) { nodes { __typename } } } } }""",
    "{ handoffQueue { handoffs { id problemSummary reason notes } } }",
    "{ notifications(first: 100) { nodes { title link } } }",
    "{ viewer { account { name } engineer { name email } } }",
)

OBSTRUCTIONS = (
    """ALTER TABLE session ADD CONSTRAINT session_unwelcome
    CHECK (problem_summary NOT LIKE 'unwelcome%') NOT VALID""",
    # of rows under row-level security PostgreSQL says nothing; an operator's own table has none
    "CREATE TABLE audit (detail text UNIQUE)",
    """CREATE FUNCTION audited() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
    $$ BEGIN INSERT INTO audit VALUES (NEW.detail); RETURN NEW; END $$""",
    """CREATE TRIGGER audited BEFORE INSERT ON step FOR EACH ROW
    WHEN (NEW.title = 'said once') EXECUTE FUNCTION audited()""",
    """CREATE FUNCTION take_ages() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep(30); RETURN NEW; END $$""",
    """CREATE TRIGGER slow BEFORE INSERT ON handoff FOR EACH ROW
    WHEN (NEW.reason LIKE 'takes ages%') EXECUTE FUNCTION take_ages()""",
)
"""Put in the way of rows, as the database's owner."""

# each is a field that people write into
PLACES = (
    "problemSummary", "environment", "customer", "contact", "title", "detail", "hypothesis",
    "reason", "notes", "guidance", "resolution",
)  # fmt: skip


@dataclass
class Planted:
    """``content`` is what people wrote, ``pasted`` the secrets in it. ``connected`` are the secrets
    of each vendor's integration. ``keys`` are idempotency keys; ``refused`` is what the service or
    its database did not accept."""

    content: list[Canary] = field(default_factory=lambda: [word(place) for place in PLACES])
    pasted: list[Canary] = field(
        default_factory=lambda: [each for place in PLACES for each in secrets_of_every_kind(place)]
    )
    connected: dict[str, list[Canary]] = field(default_factory=dict)
    echoed: list[Canary] = field(default_factory=list)
    tokens: list[Canary] = field(default_factory=list)
    keys: list[Canary] = field(default_factory=list)
    refused: list[Canary] = field(default_factory=list)
    operators: list[Canary] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    """Answers of the service, but for what people wrote themselves."""

    @property
    def secrets(self) -> list[Canary]:
        """All that is to appear nowhere outside the tables, ever."""
        connected = [each for vendor in self.connected.values() for each in vendor]
        return [
            *self.pasted,
            *connected,
            *self.echoed,
            *self.tokens,
            *self.keys,
            *self.refused,
            *self.operators,
        ]

    def key(self) -> str:
        self.keys.append(word("idempotency key"))
        return self.keys[-1].planted

    def bad(self, name: str) -> str:
        self.refused.append(word(name))
        return self.refused[-1].planted

    def written(self, place: str, kinds: slice = slice(None)) -> str:
        """What somebody writes there: a word of their own, and some of the place's secrets."""
        [own] = [each for each in self.content if each.name == place]
        pasted = [each for each in self.pasted if each.name.startswith(f"{place}: ")]
        return "\n".join([own.planted, *(each.planted for each in pasted[kinds])])


@dataclass
class Desk:
    """Who takes part, at one service."""

    admin: Client
    raiser: Client
    senior: Client
    planted: Planted

    async def connect(self, inputs: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
        """Returns the id of each."""
        connected = {}
        for vendor, given in inputs.items():
            outcome = await self.admin.ask(SAVE, input={vendor: given})
            assert outcome["__typename"] == "SaveIntegrationSuccess", outcome
            self.planted.said.append(json.dumps(outcome))
            connected[vendor] = outcome["integration"]["id"]
        return connected

    async def raised(self, system: str) -> tuple[str, str]:
        """(session, handoff), with something planted in every field."""
        plant = self.planted
        started = await self.raiser.ask(
            ask.START,
            input={
                # as many of the kinds as the field has room for
                "problemSummary": plant.written("problemSummary", slice(8)),
                "environment": plant.written("environment"),
                "customer": {
                    "name": plant.written("customer", slice(2)),
                    "contact": plant.written("contact", slice(2)),
                },
                "ticket": {"system": system, "number": TICKETS[system]},
                "idempotencyKey": plant.key(),
            },
        )
        assert started["__typename"] == "StartSessionSuccess", started
        session = started["session"]["id"]
        for kinds in range(0, 20, 3):
            step = {
                "sessionId": session,
                "kind": "CHECK",
                "outcome": "FAILED",
                "title": plant.written("title", slice(kinds, kinds + 1)),
                "detail": plant.written("detail"),
                "hypothesis": plant.written("hypothesis", slice(kinds, kinds + 3)),
                "idempotencyKey": plant.key(),
            }
            recorded = await self.raiser.ask(ask.RECORD, input=step)
            assert recorded["__typename"] == "RecordStepSuccess", recorded
        return session, await self.escalated(session)

    async def escalated(self, session: str) -> str:
        plant = self.planted
        escalated = await self.raiser.ask(
            ask.ESCALATE,
            input={
                "sessionId": session,
                "reason": plant.written("reason"),
                "notes": plant.written("notes"),
                "idempotencyKey": plant.key(),
            },
        )
        assert escalated["__typename"] == "EscalateSuccess", escalated
        return str(escalated["handoff"]["id"])

    async def settled(self, handoff: str) -> list[dict[str, Any]]:
        """Its deliveries, each tried at least once."""
        async with asyncio.timeout(30):
            while True:
                deliveries = (await self.raiser.ask(DELIVERIES, id=handoff))["deliveries"]
                if not {"PENDING", "SENDING"} & {each["state"] for each in deliveries}:
                    self.planted.said.append(json.dumps(deliveries))
                    return list(deliveries)
                await asyncio.sleep(0.1)

    async def whole_life(self) -> list[dict[str, Any]]:
        """A handoff to each ticket system, and one that goes all the way. Returns what was told."""
        handoffs = [await self.raised(system) for system in TICKETS]
        told = [each for _, handoff in handoffs for each in await self.settled(handoff)]
        session, handoff = handoffs[0]
        await self.senior.ask(ask.CLAIM, id=handoff)
        guidance = {"handoffId": handoff, "guidance": self.planted.written("guidance")}
        await self.senior.ask(ask.RETURN, input=guidance)
        again = await self.escalated(session)
        await self.senior.ask(ask.CLAIM, id=again)
        end = {"sessionId": session, "resolution": self.planted.written("resolution")}
        await self.senior.ask(ask.RESOLVE, input=end)
        for each in (handoff, again):
            told += await self.settled(each)
        return told

    async def refused_by(self, vendors: Mapping[str, Grumbler], ids: Mapping[str, str]) -> None:
        """Each vendor refuses with each status, asked by an ADMIN and by a worker."""
        for status in STATUSES:
            for vendor in vendors.values():
                vendor.status = status
            for name, vendor in vendors.items():
                before = vendor.refused
                ticket = {each.lower(): TICKETS[each] for each in TICKETS}.get(name)
                tried = await self.admin.ask(TEST, id=ids[name], ticket=ticket)
                self.planted.said.append(json.dumps(tried))
                assert vendor.refused > before, name
            if status in {400, 500}:
                for system in TICKETS:
                    await self.settled((await self.raised(system))[1])
        for vendor in vendors.values():
            vendor.status = None

    async def misspelt(self, session: str) -> None:
        """Requests that make no sense, with something planted where it does not belong."""
        plant, answer = self.planted, self.raiser.answer
        bad = plant.bad
        start: list[Any] = [
            {"problemSummary": {"a": bad("object for a text")}},
            {"problemSummary": [bad("list for a text")]},
            {"problemSummary": "x", "confidenceTier": bad("no such value")},
            {"problemSummary": "x", "customer": {"reachableUntil": bad("no time")}},
            {"problemSummary": "x", "customer": bad("text for an object")},
            {"environment": bad("beside what is missing")},
            bad("text for the input"),
            {"problemSummary": bad("too long") * 100},
            {"problemSummary": bad("with NUL") + "\0"},
            {"problemSummary": "x", "ticket": {"number": bad("half a ticket")}},
            {"problemSummary": "x", "idempotencyKey": bad("key with NUL") + "\0"},
            {"problemSummary": "x", "idempotencyKey": bad("long key") * 50},
        ]
        answers = [await answer(ask.START, input=each) for each in start]
        for document in (
            'mutation { startSession(input: { problemSummary: "%s" "x" }) { __typename } }',
            'mutation { startSession(input: { problemSummary: "%s',
            'mutation { startSession(input: { problemSummary: """%s""" 7 }) { __typename } }',
            'mutation { startSession(input: { problemSummary: ["%s"] }) { __typename } }',
            'mutation { startSession(input: { confidenceTier: "%s" }) { id } }',
            '{ sessions(first: "%s") { nodes { id } } }',
            '{ sessions(after: "%s") { nodes { id } } }',
            'query ($n: Int = "%s") { sessions(first: $n) { nodes { id } } }',
        ):
            answers.append(await answer(document % bad(document[:40])))
        save: list[dict[str, Any]] = [
            {"slack": {"channel": "#x", "botToken": bad("a bot's token"), "unknown": 1}},
            {"slack": {"channel": 7, "botToken": bad("another bot's token")}},
            {"slack": {"channel": "#x y", "botToken": "xoxb-" + bad("token, bad channel")}},
            {"halopsa": {"tenant": "x", "clientSecret": bad("secret without an address")}},
            {"teams": {"url": "https://teams.evil.test/?sig=" + bad("sig")}},
            {"webhook": {"url": "https://a.test/", "secret": bad("no whsec")}},
            {
                "webhook": {
                    "url": f"https://u:{bad('password in an address')}@a.test/x y",
                    "secret": "whsec_" + bad("whsec too short"),
                }
            },
            {"connectwise": {"site": "not a site", "companyId": "x", "privateKey": bad("key")}},
        ]
        answers += [await self.admin.answer(SAVE, input=each) for each in save]
        step = {"sessionId": session, "kind": "NOTE", "title": "x"}
        taken = step | {"idempotencyKey": plant.key()}
        answers.append(await answer(ask.RECORD, input=taken))
        answers.append(await answer(ask.RECORD, input=taken | {"detail": bad("reused key")}))
        plant.said += [json.dumps(each) for each in answers]
        assert sum("errors" in each for each in answers) >= 18

    async def obstructed(self, session: str) -> None:
        """What the database refuses, and what it takes too long about: see OBSTRUCTIONS."""
        bad, answer = self.planted.bad, self.raiser.answer
        step = {"sessionId": session, "kind": "NOTE", "title": "said once"}
        once = step | {"detail": bad("the row that is there already")}
        assert "errors" not in await answer(ask.RECORD, input=once)
        unwelcome = {"problemSummary": f"unwelcome {bad('a row that is refused')}"}
        slow = {"sessionId": session, "reason": f"takes ages {bad('a statement cut off')}"}
        for document, given in (
            (ask.START, unwelcome | {"idempotencyKey": bad("key of what is refused")}),
            (ask.RECORD, once),
            (ask.ESCALATE, slow | {"notes": bad("beside it")}),
        ):
            refused = await answer(document, input=given)
            assert refused["errors"][0]["extensions"]["code"] == "INTERNAL", refused
            self.planted.said.append(json.dumps(refused))

    async def malformed(self) -> None:
        """What is no request at all."""
        bad, http = self.planted.bad, self.raiser.http
        for content, kind in (
            (bad("no JSON").encode(), "application/json"),
            (b'{"query": "%s' % bad("half of JSON").encode(), "application/json"),
            (b"\xff" + bad("no UTF-8").encode(), "application/json"),
            (
                json.dumps({"query": 7, "variables": bad("no variables")}).encode(),
                "application/json",
            ),
            (bad("a form").encode(), "application/x-www-form-urlencoded"),
            (bad("too much").encode() * 200_000, "application/json"),
        ):
            answer = await http.post("/graphql", content=content, headers={"content-type": kind})
            assert answer.status_code >= 400
            self.planted.said.append(answer.text + repr(answer.headers))
        asked = {"query": "{", "variables": bad("variables in an address")}
        answer = await http.get("/graphql", params=asked)
        self.planted.said.append(answer.text)

    async def knocked(self, tokens: list[str]) -> None:
        """Tokens that let nobody in, over HTTP and sockets."""
        for token in tokens:
            async with Client(self.raiser.web, token) as stranger:
                answer = await stranger.http.post("/graphql", json={"query": "{ __typename }"})
                assert answer.status_code == 401
                self.planted.said.append(answer.text + repr(answer.headers))
                with suppress(ConnectionClosed, AssertionError):
                    async with stranger.stream(ask.EVENTS) as stream:
                        await stream.message()

    async def pressed(self, path: str) -> None:
        """Slack's button, pressed by somebody who is not Slack."""
        body = self.planted.bad("from a false Slack")
        answer = await self.raiser.http.post(
            path, content=body, headers={"x-slack-signature": self.planted.bad("false signature")}
        )
        assert answer.status_code == 401
        self.planted.said.append(answer.text)
