import datetime as dt
import re
import ssl
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spark_conformance.core.run import Run
from spark_conformance.core.shared import Shared
from spark_conformance.core.verdict import Unmet, Unreachable
from spark_conformance.dns.public import PublicAddresses, public_addresses
from spark_conformance.facts.target import Cloudflare, Public, Target
from spark_conformance.https.certificate import (
    Certificate,
    _certificate,
    _distrust,
    _no_tls,
    certificate,
    client_context,
)
from spark_conformance.https.trust import beyond_universal, covers
from spark_lab.authority import LabAuthority
from spark_lab.doors import bound_here
from tests.https.tls_server import Server, edge_context, http, run_to, tls_server
from tests.secrets.runs import HOSTNAME, run_of

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


def test_a_valid_certificate(authority: LabAuthority) -> None:
    with tls_server(edge_context(authority), lambda _: http(200)) as server:
        seen = run_to(server, authority).get(certificate)
    assert (seen.valid_name, seen.names, seen.tls, seen.distrust) == (HOSTNAME, (HOSTNAME,), "1.3", "")
    assert 89 < seen.days_left <= 90
    assert seen.days_left == round(seen.days_left, 2)
    seen.require_valid()


SEEN = Certificate(
    HOSTNAME, "192.0.2.1", 443, (HOSTNAME,), "CN=Lab", "2026-01-01", "2026-12-31", 0.01, "1.3", "", "; a hint"
)


@pytest.mark.parametrize(
    ("otherwise", "fact", "observed", "note"),
    [
        ({"names": ()}, "name", "a certificate for no name at all", "192.0.2.1 presented it; look at "),
        ({"names": ("a.example", "b.example")}, "name", "a certificate for a.example, b.example", "192.0.2.1 "),
        ({"distrust": "self-signed"}, "name", f"{HOSTNAME}, which is not trusted: self-signed", "192.0.2.1 "),
        ({"days_left": 0.0}, "days", "0.0", "it ended on 2026-12-31; look at "),
        ({"days_left": -1.26}, "days", "-1.3", "it ended on 2026-12-31; look at "),
    ],
)
def test_what_is_wrong_with_a_certificate(otherwise: dict[str, Any], fact: str, observed: str, note: str) -> None:
    SEEN.require_valid()
    with pytest.raises(Unmet) as caught:
        replace(SEEN, **otherwise).require_valid()
    assert (caught.value.fact, caught.value.observed) == (f"public.certificate_{fact}", observed)
    assert caught.value.note.startswith(note)
    assert caught.value.note.endswith("; a hint") == (fact == "name")


def test_an_edge_that_is_gone_at_the_second_look_cannot_be_judged() -> None:
    """The first handshake told of a chain that is not trusted; why is asked by another, which may not come about."""
    with bound_here("tcp") as closed:
        run = run_of(Target(public=Public(port=closed.getsockname()[1])))
        with pytest.raises(Unreachable, match="Connection refused"):
            _distrust(run, "127.0.0.1", ssl.create_default_context(), ssl.SSLCertVerificationError(), "")


def test_the_oldest_tls_that_is_spoken_is_told(authority: LabAuthority) -> None:
    context = edge_context(authority)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with tls_server(context, lambda _: http(200)) as server:
        assert run_to(server, authority).get(certificate).tls == "1.2"


def test_an_expired_certificate_is_a_finding_about_its_days_alone(authority: LabAuthority) -> None:
    context = authority.server_context(HOSTNAME, not_before=NOW - 3 * DAY, not_after=NOW - 2 * DAY)
    with tls_server(context, lambda _: http(200)) as server:
        seen = run_to(server, authority).get(certificate)
    assert seen.valid_name == HOSTNAME
    assert -2.1 < seen.days_left < -1.9
    with pytest.raises(Unmet) as caught:
        seen.require_valid()
    assert caught.value.fact == "public.certificate_days"


def test_a_certificate_of_another_name_of_another_authority_or_of_tomorrow_is_a_finding_about_its_name(
    authority: LabAuthority, tmp_path: Path
) -> None:
    for context, words, distrust in [
        (authority.server_context("other.example.org", "*.example.com"), "for other.example.org, [*].example.com", ""),
        (LabAuthority(tmp_path).server_context(HOSTNAME), "get local issuer|cert.* signature", "unable|cert"),
        (
            authority.server_context(HOSTNAME, not_before=NOW + DAY),
            "valid only from",
            "it is valid only from .* UTC on",
        ),
    ]:
        with tls_server(context, lambda _: http(200)) as server:
            seen = run_to(server, authority).get(certificate)
        assert re.match(f"(?:{distrust})", seen.distrust)
        assert bool(seen.distrust) == bool(distrust)
        with pytest.raises(Unmet, match=words) as caught:
            seen.require_valid()
        assert caught.value.fact == "public.certificate_name"
        assert seen.days_left > 0


