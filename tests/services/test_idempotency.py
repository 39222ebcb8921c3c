"""Keys: one for each request, and one for each item of a request that does several things."""

import pytest

from db.ids import uuid7
from services import idempotency
from services.idempotency import LONGEST_KEY
from services.problems import InvalidInput


def test_the_key_of_an_item_is_its_own_and_always_the_same() -> None:
    one, two = uuid7(), uuid7()
    keys = {idempotency.of_item(key, item) for key in ("k", "l") for item in (one, two)}
    assert len(keys) == 4
    assert idempotency.of_item("k", one) in keys


def test_the_longest_key_has_room_for_items() -> None:
    assert len(idempotency.of_item("k" * LONGEST_KEY, uuid7())) <= LONGEST_KEY


@pytest.mark.parametrize("key", ["", " ", "k" * (LONGEST_KEY + 1), "a\nb", "\ud800", "\x00"])
def test_what_can_not_be_a_key_is_refused(key: str) -> None:
    with pytest.raises(InvalidInput, match="printable"):
        idempotency.of_item(key, uuid7())
