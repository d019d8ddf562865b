import asyncio
from collections.abc import Awaitable, Callable

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import pytest

from spark_lab.dns import NameServers, serve
from spark_lab.world import World
from tests.lab.edge_world import HOST, ZONE, a_world, record

PATIENT_S = 60.0
IMPATIENT_S = 0.05


def with_servers(world: World, test: Callable[[NameServers], Awaitable[None]]) -> None:
    async def run() -> None:
        servers = await serve(world)
        try:
            await test(servers)
        finally:
            await servers.close()
        for address in servers.resolvers:
            with pytest.raises(OSError, match="onnect"):
                await asyncio.open_connection(*address.split(":"))

    asyncio.run(run())


async def ask(server: str, name: str = HOST, rtype: str = "A", *, tcp: bool = False, timeout: float = PATIENT_S):  # type: ignore[no-untyped-def]  # noqa: ANN201, ASYNC109 - dnspython's
    host, port = server.split(":")
    send = dns.asyncquery.tcp if tcp else dns.asyncquery.udp
    return await send(dns.message.make_query(name, rtype), host, timeout=timeout, port=int(port))


def addresses(reply: dns.message.Message) -> list[str]:
    return [str(item) for rrset in reply.answer for item in rrset]


def test_all_servers_answer_over_udp_and_tcp_alike() -> None:
    async def test(servers: NameServers) -> None:
        assert (len(servers.resolvers), len(servers.authoritative)) == (2, 1)
        for server in servers.resolvers + servers.authoritative:
            for tcp in (False, True):
                reply = await ask(server, tcp=tcp)
                assert addresses(reply) == ["127.0.0.1"]
                own = server in servers.authoritative
                assert (bool(reply.flags & dns.flags.AA), bool(reply.flags & dns.flags.RA)) == (own, not own)
        for rtype in ("AAAA", "HTTPS"):
            reply = await ask(servers.resolvers[0], rtype=rtype)
            assert (reply.rcode(), reply.answer) == (dns.rcode.NOERROR, [])
        gone = await ask(servers.authoritative[0], f"gone.{ZONE}")
        assert (gone.rcode(), len(gone.authority)) == (dns.rcode.NXDOMAIN, 1)

    with_servers(a_world(), test)


def test_a_change_in_the_world_shows_in_the_next_answer() -> None:
    world = a_world()

    async def test(servers: NameServers) -> None:
        world.records["r1"]["proxied"] = False
        reply = await ask(servers.resolvers[0])
        assert "cfargotunnel.com" in addresses(reply)[0]
        world.records.clear()
        assert (await ask(servers.resolvers[0])).rcode() == dns.rcode.NXDOMAIN

    with_servers(world, test)


def test_an_answer_too_long_for_udp_sends_the_client_to_tcp() -> None:
    world = a_world()
    world.records |= {f"t{at}": record("TXT", f"long.{ZONE}", f"{at}" * 250) for at in range(8)}

    async def test(servers: NameServers) -> None:
        host, port = servers.resolvers[0].split(":")
        query = dns.message.make_query(f"long.{ZONE}", "TXT")
        short = await dns.asyncquery.udp(query, host, timeout=PATIENT_S, port=int(port))
        assert short.flags & dns.flags.TC
        assert short.answer == []
        full, used_tcp = await dns.asyncquery.udp_with_fallback(query, host, timeout=PATIENT_S, port=int(port))
        assert used_tcp
        assert len(full.answer[0]) == 8

        servers.behaviours[servers.resolvers[0]].truncated = True
        assert (await ask(servers.resolvers[0])).flags & dns.flags.TC
        assert addresses(await ask(servers.resolvers[0], tcp=True)) == ["127.0.0.1"]

    with_servers(world, test)


def test_each_server_misbehaves_alone_and_recovers() -> None:
    async def test(servers: NameServers) -> None:
        first, second = servers.resolvers
        behaviour = servers.behaviours[first]

        behaviour.rcode = "SERVFAIL"
        assert (await ask(first)).rcode() == dns.rcode.SERVFAIL
        assert addresses(await ask(second)) == ["127.0.0.1"]
        behaviour.rcode = None

        behaviour.silent = True
        for tcp in (False, True):
            with pytest.raises(dns.exception.Timeout):
                await ask(first, tcp=tcp, timeout=IMPATIENT_S)
        behaviour.silent = False

        behaviour.refuses_tcp = True
        with pytest.raises((EOFError, ConnectionError)):  # closed with the query unread, or read
            await ask(first, tcp=True)
        behaviour.refuses_tcp = False

        behaviour.delay_s = 60
        with pytest.raises(dns.exception.Timeout):
            await ask(first, timeout=IMPATIENT_S)
        behaviour.delay_s = 0.01
        behaviour.addresses[HOST] = ["203.0.113.5"]
        assert addresses(await ask(first)) == ["203.0.113.5"]

    with_servers(a_world(), test)


def test_what_is_no_query_gets_no_answer_and_harms_nobody() -> None:
    async def test(servers: NameServers) -> None:
        host, port = servers.resolvers[0].split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"\x00\x03abc" + b"\x00\x0c" + bytes(12))
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=(host, int(port))
        )
        for junk in (b"", b"x", bytes(12), b"\xff" * 40):
            transport.sendto(junk)
        assert addresses(await ask(servers.resolvers[0])) == ["127.0.0.1"]
        transport.close()
        writer.close()
        assert not reader.at_eof()

    with_servers(a_world(), test)
