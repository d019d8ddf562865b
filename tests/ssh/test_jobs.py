from concurrent.futures import Future

from spark_conformance.ssh.jobs import Entry, Job, Line


def job(number: int) -> Job:
    return Job(number, 1.0, Entry("true", 0), Future())


def test_time_counts_from_the_slot_not_from_the_line() -> None:
    line = Line(2)
    jobs = [job(number) for number in range(4)]
    for each in jobs:
        line.join(each, now=10.0)
    assert [each.began for each in jobs] == [10.0, 10.0, None, None]
    assert line.leave(1, now=11.0) is jobs[1]
    assert [each.began for each in jobs] == [10.0, 10.0, 11.0, None]


def test_nothing_begins_before_there_is_a_shell() -> None:
    line = Line(2)
    first = job(1)
    line.join(first, now=None)
    assert first.began is None
    line.advance(now=5.0)
    assert first.began == 5.0


def test_a_job_may_be_answered_out_of_turn_but_once() -> None:
    line = Line(1)
    first, second = job(1), job(2)
    line.join(first, now=0.0)
    line.join(second, now=0.0)
    assert line.leave(2, now=1.0) is second
    assert line.leave(2, now=1.0) is None
    assert line.clear() == [first]
    assert list(line) == []
