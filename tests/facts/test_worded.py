"""Expectations of several fields: what they read as in a report, when two are the same, and what cannot be stated."""

from typing import Any

import pytest
from pydantic import ValidationError

from spark_conformance.facts.admits import Admits, LoginMethods
from spark_conformance.facts.expectations import About, AtLeast, AtMost, Restarts, Version
from spark_conformance.facts.own import OwnFact
from spark_conformance.facts.probes import Probe
from spark_conformance.facts.routes import Route
from spark_conformance.facts.traits import Traits, filled

ONE, TWO = "75a07d1a-0bc7-485f-86b2-ce676d7d1c35", "85a07d1a-0bc7-485f-86b2-ce676d7d1c35"
ROUTE = {"hostname": "a.example", "service": "http://localhost:1"}
OWN_PAGE = (
    "http_status:404 is answered by cloudflared itself: leave out http_host_header and origin, which are about how a "
    "service is asked"
)


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        (AtLeast(at_least=2.5), "at least 2.5"),
        (AtMost(at_most=3), "at most 3"),
        (Restarts(at_most=3), "at most 3 within 24 hours"),
        (About(about=40, within_percent=10), "40 ± 10 %"),
        (Version(at_least="1.2"), "version 1.2 or newer"),
        (Admits(), "nobody"),
        (Admits(everyone=True), "everyone who logs in"),
        (Admits(emails=("B@x.org", "a@x.org"), email_domains=("y.org",), service_tokens=("t",), groups=("g",)),
         "emails a@x.org, b@x.org; email domains y.org; groups g; service tokens t"),
        (Admits(idps=("i",), everyone=True), "idps i; everyone who logs in"),
        (LoginMethods(), "every one of the account's"),
        (LoginMethods(idps=(TWO, ONE)), f"{ONE}, {TWO}"),
        (LoginMethods(idps=(ONE,), instant=True), f"{ONE}, taken at once"),
        (Route.model_validate(ROUTE), "a.example/ → http://localhost:1"),
        (Route.model_validate({**ROUTE, "service": "hello-world", "protect_with_access": False}),
         "a.example/ → hello_world, without Protect with Access"),
        (Route.model_validate({**ROUTE, "path": "/v1", "http_host_header": "llm", "protect_with_access": True,
                               "origin": {"noTLSVerify": True, "caPool": ""}}),
         "a.example/v1 → http://localhost:1, Host llm, noTLSVerify true, caPool none, with Protect with Access"),
        (Probe.model_validate({"status": 200}), "GET / (anonymous) → status 200"),
        (Probe.model_validate({"method": "HEAD", "url": "https://a.example", "login": True, "as": "service_token"}),
         "HEAD a.example/ (with the service token) → the login page of Access"),
        (Probe.model_validate({"hostname": "b.example", "path": "/x?y=1", "login": False, "location": "*.b.example"}),
         "GET b.example/x?y=1 (anonymous) → no login page, sent to *.b.example"),
        (Probe.model_validate({"url": "https://a.example/v?q=1", "text": "ok", "header": {"name": "Server"},
                               "as": {"headers": {"Authorization": "Bearer env:KEY", "X-Key": "env:OTHER"}}}),
         "GET a.example/v?q=1 (with Authorization, X-Key) → with the text 'ok', with Server: any value"),
        (Probe.model_validate({"json": {"path": "a.0", "value": 1}, "header": {"name": "Server", "value": "c*"},
                               "as": {"headers": {"X-Key": "env:KEY"}, "service_token": True}}),
         "GET / (with the service token and X-Key) → with a.0 1, with Server: c*"),
    ],
)  # fmt: skip
def test_what_is_expected_reads_as_a_sentence(stated: object, said: str) -> None:
    assert str(stated) == said


def test_the_same_people_are_the_same_in_whatever_order() -> None:
    some = {"emails": ["a@x.org", "b@x.org"], "groups": ["g"], "everyone": True}
    same = {"emails": ["b@x.org", "A@x.org"], "groups": ["g", "g"], "everyone": True}
    assert Admits.model_validate(some).same(Admits.model_validate(same))
    others: list[dict[str, Any]] = [{"emails": ["a@x.org"]}, {"groups": []}, {"idps": ["i"]}, {"everyone": False}]
    for other in others:
        assert not Admits.model_validate(some).same(Admits.model_validate({**same, **other}))
        assert not Admits.model_validate({**same, **other}).same(Admits.model_validate(some))


