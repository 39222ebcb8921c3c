"""Plain Strawberry's database sessions and dataloaders."""

from asyncio import Lock
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import col, select, text
from sqlmodel.ext.asyncio.session import AsyncSession
from strawberry.dataloader import DataLoader

from db import models
from services.actor import Actor

Sessions = async_sessionmaker[AsyncSession]


@asynccontextmanager
async def tenant(sessions: Sessions, actor: Actor) -> AsyncIterator[AsyncSession]:
    """A database session that sees the caller's account."""
    async with sessions() as session:
        await session.execute(
            text("SELECT set_config('app.account_id', :account, true)"),
            {"account": str(actor.account_id)},
        )
        yield session


class Loaders:
    """One for each operation, over its database session, which takes one statement at a time."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._turn = Lock()
        self.engineers = DataLoader(load_fn=self._engineers)
        self.work = DataLoader(load_fn=self._work)
        self.snapshots = DataLoader(load_fn=self._snapshots)

    async def _engineers(self, keys: list[UUID]) -> list[models.Engineer]:
        return await self._rows(models.Engineer, models.Engineer.id, keys)

    async def _work(self, keys: list[UUID]) -> list[models.Session]:
        return await self._rows(models.Session, models.Session.id, keys)

    async def _snapshots(self, keys: list[UUID]) -> list[models.Snapshot]:
        return await self._rows(models.Snapshot, models.Snapshot.handoff_id, keys)

    async def _rows(self, model: Any, key: Any, keys: list[UUID]) -> list[Any]:
        async with self._turn:
            rows = (await self._session.exec(select(model).where(col(key).in_(keys)))).all()
        found = {getattr(row, key.key): row for row in rows}
        return [found[each] for each in keys]
