"""Gates, settling, waivers, and what is left out on request."""

import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import NoReturn

import pytest

from spark_conformance.plugin import settle
from tests.report.told import agree
from tests.suite.small import ALL_GOOD, FACTS, Outcome, run_suite

TWO_RECORDS = ALL_GOOD.replace("judge(1)", "judge(2)", 1)


def waived(days: int) -> str:
    until = (datetime.now(UTC) + timedelta(days=days)).date()
    return f"""{FACTS}
[[waivers]]
fact = "dns.records"
reason = "two until the move is over"
owner = "ops"
issue = "#289"
until = {until}
"""


def test_a_gate_names_its_target(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_TARGET", "facts.toml")
    ran = run_suite(pytester, ALL_GOOD, "--gate", "post", "checks", target=None)
    assert ran.code == 4
    assert "--gate post: a gate needs an explicit target; name it with --target" in ran.out


def test_an_unknown_gate_is_refused(pytester: pytest.Pytester) -> None:
    ran = run_suite(pytester, ALL_GOOD, "--gate", "during", "checks")
    assert ran.code == 4
    assert "invalid choice: 'during'" in ran.out


def test_the_gate_before_a_deployment_asks_only_for_what_must_hold_before(pytester: pytest.Pytester) -> None:
    facts = FACTS.replace('[facts.dns.type]\nexpect = "CNAME"', '[facts.dns.zone_status]\nexpect = "active"')
    zone = '\n@pytest.mark.fact("dns.zone_status")\ndef test_zone_status(judge):\n    judge("moved")\n'
    ran = run_suite(pytester, TWO_RECORDS + zone, "--gate", "pre", "checks", facts=facts)
    assert ran.code == 1
    assert ran.verdicts == {"dns.zone_status": "nonconformant"}
    assert "9 deselected" in ran.out


def test_the_gate_after_a_deployment_asks_for_everything(pytester: pytest.Pytester) -> None:
    ran = run_suite(pytester, ALL_GOOD, "--gate", "post", "checks")
    assert (ran.code, len(ran.verdicts)) == (0, 3)
    assert ran.results["gate"] == "post"


def test_a_waiver_tells_and_fails_nothing(pytester: pytest.Pytester) -> None:
    ran = run_suite(pytester, TWO_RECORDS, facts=waived(days=9))
    assert ran.code == 0
    assert ran.verdicts["dns.records"] == "waived"
    assert "dns.records: two until the move is over (#289, ops, until" in ran.out
    assert "CONFORMANT but for 1 waived: every other required fact that was checked holds (2 of 3 facts" in ran.out


def test_an_expired_waiver_is_judged_as_usual_and_says_so(pytester: pytest.Pytester) -> None:
    ran = run_suite(pytester, TWO_RECORDS, facts=waived(days=-1))
    assert (ran.code, ran.verdicts["dns.records"]) == (1, "nonconformant")
    assert "its waiver expired" in " ".join(ran.out.split())


def test_a_waiver_whose_fact_holds_again_is_to_be_removed(pytester: pytest.Pytester) -> None:
    ran = run_suite(pytester, ALL_GOOD, facts=waived(days=9))
    assert (ran.code, ran.verdicts["dns.records"]) == (0, "conformant")
    assert "WAIVERS TO REMOVE" in ran.out
    assert "fixed, remove its waiver" in ran.out


BLOCKED = TWO_RECORDS.replace('judge("CNAME")', 'raise Unmet("dns.records", "2")')
BOTH_WAIVED = waived(days=9) + waived(days=9)[len(FACTS) :].replace("dns.records", "dns.type")


def test_a_waiver_covers_what_is_blocked_by_something_that_does_not_hold(pytester: pytest.Pytester) -> None:
    ran = run_suite(pytester, BLOCKED, facts=BOTH_WAIVED)
    assert (ran.code, ran.verdicts) == (0, {"dns.records": "waived", "dns.ttl": "conformant", "dns.type": "waived"})
    assert "CONFORMANT but for 2 waived" in ran.out


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (('fact = "dns.records"', 'fact = "dns.shadowed"'), "waivers.0.fact: this file does not state the fact dns."),
        (('owner = "ops"\n', ""), "waivers.0.owner: is missing"),
        (("until = ", "untill = "), "waivers.0.untill: unknown key; did you mean until?"),
    ],
)
def test_a_waiver_is_complete_and_about_a_fact(
    pytester: pytest.Pytester, change: tuple[str, str], sentence: str
) -> None:
    ran = run_suite(pytester, ALL_GOOD, facts=waived(days=1).replace(*change))
    assert ran.code == 4
    assert sentence in ran.out


SETTLING = """
@observation
def attempts(run: Run):
    from pathlib import Path
    counter = Path("attempts.txt")
    seen = int(counter.read_text()) + 1 if counter.exists() else 1
    counter.write_text(str(seen))
    return max(1, {until} - seen)
"""

