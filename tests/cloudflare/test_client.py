import httpx
import pytest

from spark_conformance.cloudflare.budget import Budget
from spark_conformance.cloudflare.client import Api, connect
from spark_conformance.cloudflare.endpoints import APPS, ORGANIZATION, TUNNEL, ZONES
from spark_conformance.cloudflare.transport import _tell, _wait_no_longer
from spark_conformance.cloudflare.writing import NotWritten
from spark_conformance.core.secret import Secret
from spark_conformance.core.verdict import Unreachable
from tests.cloudflare.conftest import TOKEN
from tests.cloudflare.fake import Answer, Fake, Got, no, ok, said


def test_only_the_chosen_token_is_sent_whatever_the_environment_holds(
    server: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDFLARE_EMAIL", "stray@example.org")
    monkeypatch.setenv("CLOUDFLARE_API_KEY", "stray-key")
    monkeypatch.setenv("CLOUDFLARE_API_USER_SERVICE_KEY", "stray-service-key")
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "stray-token")
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("CLOUDFLARE_CUSTOM_HEADERS", "X-Auth-Key: stray\nAuthorization: Bearer stray")
    api = connect(Secret(TOKEN, "env:TOKEN"), server.url, timeout_s=60, retries=0)
    api.many(ZONES)
    api.close()
    [got] = server.requests
    assert got.headers["authorization"] == f"Bearer {TOKEN}"
    assert [name for name in dict(got.headers) if name.lower().startswith("x-auth")] == []


def test_a_proxy_is_not_asked_for_loopback(server: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for url in (server.url, server.url.replace("127.0.0.1", "localhost")):
        api = connect(Secret(TOKEN, "env:TOKEN"), url, timeout_s=60, retries=0)
        assert api.many(ZONES) == []
        api.close()


def test_a_proxy_is_used_elsewhere(server: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    api = connect(Secret(TOKEN, "env:TOKEN"), "http://api.example.org/v4", timeout_s=60, retries=0)
    assert api.many(ZONES) == []
    api.close()
    assert server.requests[0].path == "/v4/zones"


def test_ids_go_into_the_path_escaped(api: Api, server: Fake) -> None:
    server.answer = lambda _: ok({"id": "x"})
    assert api.one(TUNNEL, account_id="a", tunnel_id="../../zones?x") == {"id": "x"}
    assert server.requests[0].path == "/accounts/a/cfd_tunnel/..%2F..%2Fzones%3Fx"


def test_what_is_not_there_is_none_for_who_looks_and_a_hindrance_for_who_needs_it(api: Api, server: Fake) -> None:
    server.answer = lambda _: no(404, 1003, "not found")
    assert api.find(TUNNEL, account_id="a", tunnel_id="t") is None
    with pytest.raises(Unreachable, match=r"did not give the Zero Trust organisation.*404.*target.cloudflare names"):
        api.one(ORGANIZATION, account_id="a")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (no(200, 10013, "out of order"), r"without success, though with HTTP 200: out of order \(code 10013\)"),
        (said(200, {"success": True, "result": None}), "without success.*gives no result"),
        (said(200, {"success": True}), "gives no result"),
        (said(200, [1, 2]), "JSON that is not an answer from this API"),
        (said(200, {"error": "no route"}), "JSON that is not an answer from this API"),
        ((200, {"content-type": "text/html"}, b"<html>Sign in</html>"), r"20 bytes that are not JSON \(text/html\)"),
        ((200, {}, b"\xff\xfe"), "2 bytes that are not JSON"),
        (ok("text"), "something other than a list"),
        (ok(["text"]), "something other than a list"),
        (ok([{"id": "1"}, "text"]), "something other than a list"),
    ],
)
def test_an_answer_that_is_none(api: Api, server: Fake, answer: Answer, sentence: str) -> None:
    server.answer = lambda _: answer
    with pytest.raises(Unreachable, match=sentence) as caught:
        api.many(APPS, account_id="a")
    assert caught.value.owner is None
    assert "the Access applications" in caught.value.sentence


def paged(sizes: list[int], **info: int) -> list[Answer]:
    return [ok([{"id": f"{page}.{item}"} for item in range(size)], result_info=info) for page, size in enumerate(sizes)]


@pytest.mark.parametrize(
    ("sizes", "info", "requests"),
    [
        ([3, 2, 0], {}, 3),
        ([3, 2, 0], {"total_count": 5}, 2),
        ([3, 2, 0], {"total_pages": 2}, 2),
        ([3, 2, 0], {"total_count": 0, "total_pages": 0}, 3),
        ([0], {"total_count": 0}, 1),
        ([3], {"total_count": 3, "per_page": 50}, 1),
    ],
)
def test_pages_end_where_the_api_says_so_or_where_one_is_empty(
    api: Api, server: Fake, sizes: list[int], info: dict[str, int], requests: int
) -> None:
    pages = paged(sizes, **info)
    server.answer = lambda got: pages[int(got.query["page"]) - 1]
    assert len(api.many(ZONES, {"name": "example.org"})) == sum(sizes)
    assert [got.query["page"] for got in server.requests] == [str(page + 1) for page in range(requests)]
    assert {(got.query["name"], got.query["per_page"]) for got in server.requests} == {("example.org", "50")}


