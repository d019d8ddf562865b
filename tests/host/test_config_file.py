"""Where cloudflared looks for what is its own, and what its configuration file says: on a host of recordings."""

import json
from typing import Any

import pytest

from spark_conformance.core.verdict import Unmet, Unreachable
from spark_conformance.host.config_file import config_files, directories, on_host, settings_of
from spark_conformance.host.files import HostFile
from spark_conformance.host.local_config import LocalConfig, cloudflared_local_config
from spark_conformance.host.local_tunnel import ConfigFile, cloudflared_config_file, cloudflared_credentials
from spark_conformance.host.process import Process, connector_process
from spark_conformance.host.way import connector_container
from tests.host.recorded import Recorded, seen_on
from tests.host.test_containers import recorded
from tests.host.tokens import ACCOUNT, TUNNEL

USUAL = {"cloudflared_configs": ["/etc/cloudflared/config.yml", "/usr/local/etc/cloudflared/config.yml"]}
BELOW = (".cloudflared", ".cloudflare-warp", "cloudflare-warp")
SYSTEM = ["/etc/cloudflared", "/usr/local/etc/cloudflared"]
CONTAINER = {"cloudflared__unit": None, "cloudflared__container": "home-cloudflared-1"}
CREDENTIALS = json.dumps({"AccountTag": ACCOUNT, "TunnelSecret": "c2VjcmV0", "TunnelID": TUNNEL.upper()})


def process(words: str = "cloudflared tunnel run", environment: dict[str, str] | None = None) -> Process:
    return Process(7, tuple(words.split()), environment, 1)


def mounted(*mounts: tuple[str, str], **changes: Any) -> dict[Any, Any]:
    """A container with these files and directories of the host's."""
    return {
        connector_container: recorded(
            "compose", Mounts=[{"Source": at, "Destination": path} for at, path in mounts], **changes
        )
    }


@pytest.mark.parametrize(
    ("home", "first"),
    [
        ("/home/c", [f"/home/c/{name}" for name in BELOW]),
        ("", []),
        ("relative", []),
    ],
)
def test_its_users_home_is_looked_into_first_where_it_has_one(home: str, first: list[str]) -> None:
    run = seen_on(Recorded(), target__host=USUAL)
    assert directories(run, {"HOME": home}) == first + SYSTEM
    looked = [f"{at}/{name}" for at in first for name in ("config.yml", "config.yaml")]
    there = Recorded(files=dict.fromkeys(looked, ""))
    found = config_files(seen_on(there, target__host=USUAL), (), {"HOME": home})
    assert [file.path for file in found] == looked


def test_in_a_container_the_homes_of_its_image_are_looked_into() -> None:
    run = seen_on(Recorded(), mounted(), **CONTAINER)
    homes = [f"{home}/{name}" for home in ("/home/c", "/home/nonroot", "/root") for name in BELOW]
    assert directories(run, {"HOME": "/home/c"}) == homes + SYSTEM
    assert directories(run, {"HOME": "/root"})[0] == "/root/.cloudflared"
    assert len(directories(run, {"HOME": "/root"})) == 2 * len(BELOW) + len(SYSTEM)


def test_where_a_path_of_its_is_on_the_host() -> None:
    contained = seen_on(Recorded(), mounted(("/srv/t", "/run/t")), **CONTAINER)
    assert (on_host(contained, "/run/t/x"), on_host(contained, "/etc/x"), on_host(contained, "x")) == (
        "/srv/t/x",
        None,
        None,
    )
    assert (on_host(seen_on(Recorded()), "/run/t"), on_host(seen_on(Recorded()), "run/t")) == ("/run/t", None)


@pytest.mark.parametrize(
    ("words", "mounts", "found", "untold"),
    [
        ("--config /run/t/mine.yml", [("/srv/t", "/run/t")], ["/srv/t/mine.yml"], ""),
        ("--config /etc/mine.yml", [("/srv/t", "/run/t")], [], "/etc/mine.yml, in the container home-cloudflared-1,"),
        ("", [("/srv/c", "/etc/cloudflared")], ["/srv/c/config.yml", "/srv/c/config.yaml"], ""),
        ("", [("/srv/c", "/run/t")], [], ""),
        ("", [], [], ""),
    ],
)
def test_in_a_container_only_what_is_mounted_is_read(
    words: str, mounts: list[tuple[str, str]], found: list[str], untold: str
) -> None:
    there = Recorded(files=dict.fromkeys(["/srv/t/mine.yml", "/srv/c/config.yml", "/srv/c/config.yaml"], "a: 1"))
    run = seen_on(there, mounted(*mounts), **CONTAINER)
    if untold:
        with pytest.raises(Unreachable) as closed:
            config_files(run, words.split(), {})
        assert closed.value.sentence.startswith(f"the suite's user may not look at {untold} on the host: ")
    else:
        assert [file.path for file in config_files(run, words.split(), {})] == found
    assert [command for command in there.commands if "''" in command] == [], "what is in the image has no path here"


