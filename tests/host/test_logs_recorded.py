"""What the two services log, on a host of recordings."""

import json
from typing import Any

import pytest

from spark_conformance.core.tap import Heard, listening
from spark_conformance.core.verdict import NotApplicable, Unreachable
from spark_conformance.host.complaints import ConnectionComplaint, connection_complaint, told_by
from spark_conformance.host.connection import target_host
from spark_conformance.host.curl import CurlRequest, fetch
from spark_conformance.host.journal import (
    ConnectorJournal,
    Registration,
    cloudflared_journal,
    fields_of,
    parse,
    registrations_in,
)
from spark_conformance.host.journal_access import nothing_of
from spark_conformance.host.journal_since import (
    ConnectorError,
    Mark,
    connector_errors,
    lines_since,
    mark_journals,
    origin_requests,
)
from spark_conformance.host.units import parse as parse_unit
from spark_conformance.host.way import connector_container
from tests.host.recorded import Recorded, Said, answer, seen_on
from tests.host.recorded_connector import run_of
from tests.host.stubs import StubHost
from tests.host.test_containers import recorded

AT = "2026-11-01T10:00:00Z"
CONTAINER = {"cloudflared__unit": None, "cloudflared__container": "home-cloudflared-1"}


# --- complaints


REFUSED = f'{AT} ERR Serve tunnel error error="Unauthorized: Invalid tunnel secret" connIndex=0\n'
NOTHING: Said = (1, "", "sudo: a password is required")


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ({"sudo": NOTHING, "journalctl": REFUSED}, "cloudflared logged: Unauthorized: Invalid tunnel secret"),
        (
            {"sudo -n journalctl": REFUSED, "journalctl": "\n"},
            "cloudflared logged: Unauthorized: Invalid tunnel secret",
        ),
        ({"journalctl": f"{AT} INF x"}, "cloudflared logged no error of its connections"),
        ({"sudo": NOTHING, "journalctl": ""}, "(`sudo -n journalctl`: sudo: a password is required): let the suite's"),
        (
            {"journalctl": ""},
            "the journal shows nothing of cloudflared.service (`sudo -n journalctl`: no entries): let",
        ),
    ],
)
def test_complaints_are_read_as_root_where_they_are_closed_to_us(says: dict[str, Said], told: str) -> None:
    there = Recorded({**says, "systemctl show": "", "readlink": "socket:[1]"})
    run = run_of(there)
    try:
        seen = run.get(connection_complaint).told
    except Unreachable as closed:
        seen = closed.sentence
    assert told in seen
    assert "_SYSTEMD_INVOCATION_ID=5c2b " in there.commands[0]


def test_a_unit_that_was_not_started_since_the_boot_has_logged_nothing() -> None:
    with pytest.raises(NotApplicable, match="service was not started since the host's boot"):
        run_of(Recorded(), unit=parse_unit("ActiveState=inactive", "cloudflared.service")).get(connection_complaint)


X509 = "x509: certificate signed by unknown authority"


@pytest.mark.parametrize(
    ("lines", "seen"),
    [
        ([f"{AT} WRN {X509}"], ConnectionComplaint("certificate", X509)),
        ([f"{AT} WRN it is odd"], ConnectionComplaint("none", "")),
        ([f"{AT} ERR it is odd"], ConnectionComplaint("other", "it is odd")),
        ([f"{AT} ERR Initiating graceful shutdown: {X509}"], ConnectionComplaint("none", "")),
        ([f"{AT} ERR {X509}", f"{AT} ERR it is odd"], ConnectionComplaint("certificate", X509)),
        (["  Provided Tunnel token is not valid.  "],
         ConnectionComplaint("no-token", "Provided Tunnel token is not valid.")),
        ([f"{AT} ERR {X509} a", f"{AT} ERR {X509} b"], ConnectionComplaint("certificate", f"{X509} b")),
        ([f"{AT} ERR {'x' * 900}"], ConnectionComplaint("other", f"{'x' * 159}…")),
    ],
)  # fmt: skip
def test_which_complaint_tells_most(lines: list[str], seen: ConnectionComplaint) -> None:
    assert told_by(lines) == seen


