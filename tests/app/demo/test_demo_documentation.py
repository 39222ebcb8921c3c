"""The written accounts of ten demo sessions, word for word, to be read by people when they change.

`make golden-documents` writes them anew.
"""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from app.demo.seeding import seed
from app.demo.world import ACME, GLOBEX, TENANTS
from services import accounts
from services.options import Options

HERE: Final = Path(__file__).parent / "golden"
NOW: Final = datetime(2026, 3, 11, 14, 30, tzinfo=UTC)
OPTIONS: Final = Options(link_base="https://desk.acme.test")
WRITE: Final = "REWRITE_GOLDEN_DOCUMENTS"
# by the beginning of what is wrong
SESSIONS: Final = {
    "raised-mail": (ACME, "Invoices to Gmail recipients bounce"),
    "raised-vpn": (ACME, "Home workers' Teams calls stutter"),
    "raised-checkpoints": (ACME, "File server VM runs on four unmerged"),
    "raised-sql": (ACME, "Order entry in Sage 200 times out"),
    "raised-lockouts": (GLOBEX, "Sales director's account locks out"),
    "claimed-conditional-access": (ACME, "All staff at the Leith office blocked"),
    "claimed-bitlocker": (GLOBEX, "Eighteen laptops ask for the BitLocker"),
    "resolved-backup": (ACME, "Nightly backup of the document server"),
    "resolved-licences": (GLOBEX, "Nobody can log on to the terminal server"),
    "resolved-without-handoff": (ACME, "Executive head has a new phone"),
}


@pytest.fixture
def dsn(cluster):
    """A database of its own: the demo accounts exist once per database."""
    name = cluster.new_database()
    yield cluster.dsn(name)
    cluster.drop_database(name)


async def test_ten_sessions_are_written_down_as_they_were_read_by_people(database):
    await seed(database, OPTIONS, now=NOW)
    documents = {}
    for tenant in TENANTS:
        account_id = await accounts.by_slug(database, tenant.slug)
        async with database.transaction(account_id) as tx:
            for name, (whose, problem) in SESSIONS.items():
                if whose is tenant:
                    documents[name] = await tx.fetchval(
                        """
                        SELECT markdown FROM documentation d
                        JOIN session s ON s.account_id = d.account_id AND s.id = d.session_id
                        WHERE s.problem_summary LIKE $1 || '%' ORDER BY d.version DESC LIMIT 1
                        """,
                        problem,
                    )
    if os.environ.get(WRITE):
        for name, markdown in documents.items():
            (HERE / f"{name}.md").write_bytes(markdown.encode())
    assert {file.stem for file in HERE.glob("*.md")} == documents.keys()
    for name, markdown in documents.items():
        assert markdown.encode() == (HERE / f"{name}.md").read_bytes(), name
