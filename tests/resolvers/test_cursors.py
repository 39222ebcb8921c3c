"""Places in an account's log, as texts that are good for that account only."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from db.ids import uuid7
from resolvers import cursors
from resolvers.errors import ClientError, ErrorCode

ACCOUNT = uuid7()


@given(some.integers(0, 2**63 - 1))
def test_what_was_written_is_read(seq: int) -> None:
    assert cursors.read(ACCOUNT, cursors.write(ACCOUNT, seq)) == seq


@given(some.text(max_size=80) | some.binary(max_size=40).map(cursors.seal))
def test_anything_else_is_refused_with_its_code(text: str) -> None:
    try:
        seq = cursors.read(ACCOUNT, text)
    except ClientError as refusal:
        assert refusal.code is ErrorCode.CURSOR_INVALID
    else:
        assert cursors.write(ACCOUNT, seq) == text


def test_one_of_another_account_is_refused_even_if_made_in_the_same_instant() -> None:
    others = [uuid7() for _ in range(2_000)]
    for other in others:
        with pytest.raises(ClientError):
            cursors.read(other, cursors.write(ACCOUNT, 1))


def test_there_is_no_place_before_the_beginning() -> None:
    assert cursors.read(ACCOUNT, cursors.write(ACCOUNT, 0)) == 0
    with pytest.raises(ClientError):
        cursors.read(ACCOUNT, cursors.write(ACCOUNT, -1))


@pytest.mark.parametrize(
    "bend",
    [
        lambda cursor: cursor + "=",
        lambda cursor: cursor[:-1],
        lambda cursor: f" {cursor}",
        lambda cursor: cursor + "A",
        lambda cursor: "Ag" + cursor[2:],  # version 2
        lambda cursor: cursor.replace("A", "a", 1),
    ],
)
def test_one_that_was_changed_is_refused(bend) -> None:
    with pytest.raises(ClientError):
        cursors.read(ACCOUNT, bend(cursors.write(ACCOUNT, 1)))
