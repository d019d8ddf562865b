"""What is sent to Cloudflare's API to change something, or to ask by POST, and what of others' reads holds after it."""

from typing import Any

import pytest

from spark_conformance.cloudflare.account import ApiToken, account_id, api_token
from spark_conformance.cloudflare.client import Api, cloudflare_api
from spark_conformance.cloudflare.endpoints import RECORDS, ZONES
from spark_conformance.cloudflare.reads import Reads
from spark_conformance.cloudflare.tunnel import Tunnel, tunnel, tunnel_token
from spark_conformance.cloudflare.writing import NotWritten
from spark_conformance.core.verdict import Unmet, Unreachable
from spark_conformance.facts.target import Cloudflare, Target
from tests.cloudflare.fake import Answer, Fake, Got, no, ok, said
from tests.secrets.runs import run_of


def test_what_is_asked_by_post_is_judged_as_any_answer(api: Api, server: Fake) -> None:
    server.answer = lambda _: ok({"id": 7})
    assert api.post(RECORDS, {}, zone_id="z/1") == {"id": 7}
    assert [got.path for got in server.requests] == ["/zones/z%2F1/dns_records"]
    server.answer = lambda _: no(403, 10000, "Authentication error")
    with pytest.raises(Unreachable, match="give it the permission 'DNS Read'"):
        api.post(RECORDS, {}, zone_id="z")


def test_a_write_is_done_with_success_alone(api: Api, server: Fake) -> None:
    server.answer = lambda _: ok(None)
    assert api.write("post", RECORDS, {"name": "a"}, zone_id="z") is None
    server.answer = lambda _: ok({"id": 7})
    assert api.write("post", RECORDS, None, zone_id="z") == {"id": 7}
    server.answer = lambda _: (200, {}, b"")
    assert api.write("post", RECORDS, None, zone_id="z") is None
    odd_ones: list[Any] = [{"success": False}, {"success": 1}, []]
    for odd in odd_ones:
        answer = said(200, odd)
        server.answer = lambda _, answer=answer: answer  # type: ignore[misc] # the answer of this turn
        with pytest.raises(NotWritten) as caught:
            api.write("post", RECORDS, None, zone_id="z")
        assert (caught.value.certain, caught.value.after_s) == (False, 0)
    server.answer = lambda _: no(400, 9000, "no such type")
    with pytest.raises(NotWritten, match="no such type") as caught:
        api.write("post", RECORDS, None, zone_id="z")
    assert (caught.value.certain, caught.value.after_s) == (True, None)


@pytest.mark.parametrize(
    ("answer", "became", "said"),
    [
        (no(500, 1, "bad day"), (False, 0), "bad day"),
        (no(499, 1, "gone"), (True, None), "gone"),
        (no(429, 971, "Please wait", retry_after="2"), (True, 2), "asks to wait 2 s"),
        (no(429, 971, "Please wait", retry_after="soon"), (True, 1), "asks to wait soon s"),
        (no(429, 971, "Please wait"), (True, 1), "asks to wait some s"),
        (no(403, 10000, "Authentication error"), (True, None), "give it the permission 'DNS Write' in the dashboard"),
    ],
)
def test_a_write_is_tried_once_and_what_became_of_it_is_told(
    api: Api, server: Fake, answer: Answer, became: tuple[bool, float | None], said: str
) -> None:
    server.answer = lambda _: answer
    with pytest.raises(NotWritten, match=said) as caught:
        api.write("post", RECORDS, {}, zone_id="z")
    assert (caught.value.certain, caught.value.after_s) == became
    assert len(server.requests) == 1


def test_what_was_read_before_a_write_is_read_again(api: Api, server: Fake) -> None:
    sharing = api.sharing(Reads(), 0.0)
    server.answer = lambda _: ok([])
    assert [sharing.many(ZONES), sharing.many(ZONES)] == [[], []]
    assert len(server.requests) == 1
    sharing.write("post", RECORDS, None, zone_id="z")
    sharing.many(ZONES)
    assert len(server.requests) == 3


def test_a_token_that_is_not_set_is_told_as_the_way_to_the_api(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_TOKEN", raising=False)
    with pytest.raises(Unreachable, match="NO_TOKEN") as caught:
        run_of(Target(cloudflare=Cloudflare(zone="example.org", token="env:NO_TOKEN"))).get(cloudflare_api)
    assert caught.value.owner == "secrets.api_token"
    monkeypatch.setenv("NO_TOKEN", "two\nlines")
    with pytest.raises(Unreachable, match="store it again exactly as it was issued") as caught:
        run_of(Target(cloudflare=Cloudflare(zone="example.org", token="env:NO_TOKEN"))).get(cloudflare_api)
    assert (caught.value.cause, caught.value.owner) == ("api token: characters", "secrets.api_token")
    with pytest.raises(Unreachable, match=r"the facts file has no table \[target\.cloudflare\]"):
        run_of(Target()).get(cloudflare_api)


def test_a_token_is_asked_of_the_account_only_where_the_users_endpoint_refuses_it(api: Api, server: Fake) -> None:
    run = run_of(Target(), given={cloudflare_api: api, account_id: "a"})
    server.answer = lambda _: no(502, 1, "bad day")
    with pytest.raises(Unreachable, match="bad day"):
        run.get(api_token)
    assert [got.path for got in server.requests] == ["/user/tokens/verify"]


def test_a_token_of_the_account_is_verified_there(api: Api, server: Fake) -> None:
    def answer(got: Got) -> Answer:
        if got.path.startswith("/user"):
            return no(401, 1000, "Invalid API Token")
        return ok({"status": "active", "expires_on": None}) if good else no(403, 9109, "Unauthorized")

    server.answer = answer
    good = True
    assert run_of(Target(), given={cloudflare_api: api, account_id: "a"}).get(api_token) == ApiToken(
        "active", None, "account"
    )
    good = False  # neither takes it: what the first said is told, as it is where nobody knows the account
    for account in ("a", Unmet("dns.zone_status", "no such zone", "none")):
        with pytest.raises(Unreachable, match="Invalid API Token"):
            run_of(Target(), given={cloudflare_api: api, account_id: account}).get(api_token)


def test_a_tunnels_token_is_text(api: Api, server: Fake) -> None:
    found = Tunnel("t", "spark", None, "cloudflare", "healthy", None)
    run = run_of(Target(), given={cloudflare_api: api, account_id: "a", tunnel: found})
    server.answer = lambda _: ok({"token": "x"})
    with pytest.raises(Unreachable, match="the tunnel's token should be a string"):
        run.get(tunnel_token)