def test_tls_that_is_too_old_is_a_finding(authority: LabAuthority) -> None:
    alert = b"\x15\x03\x01\x00\x02\x02\x46"  # fatal, protocol_version
    with tls_server(None, lambda _: [alert]) as server, pytest.raises(Unmet, match="older than") as caught:
        run_to(server, authority).get(certificate)
    assert caught.value.fact == "public.tls"


def test_an_edge_that_has_no_certificate_for_the_name_is_a_finding(authority: LabAuthority) -> None:
    alert = b"\x15\x03\x01\x00\x02\x02\x28"  # fatal, handshake_failure
    with tls_server(None, lambda _: [alert]) as server, pytest.raises(Unmet, match="no certificate") as caught:
        run_to(server, authority).get(certificate)
    assert caught.value.fact == "public.certificate_name"


@pytest.mark.parametrize("garbage", [b"SSH-2.0-OpenSSH_9.6\r\n" * 4, b""])
def test_a_server_that_speaks_no_tls_is_not_a_finding_about_the_certificate(
    authority: LabAuthority, garbage: bytes
) -> None:
    with (
        tls_server(None, lambda _: [garbage]) as server,
        pytest.raises(Unreachable, match="no TLS connection") as caught,
    ):
        run_to(server, authority, timeout_s=0.3).get(certificate)
    assert caught.value.owner == "public.answers"


def test_the_next_address_is_taken_where_one_refuses(authority: LabAuthority) -> None:
    with tls_server(edge_context(authority), lambda _: http(200)) as server:
        run = run_to(server, authority, addresses=PublicAddresses(("127.0.0.77", "127.0.0.1")))
        assert run.get(certificate).address == "127.0.0.1"


def test_addresses_that_all_refuse_are_told(authority: LabAuthority) -> None:
    with tls_server(edge_context(authority), lambda _: http(200)) as server:
        run = run_to(server, authority, addresses=PublicAddresses(("127.0.0.77", "127.0.0.78")))
        with pytest.raises(Unreachable, match=r"127\.0\.0\.77: .*127\.0\.0\.78: "):
            run.get(certificate)


def test_a_dead_name_is_told_as_dns_tells_it(authority: LabAuthority) -> None:
    silent = Unreachable("dns: silence", "no resolver answers", "dns.resolvers_in_range")
    with pytest.raises(Unreachable) as caught:
        run_to(Server(1), authority, addresses=silent).get(certificate)
    assert caught.value is silent


@pytest.mark.parametrize(
    ("reason", "error", "told"),
    [
        ("UNSUPPORTED_PROTOCOL", ssl.SSLError(1, "x"), Unmet("public.tls", "older than 1.2", "")),
        ("TLSV1_ALERT_PROTOCOL_VERSION", ssl.SSLError(1, "x"), Unmet("public.tls", "older than 1.2", "")),
        ("NO_PROTOCOLS_AVAILABLE", ssl.SSLError(1, "x"), Unmet("public.tls", "older than 1.2", "")),
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", ssl.SSLError(1, "x"),
         Unmet("public.certificate_name", "no certificate", "")),
        ("WRONG_VERSION_NUMBER", ssl.SSLError(1, "x"), Unreachable("public: no TLS", "")),
        ("Connection reset by peer", ConnectionResetError(104, "Connection reset by peer"),
         Unreachable("public: no TLS", "")),
        ("timed out", TimeoutError("timed out"), Unreachable("public: no TLS", "")),
    ],
)  # fmt: skip
def test_a_handshake_that_comes_to_nothing_is_told_with_its_reason(
    reason: str, error: OSError, told: Unmet | Unreachable
) -> None:
    if isinstance(error, ssl.SSLError):
        error.reason = reason
    seen = _no_tls("NAME at 192.0.2.1, port 443", error, "; a hint")
    assert type(seen) is type(told)
    if isinstance(seen, Unmet) and isinstance(told, Unmet):
        assert (seen.fact, seen.observed) == (told.fact, told.observed)
        assert f": {reason}" in seen.note
    elif isinstance(seen, Unreachable):
        assert (seen.cause, seen.owner) == ("public: no TLS", "public.answers")
        assert f"no TLS connection can be made: {reason}; see who answers there" in seen.sentence


