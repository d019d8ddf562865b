"""A lab is healed by what was broken: services that may go on do, and those that may not are started anew."""

from pathlib import Path

import pytest

from spark_conformance.core.run import Run
from spark_conformance.facts.load import load
from spark_conformance.host.connection import target_host
from spark_lab.announcement import Announcement
from spark_lab.faults import heal
from spark_lab.faults.bench import Bench

DEEDS: dict[str, tuple[str, set[str]]] = {
    "what commands read": ("echo NTP=no >%s/lab/timedatectl", set()),
    "what a start reads": ("echo '# theirs' >>%s/etc/systemd/system/cloudflared.service", set()),
    "what Ollama reads while it runs": ("echo '[]' >%s/usr/share/ollama/.ollama/models/models.json", {"ollama"}),
    "what was started since": ("true %s && systemctl restart cloudflared", {"cloudflared"}),
}


def processes(bench: Bench) -> dict[str, str]:
    return {name: bench.shell(f"systemctl show -p MainPID --value {name}") for name in ("ollama", "cloudflared")}


@pytest.mark.parametrize("deed", DEEDS)
def test_only_what_cannot_go_on_is_started_anew(lab: Announcement, deed: str) -> None:
    command, anew = DEEDS[deed]
    bench = Bench(lab)
    before = processes(bench)
    bench.shell(command % bench.on_host("").rstrip("/"))
    heal(lab)
    after = processes(bench)
    bench.close()
    assert {name for name in after if after[name] != before[name]} == anew


def test_who_is_logged_in_stays_so(lab: Announcement) -> None:
    run = Run(load(Path(lab.target)))
    try:
        host = run.get(target_host)
        heal(lab)
        assert host.run("echo there").stdout == "there\n"
    finally:
        run.close()
