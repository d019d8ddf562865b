"""A tunnel that is managed on its host: which configuration counts, whose its credentials are, and which rules."""

import json
from typing import Any

import pytest

from spark_conformance.cloudflare.tunnel import LOCAL, Tunnel, tunnel
from spark_conformance.cloudflare.tunnel_config import TunnelConfig, tunnel_config
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import NotApplicable, Unmet, Unreachable
from spark_conformance.host.connector import (
    Connector,
    cloudflared_config_versions,
    connector,
    parse_config,
    tunnel_rules,
)
from spark_conformance.host.files import looser
from spark_conformance.host.local_tunnel import cloudflared_config_file, cloudflared_credentials
from spark_conformance.host.process import connector_process
from tests.host.installation import Installation
from tests.host.stubs import given, run_on
from tests.host.test_connector import CONFIG, reply
from tests.host.tokens import ACCOUNT, TUNNEL

SECRET = "Y2FuYXJ5LXNlY3JldC1vZi10aGUtdHVubmVs"
CREDENTIALS = {"AccountTag": ACCOUNT, "TunnelSecret": SECRET, "TunnelID": TUNNEL, "Endpoint": ""}


def credentials(there: Installation, name: str = "tunnel.json", mode: int = 0o400, **changes: Any) -> str:
    return str(there.write(name, json.dumps(CREDENTIALS | changes), mode))


def test_the_file_that_counts_is_the_first_of_the_usual_ones(host_with: Installation) -> None:
    host_with.write("config.yml", f"tunnel: {TUNNEL}\ningress: []\n", 0o644)
    host_with.runs("cloudflared", "tunnel", "run")
    seen = host_with.run.get(cloudflared_config_file)
    assert (seen.path, seen.mode, seen.tunnel) == (str(host_with.config), "0644", TUNNEL)


def test_or_the_one_that_is_named(host_with: Installation) -> None:
    host_with.write("config.yml", "tunnel: other\n")
    named = host_with.write("spark.yml", f"tunnel: {TUNNEL}\n")
    host_with.runs("cloudflared", "tunnel", "--config", str(named), "run")
    assert host_with.run.get(cloudflared_config_file).path == str(named)


def test_of_a_stopped_service_what_its_next_start_takes(host_with: Installation) -> None:
    named = host_with.write("spark.yml", f"tunnel: {TUNNEL}\n")
    host_with.loaded(f"/usr/bin/cloudflared tunnel --config {named} run")
    given(host_with.run, connector_process, Unmet("cloudflared.active", "no"))
    assert host_with.run.get(cloudflared_config_file).path == str(named)


def test_there_is_none(host_with: Installation) -> None:
    host_with.runs("cloudflared", "tunnel", "run")
    with pytest.raises(Unmet) as unmet:
        host_with.run.get(cloudflared_config_file)
    assert unmet.value.fact == "cloudflared.config_file"


def test_credentials_that_the_configuration_names(host_with: Installation) -> None:
    path = credentials(host_with)
    host_with.write("config.yml", f"tunnel: {TUNNEL}\ncredentials-file: {path}\n")
    host_with.runs("cloudflared", "tunnel", "run")
    seen = host_with.run.get(cloudflared_credentials)
    assert (seen.path, seen.mode, seen.tunnel, seen.account) == (path, "0400", TUNNEL, ACCOUNT)
    assert seen.by == "the setting credentials-file of its configuration file"
    assert SECRET not in repr(seen)


@pytest.mark.parametrize("words", [("run",), ("run", "--protocol", "quic", TUNNEL)])
def test_credentials_that_are_named_after_the_tunnel(host_with: Installation, words: tuple[str, ...]) -> None:
    path = credentials(host_with, f"{TUNNEL}.json")
    host_with.write("config.yml", f"tunnel: {TUNNEL if words == ('run',) else 'other'}\n")
    host_with.runs("cloudflared", "tunnel", *words)
    assert host_with.run.get(cloudflared_credentials).path == path


@pytest.mark.parametrize(
    ("settings", "environment", "told"),
    [
        ("", {}, "neither its arguments nor its configuration name a tunnel"),
        (f"tunnel: {TUNNEL}\n", {}, f"there is no {TUNNEL}.json in "),
        ("credentials-file: /nowhere.json\n", {}, "the setting credentials-file of its configuration file names it"),
        ("", {"TUNNEL_CRED_CONTENTS": "{}"}, "given by the variable TUNNEL_CRED_CONTENTS"),
    ],
)
def test_no_credentials(host_with: Installation, settings: str, environment: dict[str, str], told: str) -> None:
    host_with.write("config.yml", settings)
    host_with.runs("cloudflared", "tunnel", "run", environment=environment)
    with pytest.raises(Unmet) as unmet:
        host_with.run.get(cloudflared_credentials)
    assert unmet.value.fact == "cloudflared.credentials_file"
    assert told in unmet.value.note


def test_what_is_no_credentials_says_nothing_of_itself(host_with: Installation) -> None:
    path = host_with.write("cert.pem", f"-----BEGIN {SECRET}")
    host_with.write("config.yml", f"credentials-file: {path}\n")
    host_with.runs("cloudflared", "tunnel", "run")
    with pytest.raises(Unmet) as unmet:
        host_with.run.get(cloudflared_credentials)
    assert (unmet.value.observed, SECRET in unmet.value.note) == ("no credentials", False)


def test_credentials_beside_an_unknown_working_directory(host_with: Installation) -> None:
    host_with.write("config.yml", "credentials-file: tunnel.json\n")
    host_with.runs("cloudflared", "tunnel", "run")
    with pytest.raises(Unreachable, match=r"may not read tunnel\.json"):
        host_with.run.get(cloudflared_credentials)


@pytest.mark.parametrize(("mode", "wanted", "loose"), [("0400", "0600", False), ("0640", "0600", True)])
def test_a_mode_is_a_bound(mode: str, wanted: str, loose: bool) -> None:
    assert looser(mode, wanted) is loose


AT_API = TunnelConfig(0, LOCAL, ())


def kept(source: str, stated: str | None = None) -> Run:
    """A run whose tunnel is kept there; its connector has rules of its own, and the API has none."""
    run = run_on(None, tunnel__config_source=stated)
    given(run, tunnel, Tunnel(TUNNEL, "t", None, source, "healthy", None))
    given(run, connector, Connector("127.0.0.1:1", "c", 4, parse_config(reply({**CONFIG, "version": -1})), None))
    given(run, tunnel_config, AT_API)
    return run


@pytest.mark.parametrize("stated", ["local", None])
def test_the_rules_are_those_that_the_connector_runs(stated: str | None) -> None:
    run = kept(LOCAL, stated)
    rules = run.get(tunnel_rules)
    assert rules.told.startswith("from its host's configuration file: 1. ollama.goldfish.io → http://localhost:11434")
    with pytest.raises(NotApplicable, match="Cloudflare has no version of it"):
        run.get(cloudflared_config_versions)


@pytest.mark.parametrize(("source", "stated"), [(LOCAL, "cloudflare"), ("cloudflare", "local"), ("cloudflare", None)])
def test_else_cloudflares(source: str, stated: str | None) -> None:
    assert kept(source, stated).get(tunnel_rules) is AT_API


def test_a_connector_that_tells_no_rules_blocks_them() -> None:
    run = kept(LOCAL, "local")
    given(run, connector, Connector("127.0.0.1:1", "c", 4, None, None))
    with pytest.raises(Unmet) as unmet:
        run.get(tunnel_rules)
    assert unmet.value.fact == "cloudflared.ready_connections"