# --- its journal


LINE = f"{AT} INF Registered tunnel connection connIndex=2 location=fra08 protocol=quic"
MET = f"{AT} INF Starting metrics server on 127.0.0.1:20241/metrics"


@pytest.mark.parametrize(
    ("says", "seen"),
    [
        ({"sudo": NOTHING, "journalctl": f"{LINE}\n9\n-- status 0\n"}, (9, "quic", None)),
        ({"journalctl": f"{MET}\n9\n-- status 0\n"}, (9, "none", "127.0.0.1:20241")),
        ({"sudo": f"{LINE}\n9\n-- status 0\n", "journalctl": "0\n-- status 0\n"}, (9, "quic", None)),
        ({"journalctl": "9\n-- status 0\n"}, "the journal has 9 lines of cloudflared.service since its start (today)"),
        ({"sudo": NOTHING, "journalctl": "0\n-- status 0\n"}, "shows nothing of cloudflared.service (`sudo -n"),
    ],
)
def test_what_the_journal_has_since_the_start(says: dict[str, Said], seen: tuple[Any, ...] | str) -> None:
    there = Recorded({**says, "systemctl show": "", "readlink": "socket:[1]", "kept=none": "closed"})
    if isinstance(seen, str):
        with pytest.raises(Unreachable) as told:
            run_of(there).get(cloudflared_journal)
        assert seen in told.value.sentence
    else:
        found = run_of(there).get(cloudflared_journal)
        assert (found.lines, found.protocols, found.metrics_address) == seen
        assert found.invocation == "5c2b"


def test_a_start_is_named_by_its_invocation_where_systemd_tells_no_time() -> None:
    unit = parse_unit("ActiveState=active\nInvocationID=5c2b", "cloudflared.service")
    there = Recorded({"journalctl": "9\n-- status 0\n", "systemctl show": "", "readlink": "socket:[1]"})
    with pytest.raises(Unreachable, match=r"since its start \(5c2b\)"):
        run_of(there, unit=unit).get(cloudflared_journal)


def test_the_lines_of_a_journal_and_how_many_there_are() -> None:
    assert parse("a\nb\n12\n-- status 0\n") == (["a", "b"], 12)
    assert parse("a\n 7 \n") == (["a"], 7)
    assert parse("a\nb\n-- status 0\n") == ([], 0)
    both = (Registration(1, "fra08", "quic"), Registration(0, "ams01", "http2"), Registration(1, "fra10", "http2"))
    seen = ConnectorJournal("i", 3, both, None)
    assert (seen.latest, list(seen.latest)) == ({0: both[1], 1: both[2]}, [0, 1])
    assert seen.protocols == "http2"


def test_a_registration_that_tells_neither_place_nor_protocol() -> None:
    assert list(registrations_in(["Registered tunnel connection connIndex=3"])) == [Registration(3, "", "unknown")]
    assert fields_of("[1]") == fields_of('{"a": ') == {}
    assert fields_of('{"a": 1}') == {"a": 1}
    (bare,) = connector_errors(['{"level":"error","x":1}'])
    assert (bare.text, bare.ray) == ('{"level":"error","x":1}', "")


def test_what_an_error_of_cloudflareds_does_not_tell_is_empty() -> None:
    said = {"level": "warn", "message": "it is odd", "dest": "https://x/", "originService": "http://y"}
    assert connector_errors([json.dumps(said), json.dumps({**said, "level": "info"}), f"{AT} FTL gone", "ERR x"]) == (
        ConnectorError("WRN", "other", "it is odd", "", "https://x/", "http://y"),
        ConnectorError("FTL", "other", "gone", "", "", ""),
    )
    gin = '[GIN] 2026/11/02 - 10:00:00 | 403 |   26µs |  203.0.113.7 | GET  "/api/tags?a=\\"b"'
    (seen,) = origin_requests(["x", gin])
    assert (seen.status, seen.duration, seen.client, seen.method) == (403, "26µs", "203.0.113.7", "GET")
    assert seen.path == '/api/tags?a=\\"b'


