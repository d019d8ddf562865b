"""The walk of CONTRIBUTING.md, "A new kind of service", in a copy of the tree: new files alone, and no list to be on.

The kind is made up: a kiosk, which says at /state whether it waits for a restart, and shows nothing until it had one.
What a twin of such a system says of it, broken and healed, comes from the copy's own code, in a process of its own.
"""

import json
from pathlib import Path

import pytest

from tests.facts.walks import copied, files_of, run

FACT, CAUSE, SHOWN = "kiosk.restart_pending", "kiosk-restart-pending", "probes.home"
SUITE, LAB = "fixtures/spark_conformance/services/kiosk", "fixtures/spark_lab/service/kiosk"
KIND: dict[str, str] = {
    f"{SUITE}/__init__.py": '"""Kiosks."""\n',
    f"{SUITE}/facts.py": '''\
"""What a kiosk adds to `service`."""

from typing import Annotated

from spark_conformance.facts.fact import Component, Fact
from spark_conformance.facts.traits import Traits
from spark_conformance.facts.where import HOST


class Kiosk(Component):
    restart_pending: Annotated[
        Fact[bool] | None,
        Traits(needs=("service.url",), looked_up_by=("service.url",), where=HOST, do="restart the kiosk's unit"),
    ] = None
''',
    f"{SUITE}/observations.py": '''\
"""What a kiosk says of itself."""

from spark_conformance.core.run import Run, observation
from spark_conformance.core.verdict import Unreachable
from spark_conformance.host.connection import target_host
from spark_conformance.host.curl import CurlRequest, fetch
from spark_conformance.host.http_service import service_answer


@observation
def kiosk_restart_pending(run: Run) -> bool:
    """Whether it waits for a restart. Raises Unreachable where it does not say.

    By hand: `curl -s http://localhost:PORT/state` on the host.
    """
    url = run.get(service_answer).url
    (reply,) = fetch(run.get(target_host), CurlRequest(f"{url}/state", run.target.host.request_timeout_s))
    said = reply.fields.get("restart_pending")
    if not isinstance(said, bool):
        raise Unreachable("host: the kiosk's state", f"{reply.url} does not say whether it waits: {reply.said}")
    return said
''',
    f"{SUITE}/signs.py": '''\
"""What shows a kiosk's causes."""

from spark_conformance.diagnosis.model import View

SIGNS: dict[str, tuple[View, str]] = {"kiosk.pending": ("host", "whether the kiosk waits for a restart")}
''',
    f"{SUITE}/reading.py": '''\
"""How a kiosk's signs are made."""

from spark_conformance.diagnosis.reading.look import Look
from spark_conformance.services.kiosk.observations import kiosk_restart_pending

BEGUN = (kiosk_restart_pending,)


def read(look: Look) -> None:
    pending = look.at("host", kiosk_restart_pending) if look.stated.has("kiosk") else None
    if pending is not None:
        look.see("kiosk.pending", pending, f"it waits for a restart: {pending}")
''',
    f"{SUITE}/causes.py": '''\
"""Why a kiosk refuses."""

from spark_conformance.diagnosis.causes.case import Way, case
from spark_conformance.diagnosis.causes.proofs import Proof
from spark_conformance.diagnosis.model import Hop, Remedy

case(
    "kiosk-restart-pending",
    Hop.SERVICE,
    "{service} waits for a restart, and shows nothing until then",
    Way(
        {"answer.by": ("behind",), "answer.status": (503,)},
        {"kiosk.pending": (True,), "rule.service": ("documented",)},
        (("answer.by", "answer.status", "kiosk.pending", "rule.service"),),
    ),
    remedy=Remedy("{service}", "restarted", "{service} shows its pages", "on the host", "", "kiosk"),
    source="https://example.org/kiosk/manual",
    proof=Proof(frozenset({"kiosk.pending"}), "the kiosk says itself that it waits, and answers just so while it does"),
    facts=("kiosk.restart_pending",),
)
''',
    f"{SUITE}/remedies.py": '''\
"""A kiosk that waits for a restart gets one."""

from collections.abc import Mapping

from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Finding
from spark_conformance.host.connection import target_host
from spark_conformance.host.curl import CurlRequest, fetch
from spark_conformance.remediation.access_first import GATE
from spark_conformance.remediation.model import Asked, Remedy, Step
from spark_conformance.remediation.remedies.failing import fails
from spark_conformance.remediation.steps.services import Service, WaitFor


class KioskRestarted:
    id = "kiosk.restarted"
    component = "kiosk"
    after = GATE
    facts = frozenset({"kiosk.restart_pending"})

    def plan(self, run: Run, findings: Mapping[str, Finding]) -> list[Step]:
        if not fails(findings, *self.facts):
            return []
        unit = run.expect("service.unit", str)
        wait = WaitFor("the kiosk answers", _lacking, 60.0)
        return [
            Step("kiosk.restart", "kiosk", f"restart {unit}", "waiting → restarted", Service("restart", unit)),
            Step("kiosk.ready", "kiosk", f"wait until {wait.what}", "", wait),
        ]


def _lacking(run: Run) -> str:
    (reply,) = fetch(run.get(target_host), CurlRequest(f"{run.expect('service.url', str)}/state", 5.0))
    return "" if reply.status else reply.said


def remedies(asked: Asked) -> list[Remedy]:
    del asked
    return [KioskRestarted()]
''',
    "checks/test_kiosk.py": '''\
"""Checks of a kiosk."""

import pytest

from spark_conformance.core.judging import Judge


@pytest.mark.fact("kiosk.restart_pending")
def test_restart_pending(judge: Judge, kiosk_restart_pending: bool) -> None:
    """The kiosk shows nothing until it is restarted."""
    judge(kiosk_restart_pending)
''',
    f"{LAB}/__init__.py": '"""Kiosks in the lab."""\n',
    f"{LAB}/answers.py": '''\
"""A kiosk: its state, and its page."""

import json
import time
from typing import Any

from spark_conformance.facts.model import Facts
from spark_lab.connector.web import Exchange

Json = dict[str, Any]
STARTED = time.time()


def behaviour(facts: Facts, key: str) -> Json:
    del key
    return {"kiosk": {}} if "kiosk.restart_pending" in facts.all() else {}


def answers(told: Json, path: str) -> bool:
    return "kiosk" in told and path in {"/", "/state"}


async def answer(exchange: Exchange, told: Json) -> None:
    pending = told["kiosk"].get("since", 0) > STARTED
    if exchange.path == "/state":
        await exchange.answer(200, json.dumps({"restart_pending": pending}).encode(), "application/json")
    else:
        await exchange.answer(503 if pending else 200, b"" if pending else b"Welcome", "text/plain")
''',
    f"{LAB}/faults.py": '''\
"""A kiosk that waits."""

import time

from spark_lab.faults.fault import fault
from spark_lab.faults.service import behaving

fault(
    "kiosk-restart-pending",
    "the kiosk waits for a restart",
    behaving(lambda told: told["kiosk"].update(since=time.time())),
    "kiosk.restart_pending",
    remedy=True,
)
''',
}  # fmt: skip
"""By new file: its text."""
SYSTEM = """\
extends = "public-site"
without = ["probes.old_blog", "probes.missing"]

[system]
name = "lobby"

[facts.kiosk.restart_pending]
expect = false
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = copied(tmp_path_factory.mktemp("kind"), ())
    for name, text in KIND.items():
        path = place / name
        assert not path.exists()
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (place / "lobby.toml").write_text(SYSTEM, encoding="utf-8")
    return place


def test_these_are_the_files_that_contributing_names() -> None:
    made = [name.replace("kiosk", "KIND") for name in KIND if not name.endswith("__init__.py")]
    named = files_of("A new kind of service")
    assert [whole for whole, name in zip(made, named, strict=True) if not whole.endswith(f"/{name}")] == []


def test_a_kind_of_new_files_alone_is_checked_diagnosed_and_healed(copy: Path) -> None:
    done = run(
        copy, "checks/", "--target", "lobby.toml", "--lab", "--lab-fault", CAUSE, "--remediate", "apply", "--yes",
        "-k", "test_restart_pending or home",
    )  # fmt: skip
    assert f"nonconformant → conformant: {SHOWN}, {FACT}\n" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0
    results = json.loads((copy / "reports/results.json").read_text())["targets"][0]
    assert {item["fact"]: item["verdict"] for item in results["findings"]} == {FACT: "conformant", SHOWN: "conformant"}
    assert "ollama" not in (done.stdout + json.dumps(results["findings"])).lower()
    named = [(item["cause"]["id"], item["confidence"]) for item in results["diagnosis"]["causes"]]
    assert (CAUSE, "proven") in named, named
