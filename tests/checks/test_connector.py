"""What the connector's checks say, where what they say depends on what they see."""

from typing import Any

import pytest

from checks import test_cloudflared as of_cloudflared
from tests.checks.judged import judged, seen


@pytest.mark.parametrize(
    ("service", "observed"),
    [("tunnel", "tunnel"), ("another", "shop-tunnel-1")],
    ids=["as its Compose service", "under its own name"],
)
def test_a_container_is_called_as_the_fact_calls_it(service: str, observed: str) -> None:
    container = seen(service=service, name="shop-tunnel-1", state="running")
    found = judged(of_cloudflared.test_container, "tunnel", cloudflared_container=container)
    assert found == (observed, observed == "tunnel", "running")


@pytest.mark.parametrize(
    ("image", "ok"),
    [
        ("cloudflare/cloudflared:latest", True),
        ("docker.io/cloudflare/cloudflared:latest", True),
        ("cloudflare/cloudflared:2025.1.0", False),
    ],
)
def test_an_image_is_the_documented_one_by_its_whole_name(image: str, ok: bool) -> None:
    container = seen(image=image)
    found = judged(of_cloudflared.test_image, "cloudflare/cloudflared", cloudflared_container=container)
    assert found == (image, ok, "")


@pytest.mark.parametrize(("known", "ok"), [((6, 6), True), ((6, 4), False)])
def test_each_version_that_is_known_has_to_be_recent(known: tuple[int, ...], ok: bool) -> None:
    version = seen(named="a version", known=known, told="installed and running")
    expect = seen(admits=lambda number: number > 5)
    found = judged(of_cloudflared.test_version, expect, cloudflared_version=version)
    assert found == ("a version", ok, "installed and running")


@pytest.mark.parametrize(("same", "observed"), [(True, "units/a.service"), (False, "another text")])
def test_a_unit_beside_the_repositorys(same: bool, observed: str) -> None:
    copy = seen(same=same, in_repository="units/a.service", told="line 3 differs")
    found = judged(of_cloudflared.test_unit_in_repository, "units/a.service", cloudflared_unit_copy=copy)
    assert found == (observed, same, "line 3 differs")


@pytest.mark.parametrize(
    ("loaded", "deciding", "expected"),
    [
        (("/a.conf", "/b.conf"), (), ("/a.conf", True, "loaded: /a.conf, /b.conf")),
        (("/b.conf",), (), ("/b.conf", False, "loaded: /b.conf")),
        ((), (), ("none", False, "loaded: no drop-in")),
        (("/b.conf",), ("/b.conf",), ("/b.conf", False, "loaded: /b.conf")),
        (("/a.conf", "/b.conf"), ("/b.conf",), ("/a.conf, /b.conf", False, "/b.conf decides")),
    ],
)
def test_drop_ins(loaded: Any, deciding: Any, expected: Any) -> None:
    drop_ins = seen(loaded=loaded, deciding=deciding, told="/b.conf decides")
    assert judged(of_cloudflared.test_drop_in, "/a.conf", cloudflared_drop_ins=drop_ins) == expected


@pytest.mark.parametrize(("names", "observed"), [(("A", "B"), "A"), (("B",), "B"), ((), "none")])
def test_the_tokens_variable_is_among_those_that_count(names: tuple[str, ...], observed: str) -> None:
    found = judged(
        of_cloudflared.test_token_variable, "A", cloudflared_token_variables=seen(names=names, place="a drop-in")
    )
    assert found == (observed, observed == "A", "the token's place: a drop-in")


def _file(*, strange: bool = False, looser: bool = False) -> Any:
    return seen(mode="0644", owner="ann", strange=strange, looser=lambda _: looser, told="of ann")


@pytest.mark.parametrize(
    ("loosest", "expected"),
    [
        (_file(), ("0644", True, "of ann")),
        (_file(looser=True), ("0644", False, "of ann")),
        (_file(strange=True, looser=True), ("0644, ann's", False, "of ann")),
        (None, ("in no file", False, "the process list")),
    ],
    ids=["as documented", "looser", "another's", "in no file"],
)
def test_the_loosest_file_with_the_token(loosest: Any, expected: Any) -> None:
    files = seen(loosest=loosest, place="the process list")
    assert judged(of_cloudflared.test_token_mode, "0600", cloudflared_token_files=files) == expected


@pytest.mark.parametrize(("settings", "observed"), [((), "yes"), (("Environment",), "no")])
def test_a_token_that_systemd_shows(settings: tuple[str, ...], observed: str) -> None:
    shown = seen(settings=settings, told="by systemctl show")
    found = judged(of_cloudflared.test_token_hidden, True, cloudflared_token_shown=shown)
    assert found == (observed, observed == "yes", "by systemctl show")


@pytest.mark.parametrize(
    ("running", "told"),
    [(None, "it runs no version, Cloudflare has version 5"), (4, "it runs version 4, Cloudflare has version 5")],
)
def test_the_configuration_that_runs(running: int | None, told: str) -> None:
    versions = seen(running=running, current=5, same=False)
    found = judged(of_cloudflared.test_config_is_current, True, cloudflared_config_versions=versions)
    assert found == ("no", False, told)


@pytest.mark.parametrize(
    ("check", "fixture"),
    [
        (of_cloudflared.test_config_mode, "cloudflared_config_file"),
        (of_cloudflared.test_credentials_mode, "cloudflared_credentials"),
    ],
)
@pytest.mark.parametrize(("mode", "ok"), [("0600", True), ("0400", True), ("0640", False), ("0604", False)])
def test_a_mode_may_be_stricter_and_not_looser(check: Any, fixture: str, mode: str, ok: bool) -> None:
    found = judged(check, "0600", **{fixture: seen(mode=mode, told="of root")})
    assert found == (mode, ok, "of root")


@pytest.mark.parametrize(
    ("config", "note"),
    [(None, "/config says nothing"), (seen(told="version 7, of 2 rules"), "version 7, of 2 rules")],
)
def test_where_the_connector_sends_requests_of_the_documented_path(config: Any, note: str) -> None:
    rules = {("a.example", "/api"): seen(as_fact=lambda: "http://localhost:1")}
    run = seen(system=seen(hostname="a.example"), expect=lambda *_: seen(path="/api"))
    connector = seen(config=config, rule_for=lambda *where: rules.get(where))
    found = judged(of_cloudflared.test_config_ingress, "http://localhost:1", run=run, connector=connector)
    assert found == ("http://localhost:1", True, note)
    rules.clear()
    found = judged(of_cloudflared.test_config_ingress, "http://localhost:1", run=run, connector=connector)
    assert found == ("nothing", False, note)
