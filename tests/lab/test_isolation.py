"""A lab's own network: what is inside reaches nothing outside, and the outside reaches what has a door."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import dnslib
import pytest

from spark_conformance.facts.calling import SOURCES
from spark_lab import doors, isolation
from spark_lab.dns.discovery import discovered
from spark_lab.dns.message import respond

IMPOSSIBLE = isolation.possible()
pytestmark = pytest.mark.skipif(IMPOSSIBLE is not None, reason=IMPOSSIBLE or "")

INSIDE = """
import json, socket, sys
from pathlib import Path
from spark_lab import doors, isolation
isolation.enter()
Path("/etc/lab-test").symlink_to("/somewhere")
door = doors.bound("tcp"); door.listen()
hidden = doors.bound_here("tcp", door.getsockname()[1]); hidden.listen()
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
    away = probe.connect_ex(("192.0.2.1", 9))
try:
    doors.bound("tcp", door.getsockname()[1]); taken = 0
except OSError as problem:
    taken = problem.errno
print(json.dumps({
    "door": door.getsockname()[1], "network": str(Path("/proc/self/ns/net").readlink()), "away": away, "taken": taken,
    "names": Path("/etc/resolv.conf").read_text(), "put": str(Path("/etc/lab-test").readlink()),
    "ran": doors.porter().run(["sh", "-c", "test ! -e /etc/lab-test; code=$?; echo said >&2; exit $code"]),
}), flush=True)
sys.stdin.read()
"""


def test_inside_there_is_only_loopback_and_outside_only_the_doors() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", INSIDE], cwd=SOURCES, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as lab:
        assert lab.stdout is not None
        said = json.loads(lab.stdout.readline())
        with socket.create_connection(("127.0.0.1", said["door"]), 5):
            pass
        assert said["network"] != str(Path("/proc/self/ns/net").readlink())
        lab.communicate("")
    assert said["away"] != 0  # no route
    assert said["taken"] != 0
    assert "127.0.0.1" in said["names"]
    assert said["put"] == "/somewhere"
    assert said["ran"] == [0, "said\n"]
    with pytest.raises(ConnectionRefusedError):  # the door went with the lab
        socket.create_connection(("127.0.0.1", said["door"]), 5)


def test_outside_doors_are_ordinary_sockets() -> None:
    assert doors.porter() is None
    with doors.bound("tcp") as door:
        door.listen()
        with pytest.raises(OSError, match="in use"):
            doors.bound("tcp", door.getsockname()[1])


def test_a_port_that_is_held_is_refused_while_it_is_closed_and_opened_again() -> None:
    door = doors.Held()
    for _ in range(2):
        with door.socket() as listener:
            listener.listen()
            with socket.create_connection(("127.0.0.1", door.port), 5):
                pass
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", door.port), 5)
        with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
            stranger.bind(("127.0.0.1", door.port))


@pytest.mark.parametrize(
    ("name", "rtype", "answer"),
    [
        ("cfd-features.argotunnel.com", "TXT", '{"dv3_2":0,"skip_prechecks":true}'),
        ("protocol-v2.argotunnel.com", "TXT", '[{"protocol":"quic","percentage":100}]'),
        ("region1.v2.argotunnel.com", "A", "127.0.0.1"),
        ("_v2-origintunneld._tcp.argotunnel.com", "SRV", "1 1 7844 region1.v2.argotunnel.com."),
    ],
)
def test_what_a_connector_asks_before_it_connects_is_answered(name: str, rtype: str, answer: str) -> None:
    query = dnslib.DNSRecord.question(name, rtype)
    reply = respond(query.pack(), "resolver", lambda *asked: discovered(*asked) or pytest.fail(name), True, False)
    assert reply is not None
    found = dnslib.DNSRecord.parse(reply).rr[0].rdata
    assert (found.data[0].decode() if rtype == "TXT" else str(found)) == answer
