"""A tunnel's token as text."""

import base64
import json

import pytest

from spark_conformance.core.secret import Secret
from spark_conformance.host.token_text import given, given_file, ids_of, is_token, option, same
from tests.host.tokens import ACCOUNT, TUNNEL, token


def secret(value: str) -> Secret:
    return Secret(value, "test")


def test_what_a_token_says_in_the_open() -> None:
    found = ids_of(secret(token()))
    assert found is not None
    assert (found.account, found.tunnel) == (ACCOUNT, TUNNEL)


@pytest.mark.parametrize(
    "text",
    ["", "garbage", token()[:-9], f" {token()}", f"{token()}\n", "e30=", base64.b64encode(b"[1]").decode(),
     base64.b64encode(b'{"a":"x","t":"y"}').decode(), base64.b64encode(b'{"a":1,"t":"y","s":"z"}').decode(),
     base64.b64encode(b'{"a":"","t":"y","s":"z"}').decode(), "\u00e9"],
)  # fmt: skip
def test_what_is_no_token(text: str) -> None:
    assert ids_of(secret(text)) is None
    assert not is_token(text)


def test_two_ways_to_write_one_token() -> None:
    turned = json.loads(base64.b64decode(token()))
    other = base64.b64encode(json.dumps(dict(reversed(turned.items())), indent=1).encode()).decode()
    assert other != token()
    assert same(secret(token()), secret(other))


def test_another_secret_is_another_token() -> None:
    assert not same(secret(token()), secret(token("another")))
    assert not same(secret(token()), secret("garbage"))
    assert same(secret("garbage"), secret("garbage"))


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (["tunnel", "run", "--token", "x"], "x"),
        (["--token=x"], "x"),
        (["--token", "y", "--token=x"], "x"),
        (["--token"], None),
        (["--token-file", "x"], None),
        ([], None),
    ],
)
def test_a_flag_in_a_command_line(words: list[str], value: str | None) -> None:
    assert option(words, "--token") == value


def test_a_flag_counts_before_a_variable_and_either_before_a_file() -> None:
    environment = {"TUNNEL_TOKEN": "v", "TUNNEL_TOKEN_FILE": "/f"}
    assert given(["--token=a"], environment) == ("the argument --token", "a")
    assert given([], environment) == ("the variable TUNNEL_TOKEN", "v")
    assert given([], {}) is None
    assert given_file(["--token-file", "/g"], environment) == "/g"
    assert given_file([], environment) == "/f"
    assert given_file([], {}) is None


def test_an_empty_one_counts_only_where_there_is_no_other() -> None:
    assert given(["--token", ""], {"TUNNEL_TOKEN": "v"}) == ("the variable TUNNEL_TOKEN", "v")
    assert given([], {"TUNNEL_TOKEN": ""}) == ("the variable TUNNEL_TOKEN", "")
