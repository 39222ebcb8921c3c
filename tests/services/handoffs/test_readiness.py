"""How ready a session is: a fixed table that only ever adds up."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.database import Database
from db.ids import uuid7
from db.models.vocabulary import Confidence, StepKind, StepOutcome
from services.accounts import require_readiness
from services.handoffs.additions import Additions
from services.handoffs.escalating import Escalation
from services.handoffs.escalating_many import escalate_many
from services.handoffs.problems import NotReady, SessionsNotEscalatable
from services.handoffs.readiness import CRITERIA, MOST_EVIDENCE, Case, ReadinessQuestion, measure
from services.handoffs.snapshot import LONGEST_DETAIL, MOST_HYPOTHESES, RECENT, freeze
from services.problems import InvalidInput
from tests.harness.people import Account
from tests.harness.story import NOON, OPTIONS, count, escalated, started

PAGE = (Path(__file__).parents[3] / "docs" / "readiness.md").read_text()
LATER = NOON + timedelta(hours=2)
NOTHING_KNOWN = dict.fromkeys(
    ("problem_domain", "environment", "customer_contact", "customer_reachable_until",
     "confidence_tier"),
) | {"problem_summary": "No mail"}  # fmt: skip
ALL = Additions(
    problem_domain="Mail flow",
    environment="Windows 11",
    customer_contact="+49 30 1234",
    customer_reachable_until=LATER,
    confidence_tier=Confidence.LOW,
)


def step(kind: StepKind, outcome: StepOutcome = StepOutcome.PENDING, **more: Any) -> dict[str, Any]:
    empty = {"detail": None, "hypothesis": None}
    return {"id": str(uuid7()), "kind": kind, "outcome": outcome} | empty | more


FACTS = st.fixed_dictionaries({
    "problem_summary": st.just("No mail"),
    "problem_domain": st.none() | st.just("DNS"),
    "environment": st.none() | st.just("Windows"),
    "customer_contact": st.none() | st.just("+49"),
    "customer_reachable_until": st.none() | st.just(LATER),
    "confidence_tier": st.none() | st.sampled_from(Confidence),
})  # fmt: skip
STEPS = st.builds(
    step,
    st.sampled_from(StepKind),
    st.sampled_from(StepOutcome),
    detail=st.none() | st.just("550 5.7.26"),
    hypothesis=st.none() | st.just("A proxy"),
)
TEXT = st.none() | st.just("Out of ideas")
CASES = st.builds(Case, FACTS, st.lists(STEPS, max_size=6), TEXT, TEXT, st.just(NOON))


@given(CASES, STEPS, st.integers(0, 6))
def test_another_step_never_lowers_a_score(case: Case, more: dict[str, Any], place: int) -> None:
    steps = [*case.steps[:place], more, *case.steps[place:]]
    assert measure(replace(case, steps=steps)).score >= measure(case).score


@given(CASES, st.sampled_from(StepOutcome))
def test_an_outcome_never_lowers_a_score(case: Case, outcome: StepOutcome) -> None:
    steps = [
        each | {"outcome": outcome} if each["outcome"] == StepOutcome.PENDING else each
        for each in case.steps
    ]
    assert measure(replace(case, steps=steps)).score >= measure(case).score


@given(CASES, st.sampled_from([name for name in NOTHING_KNOWN if name != "problem_summary"]))
def test_a_field_of_the_draft_never_lowers_a_score(case: Case, name: str) -> None:
    given_ = Additions(**{name: getattr(ALL, name)})
    more = replace(case, session=given_.applied(case.session))
    assert measure(more).score >= measure(case).score
    for written in (replace(case, reason="Stuck"), replace(case, notes="See above")):
        assert measure(written).score >= measure(case).score


def _said(case: Case, place: int, **more: str) -> Case:
    """The step at that place says what it has not said so far."""
    steps = [*case.steps]
    if steps:
        at = place % len(steps)
        steps[at] = steps[at] | {name: steps[at][name] or text for name, text in more.items()}
    return replace(case, steps=steps)


MORE: st.SearchStrategy[Callable[[Case], Case]] = st.one_of(
    st.builds(
        lambda one, place: (
            lambda case: replace(case, steps=[*case.steps[:place], one, *case.steps[place:]])
        ),
        STEPS,
        st.integers(0, 6),
    ),
    st.builds(
        lambda place, name: lambda case: _said(case, place, **{name: "More of it"}),
        st.integers(0, 6),
        st.sampled_from(["detail", "hypothesis"]),
    ),
    st.builds(
        lambda name: (
            lambda case: replace(
                case, session=Additions(**{name: getattr(ALL, name)}).applied(case.session)
            )
        ),
        st.sampled_from([name for name in NOTHING_KNOWN if name != "problem_summary"]),
    ),
    st.builds(
        lambda name: lambda case: replace(case, **{name: getattr(case, name) or "Out of ideas"}),
        st.sampled_from(["reason", "notes"]),
    ),
)


@given(CASES, st.lists(MORE, max_size=8))
def test_whatever_is_added_one_after_the_other_no_score_and_no_answer_falls(
    case: Case, added: list[Callable[[Case], Case]]
) -> None:
    for add in added:
        more = add(case)
        before, after = measure(case), measure(more)
        assert after.score >= before.score
        for was, is_ in zip(before.answers, after.answers, strict=True):
            assert is_.score >= was.score, was.question
        case = more


@given(CASES)
def test_a_score_is_the_sum_of_its_answers_and_always_the_same(case: Case) -> None:
    readiness = measure(case)
    assert readiness == measure(case)
    assert [answer.question for answer in readiness.answers] == list(ReadinessQuestion)
    assert readiness.score == sum(answer.score for answer in readiness.answers)
    assert sum(answer.possible for answer in readiness.answers) == 100
    for answer in readiness.answers:
        assert (answer.ask is None) == (answer.score == answer.possible)


def test_everything_that_counts_can_be_added() -> None:
    tried = step(StepKind.CHECK, StepOutcome.FAILED, detail="550", hypothesis="A proxy")
    steps = [tried, tried, tried, step(StepKind.FINDING)]
    bare = Case(NOTHING_KNOWN, [], None, None, NOON)
    whole = Case(ALL.applied(NOTHING_KNOWN), steps, "Out of ideas", None, NOON)
    assert (measure(bare).score, measure(whole).score) == (5, 100)


def test_a_time_that_has_passed_is_no_time() -> None:
    case = Case(ALL.applied(NOTHING_KNOWN), [], None, None, NOON)
    assert measure(case).score - measure(replace(case, now=LATER)).score == 5


def test_the_latest_steps_are_the_evidence_of_what_they_show() -> None:
    steps = [step(StepKind.FINDING) for _ in range(MOST_EVIDENCE + 2)]
    answers = measure(Case(NOTHING_KNOWN, steps, None, None, NOON)).answers
    [fact] = [fact for answer in answers for fact in answer.known if fact.evidence]
    assert [str(each) for each in fact.evidence] == [each["id"] for each in steps[2:]]


def test_the_table_in_the_documentation_is_the_one_that_counts() -> None:
    between = re.search(r"<!-- items:.*-->\n(.*?)<!-- end", PAGE, re.DOTALL)
    assert between is not None
    _header, _rule, *lines = between[1].splitlines()
    assert lines == [
        f"| {each.question} | `{each.item}` | {each.points} | {each.text} |" for each in CRITERIA
    ]


# ------------------------------------------------------------------ a minimum


async def require(database: Database, account: Account, minimum: int) -> None:
    async with database.transaction(account.id) as tx:
        await require_readiness(tx, minimum)


async def test_what_does_not_reach_the_minimum_is_refused_and_writes_nothing(
    database: Database, account: Account
) -> None:
    session = await started(database, account.tier1)  # 5 + 5 + 20 + 10
    await require(database, account, 41)
    with pytest.raises(NotReady, match=r"scores 40 of the 41 points.*word for word") as refusal:
        await escalated(database, account.tier1, session, key="k")
    assert refusal.value.readiness.score == 40
    assert await count(database, account.tier1, "handoff") == 0
    await require(database, account, 40)
    assert (await escalated(database, account.tier1, session, key="k")).seq is not None
    await require(database, account, 100)
    assert (await escalated(database, account.tier1, session, key="k")).seq is None


async def test_without_a_minimum_anything_can_be_escalated(
    database: Database, account: Account
) -> None:
    await require(database, account, 100)
    await require(database, account, 0)
    session = await started(database, account.tier1, steps=0)
    assert (await escalated(database, account.tier1, session)).seq is not None


async def test_a_minimum_is_of_one_account(
    database: Database, account: Account, other_account: Account
) -> None:
    await require(database, other_account, 100)
    session = await started(database, account.tier1, steps=0)
    assert (await escalated(database, account.tier1, session)).seq is not None
    with pytest.raises(InvalidInput):
        await require(database, account, 101)


async def test_of_several_each_that_is_not_ready_stands_in_the_way(
    database: Database, account: Account
) -> None:
    await require(database, account, 40)
    ready = await started(database, account.tier1)
    bare = await started(database, account.tier1, steps=0)
    asked = [Escalation(row["id"], "My shift ends") for row in (ready, bare)]
    with pytest.raises(SessionsNotEscalatable) as refusal:
        async with database.transaction(account.id) as tx:
            await escalate_many(tx, account.tier1, asked, now=NOON, options=OPTIONS)
    [(session_id, problem)] = refusal.value.refusals
    assert (session_id, type(problem)) == (bare["id"], NotReady)
    assert await count(database, account.tier1, "handoff") == 0


async def test_what_the_raiser_adds_counts_and_travels_and_stays_with_the_session(
    database: Database, account: Account
) -> None:
    await require(database, account, 75)
    session = await started(
        database,
        account.tier1,
        customer_name="Dana",
        environment="Windows 10",
        confidence_tier="HIGH",
    )
    with pytest.raises(NotReady):
        await escalated(database, account.tier1, session)

    raised = await escalated(database, account.tier1, session, additions=ALL)

    async with database.transaction(account.id) as tx:
        snapshot = await tx.one("SELECT * FROM snapshot")
    for row in (raised.session, snapshot):
        assert row["environment"] == "Windows 11"
        assert row["customer_reachable_until"] == LATER
        assert (row["customer_name"], row["customer_contact"]) == ("Dana", "+49 30 1234")
        assert (row["problem_domain"], row["confidence_tier"]) == ("Mail flow", "LOW")
    assert "+49 30 1234" in raised.documentation["markdown"]


async def test_nobody_is_reachable_until_a_time_that_has_passed(
    database: Database, account: Account
) -> None:
    session = await started(database, account.tier1)
    past = Additions(customer_reachable_until=NOON)
    with pytest.raises(InvalidInput) as refusal:
        await escalated(database, account.tier1, session, additions=past)
    assert refusal.value.field == "customer.reachableUntil"


# ------------------------------------------------------------------ what is frozen says its bounds


def test_what_was_too_much_for_a_snapshot_is_counted() -> None:
    def tested(number: int, outcome: StepOutcome) -> dict[str, Any]:
        return step(StepKind.CHECK, outcome, hypothesis=f"Cause {number}", detail="x" * 4001)

    half = MOST_HYPOTHESES + 3
    steps = [tested(n, StepOutcome.FAILED) for n in range(half)]
    steps += [tested(n, StepOutcome.PENDING) for n in range(half, 2 * half)]

    frozen = freeze(steps)

    assert (frozen.step_count, frozen.branch_count) == (2 * half, 2 * half)
    assert frozen.left_out == {
        "steps": 2 * half - RECENT, "details": RECENT, "hypotheses_open": 3,
        "hypotheses_ruled_out": 3,
    }  # fmt: skip
    assert frozen.hypotheses_ruled_out[0] == "Cause 3"
    assert len(frozen.hypotheses_open) == len(frozen.hypotheses_ruled_out) == MOST_HYPOTHESES
    assert {len(each["detail"]) for each in frozen.timeline} == {LONGEST_DETAIL}


def test_what_is_whole_says_so() -> None:
    steps = [step(StepKind.CHECK, detail="x" * LONGEST_DETAIL) for _ in range(RECENT)]
    assert freeze(steps).left_out == {}
