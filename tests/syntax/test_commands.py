"""What a command line starts."""

import shlex

import pytest

from spark_conformance.syntax.commands import is_shell, programs, reads_elsewhere, split, started_by

BY_SHELL = "/bin/sh -c 'TUNNEL_TOKEN=\"$$C\" exec /usr/local/bin/cloudflared --no-autoupdate tunnel run'"
AS_SYSTEMD_SHOWS_IT = '/bin/sh -c TUNNEL_TOKEN="$$C" exec /usr/local/bin/cloudflared --no-autoupdate tunnel run'


@pytest.mark.parametrize(
    ("command", "found"),
    [
        (BY_SHELL, ["/bin/sh", "/usr/local/bin/cloudflared"]),
        (AS_SYSTEMD_SHOWS_IT, ["/bin/sh", "/usr/local/bin/cloudflared"]),
        ("/usr/bin/cloudflared tunnel run --logfile /var/log/cloudflared", ["/usr/bin/cloudflared"]),
        ("/bin/sh -c '. /etc/default/cloudflared; exec cloudflared tunnel run'", ["/bin/sh", ".", "cloudflared"]),
        ("/bin/sh -c 'read T </etc/cloudflared && cloudflared run'", ["/bin/sh", "read", "cloudflared"]),
        ("/bin/bash -ec 'T=$(cat /etc/cloudflared) cloudflared run;'", ["/bin/bash", "cat", "cloudflared"]),
        ("/usr/bin/env T=x /opt/cloudflared tunnel", ["/opt/cloudflared"]),
        ("/usr/bin/env -i T=x /opt/cloudflared tunnel", ["/opt/cloudflared"]),
        ("'/opt/my dir/cloudflared' run", ["/opt/my dir/cloudflared"]),
        ("/bin/sh -c \"exec '/opt/my dir/cloudflared' run\"", ["/bin/sh", "/opt/my dir/cloudflared"]),
        ("/bin/sh -c cloudflared", ["/bin/sh", "cloudflared"]),
        ("-c 'cloudflared run'", ["cloudflared run"]),
        ("/bin/sh -c 'cloudflared run'", ["/bin/sh", "cloudflared"]),
        ("/bin/sh -e -c 'cloudflared run'", ["/bin/sh", "cloudflared"]),
        ("/bin/sh -c 'exec cloudflared tunnel run' sh /etc/token", ["/bin/sh", "cloudflared"]),
        ("/bin/sh -c \"true; '/opt/my dir/cloudflared' run\"", ["/bin/sh", "true", "/opt/my dir/cloudflared"]),
        ("/bin/sh -c \"sh; -c '/opt/my dir/cloudflared'\"", ["/bin/sh", "sh", "/opt/my dir/cloudflared"]),
        ("/bin/sh -c 'T2=x 2T=x cloudflared run'", ["/bin/sh", "2T=x"]),
        ("/bin/sh /opt/cloudflared", ["/bin/sh"]),
        ("/opt/cloudflared-start.sh cloudflared", ["/opt/cloudflared-start.sh"]),
        ("", []),
    ],
)
def test_programs(command: str, found: list[str]) -> None:
    assert list(programs(shlex.split(command))) == found


@pytest.mark.parametrize(
    ("command", "started"),
    [
        ("/bin/sh -c 'read T; /opt/cloudflared tunnel run; sleep 1'", "/opt/cloudflared"),
        ("/bin/sh -c 'sleep 1'", None),
    ],
)
def test_which_cloudflared_is_started(command: str, started: str | None) -> None:
    assert started_by(shlex.split(command)) == started


def test_a_login_shell_is_a_shell() -> None:
    assert [name for name in ("/bin/bash", "-bash", "bashful", "/usr/bin/busybox") if not is_shell(name)] == ["bashful"]


def test_separators_are_words_of_their_own() -> None:
    assert split("A=eyJx+/==; export A&&b|c #d") == ["A=eyJx+/==", ";", "export", "A", "&&", "b", "|", "c", "#d"]
    assert split("a\nb") == ["a", "\n", "b"]
    assert split("never 'closed") == ["never", "'closed"]


@pytest.mark.parametrize(
    ("text", "elsewhere"),
    [
        ("exec cloudflared tunnel run", False),
        ("T=$(cat /etc/token) cloudflared tunnel run", True),
        ("T=`cat /etc/token` cloudflared tunnel run", True),
        (". /etc/default/cloudflared; cloudflared tunnel run", True),
        ("read T </etc/token; cloudflared tunnel run", True),
        ("echo source; cloudflared tunnel run", False),
        ("cat $TOKEN", False),
    ],
)
def test_what_a_shells_text_takes_from_elsewhere(text: str, elsewhere: bool) -> None:
    assert reads_elsewhere(text) is elsewhere
