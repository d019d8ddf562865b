"""From what checks raise to verdicts, exit codes, and what the user reads."""

import xml.etree.ElementTree as ET

import pytest

from tests.suite.small import ALL_GOOD, FACTS, Outcome, run_suite

GOOD_TTL = """
@pytest.mark.fact("dns.ttl")
def test_ttl(judge):
    judge(1)
"""

GOOD_TYPE = """
@pytest.mark.fact("dns.type")
def test_type(judge):
    judge("CNAME")
"""


def records(body: str) -> str:
    manual = '"""The manual.\n\n    Not\n    seen here: all else."""'
    return f'\n@pytest.mark.fact("dns.records")\ndef test_records(judge):\n    {manual}\n    {body}\n'


def outcome(pytester: pytest.Pytester, body: str) -> Outcome:
    return run_suite(pytester, records(body) + GOOD_TTL + GOOD_TYPE)


def test_all_that_is_stated_holds(pytester: pytest.Pytester) -> None:
    ran = run_suite(pytester, ALL_GOOD)
    assert ran.code == 0
    assert set(ran.verdicts.values()) == {"conformant"}
    assert "CONFORMANT: every required fact that was checked holds" in ran.out


def test_the_page_of_a_fact_is_named_below_the_base_that_is_asked_for(pytester: pytest.Pytester) -> None:
    ran = run_suite(pytester, records("judge(2)"), "--docs", "https://git.example.org/docs/", "checks")
    assert "    page      https://git.example.org/docs/facts/dns.records.md" in ran.out.splitlines()
    page = (pytester.path / "reports" / "report.html").read_text()
    assert "https://git.example.org/docs/facts/dns.records.md" in page


def test_a_fact_that_does_not_hold_shows_both_values_and_the_manual(pytester: pytest.Pytester) -> None:
    ran = outcome(pytester, "judge(2)")
    assert ran.code == 1
    assert ran.verdicts["dns.records"] == "nonconformant"
    by_hand = "the zone > DNS > Records: leave one record of llm.example.org: the CNAME to the tunnel"
    for line in (
        "expected  1",
        "observed  2",
        "means     The manual.\n",
        f"by hand   {by_hand}",
        "source    notes, page 1",
    ):
        assert line in ran.out
    told = {item["fact"]: item["by_hand"] for item in ran.findings if item["by_hand"]}
    assert told == {"dns.records": by_hand}
    assert ran.out.count("dns.records: nonconformant") == 1


def test_an_advisory_fact_is_told_and_fails_nothing(pytester: pytest.Pytester) -> None:
    ran = run_suite(pytester, records("judge(1)") + GOOD_TTL.replace("judge(1)", "judge(300)") + GOOD_TYPE)
    assert ran.code == 0
    assert "ADVISORY" in ran.out
    assert ran.verdicts["dns.ttl"] == "nonconformant"


def test_unreachable_is_neither_pass_nor_skip(pytester: pytest.Pytester) -> None:
    ran = outcome(pytester, 'raise Unreachable("api", "the API says nothing; look at the network")')
    assert ran.code == 7
    assert ran.verdicts["dns.records"] == "unreachable"
    assert "the API says nothing" in ran.out


def test_an_error_of_the_suite_is_told_as_one_with_its_traceback(pytester: pytest.Pytester) -> None:
    ran = outcome(pytester, "1 / 0")
    assert ran.code == 7
    assert ran.verdicts["dns.records"] == "error"
    assert "ZeroDivisionError" in ran.out
    assert "ERRORS OF THE SUITE ITSELF" in ran.out


def test_a_check_that_judges_nothing_is_an_error(pytester: pytest.Pytester) -> None:
    ran = outcome(pytester, "judge.show('looked', 'nowhere')")
    assert (ran.code, ran.verdicts["dns.records"]) == (7, "error")
    assert "compares nothing" in ran.out


def test_a_check_that_catches_its_judgement_is_an_error(pytester: pytest.Pytester) -> None:
    """As one that tries a few times, and goes on after the last."""
    body = "for seen in (2, 1):\n        try: judge(seen)\n        except AssertionError: pass"
    ran = outcome(pytester, body)
    assert (ran.code, ran.verdicts["dns.records"]) == (7, "error")
    assert "catches what judge raises" in ran.out


def test_a_nonconformant_fact_outweighs_one_that_is_unverified(pytester: pytest.Pytester) -> None:
    bad = GOOD_TYPE.replace('"CNAME"', '"A"')
    ran = run_suite(pytester, records('raise Unreachable("x", "no way")') + GOOD_TTL + bad)
    assert ran.code == 1


OBSERVED = """
@observation
def record(run: Run):
    raise {error}
"""

USING = """
@pytest.mark.fact("dns.{name}")
def test_{name}(judge, record):
    judge(record)
"""


def using(pytester: pytest.Pytester, error: str) -> Outcome:
    checks = "".join(USING.format(name=name) for name in ("records", "ttl", "type"))
    plugin = "import observed\n"
    pytester.makepyfile(observed="from spark_conformance.core.run import *\n"
                        "from spark_conformance.core.verdict import *\n"
                        f"{OBSERVED.format(error=error)}")  # fmt: skip
    pytester.syspathinsert()
    return run_suite(pytester, checks, "-p", "observed", "checks", plugin=plugin)


def test_an_observation_that_contradicts_a_fact_blocks_what_rests_on_it(pytester: pytest.Pytester) -> None:
    ran = using(pytester, 'Unmet("dns.records", "no record of that name")')
    assert ran.code == 1
    assert ran.verdicts == {"dns.records": "nonconformant", "dns.ttl": "blocked", "dns.type": "blocked"}
    assert {item["blocked_by"] for item in ran.findings} == {"", "dns.records"}


