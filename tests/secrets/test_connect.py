"""1Password by a Connect server: its API tells whether it answers, since `op` lists no vaults with it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.core.verdict import Unreachable
from spark_conformance.secrets.connect import vaults
from spark_conformance.secrets.op import ItemAbsent, by_connect
from spark_conformance.secrets.references import secret
from tests.secrets.test_onepassword import ITEM, NOT_GIVEN, refusing, run_with, seen

TOKEN = "connect-canary-7f3a9b2c1d"
REFUSED = b'{"status": 401, "message": "Invalid bearer token"}'


@contextmanager
def connect(status: int, body: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str | None]]]:
    """A server that answers so to everything, and the environment of `op` that names it."""
    asked: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Authorization"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 - the base class's own name

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("OP_CONNECT_HOST", f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setenv("OP_CONNECT_TOKEN", TOKEN)
        try:
            yield asked
        finally:
            server.shutdown()
            thread.join()


def test_a_field_that_is_not_there_is_not_a_locked_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OP_SERVICE_ACCOUNT_TOKEN", "ops_passed-over")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # knows no loopback but its own
    with connect(200, b'[{"id": "x", "name": "v"}]', monkeypatch) as asked:
        run = run_with(tmp_path, refusing(NOT_GIVEN[2]), ITEM)
        assert seen(run).answers
        with pytest.raises(ItemAbsent, match="could not find field or file f on item i"):
            secret(run, ITEM)
    assert asked == [("/v1/vaults", f"Bearer {TOKEN}")]


def test_a_token_that_may_see_no_vault_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with connect(200, b"[]", monkeypatch):
        assert not seen(run_with(tmp_path, refusing(NOT_GIVEN[2]), ITEM)).answers


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [(401, REFUSED, "refuses OP_CONNECT_TOKEN"), (500, b"", "answered 500"), (200, b"<html>", "no list of vaults")],
)
def test_a_server_that_gives_no_list_is_unreachable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, body: bytes, told: str
) -> None:
    with connect(status, body, monkeypatch), pytest.raises(Unreachable, match=told) as caught:
        seen(run_with(tmp_path, "exit 1"))
    assert (caught.value.owner, TOKEN in caught.value.sentence) == ("secrets.onepassword", False)


def test_a_server_that_is_not_there_is_unreachable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OP_CONNECT_TOKEN", TOKEN)
    with socket.socket() as bound:  # and nobody listens there
        bound.bind(("127.0.0.1", 0))
        monkeypatch.setenv("OP_CONNECT_HOST", f"http://127.0.0.1:{bound.getsockname()[1]}")
        with pytest.raises(Unreachable, match=r"could not be asked \(ConnectError\)"):
            seen(run_with(tmp_path, "exit 1"))
    with pytest.raises(Unreachable, match=r"does not answer `op read op://v/i/f`.*check OP_CONNECT_HOST") as caught:
        secret(run_with(tmp_path, refusing("connection refused"), ITEM), ITEM)
    assert not isinstance(caught.value, ItemAbsent)


@pytest.mark.parametrize(
    ("host", "token", "why"),
    [("http://127.0.0.1:9", "tökèn", "UnicodeEncodeError"), ("http://[", "t", r"\w+"), ("x", "t", "Unsupported")],
)
def test_a_host_or_token_that_cannot_be_sent_is_told(host: str, token: str, why: str) -> None:
    with pytest.raises(Unreachable, match=rf"could not be asked \({why}.*check OP_CONNECT_HOST"):
        vaults({"OP_CONNECT_HOST": host, "OP_CONNECT_TOKEN": token}, 1)


def test_one_of_its_two_variables_alone_names_no_server() -> None:
    assert by_connect({"OP_CONNECT_HOST": "http://c", "OP_CONNECT_TOKEN": "t"})
    assert not by_connect({"OP_CONNECT_HOST": "http://c", "OP_CONNECT_TOKEN": ""})
    assert not by_connect({"OP_CONNECT_TOKEN": "t"})
