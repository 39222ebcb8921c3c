"""The written accounts of ten demo sessions, one of them also as it was assessed, word for word, to
be read by people when they change.

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
from tests.harness.assessed import assessed
from tests.harness.messages import answer, cites

HERE: Final = Path(__file__).parent / "golden"
NOW: Final = datetime(2026, 3, 11, 14, 30, tzinfo=UTC)
OPTIONS: Final = Options(link_base="https://desk.acme.test", assessment=True)
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
ASSESSED: Final = "assessed-mail"
# what a model might say of the session "raised-mail"
ANSWER: Final = answer(
    summary=cites(
        "Since Monday 118 of 402 invoices bounce at Google with 550-5.7.26. They are the ones that "
        "Qube delivers itself instead of through the relay, and nothing authenticates these: SPF "
        "is in PermError and lacks the office's address, and DKIM is off.",
        "S1", "S4", "S5", "S6",
    ),
    likelyCause=cites(
        "Qube falls back to direct delivery, which can pass neither SPF nor DKIM.", "S4", "S5", "S6"
    ),
    whatWeKnow=[
        cites("The 118 that bounced are the 118 that Qube's log calls direct delivery.", "S4"),
        cites("SPF needs 12 lookups, so it is in PermError for every sender.", "S5"),
        cites("DKIM was never switched on for the domain: its CNAMEs are missing.", "S6"),
        cites("The switch in Qube's screen does not hold: a policy file overrides it.", "S7"),
    ],
    stepsTried=[],
    remainingHypotheses=[
        cites("The relay answers with 421 during the run, which makes Qube fall back.", "S8")
    ],
    suggestedNextSteps=[
        {
            "title": "Publish both DKIM CNAMEs and switch signing on",
            "detail": "On the phone with Dana, who has the Cloudflare login; the targets are in "
            "the portal. It unblocks what goes through the relay whatever SPF says.",
            "evidence": ["S6", "S9"],
        },
        {
            "title": "Forbid direct delivery in Qube's policy file, then send one test invoice",
            "detail": None,
            "evidence": ["S7"],
        },
        {
            "title": "Bring SPF below ten lookups",
            "detail": "Ask Dana which of Mailchimp, SendGrid and Mailjet are still in use.",
            "evidence": ["S5"],
        },
    ],
)  # fmt: skip


@pytest.fixture
def dsn(cluster):
    """A database of its own: the demo accounts exist once per database."""
    name = cluster.new_database()
    yield cluster.dsn(name)
    cluster.drop_database(name)


async def once_assessed(database, problem):
    account_id = await accounts.by_slug(database, ACME.slug)
    raised = "SELECT id FROM handoff WHERE problem_summary LIKE $1 || '%'"
    async with database.transaction(account_id) as tx:
        handoff_id = await tx.fetchval(raised, problem)
    await assessed(database, account_id, handoff_id, ANSWER)
    written = "SELECT markdown FROM documentation WHERE handoff_id = $1 AND kind = 'ASSESSED'"
    async with database.transaction(account_id) as tx:
        return await tx.fetchval(written, handoff_id)


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
    documents[ASSESSED] = await once_assessed(database, SESSIONS["raised-mail"][1])
    if os.environ.get(WRITE):
        for name, markdown in documents.items():
            (HERE / f"{name}.md").write_bytes(markdown.encode())
    assert {file.stem for file in HERE.glob("*.md")} == documents.keys()
    for name, markdown in documents.items():
        assert markdown.encode() == (HERE / f"{name}.md").read_bytes(), name
