"""What OpenSSH 9.2's client wrote on stderr, names and paths shortened; other versions' words where they differ."""

import pytest

from spark_conformance.core.secret import conceal
from spark_conformance.ssh.errors import Cause
from spark_conformance.ssh.refusal import QUOTED, explain, unready

CHANGED = """\
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\r
Someone could be eavesdropping on you right now (man-in-the-middle attack)!\r
It is also possible that a host key has just been changed.\r
The fingerprint for the ED25519 key sent by the remote host is
SHA256:uzZBkZVjLhya56LiprVtMWsoIDJpgUitwh5uPMruU84.\r
Please contact your system administrator.\r
Add correct host key in /home/op/.ssh/known_hosts to get rid of this message.\r
Offending ED25519 key in /home/op/.ssh/known_hosts:1\r
  remove with:\r
  ssh-keygen -f "/home/op/.ssh/known_hosts" -R "[127.0.0.1]:2299"\r
Host key for [127.0.0.1]:2299 has changed and you have requested strict checking.\r
Host key verification failed.\r
"""
OPEN_KEY = """\
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
Permissions 0644 for '/home/op/.ssh/id' are too open.
It is required that your private key files are NOT accessible by others.
This private key will be ignored.
Load key "/home/op/.ssh/id": bad permissions
op@127.0.0.1: Permission denied (publickey,password,keyboard-interactive).\r
"""
UNKNOWN = (
    "No ED25519 host key is known for {} and you have requested strict checking.\r\nHost key verification failed.\r\n"
)
BOOTING = (
    "System is booting up. Unprivileged users are not permitted to log in yet. Please come back later. For technical "
    "details, see pam_nologin(8).\r\n\r\nConnection closed by 192.0.2.1 port 22\r\n"
)
TAILNET = (
    "tailscale: tailnet policy does not permit you to SSH to this node\r\nConnection closed by 100.64.0.7 port 2\r\n"
)
"""What Tailscale's SSH server writes as a banner before it closes (tailssh.go)."""
CONNECTING = [
    (UNKNOWN.format("[127.0.0.1]:2299"), Cause.HOST_KEY_UNKNOWN, "ssh-keyscan -p 2299 127.0.0.1 |"),
    (UNKNOWN.format("spark-291b"), Cause.HOST_KEY_UNKNOWN, "ssh-keyscan spark-291b |"),
    (CHANGED, Cause.HOST_KEY_CHANGED, "to SHA256:uzZBkZVjLhya56LiprVtMWsoIDJpgUitwh5uPMruU84: the host was"),
    (CHANGED, Cause.HOST_KEY_CHANGED, "replace the line in /home/op/.ssh/known_hosts"),
    ("@       WARNING: REVOKED HOST KEY DETECTED!               @\r\n", Cause.HOST_KEY_CHANGED, "do not connect"),
    (
        "op@127.0.0.1: Permission denied (publickey,password,keyboard-interactive).\r\n",
        Cause.PERMISSION_DENIED,
        "(op@127.0.0.1, it takes publickey,password,keyboard-interactive)",
    ),
    ("Permission denied to strangers.\r\nop@h: Permission denied (publickey).\r\n", Cause.PERMISSION_DENIED, "op@h"),
    (OPEN_KEY, Cause.PERMISSION_DENIED, "chmod 600 /home/op/.ssh/id"),
    (
        "Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures\r\nDisconnected from h\r\n",
        Cause.PERMISSION_DENIED,
        "IdentitiesOnly yes",
    ),
    ("ssh: connect to host 127.0.0.1 port 1: Connection refused\r\n", Cause.REFUSED, "at 127.0.0.1 port 1:"),
    (
        "ssh: Could not resolve hostname nosuch.invalid: Name or service not known\r\n",
        Cause.NAME_UNKNOWN,
        "the name nosuch.invalid of spark does not resolve",
    ),
    (
        "ssh: Could not resolve hostname spark: Name or service not known\r\n",
        Cause.NAME_UNKNOWN,
        "the name spark does not resolve: see HostName",
    ),
    (
        "ssh: Could not resolve hostname nosuch: nodename nor servname provided, or not known\r\n",  # macOS
        Cause.NAME_UNKNOWN,
        "resolver",
    ),
    (
        "Connection timed out during banner exchange\r\nConnection to 127.0.0.1 port 2298 timed out\r\n",
        Cause.TIMEOUT,
        "no firewall blocks",
    ),
    ("ssh: connect to host 192.0.2.1 port 22: Connection timed out\r\n", Cause.TIMEOUT, "did not answer in time"),
    ("ssh: connect to host 192.0.2.1 port 22: Operation timed out\r\n", Cause.TIMEOUT, "check that it is up"),  # macOS
    ("ssh: connect to host 192.0.2.1 port 22: No route to host\r\n", Cause.NO_ROUTE, "(No route to host): check the"),
    ("ssh: connect to host 192.0.2.1 port 22: Network is unreachable\r\n", Cause.NO_ROUTE, "a VPN"),
    (
        "kex_exchange_identification: Connection closed by remote host\r\nConnection closed by 127.0.0.1 port 2297\r\n",
        Cause.REFUSED,
        "before it said anything",
    ),
    ("kex_exchange_identification: read: Connection reset by peer\r\n", Cause.REFUSED, "PerSourcePenalties: wait"),
    ("banner exchange: Connection to 192.0.2.1 port 80: invalid format\r\n", Cause.REFUSED, "nothing else listens"),
    ("ssh: connect to host 192.0.2.1 port 22: Something new\r\n", Cause.NO_ROUTE, "(Something new): check the network"),
    (
        "Unable to negotiate with 127.0.0.1 port 22: no matching key exchange method found. Their offer: kex-a\r\n",
        Cause.NO_AGREEMENT,
        "no key exchange method in common",
    ),
    (
        "Can't open user config file /nonexistent: No such file or directory\r\n",
        Cause.CONFIGURATION,
        "(Can't open user config file /nonexistent: No such file or directory): correct",
    ),
    (
        "badcfg: line 1: Bad configuration option: foo\r\nbadcfg: terminating, 1 bad configuration options\r\n",
        Cause.CONFIGURATION,
        "badcfg: line 1: Bad configuration option: foo",
    ),
    ("config line 2: missing argument.\r\n", Cause.CONFIGURATION, "config line 2: missing argument."),
    ("Bad owner or permissions on /home/op/.ssh/config\r\n", Cause.CONFIGURATION, "/home/op/.ssh/config"),
    ("Connection closed by 127.0.0.1 port 2299\r\n", Cause.TURNED_AWAY, "it may boot or go down; else see"),
    ("Connection to 127.0.0.1 closed by remote host.\r\n", Cause.TURNED_AWAY, "during the login"),
    (BOOTING, Cause.TURNED_AWAY, "it may boot or go down"),
    ("Connection closed by UNKNOWN port 65535\r\n", Cause.TURNED_AWAY, "spark, or a host on the way to it, closed"),
    (TAILNET, Cause.TURNED_AWAY, "said: tailscale: tailnet policy does not permit you to SSH to this node / Conn"),
    (
        "something\x1b[31m für\r\n",
        Cause.OTHER,
        r"cannot connect to spark: see what `ssh -v spark` says; ssh said: something\x1b[31m für",
    ),
    ("", Cause.OTHER, "ssh said: nothing, and ended with status 255"),
]
CONNECTED = [
    ("Timeout, server 127.0.0.1 not responding.\r\n", "the host stopped answering"),
    ("Connection to 127.0.0.1 closed by remote host.\r\n", "ssh said: Connection to 127.0.0.1 closed by remote host."),
    ("client_loop: send disconnect: Broken pipe\r\n", "ssh said: client_loop: send disconnect: Broken pipe"),
    ("Read from remote host 192.0.2.1: Connection reset by peer\r\n", "Connection reset by peer"),
    ("", "ssh said: nothing, and ended with status 255"),
]


