"""DNS: the zone's record at Cloudflare, and what the world is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spark_conformance.cloudflare.account import IpRanges, Zone
    from spark_conformance.cloudflare.records import DnsRecords
    from spark_conformance.core.judging import Judge
    from spark_conformance.dns.answers import Answers


@pytest.mark.fact("dns.zone_status")
def test_zone_status(judge: Judge, zone: Zone) -> None:
    """Cloudflare does not serve the zone.

    Moved means that the registrar names other servers, paused that Cloudflare only answers DNS, without proxy and
    Access.

    Not seen here: what the registrar says at this moment: Cloudflare looks there from time to time.
    """
    judge(zone.status, note=f"Cloudflare's servers for the zone are {', '.join(zone.name_servers) or 'not told'}")


@pytest.mark.fact("dns.records")
def test_records(judge: Judge, dns_records: DnsRecords) -> None:
    """Other records of the same name stand beside the documented one, or it is missing.

    Each takes a share of the requests. Where the name has none of its own, those of a wildcard count, which answer it.

    Not seen here: records of other types, such as HTTPS with addresses of its own, which browsers may follow.
    """
    judge(len(dns_records.records), note=dns_records.told)


@pytest.mark.fact("dns.type")
def test_type(judge: Judge, dns_records: DnsRecords) -> None:
    """The name points to addresses, past the tunnel, or the other way round.

    Not seen here: where it leads; see dns.target.
    """
    judge(dns_records.one.type, note=dns_records.told)


@pytest.mark.fact("dns.target")
def test_target(judge: Judge, dns_records: DnsRecords) -> None:
    """The record points to another tunnel, or to none.

    Requests end in error 1033 or 1016, or at somebody else's service.

    Not seen here: whether that tunnel is there, and connected; see tunnel.id and tunnel.status.
    """
    judge(dns_records.one.content, note=dns_records.told)


@pytest.mark.fact("dns.proxied")
def test_proxied(judge: Judge, dns_records: DnsRecords) -> None:
    """The record is a grey cloud.

    Clients get the tunnel's inner name, which leads nowhere, and Access does not protect anything.

    Not seen here: what the world is answered; see dns.resolvers_in_range.
    """
    judge(dns_records.one.proxied, note=dns_records.told)


@pytest.mark.fact("dns.ttl")
def test_ttl(judge: Judge, dns_records: DnsRecords) -> None:
    """The record has a TTL of its own (1 means automatic), as unproxied records have.

    Perhaps the proxy was off for a while.

    Not seen here: answers that resolvers keep from before.
    """
    judge(dns_records.one.ttl)


@pytest.mark.fact("dns.shadowed")
def test_shadowed(judge: Judge, dns_records: DnsRecords) -> None:
    """An NS record hands this name, or one above it, to other servers.

    Nobody asks for what the dashboard shows here.

    Not seen here: an NS record that the API does not show beside the record; dns.resolvers_in_range sees its
    effect.
    """
    record = dns_records.one
    judge(bool(record.shadowed_by), note=f"hidden by the NS records {', '.join(record.shadowed_by)}")


@pytest.mark.fact("dns.resolvers_in_range")
def test_resolvers_in_range(judge: Judge, resolver_answers: Answers, ip_ranges: IpRanges) -> None:
    """Public resolvers send clients to addresses that are not Cloudflare's, or to none.

    The record is not proxied, the zone is served elsewhere, or an old answer lives on in a cache.

    Not seen here: other resolvers than the target's, and whose name at Cloudflare it is that answers there.
    """
    judge(resolver_answers.within(ip_ranges.contains), note=resolver_answers.told)


@pytest.mark.fact("dns.authoritative_in_range")
def test_authoritative_in_range(judge: Judge, authoritative_answers: Answers, ip_ranges: IpRanges) -> None:
    """The zone's own servers do not answer with addresses of Cloudflare's.

    Resolvers will follow once their caches run out.

    Not seen here: further addresses of a server, of which one is asked.
    """
    judge(authoritative_answers.within(ip_ranges.contains), note=authoritative_answers.told)


@pytest.mark.fact("dns.cname_visible")
def test_cname_visible(judge: Judge, resolver_answers: Answers) -> None:
    """Resolvers show the record's target: the proxy is off, so requests pass neither Access nor the tunnel.

    Not seen here: what other resolvers than the target's show.
    """
    judge(resolver_answers.cname_visible, note=resolver_answers.told)
