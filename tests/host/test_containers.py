"""What `docker inspect` says: shapes as Docker 28 and podman 5 document them, and a docker that does not answer."""

import json
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.core.verdict import Unmet, Unreachable
from spark_conformance.host.containers import Inspected, find, moment, parse, stated, whole_image
from tests.host.recorded import Recorded, Said, seen_on
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


SPARSE = '[{"State": {}, "Config": {}}]'
"""What nothing but a container's shape is left of."""


def test_what_docker_does_not_tell_is_not_made_up() -> None:
    (seen,) = parse(SPARSE)
    one = seen.container
    assert (one.name, one.id, one.service, one.image, one.status) == ("", "", "", "", "")
    assert (one.exit_code, one.pid, one.restarts, one.policy) == (0, 0, None, "no")
    assert (one.addresses, one.published, one.mounts, one.compose_files) == ((), {}, (), ())
    assert (one.state, one.running, one.comes_back) == ("unknown", False, False)
    assert (seen.words, seen.environment, seen.root) == (("",), {}, False)
    assert recorded("podman", Config={}, ImageName="x:1").container.image == "x:1"
    assert "canary" not in repr(recorded("compose", Args=["--token", "canary"], Config={"Env": ["A=canary"]}))


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ({"Status": "Exited", "ExitCode": 3}, "exited (status 3)"),
        ({"Status": "restarting", "ExitCode": 0}, "restarting (status 0)"),
        ({"Status": "dead", "ExitCode": "1"}, "dead (status 0)"),
        ({"Status": "paused", "ExitCode": 3}, "paused"),
        ({"Status": "created"}, "created"),
        ({"Status": "running", "StartedAt": "today"}, "running since today"),
    ],
)
def test_a_containers_state_in_words(state: dict[str, Any], told: str) -> None:
    assert recorded("compose", State=state).container.state == told


def test_a_path_within_nested_mounts_is_that_of_the_nearest() -> None:
    places = [
        ("/srv/a", "/etc/cloudflared/"),
        ("/srv/b", "/etc/cloudflared/certs"),
        ("", "/data"),
        ("/srv/c", "/etc/x"),
    ]
    mounts = [{"Source": source, "Destination": at} for source, at in places]
    one = recorded("compose", Mounts=[*mounts, "odd"]).container
    assert one.on_host("/etc/cloudflared/certs/a.pem") == "/srv/b/a.pem"
    assert one.on_host("/etc/cloudflared/config.yml") == "/srv/a/config.yml"
    assert one.on_host("/etc/cloudflared") == "/srv/a"
    assert one.on_host("/data/token") is one.on_host("/etc/xy") is None


def test_addresses_of_each_network_are_told_once() -> None:
    """As Docker before 29, and of one that has left a network."""
    networks = {
        "bridge": {"IPAddress": "172.17.0.2"}, "home": {"IPAddress": "172.22.0.4"}, "gone": {"IPAddress": ""},
        "none": None,
    }  # fmt: skip
    told = {"IPAddress": "172.17.0.2", "Networks": networks}
    assert recorded("compose", NetworkSettings=told).container.addresses == ("172.17.0.2", "172.22.0.4")
    assert recorded("compose", NetworkSettings={"IPAddress": "172.17.0.3"}).container.addresses == ("172.17.0.3",)


def test_of_a_services_containers_the_one_that_runs_counts() -> None:
    (one,) = json.loads((RECORDED / "compose.json").read_text())
    old = {**one, "Name": "/old", "State": {"Status": "exited"}}
    says = {"docker ps": "1 2\n", "--type container 1 2": json.dumps([old, one]), "--type container web": "[]"}
    found = find(Recorded(says), "web")
    assert found is not None
    assert found.container.name == "home-cloudflared-1"
    says["--type container 1 2"] = json.dumps([old, {**old, "Name": "/older"}])
    with pytest.raises(Unreachable) as several:
        find(Recorded(says), "web")
    assert several.value.sentence == (
        "the Compose service web has 2 containers on the host (old, older): write the name of one of them into the "
        "facts file"
    )


DENIED: Said = (1, "", CLOSED)
NONE: Said = (1, "[]\n", "Error: No such container: web")


@pytest.mark.parametrize(
    ("says", "there_is"),
    [
        ({"docker inspect": NONE, "docker ps": ""}, "none"),
        ({"sudo": DENIED, "docker inspect": NONE, "docker ps": ""}, "none"),
        ({"sudo -n docker inspect": NONE, "sudo -n docker ps": "", "docker": DENIED}, "none"),
        ({"docker inspect": NONE, "docker ps": (125, "", "unknown flag: --no-trunc")}, "none"),
        ({"docker": DENIED}, CLOSED),
        ({"sudo": DENIED}, "there is no docker for the suite's user"),
        ({"docker ps": "1\n", "docker inspect": (1, "", "it went away")}, "it went away"),
    ],
)
def test_whether_there_is_a_container(says: dict[str, Said], there_is: str) -> None:
    run = seen_on(Recorded(says), cloudflared__unit=None, cloudflared__container="web")
    with pytest.raises((Unmet, Unreachable)) as told:
        stated(run, "cloudflared.container")
    if there_is == "none":
        assert isinstance(told.value, Unmet)
        assert told.value.note == "`docker ps -a` on the host shows which there are, and not web"
    else:
        assert there_is in str(told.value)
