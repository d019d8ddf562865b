"""A lab takes what it is from the facts file of the system whose twin it is, and nothing from any other system."""

import json
import re
from pathlib import Path

import pytest

from spark_conformance.cloudflare.access.admitted import admitted
from spark_conformance.cloudflare.access.policies import policies_of
from spark_conformance.cloudflare.tables import tables
from spark_conformance.facts.load import examples, find, load
from spark_lab.leaving import left_out
from spark_lab.original import Original
from spark_lab.overlay import Places, overlay
from spark_lab.responding import behaviour
from spark_lab.seed import Credentials, rules, world

NOWHERE = Path("/nowhere")
OTHERS = re.compile("ollama|goldfish|spark-291b|dgx|75a07d1a|5c17729f", re.IGNORECASE)
MINE = """
[system]
name = "wiki"
hostname = "wiki.example.org"
document = "Wiki"

[target.ssh]
host = "wiki-1"

[facts.cloudflared.protocol]
expect = "http2"

[facts.service.url]
expect = "http://127.0.0.1:8080"

[facts.own.backups]
expect = true

[[waivers]]
fact = "own.backups"
reason = "the disk is on its way"
owner = "ann"
issue = "#1"
until = 2099-01-01
"""


def original(name: str) -> Original:
    return Original(load(find(name)))


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(MINE)
    return path


@pytest.mark.parametrize("name", examples())
def test_nothing_of_another_system_is_in_a_world(name: str) -> None:
    made = world(original(name), Credentials())
    assert not OTHERS.findall(repr({**vars(made), "edge_addresses": []}))
    assert made.zone["name"] == original(name).zone


def test_what_the_facts_state_is_what_the_world_holds() -> None:
    made = world(original("spark-291b"), Credentials(), {"localhost:11434": "localhost:4711"})
    [tunnel] = made.tunnels.values()
    assert (tunnel["name"], made.team) == ("dgx-spark-ollama", "goldfish-lab.cloudflareaccess.com")
    assert made.configurations[tunnel["id"]]["config"]["ingress"][0] == {
        "hostname": "ollama.goldfish.io", "service": "http://localhost:4711",
        "originRequest": {"httpHostHeader": "localhost:4711"},
    }  # fmt: skip


def test_routes_become_rules_a_path_before_the_rest_of_its_name() -> None:
    shop = original("two-names")
    made = rules(
        shop, {"localhost:3000": "localhost:1", "localhost:4000": "localhost:2", "localhost:3001": "localhost:3"}
    )
    assert [(rule.get("hostname"), rule.get("path"), rule["service"]) for rule in made] == [
        ("shop.example.net", "^/admin", "http_status:403"),
        ("shop.example.net", "^/api", "http://localhost:2"),
        ("shop.example.net", None, "http://localhost:1"),
        ("status.example.net", None, "http://localhost:3"),
        (None, None, "http_status:404"),
    ]
    assert shop.hostnames == ["shop.example.net", "status.example.net"]


def test_where_nobody_is_let_in_by_access_there_is_no_application() -> None:
    assert world(original("public-site"), Credentials()).apps == {}
    [app] = world(original("grafana"), Credentials()).apps.values()
    assert [policy["decision"] for policy in app["policies"]] == ["allow"]
    [app] = world(original("vllm"), Credentials()).apps.values()
    assert [policy["decision"] for policy in app["policies"]] == ["non_identity"]


def test_a_tunnel_that_is_managed_on_its_host_has_no_configuration_at_cloudflare() -> None:
    local = original("locally-managed")
    made = world(local, Credentials())
    [tunnel] = made.tunnels.values()
    assert (tunnel["config_src"], tunnel["remote_config"], made.configurations) == ("local", False, {})
    assert left_out(local.system) == []


@pytest.mark.parametrize(
    ("stated", "missing"),
    [
        ({"tunnel.config_source": "local"}, []),
        ({"cloudflared.config_file": "/etc/cloudflared/config.yml"}, []),
        ({"tunnel.config_source": "local", "cloudflared.token_mode": "0600"}, ["cloudflared.token_mode"]),
        (
            {"tunnel.config_source": "cloudflare", "cloudflared.config_mode": "0644"},
            ["cloudflared.config_mode"],
        ),
        (
            {"tunnel.config_source": "local", "cloudflared.container": "cloudflared"},
            ["tunnel.config_source"],
        ),
        (
            {"cloudflared.container": "cloudflared", "cloudflared.credentials_mode": "0400"},
            ["cloudflared.credentials_mode"],
        ),
    ],
)
def test_what_only_a_tunnel_has_that_is_managed_on_its_host_or_elsewhere(
    mine: Path, stated: dict[str, str], missing: list[str]
) -> None:
    with mine.open("a") as file:
        file.writelines(f'[facts.{fact}]\nexpect = "{expect}"\n' for fact, expect in stated.items())
    assert sorted(left_out(load(mine))) == sorted(["cloudflared.protocol", "own.backups", *missing])


