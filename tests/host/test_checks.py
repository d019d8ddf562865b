"""What the checks of host, Ollama and cloudflared make of what was seen."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

from spark_conformance.cloudflare.tunnel_config import TunnelConfig, TunnelRule
from spark_conformance.core.judging import Judge
from spark_conformance.core.verdict import Nonconformant, Unreachable
from spark_conformance.host.binary import BinaryVersion
from spark_conformance.host.clock import ClockSkew
from spark_conformance.host.connector import ConfigVersions, Connector
from spark_conformance.host.drop_ins import DropIns
from spark_conformance.host.inference import Generated
from spark_conformance.host.installed_token import TokenVariables
from spark_conformance.host.journal import ConnectorJournal, Registration
from spark_conformance.host.listeners import Listeners
from spark_conformance.host.machine import Machine, Release
from spark_conformance.host.ollama import Model, OllamaModels
from spark_conformance.host.resources import HostMemory
from spark_conformance.host.sudo import SudoRights
from spark_conformance.host.token_files import TokenFile, TokenFiles
from spark_conformance.host.unit_copy import UnitCopy
from tests.host.stubs import run_on

OVERRIDE = "/etc/systemd/system/cloudflared.service.d/override.conf"
SUDO = ("systemctl daemon-reload", "systemctl enable cloudflared", "systemctl restart cloudflared")
Check = Callable[..., None]
# by name: checks/ is pytest's directory, and no package
of_host, of_ollama, of_cloudflared = map(
    import_module, ("checks.test_host", "checks.test_ollama", "checks.test_cloudflared")
)


def judged(check: Check, *seen: Any, **changes: Any) -> tuple[bool, str, str]:
    """Whether the fact holds, what is said to be observed, and the note."""
    fact = next(mark.args[0] for mark in vars(check)["pytestmark"] if mark.name == "fact")
    judge = Judge(fact, run_on(None, **changes).facts.all()[fact])
    try:
        check(judge, *seen)
    except Nonconformant:
        return False, judge.observed or "", judge.note
    return True, judge.observed or "", judge.note


def held(check: Check, *seen: Any, **changes: Any) -> bool:
    return judged(check, *seen, **changes)[0]


@pytest.mark.parametrize(
    ("name", "ok"),
    [("spark-291b", True), ("spark-291b.lan", True), ("spark-291", False), ("spark-291bx.lan", False)],
)
def test_a_host_by_its_short_or_full_name(name: str, ok: bool) -> None:
    assert held(of_host.test_hostname, Machine(True, name, "")) is ok


def test_a_name_that_nobody_tells_is_not_another_one() -> None:
    for check in (of_host.test_hostname, of_host.test_architecture):
        with pytest.raises(Unreachable, match="prints nothing"):
            held(check, Machine(True, "", ""))


def test_a_host_that_answers() -> None:
    assert held(of_host.test_reachable, Machine(True, "", ""))
    assert not held(of_host.test_reachable, Machine(False, "", ""))


def test_every_sudo_command_counts() -> None:
    assert held(of_host.test_sudo, SudoRights(SUDO, (), ""))
    ok, observed, note = judged(of_host.test_sudo, SudoRights(SUDO[:2], SUDO[2:], "Sorry"))
    assert (ok, observed) == (False, ", ".join(SUDO[:2]))
    assert note == f"sudo would not run: {SUDO[2]} (Sorry)"


def test_a_release_of_another_name() -> None:
    assert held(of_host.test_release, Release("", {"DGX_NAME": "DGX Spark"}))
    assert judged(of_host.test_release, Release("", {"DGX_NAME": "DGX Station"}))[:2] == (False, "DGX Station")
    assert judged(of_host.test_release, Release("", {}))[:2] == (False, "other values")


def test_memory_that_nobody_tells() -> None:
    with pytest.raises(Unreachable, match="no file tells MemTotal"):
        judged(of_host.test_memory, HostMemory(None, 9.0))
    assert held(of_host.test_memory_available, HostMemory(None, 9.0))


@pytest.mark.parametrize(("ahead", "ok"), [(0.1, True), (-4.9, True), (5.2, False), (-600.0, False)])
def test_a_clock_off_either_way(ahead: float, ok: bool) -> None:
    holds, _, note = judged(of_host.test_clock_skew, ClockSkew(ahead, 0.1))
    assert holds is ok
    assert f"{abs(ahead):.2f} s {'ahead of' if ahead > 0 else 'behind'} this machine" in note


def test_a_generation_too_short_or_too_slow() -> None:
    assert held(of_ollama.test_generates, Generated("m", 2, 119.0, 0, "length"))
    assert not held(of_ollama.test_generates, Generated("m", 1, 1.0, 0, "stop"))
    assert not held(of_ollama.test_generates, Generated("m", 2, 121.0, 0, "length"))


def test_the_first_of_no_models() -> None:
    assert judged(of_ollama.test_first_model, OllamaModels("", "", ()))[:2] == (False, "no models")


def test_the_first_of_several_models() -> None:
    first, second = (Model(name, "a6eb", 1, "", "") for name in ("llama3.3:70b", "qwen3:8b"))
    assert judged(of_ollama.test_first_model, OllamaModels("", "", (first, second)))[:2] == (True, "llama3.3:70b")
    assert judged(of_ollama.test_first_model, OllamaModels("", "", (second, first)))[:2] == (False, "qwen3:8b")


def test_the_model_under_another_name() -> None:
    model = Model("llama3.3:70b", "a6eb4748fd29", 1, "", "")
    models = OllamaModels("", "", (model,))
    assert held(of_ollama.test_model, models, model)
    ok, observed, _ = judged(of_ollama.test_model, models, model, ollama__model="llama3.4:70b")
    assert (ok, observed) == (False, "llama3.3:70b")


def test_an_open_port() -> None:
    assert held(of_ollama.test_loopback_only, Listeners(1, ("127.0.0.1", "::1")))
    assert not held(of_ollama.test_loopback_only, Listeners(1, ("127.0.0.1", "10.0.0.1")))


def test_a_drop_in_that_is_not_loaded() -> None:
    loaded = DropIns(("/x.conf", OVERRIDE), {})
    assert judged(of_cloudflared.test_drop_in, loaded)[:2] == (True, OVERRIDE)
    assert judged(of_cloudflared.test_drop_in, DropIns(("/x.conf",), {}))[:2] == (False, "/x.conf")
    assert judged(of_cloudflared.test_drop_in, DropIns((), {}))[:2] == (False, "none")


def test_a_drop_in_beside_it_that_runs_something() -> None:
    seen = DropIns(("/x.conf", OVERRIDE), {"/x.conf": ("ExecStartPre",)})
    assert judged(of_cloudflared.test_drop_in, seen) == (False, f"/x.conf, {OVERRIDE}", "/x.conf sets ExecStartPre")


@pytest.mark.parametrize(
    ("installed", "running", "ok", "observed"),
    [
        ("2026.8.2", "2026.8.2", True, "2026.8.2"),
        ("2026.8.2", None, True, "2026.8.2"),
        (None, "2025.11", True, "2025.11"),
        ("2026.8.2", "2024.6.1", False, "2026.8.2 and 2024.6.1"),
        ("2024.6.1", "2026.8.2", False, "2024.6.1 and 2026.8.2"),
        ("", "2026.8.2", False, "no version and 2026.8.2"),
    ],
)
def test_a_version_on_disk_and_one_that_runs(
    installed: str | None, running: str | None, ok: bool, observed: str
) -> None:
    seen = BinaryVersion(installed, running, "")
    assert judged(of_cloudflared.test_version, seen)[:2] == (ok, observed)


@pytest.mark.parametrize(
    ("modes", "ok", "observed"),
    [
        (("0600",), True, "0600"),
        (("0400",), True, "0400"),
        (("0600", "0640"), False, "0640"),
        (("0604", "0600"), False, "0604"),
        (("0700",), False, "0700"),
        ((), False, "in no file"),
    ],
)
def test_no_file_may_be_looser(modes: tuple[str, ...], ok: bool, observed: str) -> None:
    files = tuple(TokenFile(f"/{mode}", mode) for mode in modes)
    assert judged(of_cloudflared.test_token_mode, TokenFiles(files, "the unit"))[:2] == (ok, observed)


def test_a_token_file_that_is_another_users() -> None:
    seen = TokenFiles((TokenFile("/a", "0600", "root"), TokenFile("/b", "0600", "bob", strange=True)), "")
    judgement = judged(of_cloudflared.test_token_mode, seen)
    assert judgement == (False, "0600, bob's", "/b holds the token, and is bob's")


@pytest.mark.parametrize(
    ("names", "ok", "observed"),
    [
        (("A", "CLOUDFLARE_TUNNEL_TOKEN"), True, "CLOUDFLARE_TUNNEL_TOKEN"),
        (("TUNNEL_TOKEN",), False, "TUNNEL_TOKEN"),
        ((), False, "none"),
    ],
)
def test_a_token_by_another_variable(names: tuple[str, ...], ok: bool, observed: str) -> None:
    assert judged(of_cloudflared.test_token_variable, TokenVariables(names, "the unit"))[:2] == (ok, observed)


def test_a_unit_that_differs() -> None:
    path = "infrastructure/spark/cloudflared.service"
    assert held(of_cloudflared.test_unit_in_repository, UnitCopy("/u", path, True, ()))
    ok, _, note = judged(of_cloudflared.test_unit_in_repository, UnitCopy("/u", path, False, ("line 3 (ExecStart)",)))
    assert (ok, note) == (False, f"/u differs from {path} in line 3 (ExecStart)")


def test_connections_and_their_protocol() -> None:
    four = ConnectorJournal("i", 9, tuple(Registration(index, "fra", "quic") for index in (3, 1, 0, 2)), None)
    mixed = ConnectorJournal("i", 9, (*four.registrations, Registration(1, "fra", "http2")), None)
    three = ConnectorJournal("i", 9, four.registrations[1:], None)
    checks = (of_cloudflared.test_registered, of_cloudflared.test_connection_indexes, of_cloudflared.test_protocol)
    assert [held(check, four) for check in checks] == [True, True, True]
    assert [held(check, mixed) for check in checks] == [True, True, False]
    assert [held(check, three) for check in checks] == [False, False, True]


@pytest.mark.parametrize(
    ("rules", "ok", "observed"),
    [
        ((TunnelRule("ollama.goldfish.io", "http://localhost:11434"),), True, "hostname ollama.goldfish.io"),
        ((TunnelRule("ollama.goldfish.io", "http://localhost:11434", path="/x"),), False, "nothing"),
        ((TunnelRule("*.goldfish.io", "http://localhost:11434"),), False, "hostname *.goldfish.io"),
        ((TunnelRule(None, "http_status:404"),), False, "any host"),
        ((), False, "nothing"),
    ],
)
def test_the_rule_that_runs(rules: tuple[TunnelRule, ...], ok: bool, observed: str) -> None:
    running = Connector("", "", 4, TunnelConfig(1, "local", rules), None)
    seen = judged(of_cloudflared.test_config_ingress, run_on(None), running)
    assert seen[0] is ok
    assert observed in seen[1]


def test_a_connector_that_lags() -> None:
    assert held(of_cloudflared.test_config_is_current, ConfigVersions(4, 4))
    assert judged(of_cloudflared.test_config_is_current, ConfigVersions(None, 4))[2].startswith("it runs no version")
