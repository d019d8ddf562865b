"""HTTP from the host, with a real curl."""

import json

import pytest

from spark_conformance.core.verdict import Unreachable
from spark_conformance.host.curl import CurlRequest, fetch, parse
from tests.host.stubs import StubHost, web

URL = "http://x/"


def test_body_status_and_headers(stub: StubHost) -> None:
    def answer(path: str, body: str, headers: dict[str, str]) -> tuple[int, bytes]:
        return 200, json.dumps([path, body, headers["host"], headers.get("content-type")]).encode()

    with web(answer) as address:
        plain, posted = fetch(
            stub.host,
            CurlRequest(f"http://{address}/a?b=[c]&d='e'", headers=("Host: ollama.goldfish.io",)),
            CurlRequest(f"http://{address}/p", data={"q": "'; exit"}),
        )
    assert plain.json == ["/a?b=[c]&d='e'", "", "ollama.goldfish.io", None]
    assert posted.json == ["/p", '{"q": "\'; exit"}', address, "application/json"]
    assert plain.failure == ""
    assert 0 < plain.seconds < 5


def test_an_empty_403(stub: StubHost) -> None:
    with web(lambda *_: (403, b"")) as address:
        (reply,) = fetch(stub.host, CurlRequest(f"http://{address}/"))
    assert (reply.status, reply.said, reply.fields) == (403, "HTTP 403, empty body", {})


def test_nobody_listens(stub: StubHost) -> None:
    with web(lambda *_: (200, b"")) as address:
        pass
    (reply,) = fetch(stub.host, CurlRequest(f"http://{address}/"))
    assert reply.status == 0
    assert "onnect" in reply.said
    assert not reply.said.startswith("curl")


def test_a_proxy_in_the_environment_is_not_asked(stub: StubHost, monkeypatch: pytest.MonkeyPatch) -> None:
    stub.backend._env["http_proxy"] = "http://127.0.0.1:9"
    with web(lambda *_: (200, b"{}")) as address:
        (reply,) = fetch(stub.host, CurlRequest(f"http://{address}/"))
    assert reply.status == 200


@pytest.mark.parametrize(
    ("printed", "status", "said"),
    [
        ((0, b'{"a":1}\n200 0.001', b""), 200, "HTTP 200, 7 bytes"),
        ((0, b"200 9\n\n200 0,5", b""), 200, "HTTP 200, 6 bytes"),
        ((7, b"\n000 0.0", b"curl: (7) Failed to connect to localhost port 1"), 0, "Failed to connect to "),
        ((28, b'{"a":1}\n200 10.0', b"curl: (28) Operation timed out"), 200, "Operation timed out"),
        ((52, b"\n200 1.0", b""), 200, "200 1.0"),
        ((0, b"", b""), 0, "curl said nothing"),
        ((2, b"garbage", b"curl: option -w: is unknown"), 0, "curl: option -w: is unknown"),
    ],
)
def test_what_curl_prints(stub: StubHost, printed: tuple[int, bytes, bytes], status: int, said: str) -> None:
    rc, stdout, stderr = printed
    reply = parse(URL, stub.backend.result(rc, b"", stdout, stderr))
    assert reply.status == status
    assert reply.said.startswith(said)
    assert not reply.fields or rc == 0


def test_a_host_without_curl(stub: StubHost) -> None:
    stub.command("curl", "echo 'sh: curl: not found' >&2; exit 127")
    with pytest.raises(Unreachable, match="install curl"):
        fetch(stub.host, CurlRequest(URL))


@pytest.mark.parametrize("body", [b"", b"[1]", b"no json", b"\xff\xfe", b'"text"'])
def test_only_an_object_has_fields(stub: StubHost, body: bytes) -> None:
    assert parse(URL, stub.backend.result(0, b"", body + b"\n200 0.1", b"")).fields == {}
