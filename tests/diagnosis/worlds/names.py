"""Settings of DNS and TLS: records, the zone, resolvers, certificates."""

from spark_lab.faults.bench import Bench
from spark_lab.faults.cloudflare import RECORDS, edited_record, other_records, switch
from spark_lab.faults.fault import Act, steps
from tests.diagnosis.worlds.setting import faults, setting


def _resolvers(**behaviour: object) -> Act:
    return steps(*(switch("dns", server=server, **behaviour) for server in ("resolver1", "resolver2")))


def _deny(bench: Bench) -> None:
    for server in ("resolver1", "resolver2"):
        bench.switch("dns", server=server, nxdomain=[bench.lab.hostname])


def _address_elsewhere(bench: Bench) -> None:
    for server in ("resolver1", "resolver2"):
        bench.switch("dns", server=server, addresses={bench.lab.hostname: ["127.0.0.9"]})


def _neighbour(kind: str, name: str, content: str, *, proxied: bool = False) -> Act:
    body = {"type": kind, "name": name, "content": content, "proxied": proxied}
    return lambda bench: bench.api("POST", RECORDS, body)


faults("record", "record-grey", "record-grey-with-ttl", "record-bare-address", causes=("dns-not-proxied",))
faults("record", "record-missing", "record-address", "record-twice", "record-other-tunnel", "record-strange-tunnel")
faults("record", "record-elsewhere", "record-shadowed")
setting(
    "record", "record-to-edge-address",
    other_records({"type": "A", "content": "127.0.0.2", "proxied": True}), "dns-address-record",
    "dns-prohibited-address",
)  # fmt: skip
setting(
    "record", "record-old-tunnel-domain", edited_record(content="0123456789.argotunnel.com"), "dns-record-elsewhere",
    "dns-other-account",
)  # fmt: skip
setting("record", "record-commented", edited_record(comment="the tunnel's"))
setting(
    "wildcard", "wildcard-record", _neighbour("A", "*.goldfish.io", "127.0.0.9", proxied=True), "dns-address-record"
)
setting("wildcard", "wildcard-grey", _neighbour("A", "*.goldfish.io", "127.0.0.9"), "dns-not-proxied")
setting("zone", "zone-paused", lambda bench: bench.api("PATCH", "zones/{zone}", {"paused": True}), "dns-zone-paused")
faults("zone", "zone-pending", "zone-moved")
setting("resolvers", "resolvers-servfail", _resolvers(rcode="SERVFAIL"), "dns-resolver-fails")
setting("resolvers", "resolvers-refuse", _resolvers(rcode="REFUSED"), "dns-resolver-fails")
setting("resolvers", "resolvers-silent", _resolvers(silent=True), "dns-resolver-silent", cost="host")
setting("resolvers", "resolvers-deny", _deny, "dns-resolver-denies")
setting("resolvers", "resolvers-old-address", _address_elsewhere, "dns-resolver-address")
setting("resolvers", "resolver-servfail-one", switch("dns", server="resolver1", rcode="SERVFAIL"))
faults("authoritative", "authoritative-refuses", "authoritative-other-answer")
for wrong in ("expired", "other-name", "other-authority", "missing", "expiring"):
    faults("certificate", f"public-certificate-{wrong}")
faults("certificate", "public-certificate-apex", causes=("tls-other-name",))
faults("certificate", "public-tls-old")
