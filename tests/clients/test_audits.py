"""The service passes all that graphql-http asks of a server, what it MAY do included."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from building.commands import done
from building.node import Node
from db.database import Database
from tests.harness.people import make_account
from tests.harness.web import PATIENCE, Web, running, token_of

AUDITS = [
    "22EB", "4655", "47DE", "80D8", "82A3", "BF61", "78D5", "2C94", "5A70", "9C48", "9ABE", "03D4",
    "A5BF", "423L", "LKJ0", "LKJ1", "LKJ2", "LKJ3", "34A2", "13EE", "6C00", "6C01", "6C02", "6C03",
    "8161", "B8B3", "94B0", "0220", "94B1", "0221", "94B2", "0222", "4760", "4761", "4762", "4763",
    "2EA1", "28B9", "D6D5", "6A70", "58B0", "58B1", "58B2", "58B3", "428F", "1B7A", "B6DC", "BCF8",
    "B7N8", "8764", "3E3A", "572B", "FDE2", "7B9B", "865D", "556A", "D586", "51FE", "74FF", "5E5B",
    "86EE",
]  # fmt: skip


@pytest.fixture(scope="module")
def web(settings: dict[str, str]) -> Iterator[Web]:
    """Some audits ask `__type`."""
    with running(**settings, introspection="true") as process:
        yield process


@pytest.fixture(scope="module")
def token(dsn: str) -> str:
    async def made() -> str:
        database = Database(dsn, max_connections=2)
        await database.open()
        try:
            account = await make_account(database)
        finally:
            await database.close()
        return token_of(account.tier1, account)

    return asyncio.run(made())


@pytest.fixture(scope="module")
def results(web: Web, token: str, workshop: Path, node: Node) -> dict[str, dict[str, Any]]:
    asked = json.dumps({"url": f"{web.url}/graphql", "token": token})
    said = done(node.program, "audits.ts", asked, cwd=workshop, within=PATIENCE)
    told = [json.loads(line) for line in said.splitlines()]
    return {result["id"]: result for result in told}


def test_these_are_all_the_audits_there_are(results: dict[str, dict[str, Any]]) -> None:
    assert list(results) == AUDITS


@pytest.mark.parametrize("audit", AUDITS)
def test_the_audit_is_passed(results: dict[str, dict[str, Any]], audit: str) -> None:
    result = results[audit]
    assert result["status"] == "ok", f"{result['name']}: {result['reason']}"
