"""Why a database can't be used. Each message says what to do."""


class UnsafeDatabase(Exception):
    """The database can't be used as it is: it would run us with too much power, or is not ours."""


class NewerSchema(UnsafeDatabase):
    """The database was migrated by a release that came after this one."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The database is at schema {revision}, which this release does not know: a newer one "
            "has migrated it. Start that release, or restore a backup from before."
        )
