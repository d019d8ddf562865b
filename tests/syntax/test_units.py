"""The language of unit files."""

import pytest

from spark_conformance.syntax.commands import started_by
from spark_conformance.syntax.units import EnvironmentFile, effective, joined_lines, service_settings
from spark_conformance.syntax.variables import assignments

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


def test_blanks_around_a_setting_do_not_count_and_half_a_section_is_none() -> None:
    text = "  [Service] \n A = b \n[Unit\nB=1\nUnit]\nC=\t2\n"
    assert list(service_settings(text)) == [("A", "b"), ("B", "1"), ("C", "2")]


def test_a_command_within_a_shell() -> None:
    text = effective([UNIT, '[Service]\nEnvironment="CLOUDFLARE_TUNNEL_TOKEN=abc" B=2\n'])
    assert text.environment == {"CLOUDFLARE_TUNNEL_TOKEN": "abc", "B": "2"}
    assert text.environment_files == (EnvironmentFile("/etc/default/cloudflared", optional=True),)
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


LINES = [
    ("a \\\n  # no\n\n", ["a  "]),
    ("a \\\n# no \\\n; no\n b\nc", ["a   b", "c"]),
    ("a\\\\\nb", ["a\\\\", "b"]),
    ("a\\\\\\\nb", ["a\\\\ b"]),
    ("\ufeff[Service]\r\nA=1\r\n", ["[Service]", "A=1"]),
    ("A=1\x0b\x1c\u2028B=2", ["A=1\x0b\x1c\u2028B=2"]),
    ("a\\", ["a "]),
    ("# a \\\nb", ["b"]),
    ("a\n \t\nb\n  ", ["a", "b"]),
]


@pytest.mark.parametrize(("text", "lines"), LINES)
def test_lines_and_those_that_a_backslash_joins(text: str, lines: list[str]) -> None:
    assert [line for _, line in joined_lines(text)] == lines


def test_a_joined_line_has_the_number_of_its_first() -> None:
    assert [number for number, _ in joined_lines("\n# no\na \\\n# no\nb\nc")] == [3, 6]
    assert [number for number, _ in joined_lines("# no\na\n# no\nb")] == [2, 4]


def test_what_of_a_command_is_its_program() -> None:
    lines = (
        "-+/bin/a b",
        "@/bin/sh mysh -c 'x  y'",
        ':"/opt/my dir/a" $T',
        "never 'closed",
        "/bin/a \"x\\ty\" ''",
        "/a@b/c d",
    )
    text = effective(["".join(f"[Service]\nExecStart={line}\n" for line in lines)])
    assert [command.words for command in text.commands] == [
        ("/bin/a", "b"), ("/bin/sh", "-c", "x  y"), ("/opt/my dir/a", "$T"), (), ("/bin/a", "x\ty", ""),
        ("/a@b/c", "d"),
    ]  # fmt: skip


def test_specifiers_are_filled_in_word_by_word() -> None:
    text = (
        "Environment=A=%n B=%N C=%p D=%i E=%I F=%j G=%d/x H=%H%% J=%t%S%E%L%C%h%u%f\nEnvironmentFile=-/etc/default/%p\n"
    )
    said = effective([f"[Service]\n{text}ExecStart=/bin/%p %n"], "my-tunnel@a-b\\x2dc.service")
    assert said.environment == {
        "A": "my-tunnel@a-b\\x2dc.service", "B": "my-tunnel@a-b\\x2dc", "C": "my-tunnel", "D": "a-b\\x2dc",
        "E": "a/b-c", "F": "tunnel", "G": "/run/credentials/my-tunnel@a-b\\x2dc.service/x", "H": "%H%",
        "J": "/run/var/lib/etc/var/log/var/cache/rootroot/a/b-c",
    }  # fmt: skip
    assert said.environment_files == (EnvironmentFile("/etc/default/my-tunnel", optional=True),)
    assert said.commands[0].words == ("/bin/my-tunnel", "my-tunnel@a-b\\x2dc.service")
    assert effective(["[Service]\nEnvironment=A=%n"]).environment == {"A": "%n"}


