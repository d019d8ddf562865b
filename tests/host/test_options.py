"""cloudflared's options, and what each is taken from."""

import pytest

from spark_conformance.host.options import chosen, given, given_file, option


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (["tunnel", "run", "--token", "x"], "x"),
        (["--token=x"], "x"),
        (["--token", "y", "--token=x"], "x"),
        (["--token"], None),
        (["--token-file", "x"], None),
        (["-token", "x"], "x"),
        (["-token=x=="], "x=="),
        (["--token="], ""),
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


def test_an_empty_one_that_is_set_counts_and_leaves_it_to_the_file() -> None:
    assert given(["--token", ""], {"TUNNEL_TOKEN": "v"}) == ("the argument --token", "")
    assert given([], {"TUNNEL_TOKEN": ""}, {"token": "c"}) == ("the variable TUNNEL_TOKEN", "")
    assert given_file(["--token-file="], {"TUNNEL_TOKEN_FILE": "/f"}) is None


def test_a_file_of_its_own_counts_last() -> None:
    settings = {"token": "c", "token-file": "/c", "loglevel": "warn", "config": "/other", "metrics": 7}
    assert given([], {}, settings) == ("the setting token of its configuration file", "c")
    assert given_file([], {}, settings) == "/c"
    assert chosen("loglevel", [], {"TUNNEL_LOGLEVEL": "error"}, settings) == ("the variable TUNNEL_LOGLEVEL", "error")
    assert chosen("loglevel", ["--loglevel", "debug"], {"TUNNEL_LOGLEVEL": "error"}, settings) == (
        "the argument --loglevel",
        "debug",
    )
    assert chosen("config", [], {}, settings) is None
    assert chosen("metrics", [], {}, settings) is None
    assert chosen("loglevel", [], {}, {"loglevel": ""}) is None
