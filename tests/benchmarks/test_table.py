from tests.benchmarks.lab import halved, over
from tests.benchmarks.table import Cost, Costs, Way, table, unmeasured

FLOOR = Costs([Cost(1.0, 0.1, 1), Cost(1.2, 0.2, 1), Cost(9.0, 0.3, 1)])
SUITE = Costs([Cost(1.8, 1.0, 1), Cost(1.5, 1.2, 1), Cost(2.4, 1.1, 2)])


def test_medians_stand_beside_their_multiples_of_the_first_way() -> None:
    rows = table({"floor": FLOOR, "the whole run": SUITE, "gone": Costs(failed="exit code 4")}).splitlines()
    assert [row.split() for row in rows[1:]] == [
        ["floor", "1.20", "s", "0.20", "s", "1.00", "1"],
        ["the", "whole", "run", "1.80", "s", "1.10", "s", "1.50", "1"],
    ]


def test_nothing_measured_is_no_table() -> None:
    assert table({"floor": Costs()}) == ""


def test_what_was_not_measured_says_why() -> None:
    ways = [Way("floor"), Way("ansible", why_not="not installed"), Way("gone")]
    assert unmeasured(ways, {"floor": FLOOR, "gone": Costs(failed="exit code 4")}) == (
        "not measured: ansible: not installed\nnot measured: gone: exit code 4\n"
    )


def test_half_of_the_facts_keeps_those_by_which_others_are_looked_up() -> None:
    facts = ["host.a", "host.b", "host.c", "host.d", "dns.e"]
    assert halved(facts, {"host.b"}, {"host"}) == ["host.a", "host.d"]


def test_a_configuration_leads_over_a_wire() -> None:
    text = "Host spark\n    HostName 10.0.0.2\n    Port 22\n    User operator\n"
    assert over(text, 4022, "ControlPath /run/m") == (
        "Host spark\n    ControlPath /run/m\n    HostName 127.0.0.1\n    Port 4022\n    User operator\n"
    )
