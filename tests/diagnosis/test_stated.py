"""What the facts do not state is not diagnosed, remedied or named: every word that could be told is read."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.core.run import Run
from spark_conformance.diagnosis.causes.catalogue import CASES
from spark_conformance.diagnosis.engine import conclude
from spark_conformance.diagnosis.model import Cause, Hop, Scene, Stated
from spark_conformance.diagnosis.picture import picture
from spark_conformance.diagnosis.reading.look import Look
from spark_conformance.diagnosis.stated import address, handed_to, own_address, stated
from spark_conformance.diagnosis.terminal import screen
from spark_conformance.facts.load import SystemFile, find, load
from tests.diagnosis.by_hand import BY_HAND, by_hand
from tests.diagnosis.scenes import recorded, scene
from tests.diagnosis.systems import SYSTEMS, system

OF_SPARK = re.compile(r"ollama|spark-291b|dgx|llama|goldfish|/api/tags", re.IGNORECASE)
OF_TOKENS = re.compile(r"service token|Service Auth|CF-Access|Pulumi|\bESC\b")
OF_ACCESS = re.compile(r"(?<!IP )\bAccess\b(?! Rules)")
UNFILLED = re.compile(r"\{[a-z0-9_.]+[|}]|  ")
OF_SYSTEMD = re.compile(r"systemctl|journalctl|\bunit\b")


def told(of: Stated, *but: str) -> dict[str, Cause]:
    """Every cause that could be told of a system, in its words."""
    nothing = Scene({}, stated=of)
    return {
        name: case.cause.filled(nothing) for name, case in CASES.items() if case.stated(nothing) and name not in but
    }


def texts(cause: Cause) -> Iterator[str]:
    yield from (cause.id, cause.place, cause.at, cause.title, cause.reference, cause.reason, cause.document)
    yield from (cause.caveat, *vars(cause.remedy).values())


def saying(words: re.Pattern[str], causes: dict[str, Cause]) -> list[str]:
    return [text for cause in causes.values() for text in texts(cause) if words.search(text)]


@pytest.mark.parametrize("name", SYSTEMS)
def test_no_word_of_another_system(name: str, tmp_path: Path) -> None:
    of = stated(system(name, tmp_path))
    causes = told(of)
    assert len(causes) > 40
    assert saying(OF_SPARK, causes) == []
    assert [text for cause in causes.values() for text in texts(cause) if UNFILLED.search(text)] == []
    assert {one.remedy.remediates for one in causes.values()} - {""} <= (of.things or set())


@pytest.mark.parametrize("name", ["grafana", "home", "site", "local"])
def test_where_clients_have_no_token_nothing_is_said_of_one(name: str, tmp_path: Path) -> None:
    assert saying(OF_TOKENS, told(stated(system(name, tmp_path)))) == []


@pytest.mark.parametrize("name", ["site", "local"])
def test_without_a_stated_access_only_its_own_answer_speaks_of_it(name: str, tmp_path: Path) -> None:
    of = stated(system(name, tmp_path))
    assert saying(OF_ACCESS, told(of, "access-not-stated")) == []
    cause = told(of)["access-not-stated"]
    assert cause.remedy.remediates == ""
    assert "access" not in {name.partition("-")[0] for name in told(of, "access-not-stated")}


def test_a_container_is_no_unit(tmp_path: Path) -> None:
    causes = told(stated(system("home", tmp_path)))
    assert saying(OF_SYSTEMD, {name: one for name, one in causes.items() if name.startswith("cloudflared")}) == []
    assert "docker start cloudflared" in causes["cloudflared-stopped"].remedy.call
    assert "cloudflared-masked" not in causes


def test_a_unit_is_called_by_its_own_name(tmp_path: Path) -> None:
    causes = told(stated(system("grafana", tmp_path)))
    assert "systemctl enable --now tunnel" in causes["cloudflared-stopped"].remedy.call
    assert "systemctl enable --now grafana-server.service" in causes["service-stopped"].remedy.call
    assert causes["service-stopped"].title == "Grafana is not running"
    assert causes["service-stopped"].remedy.remediates == "service"


def test_where_nobody_states_a_host_nothing_is_said_of_its_services(tmp_path: Path) -> None:
    causes = told(stated(system("site", tmp_path)))
    assert {name for name in causes if name.startswith("cloudflared")} == set()
    assert {"service-stopped", "service-missing", "service-ill", "tunnel-deleted"} & causes.keys() == {"tunnel-deleted"}
    assert saying(re.compile("systemctl|docker"), causes) == []


def test_rules_on_the_host_are_not_mended_at_cloudflare(tmp_path: Path) -> None:
    causes = told(stated(system("local", tmp_path)))
    assert "config.yml" in causes["ingress-path"].remedy.dashboard
    assert causes["ingress-path"].remedy.remediates == ""
    assert "tunnel-never-pushed" not in causes


def test_secrets_are_looked_for_where_they_are_kept(tmp_path: Path) -> None:
    causes = told(stated(system("token", tmp_path)))
    assert "(1Password)" in causes["access-credentials-missing"].remedy.dashboard
    assert saying(re.compile("Pulumi|pulumi"), causes) == []


def test_what_the_document_gets_wrong_stands_in_its_facts_file(tmp_path: Path) -> None:
    spark = load(find("spark-291b"))
    assert spark.remarks.keys() <= CASES.keys()
    documents = {name: one.document for name, one in told(stated(Run(spark))).items() if one.document}
    assert documents == spark.remarks
    assert documents["ollama-host-header"].startswith("its ingress has no httpHostHeader")
    assert {one.document for one in told(stated(system("token", tmp_path))).values()} == {""}


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_rule_is_held_against_the_stated_address(name: str, tmp_path: Path) -> None:
    assert address(system(name, tmp_path)) == "http://localhost:3000"


CONTAINER = "http://app:8080"


def routed(*routes: dict[str, str], access: dict[str, Any] | None = None) -> Run:
    names = {f"r{place}": {"expect": {"hostname": "photos.example.org", **one}} for place, one in enumerate(routes)}
    facts = {"service": {"url": {"expect": "http://localhost:2283"}}, "routes": names, "access": access or {}}
    system = {"name": "photos", "hostname": "photos.example.org"}
    return Run(SystemFile.model_validate({"system": system, "target": {}, "facts": facts}))


@pytest.mark.parametrize(
    ("routes", "path", "leads"),
    [
        ([], "/", ""),
        ([{"service": CONTAINER}], "/", CONTAINER),
        ([{"service": CONTAINER}], "/api/ping", CONTAINER),
        ([{"service": CONTAINER}, {"path": "/api/x", "service": "http://api:1"}], "/api/ping", ""),
        ([{"service": CONTAINER}, {"path": "/api/x", "service": "http://api:1"}], "/api/x", "http://api:1"),
        ([{"hostname": "share.example.org", "service": "http://other:1"}], "/", ""),
        ([{"service": "http_status:403"}], "/", ""),
    ],
)
def test_a_rule_is_held_against_the_route_that_is_stated(routes: list[dict[str, str]], path: str, leads: str) -> None:
    """A container knows the service by another name than its host does: neither is wrong."""
    run = routed(*routes)
    assert handed_to(run, path) == leads
    assert own_address(run) == "http://localhost:2283"


def test_a_name_that_is_meant_to_be_public_lacks_no_application() -> None:
    shut, public = ({"protected": {"expect": expect}} for expect in (True, False))
    assert "access-absent" in told(stated(routed(access=shut)))
    assert "access-absent" not in told(stated(routed(access=public)))


# --- the picture, and whole diagnoses


def shown(seen: Scene) -> str:
    diagnosis = conclude(seen)
    lines = screen(diagnosis, 100, commands=True)
    return "\n".join("".join(text for text, _ in line) for line in lines) + picture(diagnosis, "it", commands=True)


@pytest.mark.parametrize(
    ("name", "hops"),
    [
        ("grafana", ["dns", "tls", "edge", "access", "tunnel", "cloudflared", "service"]),
        ("site", ["dns", "tls", "edge", "tunnel", "service"]),
        ("local", ["dns", "tls", "edge", "tunnel", "cloudflared", "service"]),
    ],
)
def test_the_way_has_the_stated_hops(name: str, hops: list[str], tmp_path: Path) -> None:
    of = stated(system(name, tmp_path))
    seen = conclude(Scene({}, stated=of))
    assert [str(view.hop) for view in seen.hops] == hops
    assert f"[{of.service.lower()}: 502]" in shown(replace(by_hand("service-stopped"), stated=of)).replace(
        "[cloudflared: 502]", f"[{of.service.lower()}: 502]"
    )


@pytest.mark.parametrize("cause", [cause for cause in BY_HAND if cause.startswith(("service-", "access-no"))])
def test_a_whole_diagnosis_says_nothing_of_ollama(cause: str) -> None:
    text = shown(by_hand(cause))
    assert not re.search("ollama", text, re.IGNORECASE)
    assert "Grafana" in text


def test_a_hop_that_is_not_stated_is_shown_where_it_answers() -> None:
    seen = conclude(by_hand("access-not-stated"))
    assert seen.answered_by is Hop.ACCESS
    assert [str(view.hop) for view in seen.hops][3] == "access"


SCENES = recorded()[::4]


@pytest.mark.parametrize("name", SYSTEMS)
def test_no_scene_makes_a_system_something_that_it_is_not(name: str, tmp_path: Path) -> None:
    """Whatever was seen, of whichever system: nothing is told that the facts do not state."""
    of = stated(system(name, tmp_path))
    for one in SCENES:
        seen = conclude(replace(scene(one), stated=of))
        causes = {named.cause.id: named.cause for named in (*seen.causes, *seen.findings, *seen.excluded)}
        assert causes.keys() <= told(of).keys()
        assert saying(re.compile("ollama", re.IGNORECASE), causes) == []


# --- what is the answer that a system should give


def login(of: Stated) -> Scene:
    signs = by_hand("access-not-stated").signs
    changed = {"answer.redirect": "login", "answer.credentials": "none"}
    return Scene({**signs, **{name: replace(signs[name], value=value) for name, value in changed.items()}}, stated=of)


def test_the_login_page_is_the_answer_where_people_log_in(tmp_path: Path) -> None:
    seen = conclude(login(stated(system("grafana", tmp_path))))
    assert (seen.active, seen.undetermined, seen.answered_by) == ((), False, Hop.ACCESS)
    assert seen.question.endswith("without credentials answered 302?")


def test_the_login_page_is_none_where_clients_have_a_token_or_no_access_is_stated(tmp_path: Path) -> None:
    for name in ("token", "site"):
        seen = conclude(login(stated(system(name, tmp_path))))
        assert seen.active or seen.undetermined, name


def test_what_cannot_be_seen_of_what_is_not_stated_is_no_loss(tmp_path: Path) -> None:
    from spark_conformance.core.verdict import Unreachable

    look = Look(system("site", tmp_path))
    for view in ("host", "secrets", "api.access", "api.tunnel"):
        look.miss(view, Unreachable("no way", "there is no way to it"))
    assert [one.view for one in look.scene().missing] == ["api.tunnel"]
