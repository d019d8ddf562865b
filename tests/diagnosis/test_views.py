"""With less to see: a view that is closed makes the verdict less sure, never wrong, and is told with what opens it.

A day tries a sixth of the views, permissions and crowds; FAULTS=all each.
"""

import ssl
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import pytest

from spark_conformance.core.run import Run
from spark_conformance.diagnosis.engine import conclude, diagnose
from spark_conformance.facts.load import SystemFile, load
from spark_lab.announcement import Announcement
from spark_lab.faults.bench import Bench
from tests.diagnosis.judging import not_wrong, right
from tests.diagnosis.making import Change, look, make
from tests.diagnosis.scenarios import EVERY
from tests.matrix.selection import shared

HEADER, EXPIRED, WAF = "as-documented", "access-token-expired-strict", "edge-waf-block"


def _without(*tables: str) -> Change:
    """A target that does not say how to reach some of its parts."""

    def change(system: SystemFile) -> SystemFile:
        return system.model_copy(update={"target": system.target.model_copy(update=dict.fromkeys(tables))})

    return change


def _without_secret(system: SystemFile) -> SystemFile:
    """Nobody knows the service token's secret here."""
    assert system.target.secrets is not None
    secrets = system.target.secrets.model_copy(update={"access_client_secret": "env:NO_SUCH_SECRET"})
    return system.model_copy(update={"target": system.target.model_copy(update={"secrets": secrets})})


SSH, API, SECRET = _without("ssh"), _without("cloudflare"), _without_secret
OUTSIDE, BLIND = _without("ssh", "cloudflare"), _without("ssh", "cloudflare", "secrets")


@pytest.mark.parametrize(
    ("name", "change", "sure", "views"),
    shared([
        (HEADER, SSH, {}, {"host"}),
        (HEADER, API, {"ollama-host-header": "proven"}, {"api.tunnel", "api.access"}),
        (HEADER, SECRET, {"ollama-host-header": "proven"}, {"secrets"}),
        (HEADER, OUTSIDE, {}, {"host", "api.tunnel"}),
        (HEADER, BLIND, {}, {"host", "api.tunnel", "secrets"}),
        (EXPIRED, SSH, {"access-token-expired": "proven"}, {"host"}),
        (EXPIRED, API, {}, {"api.access"}),
        (EXPIRED, SECRET, {}, {"secrets"}),
        (WAF, SSH, {"edge-custom-block": "proven"}, {"host"}),
        (WAF, API, {}, {"api.logs", "api.rules"}),
        (WAF, SECRET, {"edge-custom-block": "proven"}, {"secrets"}),
        ("edge-rate-limit", BLIND, {"edge-rate-limit": "proven"}, {"host", "secrets"}),
        ("token-empty", SSH, {"tunnel-no-connector": "proven"}, {"host"}),
        ("ollama-stopped", OUTSIDE, {}, {"host"}),
        ("ingress-path", SSH, {}, {"host"}),
        ("record-missing", SSH, {"dns-no-record": "proven"}, {"host"}),
        ("public-certificate-expired", SSH, {"tls-expired": "likely"}, set()),
        ("public-certificate-expired", OUTSIDE, {}, {"api.zone"}),
    ], 6),
)  # fmt: skip
def test_what_may_be_said_with_a_view_closed(
    lab: Announcement, name: str, change: Change, sure: dict[str, str], views: set[str]
) -> None:
    make(lab, EVERY[name])
    seen = conclude(look(lab, EVERY[name], change))
    not_wrong(seen, EVERY[name])
    assert {named.cause.id: named.confidence for named in seen.active} == sure
    assert views <= {missing.view for missing in seen.missing}
    assert all(missing.help and missing.reason for missing in seen.missing)
    assert seen.undetermined == (not sure)


def test_without_the_host_the_suspect_comes_first_and_what_would_decide_is_told(lab: Announcement) -> None:
    make(lab, EVERY[HEADER])
    seen = conclude(look(lab, EVERY[HEADER], SSH))
    first = seen.causes[0]
    assert (first.cause.id, first.confidence) == ("ollama-host-header", "possible")
    assert any("over SSH" in text for text in first.would_decide)
    assert [finding.cause.id for finding in seen.findings] == ["access-open"]


