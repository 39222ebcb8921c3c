"""Open files: in fan-out the client holds a socket to each contestant for each subscriber."""

import resource
from collections.abc import Sequence
from typing import Final

from benchmarks.live.fanout import MOST_PLAIN
from benchmarks.world import CONTESTANTS

BESIDE: Final = 300  # imports, database connections, the clients of other paths


def allow(sizes: Sequence[int]) -> tuple[int, ...]:
    """Raise this process's limit, which the servers inherit. Returns the sizes it is enough for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = hard if hard != resource.RLIM_INFINITY else need(max(sizes))
    fitting = tuple(size for size in sizes if need(size) <= most)
    if fitting and need(max(fitting)) > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (need(max(fitting)), hard))
    return fitting


def need(subscribers: int) -> int:
    contestants = CONTESTANTS if subscribers <= MOST_PLAIN else CONTESTANTS - 1
    return contestants * subscribers + BESIDE
