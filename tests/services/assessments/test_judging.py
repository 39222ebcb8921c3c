"""What of a model's answer stands."""

from typing import Any

import orjson
import pytest

from services.assessments.judging import Unusable, judge

SNAPSHOT: Any = {
    "timeline": [
        {"id": "a", "position": 1, "outcome": "FAILED"},
        {"id": "b", "position": 2, "outcome": "WORKED"},
        {"id": "c", "position": 4, "outcome": "INCONCLUSIVE"},
    ],
    "hypotheses_ruled_out": ["Stale DNS"],
}


def said(text: str, *evidence: str, **more: Any) -> dict[str, Any]:
    return {"text": text, "evidence": list(evidence), **more}


def answer(**parts: Any) -> str:
    empty: dict[str, Any] = {
        "summary": said("Printing fails.", "S1"),
        "whatWeKnow": [],
        "likelyCause": None,
        "stepsTried": [],
        "remainingHypotheses": [],
        "suggestedNextSteps": [],
        "confidence": "LOW",
    }
    return orjson.dumps(empty | parts).decode()


def test_what_is_cited_and_not_contradicted_stands() -> None:
    judged = judge(
        answer(
            whatWeKnow=[said("The server answers.", "S2")],
            likelyCause=said("A broken driver.", "S2", "S4"),
            stepsTried=[said("The restart changed nothing.", "S1", outcome="FAILED")],
            suggestedNextSteps=[{"title": "Replace it", "detail": "", "evidence": ["S4", "S4"]}],
        ),
        SNAPSHOT,
    )
    assert judged.dropped == 0
    assert judged.confidence == "LOW"
    assert judged.content == {
        "summary": "Printing fails.",
        "what_we_know": [{"text": "The server answers.", "evidence": ["b"]}],
        "likely_cause": {"text": "A broken driver.", "evidence": ["b", "c"]},
        "steps_tried": [{"text": "The restart changed nothing.", "evidence": ["a"]}],
        "remaining_hypotheses": [],
        "suggested_next_steps": [{"title": "Replace it", "detail": None, "evidence": ["c"]}],
    }


@pytest.mark.parametrize(
    "evidence", [[], ["S3"], ["S2", "S99"], ["b"], "S2", None, [1], [["S2"]]], ids=str
)
def test_a_statement_without_steps_or_with_invented_ones_is_dropped_and_counted(
    evidence: Any,
) -> None:
    statement = {"text": "The server answers.", "evidence": evidence}
    judged = judge(answer(whatWeKnow=[statement, said("It stands.", "S2")]), SNAPSHOT)
    assert [each["text"] for each in judged.content["what_we_know"]] == ["It stands."]
    assert judged.dropped == 1


@pytest.mark.parametrize(
    "text", ["The restart worked.", "The restart fixed it.", "It was down, but the restart helped."]
)
def test_that_something_worked_is_dropped_where_it_failed(text: str) -> None:
    assert judge(answer(whatWeKnow=[said(text, "S1")]), SNAPSHOT).dropped == 1
    assert judge(answer(whatWeKnow=[said(text, "S2")]), SNAPSHOT).dropped == 0


@pytest.mark.parametrize("text", ["The restart did not help.", "Nothing fixed it so far."])
def test_that_something_did_not_work_may_be_said_where_it_failed(text: str) -> None:
    assert judge(answer(whatWeKnow=[said(text, "S1")]), SNAPSHOT).dropped == 0


def test_a_step_that_is_said_to_have_ended_otherwise_is_dropped() -> None:
    tried = [said("Restarted.", "S1", outcome=each) for each in ("WORKED", "FAILED", None)]
    judged = judge(answer(stepsTried=tried), SNAPSHOT)
    assert (len(judged.content["steps_tried"]), judged.dropped) == (1, 2)


def test_what_was_ruled_out_is_neither_cause_nor_hypothesis() -> None:
    judged = judge(
        answer(
            likelyCause=said("Probably stale DNS.", "S1"),
            remainingHypotheses=[said("Stale  DNS", "S1"), said("A driver", "S4")],
            confidence="HIGH",
        ),
        SNAPSHOT,
    )
    assert judged.content["likely_cause"] is None
    assert judged.confidence is None  # of nothing
    assert [each["text"] for each in judged.content["remaining_hypotheses"]] == ["A driver"]
    assert judged.dropped == 2


def test_texts_are_plain_and_lists_bounded() -> None:
    hostile = said("<@U1> see [this](https://evil.example) " + "x" * 5_000, "S2")
    judged = judge(answer(whatWeKnow=[hostile] * 50), SNAPSHOT)
    assert len(judged.content["what_we_know"]) == 8
    text = judged.content["what_we_know"][0]["text"]
    assert len(text) <= 400
    assert "evil" not in text
    assert "<" not in text


@pytest.mark.parametrize(
    "nonsense", ["", "{", "Sure! Here it is:", "[]", "null", "{}", '{"whatWeKnow": 1}']
)
def test_what_is_no_such_document_is_unusable(nonsense: str) -> None:
    with pytest.raises(Unusable):
        judge(nonsense, SNAPSHOT)


def test_parts_of_wrong_types_are_dropped_and_harm_nothing() -> None:
    wrong = [None, 1, "x", [], {}, {"text": 1, "evidence": ["S2"]}]
    judged = judge(
        answer(
            summary=None,
            likelyCause="me",
            whatWeKnow=wrong,
            stepsTried=wrong,
            remainingHypotheses=wrong,
            suggestedNextSteps=wrong,
            confidence=[],
        ),
        SNAPSHOT,
    )
    assert judged.empty
    assert judged.dropped == 2 + 4 * len(wrong)
