"""`baton demo --vendors`: a newcomer sees everything arrive, and nothing of it stays."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from app.commands import program
from app.demo import own_service
from app.demo.client import StoryStopped
from app.demo.outside import faults_of
from app.demo.vendors.faults import Fault
from tests.harness.postgres import short_place

BOUND = 120  # seconds for a whole run, which takes some seven
PATIENCE = 20  # seconds
COMMAND = [sys.executable, "-m", "app", "demo", "--vendors"]


@pytest.fixture
def place() -> Iterator[Path]:
    """Where temporary files go."""
    with short_place() as found:
        yield found


def around(place: Path, **more: str) -> dict[str, str]:
    """An environment in which `baton serve` would not start: the demo has its own settings."""
    return os.environ | {"TMPDIR": str(place), "BATON_PORT": "none", "BATON_ODD": "1"} | more


def shown(place: Path, *arguments: str) -> list[str]:
    """What a run says, once it has ended well and left nothing."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        env=around(place),
        capture_output=True,
        text=True,
        timeout=BOUND,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    assert list(place.iterdir()) == []
    assert servers(place) == []
    assert "\x1b" not in done.stdout  # it is no terminal
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert max(map(len, lines)) <= 100
    return lines


def servers(place: Path) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(place) in " ".join(process.info["cmdline"] or [])
    ]


def after(lines: list[str], title: str) -> list[str]:
    """From a chapter on."""
    return lines[lines.index(title) :]


def rows(lines: list[str], channel: str) -> list[tuple[str, str, int]]:
    """Purpose, state and attempts of the deliveries in the table at the end."""
    pattern = rf"\s+{channel}\s+\W\s+(\w+)\s+\W\s+(\w+)\s+\W\s+(\d+)\s+\W"
    found = (re.match(pattern, line) for line in lines)
    return [(row[1], row[2], int(row[3])) for row in found if row]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_cards_mails_webhooks_and_notes_arrive_and_follow_and_the_api_says_so(place: Path) -> None:
    lines = shown(place)

    raised = after(lines, "Maya Lindqvist escalates")
    for arrival in (
        "  Slack: a card in #escalations",
        "      *Maya Lindqvist asks for help*",
        "      [Claim] [Open the handoff]",
        "  Slack: a reply in the card's thread",
        "  Teams: a card in the channel",
        "  ConnectWise: an internal note on ticket 483060",
        "  Webhook: handoff.raised, signed",
        "  Mail: to tier2@acme.test: [High] Seven new laptops",
    ):
        assert any(line.startswith(arrival) for line in raised), arrival
    identity = next(line for line in raised if line.startswith("      webhook-id "))
    assert (len(identity), identity[-3:]) == (100, "...")  # cut where the screen ends
    claimed = after(lines, "Tomás Herrera presses Slack's button")
    assert "      It is yours. Open the handoff to go on." in claimed
    assert "  Slack: the card changes (edit 1)" in claimed
    solved = after(lines, "Hannah Osei takes it over and solves it")
    assert any("Hannah Osei has resolved it" in line for line in solved)
    story = ["RAISED", "CLAIMED", "RELEASED", "CLAIMED", "RESOLVED"]
    for channel in ("SLACK", "TEAMS", "WEBHOOK", "PSA_NOTE", "EMAIL"):
        copies = 3 if channel == "EMAIL" else 1
        told = rows(lines, channel)
        assert sorted(purpose for purpose, _, _ in told) == sorted(story * copies)
        assert {(state, attempts) for _, state, attempts in told} == {("SENT", 1)}
    assert "    35 of 35 deliveries are SENT, 0 after another attempt" in lines


def test_a_vendor_that_fails_is_seen_to_fail_and_is_told_all_the_same(place: Path) -> None:
    lines = shown(place, "--fault", "teams=redirect", "--fault", "connectwise=lost")

    assert f"  Teams: fails: {Fault.REDIRECT.value}" in lines
    teams = after(lines, "  Baton: TEAMS RAISED, attempt 1: REFUSED, status 307")
    assert "never followed" in teams[1]
    assert teams[2] == "      the delivery is DEAD: none follows by itself"
    assert any(line.startswith("  Graham Pell, ADMIN, has it sent again") for line in teams)
    assert "  Teams: a card in the channel" in teams

    assert "  Baton: PSA_NOTE RAISED, attempt 1: FAILED" in lines
    assert lines.count("      Handed over") == 1  # the note that had arrived was found
    assert ("RAISED", "SENT", 2) in rows(lines, "PSA_NOTE")
    assert "    35 of 35 deliveries are SENT, 2 after another attempt" in lines
    for vendor in ("teams", "connectwise"):
        assert f"  ✓ Nothing that {vendor} was to be told is lost" in lines


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whatever_ends_it_ends_what_it_has_started(place: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        COMMAND, env=around(place), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        until(lambda: servers(place) != [])
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        _, said = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    if number is signal.SIGKILL:
        until(lambda: not any(map(alive, family)) and servers(place) == [])
    else:
        assert process.returncode == 130
        assert said == "Stopped, and everything that was started is gone.\n"
        assert list(filter(alive, family)) == servers(place) == list(place.iterdir()) == []


def alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


async def test_a_service_that_does_not_start_has_its_last_words() -> None:
    with pytest.raises(StoryStopped, match=r"did not start:\n(?s:.*)BATON_LOG_LEVEL"):
        async with own_service.running({"log_level": "loud"}):
            raise AssertionError("it started")


@pytest.mark.parametrize("given", ["slack", "slack=", "=429", "pager=429", "slack=sad"])
def test_a_fault_that_there_is_not_is_refused_with_those_there_are(given: str) -> None:
    with pytest.raises(ValueError, match=r"connectwise.*garbage"):
        faults_of([given])


def test_a_vendor_has_one_fault_and_each_its_own() -> None:
    assert faults_of(["slack=429", "mail=lost"]) == {"slack": Fault.BUSY, "mail": Fault.LOSE_ANSWER}
    with pytest.raises(ValueError, match="fails once only"):
        faults_of(["slack=429", "slack=lost"])


@pytest.mark.parametrize(
    "arguments",
    [
        ["--fault", "slack=429"],
        ["--vendors", "--fault", "slack=sad"],
        ["--vendors", "--url", "http://127.0.0.1:8000"],
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_starts(arguments: list[str]) -> None:
    assert CliRunner().invoke(program("demo"), ["demo", *arguments]).exit_code == 2