def test_what_was_answered_and_logged_is_heard_by_whoever_records_it() -> None:
    heard: list[Heard] = []
    there = Recorded({"curl": answer({"a": 1}, 403), "journalctl": "-- status 1\n", "kept=none": "none"})
    there.says = {"-u a.service": "one\n  \ntwo\n-- status 0\n", **there.says}
    with listening(heard.append):
        fetch(there, CurlRequest("http://localhost:1/api/x?y", 1, data={}))
        seen = lines_since(there, [Mark("a.service", "c", root=False), Mark("b.service", "c", root=False)])
    assert heard[0] == Heard("host", "POST /api/x", 403, (), b'{"a": 1}')
    assert [(one.what, one.body) for one in heard[1:]] == [("a.service", b"one"), ("a.service", b"two")]
    assert (seen[0], isinstance(seen[1], Unreachable)) == (("one", "two"), True)


def test_a_mark_is_the_last_line_and_what_is_marked_in_a_container_is_asked_of_docker() -> None:
    there = Recorded({"show-cursor": "old\n-- cursor: c7\n-- status 0\n", "-u a.service": "one\n-- status 0\n"})
    there.says |= {"docker logs --since t ": "two\n-- status 0\n", "docker logs": "a\nit is closed\n-- status 1\n"}
    (mark,) = mark_journals(there, ["a.service"])
    assert mark == Mark("a.service", "c7", root=False)
    contained = [Mark("c", since, False, recorded("compose")) for since in ("t", "u")]
    two, one, closed = lines_since(there, [contained[0], mark, contained[1]])
    assert (one, two) == (("one",), ("two",))
    assert len(there.commands) == 4, "docker alone is asked of a container"
    assert "shows nothing of its start: it is closed; its log driver" in str(closed)


def test_of_a_containers_log_the_newest_lines_are_read(stub: StubHost) -> None:
    stub.command("docker", "seq 2005")
    (seen,) = lines_since(stub.host, [Mark("c", "t", False, recorded("compose"))])
    assert isinstance(seen, tuple)
    assert (len(seen), seen[0]) == (2000, "6")
    stub.command("docker", "seq 405")
    run = seen_on(Recorded(), {connector_container: recorded("compose"), target_host: stub.host}, **CONTAINER)
    heard: list[Heard] = []
    with listening(heard.append):
        assert run.get(connection_complaint).kind == "none"
    assert (len(heard), heard[0].body) == (400, b"6")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("a\nit is closed\n9\n-- status 1\n", "shows nothing of its start: it is closed; its log driver"),
        ("-- status 0\n", "the container home-cloudflared-1: cloudflared logs at level error"),
    ],
)
def test_a_quiet_container_whose_log_is_closed_is_said_to_be_closed(said: str, told: str) -> None:
    quiet = recorded("compose", Config={"Env": ["TUNNEL_LOGLEVEL=error"]})
    run = seen_on(Recorded({"docker logs": said}), {connector_container: quiet}, **CONTAINER)
    with pytest.raises(Unreachable) as closed:
        run.get(cloudflared_journal)
    assert told in closed.value.sentence


def test_a_journal_of_which_nothing_is_told_has_no_entries() -> None:
    result = Recorded({"x": (0, "-- status 1\n", "\n")}).run("x")
    told = nothing_of(Recorded({"kept=none": "closed\n"}), "a.service", result).sentence
    assert told.startswith("the journal shows nothing of a.service (`sudo -n journalctl`: no entries): let the suite's")
