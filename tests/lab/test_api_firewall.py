"""Zone settings, rulesets, IP rules and the rest of what stands before Access can be changed, as faults will."""

from typing import Literal

import pytest
from cloudflare import APIStatusError, BadRequestError, Cloudflare

from spark_lab.world import World
from tests.lab import api_world as lab

pytest_plugins = ["tests.lab.api_fixtures"]
PHASE: Literal["http_request_firewall_custom"] = "http_request_firewall_custom"


def test_a_zone_is_paused(sdk: Cloudflare, world: World) -> None:
    zone = sdk.zones.edit(zone_id=lab.ZONE, paused=True)
    assert zone is not None
    assert zone.paused is True
    assert world.zone["paused"] is True


def test_a_setting_is_changed(sdk: Cloudflare, world: World) -> None:
    edited = sdk.zones.settings.edit("browser_check", zone_id=lab.ZONE, value="off")
    assert edited is not None
    assert world.settings["browser_check"]["value"] == "off"
    with pytest.raises(BadRequestError):
        sdk.zones.settings.edit("browser_check", zone_id=lab.ZONE, value=7)
    with pytest.raises(BadRequestError) as caught:
        sdk.zones.settings.get("nonsense", zone_id=lab.ZONE)
    assert caught.value.errors[0].code == 1006


def test_rules_of_a_phase_are_replaced_under_the_next_version(sdk: Cloudflare, world: World) -> None:
    for number in (1, 2):
        sdk.rulesets.phases.update(
            PHASE, zone_id=lab.ZONE, rules=[{"action": "block", "expression": "true", "description": str(number)}]
        )
        assert world.rulesets[PHASE]["version"] == str(number)
    [rule] = world.rulesets[PHASE]["rules"]
    assert (rule["description"], rule["enabled"]) == ("2", True)


def test_an_ip_rule_from_its_making_to_its_end(sdk: Cloudflare, world: World) -> None:
    rules = sdk.firewall.access_rules
    made = rules.create(zone_id=lab.ZONE, mode="block", configuration={"target": "ip", "value": "127.0.0.1"})
    assert made is not None
    edited = rules.edit(made.id, zone_id=lab.ZONE, mode="challenge", configuration={"target": "ip", "value": "::1"})
    assert edited is not None
    assert edited.mode == "challenge"
    rules.delete(made.id, zone_id=lab.ZONE)
    assert set(world.access_rules) == {"e" * 32}
    with pytest.raises(APIStatusError):
        rules.create(zone_id=lab.ZONE, mode="ban", configuration={"target": "ip", "value": "::1"})  # type: ignore[arg-type]  # the mistake under test


def test_bots_and_workers(sdk: Cloudflare, world: World) -> None:
    sdk.bot_management.update(zone_id=lab.ZONE, fight_mode=True)
    route = sdk.workers.routes.create(zone_id=lab.ZONE, pattern="example.org/*", script="w")
    assert route is not None
    assert world.bot_management["fight_mode"] is True
    assert world.worker_routes[route.id]["script"] == "w"
    sdk.workers.routes.delete(route.id, zone_id=lab.ZONE)
    assert route.id not in world.worker_routes
