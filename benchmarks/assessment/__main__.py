"""`python -m benchmarks.assessment`: ask about twenty sessions, and score what comes back."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final

import uvloop

from app.settings import load
from benchmarks import running, world
from benchmarks.assessment import answering, reporting
from benchmarks.assessment.answering import Answering
from benchmarks.assessment.asking import asking
from benchmarks.assessment.scoring import Score, score
from benchmarks.assessment.situations import Situation, situations

GOOD: Final = answering.FOLDER / "good"


def main() -> None:
    given = asked()
    known = [each for each in situations() if given.only is None or each.name in given.only]
    budget: float = given.budget
    source: AbstractAsyncContextManager[Answering]
    if given.live:
        settings = load()
        if settings.anthropic_api_key is None:
            sys.exit("benchmarks: --live needs BATON_ANTHROPIC_API_KEY")
        source, about = answering.live(settings), f"{settings.assessment_model}, asked now"
    else:
        answers = answering.recorded(given.recorded)
        known = [each for each in known if each.name in answers]
        source, about = answering.replaying(answers), f"recorded answers of {given.recorded.name}"
    if not known:
        sys.exit("benchmarks: there is no such session, or no answer for it")
    try:
        scores = uvloop.run(run(known, source, budget, given.save))
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit("benchmarks: stopped")
    print("\n".join(reporting.table(scores)))
    print()
    for line in reporting.details(scores):
        print(line)
    print(f"{about}; budget {budget:g} s.")
    sys.exit(1 if any(each.kept for each in scores) else 0)


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.assessment", description=__doc__)
    way = parser.add_mutually_exclusive_group()
    way.add_argument(
        "--recorded", type=Path, default=GOOD, metavar="DIR", help="answers that are replayed"
    )
    way.add_argument("--live", action="store_true", help="with BATON_ANTHROPIC_API_KEY")
    parser.add_argument("--save", type=Path, metavar="DIR", help="keep the answers there")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="of sessions")
    parser.add_argument("--budget", type=float, default=5.0, metavar="S", help="of each question")
    return parser.parse_args()


async def run(
    known: Sequence[Situation],
    source: AbstractAsyncContextManager[Answering],
    budget: float,
    saved: Path | None,
) -> list[Score]:
    """One after the other. Everything started here is ended when it returns."""
    scores = []
    with running.temporary() as place:
        async with (
            running.postgres(place / "data") as server,
            running.opened(server) as database,
            source as (model, about),
        ):
            desk = await world.make_desk(database, "assessed", juniors=1, seniors=1)
            async with asking(database, desk.juniors[0], model, budget=budget) as asker:
                for situation in known:
                    about(situation.name)
                    found = await asker.ask(situation)
                    if saved is not None and found.answer is not None:
                        answering.save(saved, situation.name, found.answer)
                    scores.append(score(situation, found))
    return scores


if __name__ == "__main__":
    main()
