"""`pytest checks/ --remediate` as a user runs it."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from spark_lab.announcement import Announcement
from spark_lab.faults import FAULTS, inflict
from tests.end_to_end.session import LEAN, PROJECT, Session, check_here, project
from tests.matrix.selection import shared
from tests.remediation.terminal import Terminal
from tests.report.told import agree

REAL = """
extends = "spark-291b"
[system]
lab = true
[target.ssh]
host = "no-such-host.invalid"
"""
"""A lab by its own word alone, which is none."""
ELSEWHERE = ["host", "access", "public", "dns", "pipeline", "tunnel"]
"""What a run that remedies would look at besides, as it was before and is afterwards."""
MODE = ("-k", "token_mode")
"""The check of what is broken here; a run that looks at all of the connector shows the same of it."""


def made(ran: Session) -> dict[str, Any]:
    results = json.loads((ran.reports / "results.json").read_text())
    found: dict[str, Any] = results["targets"][0]["remediation"]
    return found


REFUSED: list[tuple[list[str], dict[str, str], str]] = [
    (["--remediate", "apply"], {"CI": "true"}, "CI has nobody to ask"),
    (["--remediate", "undo"], {"CI": "1"}, "CI has nobody to ask"),
    (["--remediate", "apply"], {"CI": ""}, "there is no terminal on which to ask"),
    (["--yes"], {}, "--yes needs --remediate"),
    (["--remediate-never", "dns"], {}, "needs --remediate"),
    (["--remediate-rotate"], {}, "needs --remediate"),
    (["--remediate", "apply", "--remediate-budget", "0"], {}, "--remediate-budget"),
    (["--remediate", "perhaps"], {}, "invalid choice"),
    (["--remediate", "apply", "--remediate-only", "nothing"], {}, "invalid choice"),
]
"""A day tries a third of them, `OPTIONS=all` every one."""
ALL = os.environ.get("OPTIONS") == "all"
TYPED = [("spark-291b", 0), ("yes", 1)]
WORKERS = ["2", "0"] if ALL else shared(["2", "0", "0", "0"], 4)
"""How many workers of xdist apply: any are a third of all that these tests cost, and have their day."""


@pytest.mark.parametrize(("options", "environment", "told"), shared(REFUSED, 3, every=ALL))
def test_what_cannot_be_done_in_the_end_is_refused_at_the_beginning(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    environment: dict[str, str],
    told: str,
) -> None:
    pytester.makefile(".toml", real=REAL)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    ran = check_here(pytester, "--target", "real.toml", *options)
    assert ran.code == 4, ran.out
    assert told in ran.out
    assert "Traceback" not in ran.out


@pytest.mark.parametrize("workers", WORKERS)
def test_a_plan_is_shown_and_writes_nothing_and_an_apply_heals(
    lab: Announcement, pytester: pytest.Pytester, workers: str
) -> None:
    inflict(lab, [FAULTS["token-readable-by-all"]])
    secret = Path(lab.root) / "etc/systemd/system/cloudflared.service.d/token.env"
    old = secret.stat()
    (pytester.path / "mine.toml").write_text(f'extends = "{lab.target}"\nwithout = {ELSEWHERE}\n')
    options = ("--target", "mine.toml", *MODE)

    ran = check_here(pytester, *options, "--remediate", "plan")
    assert ran.code == 1, ran.out
    assert "PLANNED: nothing was written" in ran.out
    assert made(ran)["result"] == "planned"
    assert made(ran)["apply"].endswith(f"--target mine.toml {' '.join(MODE)} --remediate apply")
    assert secret.stat().st_ino == old.st_ino
    assert not (ran.reports / "remediation").exists()

    ran = check_here(pytester, *options, "--remediate", "apply", "-n", workers)
    assert ran.code == 0, ran.out
    assert made(ran)["facts"] == [{"fact": "cloudflared.token_mode", "before": "nonconformant", "after": "conformant"}]
    follows_the_schema(made(ran))
    assert len(list((ran.reports / "remediation").glob("*.jsonl"))) == 1
    assert "nonconformant → conformant: cloudflared.token_mode" in ran.out
    assert '<section class="remediation">' in (ran.reports / "report.html").read_text()
    agree(ran.reports, ran.out, 0)

    ran = check_here(pytester, *options, "--remediate", "apply")
    assert ran.code == 0, ran.out
    assert "NOTHING TO DO" in ran.out
    assert made(ran)["result"] == "nothing to do"

    ran = check_here(pytester, *options, "--remediate", "undo")
    assert ran.code == 1, ran.out
    assert made(ran)["result"] == "undone"
    agree(ran.reports, ran.out, 1)
    assert secret.stat().st_mode & 0o777 == old.st_mode & 0o777 != 0o600
    assert secret.stat().st_mtime == old.st_mtime


def follows_the_schema(told: dict[str, Any]) -> None:
    schema = json.loads((PROJECT / "fixtures/spark_conformance/report/results.schema.json").read_text())["$defs"]
    assert set(told) == set(schema["remediation"]["required"]) == set(schema["remediation"]["properties"])
    assert told["result"] in schema["remediation"]["properties"]["result"]["enum"]
    for kind, items in (("step", told["steps"]), ("change", told["facts"]), ("instruction", told["instructions"])):
        for item in items:
            assert set(item) == set(schema[kind]["required"]) == set(schema[kind]["properties"])


def test_a_component_that_is_never_remedied_is_left_alone(lab: Announcement, pytester: pytest.Pytester) -> None:
    inflict(lab, [FAULTS["token-readable-by-all"]])
    pytester.makefile(".toml", mine=f'extends = "{lab.target}"\n[remediation]\nnever = ["cloudflared"]\n')
    options = (*MODE, "--remediate", "apply")
    for more, why in (
        (("--target", "mine.toml"), "the facts file says never to repair cloudflared"),
        (("--target", lab.target, "--remediate-never", "cloudflared"), "--remediate-never cloudflared"),
    ):
        ran = check_here(pytester, *more, *options)
        assert ran.code == 1, ran.out
        assert [item["sentence"] for item in made(ran)["left_alone"]] == [why]
        assert made(ran)["steps"] == []


@pytest.mark.parametrize(("typed", "code"), shared(TYPED, 2, every=ALL))
def test_a_real_target_is_changed_when_its_name_is_typed(
    lab: Announcement, tmp_path: Path, typed: str, code: int
) -> None:
    inflict(lab, [FAULTS["token-readable-by-all"]])
    (tmp_path / "mine.toml").write_text(f'extends = "{lab.target}"\nwithout = {ELSEWHERE}\n[system]\nlab = false\n')
    command = [sys.executable, "-m", "pytest", *LEAN, "checks/", "--target", "mine.toml"]
    with Terminal([*command, *MODE, "--remediate", "apply"], project(tmp_path)) as terminal:
        asked = terminal.until("Type its name to continue: ")
        places = [asked.find(text) for text in ("target: spark-291b", "test_cloudflared.py", "mode 0600")]
        assert -1 not in places, asked
        assert places == sorted(places), asked
        terminal.press(f"{typed}\n")
        assert terminal.ends() == code, terminal.shown
    told = terminal.shown.removeprefix(asked)
    assert ("REMEDIATION  APPLIED" if code == 0 else "REFUSED: nothing was written") in told, told
