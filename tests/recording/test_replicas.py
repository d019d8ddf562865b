"""Of several hosts a recording keeps what was seen on each, and a replay judges each by its own."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from spark_conformance.checking import findings_of
from spark_conformance.core.run import OBSERVATIONS, Run
from spark_conformance.core.verdict import Unreachable, Verdict
from spark_conformance.facts.load import SystemFile
from spark_conformance.host.machine import Machine
from spark_conformance.recording import storage
from spark_conformance.recording.recorder import Recorded
from spark_conformance.recording.replay import Replayed

SYSTEM = SystemFile.model_validate(
    {
        "system": {"name": "edge", "hostname": "app.example.com"},
        "target": {
            "replicas": [
                {"name": name, "ssh": {"host": f"host-{name}", "config": "/home/me/config"}, "facts": facts}
                for name, facts in (("a", {}), ("b", {"host": {"hostname": "b"}}), ("c", {"host": {"hostname": "c"}}))
            ]
        },
        "facts": {"host": {"reachable": {"expect": True}, "hostname": {"expect": "a"}}},
    }
)


def machine(run: Run) -> Machine:
    if run.name == "c":
        raise Unreachable("ssh: refused", "host-c refuses the connection", "host.reachable")
    return Machine(answered=True, hostname=run.name, architecture="x86_64")


def test_each_host_is_replayed_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OBSERVATIONS, "machine", machine)
    storage.prepare(tmp_path)
    run = Recorded(SYSTEM, tmp_path)
    seen = findings_of(run)
    run.settle()
    run.close()
    storage.finish(tmp_path, SYSTEM, "edge", datetime.now(UTC), {})
    recording = storage.read(tmp_path)
    assert set(recording.stored) == {"machine@a", "machine@b", "machine@c"}
    assert recording.stored["machine@b"].facts == {}
    carried = recording.carried()
    assert carried is not None
    assert [replica.name for replica in carried.target.replicas] == ["a", "b", "c"]
    assert "/home/me" not in (tmp_path / "manifest.json").read_text()
    again = findings_of(Replayed(carried, recording))
    assert again == seen
    assert (again["host.hostname"].verdict, again["host.hostname"].observed) == (Verdict.BLOCKED, "a, b as documented")
