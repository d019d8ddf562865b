"""HTTP from the host, with a real curl."""

import json

import pytest

from spark_conformance.core.secret import Secret
from spark_conformance.core.verdict import Unreachable
from spark_conformance.host.curl import CurlRequest, _command, fetch, parse
from spark_lab.doors import bound_here
from tests.host.stubs import StubHost, web

URL = "http://x/"


def test_body_status_and_headers(stub: StubHost) -> None:
    def answer(path: str, body: str, headers: dict[str, str]) -> tuple[int, bytes]:
        return 200, json.dumps([path, body, headers["host"], headers.get("content-type")]).encode()

    with web(answer) as address:
        plain, posted = fetch(
            stub.host,
            CurlRequest(f"http://{address}/a?b=[c]&d='e'", 10, headers=("Host: ollama.goldfish.io",)),
            CurlRequest(f"http://{address}/p", 10, data={"q": "'; exit"}),
        )
    assert plain.json == ["/a?b=[c]&d='e'", "", "ollama.goldfish.io", None]
    assert posted.json == ["/p", '{"q": "\'; exit"}', address, "application/json"]
    assert plain.failure == ""
    assert plain.seconds > 0


def test_an_empty_403(stub: StubHost) -> None:
    with web(lambda *_: (403, b"")) as address:
        (reply,) = fetch(stub.host, CurlRequest(f"http://{address}/", 10))
    assert (reply.status, reply.said, reply.fields) == (403, "HTTP 403, empty body", {})


def test_nobody_listens(stub: StubHost) -> None:
    with bound_here("tcp") as closed:  # taken, so that nobody else comes to listen there
        (reply,) = fetch(stub.host, CurlRequest(f"http://127.0.0.1:{closed.getsockname()[1]}/", 10))
    assert reply.status == 0
    assert "onnect" in reply.said
    assert not reply.said.startswith("curl")


def test_a_proxy_in_the_environment_is_not_asked(stub: StubHost, monkeypatch: pytest.MonkeyPatch) -> None:
    stub.backend._env["http_proxy"] = "http://127.0.0.1:9"
    with web(lambda *_: (200, b"{}")) as address:
        (reply,) = fetch(stub.host, CurlRequest(f"http://{address}/", 10))
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
        fetch(stub.host, CurlRequest(URL, 10))


@pytest.mark.parametrize("body", [b"", b"[1]", b"no json", b"\xff\xfe", b'"text"'])
def test_only_an_object_has_fields(stub: StubHost, body: bytes) -> None:
    assert parse(URL, stub.backend.result(0, b"", body + b"\n200 0.1", b"")).fields == {}


def sent(request: CurlRequest, within: str = "") -> str:
    """What of a command line tells one request from another."""
    form, *words = _command(request, within)
    assert form.count("%s") == len(words)
    return " ".join(words[1:])


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (CurlRequest(URL, timeout_s=2.5), "-m 2.5 --url http://x/"),
        (CurlRequest(URL, timeout_s=9, headers=("Host: a", "X: b")), "-m 9 -H Host: a -H X: b --url http://x/"),
        (
            CurlRequest(URL, timeout_s=9, data={}),
            "-m 9 -H Content-Type: application/json --data-raw {} --url http://x/",
        ),
        (CurlRequest(URL, timeout_s=9, bearer=Secret("k3y", "env:K")), "-m 9 -H @- --url http://x/"),
        (CurlRequest(URL, timeout_s=9, method="HEAD", whole=True), "-m 9 -I --url http://x/"),
        (CurlRequest(URL, timeout_s=9, method="POST", whole=True), "-m 9 -X POST -i --url http://x/"),
        (CurlRequest(URL, timeout_s=9, insecure=True), "-m 9 -k --url http://x/"),
    ],
)
def test_what_curl_is_called_with(request_: CurlRequest, words: str) -> None:
    assert sent(request_) == words
    assert _command(request_, "nsenter -t 7 -n ")[0].startswith("nsenter -t 7 -n curl ")


def test_a_bearer_goes_with_its_own_request_alone(stub: StubHost) -> None:
    def answer(_path: str, _body: str, headers: dict[str, str]) -> tuple[int, bytes]:
        return 200, headers.get("authorization", "none").encode()

    with web(answer) as address:
        url = f"http://{address}/"
        replies = fetch(stub.host, CurlRequest(url, 10, bearer=Secret("k3y-0123456789", "env:K")), CurlRequest(url, 10))
    assert [reply.body for reply in replies] == [b"Bearer k3y-0123456789", b"none"]
    assert [command for command in stub.backend.commands if "k3y" in command] == []


@pytest.mark.parametrize(
    ("printed", "headers", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nServer: a\r\nX-B:  c \r\n\r\nbody", (("server", "a"), ("x-b", "c")), b"body"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: 1\r\n\r\nHTTP/x", (("a", "1"),), b"HTTP/x"),
        (b"HTTP/2 204 \r\nno header\r\n\r\n", (), b""),
        (b"no answer", (), b"no answer"),
    ],
)
def test_a_whole_answer_is_parted(
    stub: StubHost, printed: bytes, headers: tuple[tuple[str, str], ...], body: bytes
) -> None:
    reply = parse(URL, stub.backend.result(0, b"", printed + b"\n200 1.5", b""), whole=True)
    assert (reply.headers, reply.body, reply.status, reply.seconds) == (headers, body, 200, 1.5)
    whole = parse(URL, stub.backend.result(0, b"", printed + b"\n200 1,5", b""))
    assert (whole.headers, whole.body, whole.seconds) == ((), printed, 1.5)