def test_a_service_answers_what_is_asked_of_it() -> None:
    made = behaviour(original("public-site"), "127.0.0.1:1")["answers"]
    assert made["GET /blog"] == {"status": 301, "headers": {"Location": "/articles"}, "body": ""}
    assert made["GET /healthz"]["body"] == "ok"
    home = behaviour(original("home-assistant"), "127.0.0.1:1")
    assert json.loads(home["answers"]["GET /manifest.json"]["body"]) == {"name": "Home Assistant"}
    assert home["hosts"] == ["127.0.0.1", "home.example.org", "localhost"]


def test_what_a_lab_cannot_be_is_left_out_and_told(mine: Path) -> None:
    system = load(mine)
    assert left_out(system) == ["cloudflared.protocol", "own.backups"]
    places = Places(
        "", NOWHERE, {}, "http://a", [], [], 443, NOWHERE, NOWHERE, NOWHERE, "http://b", "a/b", NOWHERE
    )  # fmt: skip
    laid = overlay(system, str(mine), places, "stand-ins")
    assert laid["system"]["made_of"] == "stand-ins; not in this twin, so not checked: cloudflared.protocol, own.backups"
    assert laid["facts"]["own"] == {"backups": False}
    assert laid["waivers"] == []
    assert not {"cloudflare", "dns", "github", "repository"} & laid["target"].keys()


def test_two_systems_get_different_lab_names(mine: Path) -> None:
    wiki = Original(load(mine))
    assert (wiki.zone, wiki.host, wiki.addresses) == ("example.org", "wiki-1", ["127.0.0.1:8080"])
    assert wiki.tunnel_id == wiki.tunnel_id


WHO = """
[facts.access.admits]
expect = { emails = ["ana@example.org"], email_domains = ["example.net"], service_tokens = ["ci", "backup"] }

[facts.access.login_methods]
expect = { idps = ["f174e90a-fafe-4643-bbbc-4a0ed4fc8415"], instant = true }
"""


def test_whoever_is_stated_to_get_in_does_and_nobody_else(mine: Path) -> None:
    mine.write_text(MINE.partition("[[waivers]]")[0] + WHO)
    made = world(Original(load(mine)), Credentials())
    [app] = made.apps.values()
    assert (app["allowed_idps"], app["auto_redirect_to_identity"]) == (["f174e90a-fafe-4643-bbbc-4a0ed4fc8415"], True)
    stated = load(mine).facts.access
    assert stated is not None
    assert stated.admits is not None
    tokens = {token["id"]: token["name"] for token in made.service_tokens.values()}
    found = admitted(policies_of(tables("the policies", app["policies"]), [], {}), stated.admits.expect, tokens, ())
    assert found.named.same(stated.admits.expect)
    assert (found.others, found.untold) == ((), ())
    assert "access.admits" not in left_out(load(mine))
    mine.write_text(mine.read_text().replace("emails =", 'groups = ["staff"], emails ='))
    assert "access.admits" in left_out(load(mine))


PLACES = """
[facts.access.app_domain]
expect = "wiki.example.org"

[facts.access.overlapping_apps]
expect = 1

[facts.probes.pages]
expect = { path = "/", login = true }

[facts.probes.hook]
expect = { method = "POST", path = "/hooks/ci", body = "{}", status = 204 }

[facts.probes.refused]
expect = { path = "/private", status = 403 }

[facts.probes.stats]
expect = { url = "https://stats.example.org/", login = true }

[facts.probes.feed]
expect = { url = "https://stats.example.org/feed?since=1", status = 200 }

[facts.probes.site]
expect = { url = "https://www.example.org/", status = 200 }
"""


def test_access_stands_where_probes_find_a_login_and_not_where_they_are_answered_without(mine: Path) -> None:
    mine.write_text(MINE.partition("[facts.own")[0] + PLACES)
    apps = world(Original(load(mine)), Credentials()).apps.values()
    decisions = {app["domain"]: [policy["decision"] for policy in app["policies"]] for app in apps}
    assert decisions == {
        "wiki.example.org": [], "wiki.example.org/hooks/ci": ["bypass"],
        "stats.example.org": ["allow"], "stats.example.org/feed": ["bypass"],
    }  # fmt: skip
    assert "access.overlapping_apps" not in left_out(load(mine))


def test_a_name_that_is_meant_to_be_public_has_no_application(mine: Path) -> None:
    mine.write_text(MINE.partition("[facts.own")[0] + "[facts.access.protected]\nexpect = false\n")
    assert not world(Original(load(mine)), Credentials()).apps


def test_a_container_is_known_by_its_own_name_and_by_a_port_of_the_host(mine: Path) -> None:
    routes = '[facts.routes.wiki]\nexpect = { hostname = "wiki.example.org", service = "http://dokuwiki:80" }\n'
    mine.write_text(MINE.partition("[facts.own")[0] + '[facts.service.container]\nexpect = "dokuwiki"\n' + routes)
    seen = Original(load(mine))
    assert (seen.addresses, seen.called) == (["127.0.0.1:8080"], {"dokuwiki:80": "127.0.0.1:8080"})
