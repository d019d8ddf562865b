"""When a run diagnoses, that it does so once, and where it tells it."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.core.verdict import Evidence, Finding, Verdict
from spark_conformance.diagnosis.model import Cause, Diagnosis, HopView, Missing, Named, Remedy, Sign
from spark_conformance.plugin.diagnosis import token_status, wanted
from tests.diagnosis_report.recorded import FACTS, made, play

SCHEMA = Path(__file__).parents[2] / "fixtures/spark_conformance/report/results.schema.json"


def finding(fact: str, verdict: Verdict, status: int = 0) -> Finding:
    seen = [Evidence("observation: token_probe", json.dumps({"exchange": {"status": status}}))] if status else []
    return Finding("lab", fact, "c", "required", "s", "w", "e", verdict=verdict, evidence=seen)


GOOD, BAD, BLOCKED = Verdict.CONFORMANT, Verdict.NONCONFORMANT, Verdict.BLOCKED


@pytest.mark.parametrize(
    ("findings", "called"),
    [
        ([finding("public.answers", BAD)], True),
        ([finding("public.generates", BAD, 200)], True),
        ([finding("access.refuses_anonymous", BAD, 200)], True),
        ([finding("access.app_answers", Verdict.WAIVED)], True),
        ([finding("access.admits_token", GOOD, 403)], True),
        ([finding("access.admits_token", GOOD, 204)], False),
        ([finding("public.answers", Verdict.UNREACHABLE)], True),
        ([finding("public.answers", GOOD, 200), finding("access.app_answers", BLOCKED)], False),
        ([finding("access.app_answers", BLOCKED)], True),
        ([finding("access.token_days", BAD)], False),
        ([finding("dns.records", BAD)], False),
        ([finding("public.answers", Verdict.NOT_APPLICABLE)], False),
    ],
)
def test_what_calls_for_a_diagnosis(findings: list[Finding], *, called: bool) -> None:
    assert wanted(findings, None) is called
    assert wanted(findings, asked=True)
    assert not wanted(findings, asked=False)


def test_the_status_of_the_request_with_the_token_is_in_the_evidence() -> None:
    assert token_status(finding("public.answers", BAD, 403)) == 403
    assert token_status(finding("public.answers", BAD)) == 0


def test_it_is_told_after_the_verdicts_and_stands_in_every_report(pytester: pytest.Pytester) -> None:
    ran = play(pytester)
    assert ran.code == 1
    assert made(ran) == ["main"]
    assert ran.out.index("NOT CONFORMANT (") < ran.out.index("DIAGNOSIS  Why is GET")
    assert "diagnosis: pi (llm.example.org)" in ran.out
    assert "[ollama: 403]" in ran.out
    assert "\x1b[" not in ran.out
    assert Diagnosis.from_json(ran.results["targets"][0]["diagnosis"]).answer.startswith("403")
    page = (ran.folder / "reports/report.html").read_text()
    assert page.index("run-verdict") < page.index('class="diagnosis bad"') < page.index('class="components"')


def test_nothing_is_diagnosed_where_all_is_well(pytester: pytest.Pytester) -> None:
    ran = play(pytester, status=200)
    assert (ran.code, made(ran)) == (0, [])
    assert ran.results["targets"][0]["diagnosis"] is None
    assert "DIAGNOSIS" not in ran.out
    assert "diagnosing" not in ran.out


def test_access_that_lets_the_token_pass_does_not_end_the_question(pytester: pytest.Pytester) -> None:
    ran = play(pytester, "-m", "access")
    assert (ran.code, made(ran)) == (0, ["main"])


WAIVER = f"""{FACTS}
[[waivers]]
cause = "ollama-host-header"
reason = "the 403 is being debugged"
owner = "ops"
issue = "#289"
until = 2999-12-31
"""


def test_a_waiver_of_the_proven_cause_covers_what_fails_by_it(pytester: pytest.Pytester) -> None:
    ran = play(pytester, facts=WAIVER)
    assert (ran.code, made(ran)) == (0, ["main"])
    assert ran.verdicts == {"access.admits_token": "conformant", "public.answers": "waived"}
    assert "CONFORMANT but for 1 waived" in ran.out
    assert "  ollama-host-header: the 403 is being debugged (#289, ops, until 2999-12-31)" in ran.out
    assert ran.results["targets"][0]["waivers"][0]["covers"] == ["public.answers"]


def test_a_waiver_of_another_cause_covers_nothing_and_that_is_told(pytester: pytest.Pytester) -> None:
    ran = play(pytester, facts=WAIVER.replace("ollama-host-header", "access-token-expired"))
    assert ran.code == 1
    assert "WAIVERS TO REMOVE\n  access-token-expired: its waiver covers nothing in this run" in ran.out


def test_a_waiver_of_no_cause_is_one_sentence(pytester: pytest.Pytester) -> None:
    ran = play(pytester, facts=WAIVER.replace("ollama-host-header", "olama-host-header"))
    assert ran.code == 4
    told = "no diagnosis names the cause olama-host-header; did you mean ollama-host-header?"
    assert f"ERROR: facts.toml: waivers: {told}" in ran.out


def test_a_diagnosis_may_be_asked_for(pytester: pytest.Pytester) -> None:
    ran = play(pytester, "--diagnose", kind="well", status=200)
    assert (ran.code, made(ran)) == (0, ["main"])
    assert "NOTHING TO EXPLAIN" in ran.out


def test_a_diagnosis_may_be_forbidden(pytester: pytest.Pytester) -> None:
    ran = play(pytester, "--no-diagnose")
    assert (ran.code, made(ran)) == (1, [])


def test_it_is_not_asked_for_and_its_requests_forbidden(pytester: pytest.Pytester) -> None:
    ran = play(pytester, "--diagnose", "--skip-access-probe")
    assert ran.code == 4
    assert "--diagnose sends requests through Access, and --skip-access-probe forbids them" in ran.out


def test_workers_leave_it_to_the_one_who_knows_all(pytester: pytest.Pytester) -> None:
    ran = play(pytester, "-n", "1", apart=True)
    assert ran.code == 1
    assert made(ran) == ["main"]
    assert ran.out.count("DIAGNOSIS  Why") == 1
    assert "\ndiagnosing the public answer" in ran.out
    assert ran.results["targets"][0]["diagnosis"]["answer"].startswith("403")


def test_stopping_at_the_first_failure_still_explains_it(pytester: pytest.Pytester) -> None:
    ran = play(pytester, "-x")
    assert (ran.code, made(ran)) == (1, ["main"])


def test_an_error_of_the_diagnosis_hides_nothing(pytester: pytest.Pytester) -> None:
    ran = play(pytester, act='raise ValueError(f"no such sign: {CANARY}")')
    assert ran.code == 1
    assert ran.verdicts["public.answers"] == "nonconformant"
    assert "the diagnosis failed: ValueError: no such sign: ***" in ran.out
    failed = ran.results["targets"][0]["diagnosis"]
    assert failed["failed"] == "ValueError: no such sign: ***"
    assert "Traceback" in failed["evidence"][0]["text"]
    assert "the diagnosis failed: ValueError" in (ran.folder / "reports/report.html").read_text()
    assert_masked(ran.folder, ran.out)


def test_interrupting_it_ends_the_run_with_its_reports(pytester: pytest.Pytester) -> None:
    ran = play(pytester, act="raise KeyboardInterrupt")
    assert ran.code == 2
    assert ran.results["exit_code"] == 2
    assert ran.verdicts["public.answers"] == "nonconformant"
    assert "the diagnosis failed: it was interrupted" in ran.out
    assert (ran.folder / "reports/report.html").is_file()


def test_a_secret_in_what_was_seen_is_masked_everywhere(pytester: pytest.Pytester) -> None:
    ran = play(pytester, act='text = text.replace("104.16.0.10", CANARY).replace("the policy Allow", CANARY)')
    assert made(ran) == ["main"]
    assert "***" in json.dumps(ran.results["targets"][0]["diagnosis"])
    assert_masked(ran.folder, ran.out)


def assert_masked(folder: Path, out: str) -> None:
    texts = {path.name: path.read_text() for path in (folder / "reports").iterdir() if path.is_file()}
    assert [name for name, text in {**texts, "terminal": out}.items() if "canary" in text] == []


def test_a_terminal_without_symbols_gets_words(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    ran = play(pytester, apart=True)
    assert "dns ok - tls ok - edge ok - access ok - tunnel ok - cloudflared ok - [ollama: 403]" in ran.out
    assert "-> 403, empty body, by Ollama" in ran.out


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("diagnosis", Diagnosis),
        ("hopview", HopView),
        ("named", Named),
        ("cause", Cause),
        ("remedy", Remedy),
        ("sign", Sign),
        ("missing", Missing),
    ],
)
def test_the_schema_knows_every_field(name: str, kind: Any) -> None:
    stated = json.loads(SCHEMA.read_text(encoding="utf-8"))["$defs"][name]
    names = [field.name for field in fields(kind)]
    assert list(stated["properties"]) == stated["required"] == names
