"""Record and content in every state a handoff can have: the session's door decides, for all."""

from typing import Any, Final

import pytest

from services.ids import Kind, public
from tests.schema.asking import Client
from tests.schema.lives import CLAIM, ESCALATE, RETURN, Life, People, State, live, succeed

RECORD: Final = """id status intent priority problemSummary version createdAt closedAt claimedAt
  viewerCan raisedBy { name } target { name } claimedBy { name }
  history { nodes { __typename actor { name } } }"""
CONTENT: Final = """reason notes session { id } snapshot { stepCount } assessment { state }
  documentation { version } deliveries { state }"""
WHOLE: Final = f"""{RECORD} {CONTENT} releaseReason
  texts: history {{ nodes {{ ... on HandoffReleased {{ reason }}
    ... on HandoffReturned {{ guidance }} ... on HandoffResolved {{ resolution }} }} }}"""
ASK: Final = f"""query ($handoff: ID!, $session: ID!) {{
  handoff(id: $handoff) {{ {WHOLE} }}
  node(id: $handoff) {{ ... on Handoff {{ {WHOLE} }} }}
  handoffs {{ nodes {{ {WHOLE} }} }}
  session(id: $session) {{ id }} }}"""
FIELDS: Final = (
    "reason", "notes", "session", "snapshot", "assessment", "documentation", "deliveries",
)  # fmt: skip

EVERYBODY: Final = ("raiser", "target", "claimer", "colleague", "admin", "viewer")
ENGINEERS: Final = {"raiser", "target", "claimer", "colleague", "admin"}
OPEN_TO: Final = {
    State.OPEN: ENGINEERS,
    State.OPEN_TARGETED: ENGINEERS,
    State.OPEN_RELEASED: ENGINEERS,
    State.CLAIMED: {"raiser", "claimer", "admin"},
    State.RETURNED: {"raiser", "admin"},
    State.RESOLVED: {"raiser", "claimer", "admin"},
    State.CANCELLED: {"raiser", "admin"},
    State.SUPERSEDED: ENGINEERS,  # by a later one, which waits
}
TEXTS: Final = {
    State.OPEN_RELEASED: {"reason": "Shift is over"},
    State.RETURNED: {"guidance": "Renew the certificate"},
    State.RESOLVED: {"resolution": "Renewed it"},
}


async def seen(client: Client, actor: Any, life: Life) -> tuple[dict[str, Any], bool]:
    """The handoff, and whether its session may be read: the same by each way of asking."""
    data = await client.ask(actor, ASK, handoff=life.handoff, session=life.session)
    listed = [node for node in data["handoffs"]["nodes"] if node["id"] == life.handoff]
    assert [data["handoff"]] * 2 == [data["node"], *listed]
    return data["handoff"], data["session"] is not None


@pytest.mark.parametrize("state", State)
async def test_each_state_is_open_to_whom_it_concerns_and_a_record_to_the_others(
    client: Client, people: People, state: State
) -> None:
    life = await live(client, people, state)
    records = []
    for name in EVERYBODY:
        actor = getattr(people, name)
        found, session = await seen(client, actor, life)
        opened = name in OPEN_TO[state]
        case = (state, name)

        assert session is opened, case
        assert {field for field in FIELDS if found[field] is not None} == (
            set(FIELDS) if opened else set()
        ), case
        texts = {
            key: text for node in found["texts"]["nodes"] for key, text in node.items() if text
        }
        assert texts == (TEXTS.get(state, {}) if opened else {}), case
        released = state is State.OPEN_RELEASED and opened
        assert found["releaseReason"] == ("Shift is over" if released else None), case

        own = {"viewerCan", "releaseReason", "texts", *FIELDS}
        records.append({key: value for key, value in found.items() if key not in own})
    assert records == [records[0]] * len(EVERYBODY), "the record is the same for everybody"


async def test_what_is_given_back_after_it_was_passed_on_is_open_to_owner_and_holder(
    client: Client, people: People
) -> None:
    first = await live(client, people, State.CLAIMED)
    further = await succeed(
        client, people.claimer, ESCALATE, sessionId=first.session, reason="Further"
    )
    later = Life(further["handoff"]["id"], first.session)
    await succeed(client, people.colleague, CLAIM, handoffId=later.handoff)
    taken = {name for name in EVERYBODY if await is_open(client, people, name, later)}
    await succeed(client, people.colleague, RETURN, handoffId=later.handoff, guidance="Renew it")
    returned = {name for name in EVERYBODY if await is_open(client, people, name, later)}

    assert taken == {"raiser", "colleague", "admin"}
    assert returned == {"raiser", "claimer", "admin"}


async def is_open(client: Client, people: People, name: str, life: Life) -> bool:
    found, session = await seen(client, getattr(people, name), life)
    assert session is (found["reason"] is not None)
    return session


async def test_a_target_alone_has_no_door_of_its_own(client: Client, people: People) -> None:
    target = public(Kind.ENGINEER, people.target.id)
    life = await live(client, people, State.CLAIMED, targetEngineerId=target)
    found, session = await seen(client, people.target, life)
    assert found["target"] == {"name": "Tier2"}
    assert not session