def test_an_observation_may_call_the_run_what_it_likes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        mine="from spark_conformance.core.run import *\n@observation\ndef mine(_: Run):\n    return 1\n"
    )
    pytester.syspathinsert()
    ran = run_suite(
        pytester, ALL_GOOD.replace("(judge):\n    judge(1)", "(judge, mine):\n    judge(mine)"), "-p", "mine", "checks"
    )
    assert ran.verdicts["dns.records"] == "conformant"


def test_one_root_is_told_once_with_all_that_hangs_on_it(pytester: pytest.Pytester) -> None:
    ran = using(pytester, 'Unreachable("api", "the API is silent", owner="dns.records")')
    assert ran.code == 7
    assert ran.verdicts == {"dns.records": "unreachable", "dns.ttl": "blocked", "dns.type": "blocked"}
    assert ran.out.count("the API is silent") == 1
    assert "Not checked because of this: dns (records, ttl, type)" in ran.out


def test_junit_tells_the_same(pytester: pytest.Pytester) -> None:
    ran = using(pytester, 'Unmet("dns.records", "none")')
    suite = ET.parse(ran.folder / "reports/junit.xml").getroot()[0]  # noqa: S314 - our own file
    assert (suite.get("failures"), suite.get("errors")) == ("1", "2")


def test_interrupting_keeps_the_exit_code_and_the_reports(pytester: pytest.Pytester) -> None:
    ran = outcome(pytester, "raise KeyboardInterrupt")
    assert ran.code == 2
    assert (ran.folder / "reports/report.html").is_file()
    assert "INTERRUPTED: the verdict is not complete" in ran.out
    assert "!! interrupted by Ctrl-C (--full-trace shows where) !!" in ran.out
    assert "KeyboardInterrupt" not in ran.out


def test_who_asks_for_it_sees_where_it_was_interrupted(pytester: pytest.Pytester) -> None:
    ran = run_suite(
        pytester, ALL_GOOD.replace("judge(1)", "raise KeyboardInterrupt", 1), "--full-trace", "checks", apart=True
    )  # in this process the trace would be through all tests' own run as well
    assert "test_dns.py:" in ran.out
    assert "KeyboardInterrupt" in ran.out


def test_a_check_without_a_fact_stops_the_collection(pytester: pytest.Pytester) -> None:
    ran = run_suite(pytester, ALL_GOOD + "\ndef test_loose():\n    assert True\n")
    assert ran.code == 4
    assert "a check without a fact: checks/test_dns.py::test_loose" in ran.out


def test_a_fact_without_a_check_stops_the_collection(pytester: pytest.Pytester) -> None:
    ran = run_suite(pytester, ALL_GOOD + "\ndef dummy(): 'test_shadowed('\n")
    assert ran.code == 4
    assert "a fact without a check: dns.shadowed" in ran.out


def test_a_fact_with_two_checks_stops_the_collection(pytester: pytest.Pytester) -> None:
    again = GOOD_TTL.replace("test_ttl", "test_ttl_again")
    ran = run_suite(pytester, ALL_GOOD + again)
    assert ran.code == 4
    assert "a fact with two checks: dns.ttl" in ran.out


def test_the_ledger_names_fact_source_check_and_severity(pytester: pytest.Pytester) -> None:
    ran = run_suite(pytester, ALL_GOOD, "--ledger", "checks")
    assert ran.code == 0
    line = next(line for line in ran.out.splitlines() if line.startswith("dns.ttl"))
    assert line.split()[1:3] == ["advisory", "test_dns.py::test_ttl"]
    assert "implied: automatic" in line
    assert not (ran.folder / "reports").exists()


def test_a_typo_in_the_facts_is_one_sentence_and_exit_code_4(pytester: pytest.Pytester) -> None:
    ran = run_suite(pytester, ALL_GOOD, facts=FACTS.replace("[facts.dns.ttl]", "[facts.dns.tll]"))
    assert ran.code == 4
    said = [line for line in ran.out.splitlines() if line.strip()]
    assert said == ["ERROR: facts.toml:14: facts.dns.tll: unknown key; did you mean ttl?"]


def test_an_unknown_target_is_refused(pytester: pytest.Pytester) -> None:
    ran = run_suite(pytester, ALL_GOOD, "--target", "sprak", "checks")
    assert ran.code == 4
    assert "ERROR: --target sprak: no such target; write one of lab, spark-291b" in ran.out


def test_only_the_lab_can_be_broken(pytester: pytest.Pytester) -> None:
    ran = run_suite(pytester, ALL_GOOD, "--lab-fault", "as-documented", "checks")
    assert ran.code == 4
    assert "only the lab can be broken" in ran.out


def test_an_own_module_that_does_not_import_is_not_called_a_fact_without_a_check(pytester: pytest.Pytester) -> None:
    (pytester.path / "mine").mkdir()
    (pytester.path / "mine/test_mine.py").write_text("import no_such_module\n")
    mine = '\n[facts.own.mine]\nexpect = 1\nsource = "notes"\nwhy = "mine"\n'
    ran = run_suite(pytester, ALL_GOOD, "checks", "mine", facts=FACTS + mine)
    assert ran.code == 2
    assert (
        "4 facts were not checked: dns (records, type, ttl), own (mine); failed beside the checks: mine/test_mine.py"
        in ran.out
    )
    assert "without a check" not in ran.out
