"""Writes to Cloudflare's API that fail half way: done once, or surely not done."""

import json
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from spark_conformance.cloudflare.client import Api
from spark_conformance.cloudflare.endpoints import Endpoint
from spark_conformance.cloudflare.refusals import Way
from spark_conformance.cloudflare.transport import Bearer
from spark_conformance.core.secret import Secret
from spark_conformance.remediation.model import Action, Conflict, StepFailed
from spark_conformance.remediation.steps import sending
from spark_conformance.remediation.steps.api import ApiChange, ApiCreate, ApiDelete

THING = Endpoint("/things/{thing_id}", "Thing Read", "the thing")
THINGS = Endpoint("/things", "Thing Read", "the things")
Trouble = Callable[["Cloud", httpx.Request], httpx.Response | None]


class Cloud:
    """An API of things. `troubles` are met by writes, one each; one that returns None lets the write be made."""

    def __init__(self) -> None:
        self.things: dict[str, dict[str, Any]] = {"t1": {"id": "t1", "name": "one", "size": 1, "modified_on": "then"}}
        self.troubles: list[Trouble] = []
        self.writes: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        which = request.url.path.rpartition("/things")[2].strip("/")
        if request.method == "GET":
            return self._shown(which)
        self.writes.append(request.method)
        trouble = self.troubles.pop(0) if self.troubles else None
        return (trouble(self, request) if trouble else None) or self.made(request)

    def made(self, request: httpx.Request) -> httpx.Response:
        which = request.url.path.rpartition("/things")[2].strip("/")
        body = json.loads(request.content or b"{}")
        if request.method == "DELETE":
            self.things.pop(which)
            return good({"id": which})
        if request.method == "POST":
            which = f"t{len(self.things) + 7}"
        self.things[which] = {"id": which, **self.things.get(which, {}), **body, "modified_on": "now"}
        return good(self.things[which])

    def _shown(self, which: str) -> httpx.Response:
        if not which:
            return good(list(self.things.values()))
        if which in self.things:
            return good(self.things[which])
        return bad(404)


def good(result: Any) -> httpx.Response:
    return httpx.Response(200, json={"success": True, "errors": [], "result": result})


def bad(status: int, **headers: str) -> httpx.Response:
    errors = [{"code": 1000, "message": "no"}]
    return httpx.Response(status, json={"success": False, "errors": errors, "result": None}, headers=headers)


def answered(status: int, **headers: str) -> Trouble:
    return lambda _cloud, _request: bad(status, **headers)


def done_and_lost(cloud: Cloud, request: httpx.Request) -> httpx.Response:
    """The write takes effect, and its answer never comes."""
    cloud.made(request)
    raise httpx.ReadTimeout("late", request=request)