def test_a_server_that_ignores_the_page_is_not_asked_for_ever(api: Api, server: Fake) -> None:
    server.answer = lambda _: ok([{"id": "1"}])
    assert api.many(ZONES) == [{"id": "1"}]
    assert len(server.requests) == 2


def test_a_list_without_end_is_given_up(api: Api, server: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spark_conformance.cloudflare.client.MOST_PAGES", 3)
    server.answer = lambda got: ok([{"id": got.query["page"]}])
    with pytest.raises(Unreachable, match="more than 3 pages"):
        api.many(ZONES)
    assert len(server.requests) == 3


def test_a_passing_failure_is_tried_again(server: Fake) -> None:
    def answer(_: Got) -> Answer:
        return no(503, 1, "later", retry_after="0.01") if len(server.requests) == 1 else ok([])

    server.answer = answer
    api = connect(Secret(TOKEN, "env:TOKEN"), server.url, timeout_s=60)
    assert api.many(ZONES) == []
    api.close()
    assert len(server.requests) == 2


@pytest.mark.parametrize("asked", ["59", "3600", "10.5", "Wed, 21 Oct 2026 07:28:00 GMT", "soon"])
def test_a_retry_that_is_to_wait_long_is_told_and_not_waited_for(server: Fake, asked: str) -> None:
    server.answer = lambda _: no(503, 1, "later", retry_after=asked)
    api = connect(Secret(TOKEN, "env:TOKEN"), server.url, timeout_s=60)
    with pytest.raises(Unreachable, match="HTTP 503: later"):
        api.many(ZONES)
    api.close()
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "asked", "waits_s", "retried"),
    [
        (429, "10", 10, True), (429, "0.5", 0.5, True), (429, "10.5", 0, False), (429, "soon", 0, False),
        (503, "3", 0, True), (503, "11", 0, False), (429, None, 0, True),
    ],
)  # fmt: skip
def test_a_short_wait_is_one_for_all_who_share_the_client(
    status: int, asked: str | None, waits_s: float, retried: bool
) -> None:
    budget = Budget(clock=lambda: 100.0)
    response = httpx.Response(status, headers={} if asked is None else {"retry-after": asked})
    _wait_no_longer(budget, response)
    assert budget.reserve() == 100 + waits_s
    assert ("x-should-retry" not in response.headers) is retried


def test_a_connection_is_waited_for_no_longer_than_an_answer_and_never_for_minutes() -> None:
    for patience_s, connect_s in ((5, 5), (10, 10), (3600, 10)):
        api = connect(Secret(TOKEN, "env:TOKEN"), "http://127.0.0.1:1", patience_s)
        timeout = api._client.timeout
        assert isinstance(timeout, httpx.Timeout)
        assert (timeout.connect, timeout.read) == (connect_s, patience_s)
        assert api._client.max_retries == 2
        api.close()


def test_a_recording_hears_of_paths_below_the_base_url(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    monkeypatch.setattr("spark_conformance.cloudflare.transport.heard", lambda _, what, *__: heard.append(what))
    for base in ("/client/v4", "/client/v4/"):
        _tell(base, httpx.Response(200, request=httpx.Request("GET", "https://api.example/client/v4/zones?page=1")))
    assert heard == ["GET /zones"] * 2


def test_pages_that_come_slowly_end_after_four_times_the_patience_for_one(
    server: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter((100.0, 100.0, 340.0, 340.1))  # when it begins, then before each page
    monkeypatch.setattr("spark_conformance.cloudflare.client.monotonic", lambda: next(clock))
    pages = iter(range(9))
    server.answer = lambda _: ok([{"id": next(pages)}])
    api = connect(Secret(TOKEN, "env:TOKEN"), server.url, timeout_s=60, retries=0)
    with pytest.raises(Unreachable, match="2 pages took 240 s"):
        api.many(ZONES)
    api.close()


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ((200, {}, b""), None),
        (ok({"id": "x"}), {"id": "x"}),
        (said(200, {"success": False, "errors": [{"code": 1, "message": "no"}]}), NotWritten),
        (said(200, []), NotWritten),
        ((200, {}, b"<html>"), NotWritten),
    ],
)
def test_what_was_written_is_known_by_its_answer(api: Api, server: Fake, answer: Answer, result: object) -> None:
    server.answer = lambda _: answer
    if result is NotWritten:
        with pytest.raises(NotWritten):
            api.write("post", TUNNEL, {}, account_id="a", tunnel_id="t")
    else:
        assert api.write("post", TUNNEL, {}, account_id="a", tunnel_id="t") == result
