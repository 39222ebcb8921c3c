"""Other makers' clients send the ids that their tools have made, where nothing else is taken."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import trusting
from building.commands import done
from building.node import Node
from tests.harness.people import Account
from tests.harness.web import PATIENCE, Web, running, token_of

MANIFESTS = Path(__file__).parents[1] / "harness" / "manifests"
OPERATION = re.compile(r"(?:query|mutation|subscription) (\w+)")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What graphql-codegen has written, where the service looks for it."""
    file = tmp_path_factory.mktemp("trusted") / "documents.json"
    file.write_bytes((MANIFESTS / "codegen.json").read_bytes())
    return file


@pytest.fixture(scope="module")
def web(settings: dict[str, str], kept: Path) -> Iterator[Web]:
    with running(**settings, trusted_documents="require", documents_file=str(kept)) as process:
        yield process


def ids(tool: str) -> dict[str, str]:
    """By the name of the operation."""
    written = json.loads((MANIFESTS / f"{tool}.json").read_text())
    return {OPERATION.findall(text)[0]: id_ for id_, text in written.items()}


async def test_ids_are_all_that_clients_send(
    web: Web, kept: Path, account: Account, workshop: Path, node: Node
) -> None:
    trusting.add(kept, [MANIFESTS / "relay.json"])  # while it runs
    asked = {
        "url": f"{web.url}/graphql",
        "token": token_of(account.tier1, account),
        "ids": ids("codegen") | ids("relay"),
    }
    program = (node.program, "trusted.ts", json.dumps(asked))
    said = await asyncio.to_thread(done, *program, cwd=workshop, within=PATIENCE)
    told: dict[str, object] = {}
    for line in said.splitlines():
        told |= json.loads(line)
    assert told == {
        "apollo": 0,
        "apolloRefused": "PERSISTED_QUERY_NOT_FOUND",
        "relay": 0,
        "socket": "StreamReady",
        "socketRefused": "PERSISTED_QUERY_ID_REQUIRED",
        "sse": "StreamReady",
    }
