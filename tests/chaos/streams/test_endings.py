"""What the client makes of an end: it must not come back from what others would not."""

import pytest

from tests.chaos.streams.endings import ComeBack, Fatal, closed, completed, ended


@pytest.mark.parametrize("code", [1000, 1001, 1005, 1006, 1012, 1013, 4403, 4408, 4499, 4504])
def test_it_comes_back_after_what_passes(code: int) -> None:
    assert isinstance(closed(code), ComeBack)


@pytest.mark.parametrize("code", [1002, 1008, 1009, 1011, 4400, 4401, 4406, 4409, 4429, 4500])
def test_a_close_that_ends_other_clients_for_good_fails_the_run(code: int) -> None:
    assert isinstance(closed(code), Fatal)


@pytest.mark.parametrize("code", ["RESYNC_REQUIRED", "UNAVAILABLE"])
def test_it_subscribes_again_when_it_is_asked_to(code: str) -> None:
    assert isinstance(ended([{"message": "x", "extensions": {"code": code}}]), ComeBack)


@pytest.mark.parametrize("code", ["INTERNAL", "CURSOR_INVALID", "CURSOR_EXPIRED", "BAD_REQUEST"])
def test_any_other_error_fails_the_run(code: str) -> None:
    assert isinstance(ended([{"message": "x", "extensions": {"code": code}}]), Fatal)
    assert isinstance(ended([{"message": "x"}]), Fatal)


def test_a_stream_that_completes_fails_the_run() -> None:
    assert isinstance(completed(), Fatal)
