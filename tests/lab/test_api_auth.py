"""Who may what: tokens, permissions, and the rate limit."""

import time

import httpx
import pytest
from cloudflare import APIStatusError, AuthenticationError, Cloudflare, PermissionDeniedError, RateLimitError

from spark_lab.api import ApiServer
from spark_lab.api.envelope import ApiError
from spark_lab.api.limit import RateLimit
from spark_lab.api.routes import READING, ROUTES, WRITING
from spark_lab.world import ApiToken, World
from tests.lab import api_world as lab
from tests.lab.api_client import client

pytest_plugins = ["tests.lab.api_fixtures"]
UNKNOWN = "unknown-0123456789-0123456789-0123456789-0"


def error(caught: pytest.ExceptionInfo[APIStatusError]) -> tuple[int, int | None]:
    return caught.value.status_code, caught.value.errors[0].code


@pytest.mark.parametrize(
    ("headers", "code", "chained"),
    [
        ({}, 9106, None),
        ({"authorization": "Basic eDp5"}, 6003, 6111),
        ({"authorization": "Bearer"}, 6003, 6111),
        ({"authorization": "Bearer abc-def"}, 6003, 6111),
        ({"x-auth-email": "a@example.org", "x-auth-key": "k"}, 6003, 6103),
    ],
)
def test_a_request_without_a_usable_token_is_malformed(
    api: ApiServer, headers: dict[str, str], code: int, chained: int | None
) -> None:
    response = httpx.get(f"{api.url}/zones", headers=headers, timeout=60)
    [told] = response.json()["errors"]
    assert (response.status_code, told["code"]) == (400, code)
    assert [cause["code"] for cause in told.get("error_chain", [])] == ([chained] if chained else [])


def test_an_unknown_token_is_refused_in_three_dialects(api: ApiServer) -> None:
    with client(api.url, UNKNOWN) as sdk:
        with pytest.raises(AuthenticationError) as verify:
            sdk.user.tokens.verify()
        with pytest.raises(PermissionDeniedError) as zones:
            sdk.zones.list()
        with pytest.raises(AuthenticationError) as records:
            sdk.dns.records.list(zone_id=lab.ZONE)
    assert (error(verify), error(zones), error(records)) == ((401, 1000), (403, 9109), (401, 10000))


@pytest.mark.parametrize("status", ["disabled", "expired"])
def test_a_token_out_of_use_can_still_be_verified(api: ApiServer, world: World, status: str) -> None:
    world.api_tokens[UNKNOWN] = ApiToken("3" * 32, set(WRITING), status)
    with client(api.url, UNKNOWN) as sdk:
        verified = sdk.user.tokens.verify()
        with pytest.raises(AuthenticationError):
            sdk.dns.records.list(zone_id=lab.ZONE)
    assert verified is not None
    assert verified.status == status


@pytest.mark.parametrize("permission", sorted(READING))
def test_each_permission_opens_its_own_endpoints_only(api: ApiServer, world: World, permission: str) -> None:
    world.api_tokens[UNKNOWN] = ApiToken("3" * 32, {permission})
    ids = {"account": lab.ACCOUNT, "zone": lab.ZONE, "record": lab.RECORD, "tunnel": lab.TUNNEL, "app": lab.APP}
    ids |= {"policy": lab.POLICY, "group": lab.GROUP, "service_token": lab.SERVICE_TOKEN, "rule": "e" * 32}
    ids |= {"setting": "ssl", "phase": "http_ratelimit"}
    opened = set()
    with httpx.Client(base_url=api.url, headers={"authorization": f"Bearer {UNKNOWN}"}, timeout=60) as http:
        for endpoint in ROUTES:
            if endpoint.method == "GET" and endpoint.permission is not None:
                status = http.get(endpoint.path.format(**ids)).status_code
                assert status in {200, 403, 404}
                if status != 403:
                    opened.add(endpoint.permission)
    assert opened <= {permission}


def test_reading_does_not_open_writing(reader: Cloudflare) -> None:
    with pytest.raises(PermissionDeniedError) as records:
        reader.dns.records.delete(lab.RECORD, zone_id=lab.ZONE)
    with pytest.raises(PermissionDeniedError) as token:
        reader.zero_trust.tunnels.cloudflared.token.get(lab.TUNNEL, account_id=lab.ACCOUNT)
    assert error(records) == error(token) == (403, 10000)


def test_edit_is_the_dashboards_word_for_write(api: ApiServer, world: World) -> None:
    world.api_tokens[UNKNOWN] = ApiToken("3" * 32, {"DNS Edit"})
    with client(api.url, UNKNOWN) as sdk:
        assert len(list(sdk.dns.records.list(zone_id=lab.ZONE))) == 1
        sdk.dns.records.delete(lab.RECORD, zone_id=lab.ZONE)


def test_what_belongs_to_others_is_out_of_reach(sdk: Cloudflare) -> None:
    with pytest.raises(PermissionDeniedError) as zone:
        sdk.dns.records.list(zone_id="0" * 32)
    with pytest.raises(PermissionDeniedError) as account:
        sdk.accounts.get(account_id="0" * 32)
    assert (error(zone), error(account)) == ((403, 10000), (403, 9109))


def test_the_sdk_waits_as_long_as_the_limit_says(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    api.limit.set(requests=1, seconds=0.9)
    clock = iter((0.0, 0.1, 1.1))  # at each request: a second one within the limit's time, however slow the machine is
    monkeypatch.setattr(api.limit, "_clock", lambda: next(clock))
    with client(api.url, lab.READER, retries=2) as sdk:
        started = time.monotonic()
        sdk.user.tokens.verify()
        sdk.user.tokens.verify()
    assert time.monotonic() - started >= 0.9
    assert len(api.requests) == 3


def test_a_limit_beyond_patience_is_told_with_the_time_to_wait(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    api.limit.set(requests=1, seconds=300)
    clock = iter((0.0, 7.5))
    monkeypatch.setattr(api.limit, "_clock", lambda: next(clock))
    with client(api.url, lab.READER) as sdk:
        sdk.ips.list()
        with pytest.raises(RateLimitError) as caught:
            sdk.ips.list()
    assert error(caught) == (429, 971)
    assert caught.value.response.headers["retry-after"] == "293"


def test_the_limit_slides_and_counts_each_token_apart() -> None:
    clock = [0.0]
    limit = RateLimit(lambda: clock[0])
    limit.set(requests=2, seconds=10)
    limit.count("a")
    clock[0] = 5
    limit.count("a")
    limit.count("b")
    with pytest.raises(ApiError) as caught:
        limit.count("a")
    assert caught.value.headers["retry-after"] == "5"
    clock[0] = 10
    limit.count("a")
    limit.lift()
    limit.count("a")
