"""Noticing that somebody's role, tier or access in an account has changed, by whatever way."""

from collections import Counter
from collections.abc import Callable, Collection
from uuid import UUID


class People:
    """The accounts whose people this process looks after, and who wants to know of a change.

    The database counts changes for each account; the hub's poll brings the counts here.
    """

    def __init__(self) -> None:
        self._watched: Counter[UUID] = Counter()
        self._counts: dict[UUID, int] = {}
        self._listeners: list[Callable[[UUID], None]] = []

    @property
    def watched(self) -> Collection[UUID]:
        return self._watched.keys()

    def listen(self, changed: Callable[[UUID], None]) -> None:
        """Call ``changed`` when rights in an account may have changed. It must not raise.

        For watched accounts within a poll of every change, and once after the first ``watch``,
        since what came before is not known; for any account when somebody rang.
        """
        self._listeners.append(changed)

    def watch(self, account_id: UUID) -> None:
        """Look after the account, until ``unwatch`` was called as often."""
        self._watched[account_id] += 1

    def unwatch(self, account_id: UUID) -> None:
        self._watched[account_id] -= 1
        if self._watched[account_id] <= 0:
            del self._watched[account_id]
            self._counts.pop(account_id, None)

    def counted(self, account_id: UUID, changes: int) -> None:
        """So many changes there have been. Another number than the last time is a change."""
        if account_id in self._watched and self._counts.get(account_id) != changes:
            self._counts[account_id] = changes
            self.tell(account_id)

    def tell(self, account_id: UUID) -> None:
        for changed in self._listeners:
            changed(account_id)
