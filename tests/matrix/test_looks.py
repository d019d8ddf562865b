"""What a look at a broken lab leaves to the next one: what the fault cannot have touched, and never more."""

from typing import Any

import pytest

from spark_conformance.core.run import Observe, Run
from spark_conformance.core.traced import Traced
from spark_conformance.core.verdict import NotApplicable
from spark_conformance.facts.load import find, load


def connection(run: Run) -> list[str]:
    there = ["open"]
    run.closing.callback(there.clear)
    return there


def over_it(run: Run) -> str:
    return run.get(connection)[0]


def touched(_: Run) -> str:
    return "broken"


def of_what_is_touched(run: Run) -> str:
    return run.get(touched)


def unseen(_: Run) -> str:
    raise NotApplicable("there is none")


LOOKS: tuple[Observe[Any], ...] = (connection, over_it, touched, of_what_is_touched, unseen)


def left_by(broken: Traced, *kept: Observe[Any], have: tuple[Observe[Any], ...] = ()) -> Traced:
    healthy = Traced(broken.file)
    for observe in (*have, *LOOKS):
        run = healthy if observe in have else broken
        run.start(observe).exception()
    broken.leave(healthy, {connection}, but=lambda observe: observe in kept)
    broken.forget()
    broken.close()
    return healthy


@pytest.fixture
def broken() -> Traced:
    return Traced(load(find("spark-291b")))


def test_what_is_not_touched_is_left_with_the_connection_it_came_by(broken: Traced) -> None:
    healthy = left_by(broken, touched)
    assert healthy._futures.keys() == {connection, over_it}
    there = healthy.get(connection)
    assert there == ["open"]
    healthy.drop(lambda observe: observe is connection, {connection})
    assert there == []
    assert healthy._futures == {}  # whose users are known, though another run saw them


def test_a_connection_that_may_be_broken_stays_with_its_run_and_all_that_came_by_it(broken: Traced) -> None:
    healthy = left_by(broken, connection)
    assert healthy._futures.keys() == {touched, of_what_is_touched}


def test_what_is_there_already_is_not_seen_otherwise_by_another(broken: Traced) -> None:
    healthy = left_by(broken, have=(touched,))
    assert healthy.get(touched) == "broken"
    assert healthy._futures.keys() == {connection, over_it, touched, of_what_is_touched}
    healthy.close()