def lost(cloud: Cloud, request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("late", request=request)


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def run(cloud: Cloud) -> Iterator[Any]:
    from cloudflare import Cloudflare

    token = Secret("test-token-test-token", "test")
    http = httpx.Client(transport=httpx.MockTransport(cloud), auth=Bearer(token))
    client = Cloudflare(api_token="x", base_url="https://api.test/v4", http_client=http, max_retries=0)
    api = Api(client, Way("https://api.test/v4", "env:TOKEN", 1, 1))
    yield SimpleNamespace(get=lambda _: api)
    api.close()


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited, without waiting."""
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


def change(cloud: Cloud) -> ApiChange:
    return ApiChange("patch", THING, {"thing_id": "t1"}, {"size": 2}, dict(cloud.things["t1"]))


def create() -> ApiCreate:
    return ApiCreate(THINGS, THING, "thing_id", {}, {"name": "new", "size": 5}, ("name",))


def delete(cloud: Cloud) -> ApiDelete:
    return ApiDelete(THINGS, THING, "thing_id", {"thing_id": "t1"}, dict(cloud.things["t1"]), ("name", "size"))


@pytest.mark.parametrize(
    ("troubles", "writes"),
    [
        ([], 1),
        ([answered(429, **{"retry-after": "7"})], 2),
        ([answered(500)], 2),
        ([answered(503), answered(502), lost], 4),
        ([done_and_lost], 1),
        ([lost, done_and_lost], 2),
    ],
)
@pytest.mark.parametrize("kind", ["change", "create", "delete"])
def test_a_write_is_done_once_whatever_happens_on_the_way(
    run: Any, cloud: Cloud, kind: str, troubles: list[Trouble], writes: int
) -> None:
    action: Action = {"change": change(cloud), "create": create(), "delete": delete(cloud)}[kind]
    cloud.troubles = list(troubles)
    before = action.before(run, "")
    action.apply(run, before)
    assert action.holds(run)
    assert len(cloud.writes) == writes
    assert sorted(thing["name"] for thing in cloud.things.values()) == {
        "change": ["one"], "create": ["new", "one"], "delete": [],
    }[kind]  # fmt: skip
    type(action).undo(run, before)
    assert [(thing["name"], thing["size"]) for thing in cloud.things.values()] == [("one", 1)]
    type(action).undo(run, before)
    assert [(thing["name"], thing["size"]) for thing in cloud.things.values()] == [("one", 1)]


def test_it_waits_as_long_as_the_api_asks(run: Any, cloud: Cloud, pauses: list[float]) -> None:
    cloud.troubles = [answered(429, **{"retry-after": "7"})]
    change(cloud).apply(run, {})
    assert pauses == [7]


def test_a_wait_that_is_too_long_is_told_instead(run: Any, cloud: Cloud, pauses: list[float]) -> None:
    cloud.troubles = [answered(429, **{"retry-after": "3600"})]
    with pytest.raises(StepFailed, match="limits the token's requests"):
        change(cloud).apply(run, {})
    assert pauses == []
    assert cloud.things["t1"]["size"] == 1


def test_what_never_comes_to_an_end_is_told(run: Any, cloud: Cloud) -> None:
    cloud.troubles = [answered(500)] * 9
    with pytest.raises(StepFailed, match="PATCH failed"):
        change(cloud).apply(run, {})
    assert len(cloud.writes) == sending.ATTEMPTS


def test_a_missing_permission_is_named_and_tried_once(run: Any, cloud: Cloud) -> None:
    cloud.troubles = [answered(403)]
    with pytest.raises(StepFailed, match="'Thing Write'"):
        change(cloud).apply(run, {})
    assert len(cloud.writes) == 1


def test_what_somebody_changed_since_the_plan_is_not_written_over(run: Any, cloud: Cloud) -> None:
    action = change(cloud)
    cloud.things["t1"]["size"] = 9
    with pytest.raises(Conflict, match='-  "size": 1') as told:
        action.before(run, "")
    assert '+  "size": 9' in told.value.difference
    with pytest.raises(Conflict):
        action.apply(run, {})
    assert cloud.writes == []


def test_times_that_change_are_no_conflict(run: Any, cloud: Cloud) -> None:
    action = change(cloud)
    cloud.things["t1"]["modified_on"] = "later"
    assert action.before(run, "")["object"]["size"] == 1


def test_somebody_elses_change_between_two_attempts_is_not_written_over(run: Any, cloud: Cloud) -> None:
    def changed(cloud: Cloud, _request: httpx.Request) -> httpx.Response:
        cloud.things["t1"]["size"] = 9
        return bad(500)

    cloud.troubles = [changed]
    with pytest.raises(Conflict):
        change(cloud).apply(run, {})
    assert cloud.things["t1"]["size"] == 9


def test_what_somebody_changed_after_us_is_not_undone(run: Any, cloud: Cloud) -> None:
    action = change(cloud)
    before = action.before(run, "")
    action.apply(run, before)
    cloud.things["t1"]["size"] = 9
    with pytest.raises(Conflict):
        ApiChange.undo(run, before)
    assert cloud.things["t1"]["size"] == 9


def test_an_object_that_is_gone_is_told(run: Any, cloud: Cloud) -> None:
    action = change(cloud)
    cloud.things.clear()
    with pytest.raises(StepFailed, match="no longer"):
        action.before(run, "")