@pytest.mark.parametrize(("words", "cause", "part"), CONNECTING)
def test_no_connection_is_told_with_what_to_do(words: str, cause: Cause, part: str) -> None:
    failure = explain("spark", words, status=255, connected=False)
    assert failure.cause is cause
    assert part in str(failure)
    assert "spark" in str(failure)
    assert "\n" not in str(failure)


@pytest.mark.parametrize(("words", "part"), CONNECTED)
def test_a_connection_lost_is_told(words: str, part: str) -> None:
    failure = explain("spark", words, status=255, connected=True)
    assert failure.cause is Cause.LOST
    assert part in str(failure)


@pytest.mark.parametrize("words", [words for words, _, _ in CONNECTING if words], ids=range(len(CONNECTING) - 1))
def test_the_words_themselves_are_always_there(words: str) -> None:
    told = str(explain("spark", words, status=255, connected=False))
    lines = [" ".join(line.split()) for line in words.replace("\x1b", r"\x1b").splitlines() if line.strip("@ ")]
    assert all(line in told for line in lines)


def test_of_words_without_an_end_the_last_are_told_and_no_secret_is_in_them() -> None:
    conceal("s3cret-of-the-proxy")
    words = "a notice to everybody\n" * 1000 + "using s3cret-of-the-proxy\nop@spark: Permission denied (publickey).\r\n"
    told = str(explain("spark", words, status=255, connected=False))
    assert "s3cret" not in told
    assert len(told) < QUOTED + 300
    assert "ssh said: …" in told
    assert told.endswith("using *** / op@spark: Permission denied (publickey).")