def test_a_certificate_is_read_with_what_it_is_to_days_and_to_its_day(authority: LabAuthority) -> None:
    context = authority.server_context(HOSTNAME, not_before=NOW + DAY / 2, not_after=NOW + 10 * DAY)
    with tls_server(context, lambda _: http(200)) as server:
        seen = run_to(server, authority).get(certificate)
    assert seen.distrust == f"it is valid only from {NOW + DAY / 2:%Y-%m-%d %H:%M} UTC on"
    assert 9.9 < seen.days_left <= 10
    nothing: Any = SimpleNamespace(getpeercert=lambda **_: None)
    with pytest.raises(Unmet, match="no certificate") as caught:
        _certificate(HOSTNAME, "192.0.2.1", 443, nothing, distrust="")
    assert caught.value.note.startswith("192.0.2.1 presented none; look at ")


def test_systems_of_a_session_read_once_whom_they_trust(authority: LabAuthority) -> None:
    runs = [run_of(Target(public=Public(ca=ca))) for ca in (str(authority.pem_path), str(authority.pem_path), None)]
    apart = client_context(runs[0])
    shared = Shared()
    for run in runs:
        run.shared = shared
    one, same, other = map(client_context, runs)
    assert one is same
    assert len({one, other, apart}) == 3
    for run in runs:
        run.close()


def test_a_name_without_an_address_takes_no_connection(authority: LabAuthority) -> None:
    with pytest.raises(Unreachable, match=r"no address accepts a connection on port 1 \(it has none\)") as caught:
        run_to(Server(1), authority, addresses=PublicAddresses(())).get(certificate)
    assert caught.value.owner == "public.answers"


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "No such file or directory"), ("no certificate at all", ".*NO_CERTIFICATE")]
)
def test_a_file_of_authorities_that_cannot_be_used_is_told(
    authority: LabAuthority, tmp_path: Path, content: str | None, reason: str
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    target = run_to(Server(1), authority).target.model_copy(update={"public": Public(ca=str(file))})
    run: Run = run_of(target)
    with pytest.raises(Unreachable, match=rf"cannot be used as target\.public\.ca: {reason}"):
        run.get(certificate)


@pytest.mark.parametrize(
    ("names", "covered"),
    [
        (("a.example.org",), True),
        (("A.EXAMPLE.org",), True),
        (("*.example.org",), True),
        (("*.org", "example.org", "*"), False),
        (("b.example.org",), False),
        ((), False),
    ],
)
def test_which_names_a_certificate_covers(names: tuple[str, ...], covered: bool) -> None:
    assert covers(names, "a.example.org") is covered


@pytest.mark.parametrize(
    ("name", "zone", "beyond"),
    [
        ("a.b.example.org", "example.org", True),
        ("A.b.Example.org.", "example.org.", True),
        ("b.example.org", "example.org", False),
        ("example.org", "example.org", False),
        ("a.b.example.org", "b.example.org", False),
        ("a.b.example.com", "example.org", False),
        ("a.b.example.org", "", False),
    ],
)
def test_which_names_the_certificate_of_the_zone_does_not_cover(name: str, zone: str, beyond: bool) -> None:
    told = beyond_universal(name, zone)
    assert bool(told) is beyond
    assert ("advanced certificate" in told) is beyond


def test_a_refused_handshake_of_a_name_two_levels_below_the_zone_says_so(authority: LabAuthority) -> None:
    """The edge has no certificate for such a name, though Universal SSL is on: it ends the handshake."""
    alert = b"\x15\x03\x01\x00\x02\x02\x28"  # fatal, handshake_failure
    with tls_server(None, lambda _: [alert]) as server:
        target = Target(
            public=Public(port=server.port, ca=str(authority.pem_path), timeout_s=60),
            cloudflare=Cloudflare(zone=HOSTNAME.rpartition(".")[2], token="env:TOKEN"),
        )
        run = run_of(target, {}, {public_addresses: PublicAddresses(("127.0.0.1",))})
        with pytest.raises(Unmet) as caught:
            run.get(certificate)
    assert caught.value.fact == "public.certificate_name"
    assert "one level below it" in caught.value.note
