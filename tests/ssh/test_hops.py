"""The genuine client through genuine servers: hops, programs that make the way, and settings that stand in the way."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from subprocess import DEVNULL

import pytest

from spark_conformance.facts.target import Ssh
from spark_conformance.ssh.connection import Connection
from spark_conformance.ssh.errors import Cause, HostUnreachable
from spark_conformance.ssh.program import arguments, version
from tests.ssh.conftest import Connect, served
from tests.ssh.eventually import eventually, running
from tests.ssh.servers import SSHD, OpenSsh, Server, account, target

pytestmark = pytest.mark.skipif(SSHD is None, reason="no sshd: install openssh-server")


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from served(OpenSsh, tmp_path_factory.mktemp("spark"))


@pytest.fixture(scope="module")
def jump(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from served(OpenSsh, tmp_path_factory.mktemp("jump"))


@pytest.fixture
def through(spark: Server, jump: Server) -> Ssh:
    """The way to spark through jump, which knows neither its key nor ours unless `accept` says so."""
    way = target(spark, ProxyJump="jump")
    accept(Path(str(way.config)), jump)
    return way


def accept(config: Path, jump: Server, **other: str) -> None:
    """Write how to reach the hop; `other` options replace those that work."""
    shown = (jump.files / "host.pub").read_text(encoding="ascii")
    (jump.files / "known_hosts").write_text(f"[127.0.0.1]:{jump.port} {shown}", encoding="ascii")
    options = {
        "HostName": "127.0.0.1", "Port": str(jump.port), "User": account(), "IdentityFile": str(jump.files / "client"),
        "IdentitiesOnly": "yes", "IdentityAgent": "none", "UserKnownHostsFile": str(jump.files / "known_hosts"),
        "GlobalKnownHostsFile": "/dev/null", **other,
    }  # fmt: skip
    lines = config.read_text(encoding="utf-8").partition("Host jump\n")[0].splitlines()
    lines += ["Host jump", *(f"  {key} {value}" for key, value in options.items())]
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")


def refused(connection: Connection) -> HostUnreachable:
    with pytest.raises(HostUnreachable) as told:
        connection.run("true")
    return told.value


def test_through_a_hop(through: Ssh, connect: Connect) -> None:
    assert connect(through).run("echo met").stdout == b"met\n"


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (
            {"UserKnownHostsFile": "/dev/null"},
            "the host key of the hop jump before spark is not known, or has changed",
        ),
        ({"IdentityFile": "other"}, "the hop jump before spark does not accept this user with this key"),
        ({"Port": "1"}, "the hop jump before spark refuses connections at 127.0.0.1 port 1"),
        ({"HostName": "nosuch.invalid"}, "the name nosuch.invalid of the hop jump before spark does not resolve"),
    ],
)
def test_a_hop_that_leads_nowhere_is_named_and_quoted(
    through: Ssh, jump: Server, connect: Connect, options: dict[str, str], part: str
) -> None:
    accept(
        Path(str(through.config)), jump, **{k: str(jump.files / v) if v == "other" else v for k, v in options.items()}
    )
    told = refused(connect(through))
    assert (told.cause, part in told.sentence) == (Cause.HOP, True), told.sentence
    assert "; ssh said: " in told.sentence


def test_a_hop_with_another_key_says_nothing_of_the_host(through: Ssh, jump: Server, connect: Connect) -> None:
    stale = jump.files / "stale"
    stale.write_text(f"[127.0.0.1]:{jump.port} {(jump.files / 'other.pub').read_text()}", encoding="ascii")
    accept(Path(str(through.config)), jump, UserKnownHostsFile=str(stale))
    told = refused(connect(through))
    assert told.cause is Cause.HOP
    assert "the host key of the hop jump before spark has changed, to SHA256:" in told.sentence
    assert f"replace the line in {stale}" in told.sentence


def test_a_host_that_its_hop_does_not_reach(spark: Server, jump: Server, connect: Connect) -> None:
    way = target(spark, ProxyJump="jump", Port="1")
    accept(Path(str(way.config)), jump)
    told = refused(connect(way))
    assert told.cause is Cause.HOP
    assert (
        "the hop jump before spark accepts the login, and does not lead on (connect failed: Connection refused)"
        in str(told)
    )


def test_a_host_behind_a_hop_is_meant_where_it_speaks(spark: Server, jump: Server, connect: Connect) -> None:
    way = target(spark, ProxyJump="jump", IdentityFile=str(spark.files / "other"))
    accept(Path(str(way.config)), jump)
    told = refused(connect(way))
    assert told.cause is Cause.PERMISSION_DENIED
    assert told.sentence.startswith("spark does not accept this user")


def test_a_program_that_is_not_there(spark: Server, connect: Connect) -> None:
    told = refused(connect(spark, ProxyCommand="/nonexistent/cloudflared access ssh --hostname %h"))
    assert told.cause is Cause.HOP
    assert "by its ProxyCommand (cloudflared), ended before spark was met" in told.sentence
    assert "/nonexistent/cloudflared" in told.sentence.partition("ssh said: ")[2]


@pytest.mark.usefixtures("promptly")
def test_what_a_person_must_do_is_told_while_it_waits(spark: Server, tmp_path: Path, connect: Connect) -> None:
    """The program goes on when the page is opened, here by a line into a fifo."""
    os.mkfifo(tmp_path / "opened")
    program = tmp_path / "login"
    program.write_text(
        "#!/bin/bash\nprintf 'A browser window should have opened:\\n\\nhttps://ssh.example.com/cli?a=1\\n' | cat >&2\n"
        f"read -r _ <{tmp_path}/opened\nexec 3<>/dev/tcp/127.0.0.1/{spark.port}; cat <&3 & exec cat >&3\n"
    )
    program.chmod(0o700)
    told: Queue[str] = Queue()
    way = target(spark, ProxyCommand=str(program)).model_copy(update={"connect_timeout_s": 60})
    with Connection(way, tell=told.put) as connection:
        waiting = connection.submit("echo through", 60)
        sentence = told.get(timeout=60)
        assert sentence.startswith("ssh still waits for spark, for up to ")
        assert sentence.endswith("says: A browser window should have opened: / https://ssh.example.com/cli?a=1")
        (tmp_path / "opened").write_text("\n")
        assert waiting.result(60).stdout == b"through\n"
        assert told.empty()


@pytest.mark.usefixtures("promptly")
def test_what_nobody_did_is_told_at_the_end(spark: Server, nap: str) -> None:
    way = target(spark, ProxyCommand=f"sh -c 'echo open https://login.example.com/a >&2; {nap}'")
    with Connection(way.model_copy(update={"connect_timeout_s": 1})) as connection:
        told = refused(connection)
    assert told.cause is Cause.HOP
    assert "made no way to spark in time: do what it asks for, or give it longer (connect_timeout_s" in told.sentence
    assert "ssh said: open https://login.example.com/a / Connection timed out during banner" in told.sentence
    assert eventually(lambda: not running(nap))


@pytest.fixture
def promptly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "tell_after_s", 0.0)


NEEDS_NEW = version(shutil.which("ssh") or "") < (8, 7)
IN_THE_WAY = {
    "RemoteCommand": "tmux attach", "RequestTTY": "force", "PermitLocalCommand": "yes", "LocalCommand": "false",
    "LogLevel": "QUIET", "StrictHostKeyChecking": "no", "BatchMode": "no",
}  # fmt: skip
IN_THE_WAY_OF_NEW = {"StdinNull": "yes", "SessionType": "none", "ForkAfterAuthentication": "yes"}


def test_settings_for_people_are_not_in_the_way(spark: Server, tmp_path: Path, connect: Connect) -> None:
    settings = IN_THE_WAY | ({} if NEEDS_NEW else IN_THE_WAY_OF_NEW)
    (tmp_path / "master").touch()
    settings |= {"ControlMaster": "auto", "ControlPersist": "yes", "ControlPath": str(tmp_path / "master")}
    connection = connect(spark, **settings)
    assert connection.run("cat", stdin=b"read").stdout == b"read"
    assert [path.name for path in tmp_path.iterdir()] == ["master"]


def test_a_connection_that_the_operator_keeps_open_is_shared(spark: Server, tmp_path: Path, connect: Connect) -> None:
    master = ["ssh", "-F", str(target(spark).config), "-o", f"ControlPath={tmp_path / 'master'}"]
    subprocess.run([*master, "-o", "ControlMaster=yes", "-fN", "spark"], check=True, stdout=DEVNULL, stderr=DEVNULL)
    try:
        connection = connect(spark, ControlPath=str(tmp_path / "master"), Port="1")  # where nobody answers
        assert connection.run("echo shared").stdout == b"shared\n"
        connection.close()
    finally:
        subprocess.run([*master, "-O", "exit", "spark"], check=True, capture_output=True)


def test_an_older_client_is_told_nothing_that_it_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for words, newer in (("OpenSSH_8.2p1 Ubuntu-4", False), ("OpenSSH_9.6p1", True), ("something else", False)):
        place = tmp_path / words[:11].replace(" ", "")
        place.mkdir()
        (place / "ssh").write_text(f"#!/bin/sh\necho '{words}' >&2\n")
        (place / "ssh").chmod(0o700)
        monkeypatch.setenv("PATH", str(place))
        assert ("StdinNull=no" in arguments(Ssh(host="spark"))) is newer
