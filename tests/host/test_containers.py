"""What `docker inspect` says: shapes as Docker 28 and podman 5 document them, and a docker that does not answer."""

import json
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.core.verdict import Unreachable
from spark_conformance.host.containers import Inspected, find, moment, parse, whole_image
from tests.host.stubs import StubHost

RECORDED = Path(__file__).parent / "docker"
CLOSED = "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock"


def recorded(name: str, **changes: Any) -> Inspected:
    """A recorded container, with some keys of it changed."""
    said = json.loads((RECORDED / f"{name}.json").read_text())
    (found,) = parse(json.dumps([{**said[0], **changes}]))
    return found


def docker(stub: StubHost, *cases: tuple[str, str]) -> None:
    """Let `docker` answer by the words of its command line; anything else is not there."""
    arms = "".join(f"*'{words}'*) {script} ;;\n" for words, script in cases)
    missing = "*inspect*) echo '[]'; echo 'Error response from daemon: No such container' >&2; exit 1 ;;"
    stub.command("docker", f'case "$*" in\n{arms}{missing}\nesac')


def prints(name: str) -> str:
    return f"cat {RECORDED / name}.json"


def test_a_composed_container() -> None:
    seen = recorded("compose")
    one = seen.container
    assert (one.name, one.service, one.image) == (
        "home-cloudflared-1",
        "cloudflared",
        "cloudflare/cloudflared:2026.8.2",
    )
    assert (one.running, one.comes_back, one.restarts, one.pid) == (True, True, 2, 48213)
    assert (one.network, one.addresses, one.log_driver) == ("home_default", ("172.22.0.4",), "json-file")
    assert one.published == {"20241/tcp": ("127.0.0.1:20241",)}
    assert one.compose_files == ("/srv/home/compose.yaml", "/srv/home/.env")
    assert one.on_host("/run/secrets/tunnel-token") == "/srv/home/tunnel-token"
    assert one.on_host("/run/secrets/tunnel") is None
    assert seen.words == ("cloudflared", "--no-autoupdate", "tunnel", "run")
    assert seen.environment["TUNNEL_METRICS"] == "0.0.0.0:20241"
    assert "eyJ" not in repr(seen)


def test_podmans_answer() -> None:
    one = recorded("podman").container
    assert (one.name, one.image) == ("cloudflared", "docker.io/cloudflare/cloudflared:latest")
    assert (one.running, one.state, one.policy, one.comes_back) == (False, "exited (status 1)", "no", False)
    assert (one.addresses, one.published, one.compose_files) == ((), {}, ())


@pytest.mark.parametrize("status", ["paused", "restarting", "created", "dead", "exited"])
def test_only_what_runs_runs(status: str) -> None:
    state = {"Status": status, "Running": status in {"paused", "restarting"}, "Pid": 1, "ExitCode": 1}
    assert not recorded("compose", State=state).container.running


@pytest.mark.parametrize("said", ["", "null", "{}", '["x"]', '[{"Config": {}}]', "Error: no such container x"])
def test_what_is_no_container_is_none(said: str) -> None:
    assert parse(said) == ()


def test_by_its_name(stub: StubHost) -> None:
    docker(stub, ("inspect --type container home-cloudflared-1", prints("compose")))
    found = find(stub.host, "home-cloudflared-1")
    assert found is not None
    assert (found.container.pid, found.docker) == (48213, "docker")


def test_by_its_compose_service(stub: StubHost) -> None:
    docker(
        stub,
        ("ps -aq --no-trunc --filter label=com.docker.compose.service=cloudflared", "echo 9f1c"),
        ("inspect --type container 9f1c", prints("compose")),
    )
    found = find(stub.host, "cloudflared")
    assert found is not None
    assert found.container.name == "home-cloudflared-1"


def test_several_of_a_service(stub: StubHost) -> None:
    two = json.loads((RECORDED / "compose.json").read_text()) * 2
    docker(stub, ("service=cloudflared", "echo 1; echo 2"), ("container 1 2", f"echo '{json.dumps(two)}'"))
    with pytest.raises(Unreachable, match="has 2 containers"):
        find(stub.host, "cloudflared")


def test_there_is_none(stub: StubHost) -> None:
    docker(stub)
    assert find(stub.host, "cloudflared") is None


def test_root_alone_may_ask(stub: StubHost) -> None:
    closed = f"[ -n \"$ROOT\" ] || {{ echo '{CLOSED}' >&2; exit 1; }}"
    stub.command("docker", f"{closed}\n{prints('compose')}")
    stub.command("sudo", 'shift; ROOT=yes exec "$@"')
    found = find(stub.host, "home-cloudflared-1")
    assert found is not None
    assert found.docker == "sudo -n docker"


def test_nobody_may_ask(stub: StubHost) -> None:
    stub.command("docker", f"echo '{CLOSED}' >&2; exit 1")
    with pytest.raises(Unreachable, match=r"permission denied .* group docker, or allow it `sudo -n docker inspect`"):
        find(stub.host, "cloudflared")


def test_there_is_no_docker(stub: StubHost) -> None:
    stub.command("docker", "exit 127")
    with pytest.raises(Unreachable, match="podman-docker"):
        find(stub.host, "cloudflared")


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("2026-08-20T09:12:44.402871123Z", 1787217164.402871),
        ("2026-08-20T11:12:44.4+02:00", 1787217164.4),
        ("2026-08-20T09:12:44Z", 1787217164.0),
        ("2026-08-20T09:12:44", None),
        ("0001-01-01T00:00:00Z", None),
        ("0002-01-01T00:00:00Z", -62104060800.0),
        ("", None),
    ],
)
def test_times(said: str, seconds: float | None) -> None:
    assert moment(said) == seconds


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("cloudflare/cloudflared", "docker.io/cloudflare/cloudflared:latest"),
        ("cloudflare/cloudflared:2026.8.2", "docker.io/cloudflare/cloudflared:2026.8.2"),
        ("ghcr.io/me/tunnel", "ghcr.io/me/tunnel:latest"),
        ("localhost/tunnel", "localhost/tunnel:latest"),
        ("box:5000/tunnel", "box:5000/tunnel:latest"),
        ("me/tunnel@sha256:abc", "docker.io/me/tunnel@sha256:abc"),
    ],
)
def test_an_image_by_its_whole_name(name: str, whole: str) -> None:
    assert whole_image(name) == whole


def test_what_composes_labels_name_is_on_the_host() -> None:
    files, directory = "com.docker.compose.project.config_files", "com.docker.compose.project.working_dir"
    labels = {files: "/a/compose.yaml,more.yaml,", directory: "/srv/app"}
    seen = recorded("compose", Config={"Labels": labels}).container.compose_files
    assert seen == ("/a/compose.yaml", "/srv/app/more.yaml", "/srv/app/.env")
    assert recorded("compose", Config={"Labels": {files: "more.yaml"}}).container.compose_files == ()
