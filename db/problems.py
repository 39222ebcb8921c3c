"""Why a database can't be used, and what of its errors may be written down."""

import asyncpg


class UnsafeDatabase(Exception):
    """The database can't be used as it is: it would run us with too much power, or is not ours."""


class NewerSchema(UnsafeDatabase):
    """The database was migrated by a release that came after this one."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The database is at schema {revision}, which this release does not know: a newer one "
            "has migrated it. Start that release, or restore a backup from before."
        )


def forget_values(error: BaseException) -> None:
    """Take rows and values out of an error of PostgreSQL's, and of those that led to it.

    Its DETAIL and HINT quote rows and keys. Errors about values (SQLSTATE class 22, and asyncpg's
    own about arguments) quote them in the message itself: of those the code remains.
    """
    waiting, seen = [error], set[int]()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, asyncpg.PostgresError):
            each.detail = each.hint = None
            if isinstance(each, asyncpg.DataError):
                each.args = (f"a value does not fit (SQLSTATE {each.sqlstate})",)
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions
        waiting += filter(None, (each.__cause__, each.__context__))
