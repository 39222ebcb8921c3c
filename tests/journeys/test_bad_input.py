"""Whatever is sent: a clear answer that says what to do, never a 500, and nothing half-written."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.database import Database
from db.models.vocabulary import Role
from services.ids import Kind, public
from tests.harness.people import Account
from tests.harness.story import count, started
from tests.harness.web import SECRET, Client, Web, token_of
from tests.journeys import documents as ask

SignIn = Callable[..., Client]


@pytest.fixture
async def client(web: Web, account: Account, sign_in: SignIn) -> Client:
    return sign_in(web, account.tier1)


@pytest.fixture
async def session_id(database: Database, account: Account) -> str:
    return public(Kind.SESSION, (await started(database, account.tier1))["id"])


def code(answer: dict[str, Any]) -> str:
    [error] = answer["errors"]
    assert error["message"]
    found: str = error["extensions"]["code"]
    return found


@pytest.mark.parametrize(
    "wrong",
    [
        "", "x", "session_", "session_zzz", "handoff_01h455vb4pex5vsknk084sn02q",
        "01890a5d-ac96-774b-bcce-b302099a8057", "session_01h455vb4pex5vsknk084sn02q", "é" * 500,
        "session_\x00", "'; DROP TABLE session; --",
    ],
)  # fmt: skip
async def test_a_wrong_id_is_an_unknown_id(client: Client, wrong: str) -> None:
    for document in (ask.SESSION, ask.HANDOFF):
        assert (await client.answer(document, id=wrong))["data"] in (
            {"session": None},
            {"handoff": None},
        )
    node = "query($id: ID!) { node(id: $id) { id } }"
    assert await client.answer(node, id=wrong) == {"data": {"node": None}}
    for document, variables, refusal in (
        (ask.CLAIM, {"id": wrong}, "HandoffNotFound"),
        (ask.ESCALATE, {"input": {"sessionId": wrong, "reason": "x"}}, "SessionNotFound"),
        (ask.RESOLVE, {"input": {"sessionId": wrong, "resolution": "x"}}, "SessionNotFound"),
        (
            ask.RECORD,
            {"input": {"sessionId": wrong, "kind": "NOTE", "title": "x"}},
            "SessionNotFound",
        ),
    ):
        answer = await client.ask(document, **variables)
        assert answer["__typename"] == refusal
        assert answer["message"]
    for document, given in (
        (ask.DECLINE, {"reason": "x"}),
        (ask.REASSIGN, {"targetEngineerId": wrong}),
        (ask.CANCEL, {}),
        (ask.RELEASE, {"reason": "x"}),
        (ask.RETURN, {"guidance": "x"}),
    ):
        answer = await client.ask(document, input={"handoffId": wrong} | given)
        assert answer["__typename"] == "HandoffNotFound", document
    answer = await client.ask(ask.ESCALATE_MANY, input={"sessionIds": [wrong], "reason": "x"})
    [refused] = answer["refusals"]
    assert (refused["sessionId"], refused["problem"]["__typename"]) == (wrong, "SessionNotFound")
    answer = await client.ask(ask.CLAIM_MANY, input={"handoffIds": [wrong]})
    [tried] = answer["results"]
    assert (tried["handoffId"], tried["result"]["__typename"]) == (wrong, "HandoffNotFound")


@pytest.mark.parametrize("text", ["", "   \n\t ", "x" * 100_000, "a\x00b"])
async def test_texts_that_can_not_be_kept_are_refused_and_nothing_is_written(
    client: Client, database: Database, account: Account, session_id: str, text: str
) -> None:
    for document, given, field in (
        (ask.START, {"problemSummary": text}, "problemSummary"),
        (ask.RECORD, {"sessionId": session_id, "kind": "NOTE", "title": text}, "title"),
        (ask.ESCALATE, {"sessionId": session_id, "reason": text}, "reason"),
        (ask.RESOLVE, {"sessionId": session_id, "resolution": text}, "resolution"),
    ):
        answer = await client.ask(document, input=given)
        assert answer["__typename"] == "InvalidInput", (document, answer)
        assert field in answer["message"]
    assert await count(database, account.tier1, "session", "status = 'ACTIVE'") == 1
    assert await count(database, account.tier1, "step") == 2  # the story's own
    assert await count(database, account.tier1, "handoff") == 0
    assert await count(database, account.tier1, "event") == 0


@pytest.mark.parametrize(
    "given",
    [
        {"priority": "SOON"},
        {"intent": "escalate"},
        {"reason": None},
        {"reason": 7},
        {"unknown": 1},
        {"sessionId": ["a"]},
    ],
)
async def test_values_that_do_not_fit_the_schema_are_refused_by_name(
    client: Client, session_id: str, given: dict[str, Any]
) -> None:
    wanted = {"sessionId": session_id, "reason": "x"} | given
    answer = await client.answer(ask.ESCALATE, input=wanted)
    assert code(answer) == "BAD_REQUEST"
    assert next(iter(given)) in answer["errors"][0]["message"]
    assert "data" not in answer


@pytest.mark.parametrize("first", [0, -1, 101, 2**31 - 1])
async def test_pages_are_bounded_with_a_message(client: Client, first: int) -> None:
    for field in ("sessions", "handoffs", "notifications"):
        answer = await client.answer(
            f"query($first: Int!) {{ {field}(first: $first) {{ nodes {{ id }} }} }}", first=first
        )
        assert code(answer) == "BAD_REQUEST"
        assert "100" in answer["errors"][0]["message"]


@pytest.mark.parametrize("after", ["", "x", "AAAA", "e30=", "é", "1" * 5000])
async def test_places_that_no_page_gave_are_refused(client: Client, after: str) -> None:
    for field in ("sessions", "handoffs", "notifications"):
        answer = await client.answer(
            f"query($after: String!) {{ {field}(after: $after) {{ nodes {{ id }} }} }}", after=after
        )
        assert code(answer) == "BAD_REQUEST", (field, answer)
    async with client.stream(ask.CREATED, after=after) as stream:
        message = await stream.message()
        assert message["type"] == "error", message


async def test_a_naive_time_is_refused_with_what_to_do(client: Client) -> None:
    customer = {"name": "Dana", "reachableUntil": "2026-11-24T12:00:00"}
    answer = await client.answer(ask.START, input={"problemSummary": "x", "customer": customer})
    assert code(answer) == "BAD_REQUEST"
    assert "offset" in answer["errors"][0]["message"]


async def test_two_megabytes_are_not_read(client: Client, account: Account) -> None:
    response = await client.http.post(
        "/graphql",
        content=b'{"query": "{ viewer { openHandoffCount } }", "x": "' + b"x" * 2_000_000 + b'"}',
        headers={"content-type": "application/json"},
    )
    assert response.status_code == 413
    assert code(response.json()) == "TOO_LARGE"
    assert (await client.answer("{ viewer { openHandoffCount } }"))["data"]


BODIES: dict[str, bytes] = {
    "a number": b"7",
    "a text": b'"x"',
    "null": b"null",
    "a list": b"[]",
    "not JSON": b"{",
    "not UTF-8": b"\xff\xfe",
    "NaN": b'{"query": NaN}',
    "nothing": b"",
    "deep": b"[" * 100_000,
    "no query": b"{}",
    "a number as query": b'{"query": 7}',
    "a list as variables": b'{"query": "{ __typename }", "variables": []}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_bodies_that_are_no_request_are_answered_with_400(
    client: Client, body: bytes
) -> None:
    response = await client.http.post(
        "/graphql", content=body, headers={"content-type": "application/json"}
    )
    assert response.status_code == 400, response.text
    assert code(response.json())


async def test_each_bad_token_is_told_apart_and_none_gets_in(web: Web, account: Account) -> None:
    now = datetime.now(UTC)
    good = token_of(account.tier1, account)
    header, claims, _ = good.split(".")
    tokens = {
        "none": None,
        "garbage": "garbage",
        "expired": token_of(account.tier1, account, now=now - timedelta(hours=2)),
        "from the future": token_of(account.tier1, account, now=now + timedelta(hours=1)),
        "unsigned": f"eyJhbGciOiJub25lIn0.{claims}.",
        "signature cut": f"{header}.{claims}.",
        "signed by another": good[:-6] + ("AAAAAA" if good[-6:] != "AAAAAA" else "BBBBBB"),
        "account nobody has": token_of(account.tier1, account, account="nowhere"),
        "tier of no line": token_of(account.tier1, account, tier=9),
    }
    messages = {}
    for name, token in tokens.items():
        async with Client(web, token) as client:
            response = await client.http.post("/graphql", json={"query": "{ __typename }"})
            assert response.status_code == 401, (name, response.text)
            assert response.headers["www-authenticate"].startswith("Bearer")
            assert code(response.json()) == "UNAUTHENTICATED"
            messages[name] = response.json()["errors"][0]["message"]
            assert SECRET not in response.text
            with pytest.raises(Exception, match=r"4403|4401"):
                async with client.stream(ask.EVENTS):
                    pass
    assert messages["expired"] != messages["signed by another"]
    assert "expired" in messages["expired"].lower()


async def test_a_viewer_is_told_what_viewers_may_not_do(
    web: Web, account: Account, sign_in: SignIn
) -> None:
    assert account.viewer.role is Role.VIEWER
    viewer = sign_in(web, account.viewer)
    answer = await viewer.ask(ask.START, input={"problemSummary": "x"})
    assert answer["__typename"] == "NotAllowed"
    assert "administrator" in answer["message"].lower()


def test_nothing_of_this_was_logged_as_our_error(web: Web) -> None:
    """Last in the file: the process has seen all of the above."""
    wrong = [line for line in web.said if line.get("level") in {"error", "critical"}]
    assert wrong == []
