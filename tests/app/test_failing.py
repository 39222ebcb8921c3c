"""A command that fails says why, and quotes no row of anybody's."""

import asyncio

import asyncpg
import pytest
import sqlalchemy
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.commands.failing import told

NO_NAME = "INSERT INTO account (id, slug, name) VALUES (gen_random_uuid(), 'linnet', NULL)"


async def by_asyncpg(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(NO_NAME)
    finally:
        await connection.close()


async def by_sqlalchemy(dsn: str) -> None:
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(dsn), poolclass=NullPool
    )
    async with engine.begin() as connection:
        await connection.execute(sqlalchemy.text(NO_NAME))


@pytest.mark.parametrize("fail", [by_asyncpg, by_sqlalchemy])
def test_a_row_that_the_database_refuses_is_not_quoted(fail, dsn, cluster, database_name, capsys):
    cluster.as_superuser(
        "ALTER TABLE account DISABLE ROW LEVEL SECURITY", database=database_name
    )  # the account's own row fails then, and not the policy
    with pytest.raises(SystemExit), told():
        asyncio.run(fail(dsn))
    said = capsys.readouterr().err
    assert 'NotNullViolationError: null value in column "name"' in said
    assert "linnet" not in said
