"""The language of unit files."""

import pytest

from spark_conformance.syntax.commands import started_by
from spark_conformance.syntax.units import assignments, effective, environment_file, service_settings

UNIT = """[Unit]
Description=Cloudflare Tunnel
# ExecStart=/not/me

[Service]
Type=notify
; Environment=NOT=me
ExecStart=/bin/sh -c 'TUNNEL_TOKEN="$$CLOUDFLARE_TUNNEL_TOKEN" exec /usr/local/bin/cloudflared --no-autoupdate \\
    tunnel run'
EnvironmentFile=-/etc/default/cloudflared

[Install]
WantedBy=multi-user.target
"""


def test_only_the_service_counts() -> None:
    assert [key for key, _ in service_settings(UNIT)] == ["Type", "ExecStart", "EnvironmentFile"]


def test_a_command_within_a_shell() -> None:
    text = effective([UNIT, '[Service]\nEnvironment="CLOUDFLARE_TUNNEL_TOKEN=abc" B=2\n'])
    assert text.environment == {"CLOUDFLARE_TUNNEL_TOKEN": "abc", "B": "2"}
    assert text.environment_files == ("/etc/default/cloudflared",)
    assert started_by(text.words) == "/usr/local/bin/cloudflared"
    assert "TUNNEL_TOKEN=abc" in [text.value_of(word) for word in text.words]


def test_a_drop_in_takes_back_what_was_set() -> None:
    drop_in = (
        "[Service]\nExecStart=\nExecStart=-/opt/cloudflared tunnel run --token ${T}\nEnvironment=\nEnvironment=T=x"
    )
    text = effective([UNIT, "[Service]\nEnvironment=OLD=1", drop_in])
    assert text.environment == {"T": "x"}
    assert started_by(text.words) == "/opt/cloudflared"
    assert [text.value_of(word) for word in text.words][-1] == "x"


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ('"A=b c" D=e', {"A": "b c", "D": "e"}),
        ("A=", {"A": ""}),
        ("A=b=c==", {"A": "b=c=="}),
        ("'never closed A=b", {"A": "b"}),
        ("nonsense 1A=b", {}),
        ("", {}),
    ],
)
def test_assignments(value: str, seen: dict[str, str]) -> None:
    assert dict(assignments(value)) == seen


def test_a_file_of_variables() -> None:
    assert environment_file("# no\nA=1\n B='two words'\nC=\"x\"\nnonsense\n\n") == {
        "A": "1",
        "B": "two words",
        "C": "x",
    }


@pytest.mark.parametrize("garbage", ["", "\0\xff", "[Service", "[Service]\n=\n", "[Service]\nExecStart"])
def test_garbage_sets_nothing(garbage: str) -> None:
    text = effective([garbage])
    assert (text.commands, text.environment, started_by(text.words)) == ((), {}, None)


def test_nothing_of_it_prints() -> None:
    assert "abc" not in repr(effective(["[Service]\nEnvironment=T=abc\nExecStart=/x --token abc"]))
