from typing import Any

import pytest

from spark_conformance.cloudflare.records import DnsRecords, records_of
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
