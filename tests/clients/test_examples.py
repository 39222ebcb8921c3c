"""The programs in examples/, with what is generated for them of schema.graphql, at a server."""

import asyncio
import json
import re
import shutil
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from app import trusting
from building.commands import Failed, done
from building.node import PROJECT, Node, NoNode
from tests.clients import environment
from tests.clients.conftest import HERE, without_node
from tests.clients.consumer import Consumer, consumer
from tests.clients.raiser import Raiser
from tests.harness.people import Account
from tests.harness.web import Client, Web, running, token_of
from tests.journeys import documents as ask

EXAMPLES = PROJECT / "examples"


@pytest.fixture(scope="module")
def web(settings: dict[str, str]) -> Iterator[Web]:
    with running(**settings) as process:
        yield process


@pytest.fixture(scope="module")
def examples(workshop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy to generate into, with schema.graphql where they look for it."""
    folder = tmp_path_factory.mktemp("checkout")
    made = "generated", "__generated__", "node_modules"
    shutil.copytree(EXAMPLES, folder / "examples", ignore=shutil.ignore_patterns(*made))
    shutil.copy(PROJECT / "schema.graphql", folder)
    (folder / "node_modules").symlink_to((workshop / "node_modules").resolve())
    return folder / "examples"


@pytest.fixture(scope="module")
def python() -> Path:
    try:
        return environment.python()
    except Failed as reason:
        without_node(NoNode(f"what examples/python needs could not be installed: {reason}"))


def surroundings(web: Web, account: Account) -> dict[str, str]:
    return {
        "BATON_URL": f"{web.url}/graphql",
        "TIER1": token_of(account.tier1, account),
        "TIER2": token_of(account.tier2, account),
    }


async def tells_of_a_handover(said: str, web: Web, account: Account) -> None:
    escalated = re.search(r"^escalated (handoff_\w+)$", said, re.MULTILINE)
    assert escalated, said
    assert said.startswith("0 waiting\n")
    assert "Tier1 asks for help: Outlook keeps asking for a password\n" in said
    assert "CLAIMED by Tier2\n" in said
    async with Client(web, token_of(account.tier1, account)) as tier1:
        question = "query ($id: ID!) { handoff(id: $id) { status claimedBy { email } } }"
        handoff = await tier1.ask(question, id=escalated[1])
    assert handoff == {"status": "CLAIMED", "claimedBy": {"email": account.tier2.email}}


# -- TypeScript, graphql-codegen


@pytest.fixture(scope="module")
def typescript(examples: Path, node: Node) -> Path:
    folder = examples / "typescript"
    codegen = examples.parent / "node_modules/@graphql-codegen/cli/esm/bin.js"
    done(node.program, codegen, "--config", "codegen.ts", cwd=folder)
    return folder


async def test_a_typescript_client_hears_of_an_escalation_and_takes_it(
    typescript: Path, node: Node, web: Web, account: Account
) -> None:
    said = await asyncio.to_thread(
        done, node.program, "handover.ts", cwd=typescript, **surroundings(web, account)
    )
    await tells_of_a_handover(said, web, account)


def test_its_types_leave_nothing_open(typescript: Path, node: Node) -> None:
    checker = typescript.parents[1] / "node_modules/typescript/bin/tsc"
    done(node.program, checker, cwd=typescript)
    generated = (typescript / "generated" / "graphql.ts").read_text()
    assert "occurredAt: string" in generated
    assert "after?: string | null | undefined" in generated
    assert re.search(r"\bany\b", generated.replace("Record<string, any>", "")) is None


def test_its_documents_are_listed_by_their_hashes(typescript: Path) -> None:
    listed = json.loads((typescript / "generated" / "persisted-documents.json").read_text())
    assert {re.split(r"\W", text)[1] for text in listed.values()} == {
        *("Arrivals", "Claim", "Escalate", "Queue", "Start")
    }
    for key, text in listed.items():
        assert key == f"sha256:{sha256(text.encode()).hexdigest()}"


# -- Python, ariadne-codegen


@pytest.fixture(scope="module")
def generated(examples: Path, python: Path) -> Path:
    folder = examples / "python"
    done(python, "-m", "ariadne_codegen", cwd=folder)
    return folder


async def test_a_python_client_hears_of_an_escalation_and_takes_it(
    generated: Path, python: Path, web: Web, account: Account
) -> None:
    said = await asyncio.to_thread(
        done, python, "handover.py", cwd=generated, **surroundings(web, account)
    )
    await tells_of_a_handover(said, web, account)


def test_its_types_are_sound(generated: Path, python: Path, tmp_path: Path) -> None:
    checker = [sys.executable, "-m", "mypy", "--python-executable", python]
    done(*checker, "--cache-dir", tmp_path, cwd=generated)
    arrivals = (generated / "generated" / "arrivals.py").read_text()
    assert 'occurred_at: datetime = Field(alias="occurredAt")' in arrivals


# -- Relay


@pytest.fixture(scope="module")
def relay(examples: Path, node: Node) -> Path:
    folder = examples / "relay"
    (folder / "__generated__").mkdir()
    (folder / "__generated__" / "persisted.json").write_text("{}")
    compiler = examples.parent / "node_modules/relay-compiler/cli.js"
    done(node.program, compiler, cwd=folder)
    return folder


async def test_relay_pages_hears_claims_and_refetches(
    relay: Path, node: Node, web: Web, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in surroundings(web, account).items():
        monkeypatch.setenv(name, value)
    program = (node.program, "--import", "./bundler.ts", "main.ts")
    async with Client(web, token_of(account.tier1, account)) as tier1:
        raiser = Raiser(tier1)
        stepped = await with_a_step_that_went_on(tier1)
        for _ in range(2):
            await raiser.raise_one()
        oldest, *later = stepped, *raiser.raised
        async with consumer(relay, program) as desk:
            await desk.until(lambda it: bool(it.of("listening")))
            await raiser.raise_one()
            await desk.until(lambda it: bool(it.of("status")))
            first, second = desk.of("page")
            assert [each["id"] for each in first] == later[::-1]
            assert [each["id"] for each in second] == [*later[::-1], oldest]
            assert second[-1] == {"id": oldest, "then": ["PENDING"], "now": ["WORKED"]}
            assert arrival(desk) == {"arrived": raiser.raised[-1], "waiting": 4}
            assert desk.of("claimedBy") == [account.tier2.name]
            assert desk.of("status") == ["CLAIMED"]
            assert await desk.stop() == 0


async def with_a_step_that_went_on(tier1: Client) -> str:
    """A handoff whose snapshot has a step that came to something since."""
    session = (await tier1.ask(ask.START, input={"problemSummary": "Outlook"}))["session"]
    step = {"sessionId": session["id"], "kind": "CHECK", "title": "Safe mode"}
    recorded = (await tier1.ask(ask.RECORD, input=step))["step"]
    raised = await tier1.ask(ask.ESCALATE, input={"sessionId": session["id"], "reason": "Stuck"})
    said = "mutation ($input: RecordOutcomeInput!) { recordOutcome(input: $input) { __typename } }"
    await tier1.ask(said, input={"stepId": recorded["id"], "outcome": "WORKED"})
    return raised["handoff"]["id"]


def arrival(desk: Consumer) -> dict[str, object]:
    [told] = [each for each in desk.told if "arrived" in each]
    return told


def test_what_its_compiler_writes_is_sound(relay: Path, node: Node) -> None:
    checker = relay.parents[1] / "node_modules/typescript/bin/tsc"
    done(node.program, checker, cwd=relay)
    assert {file.name for file in (relay / "__generated__").iterdir()} == {
        "DeskArrivalsSubscription.graphql.ts",
        "DeskClaimMutation.graphql.ts",
        "DeskHandoffQuery.graphql.ts",
        "DeskPageQuery.graphql.ts",
        "DeskQuery.graphql.ts",
        "Desk_handoff.graphql.ts",
        "Desk_handoffs.graphql.ts",
        "persisted.json",
    }
    listed = json.loads((relay / "__generated__" / "persisted.json").read_text())
    assert all(key == sha256(text.encode()).hexdigest() for key, text in listed.items())


# -- what an operator does with both


def test_what_they_ask_can_be_trusted_from_the_files_that_their_tools_write(
    typescript: Path, relay: Path, tmp_path: Path
) -> None:
    files = (
        typescript / "generated" / "persisted-documents.json",
        relay / "__generated__" / "persisted.json",
    )
    new, kept = trusting.add(tmp_path / "documents.json", files)
    assert new == kept == sum(len(json.loads(file.read_text())) for file in files)


# -- what they are made with


@pytest.mark.parametrize("example", ["relay", "typescript"])
def test_they_name_the_versions_that_they_are_tested_with(example: str) -> None:
    tested = json.loads((HERE / "package.json").read_text())["dependencies"]
    package = json.loads((EXAMPLES / example / "package.json").read_text())
    named = package["dependencies"] | package["devDependencies"]
    assert {name: tested.get(name) for name in named} == named
