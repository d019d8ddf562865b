from datetime import timedelta

import pytest

from spark_conformance.notify.steps import Known, Seen, steps
from tests.notify.making import TODAY, fact, finding, header, hindrance, known, seen

YESTERDAY = TODAY - timedelta(days=1)


def told(now: Seen, *before: Known) -> list[tuple[str, str]]:
    return [(step.state, step.key) for step in steps(now, before, TODAY)]


def test_a_root_cause_is_new_then_still_once_a_day_then_fixed() -> None:
    trouble = header()
    assert told(seen(trouble)) == [("new", trouble.key)]
    assert told(seen(trouble), known(trouble)) == []
    assert told(seen(trouble), known(trouble, YESTERDAY)) == [("still", trouble.key)]
    assert told(seen(), known(trouble)) == [("fixed", trouble.key)]
    assert told(seen(), known(trouble, is_open=False)) == []
    assert told(seen(trouble), known(trouble, is_open=False)) == [("again", trouble.key)]


def test_it_is_changed_by_another_matter_and_not_by_another_measurement() -> None:
    first = fact("dns.ttl", "answered in 12 ms with 300")
    assert told(seen(fact("dns.ttl", "answered in 31 ms with 300")), known(first)) == []
    assert told(seen(fact("dns.ttl", "answered in 12 ms with 301")), known(first)) == [("changed", first.key)]
    assert told(seen(header(observed="HTTP 502")), known(header())) == [("changed", header().key)]


@pytest.mark.parametrize("verdict", ["", "unreachable", "blocked", "error", "waived"])
def test_what_nobody_looked_at_or_is_waived_is_neither_fixed_nor_still(verdict: str) -> None:
    assert told(seen(dns_ttl=verdict), known(fact("dns.ttl"), YESTERDAY)) == []


def test_what_the_facts_do_not_state_any_more_is_over() -> None:
    gone = known(fact("dns.shadowed"))
    assert told(seen(), gone) == [("fixed", gone.key)]


def test_a_hindrance_is_over_when_its_facts_are_judged_and_told_as_one_when_another_fact_names_it() -> None:
    one = hindrance("host.gpu", "host.hostname")
    assert told(seen(host_gpu="nonconformant"), known(one)) == [("fixed", one.key)]
    assert told(seen(host_gpu=""), known(one)) == []
    other = hindrance("host.hostname", cause="the host refuses the key")
    assert told(seen(other), known(one)) == [("changed", one.key)]


def test_a_cause_that_is_found_later_is_the_same_trouble() -> None:
    before = [known(fact("public.answers")), known(fact("dns.ttl"))]
    trouble = header()
    assert told(seen(trouble, fact("dns.ttl")), *before) == [("changed", "fact:public.answers")]


def test_facts_of_a_cause_that_is_not_determined_tonight_are_one_trouble_and_not_three() -> None:
    parts = [fact(name) for name in header().facts]
    assert told(seen(*parts), known(header())) == [("changed", header().key)]
    assert told(seen(parts[0]), known(header())) == [("changed", header().key)]


def test_two_facts_told_apart_that_have_one_cause_are_told_as_one() -> None:
    before = [known(fact("public.answers")), known(fact("ollama.accepts_host"))]
    made = steps(seen(header()), before, TODAY)
    assert [(step.state, step.key) for step in made] == [
        ("changed", "fact:public.answers"), ("fixed", "fact:ollama.accepts_host"),
    ]  # fmt: skip
    assert header().title in made[1].why


def test_another_cause_of_the_same_answer_is_another_trouble() -> None:
    from dataclasses import replace

    other = replace(header("public.answers"), key="cause:access-open")
    assert told(seen(other), known(header())) == [("new", other.key), ("fixed", header().key)]


def test_a_fact_that_cannot_be_reached_now_is_no_part_of_another_trouble() -> None:
    assert told(seen(hindrance("dns.ttl")), known(fact("dns.ttl"))) == [("new", "hindrance:dns.ttl")]


def test_the_print_heeds_verdict_and_cause() -> None:
    prints = {header().print, header("public.answers").print, fact("public.answers").print, hindrance("dns.ttl").print}
    assert len(prints) == 4
    assert finding("dns.ttl").fact == "dns.ttl"