def test_words_from_before_the_login_do_not_explain_a_later_loss() -> None:
    words = OPEN_KEY.replace("op@127.0.0.1: Permission denied", "") + "Connection to h closed by remote host.\r\n"
    assert explain("spark", words, status=255, connected=True).cause is Cause.LOST


def test_a_host_that_admits_nobody_for_now_is_not_one_without_a_shell() -> None:
    said = "The system is going down NOW!\n"
    failure = explain("spark", "", status=254, connected=False, noise=said)
    assert failure.cause is Cause.TURNED_AWAY
    assert "accepts only root now" in str(failure)
    assert "ssh said: The system is going down NOW!" in str(failure)


def test_an_ssh_that_was_ended_here_tells_nothing_of_the_host() -> None:
    failure = explain("spark", "", status=-9, connected=False)
    assert failure.cause is Cause.OTHER
    assert "ended on this machine by signal 9" in str(failure)


def test_an_account_without_a_shell_is_quoted() -> None:
    failure = explain("spark", "", status=1, connected=False, noise="\nThis account is currently not available.\n")
    assert failure.cause is Cause.NO_SHELL
    assert "starts no shell (This account is currently not available.)" in str(failure)


@pytest.mark.parametrize(
    ("words", "noise", "status"),
    [
        ("rbash: line 1: exec: restricted\n", "", 1),
        ("bash: /bin/nosuchsh: No such file or directory\n", "", 127),
        ("", "This account is currently not available.\n", 1),
        ("fatal: unrecognized command 'exec /bin/sh'\n", "", 128),
        ("", "", 1),
        ("", "backup done\n", 0),
    ],
    ids=["rbash", "a shell that is gone", "nologin", "git-shell", "false", "a forced command"],
)
def test_what_runs_in_a_shells_place_is_quoted(words: str, noise: str, status: int) -> None:
    failure = explain("spark", f"Warning: the banner's.\n{words}", status=status, connected=False, noise=noise)
    assert failure.cause is Cause.NO_SHELL
    shown = (noise or words).strip()
    assert (f"starts no shell ({shown})" if shown else "starts no shell (") in str(failure)
    assert "see which shell and which forced command" in str(failure)


def test_a_shell_without_space_says_nothing_of_the_way() -> None:
    failure = unready("spark", "mktemp: No space left on device\n")
    assert failure.cause is Cause.NO_SPACE
    assert "(mktemp: No space left on device): make /dev/shm or /tmp writable" in str(failure)
