"""Everybody listens with the same words, and each gets what they may see, and no more.

What that is stands here by hand, event by event, after docs/handoffs.md, "Who may see what".
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from websockets.exceptions import ConnectionClosed

from db.database import Database
from db.models.vocabulary import Role
from services.actor import Actor
from services.ids import Kind, public
from tests.harness.people import Account, make_engineer
from tests.harness.web import Client, Stream, Web, token_of
from tests.journeys import documents as ask

RECORD: Final = """subscription Record($after: Cursor) {
  handoffEvents(after: $after) {
    __typename
    ... on StreamReady { cursor }
    ... on HandoffEvent {
      cursor actor { name }
      handoff { status version problemSummary raisedBy { name } target { name } claimedBy { name } }
    }
  }
}"""
CONTENT: Final = """subscription Content($after: Cursor) {
  handoffEvents(after: $after) {
    __typename
    ... on StreamReady { cursor }
    ... on HandoffEvent {
      cursor
      handoff {
        reason notes releaseReason
        session {
          problemSummary status steps(first: 5) { nodes { title } } accessLog { __typename }
        }
        snapshot { stepCount timeline { title } }
        assessment { state }
        documentation { version }
        deliveries { state }
      }
    }
    ... on HandoffReleased { reason }
    ... on HandoffReturned { guidance }
    ... on HandoffResolved { resolution }
  }
}"""
ABOUT_ME: Final = """subscription AboutMe($after: Cursor) {
  handoffEvents(after: $after) {
    __typename
    ... on StreamReady { cursor }
    ... on HandoffEvent { cursor handoff { reason viewerCan } }
  }
}"""
DOCUMENTS: Final = {"Record": RECORD, "Content": CONTENT, "AboutMe": ABOUT_ME}

WHO: Final = "{ viewer { engineer { role tier } } }"
LOG: Final = """query Log($id: ID!) {
  session(id: $id) { accessLog(first: 50) { nodes { engineer { name } handoff { id } } } }
}"""
SOON: Final = 3.0  # seconds

# ------------------------------------------------------------------ who may see what

IN_THE_CROWD_ONLY: Final = {"Onlooker": "Content", "Glancer": "Record"}  # with one document each
ENGINEERS: Final = {
    "Raiser", "First", "Second", "Target", "Junior", "Peer", "Senior", *IN_THE_CROWD_ONLY,
}  # fmt: skip
EVERYBODY: Final = {*ENGINEERS, "Admin", "Viewer"}


@dataclass(frozen=True)
class Moment:
    """What happens, and by whom; how the handoff stands then; who sees its content.

    ``can`` is what each may do with it: nothing for whom it does not name.
    """

    kind: str
    actor: str
    status: str
    version: int
    target: str | None
    claimed_by: str | None
    session: str
    sees: set[str]
    can: dict[str, list[str]] = field(default_factory=dict)
    text: tuple[str, str] | None = None
    steps: tuple[str, ...] = ("Looked at the connector",)
    frozen: tuple[str, ...] = ("Looked at the connector",)
    documentation: int = 1
    release_reason: str | None = None


WAITS_FOR_TARGET: Final = {
    **{name: ["CLAIM"] for name in ENGINEERS},
    "Raiser": ["REASSIGN", "CANCEL"],
    "Target": ["CLAIM", "DECLINE"],
    "Admin": ["CLAIM", "REASSIGN", "CANCEL"],
}
BEFORE: Final = (
    Moment(
        "HandoffCreated", "Raiser", "OPEN", 1, "Target", None, "ESCALATED",
        sees={*ENGINEERS, "Admin"},
        can=WAITS_FOR_TARGET,
    ),
    Moment(
        "HandoffClaimed", "First", "CLAIMED", 2, "Target", "First", "ACTIVE",
        sees={"Raiser", "First", "Admin"},
        can={"First": ["RELEASE", "RETURN", "RESOLVE"], "Admin": ["RELEASE", "RESOLVE"]},
    ),
    Moment(
        "HandoffReleased", "First", "OPEN", 3, "Target", None, "ESCALATED",
        sees={*ENGINEERS, "Admin"},
        can=WAITS_FOR_TARGET,
        text=("reason", "Called away"),
        release_reason="Called away",
    ),
    Moment(
        "HandoffClaimed", "Second", "CLAIMED", 4, "Target", "Second", "ACTIVE",
        sees={"Raiser", "Second", "Admin"},
        can={"Second": ["RELEASE", "RETURN", "RESOLVE"], "Admin": ["RELEASE", "RESOLVE"]},
    ),
    Moment(
        "HandoffReturned", "Second", "RETURNED", 5, "Target", "Second", "ACTIVE",
        sees={"Raiser", "Admin"},
        text=("guidance", "Renew the certificate"),
        steps=("Looked at the connector", "What to do next"),
    ),
)  # fmt: skip

# Then Peer becomes a VIEWER, Senior is moved to tier 1, and Viewer becomes an ENGINEER.
CHANGED: Final = {"Peer", "Senior", "Viewer"}
ENGINEERS_THEN: Final = (ENGINEERS - {"Peer"}) | {"Viewer"}
STEPS_THEN: Final = ("Looked at the connector", "What to do next")
AFTER: Final = (
    Moment(
        "HandoffCreated", "Raiser", "OPEN", 1, None, None, "ESCALATED",
        sees={*ENGINEERS_THEN, "Admin"},
        can={
            **{name: ["CLAIM"] for name in ENGINEERS_THEN},
            "Raiser": ["REASSIGN", "CANCEL"],
            "Admin": ["CLAIM", "REASSIGN", "CANCEL"],
        },
        steps=STEPS_THEN, frozen=STEPS_THEN, documentation=2,
    ),
    Moment(
        "HandoffClaimed", "First", "CLAIMED", 2, None, "First", "ACTIVE",
        sees={"Raiser", "First", "Admin"},
        can={"First": ["RELEASE", "RETURN", "RESOLVE"], "Admin": ["RELEASE", "RESOLVE"]},
        steps=STEPS_THEN, frozen=STEPS_THEN, documentation=2,
    ),
    Moment(
        "HandoffResolved", "First", "RESOLVED", 3, None, "First", "RESOLVED",
        sees={"Raiser", "First", "Admin"},
        text=("resolution", "Renewed it"),
        steps=STEPS_THEN, frozen=STEPS_THEN, documentation=3,
    ),
)  # fmt: skip
# Who looked into the session only because it waited: the first time it did, and the second.
BOTH_TIMES: Final = ("First", "Second", "Target", "Junior", "Senior", "Onlooker")
LOOKED_IN: Final = {
    *((name, time) for name in BOTH_TIMES for time in (1, 2)), ("Peer", 1), ("Viewer", 2),
}  # fmt: skip

SUMMARY: Final = "Mail does not flow"


def expected(document: str, name: str, now: Moment) -> dict[str, Any]:
    """Without the cursor."""
    sees = name in now.sees
    said: dict[str, Any] = {"__typename": now.kind}
    match document:
        case "Record":
            said["actor"] = {"name": now.actor}
            said["handoff"] = {
                "status": now.status,
                "version": now.version,
                "problemSummary": SUMMARY,
                "raisedBy": {"name": "Raiser"},
                "target": now.target and {"name": now.target},
                "claimedBy": now.claimed_by and {"name": now.claimed_by},
            }
        case "Content":
            may_audit = name in ("Raiser", "Admin")
            content = {
                "reason": "Out of ideas",
                "notes": "Call before noon",
                "releaseReason": now.release_reason,
                "session": {
                    "problemSummary": SUMMARY,
                    "status": now.session,
                    "steps": {"nodes": [{"title": title} for title in now.steps]},
                    "accessLog": {"__typename": "SessionViewConnection"} if may_audit else None,
                },
                "snapshot": {
                    "stepCount": len(now.frozen),
                    "timeline": [{"title": title} for title in now.frozen],
                },
                "assessment": {"state": "DISABLED"},
                "documentation": {"version": now.documentation},
                "deliveries": [{"state": "SKIPPED"}] * 5,  # promised, and nothing to do
            }
            said["handoff"] = content if sees else dict.fromkeys(content)
            if now.text is not None:
                said[now.text[0]] = now.text[1] if sees else None
        case "AboutMe":
            said["handoff"] = {
                "reason": "Out of ideas" if sees else None,
                "viewerCan": now.can.get(name, []),
            }
    return said


# ------------------------------------------------------------------ those who listen


@dataclass
class Listener:
    """One subscription of somebody."""

    name: str
    document: str
    stream: Stream
    cursor: str

    async def next(self) -> dict[str, Any]:
        message: dict[str, Any] = await self.stream.next()
        self.cursor = message["cursor"]
        return message


class Audience:
    """``crowd`` uses the same words as everybody else on its web; ``alone`` are the same people on
    another web, each with an operation name that nobody shares."""

    def __init__(self, account: Account, people: dict[str, Actor], webs: tuple[Web, Web]) -> None:
        self.people = people
        self.crowd: list[Listener] = []
        self.alone: list[Listener] = []
        self._account = account
        self._webs = webs
        self._issued = dict.fromkeys(people, datetime.now(UTC) - timedelta(minutes=5))
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "Audience":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def client(self, name: str, web: int = 0) -> Client:
        account, actor = self._account, self.people[name]
        client = Client(self._webs[web], token_of(actor, account, now=self._issued[name]))
        self._stack.push_async_callback(client.close)
        return client

    async def listen(self, name: str, *documents: str, after: str | None = None) -> None:
        """In the crowd and, but for two of them, alone."""
        for document in documents:
            words = DOCUMENTS[document]
            here = await self._begun(self.client(name), words, after)
            self.crowd.append(Listener(name, document, *here))
            if name not in IN_THE_CROWD_ONLY:
                own = words.replace(f"subscription {document}", f"subscription {document}{name}")
                there = await self._begun(self.client(name, 1), own, after)
                self.alone.append(Listener(name, document, *there))

    async def _begun(self, client: Client, text: str, after: str | None) -> tuple[Stream, str]:
        stream = await self._stack.enter_async_context(client.stream(text, after=after))
        ready = await stream.next()
        assert ready["__typename"] == "StreamReady"
        return stream, ready["cursor"]

    async def is_given(self, now: Moment) -> None:
        """What the table above says; and alone the same as in the crowd, cursor and all."""
        told = [(each, await each.next()) for each in self.crowd]
        crowd = {(each.name, each.document): message for each, message in told}
        for each in self.alone:
            assert await each.next() == crowd[each.name, each.document]
        assert len({message.pop("cursor") for message in crowd.values()}) == 1
        for (name, document), message in crowd.items():
            assert message == expected(document, name, now), (now.kind, name, document)

    async def changes(self, name: str, role: Role, tier: int) -> None:
        """By a token from the identity provider, used at one of the webs."""
        self.people[name] = replace(self.people[name], role=role, tier=tier)
        self._issued[name] = datetime.now(UTC)
        assert await self.client(name).ask(WHO) == {"engineer": {"role": role, "tier": tier}}

    async def are_put_out(self, names: set[str]) -> None:
        """They alone, everywhere, with the code after which clients come back."""
        for heard in (self.crowd, self.alone):
            gone = [listener for listener in heard if listener.name in names]
            assert {listener.name for listener in gone} == names
            codes = await asyncio.gather(*(closed(listener.stream) for listener in gone))
            assert set(codes) == {4403}
            heard[:] = [listener for listener in heard if listener.name not in names]

    async def hear_nothing_more(self) -> None:
        everybody = [*self.crowd, *self.alone]
        silent = await asyncio.gather(*(each.stream.is_silent(1.2) for each in everybody))
        assert all(silent)  # longer than a poll


async def closed(stream: Stream) -> int:
    """With nothing more said before."""
    try:
        message = await stream.message(SOON)
    except ConnectionClosed as ending:
        assert ending.rcvd is not None, "closed without a code"
        return ending.rcvd.code
    raise AssertionError(message)


@pytest.fixture
async def audience(
    account: Account, database: Database, two_webs: tuple[Web, Web]
) -> AsyncIterator[Audience]:
    """Each name has its engineer; the first web is where they are many."""
    tiers = {
        "Raiser": 1, "First": 2, "Second": 3, "Target": 2,
        "Junior": 1, "Peer": 2, "Senior": 3, "Onlooker": 3, "Glancer": 2,
    }  # fmt: skip
    people = {
        name: await make_engineer(
            database, account.id, f"{name.lower()}@{account.slug}.test", tier=tier
        )
        for name, tier in tiers.items()
    }
    people |= {"Admin": account.admin, "Viewer": account.viewer}
    async with Audience(account, people, two_webs) as made:
        for name in sorted(EVERYBODY):
            only = IN_THE_CROWD_ONLY.get(name)
            await made.listen(name, *([only] if only else DOCUMENTS))
        yield made


# ------------------------------------------------------------------ the story


async def done(client: Client, document: str, **input: Any) -> dict[str, Any]:
    outcome: dict[str, Any] = await client.ask(document, input=input)
    assert outcome["__typename"].endswith("Success"), outcome
    return outcome


async def raised(client: Client, session: str, **wanted: Any) -> str:
    words = {"reason": "Out of ideas", "notes": "Call before noon"}
    answer = await done(client, ask.ESCALATE, sessionId=session, **words, **wanted)
    return str(answer["handoff"]["id"])


async def test_each_of_a_crowd_is_given_what_they_may_see_before_and_after_a_change_of_role(
    audience: Audience,
    account: Account,
    other_account: Account,
    settings: dict[str, str],
    two_webs: tuple[Web, Web],
) -> None:
    raiser, first = audience.client("Raiser"), audience.client("First")
    second = audience.client("Second")
    strangers = [
        Client(two_webs[0], token_of(who, other_account))
        for who in (other_account.admin, other_account.tier2)
    ]
    started = await done(raiser, ask.START, problemSummary=SUMMARY)
    session = started["session"]["id"]
    await done(raiser, ask.RECORD, sessionId=session, kind="CHECK", title="Looked at the connector")
    async with AsyncExitStack() as stack:
        for client in strangers:
            await stack.enter_async_context(client)
        theirs = [
            await stack.enter_async_context(client.stream(words))
            for client in strangers
            for words in DOCUMENTS.values()
        ]
        for stream in theirs:
            await stream.next()

        target = public(Kind.ENGINEER, audience.people["Target"].id)
        before, after = iter(BEFORE), iter(AFTER)
        handoff = await raised(raiser, session, targetEngineerId=target)
        await audience.is_given(next(before))
        await first.ask(ask.CLAIM, id=handoff)
        await audience.is_given(next(before))
        await done(first, ask.RELEASE, handoffId=handoff, reason="Called away")
        await audience.is_given(next(before))
        await second.ask(ask.CLAIM, id=handoff)
        await audience.is_given(next(before))
        await done(second, ask.RETURN, handoffId=handoff, guidance="Renew the certificate")
        await audience.is_given(next(before))

        # --- three of them become somebody else; meanwhile it goes on
        last = audience.crowd[0].cursor
        await audience.changes("Peer", Role.VIEWER, 2)
        await audience.changes("Senior", Role.ENGINEER, 1)
        await audience.changes("Viewer", Role.ENGINEER, 2)
        await audience.are_put_out(CHANGED)
        again = await raised(raiser, session)
        for name in sorted(CHANGED):
            await audience.listen(name, *DOCUMENTS, after=last)
        await audience.is_given(next(after))
        await first.ask(ask.CLAIM, id=again)
        await audience.is_given(next(after))

        # --- an operator removes somebody
        junior = audience.people["Junior"].email
        await baton(settings, "engineer", "deactivate", junior, "--account", account.slug)
        await audience.are_put_out({"Junior"})
        await done(first, ask.RESOLVE, sessionId=session, resolution="Renewed it")
        await audience.is_given(next(after))
        await audience.hear_nothing_more()

        # --- the other account has heard nothing of all this, and hears what is its own
        assert all([await stream.is_silent() for stream in theirs])
        own = await done(strangers[1], ask.START, problemSummary="Printer on fire")
        await raised(strangers[1], own["session"]["id"])
        for stream in theirs:
            assert (await stream.next())["__typename"] == "HandoffCreated"
        await audience.hear_nothing_more()

    looked = (await raiser.ask(LOG, id=session))["accessLog"]["nodes"]
    number = {handoff: 1, again: 2}
    assert {(view["engineer"]["name"], number[view["handoff"]["id"]]) for view in looked} == (
        LOOKED_IN
    )


async def baton(settings: dict[str, str], *arguments: str) -> None:
    environment = {name: value for name, value in os.environ.items() if "BATON" not in name}
    environment |= {f"BATON_{name.upper()}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "app", *arguments]
    await asyncio.to_thread(subprocess.run, command, env=environment, check=True)
