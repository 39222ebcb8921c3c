"""Handoffs brought into every state they can have, through the mutations themselves."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from db.database import Database
from services.actor import Actor
from services.ids import Kind, public
from tests.harness.people import Account, make_engineer
from tests.harness.story import started
from tests.schema.asking import Client

MOVED: Final = "handoff { id status version } session { id status escalatedTo { name } }"
NOT_OPEN: Final = "... on HandoffNotOpen { status }"
NOT_CLAIMED: Final = "... on HandoffNotClaimed { status }"


def _change(kind: str, *also: str) -> str:
    name = kind[0].lower() + kind[1:]
    return f"""mutation ($input: {kind}Input!) {{ {name}(input: $input) {{
      __typename ... on {kind}Success {{ {MOVED} }}
      ... on Problem {{ message }} ... on InvalidInput {{ field }}
      ... on HandoffChanged {{ handoff {{ id status version }} }} {" ".join(also)} }} }}"""


DECLINE: Final = _change("DeclineHandoff", NOT_OPEN)
REASSIGN: Final = _change("ReassignHandoff", NOT_OPEN, "... on TargetNotEligible { reason }")
CANCEL: Final = _change("CancelHandoff", NOT_OPEN)
RELEASE: Final = _change("ReleaseHandoff", NOT_CLAIMED)
RETURN: Final = _change("ReturnHandoff", NOT_CLAIMED)
CLAIM: Final = _change(
    "ClaimHandoff", NOT_OPEN, "... on HandoffAlreadyClaimed { claimedBy { name } claimedAt }"
)
# `handoff` may be null in one and not in the other: one of the two needs a name of its own
RESOLVE: Final = """mutation ($input: ResolveSessionInput!) { resolveSession(input: $input) {
  __typename
  ... on ResolveSessionSuccess { session { id status } handoff { id status version } }
  ... on Problem { message } ... on SessionNotResolvable { status }
  ... on HandoffChanged { changed: handoff { id status version } } } }"""
ESCALATE: Final = """mutation ($input: EscalateInput!) { escalate(input: $input) {
  __typename ... on EscalateSuccess { handoff { id } } ... on Problem { message } } }"""


async def do(client: Client, actor: Actor, document: str, **input: Any) -> dict[str, Any]:
    data = await client.ask(actor, document, input=input)
    [outcome] = data.values()
    return outcome


async def succeed(client: Client, actor: Actor, document: str, **input: Any) -> dict[str, Any]:
    outcome = await do(client, actor, document, **input)
    assert outcome["__typename"].endswith("Success"), outcome
    return outcome


class State(StrEnum):
    """What a handoff has gone through; its status is the first word."""

    OPEN = "OPEN"
    OPEN_TARGETED = "OPEN, for its target"
    OPEN_RELEASED = "OPEN, released"
    CLAIMED = "CLAIMED"
    RETURNED = "RETURNED"
    RESOLVED = "RESOLVED"
    CANCELLED = "CANCELLED"
    SUPERSEDED = "SUPERSEDED"


@dataclass(frozen=True)
class People:
    """Who can have to do with a handoff. All but the two last are ENGINEERs."""

    raiser: Actor
    target: Actor
    claimer: Actor
    colleague: Actor
    admin: Actor
    viewer: Actor

    @classmethod
    async def of(cls, database: Database, account: Account) -> "People":
        colleague = await make_engineer(database, account.id, f"colleague@{account.slug}.test")
        return cls(
            account.tier1, account.tier2, account.tier3, colleague, account.admin, account.viewer
        )


@dataclass(frozen=True)
class Life:
    """A handoff and its session, by their public ids."""

    handoff: str
    session: str


async def live(client: Client, people: People, state: State, **wanted: Any) -> Life:
    """A new handoff, raised by the raiser, brought into ``state``."""
    row = await started(client.database, people.raiser, steps=1)
    session = public(Kind.SESSION, row["id"])
    if state is not State.OPEN:
        wanted = {"targetEngineerId": public(Kind.ENGINEER, people.target.id)} | wanted
    help_ = {"sessionId": session, "reason": "Out of ideas", "notes": "She is in a hurry"}
    raised = await succeed(client, people.raiser, ESCALATE, **help_ | wanted)
    life = Life(raised["handoff"]["id"], session)
    this = {"handoffId": life.handoff}
    match state:
        case State.OPEN | State.OPEN_TARGETED:
            return life
        case State.CANCELLED:
            await succeed(client, people.raiser, CANCEL, **this)
            return life
    await succeed(client, people.claimer, CLAIM, **this)
    match state:
        case State.OPEN_RELEASED:
            await succeed(client, people.claimer, RELEASE, **this, reason="Shift is over")
        case State.RETURNED:
            await succeed(client, people.claimer, RETURN, **this, guidance="Renew the certificate")
        case State.RESOLVED:
            done = {"sessionId": session, "resolution": "Renewed it"}
            await succeed(client, people.claimer, RESOLVE, **done)
        case State.SUPERSEDED:
            await succeed(client, people.claimer, ESCALATE, sessionId=session, reason="Further")
    return life
