"""The README's first screen works as it is written."""

import asyncio
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from building.explorer import examples
from tests.harness.people import Account
from tests.harness.web import PATIENCE, Client, Web

PROJECT = Path(__file__).parents[2]


async def test_the_operations_lead_to_a_claimed_handoff_while_somebody_listens(
    web: Web, account: Account, sign_in: Callable[..., Client]
) -> None:
    start, escalate, claim, _ = examples()
    tier1, tier2 = sign_in(web, account.tier1), sign_in(web, account.tier2)
    assert tier2.token is not None
    listening = await asyncio.create_subprocess_exec(
        sys.executable,
        "examples/listen.py",
        tier2.token,
        f"{web.sockets_url}/graphql",
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
        env={"PYTHONUNBUFFERED": "1"},
    )
    assert listening.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE):
            assert await listening.stdout.readline() == b"listening\n"
            await asyncio.sleep(0.2)  # until the server has begun the stream
            session = (await tier1.ask(start))["session"]
            raised = await tier1.ask(escalate.replace("SESSION_ID", session["id"]))
            handoff_id = raised["handoff"]["id"]
            heard = b""
            while heard.count(b"{") == 0 or heard.count(b"{") != heard.count(b"}"):
                heard += await listening.stdout.readline()
        assert json.loads(heard)["data"]["handoffCreated"]["handoff"]["id"] == handoff_id
        claimed = await tier2.ask(claim.replace("HANDOFF_ID", handoff_id))
        assert claimed["handoff"]["claimedBy"]["name"] == account.tier2.name
        assert claimed["session"]["escalatedTo"]["name"] == account.tier2.name
    finally:
        listening.kill()
        await listening.wait()


def test_what_the_listener_asks_for_is_what_the_readme_shows() -> None:
    assert examples()[-1] in (PROJECT / "examples" / "listen.py").read_text()


PAGES = [
    PROJECT / "README.md",
    *sorted((PROJECT / "docs").rglob("*.md")),
    *sorted((PROJECT / "examples").glob("*/README.md")),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
        assert (page.parent / link).exists(), link
