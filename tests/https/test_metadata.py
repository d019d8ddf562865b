import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from spark_conformance.https.exchange import jwt_claims
from spark_conformance.https.metadata import Metadata, access_metadata
from spark_lab.authority import LabAuthority
from tests.https.tls_server import http, run_to, tls_server
from tests.secrets.runs import HOSTNAME

TEAM = "team.cloudflareaccess.com"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CLAIMS = {"type": "match", "hostname": HOSTNAME, "auth_domain": TEAM, "aud": "the-aud", "app_hostname": HOSTNAME}


def certs(kid: str = "k1") -> bytes:
    return json.dumps(
        {"keys": [{**jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": kid}]}
    ).encode()


def observe(authority: LabAuthority, token: str, keys: list[bytes]) -> Metadata:
    def script(request: str) -> list[bytes]:
        if request.startswith("HEAD "):
            assert "cf-access-metadata-request: true" in request
            return http(200, b"", *([f"cf-access-metadata: {token}"] if token else []))
        assert request.startswith("GET /cdn-cgi/access/certs ")
        assert f"Host: {TEAM}\r\n" in request
        return keys

    with tls_server(authority.server_context(HOSTNAME, TEAM), script) as server:
        return run_to(server, authority).get(access_metadata)


def signed(claims: dict[str, Any], key: rsa.RSAPrivateKey = KEY) -> str:
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": "k1"})


def test_a_statement_that_the_teams_key_signed_is_verified(authority: LabAuthority) -> None:
    seen = observe(authority, signed({**CLAIMS, "iat": int(time.time())}), http(200, certs()))
    assert (seen.aud, seen.verified, seen.doubt) == ("the-aud", True, "")


@pytest.mark.parametrize(
    ("claims", "key", "keys", "doubt"),
    [
        ({"iat": 0}, OTHER, http(200, certs()), "was not confirmed"),
        ({"iat": 0}, KEY, http(200, certs("k2")), "has no key k1"),
        ({"iat": -90000}, KEY, http(200, certs()), "it is 25 hours old"),
        ({"iat": 9000}, KEY, http(200, certs()), "was not confirmed"),
        ({}, KEY, http(200, certs()), "was not confirmed"),
        (
            {"iat": 0, "auth_domain": "evil.example"},
            KEY,
            [],
            "domain evil.example, which is not one of Cloudflare's",
        ),
        ({"iat": 0, "auth_domain": ""}, KEY, [], "domain nothing, which is not one of Cloudflare's"),
        ({"iat": 0}, KEY, http(404), "was not confirmed"),
        ({"iat": 0}, KEY, http(200, b"[]"), "was not confirmed"),
        ({"iat": 0}, KEY, [], "not a complete HTTP answer"),
    ],
)
def test_a_statement_that_cannot_be_verified_is_kept_with_its_doubt(
    authority: LabAuthority, claims: dict[str, Any], key: rsa.RSAPrivateKey, keys: list[bytes], doubt: str
) -> None:
    """`iat` counts from now on, not from when the tests were collected, which may be hours ago."""
    made = {"iat": int(time.time()) + claims["iat"]} if "iat" in claims else {}
    seen = observe(authority, signed({**CLAIMS, **claims, **made}, key), keys)
    assert seen.aud == "the-aud"
    assert not seen.verified
    assert doubt in seen.doubt


@pytest.mark.parametrize("token", ["", "not-a-token", "a.b.c"])
def test_without_a_statement_there_is_no_application(authority: LabAuthority, token: str) -> None:
    seen = observe(authority, token, [])
    assert (seen.aud, seen.verified, seen.doubt) == ("", False, "the edge said nothing about it")


def test_claims_are_read_whatever_the_length_of_what_signs_them() -> None:
    body = jwt.encode({"aud": "a"}, "k" * 32).split(".")[1]
    assert [jwt_claims(f"h.{body}.{'s' * length}") for length in range(5)] == [{"aud": "a"}] * 5
    assert [jwt_claims(text) for text in (f"h.{body}", f"h.{body}.s.t", "h.5.s", "h.WzFd.s")] == [{}] * 4