def test_credentials_and_where_they_are() -> None:
    text = "LoadCredential=token:/etc/%p/token\nLoadCredential=bare\nSetCredential=set:a\\x41 'b'\n"
    opaque = "LoadCredentialEncrypted=sealed:/etc/sealed\nSetCredentialEncrypted=too:abc\nImportCredential=tunnel.*\n"
    said = effective([f"[Service]\n{text}{opaque}"], "c.service")
    assert said.credentials.files == {"token": "/etc/c/token", "bare": "bare"}
    assert said.credentials.texts == {"set": "aA 'b'"}
    assert said.credentials.opaque == ("sealed", "too", "tunnel.*")
    assert said.environment == {"CREDENTIALS_DIRECTORY": "/run/credentials/c.service"}
    assert effective([f"[Service]\n{text}LoadCredential=\n"], "c.service").credentials.files == {}


def test_a_unit_with_one_credential_has_a_directory_of_them() -> None:
    one = effective(["[Service]\nLoadCredential=token:/etc/token\n"], "c.service")
    assert one.environment == {"CREDENTIALS_DIRECTORY": "/run/credentials/c.service"}
    assert effective(["[Service]\nEnvironmentFile=/etc/a\n"], "c.service").environment == {}


def test_what_follows_a_shell_may_be_a_command_itself() -> None:
    lines = ('"/opt/my dir/a" "b c"', "/bin/sh -c 'exec /opt/a b'")
    text = effective(["".join(f"[Service]\nExecStart={line}\n" for line in lines)])
    assert text.words == ("/opt/my dir/a", "b c", "/bin/sh", "-c", "exec", "/opt/a", "b")


EMPTY = [
    ("EnvironmentFile=/a", "EnvironmentFile=", "environment_files", ()),
    ("PassEnvironment=A B", "PassEnvironment=", "passed", ()),
    ("UnsetEnvironment=A", "UnsetEnvironment=", "unset", ()),
    ("StandardError=append:/var/log/a", "StandardError=", "values", {}),
    ("StandardError=append:/var/log/%p", "StandardError=null", "values", {"StandardError": "null"}),
    ("PassEnvironment=A", "PassEnvironment=B", "passed", ("A", "B")),
    ("PassEnvironment=A", "PassEnvironment=B 'C", "passed", ("A", "B", "'C")),
    ("EnvironmentFile=/a", "EnvironmentFile=/b", "environment_files", (EnvironmentFile("/a"), EnvironmentFile("/b"))),
]


@pytest.mark.parametrize(("before", "drop_in", "field", "left"), EMPTY)
def test_what_a_drop_in_takes_back_or_adds(before: str, drop_in: str, field: str, left: object) -> None:
    assert getattr(effective([f"[Service]\n{before}\n", f"[Service]\n{drop_in}\n"]), field) == left


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ('"A=b c" D=e', {"A": "b c", "D": "e"}),
        ("A=", {"A": ""}),
        (r"A=x\x41\\y B=unknown\q C=1", {"A": r"xA\y"}),
        ("A=b=c==", {"A": "b=c=="}),
        ("A=b 'never closed B=c", {"A": "b"}),
        ("nonsense 1A=b", {}),
        ("", {}),
    ],
)
def test_assignments(value: str, seen: dict[str, str]) -> None:
    assert dict(assignments(value)) == seen


@pytest.mark.parametrize("garbage", ["", "\0\xff", "[Service", "[Service]\n=\n", "[Service]\nExecStart"])
def test_garbage_sets_nothing(garbage: str) -> None:
    text = effective([garbage])
    assert (text.commands, text.environment, started_by(text.words)) == ((), {}, None)


def test_nothing_of_it_prints() -> None:
    text = effective(["[Service]\nEnvironment=T=abc\nExecStart=/x --token abc\nSetCredential=t:abc\nExecStop=/x abc"])
    assert "abc" not in repr(text)
    assert "abc" not in repr(text.commands)
