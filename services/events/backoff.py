"""Waiting longer from failure to failure."""

import itertools
import random
from collections.abc import Iterator


def delays(first: float, longest: float) -> Iterator[float]:
    """Seconds before each further attempt, without end.

    They double from ``first`` to ``longest``, each shortened by up to half at random, so that
    replicas that failed together don't come back together.
    """
    for attempt in itertools.count():
        delay = min(longest, first * 2 ** min(attempt, 30))
        yield delay * random.uniform(0.5, 1)  # noqa: S311 - not a secret
