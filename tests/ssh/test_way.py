"""What stands before the host: by recordings of what ssh wrote, and by what it tells of its configuration."""

from pathlib import Path

import pytest

from spark_conformance.facts.target import Ssh
from spark_conformance.ssh.errors import Cause
from spark_conformance.ssh.refusal import explain, no_answer, waiting
from spark_conformance.ssh.way import Hop, Way, way_to

JUMP = Way((Hop("jump", "jump.example", "22"),))
TWO = Way((Hop("first", "192.0.2.1", "22"), Hop("second", "192.0.2.1", "2222")))
CLOUDFLARED = Way(program="cloudflared")
END = "kex_exchange_identification: Connection closed by remote host\r\nConnection closed by UNKNOWN port 65535\r\n"
IN_VAIN = "Connection timed out during banner exchange\r\nConnection to UNKNOWN port 65535 timed out\r\n"
LOGIN = """\
A browser window should have opened at the following URL:

https://ssh.example.com/cdn-cgi/access/cli?aud=0a1b&redirect_url=https%3A%2F%2Fssh.example.com

If the browser failed to open, please visit the URL above directly in your browser.
"""
CHECK = """\
# Tailscale SSH requires an additional check.
# To authenticate, visit: https://login.tailscale.com/a/1f2e3d
"""
CHANGED = """\
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r
SHA256:uzZBkZVjLhya56LiprVtMWsoIDJpgUitwh5uPMruU84.\r
Add correct host key in /home/op/.ssh/known_hosts to get rid of this message.\r
Host key for [192.0.2.1]:2222 has changed and you have requested strict checking.\r
Host key verification failed.\r
"""
BAD = 'ERR failed to connect to origin error="websocket: bad handshake" originURL=https://ssh.example.com\n'
UNKNOWN = (
    "No ED25519 host key is known for jump.example and you have requested strict checking.\r\n"
    "Host key verification failed.\r\n"
)
DENIED = "op@jump.example: Permission denied (publickey).\r\n"
NO_NAME = "ssh: Could not resolve hostname jump.example: Name or service not known\r\n"
CASES = [
    (
        "Host key verification failed.\r\n",
        JUMP,
        "the host key of the hop jump before spark is not known, or has changed",
    ),
    ("Host key verification failed.\r\n", TWO, "the host key of a hop (first or second) before spark"),
    ("Host key verification failed.\r\n", Way(), "the host key of what its ProxyCommand or ProxyJump names"),
    (
        UNKNOWN,
        JUMP,
        "the host key of the hop jump before spark is not known: compare its fingerprint (ssh-keyscan jump.example |",
    ),
    (CHANGED, TWO, "the host key of the hop second before spark has changed, to SHA256:uzZB"),
    (DENIED, JUMP, "the hop jump before spark does not accept this user"),
    ("op@192.0.2.1: Permission denied (publickey).\r\n", TWO, "a hop (first or second) before spark does not accept"),
    (NO_NAME, JUMP, "jump.example of the hop jump"),
    (
        "ssh: connect to host 192.0.2.1 port 2222: Connection refused\r\n",
        TWO,
        "the hop second before spark refuses connections at 192.0.2.1 port 2222",
    ),
    (
        "channel 0: open failed: connect failed: No route to host\r\nstdio forwarding failed\r\n",
        JUMP,
        "the hop jump before spark accepts the login, and does not lead on (connect failed: No route to host)",
    ),
    (
        "channel 0: open failed: administratively prohibited: open failed\r\nstdio forwarding failed\r\n",
        JUMP,
        "does not lead on (administratively prohibited: open failed): see HostName and Port",
    ),
    (
        "/bin/bash: line 1: exec: cloudflared: not found\n",
        CLOUDFLARED,
        "the way to spark, by its ProxyCommand (cloudflared), ended before spark was met",
    ),
    (f"2026-11-01T10:00:00Z {BAD}websocket: bad handshake\n", CLOUDFLARED, "by its ProxyCommand (cloudflared), ended"),
]


@pytest.mark.parametrize(("words", "way", "part"), CASES)
def test_what_stands_before_the_host_is_named_and_quoted(words: str, way: Way, part: str) -> None:
    failure = explain("spark", words + END, status=255, connected=False, way=way)
    assert failure.cause is Cause.HOP
    assert part in str(failure)
    said = " / ".join(" ".join(line.split()) for line in words.splitlines() if line.strip("@\r "))
    assert f"; ssh said: {said} / kex_exchange_identification: " in str(failure)


def test_a_login_that_nobody_opened_is_told_with_its_address() -> None:
    failure = explain("spark", LOGIN + IN_VAIN, status=255, connected=False, way=CLOUDFLARED)
    assert failure.cause is Cause.HOP
    assert str(failure).startswith("its ProxyCommand (cloudflared) made no way to spark in time: do what it asks for")
    assert "https://ssh.example.com/cdn-cgi/access/cli?aud=0a1b" in str(failure)


def test_a_hop_that_says_nothing_is_no_login_to_be_opened() -> None:
    told = str(explain("spark", IN_VAIN, status=255, connected=False, way=JUMP))
    assert told.startswith("the hop jump made no way to spark in time: check that it is up, or give it longer")


def test_a_hop_of_a_hop_is_not_met_either() -> None:
    words = f"ssh: connect to host 192.0.2.1 port 22: Network is unreachable\r\n{END}{END}"
    told = str(explain("spark", words, status=255, connected=False, way=TWO))
    assert told.startswith("the hop first before spark cannot be reached at 192.0.2.1 port 22 (Network")


def test_a_host_that_was_met_is_meant_itself() -> None:
    failure = explain("spark", DENIED, status=255, connected=False, way=JUMP)
    assert failure.cause is Cause.PERMISSION_DENIED
    assert str(failure).startswith("spark does not accept")


def test_a_check_that_nobody_made_is_quoted() -> None:
    told = str(no_answer("spark", 40, CHECK))
    assert told.startswith("spark gave no shell within 40 s: do what it asks for")
    for words in (told, waiting("spark", CHECK, 30)):
        assert "# Tailscale SSH requires an additional check. / # To authenticate, visit: https://login.tails" in words


def test_the_configuration_tells_the_way(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(
        "Host spark\n  ProxyJump op@second:2222,[::1]:2201\n"
        "Host second\n  HostName 192.0.2.2\n  ProxyJump first\n"
        "Host first\n  HostName 192.0.2.1\n"
        "Host by-command\n  ProxyCommand exec /usr/bin/cloudflared access ssh --hostname %h\n"
    )
    way = way_to(Ssh(host="spark", config=str(config)))
    assert way.hops == (Hop("first", "192.0.2.1", "22"), Hop("second", "192.0.2.2", "2222"), Hop("::1", "::1", "2201"))
    assert way.named("op@192.0.2.2") == "the hop second"
    assert way.named("[192.0.2.2]:2222") == "the hop second"
    assert way_to(Ssh(host="by-command", config=str(config))) == Way(program="cloudflared")
    assert way_to(Ssh(host="straight", config=str(config))) == Way()


def test_a_configuration_that_cannot_be_read_tells_no_way(tmp_path: Path) -> None:
    assert way_to(Ssh(host="spark", config=str(tmp_path / "absent"))) == Way()
