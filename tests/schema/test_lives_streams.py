"""Every change as live streams tell it, to everybody in the words that are for them."""

from contextlib import AsyncExitStack
from typing import Any, Final

import pytest

from services.ids import Kind, public
from tests.schema.asking import Client, Listening
from tests.schema.lives import (
    CANCEL,
    CLAIM,
    DECLINE,
    REASSIGN,
    RELEASE,
    RESOLVE,
    RETURN,
    People,
    State,
    live,
    succeed,
)

EVENTS: Final = """subscription { handoffEvents {
  __typename
  ... on HandoffEvent { actor { name }
    handoff { id status version reason releaseReason viewerCan session { id } } }
  ... on HandoffDeclined { text: reason }
  ... on HandoffReassigned { previousTarget { name } target { name } }
  ... on HandoffReleased { text: reason }
  ... on HandoffReturned { text: guidance }
  ... on HandoffResolved { text: resolution } } }"""
BELL: Final = """subscription { notificationReceived {
  notification { title link handoff { id status } } } }"""
EVERYBODY: Final = ("raiser", "target", "claimer", "colleague", "admin", "viewer")
ENGINEERS: Final = {"raiser", "target", "claimer", "colleague", "admin"}
HOLDERS: Final = {"raiser", "claimer", "admin"}

# kind -> (document, state before, who does it, input, text, to whom content is open then)
CHANGES: dict[str, tuple[str, State, str, dict[str, Any], str | None, set[str]]] = {
    "HandoffClaimed": (CLAIM, State.OPEN_TARGETED, "claimer", {}, None, HOLDERS),
    "HandoffDeclined": (
        DECLINE, State.OPEN_TARGETED, "target", {"reason": "On leave"}, "On leave", ENGINEERS,
    ),
    "HandoffReassigned": (REASSIGN, State.OPEN_TARGETED, "raiser", {}, None, ENGINEERS),
    "HandoffReleased": (
        RELEASE, State.CLAIMED, "claimer", {"reason": "Called away"}, "Called away", ENGINEERS,
    ),
    "HandoffReturned": (
        RETURN, State.CLAIMED, "claimer", {"guidance": "Renew it"}, "Renew it",
        {"raiser", "admin"},
    ),
    "HandoffResolved": (
        RESOLVE, State.CLAIMED, "claimer", {"resolution": "Renewed"}, "Renewed", HOLDERS,
    ),
    "HandoffCancelled": (CANCEL, State.OPEN_TARGETED, "raiser", {}, None, {"raiser", "admin"}),
}  # fmt: skip


@pytest.mark.parametrize("kind", CHANGES)
async def test_a_change_reaches_everybody_with_the_content_that_is_open_to_them_then(
    client: Client, people: People, kind: str
) -> None:
    document, state, who, more, text, open_to = CHANGES[kind]
    life = await live(client, people, state)
    if kind == "HandoffReassigned":
        more = {"targetEngineerId": public(Kind.ENGINEER, people.colleague.id)}
    this = {"sessionId": life.session} if kind == "HandoffResolved" else {"handoffId": life.handoff}
    heard: dict[str, dict[str, Any]] = {}
    async with AsyncExitStack() as stack:
        streams = {
            name: await stack.enter_async_context(client.listen(getattr(people, name), EVENTS))
            for name in EVERYBODY
        }
        for stream in streams.values():
            assert (await stream.next())["__typename"] == "StreamReady"
        await succeed(client, getattr(people, who), document, **this, **more)
        for name, stream in streams.items():
            heard[name] = await stream.next()

    query = "query ($id: ID!) { handoff(id: $id) { id status version viewerCan } }"
    for name, event in heard.items():
        handoff = event["handoff"]
        opened = name in open_to
        assert event["__typename"] == kind
        assert event["actor"] == {"name": getattr(people, who).name}
        assert (handoff["session"] is not None) is opened, name
        assert (handoff["reason"] is not None) is opened, name
        assert event.get("text") == (text if opened else None), name
        released = kind == "HandoffReleased" and opened
        assert handoff["releaseReason"] == ("Called away" if released else None), name
        now = (await client.ask(getattr(people, name), query, id=life.handoff))["handoff"]
        assert {key: handoff[key] for key in now} == now, name
        if kind == "HandoffReassigned":
            assert event["previousTarget"] == {"name": "Tier2"}
            assert event["target"] == {"name": "Colleague"}


# ------------------------------------------------------------------ the bell


# kind -> who is told, besides who did it
TOLD: Final = {
    "HandoffClaimed": {"raiser"},
    "HandoffDeclined": {"raiser", "claimer", "colleague", "admin"},
    "HandoffReassigned": {"target", "colleague"},
    "HandoffReleased": {"raiser", "target", "admin"},
    "HandoffReturned": {"raiser"},
    "HandoffResolved": {"raiser"},
    "HandoffCancelled": {"target"},
}


@pytest.mark.parametrize("kind", CHANGES)
async def test_a_bell_rings_at_once_for_everybody_whose_to_do_has_changed(
    client: Client, people: People, kind: str
) -> None:
    document, state, who, more, _, _ = CHANGES[kind]
    life = await live(client, people, state)
    if kind == "HandoffReassigned":
        more = {"targetEngineerId": public(Kind.ENGINEER, people.colleague.id)}
    this = {"sessionId": life.session} if kind == "HandoffResolved" else {"handoffId": life.handoff}
    async with AsyncExitStack() as stack:
        bells: dict[str, Listening] = {
            name: await stack.enter_async_context(client.listen(getattr(people, name), BELL))
            for name in EVERYBODY
        }
        done = await succeed(client, getattr(people, who), document, **this, **more)
        items = {name: (await bells[name].next())["notification"] for name in TOLD[kind]}
        for name in set(EVERYBODY) - TOLD[kind]:
            assert await bells[name].is_silent(0.02), name

    for item in items.values():
        assert item["title"].startswith(getattr(people, who).name)
        assert item["handoff"] == {"id": life.handoff, "status": done["handoff"]["status"]}
        # an offer to take it, where it waits still
        assert item["link"].endswith("?pickup=true") is (done["handoff"]["status"] == "OPEN")