@pytest.mark.parametrize(
    ("model", "stated", "said"),
    [
        (LoginMethods, {"instant": True},
         "instant: takes the only way to log in; write one id in idps, or instant = false"),
        (LoginMethods, {"instant": True, "idps": [ONE, TWO]},
         "instant: takes the only way to log in; write one id in idps, or instant = false"),
        (Route, {**ROUTE, "origin": {"noTLSverify": True}},
         "noTLSverify is no setting of cloudflared's originRequest; did you mean noTLSVerify?"),
        (Route, {**ROUTE, "origin": {"noTLSVerify": 1}}, "noTLSVerify should be true or false"),
        (Route, {**ROUTE, "origin": {"connectTimeout": True}},
         "connectTimeout should be a number of seconds or connections"),
        (Route, {**ROUTE, "origin": {"caPool": 1}}, "caPool should be a string"),
        (Route, {**ROUTE, "service": "http_status:404", "http_host_header": "x"},
         OWN_PAGE),
        (Route, {**ROUTE, "service": "http_status:404", "origin": {"caPool": "x"}},
         OWN_PAGE),
        (Probe, {}, "says nothing of the answer; write status, location, login, text, json or header"),
        (Probe, {"url": "https://a.example/", "hostname": "a.example", "status": 200},
         "states both url and hostname or path; keep url alone, or the two others"),
        (Probe, {"url": "https://a.example/", "path": "/", "status": 200},
         "states both url and hostname or path; keep url alone, or the two others"),
        (Probe, {"method": "HEAD", "text": "x"},
         "an answer to HEAD has no body; leave out text and json, or ask by GET"),
        (Probe, {"method": "HEAD", "json": {"path": "a", "value": 1}},
         "an answer to HEAD has no body; leave out text and json, or ask by GET"),
        (Probe, {"method": "HEAD", "body": "x", "status": 200},
         "a HEAD has no body; leave it out, or write another method"),
        (Probe, {"body": "x", "status": 200}, "a GET has no body; leave it out, or write another method"),
        (Probe, {"method": "POST", "content_type": "text/plain", "status": 200},
         "states content_type without a body; leave it out"),
        *((Probe, {"url": url, "status": 200}, "should be https://NAME/PATH, without a port, a user or a fragment")
          for url in ("http://a.example/", "https://", "https://a.example/#x", "https://a.example:8/", "https://u@a.b/")),
        (Probe, {"url": "https://a.example:x/", "status": 200}, "is no URL; write https://NAME/PATH"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_with_what_to_write(model: Any, stated: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(stated)
    assert [one["msg"] for one in refused.value.errors()] == [f"Value error, {said}"]


@pytest.mark.parametrize(
    "stated",
    [
        {"method": "HEAD", "status": 200},
        {"method": "POST", "body": "{}", "content_type": "application/json", "text": "ok"},
        {"method": "GET", "json": {"path": "a", "value": None}},
        {"login": False},
    ],
)
def test_what_can_be_asked_is_taken(stated: dict[str, Any]) -> None:
    assert Probe.model_validate(stated).target == "/"


def test_a_probe_knows_what_it_sends() -> None:
    headers = {"Authorization": "Bearer env:KEY", "X-Key": "op:op://ops/a key/token"}
    probe = Probe.model_validate({"status": 200, "as": {"headers": headers}})
    assert probe.references == {"Authorization": ("Bearer", "env:KEY"), "X-Key": ("", "op:op://ops/a key/token")}
    assert not probe.with_token
    assert Probe.model_validate({"status": 200}).references == {}
    assert Probe.model_validate(probe.model_dump(mode="json", exclude_none=True)) == probe  # as recordings keep it
    with pytest.raises(ValidationError, match="frozen"):
        probe.status = 500  # type: ignore[misc] # this is what is tested
    with_token: list[dict[str, Any]] = [
        {"as": "service_token"},
        {"as": "anonymous"},
        {"as": {"headers": headers, "service_token": True}},
    ]
    assert [Probe.model_validate({"status": 200, **one}).with_token for one in with_token] == [True, False, True]


@pytest.mark.parametrize(
    ("stated", "good", "bad"),
    [
        (5, [5, 5.0], [True, "5", 5.1]),
        (True, [True], [1, 1.0, False]),
        (1, [1, 1.0], [True]),
        ("x", ["x"], ["X", ["x"]]),
        ([1, 2], [[1, 2], (1, 2)], [[2, 1], [1], 1]),
        ({"at_least": 2}, [2, 3.5], [1, "2"]),
        ({"at_most": 2}, [2, 0], [3]),
        ({"about": 10, "within_percent": 10}, [9, 11], [8]),
        ({"at_least": "1.2"}, ["1.2", "1.10"], ["1.1"]),
    ],
)
def test_an_own_fact_admits_what_toml_and_python_mean_alike(stated: Any, good: list[Any], bad: list[Any]) -> None:
    fact = OwnFact.model_validate({"expect": stated})
    assert [value for value in good if not fact.admits(value)] == []
    assert [value for value in bad if fact.admits(value)] == []


@pytest.mark.parametrize("stated", ["", [], [[1]], [1, [2]], {}, {"at_least": 1, "at_most": 2}, {"atleast": 1}, None])
def test_what_an_own_fact_cannot_be_compared_with_is_refused(stated: Any) -> None:
    with pytest.raises(ValidationError, match="cannot be compared with what a check observes; write a boolean, a"):
        OwnFact.model_validate({"expect": stated})


def test_advice_fills_in_its_own_blanks_and_no_others() -> None:
    text = "write {expected} in {place}, for {hostname}"
    assert filled(text, expected="{hostname}") == "write {hostname} in {place}, for {hostname}"
    traits = Traits(where="the host", do="edit the unit", contained="edit compose.yaml")
    assert traits.by_hand_in(container=True) == "edit compose.yaml"
    assert traits.by_hand_in(container=False) == "the host: edit the unit"
    assert Traits(where="the host", do="edit the unit").by_hand_in(container=True) == "the host: edit the unit"
