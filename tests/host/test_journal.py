"""What cloudflared logged since its start."""

import pytest

from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Unmet, Unreachable
from spark_conformance.host.journal import cloudflared_journal, fields_of, metrics_in, parse, registrations_in
from spark_conformance.host.process import Process, connector_process
from spark_conformance.host.units import cloudflared_unit
from spark_conformance.host.units import parse as parse_unit
from tests.host.stubs import StubHost, given, run_on

LOG = """2026-09-30T05:41:09Z INF Starting tunnel tunnelID=75a07d1a-0bc7-485f-86b2-ce676d7d1c35
2026-09-30T05:41:09Z INF Version 2026.8.2 (Checksum 6a4f0f8a5bd1f6b8f0c6b8d1)
2026-09-30T05:41:09Z INF Generated Connector ID: 3f1d2d0a-52cc-4c3b-9d4b-6f1f7f0a1b2c
2026-09-30T05:41:09Z INF Initial protocol quic
2026-09-30T05:41:09Z INF Starting metrics server on 127.0.0.1:20241/metrics
2026-09-30T05:41:10Z INF Registered tunnel connection connIndex=0 connection=c0de0000-0000-4000-8000-000000000000 event=0 ip=198.41.192.77 location=fra08 protocol=quic
2026-09-30T05:41:10Z INF Registered tunnel connection connIndex=1 connection=c0de0000-0000-4000-8000-000000000001 event=0 ip=198.41.200.13 location=ams01 protocol=quic
2026-09-30T05:41:11Z INF Registered tunnel connection connIndex=2 connection=c0de0000-0000-4000-8000-000000000002 event=0 ip=198.41.192.107 location=fra10 protocol=quic
2026-09-30T05:41:12Z INF Registered tunnel connection connIndex=3 connection=c0de0000-0000-4000-8000-000000000003 event=0 ip=198.41.200.63 location=ams03 protocol=quic
2026-09-30T05:41:12Z INF Updated to new configuration config="{\\"ingress\\":[{\\"service\\":\\"http_status:404\\"}]}" version=4"""  # noqa: E501 - as cloudflared writes it
LOST = """2026-10-02T03:00:07Z INF Lost connection with the edge connIndex=2
2026-10-02T03:00:09Z INF Registered tunnel connection connIndex=2 connection=c0de0000-0000-4000-8000-000000000004 event=0 ip=198.41.192.7 location=fra13 protocol=http2"""  # noqa: E501 - as cloudflared writes it
JSON_LINE = '{"level":"info","connIndex":1,"location":"fra","protocol":"quic","message":"Registered tunnel connection"}'


def journal(stub: StubHost, text: str) -> Run:
    stub.command(
        "journalctl",
        'case "$*" in "-u cloudflared.service _SYSTEMD_INVOCATION_ID=5c2b -o cat --no-pager") ;; *) exit 9 ;; esac\n'
        f"cat <<'END-OF-TEXT'\n{text}\nEND-OF-TEXT",
    )
    run = run_on(stub)
    shown = "ActiveState=active\nSubState=running\nInvocationID=5c2b"
    given(run, cloudflared_unit, parse_unit(shown, "cloudflared.service"))
    return run


def test_a_healthy_start(stub: StubHost) -> None:
    seen = journal(stub, LOG).get(cloudflared_journal)
    assert (seen.lines, tuple(seen.latest), seen.protocols) == (10, (0, 1, 2, 3), "quic")
    assert seen.metrics_address == "127.0.0.1:20241"
    assert {registration.location for registration in seen.registrations} == {"fra08", "ams01", "fra10", "ams03"}


def test_a_connection_that_came_back_on_another_protocol(stub: StubHost) -> None:
    seen = journal(stub, f"{LOG}\n{LOST}").get(cloudflared_journal)
    assert (len(seen.registrations), tuple(seen.latest), seen.protocols) == (5, (0, 1, 2, 3), "http2, quic")


def test_one_connection_that_registered_four_times(stub: StubHost) -> None:
    line = LOG.splitlines()[5]
    seen = journal(stub, "\n".join([line] * 4)).get(cloudflared_journal)
    assert tuple(seen.latest) == (0,)


