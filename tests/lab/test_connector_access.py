"""The connector's own look at Access tokens, with keys served as a team serves them."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from spark_lab.authority import LabAuthority
from spark_lab.connector.access import Filtered, Unverifiable, Validator
from spark_lab.connector.ingress import Access

TEAM = "goldfish"
ISSUER = f"https://{TEAM}.cloudflareaccess.com"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ACCESS = Access(TEAM, ("right", "also-right"))


def jwks() -> bytes:
    key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
    return json.dumps({"keys": [{**key, "kid": "k1", "alg": "RS256", "use": "sig"}]}).encode()


def assertion(key: rsa.RSAPrivateKey = KEY, **changed: Any) -> str:
    claims = {"iss": ISSUER, "aud": ["right"], "exp": time.time() + 86400, "iat": time.time(), "sub": "", **changed}
    return jwt.encode(claims, key, "RS256", headers={"kid": "k1"})


def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str, body: bytes | None = None) -> list[str]:
    """Check a token twice; returns the first lines of the requests that the team's host got."""
    asked: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode().splitlines()[0])
        said = jwks() if body is None else body
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(said) + said)
        writer.close()

    async def scenario() -> None:
        authority = LabAuthority(tmp_path)
        context = authority.server_context(f"{TEAM}.cloudflareaccess.com")
        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
        async with server:
            monkeypatch.setenv("SPARK_LAB_EDGE", f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
            validator = Validator(str(authority.pem_path))
            await validator.check(ACCESS, token)
            await validator.check(ACCESS, token)

    asyncio.run(scenario())
    return asked


def test_a_valid_token_passes_and_the_keys_are_fetched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check(tmp_path, monkeypatch, assertion()) == ["GET /cdn-cgi/access/certs HTTP/1.1"]


@pytest.mark.parametrize(
    ("token", "verdict", "said"),
    [
        ("", Filtered, "^no access token in request$"),
        (assertion(aud=["wrong", "worse"]), Filtered, r"^Invalid token in jwt: \[wrong worse\]$"),
        ("rubbish", Unverifiable, "malformed jwt"),
        (assertion(iss="https://other.cloudflareaccess.com"), Unverifiable, "issued by a different provider"),
        (assertion(exp=1), Unverifiable, "expired"),
        (assertion(OTHER_KEY), Unverifiable, "failed to verify id token signature"),
    ],
)
def test_other_tokens_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str, verdict: type[Exception], said: str
) -> None:
    with pytest.raises(verdict, match=said):
        check(tmp_path, monkeypatch, token)


def test_keys_that_cannot_be_had_make_the_token_unverifiable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unverifiable, match="get keys failed"):
        check(tmp_path, monkeypatch, assertion(), body=b"no keys here")


def test_an_unreachable_team_makes_the_token_unverifiable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_LAB_EDGE", "127.0.0.1:1")
    with pytest.raises(Unverifiable, match="connection refused"):
        asyncio.run(Validator("").check(ACCESS, assertion()))
