"""A tunnel's token as text."""

import base64
import json

import pytest

from spark_conformance.core.secret import Secret
from spark_conformance.host.token_text import ids_of, is_token, same, tokens_in
from tests.host.tokens import ACCOUNT, TUNNEL, token


def secret(value: str) -> Secret:
    return Secret(value, "test")


def made(**parts: object) -> str:
    """A token made by hand: that of the tests, with other parts; one that is None is left out."""
    said = {"a": ACCOUNT, "t": TUNNEL, "s": "c2VjcmV0", **parts} if parts else {"a": ACCOUNT}
    return base64.b64encode(json.dumps({key: part for key, part in said.items() if part is not None}).encode()).decode()


def test_what_a_token_says_in_the_open() -> None:
    found = ids_of(secret(token()))
    assert found is not None
    assert (found.account, found.tunnel) == (ACCOUNT, TUNNEL)


@pytest.mark.parametrize(
    "text",
    ["", "garbage", token()[:-9], f" {token()}", f"{token()}\t", "e30=", base64.b64encode(b"[1]").decode(), "\u00e9",
     made(), made(s=None), made(s="z"), made(s="not-base64!but~a random password"), made(s=""), made(s=7), made(a=1),
     made(a=""), made(t="y"), made(t=f"{TUNNEL}0"), made(t=TUNNEL.replace("-", "")[:-1]), made(t=7), made(t=None)],
)  # fmt: skip
def test_what_is_no_token(text: str) -> None:
    assert ids_of(secret(text)) is None
    assert not is_token(text)


def test_two_ways_to_write_one_token() -> None:
    turned = json.loads(base64.b64decode(token()))
    other = base64.b64encode(json.dumps(dict(reversed(turned.items())), indent=1).encode()).decode()
    assert other != token()
    assert same(secret(token()), secret(other))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_breaks_within_a_token_count_for_nothing(end: str) -> None:
    broken = f"{token()[:64]}{end}{token()[64:]}{end}"
    assert ids_of(secret(broken)) == ids_of(secret(token()))
    assert same(secret(broken), secret(token()))
    assert same(secret(made(s="c2Vj\ncmV0")), secret(made(s="c2VjcmV0")))


@pytest.mark.parametrize(
    "written", [TUNNEL.upper(), f"urn:uuid:{TUNNEL}", f"{{{TUNNEL}}}", TUNNEL.replace("-", ""), f"({TUNNEL})"]
)
def test_a_tunnel_in_the_ways_that_go_takes_it(written: str) -> None:
    found = ids_of(secret(made(t=written)))
    assert found is not None
    assert found.tunnel == TUNNEL


@pytest.mark.parametrize("begin", ['{"', '{ "', '{\n "', '{\t"', '{\r\n"'])
def test_the_beginning_of_a_token_is_known_however_its_json_is_laid_out(begin: str) -> None:
    inner = base64.b64decode(token()).decode().replace('{"', begin, 1)
    text = base64.b64encode(inner.encode()).decode()
    assert tokens_in(f"--token={text}") == [text]


def test_what_only_looks_like_a_token_is_none() -> None:
    assert tokens_in(f"eyJ{'a' * 60} {token()}") == [token()]
    assert not is_token(base64.b64encode(b"[" * 100_000).decode())


def test_another_secret_is_another_token() -> None:
    assert not same(secret(token()), secret(token("another")))
    assert not same(secret(token()), secret("garbage"))
    assert same(secret("garbage"), secret("garbage"))