RECORDS = """
@pytest.mark.fact("dns.records")
def test_records(judge, attempts):
    judge(attempts)
"""


def observed(pytester: pytest.Pytester, until: int) -> None:
    pytester.makepyfile(observed=f"from spark_conformance.core.run import *\n{SETTLING.format(until=until)}")
    pytester.syspathinsert()


def settling(pytester: pytest.Pytester, until: int, seconds: str) -> Outcome:
    observed(pytester, until)
    rest = ALL_GOOD[ALL_GOOD.index("\n@pytest", 2) :]
    return run_suite(pytester, RECORDS + rest, "-p", "observed", "--settle", seconds, "checks")


def test_settling_looks_again_until_the_fact_holds(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settle, "FIRST_WAIT_S", 0.01)
    ran = settling(pytester, 4, "60")
    assert ran.code == 0
    assert ran.verdicts["dns.records"] == "conformant"
    record = next(item for item in ran.findings if item["fact"] == "dns.records")
    attempts = [item["text"] for item in record["evidence"] if item["label"].startswith("attempt")]
    assert attempts == ["nonconformant: 3", "nonconformant: 2", "conformant: 1"]
    assert "settling: dns.records does not hold yet; 60 s left" in ran.out


def test_settling_ends_when_the_time_is_up(pytester: pytest.Pytester) -> None:
    ran = settling(pytester, 1000, "0.3")
    assert (ran.code, ran.verdicts["dns.records"]) == (1, "nonconformant")


def test_what_fails_no_gate_is_not_waited_for(pytester: pytest.Pytester) -> None:
    ran = run_suite(pytester, ALL_GOOD.replace('"dns.ttl")\ndef test_ttl(judge):\n    judge(1)',
                    '"dns.ttl")\ndef test_ttl(judge):\n    judge(300)'), "--settle", "3600", "checks")  # fmt: skip
    assert ran.code == 0
    assert "settling" not in ran.out


@pytest.mark.parametrize("text", ["soon", "-1", "1e9"])
def test_settling_takes_seconds(pytester: pytest.Pytester, text: str) -> None:
    ran = run_suite(pytester, ALL_GOOD, f"--settle={text}", "checks")
    assert ran.code == 4
    assert "--settle" in ran.out


def test_skipping_the_probe_says_what_was_not_looked_at(pytester: pytest.Pytester) -> None:
    through = TWO_RECORDS.replace('@pytest.mark.fact("dns.records")', '@pytest.mark.fact("dns.records")\n'
                                  "@pytest.mark.through_access", 1)  # fmt: skip
    ran = run_suite(pytester, through, "--skip-access-probe", "checks")
    assert ran.code == 0
    assert "not checked (left out by --skip-access-probe): dns (records)" in ran.out


def test_several_targets_are_judged_apart(pytester: pytest.Pytester) -> None:
    (pytester.path / "other.toml").write_text(FACTS.replace('"pi"', '"rho"').replace("expect = 1", "expect = 2", 1))
    for options in (["-p", "no:xdist"], ["-n", "2", "--dist", "loadgroup"]):
        ran = run_suite(pytester, ALL_GOOD, "--target", "other.toml", *options, "checks", fresh=False)
        assert ran.code == 1
        by_target = {item["system"]: item["verdicts"] for item in ran.results["targets"]}
        assert by_target["pi"]["conformant"] == 3
        assert by_target["rho"]["nonconformant"] == 1


def test_workers_settle_waive_and_come_to_the_same_verdicts_in_one_report(pytester: pytest.Pytester) -> None:
    observed(pytester, 3)
    settled = '\n@pytest.mark.fact("dns.target")\ndef test_target(judge, attempts):\n    judge("t" * attempts)\n'
    stated = FACTS.partition("[facts.dns.type]")[2].replace('"CNAME"', '"t"')
    ran = run_suite(
        pytester, BLOCKED + settled, "-p", "observed", "--settle", "60", "-n", "2", "checks",
        facts=BOTH_WAIVED.replace("[facts.dns.type]", f"[facts.dns.target]{stated}\n[facts.dns.type]"), apart=True,
    )  # fmt: skip
    assert ran.code == 0, ran.out
    assert ran.verdicts == {
        "dns.records": "waived", "dns.ttl": "conformant", "dns.type": "waived", "dns.target": "conformant",
    }  # fmt: skip
    agree(ran.folder / "reports", ran.out, 0)
    assert len(ran.findings) == 10


def test_interrupted_while_settling_the_last_look_is_told(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sleep(_: float) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr("spark_conformance.plugin.settle.time", SimpleNamespace(sleep=sleep, monotonic=time.monotonic))
    ran = settling(pytester, 1000, "60")
    assert (ran.code, ran.verdicts) == (2, {"dns.records": "nonconformant"})
    assert "2 facts were not checked: dns (type, ttl)" in ran.out
