from typing import Any

import pytest

from spark_conformance.cloudflare.records import DnsRecords, records_of, wildcard_of
from spark_conformance.cloudflare.tables import tables
from spark_conformance.core.verdict import Unmet

HOST = "ollama.example.org"
TARGET = "t.cfargotunnel.com"


def seen(*entries: dict[str, Any]) -> DnsRecords:
    common = {"id": "r", "name": HOST, "type": "CNAME", "content": TARGET, "ttl": 1, "proxied": True}
    return records_of(tables("the DNS records", [{**common, **entry} for entry in entries]), HOST)


def test_one_record() -> None:
    record = seen({"name": "Ollama.example.org", "content": f"{TARGET}."}).one
    assert (record.type, record.content, record.proxied, record.ttl) == ("CNAME", TARGET, True, 1)
    assert record.shadowed_by == ()
    assert str(record) == f"Ollama.example.org CNAME {TARGET} (proxied)"


def test_a_record_is_not_proxied_where_the_api_says_nothing_of_it() -> None:
    assert seen({"proxied": None}).one.proxied is False


@pytest.mark.parametrize("meta", [{"shadowed_by": ["ns1", "ns2"]}, {"shadowed_by": ["ns1", "ns2"], "other": 1}])
def test_a_record_that_is_hidden(meta: dict[str, Any]) -> None:
    assert seen({"meta": meta}).one.shadowed_by == ("ns1", "ns2")


def test_only_records_of_this_name_that_lead_somewhere_count() -> None:
    records = seen({}, {"name": f"x.{HOST}"}, {"type": "TXT"}, {"type": "HTTPS"}, {"type": "AAAA", "content": "::1"})
    assert [record.type for record in records.records] == ["CNAME", "AAAA"]


def test_of_several_the_cname_is_judged() -> None:
    records = seen({"type": "A", "content": "192.0.2.1"}, {}, {"type": "AAAA", "content": "::1"})
    assert records.one.type == "CNAME"
    assert records.told.count(";") == 2
    assert seen({"type": "AAAA"}, {"type": "A"}).one.type == "A"


def test_no_record_is_unmet_once() -> None:
    with pytest.raises(Unmet) as caught:
        _ = seen().one
    assert caught.value.fact == "dns.records"
    assert seen().told == "none"


def test_letters_of_a_record_are_those_of_dns() -> None:
    record = seen({"name": f"{HOST.upper()}.", "content": "T.CFARGOTUNNEL.com."}).one
    assert record.content == TARGET
    umlaut = records_of(tables("the records", [{**ENTRY, "name": "xn--bcher-kva.example.org"}]), "bücher.example.org")
    assert len(umlaut.records) == 1


ENTRY = {"id": "r", "name": HOST, "type": "CNAME", "content": TARGET, "ttl": 1, "proxied": True}


@pytest.mark.parametrize(
    ("names", "answers"),
    [
        (["*.example.org"], "*.example.org"),
        (["*.Example.org.", "www.example.org"], "*.example.org"),
        (["example.org"], ""),
        ([], ""),
        (["*.example.org", f"x.{HOST}"], ""),  # the name is there, though without a record
        (["*.org"], "*.org"),
        (["*.example.org", f"*.{HOST}"], ""),
    ],
)
def test_a_wildcard_answers_a_name_that_is_not_there(names: list[str], answers: str) -> None:
    assert wildcard_of(names, HOST) == answers


@pytest.mark.parametrize(
    ("names", "answers"),
    [
        (["*.example.org"], "*.example.org"),
        (["*.example.org", "*.b.example.org"], "*.b.example.org"),
        (["*.example.org", "b.example.org"], ""),
        (["*.example.org", "c.b.example.org"], ""),
    ],
)
def test_the_nearest_parent_decides_whose_wildcard_it_is(names: list[str], answers: str) -> None:
    assert wildcard_of(names, "a.b.example.org") == answers


def test_records_of_a_wildcard_are_told_as_such() -> None:
    found = records_of(tables("the records", [{**ENTRY, "name": "*.example.org"}]), HOST, "*.example.org")
    assert (len(found.records), found.one.content) == (1, TARGET)
    assert found.told == (f"{HOST} has no record of its own, and is answered by *.example.org CNAME {TARGET} (proxied)")
