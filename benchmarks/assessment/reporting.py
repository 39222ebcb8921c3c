"""The scores as one table, and below it what each lost points for."""

from collections.abc import Iterator, Sequence
from typing import Final

from benchmarks.assessment.scoring import Score

HEADER: Final = "| session | state | evidence | tried | found | said | shown | dropped | ms |"


def table(scores: Sequence[Score]) -> list[str]:
    return [
        HEADER,
        "| --- " * (HEADER.count("|") - 1) + "|",
        *(_line(each.situation.name, _state(each), [each]) for each in scores),
        _line(f"all {len(scores)}", f"{sum(each.as_expected for each in scores)} right", scores),
    ]


def details(scores: Sequence[Score]) -> Iterator[str]:
    for each in scores:
        name = each.situation.name
        if not each.as_expected:
            yield f"{name}: ended as {_state(each)}, not {each.situation.state}"
        for claim in each.unsupported:
            cited = ", ".join(claim.evidence) or "anything"
            yield f"{name}: does not rest on {cited}: {claim.text}"
        if each.untried:
            yield f"{name}: nothing is said of {', '.join(each.untried)}, which was tried"
        yield from (f"{name}: not found: {what}" for what in each.missed)
        yield from (f"{name}: said: {one.fault}: {one.what}" for one in each.said)
        yield from (f"{name}: SHOWN: {one.fault}: {one.what}" for one in each.kept)


def _state(each: Score) -> str:
    return f"{each.run.state} {each.run.reason}" if each.run.reason else each.run.state


def _line(name: str, state: str, scores: Sequence[Score]) -> str:
    statements = sum(each.statements for each in scores)
    steps = sum(each.to_try for each in scores)
    findings = sum(len(each.situation.findings) for each in scores)
    took = sorted(each.run.latency_ms or 0 for each in scores)
    cells = [
        name,
        state,
        _share(statements - sum(len(each.unsupported) for each in scores), statements),
        _share(steps - sum(len(each.untried) for each in scores), steps),
        _share(findings - sum(len(each.missed) for each in scores), findings),
        str(sum(len(each.said) for each in scores)),
        str(sum(len(each.kept) for each in scores)),
        str(sum(each.run.dropped for each in scores)),
        str(took[len(took) // 2]),
    ]
    return f"| {' | '.join(cells)} |"


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole}" if whole else "–"
