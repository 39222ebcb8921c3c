"""What is left to spend for an engineer and for an account, in this process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from math import ceil, floor
from time import monotonic
from typing import Final

from app.graphql.callers import Identity
from resolvers.errors import ClientError, ErrorCode

WINDOW: Final = 60.0
"""Seconds in which all of a budget comes back, steadily."""

RESERVE: Final = 0.1
"""Of a budget, beyond it: for what is urgent, and for finding out whether it is."""

REMEMBERED: Final = 10_000
"""Spenders of each kind, some 200 bytes each. Who is forgotten has a whole budget again."""


class Budget:
    """``quota`` points for each spender; 0 is no limit. A spender may be in debt: what was done
    already is charged all the same."""

    def __init__(
        self, name: str, quota: int, *, clock: Callable[[], float], remembered: int = REMEMBERED
    ) -> None:
        self.name = name
        self.quota = quota
        self.clock = clock
        self.remembered = remembered
        self.per_second = quota / WINDOW
        self.spent: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()  # (points, as of)

    def debt(self, spender: Hashable) -> float:
        """Points that have not come back yet."""
        points, since = self.spent.get(spender, (0.0, 0.0))
        return max(0.0, points - (self.clock() - since) * self.per_second)

    def left(self, spender: Hashable) -> int:
        return max(0, floor(self.quota - self.debt(spender)))

    def spend(self, spender: Hashable, points: float) -> None:
        if not self.quota:
            return
        self.spent[spender] = (self.debt(spender) + points, self.clock())
        self.spent.move_to_end(spender)
        if len(self.spent) > self.remembered:
            self.spent.popitem(last=False)

    def wait(self, spender: Hashable, points: float, *, urgent: bool = False) -> int:
        """Whole seconds until so much can be spent; 0 for at once. All that there can be is enough
        for what costs more."""
        if not self.quota:
            return 0
        most = self.quota * (1 + RESERVE) if urgent else self.quota
        lacking = self.debt(spender) + min(points, self.quota) - most
        return max(0, ceil(lacking / self.per_second))

    def until_full(self, spender: Hashable) -> int:
        return ceil(self.debt(spender) / self.per_second)


class Rates:
    """Points are those of ``pricing``: what one request costs, the engineer spends, and with them
    their account. ``clock`` in seconds."""

    def __init__(
        self,
        *,
        per_engineer: int = 0,
        per_account: int = 0,
        clock: Callable[[], float] = monotonic,
        remembered: int = REMEMBERED,
    ) -> None:
        self.engineers = Budget("engineer", per_engineer, clock=clock, remembered=remembered)
        self.accounts = Budget("account", per_account, clock=clock, remembered=remembered)
        limited = [each for each in (self.engineers, self.accounts) if each.quota]
        policy = ", ".join(
            f'"{each.name}";q={each.quota};w={WINDOW:.0f};qu="cost"' for each in limited
        )
        self.policy = (b"ratelimit-policy", policy.encode())
        self.limited = bool(limited)

    def check(self, identity: Identity, points: float = 1, *, urgent: bool = False) -> None:
        """Raises ClientError (RATE_LIMITED) when so much can not be spent now: of the reserve too,
        if it is ``urgent``."""
        for budget, spender in self._of(identity):
            wait = budget.wait(spender, points, urgent=urgent)
            if wait:
                raise ClientError(
                    f"The {budget.name} has spent what there is for a minute, {budget.quota} "
                    f"points, and this costs {ceil(points)}. Try again in {wait} s.",
                    ErrorCode.RATE_LIMITED,
                    {"retryAfter": wait},
                )

    def spend(self, identity: Identity, points: float) -> None:
        for budget, spender in self._of(identity):
            budget.spend(spender, points)

    def left(self, identity: Identity) -> tuple[int, int] | None:
        """(budget, what is left of it), of the one that has less left; None without any."""
        found = [
            (budget.left(spender), budget.quota)
            for budget, spender in self._of(identity)
            if budget.quota
        ]
        if not found:
            return None
        left, quota = min(found)
        return quota, left

    def headers(self, identity: Identity) -> tuple[tuple[bytes, bytes], ...]:
        """Source: draft-ietf-httpapi-ratelimit-headers-10. ``t``: seconds until all is back."""
        if not self.limited:
            return ()
        standing = ", ".join(
            f'"{budget.name}";r={budget.left(spender)};t={budget.until_full(spender)}'
            for budget, spender in self._of(identity)
            if budget.quota
        )
        return (self.policy, (b"ratelimit", standing.encode()))

    def _of(self, identity: Identity) -> tuple[tuple[Budget, Hashable], ...]:
        return (self.engineers, identity.engineer), (self.accounts, identity.account)