def test_a_start_without_any_connection(stub: StubHost) -> None:
    seen = journal(stub, "\n".join(LOG.splitlines()[:5])).get(cloudflared_journal)
    assert (seen.latest, seen.protocols) == ({}, "none")


def test_a_journal_that_is_closed_is_read_as_root(stub: StubHost) -> None:
    run = journal(stub, "-- No entries --")
    stub.command("sudo", f"shift; [ $1 = journalctl ] && cat <<'END-OF-TEXT'\n{LOG}\nEND-OF-TEXT")
    assert len(run.get(cloudflared_journal).latest) == 4


@pytest.mark.parametrize("text", ["", "-- No entries --"])
def test_a_journal_that_is_closed_for_good(stub: StubHost, text: str) -> None:
    with pytest.raises(Unreachable, match="systemd-journal") as closed:
        journal(stub, text).get(cloudflared_journal)
    assert "a password is required" in closed.value.sentence


def test_a_journal_that_has_lost_the_start(stub: StubHost) -> None:
    with pytest.raises(Unreachable, match="no longer its first"):
        journal(stub, "\n".join(["2026-10-02T03:00:07Z ERR something else"] * 3)).get(cloudflared_journal)


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ("StandardOutput=journal\nStandardError=append:/var/log/cloudflared.log", "append:/var/log/cloudflared.log"),
        ("StandardOutput=null\nStandardError=inherit", "to the journal, but to null"),
        ("StandardOutput=journal\nStandardError=inherit", "systemd-journal"),
        ("StandardOutput=null\nStandardError=journal", "systemd-journal"),
        ("", "systemd-journal"),
    ],
)
def test_a_log_that_goes_elsewhere(stub: StubHost, properties: str, told: str) -> None:
    stub.prints("systemctl", properties)
    with pytest.raises(Unreachable, match=told):
        journal(stub, "").get(cloudflared_journal)


@pytest.mark.parametrize(
    ("words", "environment"),
    [(("c", "--loglevel", "warn"), {}), (("c",), {"TUNNEL_LOGLEVEL": "error"}), (("c", "--loglevel=fatal"), None)],
)
def test_a_level_at_which_connections_are_not_told_of(
    stub: StubHost, words: tuple[str, ...], environment: dict[str, str] | None
) -> None:
    run = journal(stub, "WRN something else")
    given(run, connector_process, Process(7, words, environment, 1))
    with pytest.raises(Unreachable, match="logs at level"):
        run.get(cloudflared_journal)


def test_a_stopped_service_has_no_current_invocation(stub: StubHost) -> None:
    run = run_on(stub)
    given(run, cloudflared_unit, parse_unit("ActiveState=inactive\nSubState=dead", "cloudflared.service"))
    with pytest.raises(Unmet) as unmet:
        run.get(cloudflared_journal)
    assert unmet.value.fact == "cloudflared.active"


def test_json_lines() -> None:
    (registration,) = registrations_in([JSON_LINE])
    assert (registration.index, registration.location, registration.protocol) == (1, "fra", "quic")


@pytest.mark.parametrize(
    "line",
    ["", "Registered tunnel connection", "Registered tunnel connection connIndex=x", '{"Registered tunnel connection',
     "Registered tunnel connection connIndex=", "INF Unregistered tunnel connection connIndex=0"],
)  # fmt: skip
def test_what_is_no_registration(line: str) -> None:
    assert list(registrations_in([line])) == []


def test_fields_with_quotes() -> None:
    assert fields_of('ERR x error="it \\"failed\\" badly" connIndex=2')["connIndex"] == "2"


def test_where_the_metrics_are() -> None:
    old = "INF Starting metrics server on 127.0.0.1:20241/metrics"
    assert metrics_in([old, "INF Starting metrics server on [::]:20242/metrics"]) == "[::]:20242"
    assert metrics_in([JSON_LINE]) is None


@pytest.mark.parametrize("output", ["", "garbage", "a\nb\n"])
def test_an_output_without_a_count(output: str) -> None:
    assert parse(output) == ([], 0)
