"""cloudflared's service as `systemctl show` prints it; recordings of systemd 252."""

from spark_conformance.host.service import parse, properties
from spark_conformance.syntax.units import EnvironmentFile

SHOWN = r"""ExecStartPre={ path=/bin/true ; argv[]=/bin/true a ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }
ExecStartPre={ path=/bin/true ; argv[]=/bin/true b c ; ignore_errors=yes ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }
ExecStart={ path=/bin/sleep ; argv[]=/bin/sleep 1000 x y  ${A} $A $$A /run/credentials/c.service/token ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }
Environment=TUNNEL_TOKEN_FILE=/run/credentials/c.service/token "A=b c" "C=\$X" "E=a\nb" G= TYPE_LEVEL=1
EnvironmentFiles=/etc/c/*.env (ignore_errors=yes)
EnvironmentFiles=/etc/c/my file.env (ignore_errors=no)
PassEnvironment=LANG FOO
UnsetEnvironment=ZZ
StandardOutput=append
StandardError=inherit
User=
DynamicUser=yes
SetCredential=[unprintable]
"""  # noqa: E501 - as systemd prints it
SEVERAL_LINES = """ExecStart={ path=/bin/sh ; argv[]=mysh -c
umask 077
exec /opt/cloudflared tunnel run ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }
Environment=A=1
"""  # noqa: E501 - as systemd prints it


def test_what_systemd_shows() -> None:
    seen = parse("c.service", SHOWN)
    assert seen.command == "/bin/sleep 1000 x y  ${A} $A $$A /run/credentials/c.service/token"
    assert seen.words[:3] == ("/bin/sleep", "1000", "x")
    assert seen.environment == {
        "TUNNEL_TOKEN_FILE": "/run/credentials/c.service/token", "A": "b c", "C": "$X", "E": "a\nb", "G": "",
        "TYPE_LEVEL": "1",
    }  # fmt: skip
    assert seen.environment_files == (
        EnvironmentFile("/etc/c/*.env", optional=True),
        EnvironmentFile("/etc/c/my file.env"),
    )
    assert (seen.passed, seen.unset, seen.log, seen.user) == (("LANG", "FOO"), ("ZZ",), "append", "c")


def test_a_command_of_several_lines_under_another_name() -> None:
    seen = parse("c.service", SEVERAL_LINES)
    assert (seen.words[0], seen.words[-3:]) == ("/bin/sh", ("/opt/cloudflared", "tunnel", "run"))
    assert seen.environment == {"A": "1"}


def test_nothing_is_made_up() -> None:
    assert list(properties("")) == []
    seen = parse("c.service", "no properties\n")
    assert (seen.words, seen.command, seen.environment, seen.user, seen.log) == ((), "", {}, "", "journal")


def test_nothing_of_it_prints() -> None:
    assert "1000" not in repr(parse("c.service", SHOWN))
