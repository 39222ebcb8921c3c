"""`baton demo` judges honestly and says clearly what went wrong. (A journey tells it whole.)"""

import asyncio
import io
from contextlib import asynccontextmanager

import pytest
from rich.console import Console

from app.demo import race
from app.demo.cast import Engineer, Watcher
from app.demo.client import Client, StoryStopped, endpoint_of
from app.demo.live import Arrival, Subscription
from app.demo.race import Attempt
from app.demo.report import Report
from app.demo.story import CAST, tell

TOKENS = dict.fromkeys(CAST, "a-token")
SINCE = "2026-03-11T14:30:00.123456+00:00"


def paper(*, encoding: str = "utf-8") -> Console:
    """A console that is no terminal."""
    return Console(file=io.TextIOWrapper(io.BytesIO(), encoding=encoding), width=100)


def written(console: Console) -> str:
    file = console.file
    assert isinstance(file, io.TextIOWrapper)
    file.flush()
    buffer = file.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode(file.encoding)


@asynccontextmanager
async def somebody_else(status: str, body: str):
    """A web server that is not ours. Yields its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write((head + body).encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"


# ------------------------------------------------------------------ when it can't be told


async def test_without_a_server_it_says_so_in_one_sentence_and_fails():
    async with somebody_else("200 OK", "") as url:
        pass  # closed again, so nobody listens there
    console = paper()

    outcome = await tell(url, TOKENS, console)

    assert outcome.exit_status == 2
    assert outcome.stopped is not None
    assert outcome.stopped.startswith(f"No server answers at {url}/graphql")
    assert "make serve" in outcome.stopped
    assert "Traceback" not in written(console)


async def test_another_web_server_is_not_taken_for_ours():
    async with somebody_else("200 OK", "<h1>It works!</h1>") as url:
        outcome = await tell(url, TOKENS, paper())
    assert outcome.exit_status == 2
    assert outcome.stopped == f"What answers at {url}/graphql is not Baton (HTTP 200)."


@pytest.mark.parametrize("body", ["[1]", '"no"', "null", "{}", '{"errors": "odd"}'])
async def test_json_that_is_no_graphql_answer_stops_the_story_too(body):
    async with somebody_else("200 OK", body) as url:
        outcome = await tell(url, TOKENS, paper())
    assert outcome.exit_status == 2
    assert outcome.stopped is not None and outcome.stopped.startswith("The server at")


async def test_a_refused_token_is_told_in_the_servers_words():
    body = '{"errors": [{"message": "The token expired."}]}'
    async with somebody_else("401 Unauthorized", body) as url, Client(f"{url}/", "old") as client:
        with pytest.raises(StoryStopped, match=r"refused: The token expired\.$"):
            await client.ask("{ viewer { unreadCount } }")


@pytest.mark.parametrize(
    ("given", "endpoint"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/graphql"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/graphql"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000/graphql"),
        ("https://baton.acme.test/graphql", "https://baton.acme.test/graphql"),
        ("https://acme.test/baton/graphql/", "https://acme.test/baton/graphql"),
    ],
)
def test_the_services_address_or_the_endpoint_may_be_given(given, endpoint):
    assert endpoint_of(given) == endpoint


# ------------------------------------------------------------------ the jury of the race


def runner(name: str) -> Engineer:
    return Engineer(f"engineer_{name}", name, 2, "Acme", "", "", Client("http://localhost", ""))


TOMAS, HANNAH = runner("Tomás"), runner("Hannah")


def attempt(runner: Engineer, holder: Engineer, since: str = SINCE, *, won: bool | None = None):
    got_it = runner == holder if won is None else won
    return Attempt(runner, got_it, holder.id, holder.name, since, 0.004)


def fair() -> list[Attempt]:
    return [attempt(engineer, TOMAS) for _ in range(3) for engineer in (HANNAH, TOMAS)]


def judged(attempts: list[Attempt]) -> tuple[Engineer, list[bool]]:
    report = Report(paper(), 1)
    winner = race.judge(attempts, report)
    return winner, [promise.held for promise in report.close().promises]


def test_a_fair_race_holds_every_promise():
    assert judged(fair()) == (TOMAS, [True, True, True])


def test_two_winners_are_noticed():
    _, held = judged([*fair(), attempt(HANNAH, HANNAH)])
    assert held[0] is False


def test_a_winner_who_is_turned_away_on_asking_again_is_noticed():
    _, held = judged([*fair(), attempt(TOMAS, TOMAS, won=False)])
    assert held[1] is False


def test_a_winner_whose_claim_moves_in_time_is_noticed():
    _, held = judged([*fair(), attempt(TOMAS, TOMAS, "2026-03-11T14:30:09+00:00")])
    assert held[1] is False


@pytest.mark.parametrize(
    ("holder", "since"), [(HANNAH, SINCE), (TOMAS, "2026-03-11T14:29:59+00:00")]
)
def test_a_loser_who_is_told_something_else_is_noticed(holder, since):
    _, held = judged([*fair(), attempt(HANNAH, holder, since, won=False)])
    assert held[2] is False


def test_a_race_without_a_winner_stops_the_story():
    with pytest.raises(StoryStopped):
        judged([attempt(HANNAH, TOMAS), attempt(TOMAS, HANNAH)])


# ------------------------------------------------------------------ what is heard


async def test_what_the_service_says_by_itself_is_passed_over():
    """An assessment may come to its end between any two things that people do."""
    news = Subscription()
    for kind, actor, handoff in (
        ("AssessmentFinished", None, "ours"),
        ("HandoffClaimed", {"name": "Tomás"}, "theirs"),
        ("HandoffClaimed", {"name": "Hannah"}, "ours"),
    ):
        event = {"__typename": kind, "actor": actor, "handoff": {"id": handoff}}
        news.put(Arrival({"handoffEvents": event}, 0.0))
    told = await Watcher(HANNAH, Subscription(), news).next_about("ours")
    assert told is not None
    assert told["actor"] == {"name": "Hannah"}


# ------------------------------------------------------------------ what is on the screen


def told(console: Console, *, held: bool) -> int:
    with Report(console, 1) as report, report.chapter("A [chapter]"):
        report.say("Something [odd] happens")
        report.promise("Nothing is lost", held, "12.0 ms")
    return report.close().exit_status


def test_without_a_terminal_the_report_is_plain_lines():
    console = paper()
    assert told(console, held=True) == 0
    text = written(console)
    assert "\x1b" not in text and "\r" not in text
    assert "A [chapter]" in text
    assert "Something [odd] happens" in text
    assert "✓ Nothing is lost" in text
    assert "Every promise held (1)." in text


def test_a_broken_promise_is_named_at_the_end_and_in_the_exit_status():
    console = paper()
    assert told(console, held=False) == 1
    assert "Broken: Nothing is lost." in written(console)


def test_a_screen_that_knows_no_ticks_gets_words():
    console = paper(encoding="ascii")
    told(console, held=True)
    assert "ok Nothing is lost" in written(console)


def test_on_a_terminal_progress_is_shown():
    file = io.StringIO()
    told(Console(file=file, force_terminal=True, width=100), held=True)
    assert "\x1b" in file.getvalue()
    assert "1/1" in file.getvalue() or "0/1" in file.getvalue()
