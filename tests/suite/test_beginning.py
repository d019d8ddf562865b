"""What begins when, and what is imported for it: each selection no more than it looks by."""

import gc
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from _pytest.assertion.rewrite import AssertionRewritingHook

from spark_conformance.facts.calling import CHECKS
from spark_conformance.facts.load import find, load
from spark_conformance.observations import names
from spark_conformance.plugin import NAME, PARTS
from spark_conformance.plugin.beginning import LONGEST, asked_of_host
from tests.suite.small import LEAN, PROJECT

STATED = list(load(find("spark-291b")).facts.all())
FACTS = """
extends = "spark-291b"
[target.ssh]
host = "spark"
[target.cloudflare]
api = "http://127.0.0.1:9"
[target.dns]
resolvers = ["127.0.0.1:9"]
authoritative = ["127.0.0.1:9"]
timeout_s = 0.1
"""
SEEN = """
import sys
from pathlib import Path

def pytest_unconfigure(config):
    Path(__file__).with_name("modules").write_text("\\n".join(sys.modules))
"""
SSH = """#!/bin/sh
case $1 in -V) echo OpenSSH_9.6p1 >&2; exit;; esac
echo >>"${0%/*}/begun"
exit 255
"""
API = {"cloudflare", "httpx"}
HOST = {"spark_conformance.ssh.client", "spark_conformance.host.connection"}
SELDOM = {
    "spark_conformance.diagnosis.causes.catalogue", "spark_conformance.recording.storage",
    "spark_conformance.recording.shapes", "spark_conformance.remediation.model",
    "spark_conformance.report.prometheus", "spark_conformance.report.sarif",
}  # fmt: skip
"""What a diagnosis, a recording, a remedy and other programs need, and a run in which all is well does not."""
OTHERS = {"spark_conformance.github.client", "aioquic", "asyncssh", "spark_lab", "apprise"}
"""What no look of a host or of DNS goes by."""


@dataclass
class Began:
    """What a run imported, and how often it began an ssh."""

    modules: set[str]
    connections: int


def run(place: Path, *options: str) -> Began:
    """The suite's own checks, by a process that sees an ssh of ours alone."""
    for name, text in {"facts.toml": FACTS, "seen.py": SEEN, "ssh": SSH}.items():
        (place / name).write_text(text)
    (place / "ssh").chmod(0o700)
    plugins = ("-p", "no:cacheprovider")
    told = ("--target", str(place / "facts.toml"), "--reports", str(place / "reports"))
    paths = {"PATH": f"{place}:/bin:/usr/bin", "PYTHONPATH": f"{place}:{os.environ.get('PYTHONPATH', '')}"}
    subprocess.run(
        [sys.executable, "-m", "pytest", *LEAN, *plugins, "checks/", "--no-diagnose", *told, *options],
        cwd=PROJECT, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=120,
        env={**os.environ, **paths, "PYTEST_PLUGINS": "seen"},
    )  # fmt: skip
    begun = place / "begun"
    return Began(
        set((place / "modules").read_text().split()), len(begun.read_text().split("\n")) - 1 if begun.exists() else 0
    )


def test_listing_begins_nothing_and_imports_no_transport(tmp_path: Path) -> None:
    began = run(tmp_path, "--collect-only")
    assert not began.modules & SELDOM
    assert "spark_conformance.observations" in began.modules
    assert not began.modules & (API | HOST | OTHERS | {"dns", "cryptography", "jwt", "yaml"})
    assert began.connections == 0


def test_a_look_at_the_host_imports_nothing_of_the_api(tmp_path: Path) -> None:
    began = run(tmp_path, "-m", "host")
    assert began.modules >= HOST
    assert not began.modules & {"yaml", "spark_conformance.repository.workflow"}
    assert not began.modules & (API | OTHERS | {"dns"})
    assert began.connections == 1


def test_what_the_host_is_held_against_comes_without_what_sends_requests() -> None:
    """Its commands go before httpx and the SDK are imported: those take as long as the way to the host and back."""
    modules = {names()[observation] for observation in LONGEST.values()}
    compared = ("spark_conformance.https.route", "spark_conformance.host.token_matches", *sorted(modules))
    asked = f"import sys, {', '.join(compared)}; print(*sys.modules)"
    imported = subprocess.run(
        [sys.executable, "-c", asked], cwd=PROJECT / "fixtures", check=True, capture_output=True, text=True
    )
    sending = {"spark_conformance.https.client", "cloudflare", "httpx", "cryptography", "dns", "ssl"}
    assert not set(imported.stdout.split()) & sending
    for module in ("test_cloudflared.py", "test_tunnel.py"):
        assert "https.route import probe_path" in (PROJECT / "checks" / module).read_text(encoding="utf-8")


def test_a_look_at_dns_imports_nothing_of_the_host(tmp_path: Path) -> None:
    began = run(tmp_path, "-m", "dns")
    assert "dns.query" in began.modules
    assert not began.modules & SELDOM
    assert not began.modules & (HOST | OTHERS)
    assert began.connections == 0


@pytest.mark.parametrize("chosen", ["", "host", "dns or ollama", "not dns", "cloudflared and not through_access"])
def test_the_host_is_connected_to_where_a_check_of_it_is_chosen(chosen: str) -> None:
    assert asked_of_host(STATED, chosen)


@pytest.mark.parametrize("chosen", ["dns", "not host and dns", "host and slow", "(", "own"])
def test_no_connection_begins_early_where_none_may_be_needed(chosen: str) -> None:
    assert not asked_of_host(STATED, chosen)


@pytest.mark.parametrize("fact", LONGEST)
def test_what_begins_with_the_connection_is_what_a_check_of_the_fact_takes(fact: str) -> None:
    assert asked_of_host(STATED, fact.partition(".")[0]).count(fact) == 1
    source = (CHECKS / f"test_{fact.partition('.')[0]}.py").read_text(encoding="utf-8")
    head = source.partition(f'@pytest.mark.fact("{fact}")\ndef ')[2].partition("->")[0]
    assert re.search(rf"[(,] ?{LONGEST[fact]}: ", head)


def test_nothing_begins_early_for_a_system_without_a_host() -> None:
    assert not asked_of_host([fact for fact in STATED if fact.startswith("dns.")], "")


def test_garbage_is_collected_again_and_what_collecting_made_is_left_alone() -> None:
    """This very session is one of the suite's."""
    assert gc.isenabled()
    assert gc.get_freeze_count() > 10_000


def test_pytest_rewrites_nothing_of_the_suite_but_its_beginning() -> None:
    """This very session is one of the suite's; where the suite is installed, pytest would rewrite all of it."""
    ours = {name: module for name, module in sys.modules.items() if name.startswith(f"{NAME.partition('.')[0]}.")}
    rewritten = {name for name, module in ours.items() if isinstance(module.__loader__, AssertionRewritingHook)}
    assert len(ours) > 100
    assert rewritten == {NAME, f"{NAME}.parts"}


def test_of_a_part_what_is_pytests_is_registered(request: pytest.FixtureRequest) -> None:
    parts = [request.config.pluginmanager.get_plugin(part) for part in PARTS]
    known = {name for part in parts for name in vars(part) if not name.startswith("__")}
    assert "pytest_runtest_makereport" in known
    assert {name for name in known if not name.startswith("pytest_")} == {"run", "judge", "https_client", "resolvers"}
