"""The lab's stand-in for a service, running, and a host from which it is asked by the suite's own observations."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spark_conformance.core.run import Run
from spark_conformance.facts.load import SystemFile
from spark_conformance.facts.model import Facts
from spark_conformance.host.connection import target_host
from spark_lab.doors import bound_here
from spark_lab.host.plan import SOURCES
from spark_lab.service.behaviour import healthy
from tests.host.stubs import StubHost, given

HOSTNAME = "grafana.example.org"


def stated(**expectations: Any) -> dict[str, Any]:
    """The tables of these facts: `service__url="…"`."""
    tables: dict[str, Any] = {}
    for name, expect in expectations.items():
        component, _, fact = name.partition("__")
        tables.setdefault(component, {})[fact] = {"expect": expect, "source": "notes", "why": "so it is"}
    return tables


def system(facts: dict[str, Any], **target: Any) -> SystemFile:
    about = {"name": "pi", "hostname": HOSTNAME, "document": "notes"}
    return SystemFile.model_validate({"system": about, "facts": facts, "target": target})


@dataclass
class Service:
    """A running stand-in; `told` is what it answers by, from the next request on."""

    file: Path
    address: str
    told: dict[str, Any] = field(default_factory=dict)

    def tell(self, facts: dict[str, Any], key: str = "", **more: Any) -> None:
        """Have it be healthy by these facts, but for what is told beside them."""
        self.told = {**healthy(Facts.model_validate(facts), self.address, key=key), **more}
        self.file.write_text(json.dumps(self.told))


@contextmanager
def running(folder: Path, **told: Any) -> Iterator[Service]:
    """A stand-in in a process of its own, listening."""
    for _ in range(5):  # it takes no port 0, and another process may take one that is free before it does
        with bound_here("tcp") as free:
            port = free.getsockname()[1]
        service = Service(folder / "service.json", f"127.0.0.1:{port}")
        service.tell({}, **told)
        command = [sys.executable, "-m", "spark_lab.service", str(service.file)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={"PYTHONPATH": str(SOURCES)}) as process:
            assert process.stderr is not None
            if "running on" not in (said := process.stderr.readline()):
                continue
            try:
                yield service
            finally:
                process.terminate()
            return
    raise RuntimeError(said)


def run_of(stub: StubHost, facts: dict[str, Any], **target: Any) -> Run:
    run = Run(system(facts, **target))
    given(run, target_host, stub.host)
    return run
