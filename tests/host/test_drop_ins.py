"""Drop-ins that nobody documented."""

from pathlib import Path

import pytest

from spark_conformance.core.verdict import Unreachable
from spark_conformance.host.drop_ins import cloudflared_drop_ins, deciding
from spark_conformance.host.units import cloudflared_unit, parse
from tests.host.stubs import StubHost, given, run_on


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("[Service]\nExecStartPre=/usr/bin/curl https://x\n", ["ExecStartPre"]),
        ("[Service]\nUser=nobody\nExecStart=\nExecStart=/opt/c run\n", ["User", "ExecStart", "ExecStart"]),
        ("[Service]\nEnvironment=LD_PRELOAD=/tmp/x.so A=1 PATH=/tmp\n", ["Environment=LD_PRELOAD", "Environment=PATH"]),
        ("[Service]\nEnvironment=HTTPS_PROXY=http://p TUNNEL_PATH=x\nRestartSec=1\n", []),
        ("[Unit]\nExecStart=/x\n[Service]\n# ExecStart=/x\n", []),
        ("", []),
    ],
)
def test_what_decides_what_runs(text: str, settings: list[str]) -> None:
    assert list(deciding(text)) == settings


def test_the_documented_one_is_not_looked_into(stub: StubHost, tmp_path: Path) -> None:
    ours, other = tmp_path / "override.conf", tmp_path / "zz.conf"
    ours.write_text("[Service]\nUser=nobody\n")
    other.write_text("[Service]\nExecStop=/bin/x\n")
    run = run_on(stub, cloudflared__drop_in=str(ours))
    given(run, cloudflared_unit, parse(f"DropInPaths={ours} {other}", "c"))
    seen = run.get(cloudflared_drop_ins)
    assert (seen.deciding, seen.told) == ({str(other): ("ExecStop",)}, f"{other} sets ExecStop")


def test_one_that_we_may_not_read(plain: StubHost) -> None:
    run = run_on(plain)
    given(run, cloudflared_unit, parse(f"DropInPaths={plain.bin.parent}/closed/there", "c"))
    with pytest.raises(Unreachable, match="sudo -n cat"):
        run.get(cloudflared_drop_ins)
