"""The proofs at length, for `make chaos-streams` and `make chaos-deliveries`."""

import argparse

from tests.chaos.deliveries import telling as deliveries
from tests.chaos.streams import telling as streams
from tests.model.life import a_seed


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    proofs = parser.add_subparsers(required=True, metavar="PROOF")
    for name, proof in (("streams", streams), ("deliveries", deliveries)):
        its = proofs.add_parser(name)
        its.add_argument("--seed", type=int)
        proof.arguments(its)
        its.set_defaults(prove=proof.prove)
    asked = parser.parse_args()
    seed = a_seed() if asked.seed is None else asked.seed
    if broken := asked.prove(asked, seed):
        raise SystemExit(f"seed {seed}: {broken} violations")


if __name__ == "__main__":
    main()
