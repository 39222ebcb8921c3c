"""What the database says happened: the events of an account, and who should be given which."""

from collections import defaultdict
from typing import Final

from db.database import Database, Row
from db.models.vocabulary import EventType
from resolvers import cursors
from services.actor import Actor
from services.ids import Kind, public
from tests.chaos.streams.checker import Fact, Log, Stream
from tests.harness.people import Account

# how many more wait for somebody when it has happened
WAITING: Final = {
    EventType.HANDOFF_CREATED: 1,
    EventType.HANDOFF_CLAIMED: -1,
    EventType.HANDOFF_RELEASED: 1,
    EventType.HANDOFF_CANCELLED: -1,
}


class AccountLog:
    def __init__(self, account: Account, rows: list[Row]) -> None:
        assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1)), "the log has a hole"
        self._account = account
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def log(self) -> Log:
        waiting = [0]
        for row in self._rows:
            waiting.append(waiting[-1] + WAITING.get(row["type"], 0))
        numbers = range(len(self._rows) + 1)
        return Log(self._account.slug, [self._cursor(number) for number in numbers], waiting)

    def caused(self) -> dict[str, list[str]]:
        """Kinds of events by handoff, in order."""
        found = defaultdict(list)
        for row in self._rows:
            found[public(Kind.HANDOFF, row["handoff_id"])].append(_kind(row))
        return dict(found)

    def expected(self, stream: Stream, reader: Actor) -> list[Fact]:
        """All that a stream has of the log for somebody who follows it from the beginning."""
        if stream is Stream.BELL:
            return [
                Fact(self._cursor(row["seq"]), "NotificationReceived", item)
                for row in self._rows
                if (item := _item(row, reader)) is not None
            ]
        return [
            Fact(self._cursor(row["seq"]), _kind(row), public(Kind.HANDOFF, row["handoff_id"]))
            for row in self._rows
            if stream is Stream.EVENTS or row["type"] == EventType.HANDOFF_CREATED
        ]

    def _cursor(self, seq: int) -> str:
        return cursors.write(self._account.id, seq)


def _kind(row: Row) -> str:
    """``handoff.created`` is a HandoffCreated."""
    return "".join(word.capitalize() for word in row["type"].split("."))


def _item(row: Row, reader: Actor) -> str | None:
    for engineer_id, notification_id in zip(row["notified"], row["notifications"], strict=True):
        if engineer_id == reader.id:
            return public(Kind.NOTIFICATION, notification_id)
    return None


async def read_log(database: Database, account: Account) -> AccountLog:
    async with database.transaction(account.id) as tx:
        return AccountLog(account, list(await tx.fetch("SELECT * FROM event ORDER BY seq")))