def test_a_file_below_an_unknown_working_directory_is_not_looked_at() -> None:
    there = Recorded(files=dict.fromkeys(USUAL["cloudflared_configs"], ""))
    with pytest.raises(Unreachable, match=r"may not look at mine\.yml, below its working directory, on the host"):
        config_files(seen_on(there, target__host=USUAL), ("--config", "mine.yml"), {})
    assert there.commands == []


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("tunnel: x\n7: y\n", {"tunnel": "x", "7": "y"}),
        ("made: 2026-13-45\n", {}),
        ("a: [1\n", {}),
        ("- a\n", {}),
        ("a: " + "[" * 600, "it is nested too deep"),
        ("a: b\n" + "#" * (256 << 10), "it is longer than 256 KiB"),
    ],
    ids=range(6),
)
def test_what_a_configuration_says(text: str, settings: dict[str, Any] | str) -> None:
    file = HostFile("/c.yml", "read", content=text.encode())
    if isinstance(settings, dict):
        assert settings_of(file) == settings
        return
    with pytest.raises(Unreachable) as untold:
        settings_of(file)
    assert untold.value.sentence == f"/c.yml on the host cannot be read: {settings}; look at it there"


def test_what_has_a_say_in_the_file_that_counts() -> None:
    first, second = USUAL["cloudflared_configs"]
    there = Recorded(files={first: "protocol: http2\nlogfile: /x\ningress: []\nedge-ip-version: 6", second: ""})
    seen = seen_on(there, {connector_process: process()}, target__host=USUAL).get(cloudflared_local_config)
    assert seen == LocalConfig(None, {first: ("protocol", "edge-ip-version")}, (second,))
    assert (seen.in_force, seen.told) == (True, f"{first} sets protocol, edge-ip-version")
    named = LocalConfig("/x.yml", {"/a": ("b",)}, ())
    assert named.told == "the process runs with --config /x.yml; /a sets b"
    assert (LocalConfig(None, {}, ()).in_force, LocalConfig(None, {}, ()).told) == (False, "")


# --- a tunnel that is managed on its host


def test_which_files_do_not_count_is_told() -> None:
    first, second = USUAL["cloudflared_configs"]
    there = Recorded(files={first: f"tunnel: {TUNNEL}", second: "tunnel: x"})
    run = seen_on(there, {connector_process: process()}, target__host=USUAL)
    assert run.get(cloudflared_config_file) == ConfigFile(first, "0644", "root", TUNNEL, (second,))
    assert run.get(cloudflared_config_file).told == (f"{first}, root's, names the tunnel {TUNNEL}; not read: {second}")
    assert ConfigFile("/c", "0600", "bob", "").told == "/c, bob's, names no tunnel"


@pytest.mark.parametrize(
    ("words", "observed", "note"),
    [
        ("tunnel --config /x.yml run", "nothing at /x.yml", "--config names it"),
        ("tunnel run", "no file",
         "cloudflared is told of no configuration file, and there is none where it looks"),
    ],
)  # fmt: skip
def test_a_configuration_that_is_not_there(words: str, observed: str, note: str) -> None:
    with pytest.raises(Unmet) as unmet:
        seen_on(Recorded(), {connector_process: process(words)}).get(cloudflared_config_file)
    assert (unmet.value.observed, unmet.value.note) == (observed, note)


BY_ID = f"/etc/cloudflared/{TUNNEL}.json"


