"""The whole life of handoffs, told by chance: the service and a model of it never differ."""

from tests.model.crowd import crowd
from tests.model.life import a_round, a_seed, stage
from tests.model.machine import settled


def test_random_people_doing_random_things_get_the_models_answers_and_leave_the_models_rows(
    dsn: str,
) -> None:
    with stage(dsn) as on:
        assert a_round(on, a_seed()) >= 1_000


def test_the_same_all_at_once_leaves_rows_that_add_up_and_nobody_waits_for_ever(dsn: str) -> None:
    with stage(dsn, connections=12) as on:
        service = on.run(settled(on))
        done = on.run(crowd(service, seed=1, clients=12, requests=100))
        on.run(service.everything()).check()
    assert sum(done.values()) > 80, "hardly anything was done"
    assert min(done["Claim"], done["Escalate"], done["Release"], done["EscalateMany"]) > 0