@pytest.mark.parametrize(
    ("name", "permission"),
    shared([
        (HEADER, "Cloudflare Tunnel"),
        (EXPIRED, "Access: Service Tokens"),
        ("access-no-service-auth-strict", "Access: Apps and Policies"),
        ("access-secret-rotated-strict", "Access: Organizations, Identity Providers, and Groups"),
        ("record-other-tunnel", "DNS"),
        (WAF, "Analytics"),
    ], 6),
)  # fmt: skip
def test_a_permission_that_is_lacking_is_named(lab: Announcement, name: str, permission: str) -> None:
    make(lab, EVERY[name])
    bench = Bench(lab)
    bench.switch("api_token", without=[f"{permission} {right}" for right in ("Read", "Write", "Edit")])
    bench.close()
    seen = conclude(look(lab, EVERY[name]))
    not_wrong(seen, EVERY[name])
    assert any(permission in missing.help for missing in seen.missing), seen.missing


@pytest.mark.parametrize("name", shared([HEADER, "ollama-tags-500", "ingress-path", "ollama-stopped", EXPIRED, WAF], 6))
def test_others_who_keep_asking_change_no_verdict(lab: Announcement, name: str) -> None:
    make(lab, EVERY[name])
    with _Traffic(lab):
        seen = conclude(look(lab, EVERY[name]))
    not_wrong(seen, EVERY[name])
    assert {named.cause.id for named in seen.active} == set(EVERY[name].active)


def test_a_healthy_system_with_others_on_it_has_nothing_to_tell(lab: Announcement) -> None:
    with _Traffic(lab):
        seen = conclude(look(lab, EVERY["access-wildcard-app"]))
    right(seen, EVERY["access-wildcard-app"])


def test_the_document_to_the_letter_reads_as_the_operator_needs_it(lab: Announcement) -> None:
    make(lab, EVERY[HEADER])
    run = Run(load(Path(lab.target)))
    seen = diagnose(run)
    run.close()
    (named,) = seen.causes
    proof = {sign.id: sign.value for sign in named.supports}
    assert "answered 403" in seen.question
    assert seen.answer == "403, empty body, by Ollama, not by Access"
    assert (named.confidence, named.active) == ("proven", True)
    assert (proof["counter.status"], proof["replay.sent"], proof["replay.local"]) == ("all", 403, 200)
    assert "httpHostHeader" in named.cause.remedy.setting
    assert named.cause.remedy.value.startswith("localhost:")
    assert "httpHostHeader" in named.cause.document
    assert [finding.cause.id for finding in seen.findings] == ["access-open"]
    assert [hop.state for hop in seen.hops] == [*["passed"] * 6, "answered"]


class _Traffic:
    """A client with the token, and one without, that keep asking as fast as they are answered."""

    def __init__(self, lab: Announcement) -> None:
        self._lab = lab
        self._end = Event()
        self._threads = [Thread(target=self._ask, args=(headers,)) for headers in (self._token(), {})]
        self._asked: list[Event] = [Event() for _ in self._threads]

    def _token(self) -> dict[str, str]:
        found: dict[str, Any] = {}
        bench = Bench(self._lab)
        bench.operator("pulumi.json", lambda state: found.update(state["config"]))
        bench.close()
        value: Callable[[str], str] = lambda key: str(found[f"dgx-spark:{key}"]["value"])  # noqa: E731 - short
        return {"CF-Access-Client-Id": value("accessClientId"), "CF-Access-Client-Secret": value("accessClientSecret")}

    def _ask(self, headers: dict[str, str]) -> None:
        asked = self._asked[0 if headers else 1]
        context = ssl.create_default_context(cafile=self._lab.ca)
        sent = {"Host": self._lab.hostname, "User-Agent": "somebody/1.0", **headers}
        with httpx.Client(verify=context, trust_env=False, timeout=60) as client:
            while not self._end.wait(0.02):
                client.get(
                    f"https://127.0.0.1:{self._lab.port}/api/tags",
                    headers=sent,
                    extensions={"sni_hostname": self._lab.hostname},
                )
                asked.set()

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()
        for asked in self._asked:
            assert asked.wait(60)

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()
