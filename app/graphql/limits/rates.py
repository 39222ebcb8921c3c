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
        self.token = name.encode()
        self.quota = quota
        self.clock = clock
        self.remembered = remembered
        self.per_second = quota / WINDOW
        self.spent: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()  # (points, as of)

    def debt(self, spender: Hashable) -> float:
        """Points that have not come back yet."""
        known = self.spent.get(spender)
        if known is None:
            return 0.0
        points, since = known
        return max(0.0, points - (self.clock() - since) * self.per_second)

    def spend(self, spender: Hashable, points: float) -> int:
        """What is left."""
        if not self.quota:
            return 0
        debt = self.debt(spender) + points
        self.spent[spender] = (debt, self.clock())
        self.spent.move_to_end(spender)
        if len(self.spent) > self.remembered:
            self.spent.popitem(last=False)
        return max(0, floor(self.quota - debt))

    def wait(self, spender: Hashable, points: float, *, urgent: bool = False) -> int:
        """Whole seconds until so much can be spent; 0 for at once. All that there can be is enough
        for what costs more."""
        if not self.quota:
            return 0
        most = self.quota * (1 + RESERVE) if urgent else self.quota
        wanted = min(points, self.quota)
        known = self.spent.get(spender)
        if known is None or known[0] + wanted <= most:  # whatever has come back since
            return 0
        return max(0, ceil((self.debt(spender) + wanted - most) / self.per_second))

    def standing(self, spender: Hashable) -> tuple[int, int]:
        """(what is left, whole seconds until all of it is back)"""
        debt = self.debt(spender)
        return max(0, floor(self.quota - debt)), ceil(debt / self.per_second)


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

    def spend(self, identity: Identity, points: float) -> tuple[int, int] | None:
        """(budget, what is left of it), of the one that has less left; None without any."""
        found = [
            (budget.spend(spender, points), budget.quota)
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
        standing = b", ".join(
            b'"%b";r=%d;t=%d' % (budget.token, *budget.standing(spender))
            for budget, spender in self._of(identity)
            if budget.quota
        )
        return (self.policy, (b"ratelimit", standing))

    def _of(self, identity: Identity) -> tuple[tuple[Budget, Hashable], ...]:
        return (self.engineers, identity.engineer), (self.accounts, identity.account)
