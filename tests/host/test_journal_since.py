"""What both services log from a mark on, and only that."""

import pytest

from spark_conformance.core.secret import Secret
from spark_conformance.core.verdict import Unreachable
from spark_conformance.host.journal_since import (
    LONGEST,
    Mark,
    connector_errors,
    lines_since,
    mark_journals,
    origin_requests,
)
from tests.host.stubs import StubHost

AT = "2026-11-02T10:00:00Z"
FILTERED = (
    f'{AT} ERR  error="request filtered by middleware handler (AccessJWTValidator) due to: no access token in request" '
    "cfRay=8f00ba4c0ffee000-FRA connIndex=0 event=1 ingressRule=0 originService=http://localhost:11434"
)
DOWN = (
    f'{AT} ERR  error="Unable to reach the origin service. The service may be down or it may not be responding to '
    'traffic from cloudflared: dial tcp 127.0.0.1:9000: connect: connection refused" connIndex=0 event=1 '
    "ingressRule=0 originService=http://127.0.0.1:9000"
)
FAILED = (
    f'{AT} ERR Request failed error="Unable to reach the origin service. The service may be down" connIndex=0 '
    "dest=https://ollama.goldfish.io/api/tags?conformance=ab event=0 ip=198.41.192.77 type=http"
)
NO_INGRESS = f"{AT} WRN No ingress rules were defined in provided config (if any) nor from the cli, cloudflared will …"
AS_JSON = (
    '{"level":"error","cfRay":"8f00ba4c0ffee001-FRA","error":"error while processing middleware handler x: no keys",'
    '"time":"2026-11-02T10:00:00Z"}'
)
INNOCENT = f"{AT} INF Registered tunnel connection connIndex=0 location=fra08"
GIN = '[GIN] 2026/11/02 - 10:00:00 | 403 |      26.371µs |   203.0.113.7 | GET      "/api/tags?conformance=ab"'
SLOW = '[GIN] 2026/11/02 - 10:00:00 | 200 |         1m26s |             ::1 | POST     "/api/generate"'


def test_cloudflareds_errors() -> None:
    errors = connector_errors([INNOCENT, FILTERED, DOWN, FAILED, NO_INGRESS, AS_JSON, "", "panic: oh", "{broken"])
    assert [(error.level, error.kind) for error in errors] == [
        ("ERR", "refused"), ("ERR", "origin unreachable"), ("ERR", "origin unreachable"), ("WRN", "no ingress"),
        ("ERR", "validator failed"),
    ]  # fmt: skip
    assert [error.ray for error in errors] == ["8f00ba4c0ffee000", "", "", "", "8f00ba4c0ffee001"]
    assert errors[1].service == "http://127.0.0.1:9000"
    assert errors[1].text.endswith("connect: connection refused")
    assert errors[2].destination.endswith("?conformance=ab")
    assert errors[3].text.startswith("No ingress rules")


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Incoming request ended abruptly: context canceled", "aborted"),
        ("stream canceled by remote with error code 0", "cut off"),
        ("no route to the moon", "other"),
    ],
)
def test_other_errors(message: str, kind: str) -> None:
    (error,) = connector_errors([f'{AT} ERR  error="{message}" connIndex=0'])
    assert error.kind == kind


def test_an_endless_error_is_cut() -> None:
    (error,) = connector_errors([f"{AT} ERR {'x' * 1_000_000}"])  # hours, were each letter tried as a field's beginning
    assert len(error.text) == LONGEST


def test_ollamas_requests_whoever_their_client_is() -> None:
    refused, slow = origin_requests([GIN, "time=2026-11-02T10:00:00 level=INFO msg=x", SLOW, "[GIN-debug] GET /"])
    assert (refused.status, refused.client, refused.path) == (403, "203.0.113.7", "/api/tags?conformance=ab")
    assert (slow.status, slow.client, slow.method, slow.duration) == (200, "::1", "POST", "1m26s")


def journalctl(stub: StubHost, lines: str, name: str = "journalctl") -> None:
    """A journal that has a line before the mark `c1`, and these after it."""
    stub.command(
        name,
        'case "$*" in\n'
        "*'-u x.service -n 1 -o cat --show-cursor'*) echo old; echo '-- cursor: s=1;i=2' ;;\n"
        f"*'-u x.service --after-cursor s=1;i=2 -o cat'*) cat <<'END-OF-TEXT'\n{lines}\nEND-OF-TEXT\n;;\nesac",
    )


def test_only_lines_since_the_mark(stub: StubHost) -> None:
    journalctl(stub, f"{GIN}\n\n{SLOW}")
    (mark,) = mark_journals(stub.host, ["x.service"])
    assert mark == Mark("x.service", "s=1;i=2", root=False)
    assert lines_since(stub.host, [mark]) == [(GIN, SLOW)]


def test_one_round_trip_marks_all_journals(stub: StubHost) -> None:
    journalctl(stub, "")
    found = mark_journals(stub.host, ["x.service", "x.service"])
    assert len(found) == len(stub.backend.ahead) == 2


def test_a_journal_that_is_open_to_root_alone(stub: StubHost) -> None:
    stub.command("journalctl", "exit 0")
    journalctl(stub, GIN, "as-root")
    stub.command("sudo", 'shift 2; exec as-root "$@"')
    (mark,) = mark_journals(stub.host, ["x.service"])
    assert mark == Mark("x.service", "s=1;i=2", root=True)
    assert lines_since(stub.host, [mark]) == [(GIN,)]


def test_one_closed_journal_hides_no_other(stub: StubHost) -> None:
    journalctl(stub, GIN)
    closed, mark = mark_journals(stub.host, ["y.service", "x.service"])
    assert isinstance(mark, Mark)
    assert isinstance(closed, Unreachable)
    assert (closed.cause, "a password is required" in closed.sentence) == ("host: journalctl", True)
    assert "nothing of y.service" in closed.sentence


def test_a_unit_that_never_logged_tells_no_more_than_a_closed_journal(stub: StubHost) -> None:
    for name in ("journalctl", "sudo"):
        stub.command(name, "exit 0")
    (closed,) = mark_journals(stub.host, ["x.service"])
    assert isinstance(closed, Unreachable)
    assert "no entries" in closed.sentence


def test_a_mark_that_the_journal_no_longer_knows(stub: StubHost) -> None:
    stub.command("journalctl", "echo 'Failed to seek to cursor: Invalid argument' >&2; exit 1")
    (gone,) = lines_since(stub.host, [Mark("x.service", "s=0", root=False)])
    assert isinstance(gone, Unreachable)
    assert "Failed to seek to cursor" in gone.sentence


def test_nothing_marked_is_nothing_asked(stub: StubHost) -> None:
    assert (mark_journals(stub.host, []), lines_since(stub.host, [])) == ([], [])
    assert stub.backend.commands == []


def test_no_token_gets_through(stub: StubHost) -> None:
    token = "eyJhIjoiNWVjMmU3Y2E1ZWMyZTdjYSIsInQiOiI1ZWMyZTdjYSIsInMiOiJZMkZ1WVhKNUlHTmhibUZ5ZVE9PSJ9"
    known = Secret("canary-2f6b1d", "a secret")
    journalctl(stub, f"ERR CLOUDFLARE_TUNNEL_TOKEN={token} and {known.reveal()}")
    shown = lines_since(stub.host, [Mark("x.service", "s=1;i=2", root=False)])
    assert shown == [("ERR CLOUDFLARE_TUNNEL_TOKEN=*** and ***",)]
