"""The host, watched: each part is seen or hindered for itself."""

import json

import pytest

from spark_conformance.core.run import Run
from spark_conformance.core.verdict import NotApplicable, Unmet, Unreachable
from spark_conformance.host.connection import target_host
from spark_conformance.host.connector import Connector, connector
from spark_conformance.host.counters import Moved
from spark_conformance.host.units import cloudflared_unit, ollama_unit
from spark_conformance.host.units import parse as parse_unit
from spark_conformance.host.watching import Watch, Watches
from tests.host.stubs import StubHost, given, run_on, web
from tests.host.test_counters import READY
from tests.host.test_journal_since import FILTERED, GIN


class Counting:
    """A metrics server: `/metrics` shows each number of requests once, the last one from then on."""

    def __init__(self, *totals: int, codes: tuple[int, ...] = (0,)) -> None:
        self.totals, self.codes, self.connector = list(totals), list(codes), str(READY["connectorId"])

    def __call__(self, path: str, _body: str, _headers: dict[str, str]) -> tuple[int, bytes]:
        if path == "/ready":
            return 200, json.dumps({**READY, "connectorId": self.connector}).encode()
        total = self.totals.pop(0) if len(self.totals) > 1 else self.totals[0]
        code = self.codes.pop(0) if len(self.codes) > 1 else self.codes[0]
        names = f'cloudflared_tunnel_total_requests {total}\ncloudflared_tunnel_response_by_code{{status_code="403"}} '
        return 200, f"{names}{code}\n".encode()


def watched(stub: StubHost, address: str) -> Run:
    """A run whose connector counts at the address; both journals have lines."""
    stub.command(
        "journalctl",
        "case \"$*\" in *show-cursor*) echo '-- cursor: c' ;;\n"
        f"*cloudflared*) cat <<'END-OF-TEXT'\n{FILTERED}\nEND-OF-TEXT\n;;\n"
        f"*) cat <<'END-OF-TEXT'\n{GIN}\nEND-OF-TEXT\nesac",
    )
    run = run_on(stub)
    given(run, connector, Connector(address, "", 4, None, None))
    for observe, name in ((cloudflared_unit, "cloudflared.service"), (ollama_unit, "ollama.service")):
        given(run, observe, parse_unit("ActiveState=active", name))
    return run


def test_all_three(stub: StubHost) -> None:
    with web(Counting(10, 14, codes=(2, 6))) as address:
        watch = Watch(watched(stub, address))
        assert watch.moved() == Moved(4, 0, {"403": 4})
    errors, requests = watch.journals()
    assert [error.kind for error in errors or ()] == ["refused"]
    assert [request.status for request in requests or ()] == [403]
    assert watch.hindrances == []


def test_what_is_under_way_is_waited_for_once(stub: StubHost) -> None:
    with web(Counting(10, 14, 14, codes=(2, 5, 6))) as address:
        assert Watch(watched(stub, address)).moved() == Moved(4, 0, {"403": 4})
    with web(Counting(10, 14)) as address:
        moved = Watch(watched(stub, address)).moved()
    assert moved is not None
    assert moved.under_way == 4


def test_counting_begins_again(stub: StubHost) -> None:
    with web(Counting(10, 14, 17, codes=(0, 4, 4, 7))) as address:
        watch = Watch(watched(stub, address))
        watch.begin()
        assert watch.moved() == Moved(3, 0, {"403": 3})


def test_a_connector_that_is_gone_meanwhile_leaves_the_journals(stub: StubHost) -> None:
    with web(Counting(10)) as address:
        watch = Watch(watched(stub, address))
    assert watch.moved() is None
    assert [hindrance.part for hindrance in watch.hindrances] == ["counters"]


def test_a_restart_meanwhile_leaves_the_journals(stub: StubHost) -> None:
    server = Counting(10)
    with web(server) as address:
        watch = Watch(watched(stub, address))
        server.connector = "another"
        assert watch.moved() is None
    (hindrance,) = watch.hindrances
    assert (hindrance.part, "was restarted" in hindrance.sentence) == ("counters", True)
    assert None not in watch.journals()


def test_a_stopped_connector_leaves_the_journals(stub: StubHost) -> None:
    run = watched(stub, "")
    given(run, connector, Unmet("cloudflared.active", "no", "cloudflared.service is failed"))
    watch = Watch(run)
    watch.begin()
    assert watch.moved() is None
    assert None not in watch.journals()
    (hindrance,) = watch.hindrances
    assert (hindrance.part, hindrance.cause) == ("counters", "cloudflared.active")
    assert hindrance.sentence == "cloudflared.active is not as it should be: no (cloudflared.service is failed)"


def test_closed_journals_leave_the_counters(stub: StubHost) -> None:
    with web(Counting(10, 14, codes=(0, 4))) as address:
        run = watched(stub, address)
        stub.command("journalctl", "exit 0")
        given(run, ollama_unit, NotApplicable("the facts file does not state ollama.unit"))
        watch = Watch(run)
        assert watch.moved() == Moved(4, 0, {"403": 4})
    assert watch.journals() == (None, None)
    assert {hindrance.part: hindrance.cause for hindrance in watch.hindrances} == {
        "cloudflared": "host: journalctl", "ollama": "not applicable",
    }  # fmt: skip


def test_where_nothing_is_seen_the_first_hindrance_is_raised(stub: StubHost) -> None:
    run = watched(stub, "127.0.0.1:9")
    stub.command("journalctl", "exit 0")
    with pytest.raises(Unreachable, match="the journal shows nothing"):
        Watch(run)
    given(run, connector, Unreachable("a", "the first"))
    given(run, cloudflared_unit, Unreachable("b", "the second"))
    with pytest.raises(Unreachable, match="the first"):
        Watch(run)
    gone = run_on(None)
    given(gone, target_host, Unreachable("ssh: closed", "the host is gone", "host.reachable"))
    with pytest.raises(Unreachable, match="the host is gone"):
        Watch(gone)


def test_several_hosts_count_together(stub: StubHost) -> None:
    with web(Counting(10, 14, codes=(2, 6))) as one, web(Counting(0, 3, codes=(0, 3))) as two:
        watches = Watches([watched(stub, address) for address in (one, two)])
        assert watches.moved() == Moved(7, 0, {"403": 7})
        watches.begin()
        assert watches.moved() == Moved(0, 0, {})
    errors, requests = watches.journals()
    assert [len(lines or ()) for lines in (errors, requests)] == [2, 2]


def test_of_several_hosts_one_that_is_not_seen_leaves_all_open(stub: StubHost) -> None:
    blind = watched(stub, "127.0.0.1:1")
    blind.name = "b"
    given(blind, connector, Unmet("cloudflared.active", "no"))
    given(blind, cloudflared_unit, Unreachable("host: systemctl", "it says nothing"))
    with web(Counting(10, 14, codes=(2, 6))) as address:
        watches = Watches([watched(stub, address), blind])
        assert watches.moved() is None
    errors, requests = watches.journals()
    assert errors is None
    assert len(requests or ()) == 2
    assert [told.sentence for told in watches.hindrances if told.part == "cloudflared"] == ["b: it says nothing"]
