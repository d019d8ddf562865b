"""The genuine cloudflared's commands for tunnels, through its own API client: list, info, create, token, route, end.

It runs where it reaches the API's stand-in and nothing else. Give its path with --cloudflared, or have it on PATH.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spark_lab import isolation
from spark_lab.api import ApiServer
from spark_lab.world import Json, World
from tests.lab import api_world as lab
from tests.strangers.enclosed import NOT_POSSIBLE, main

pytest_plugins = ["tests.lab.api_fixtures"]
ROOT = Path(__file__).parents[2] / "fixtures"
UNKNOWN = "unknown-0123456789-0123456789-0123456789-0"
Cloudflared = Callable[..., subprocess.CompletedProcess[str]]


def certificate(token: str) -> str:
    """What `cloudflared tunnel login` leaves: account, zone and API token, as a block of PEM."""
    content = {"zoneID": lab.ZONE, "accountID": lab.ACCOUNT, "apiToken": token}
    text = base64.encodebytes(json.dumps(content).encode()).decode()
    return f"-----BEGIN ARGO TUNNEL TOKEN-----\n{text}-----END ARGO TUNNEL TOKEN-----\n"


@pytest.fixture(scope="session")
def program(pytestconfig: pytest.Config) -> str:
    found = shutil.which(pytestconfig.getoption("--cloudflared") or "cloudflared")
    if found is None:
        pytest.skip("no genuine cloudflared: give its path with --cloudflared")
    return str(Path(found).resolve())


@pytest.fixture
def cloudflared(program: str, api: ApiServer, tmp_path: Path) -> Cloudflared:
    """Run `cloudflared tunnel` with arguments; `token` is the API token that its certificate holds."""
    origin, _, path = api.url.removeprefix("http://").partition("/")
    port = origin.rpartition(":")[2]

    def run(*arguments: str, token: str = lab.WRITER) -> subprocess.CompletedProcess[str]:
        (tmp_path / "cert.pem").write_text(certificate(token))
        environment = {
            "PATH": os.defpath, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT),
            "TUNNEL_API_URL": f"http://127.0.0.1:{port}/{path}", "TUNNEL_ORIGIN_CERT": str(tmp_path / "cert.pem"),
        }  # fmt: skip
        command = [sys.executable, "-m", "tests.strangers.enclosed", port, program, "tunnel", *arguments]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        if done.returncode == NOT_POSSIBLE:
            pytest.skip(done.stderr.strip())
        return done

    return run


def test_nothing_is_run_where_no_network_of_its_own_can_be_made(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused() -> None:
        raise isolation.IsolationError("not here")

    monkeypatch.setattr(isolation, "enter", refused)
    assert main(1, ["false"]) == NOT_POSSIBLE
    assert capsys.readouterr().err == "not here\n"


def printed(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_tunnels_are_listed_over_many_pages(cloudflared: Cloudflared, world: World) -> None:
    for number in range(45):
        own = {"id": f"00000000-0000-4000-8000-{number:012}", "name": f"many-{number:02}"}
        world.tunnels[own["id"]] = {**world.tunnels[lab.TUNNEL], **own, "deleted_at": None if number else lab.AT}
    names = [tunnel["name"] for tunnel in printed(cloudflared("list", "--output", "json"))]
    assert sorted(names) == [*(f"many-{number:02}" for number in range(1, 45)), "spark"]
    some = printed(cloudflared("--max-fetch-size", "2", "list", "--output", "json", "--name-prefix", "many-4"))
    assert sorted(tunnel["name"] for tunnel in some) == [f"many-{number}" for number in range(40, 45)]


def test_connectors_are_told(cloudflared: Cloudflared, world: World) -> None:
    [[identity, connector]] = world.connectors[lab.TUNNEL].items()
    info = printed(cloudflared("info", "--output", "json", "spark"))
    assert (info["id"], info["name"]) == (lab.TUNNEL, "spark")
    [told] = info["conns"]
    assert (told["id"], told["version"], told["arch"]) == (identity, connector.version, connector.arch)
    assert [one["id"] for one in told["conns"]] == [one.id for one in connector.connections.values()]
    assert {one["colo_name"] for one in told["conns"]} == {"lab00", "lab01"}


def test_a_tunnel_is_made_named_routed_and_deleted(cloudflared: Cloudflared, world: World, tmp_path: Path) -> None:
    made = printed(cloudflared("create", "--output", "json", "made"))
    [tunnel] = [one for one in world.tunnels.values() if one["name"] == "made"]
    assert (made["id"], tunnel["config_src"]) == (tunnel["id"], "local")
    credentials: Json = json.loads((tmp_path / f"{tunnel['id']}.json").read_text())
    assert base64.b64decode(credentials["TunnelSecret"]) == world.tunnel_secrets[tunnel["id"]]

    token = cloudflared("token", "made")
    assert json.loads(base64.b64decode(token.stdout)) == {
        "a": lab.ACCOUNT, "t": tunnel["id"], "s": credentials["TunnelSecret"],
    }  # fmt: skip

    again = cloudflared("create", "made")
    assert again.returncode != 0
    assert "tunnel with name already exists" in again.stderr

    routed = cloudflared("route", "dns", "made", "new.example.org")
    assert "Added CNAME new.example.org which will route to this tunnel" in routed.stderr
    [record] = [one for one in world.records.values() if one["name"] == "new.example.org"]
    assert (record["type"], record["content"], record["proxied"]) == ("CNAME", f"{tunnel['id']}.cfargotunnel.com", True)

    assert cloudflared("delete", "made").returncode == 0
    assert world.tunnels[tunnel["id"]]["deleted_at"] is not None
    assert not (tmp_path / f"{tunnel['id']}.json").exists()
    assert "has already been deleted" in cloudflared("delete", tunnel["id"]).stderr


def test_a_route_is_taken_from_another_only_by_force(cloudflared: Cloudflared, world: World) -> None:
    world.records[lab.RECORD]["content"] = "elsewhere.example.com"
    refused = cloudflared("route", "dns", "spark", lab.HOST)
    assert refused.returncode != 0
    assert "code: 1003, reason: An A, AAAA, or CNAME record with that host already exists." in refused.stderr
    assert world.records[lab.RECORD]["content"] == "elsewhere.example.com"
    assert "Added CNAME" in cloudflared("route", "dns", "--overwrite-dns", "spark", lab.HOST).stderr
    [record] = world.records.values()
    assert (record["name"], record["content"]) == (lab.HOST, f"{lab.TUNNEL}.cfargotunnel.com")
    assert "is already configured to route to your tunnel" in cloudflared("route", "dns", "spark", lab.HOST).stderr
    assert "Added CNAME x.example.com.example.org" in cloudflared("route", "dns", "spark", "x.example.com").stderr


def test_connections_are_cleaned_up_before_the_tunnel_goes(cloudflared: Cloudflared, world: World) -> None:
    refused = cloudflared("delete", "spark")
    assert refused.returncode != 0
    assert "code: 1022" in refused.stderr
    assert cloudflared("cleanup", "--connector-id", "77777777-7777-4777-8777-777777777777", "spark").returncode == 0
    assert world.status_of(lab.TUNNEL) == "healthy"
    assert cloudflared("cleanup", "spark").returncode == 0
    assert world.status_of(lab.TUNNEL) == "down"
    assert "does not have any active connection" in cloudflared("info", "spark").stdout


def test_a_tunnel_goes_with_its_connections_by_force(cloudflared: Cloudflared, world: World) -> None:
    assert cloudflared("delete", "--force", "spark").returncode == 0
    assert world.tunnels[lab.TUNNEL]["deleted_at"] is not None
    assert world.connectors[lab.TUNNEL] == {}


def test_refusals_are_understood(cloudflared: Cloudflared, api: ApiServer) -> None:
    unknown = cloudflared("token", lab.TUNNEL, token=UNKNOWN)
    assert "code: 10000, reason: Authentication error" in unknown.stderr
    reading = cloudflared("create", "made", token=lab.READER)
    assert "code: 10000, reason: Authentication error" in reading.stderr
    missing = cloudflared("token", lab.APP)
    assert "code: 1054, reason: Tunnel token not found" in missing.stderr
    api.limit.set(requests=0, seconds=300)
    limited = cloudflared("token", lab.TUNNEL)
    assert "code: 971, reason: Please wait" in limited.stderr
    assert {done.returncode != 0 for done in (unknown, reading, missing, limited)} == {True}
