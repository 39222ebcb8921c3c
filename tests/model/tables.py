"""All rows of an account in the model's words, and what must hold of them whatever happened."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from db.database import Database
from tests.harness.story import NOON
from tests.model.folding import WAITING, Logged, holders

TABLES: Final = {
    "session": "id",
    "step": "session_id, position",
    "handoff": "id",
    "event": "seq",
    "notification": "id",
    "delivery": "id",
    "idempotency_key": "created_at",
    "assessment_rating": "rated_at",
}
# One statement, so that all of it is of one moment.
EVERYTHING: Final = "SELECT json_build_object({})".format(
    ", ".join(
        f"'{table}', (SELECT coalesce(json_agg(t ORDER BY {order}), '[]') FROM {table} t "
        "WHERE account_id = $1)"
        for table, order in TABLES.items()
    )
)


async def everything(
    database: Database,
    account_id: UUID,
    names: Mapping[str, str],
    sessions: list[UUID],
    handoffs: list[UUID],
) -> "Everything":
    """``names`` are people's by id; ``sessions`` and ``handoffs`` are ids by number."""
    async with database.transaction(account_id) as tx:
        rows = await tx.fetchval(EVERYTHING, account_id)
    return Everything(rows, names, sessions, handoffs)


class Everything:
    def __init__(
        self,
        tables: dict[str, list[dict[str, Any]]],
        names: Mapping[str, str],
        sessions: list[UUID],
        handoffs: list[UUID],
    ) -> None:
        self._tables = tables
        self._session = {str(id_): n for n, id_ in enumerate(sessions)}
        self._handoff = {str(id_): n for n, id_ in enumerate(handoffs)}
        self._name: dict[str | None, str | None] = {None: None} | dict(names)

    def in_words(self) -> dict[str, Any]:
        return {
            "sessions": [self._a_session(row) for row in self._tables["session"]],
            "handoffs": [self._a_handoff(row) for row in self._tables["handoff"]],
            "log": [self._a_fact(row) for row in self._tables["event"]],
            "bell": sorted(
                (self._name[row["engineer_id"]], self._handoff[row["handoff_id"]], row["about"])
                for row in self._tables["notification"]
            ),
            "mails": self._mails(),
            "ratings": {
                (self._handoff[row["handoff_id"]], self._name[row["engineer_id"]]): (
                    row["verdict"],
                    row["comment"],
                )
                for row in self._tables["assessment_rating"]
            },
            "keys": sorted(
                (self._name[row["engineer_id"]], row["operation"], row["key"])
                for row in self._tables["idempotency_key"]
            ),
        }

    def _a_session(self, row: dict[str, Any]) -> tuple[Any, ...]:
        steps = [
            (step["kind"], self._name[step["author_id"]], step["detail"] or step["title"])
            for step in self._tables["step"]
            if step["session_id"] == row["id"]
        ]
        assert row["step_count"] == len(steps)
        return (
            self._name[row["owner_id"]],
            row["status"],
            self._name[row["escalated_to_id"]],
            row["resolution"],
            steps,
        )

    def _a_handoff(self, row: dict[str, Any]) -> dict[str, Any]:
        closed = row["status"] not in ("OPEN", "CLAIMED")
        assert closed == (row["closed_at"] is not None)
        claimed_at = row["claimed_at"] and tick(datetime.fromisoformat(row["claimed_at"]))
        return {
            "session": self._session[row["session_id"]],
            "raiser": self._name[row["raised_by_id"]],
            "target": self._name[row["target_id"]],
            "status": row["status"],
            "version": row["version"],
            "claimer": self._name[row["claimed_by_id"]],
            "claimed_at": claimed_at,
            "approach": row["approach"],
            "release_reason": row["release_reason"],
            "supersedes": self._handoff.get(row["supersedes_id"]),
            "batch": self._first_of_batch(row["batch_id"]),
        }

    def _first_of_batch(self, batch_id: str | None) -> int | None:
        if batch_id is None:
            return None
        rows = self._tables["handoff"]
        return min(self._handoff[row["id"]] for row in rows if row["batch_id"] == batch_id)

    def _a_fact(self, row: dict[str, Any]) -> tuple[Any, ...]:
        data = {
            name: self._name.get(value, value) if name in ("from", "to") else value
            for name, value in row["data"].items()
        }
        told = [self._name[engineer_id] for engineer_id in row["notified"]]
        assert len(set(told)) == len(told), "one event rings a bell twice"
        return (
            row["type"],
            self._handoff[row["handoff_id"]],
            self._name[row["actor_id"]],
            frozenset(told),
            tuple(sorted(data.items())),
        )

    def _mails(self) -> list[tuple[Any, ...]]:
        """From the keys that a receiver tells repeats by: handoff:purpose[version]:channel:whom."""
        mails = []
        for row in self._tables["delivery"]:
            if row["state"] == "SKIPPED":
                continue
            handoff_id, occasion, channel, engineer_id = row["idempotency_key"].split(":")
            assert (handoff_id, engineer_id) == (row["handoff_id"], row["engineer_id"])
            assert (channel, row["state"]) == ("EMAIL", "PENDING")
            assert occasion.startswith(row["purpose"])
            version = int(occasion.removeprefix(row["purpose"]) or 1)
            name = self._name[engineer_id]
            mails.append((self._handoff[handoff_id], row["purpose"], version, name))
        return sorted(mails)

    def check(self) -> None:
        """The promises that need no model to be checked."""
        handoffs, events = self._tables["handoff"], self._tables["event"]
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        live = [row["session_id"] for row in handoffs if row["status"] in ("OPEN", "CLAIMED")]
        assert len(set(live)) == len(live), "a session with two live handoffs"
        for row in handoffs:
            own = sum(
                event["handoff_id"] == row["id"] and event["type"].startswith("handoff.")
                for event in events
            )
            # what supersedes a handoff is another's event
            assert row["version"] == own + (row["status"] == "SUPERSEDED")
        self._check_bell()
        logged = [Logged(row["type"], row["handoff_id"], row["actor_id"]) for row in events]
        folded = holders(
            logged,
            {row["id"]: row["session_id"] for row in handoffs},
            {row["id"]: row["owner_id"] for row in self._tables["session"]},
        )
        assert folded == {row["id"]: _holder(row) for row in self._tables["session"]}

    def _check_bell(self) -> None:
        items = {row["id"]: row for row in self._tables["notification"]}
        rung = [
            (item, engineer, event["handoff_id"], event["type"])
            for event in self._tables["event"]
            for item, engineer in zip(event["notifications"], event["notified"], strict=True)
        ]
        assert sorted(rung) == sorted(
            (id_, row["engineer_id"], row["handoff_id"], row["about"]) for id_, row in items.items()
        )


def _holder(session: dict[str, Any]) -> str | None:
    if session["status"] == "ESCALATED":
        return WAITING
    holder: str = session["escalated_to_id"] or session["owner_id"]
    return holder


def moment(at: int) -> datetime:
    return NOON + timedelta(seconds=at)


def tick(time: datetime) -> int:
    return round((time - NOON).total_seconds())
