"""Ollama's Host check, name by name, and where OLLAMA_HOST makes it listen."""

import socket

import pytest

from spark_lab.connector.web import Exchange
from spark_lab.ollama.guard import Guard
from spark_lab.ollama.server import address

EVERYWHERE = "0.0.0.0"  # noqa: S104 - a name to compare with, nothing listens


def judge(
    host: str, listener: str = "127.0.0.1", method: str = "GET", origin: str = "", origins: str = ""
) -> int | None:
    headers = [("host", host), *([("origin", origin)] if origin else [])]
    exchange = Exchange(method, "/api/tags", headers, "127.0.0.1", connection=None)  # type: ignore[arg-type]  # not used
    return Guard(listener, tuple(origins.split(",")) if origins else ()).judge(exchange)


@pytest.mark.parametrize(
    "host",
    [
        "", "localhost", "LOCALHOST:11434", "127.0.0.1", "127.8.9.10:11434", "[::1]:11434", "::1", EVERYWHERE,
        "10.1.2.3", "172.16.0.9:80", "192.168.1.1", "fd00::1", "spark.local", "a.b.internal", "x.localhost:1",
        socket.gethostname(),
    ],
)  # fmt: skip
def test_local_hosts_pass(host: str) -> None:
    assert judge(host) is None
    assert judge(host, method="OPTIONS") in {None, 204}


@pytest.mark.parametrize(
    "host",
    [
        "ollama.goldfish.io", "ollama.goldfish.io:443", "8.8.8.8", "192.0.2.1", "100.64.0.1", "2001:db8::1", "local",
        "internal", "localhost.goldfish.io", "notlocalhost", "172.32.0.1", "localhost:1:2",
    ],
)  # fmt: skip
def test_foreign_hosts_are_refused_on_the_loopback_alone(host: str) -> None:
    assert judge(host) == 403
    assert judge(host, method="OPTIONS") == 403
    assert judge(host, listener=EVERYWHERE) is None
    assert judge(host, listener="::1") == 403


def test_a_preflight_to_a_local_name_is_204() -> None:
    assert judge("localhost", method="OPTIONS") == 204


@pytest.mark.parametrize(
    ("origin", "origins", "verdict"),
    [
        ("http://localhost:3000", "", None),
        ("https://127.0.0.1", "", None),
        ("app://x", "", None),
        ("chrome-extension://abc", "", 403),
        ("chrome-extension://abc", "chrome-extension://*", None),
        ("https://a.example", "", 403),
        ("https://a.example", "https://*.example", None),
        ("https://a.example", "*", None),
        ("https://a.example", "https://b.example", 403),
    ],
)
def test_origins(origin: str, origins: str, verdict: int | None) -> None:
    assert judge("localhost", origin=origin, origins=origins) == verdict


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ("", ("127.0.0.1", 11434)),
        ("127.0.0.1:43121", ("127.0.0.1", 43121)),
        ("http://127.0.0.1", ("127.0.0.1", 80)),
        (EVERYWHERE, (EVERYWHERE, 11434)),
        (":1234", (EVERYWHERE, 1234)),
        ("[::1]:5", ("::1", 5)),
        ("::1", ("::1", 11434)),
        ("localhost:99999", ("127.0.0.1", 11434)),
    ],
)
def test_the_address_to_listen_on(said: str, where: tuple[str, int]) -> None:
    assert address(said) == where
