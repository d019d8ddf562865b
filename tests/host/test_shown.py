"""What systemd shows of the connector's unit to every user, on recordings of `systemctl show` (systemd 252)."""

import pytest

from spark_conformance.core.verdict import Unreachable
from spark_conformance.host.shown import cloudflared_token_shown, showing
from spark_conformance.host.units import cloudflared_unit, parse
from tests.host.stubs import StubHost, given, run_on
from tests.host.tokens import token

PLAIN = (
    'ExecStart={ path=/bin/sh ; argv[]=/bin/sh -c TUNNEL_TOKEN="$$T" exec /usr/local/bin/cloudflared tunnel run ; '
    "ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }\n"
)


@pytest.mark.parametrize(
    ("output", "settings"),
    [
        (f"{PLAIN}Environment=\n", ()),
        (f"{PLAIN}Environment=T={token()} HOME=/root\n", ("Environment",)),
        (f"{PLAIN}Environment=T={token()[:-9]}\n", ("Environment",)),
        (f"{PLAIN.replace('$$T', token())}Environment=T={token()}\n", ("ExecStart", "Environment")),
        (f"{PLAIN}SetCredential=token:{token()}\n", ("SetCredential",)),
        (f"{PLAIN}{PLAIN.replace('tunnel run', f'tunnel run --token {token()}')}", ("ExecStart",)),
        ("", ()),
    ],
)
def test_where_a_token_shows(output: str, settings: tuple[str, ...]) -> None:
    assert showing(output) == settings


def test_nothing_of_it_is_evidence(stub: StubHost) -> None:
    stub.prints("systemctl", f"Environment=T={token()}")
    run = run_on(stub)
    given(run, cloudflared_unit, parse("LoadState=loaded", "cloudflared.service"))
    seen = run.get(cloudflared_token_shown)
    assert seen.told == "`systemctl show -p Environment cloudflared.service` shows it to every user"
    assert token()[:8] not in repr(seen)
    assert not any("sudo" in command for command in stub.backend.commands)


def test_a_systemd_that_does_not_answer(stub: StubHost) -> None:
    stub.command("systemctl", "echo 'Failed to connect to bus: Connection refused' >&2; exit 1")
    run = run_on(stub)
    given(run, cloudflared_unit, parse("LoadState=loaded", "cloudflared.service"))
    with pytest.raises(Unreachable, match="systemctl show"):
        run.get(cloudflared_token_shown)
