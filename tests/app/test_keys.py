"""`baton rotate-keys`, as an operator runs it."""

import os
import subprocess
import sys

from cryptography.fernet import Fernet

from db.database import Database
from services.integrations.vault import Vault
from tests.harness.people import Account
from tests.services.integrations.connecting import saved, stored

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


def rotate_keys(dsn: str, *keys: str) -> "subprocess.CompletedProcess[str]":
    settings = {"BATON_DATABASE_URL": dsn, "BATON_SECRET_KEYS": ",".join(keys)}
    return subprocess.run(
        [sys.executable, "-m", "app", "rotate-keys"],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


async def test_the_old_key_can_be_thrown_away_afterwards(
    database: Database, dsn: str, account: Account
) -> None:
    row = await saved(database, account.admin, vault=Vault([OLD]))
    done = rotate_keys(dsn, NEW, OLD)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 encrypted anew, 0 had the newest key" in done.stdout
    again = rotate_keys(dsn, NEW)
    assert "0 encrypted anew, 1 had the newest key" in again.stdout
    assert Vault([NEW]).open((await stored(database, account.admin, row))["secrets"])

    lost = rotate_keys(dsn, Fernet.generate_key().decode())
    assert (lost.returncode, "1 can't be read" in lost.stderr) == (1, True)
    none = rotate_keys(dsn)
    assert (none.returncode, "BATON_SECRET_KEYS" in none.stderr) == (1, True)
