"""Whom a client trusts, by where its server is."""

import ssl

import pytest

from spark_conformance.limits.authorities import authorities


@pytest.mark.parametrize("url", ["http://127.0.0.1:80/v4", "http://[::1]:8443", "http://localhost"])
def test_nobody_is_trusted_where_no_tls_is_spoken(url: str) -> None:
    trusted = authorities(url)
    assert trusted.cert_store_stats()["x509_ca"] == 0
    assert trusted.check_hostname
    assert trusted.verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize("url", ["https://127.0.0.1", "https://api.example.org", "http://api.example.org", "https://["])
def test_authorities_are_trusted_where_it_may_be_spoken(url: str) -> None:
    trusted = authorities(url)
    assert trusted.cert_store_stats()["x509_ca"] > 10
    assert trusted.verify_mode is ssl.CERT_REQUIRED
    assert authorities(url) is trusted
