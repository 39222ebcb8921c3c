"""The deliveries of one handoff, until each has ended: what arrived, and what went wrong."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

from rich.markup import escape
from rich.table import Table

from app.demo import documents
from app.demo.cast import Engineer
from app.demo.outside import Outside
from app.demo.report import Report

PATIENCE: Final = 90  # seconds: an attempt that hangs, and the wait before the next
POLL: Final = 0.1  # seconds
REFERENCE: Final = 50  # characters of what a vendor calls it
UNDER_WAY: Final = {"PENDING", "SENDING", "FAILED"}

Delivery = dict[str, Any]


@dataclass
class Trace:
    """``reader`` sees the handoff; ``admin`` has sent again what was given up, once each."""

    outside: Outside
    reader: Engineer
    admin: Engineer
    handoff_id: str
    report: Report
    deliveries: list[Delivery] = field(default_factory=list)
    again: set[str] = field(default_factory=set)
    _told: set[tuple[str, int]] = field(default_factory=set)

    async def settled(self) -> None:
        """Return when nothing is on its way any more, or after PATIENCE."""
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    await self.look()
                    if not await self._sent_again() and not self.under_way:
                        break
                    await asyncio.sleep(POLL)
        except TimeoutError:
            self.report.say(f"{len(self.under_way)} are still on their way after {PATIENCE} s.")
        self.show_news()

    async def look(self) -> dict[str, Any]:
        """The handoff as it is now. Shows what has happened since."""
        answer = await self.reader.client.ask(documents.DELIVERIES, handoff=self.handoff_id)
        handoff: dict[str, Any] = answer["handoff"]
        self.deliveries = handoff["deliveries"]
        self.show_news()
        for delivery in self.deliveries:
            self._show_trouble(delivery)
        return handoff

    @property
    def under_way(self) -> list[Delivery]:
        return [each for each in self.deliveries if each["state"] in UNDER_WAY]

    def show_news(self) -> None:
        for arrival in self.outside.news():
            self.report.arrived(arrival.where, arrival.what, arrival.lines)

    def _show_trouble(self, delivery: Delivery) -> None:
        history = delivery["attemptHistory"]
        if history and history[-1]["outcome"] is not None and delivery["state"] == "SENDING":
            return  # the row was read before its attempt ended: the next look tells both
        for index, attempt in enumerate(history):
            key = delivery["id"], index
            if attempt["outcome"] in {None, "SENT"} or key in self._told:
                continue
            self._told.add(key)
            number, status = attempt["number"], attempt["status"]
            code = f", status {status}" if status is not None else ""
            self.report.arrived(
                "Baton",
                f"{delivery['channel']} {delivery['purpose']}, attempt {number}: "
                f"{attempt['outcome']}{code}",
                [attempt["error"] or "", f"the delivery is {_state(delivery)}"],
            )

    async def _sent_again(self) -> bool:
        """Whether something was given up that an ADMIN has just sent again."""
        dead = [x for x in self.deliveries if x["state"] == "DEAD" and x["id"] not in self.again]
        for delivery in dead:
            self.again.add(delivery["id"])
            await self.admin.do(documents.REDELIVER, "redeliver", {"deliveryId": delivery["id"]})
            self.report.say(
                f"{self.admin.name}, ADMIN, has it sent again: `redeliver` of "
                f"{delivery['channel']} {delivery['purpose']}"
            )
        return bool(dead)

    def table(self) -> Table:
        """As the API tells it."""
        table = Table(show_edge=False, pad_edge=True)
        for name in ("Channel", "Purpose", "State"):
            table.add_column(name, no_wrap=True, min_width=len("CANCELLED"))
        table.add_column("Attempts", justify="right", no_wrap=True, min_width=len("Attempts"))
        table.add_column("Reference", no_wrap=True, overflow="crop")
        for each in self.deliveries:
            told = (each["channel"], each["purpose"], each["state"], str(each["attempts"]))
            reference = each["externalRef"] or each["skipReason"] or ""
            cut = reference if len(reference) <= REFERENCE else f"{reference[: REFERENCE - 3]}..."
            table.add_row(*told, escape(cut))
        return table


def _state(delivery: Delivery) -> str:
    state: str = delivery["state"]
    if state == "FAILED":
        return f"FAILED, and tried again at {delivery['nextAttemptAt'][11:19]} UTC"
    if state == "DEAD":
        return "DEAD: none follows by itself"
    return f"{state} by now"
