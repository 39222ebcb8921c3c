"""`make fuzz`: rounds of random documents for some minutes, or until a fault is found."""

import argparse
import sys
import time
from collections import Counter

from tests.fuzz.asking import Fault, a_round, asked_of
from tests.harness.postgres import running_cluster
from tests.model.life import a_seed

ROUND = 200  # documents


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--seed", type=int)
    asked = parser.parse_args()
    seed = a_seed() if asked.seed is None else asked.seed
    end = time.monotonic() + asked.seconds
    total: Counter[str] = Counter()
    try:
        with running_cluster() as cluster, asked_of(cluster.dsn(cluster.new_database())) as web:
            while time.monotonic() < end:
                total += a_round(web, seed, ROUND)
                say(f"seed {seed}: {total.total():,} documents, no fault")
                seed += 1
    except Fault as fault:
        raise SystemExit(f"seed {seed}: {fault}") from None
    for answer, count in total.most_common():
        say(f"{count:9,} {answer}")


if __name__ == "__main__":
    main()
