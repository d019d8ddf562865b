"""Every client of the suite against every hostile server: an end, and one sentence of what was being read."""

import resource
from collections.abc import Callable

import httpcore
import httpx
import pytest

from spark_conformance.cloudflare.client import Api, connect
from spark_conformance.cloudflare.endpoints import ZONES
from spark_conformance.cloudflare.writing import NotWritten
from spark_conformance.core.secret import Secret
from spark_conformance.core.verdict import Unreachable
from spark_conformance.github.client import Github
from spark_conformance.limits.authorities import on_loopback
from spark_conformance.limits.http import Bounds, exceeded
from tests.limits.hostile import COMPRESSED, NESTED, NEVER_COMPLETE, TOO_LONG, Script, serving

pytestmark = pytest.mark.usefixtures("ticking")
SHORT_S, LONG_S = 30.0, 600.0
SMALL = 1 << 16
LIMITED = {
    **{name: (script, SHORT_S, "the answer was not complete after 30 s") for name, script in NEVER_COMPLETE.items()},
    **{name: (script, LONG_S, "the answer is longer than 64 KiB") for name, script in TOO_LONG.items()},
    **{name: (script, LONG_S, "the answer is compressed, which was not") for name, script in COMPRESSED.items()},
}
hostile = pytest.mark.parametrize(("script", "timeout_s", "limit"), LIMITED.values(), ids=LIMITED)


def api(port: int, timeout_s: float = LONG_S, retries: int = 0) -> Api:
    return connect(Secret("token-of-the-test", "env:T"), f"http://127.0.0.1:{port}", timeout_s, retries, largest=SMALL)


@hostile
def test_the_cloudflare_api(script: Script, timeout_s: float, limit: str) -> None:
    with serving(script) as port, pytest.raises(Unreachable) as caught:
        api(port, timeout_s).many(ZONES)
    assert caught.value.cause == "cloudflare: no end of an answer"
    assert (
        f"Cloudflare's API at http://127.0.0.1:{port}, asked for the zone, sends an answer without end: {limit}"
        in str(caught.value)
    )


@hostile
def test_github(script: Script, timeout_s: float, limit: str) -> None:
    with serving(script) as port, pytest.raises(Unreachable) as caught:
        Github(f"http://127.0.0.1:{port}", "o/r", Secret("gh-of-the-test", "env:G"), timeout_s, SMALL).get("x", "p")
    assert f"does not come to an end, asked for x: {limit}" in str(caught.value)


@pytest.mark.parametrize("script", NESTED.values(), ids=NESTED)
def test_json_nested_beyond_reason_is_no_answer(script: Script) -> None:
    with serving(script) as port, pytest.raises(Unreachable, match="with 200000 bytes that are not JSON"):
        connect(Secret("token-of-the-test", "env:T"), f"http://127.0.0.1:{port}", LONG_S, 0).many(ZONES)
    with serving(script) as port, pytest.raises(Unreachable, match="answered something other than JSON"):
        Github(f"http://127.0.0.1:{port}", "o/r", Secret("gh-of-the-test", "env:G"), LONG_S, 1 << 20).get("x", "p")


def test_an_answer_without_an_end_is_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    answered: list[int] = []

    def counted(end: object) -> object:
        answered.append(1)
        return TOO_LONG["a body without an end"](end)  # type: ignore[arg-type]  # handed on as it came

    with serving(counted) as port, pytest.raises(Unreachable, match="longer than 64 KiB"):  # type: ignore[arg-type]
        api(port, retries=2).many(ZONES)
    assert len(answered) == 1


def test_a_write_that_is_answered_so_is_not_known_to_be_done() -> None:
    with (
        serving(TOO_LONG["a body without an end"]) as port,
        pytest.raises(NotWritten, match="longer than 64") as caught,
    ):
        api(port).write("post", ZONES, {})
    assert not caught.value.certain


def test_memory_stays_small_while_an_endless_answer_is_refused() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with serving(TOO_LONG["a body without an end"]) as port, pytest.raises(Unreachable):
        api(port).many(ZONES)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10


def test_a_client_that_keeps_its_network_elsewhere_is_refused() -> None:
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200)))
    with client, pytest.raises(TypeError, match="the limits have to follow"):
        Bounds(1, 1).lay_on(client)


def test_proxies_are_bound_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    for script, timeout_s, limit in (LIMITED["a head byte by byte"], LIMITED["a body without an end"]):
        with serving(script) as port:
            monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
            far = connect(
                Secret("token-of-the-test", "env:T"), "http://api.example.org/v4", timeout_s, 0, largest=SMALL
            )
            with pytest.raises(Unreachable, match=limit):
                far.many(ZONES)


def test_silence_is_told_as_silence() -> None:
    assert exceeded(httpx.ReadTimeout("x")) == ""


class LateStream(httpcore.NetworkStream):
    """A connection that is there, and knows whether it was closed."""

    closed = False

    def close(self) -> None:
        self.closed = True


class LateNetwork(httpcore.NetworkBackend):
    """A network that connects when the time is up."""

    def __init__(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        self.stream = LateStream()
        self._meanwhile = meanwhile

    def connect_tcp(self, *_: object, **__: object) -> httpcore.NetworkStream:
        self._meanwhile()
        return self.stream


def test_a_connection_that_comes_too_late_is_closed_and_told_as_silence() -> None:
    network = LateNetwork()
    with httpx.Client() as client:
        client._transport._pool._network_backend = network  # type: ignore[attr-defined] # where httpx keeps it
        Bounds(1024, -1.0).lay_on(client)
        with pytest.raises(httpx.ConnectTimeout, match="when the time was up"):
            client.get("http://192.0.2.1/")
    assert network.stream.closed


def test_a_connection_that_is_made_while_the_client_is_closed_is_closed_too() -> None:
    bounds = Bounds(1024, LONG_S)
    with httpx.Client() as client:

        def closed() -> None:
            client.close()
            bounds.close()

        network = LateNetwork(closed)
        client._transport._pool._network_backend = network  # type: ignore[attr-defined] # where httpx keeps it
        bounds.lay_on(client)
        with pytest.raises(httpx.ConnectError, match="closed meanwhile"):
            client.get("http://192.0.2.1/")
    assert network.stream.closed


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("http://127.0.0.2:8080/x", True), ("http://[::1]/", True), ("http://localhost", True),
        ("https://192.0.2.1", False), ("https://localhost.example", False), ("localhost", False), ("http://[", False),
    ],
)  # fmt: skip
def test_no_proxy_is_asked_for_what_this_machine_has_itself(url: str, own: bool) -> None:
    assert on_loopback(url) is own
