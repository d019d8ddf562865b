"""What looks like a fault and is none: every fact still holds."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.lab.announcement import Announcement
from fixtures.lab.faults.bench import Bench
from fixtures.lab.faults.cloudflare import RECORDS
from fixtures.suite.verdict import Verdict
from tests.matrix.evaluate import evaluate


def other_names(bench: Bench) -> None:
    """Records of other names, and one of the public name that says nothing of where requests go."""
    zone = bench.lab.hostname.partition(".")[2]
    for fields in (
        {"type": "A", "name": f"www.{zone}", "content": "127.0.0.9", "proxied": True},
        {"type": "CNAME", "name": f"*.{zone}", "content": f"www.{zone}", "proxied": False},
        {"type": "TXT", "name": bench.lab.hostname, "content": "v=spf1 -all"},
    ):
        bench.api("POST", RECORDS, fields)


def other_tunnels(bench: Bench) -> None:
    for name in ("dgx-spark-ollama-2", "dgx-spark"):
        bench.api("POST", "accounts/{account}/cfd_tunnel", {"name": name, "config_src": "cloudflare"})


HARMLESS: dict[str, Callable[[Bench], object]] = {
    "a resolver that sends its clients to TCP": lambda bench: bench.switch("dns", server="resolver1", truncated=True),
    "a resolver that takes its time": lambda bench: bench.switch("dns", server="resolver2", delay_s=0.5),
    "the zone's server sends its clients to TCP": lambda bench: bench.switch(
        "dns", server="authoritative", truncated=True
    ),
    "records of other names": other_names,
    "tunnels of other names": other_tunnels,
    "an API that fails once": lambda bench: bench.switch("api_trouble", kind="fail", where="/", status=503, times=1),
    "an API that closes a connection once": lambda bench: bench.switch("api_trouble", kind="close", where="/", times=1),
    "an API that is slow": lambda bench: bench.switch("api_trouble", kind="delay", where="", seconds=0.2, times=None),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_no_fault_fails_nothing(lab: Announcement, name: str) -> None:
    bench = Bench(lab)
    HARMLESS[name](bench)
    bench.close()
    findings = evaluate(Path(lab.target))
    assert {fact for fact, finding in findings.items() if finding.verdict != Verdict.CONFORMANT} == set()