@pytest.mark.parametrize(
    ("config", "environment", "path", "by"),
    [
        (f"tunnel: {TUNNEL}", {}, BY_ID, f"the tunnel's id, {TUNNEL}"),
        (f"tunnel: {TUNNEL}", {"TUNNEL_CRED_FILE": ""}, BY_ID, f"the tunnel's id, {TUNNEL}"),
        (f"tunnel: {TUNNEL}", {"TUNNEL_CRED_CONTENTS": ""}, BY_ID, f"the tunnel's id, {TUNNEL}"),
        ("", {"TUNNEL_CRED_FILE": "~/c.json", "HOME": "/home/c"}, "/home/c/c.json",
         "the variable TUNNEL_CRED_FILE"),
        ("", {"TUNNEL_CRED_FILE": "~/c.json"}, "/root/c.json", "the variable TUNNEL_CRED_FILE"),
        ("", {"TUNNEL_CRED_FILE": "/run/c.json"}, "/run/c.json", "the variable TUNNEL_CRED_FILE"),
    ],
)  # fmt: skip
def test_whose_credentials_and_what_names_them(config: str, environment: dict[str, str], path: str, by: str) -> None:
    there = Recorded(files={USUAL["cloudflared_configs"][0]: config, path: CREDENTIALS})
    run = seen_on(there, {connector_process: process(environment=environment)}, target__host=USUAL)
    seen = run.get(cloudflared_credentials)
    assert (seen.path, seen.by, seen.tunnel, seen.account) == (path, by, TUNNEL, ACCOUNT)
    assert seen.told == f"{path}, root's, by {by}: of tunnel {TUNNEL} in account {ACCOUNT}"


@pytest.mark.parametrize(
    ("files", "words", "told"),
    [
        ({BY_ID: "{}"}, f"cloudflared tunnel run {TUNNEL}", f"{BY_ID} is no JSON with TunnelID and TunnelSecret"),
        ({BY_ID: f'{{"TunnelID": "{TUNNEL}"}}'}, f"cloudflared tunnel run {TUNNEL}", f"{BY_ID} is no JSON with"),
        ({BY_ID: '{"TunnelID": 7, "TunnelSecret": "x"}'}, f"cloudflared tunnel run {TUNNEL}", f"{BY_ID} is no JSON"),
        ({BY_ID: '["TunnelID"]'}, f"cloudflared tunnel run {TUNNEL}", f"{BY_ID} is no JSON"),
        ({}, f"cloudflared tunnel run {TUNNEL}", f"there is no {TUNNEL}.json in /etc/cloudflared, /usr/local/etc/"),
        ({}, "cloudflared tunnel --credentials-file /x run", "the argument --credentials-file names it"),
        ({}, "cloudflared tunnel --credentials-contents {} run", "are given by the argument --credentials-contents"),
    ],
)  # fmt: skip
def test_what_are_no_credentials(files: dict[str, str], words: str, told: str) -> None:
    run = seen_on(Recorded(files=files), {connector_process: process(words)}, target__host=USUAL)
    with pytest.raises(Unmet) as unmet:
        run.get(cloudflared_credentials)
    assert (unmet.value.fact, told in unmet.value.note) == ("cloudflared.credentials_file", True)


def test_of_several_credentials_the_first_counts() -> None:
    paths = [BY_ID, f"/usr/local{BY_ID}"]
    run = seen_on(Recorded(files=dict.fromkeys(paths, CREDENTIALS)), {connector_process: process(f"c run {TUNNEL}")})
    assert run.get(cloudflared_credentials).path == BY_ID


def test_credentials_named_after_the_tunnel_in_a_container() -> None:
    words = f"cloudflared tunnel run {TUNNEL}"
    seen = {**mounted(("/srv/c", "/etc/cloudflared")), connector_process: process(words)}
    run = seen_on(Recorded(files={f"/srv/c/{TUNNEL}.json": CREDENTIALS}), seen, **CONTAINER)
    assert run.get(cloudflared_credentials).path == f"/srv/c/{TUNNEL}.json"


def test_credentials_without_an_account_and_of_a_stopped_container() -> None:
    there = Recorded(files={"/srv/c/x.json": f'{{"TunnelID": "{TUNNEL}", "TunnelSecret": "x"}}'})
    words = ["tunnel", "--credentials-file", "/etc/cloudflared/x.json", "run"]
    seen = mounted(("/srv/c", "/etc/cloudflared"), Args=words, State={"Status": "exited"})
    run = seen_on(there, {**seen, connector_process: Unmet("cloudflared.active", "no")}, **CONTAINER)
    assert run.get(cloudflared_credentials).account == ""
    elsewhere = mounted(("/srv/c", "/run"), Args=words)
    with pytest.raises(Unreachable, match=r"/etc/cloudflared/x\.json on the host, where the tunnel's credentials are"):
        seen_on(there, {**elsewhere, connector_process: process(" ".join(words))}, **CONTAINER).get(
            cloudflared_credentials
        )
