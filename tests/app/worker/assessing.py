"""An assessor that runs while a test does, with a small budget."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from app.worker.assessor import Assessor
from app.worker.model import Anthropic
from db.database import Database
from services.events import Doorbell
from tests.harness.messages import Messages

BUDGET = 2.0  # seconds; what has an answer does not take them
SHORT = 0.4  # for what has none
KEY = "sk-ant-the-key"


@asynccontextmanager
async def assessing(
    database: Database, server: Messages | None, *, doorbell: Doorbell | None = None, **how: Any
) -> AsyncIterator[Assessor]:
    model = None
    if server is not None:
        model = Anthropic(KEY, "claude-asked", base_url=server.url, patience=timedelta(seconds=20))
    facts: dict[str, Any] = {"budget": timedelta(seconds=BUDGET), "daily": 100}
    assessor = Assessor(
        database,
        doorbell or Doorbell("memory://"),
        model,
        poll=timedelta(seconds=0.05),
        drain=timedelta(seconds=0.1),
        **facts | how,
    )
    await assessor.start()
    try:
        yield assessor
    finally:
        await asyncio.wait_for(assessor.stop(), 10)
