"""Random documents find no fault; the long way is `make fuzz`."""

from typing import Any

import pytest

from tests.fuzz.asking import a_round, asked_of
from tests.fuzz.judging import faults

SEED, DOCUMENTS = 20261125, 25


def test_random_documents_of_people_of_every_role_meet_no_fault(dsn: str) -> None:
    with asked_of(dsn) as web:
        answers = a_round(web, SEED, DOCUMENTS)
    assert answers.total() >= DOCUMENTS
    assert answers["data"] > DOCUMENTS / 4


@pytest.mark.parametrize(
    ("status", "answer", "count"),
    [
        (200, {"data": {"viewer": None}}, 0),
        (200, {"errors": [{"extensions": {"code": "BAD_REQUEST"}}]}, 0),
        (200, {"data": {}, "errors": [{"extensions": {"code": "INTERNAL", "errorId": "x"}}]}, 1),
        (503, {"errors": [{"extensions": {"code": "UNAVAILABLE"}}]}, 2),
        (200, {"errors": [{"message": "no code"}]}, 1),
        (200, {"errors": [{"extensions": {"code": "OOPS"}}]}, 1),
        (200, {"detail": "what?"}, 1),
        (500, None, 2),
    ],
)
def test_a_fault_is_seen(status: int, answer: Any, count: int) -> None:
    assert len(list(faults(status, answer))) == count
