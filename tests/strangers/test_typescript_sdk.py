"""The official TypeScript SDK, installed from npm for the occasion, sees the world behind the API, and changes it.

`STRANGERS=all` tries it: it unpacks 18,000 files. The Python SDK, on every route, is tried always (test_python_sdk).
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from spark_lab.api import ApiServer
from spark_lab.api.routes import ROUTES
from spark_lab.world import ApiToken, Json, World
from tests.lab import api_world as lab

pytest_plugins = ["tests.lab.api_fixtures"]
HERE = Path(__file__).parent / "typescript"
ALL = os.environ.get("STRANGERS") == "all"
UNKNOWN = "unknown-0123456789-0123456789-0123456789-0"
SPENDER = "spender-0123456789-0123456789-0123456789-0"
ALLOWED = 150
RECORDS = 90
IDS = {
    "account": lab.ACCOUNT, "zone": lab.ZONE, "host": lab.HOST, "record": lab.RECORD, "tunnel": lab.TUNNEL,
    "app": lab.APP, "own_policy": lab.OWN_POLICY, "policy": lab.POLICY, "group": lab.GROUP,
    "service_token": lab.SERVICE_TOKEN, "rule": "e" * 32,
}  # fmt: skip


def installed(place: Path) -> None:
    """Put the SDK and the script into a directory; skips where that is not to be had."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed")
    for file in HERE.iterdir():
        shutil.copy(file, place)
    install = ["npm", "install", "--prefer-offline", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(install, cwd=place, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        pytest.skip(f"npm does not give out the SDK: {done.stderr.strip()[-300:]}")


def ran(place: Path, asked: Json) -> dict[str, Any]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CLOUDFLARE_")}
    done = subprocess.run(
        ["node", "client.mjs"],
        cwd=place, input=json.dumps(asked), env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def fill(world: World) -> None:
    for number in range(RECORDS):
        record = lab.record(f"{number:032x}", f"n{number:02}.example.org")
        world.records[record["id"]] = record | {"type": "A", "content": "192.0.2.1"}


def visible(world: World) -> dict[str, Any]:
    """What the SDK reads, as the world has it."""
    [app] = world.apps.values()
    policies = world.policies_of(app)
    reusable = {**world.policies[lab.POLICY], "reusable": True, "app_count": 1}
    record = {**world.records[lab.RECORD], "meta": {}}
    status = {"id": "2" * 32, "status": "active"}
    rule = "e" * 32
    return {
        "verified": status, "verified_by_account": status, "ips": world.ip_ranges, "accounts": [world.account],
        "account": world.account, "zones": [world.zone], "zone": world.zone, "setting": world.settings["ssl"],
        "records": [record], "record": record, "configuration": world.configurations[lab.TUNNEL],
        "apps": [{**app, "policies": policies}], "app": {**app, "policies": policies}, "app_policies": policies,
        "app_policy": policies[0], "policies": [reusable], "policy": reusable,
        "groups": [world.groups[lab.GROUP]], "group": world.groups[lab.GROUP],
        "service_tokens": [world.service_tokens[lab.SERVICE_TOKEN]],
        "service_token": world.service_tokens[lab.SERVICE_TOKEN], "organization": world.organization,
        "access_rules": [world.access_rules[rule]], "access_rule": world.access_rules[rule],
        "lockdowns": [world.lockdowns[rule]], "lockdown": world.lockdowns[rule],
        "ua_rules": [world.ua_rules[rule]], "ua_rule": world.ua_rules[rule], "bots": world.bot_management,
        "worker_routes": [world.worker_routes[rule]], "worker_route": world.worker_routes[rule],
        "graphql": {"data": {"viewer": {"zones": [{"firewallEventsAdaptive": [{"action": "block"}]}]}}, "errors": None},
    }  # fmt: skip


def unvisited(api: ApiServer) -> set[str]:
    """The routes that no request was for."""
    return {
        f"{route.method} {route.path}"
        for route in ROUTES
        if not any(
            re.fullmatch(f"{route.method} {re.sub('{[a-z_]+}', '[^/]+', route.path)}", request)
            for request in api.requests
        )
    }


@pytest.mark.skipif(not ALL, reason="tried with STRANGERS=all")
def test_the_typescript_sdk_reads_pages_writes_and_is_refused(api: ApiServer, world: World, tmp_path: Path) -> None:
    installed(tmp_path)
    fill(world)
    world.api_tokens[SPENDER] = ApiToken("4" * 32, set())
    api.limit.set(requests=ALLOWED, seconds=300)
    before = json.loads(json.dumps(visible(world)))
    tokens = {"reader": lab.READER, "writer": lab.WRITER, "unknown": UNKNOWN, "spender": SPENDER}
    said = ran(tmp_path, {"url": api.url, "tokens": tokens, "ids": IDS})

    read = said["read"]
    [tunnel], [connector], [login] = read.pop("tunnels"), read.pop("connections"), read.pop("logins")
    assert tunnel == read.pop("tunnel")
    assert (tunnel["id"], tunnel["status"], tunnel.get("connections")) == (lab.TUNNEL, "healthy", None)
    assert [one["colo_name"] for one in connector["conns"]] == ["lab00", "lab01", "lab00", "lab01"]
    assert (login["ray_id"], login["allowed"]) == ("9" * 16, True)
    assert read == before

    pages = said["pages"]
    assert pages["names"] == [f"n{number:02}.example.org" for number in range(RECORDS)]
    assert pages["beyond"] == [0, False]
    assert pages["info"] == {"page": 2, "per_page": 40, "count": 40, "total_count": RECORDS, "total_pages": 3}

    assert said["write"] == {
        "record": ["made.example.org", "192.0.2.2", "TXT", True],
        "tunnel": ["inactive", 1, True, "renamed", True],
        "app": ["deny", 2, "other", True],
        "service_token": [True, False, None],
        "ruleset": ["block"],
    }
    after = visible(world)
    kept = {"zone", "zones", "setting", "organization", "bots"}
    assert {name: value for name, value in after.items() if name not in kept} == {
        name: value for name, value in before.items() if name not in kept
    }
    assert (world.zone["paused"], world.settings["ssl"]["value"]) == (True, "strict")
    assert world.organization["deny_unmatched_requests"] is True
    assert world.bot_management["fight_mode"] is True

    assert said["errors"] == {
        "unknown_token": ["AuthenticationError", 401, 10000],
        "no_permission": ["PermissionDeniedError", 403, 10000],
        "not_found": ["NotFoundError", 404, 81044],
        "no_route": ["NotFoundError", 404, 7003],
        "bad_request": ["BadRequestError", 400, 9005],
        "conflict": ["ConflictError", 409, 1013],
        "wrong_method": ["APIError", 405, 7001],
    }
    limited = said["limited"]
    assert (limited["asked"], limited["error"]) == (ALLOWED, ["RateLimitError", 429, 971])
    assert 0 < limited["wait"] <= 300
    without_method = {"PUT /zones/{zone}/tunnels/{tunnel}/routes", "PATCH /accounts/{account}/access/organizations"}
    assert unvisited(api) == without_method  # the first is cloudflared's own
