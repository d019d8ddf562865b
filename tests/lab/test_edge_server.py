import asyncio
import datetime as dt
import re
import socket
import ssl
from collections.abc import AsyncIterator

import httpx
import pytest

from spark_lab.authority import LabAuthority
from spark_lab.tunnel.gate import Broken, NoConnector, TunnelRequest, TunnelResponse
from tests.lab.edge_client import Body, Client, FakeGate, with_edge
from tests.lab.edge_world import CANARY, CLIENT_ID, HOST, SERVICE_AUTH, TUNNEL, ZONE, a_world, record

TOKEN = {"CF-Access-Client-Id": CLIENT_ID, "CF-Access-Client-Secret": CANARY}


def test_a_request_reaches_the_tunnel_of_its_record_and_its_answer_comes_back() -> None:
    world = a_world()
    world.apps.clear()

    async def test(client: Client, gate: FakeGate) -> None:
        reply = await client.get("/api/tags?a=1%2F2", headers={"X-Forwarded-For": "198.51.100.1", "Cf-Ray": "forged"})
        assert (reply.status_code, reply.json()) == (200, {"models": []})
        assert reply.headers["server"] == "cloudflare"
        assert re.fullmatch(r"[0-9a-f]{16}-LAB", reply.headers["cf-ray"])
        tunnel_id, request = gate.requests[0]
        assert (tunnel_id, request.method, request.path, request.host) == (TUNNEL, "GET", "/api/tags?a=1%2F2", HOST)
        assert gate.headers["cf-ray"] == reply.headers["cf-ray"]
        assert gate.headers["cf-connecting-ip"] == "127.0.0.1"
        assert gate.headers["x-forwarded-for"] == "198.51.100.1, 127.0.0.1"
        assert gate.headers["cdn-loop"] == "cloudflare; loops=1"
        assert "host" not in gate.headers

    with_edge(world, test)


def test_a_token_gets_through_access_and_its_secret_does_not() -> None:
    async def test(client: Client, gate: FakeGate) -> None:
        reply = await client.get(headers=TOKEN)
        assert reply.status_code == 200
        assert CANARY not in str(gate.requests)
        assert "cf-access-client-secret" not in gate.headers
        assert gate.headers["cf-access-client-id"] == CLIENT_ID
        cookies = [value.partition("=")[0] for value in reply.headers.get_list("set-cookie")]
        assert cookies == ["CF_Authorization", "CF_AppSession"]
        claims = client.edge.keys.verified(
            gate.headers["cf-access-jwt-assertion"],
            world.apps["app-1"]["aud"],
            "https://goldteam.cloudflareaccess.com",
            dt.datetime.now(dt.UTC),
        )
        assert claims is not None
        assert (claims["sub"], claims["common_name"]) == ("", CLIENT_ID)
        [event] = world.access_log
        assert reply.headers["cf-ray"] == f"{event['cfRayId']}-LAB"

    world = a_world(SERVICE_AUTH)
    with_edge(world, test)


def test_headers_may_be_lost_on_a_visitors_way() -> None:
    async def test(client: Client, gate: FakeGate) -> None:
        client.edge.visitor.loses = ("cf-access-client-secret",)
        assert (await client.get(headers=TOKEN)).status_code == 403
        client.edge.heal()
        assert (await client.get(headers=TOKEN)).status_code == 200
        assert len(gate.requests) == 1

    with_edge(a_world(SERVICE_AUTH), test)


def test_an_origins_own_answer_passes_as_it_is() -> None:
    world = a_world()
    world.apps.clear()

    async def test(client: Client, gate: FakeGate) -> None:
        gate.answer = gate.empty_403
        reply = await client.get()
        assert (reply.status_code, reply.content, reply.headers["content-length"]) == (403, b"", "0")
        assert not {"cf-access-aud", "cf-mitigated", "cf-error-type"} & set(reply.headers)

    with_edge(world, test)


def test_each_chunk_arrives_before_the_next_is_made() -> None:
    world = a_world()
    world.apps.clear()

    async def test(client: Client, gate: FakeGate) -> None:
        body = Body()

        async def stream(_request: TunnelRequest) -> TunnelResponse:
            return TunnelResponse(
                200, [("content-type", "application/x-ndjson"), ("transfer-encoding", "chunked")], body
            )

        gate.answer = stream
        reply = await client.send("/api/generate")
        chunks = reply.aiter_bytes()
        for part in (b'{"response": "a"}\n', b'{"response": "b"}\n'):
            body.parts.put_nowait(part)
            assert await anext(chunks) == part
        body.parts.put_nowait(None)
        assert [chunk async for chunk in chunks] == []

    with_edge(world, test)


def test_an_upload_streams_to_the_origin() -> None:
    world = a_world()
    world.apps.clear()

    async def test(client: Client, gate: FakeGate) -> None:
        seen, more = asyncio.Event(), asyncio.Event()
        received: list[bytes] = []

        async def echo(request: TunnelRequest) -> TunnelResponse:
            async for part in request.body:
                received.append(part)
                seen.set()
            return await gate.ok(request)

        async def parts() -> AsyncIterator[bytes]:
            yield b"first"
            await more.wait()
            yield b"second"

        gate.answer = echo
        sending = asyncio.create_task(client.get("/api/push", method="POST", content=parts()))
        await seen.wait()
        assert received == [b"first"]
        more.set()
        assert (await sending).status_code == 200
        assert b"".join(received) == b"firstsecond"

    with_edge(world, test)


@pytest.mark.parametrize("stage", ["before the head", "in the middle"])
def test_a_client_that_goes_away_cancels_what_is_done_for_it(stage: str) -> None:
    world = a_world()
    world.apps.clear()

    async def test(client: Client, gate: FakeGate) -> None:
        body, asked, cancelled = Body(), asyncio.Event(), asyncio.Event()

        async def slow(_request: TunnelRequest) -> TunnelResponse:
            asked.set()
            if stage == "in the middle":
                body.parts.put_nowait(b"some")
                return TunnelResponse(200, [], body)
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()
            raise AssertionError

        gate.answer = slow
        if stage == "in the middle":
            reply = await client.send("/api/generate")
            assert await anext(reply.aiter_bytes()) == b"some"
            await reply.aclose()
            await asyncio.wait_for(body.closed.wait(), 60)
        else:
            sending = asyncio.create_task(client.get())
            await asked.wait()
            sending.cancel()
            await asyncio.wait_for(cancelled.wait(), 60)

    with_edge(world, test)


def test_a_body_that_breaks_off_does_not_look_complete() -> None:
    world = a_world()
    world.apps.clear()

    async def test(client: Client, gate: FakeGate) -> None:
        body = Body()

        async def breaks(_request: TunnelRequest) -> TunnelResponse:
            body.parts.put_nowait(b"half")
            body.parts.put_nowait(Broken("the connector is gone"))
            return TunnelResponse(200, [], body)

        gate.answer = breaks
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get()
        gate.answer = gate.ok
        assert (await client.get()).status_code == 200

    with_edge(world, test)


def test_a_tunnel_without_connections_is_error_1033_in_every_form() -> None:
    world = a_world()
    world.apps.clear()

    async def test(client: Client, gate: FakeGate) -> None:
        async def refuse(_request: TunnelRequest) -> TunnelResponse:
            raise NoConnector

        gate.answer = refuse
        told = await client.get(headers={"Accept": "application/json"})
        assert (told.status_code, told.headers["retry-after"]) == (530, "120")
        problem = told.json()
        assert {key: problem[key] for key in ("error_code", "cloudflare_error", "retryable", "retry_after")} == {
            "error_code": 1033, "cloudflare_error": True, "retryable": True, "retry_after": 120,
        }  # fmt: skip
        assert told.headers["cf-ray"].startswith(problem["ray_id"])
        assert (await client.get(headers={"Accept": "*/*"})).text == "error code: 1033"
        page = await client.get(headers={"Accept": "text/html"})
        assert "Error 1033" in page.text
        assert "Cloudflare Ray ID" in page.text

    with_edge(world, test)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ("deleted", 530, 1016), ("unknown", 530, 1016), ("no tunnel", 530, 1016), ("another account's", 403, 1014),
        ("an old tunnel", 403, 1014), ("Cloudflare's address", 403, 1000), ("another address", 523, 523),
    ],
)  # fmt: skip
def test_a_record_that_leads_nowhere_or_elsewhere_is_an_error(change: str, status: int, code: int) -> None:
    world = a_world()
    world.apps.clear()
    match change:
        case "deleted":
            world.tunnels[TUNNEL]["deleted_at"] = "2026-11-01T00:00:00Z"
        case "unknown":
            world.tunnels.clear()
        case "another account's":
            world.tunnels[TUNNEL]["account_tag"] = "account-2"
        case "an old tunnel":
            world.records["r1"]["content"] = f"{TUNNEL}.argotunnel.com"
        case "Cloudflare's address" | "another address":
            content = "198.51.100.7" if change == "Cloudflare's address" else "203.0.113.9"
            world.records["r1"].update(type="A", content=content)
            world.ip_ranges = {"ipv4_cidrs": ["198.51.100.0/24"], "ipv6_cidrs": []}
        case _:
            world.records["r1"]["content"] = "nowhere.example.net"

    async def test(client: Client, gate: FakeGate) -> None:
        reply = await client.get()
        assert (reply.status_code, reply.text) == (status, f"error code: {code}")
        assert gate.requests == []

    with_edge(world, test)


def test_connector_errors_broken_and_silent_tunnels() -> None:
    world = a_world()
    world.apps.clear()

    async def test(client: Client, gate: FakeGate) -> None:
        body = Body()

        async def failed(_request: TunnelRequest) -> TunnelResponse:
            return TunnelResponse(502, [], body, error="the origin is down")

        async def broken(_request: TunnelRequest) -> TunnelResponse:
            raise Broken("lost")

        async def silent(_request: TunnelRequest) -> TunnelResponse:
            await asyncio.Event().wait()
            raise AssertionError

        own = Body()

        async def refusing(_request: TunnelRequest) -> TunnelResponse:
            return TunnelResponse(504, [("content-type", "text/plain")], own)

        gate.answer = failed
        assert (await client.get()).status_code == 502
        assert body.closed.is_set()
        gate.answer = refusing
        assert (await client.get()).text == "error code: 504"
        assert own.closed.is_set()
        gate.answer = broken
        assert (await client.get()).text == "error code: 502"
        gate.answer = silent
        client.edge.pipeline.origin_timeout_s = 0.01
        assert (await client.get()).status_code == 524

    with_edge(world, test)


@pytest.mark.parametrize("change", ["no record", "unproxied", "paused"])
def test_a_host_that_is_not_proxied_is_error_1001(change: str) -> None:
    world = a_world()
    match change:
        case "no record":
            world.records.clear()
        case "unproxied":
            world.records["r1"]["proxied"] = False
        case _:
            world.zone["paused"] = True

    async def test(client: Client, _gate: FakeGate) -> None:
        reply = await client.get()
        assert (reply.status_code, reply.text) == (409, "error code: 1001")

    with_edge(world, test)


def test_the_certificate_can_be_changed_and_strangers_get_no_handshake() -> None:
    async def test(client: Client, _gate: FakeGate) -> None:
        async def connect(name: str | None) -> None:
            context = client.authority.client_context()
            context.check_hostname = name is not None
            _, writer = await asyncio.open_connection(
                "127.0.0.1", client.edge.port, ssl=context, server_hostname=name or ""
            )
            writer.close()

        await connect(HOST)
        await connect(ZONE)
        await connect("goldteam.cloudflareaccess.com")
        for stranger in ("example.net", None):
            with pytest.raises(OSError, match=r"^$|EOF|[Hh]andshake"):
                await connect(stranger)
        past = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
        client.edge.present(
            client.authority.server_context(HOST, not_before=past - dt.timedelta(days=9), not_after=past)
        )
        with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
            await connect(HOST)
        client.edge.present(client.authority.server_context("other.example.org"))
        with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
            await connect(HOST)
        client.edge.present(LabAuthority(client.authority.pem_path.parent).server_context(HOST))
        with pytest.raises(ssl.SSLCertVerificationError):
            await connect(HOST)
        client.edge.present(None)
        await connect(HOST)

    with_edge(a_world(), test)


def test_another_host_than_the_handshake_named_is_refused_without_a_trace() -> None:
    world = a_world(SERVICE_AUTH)
    world.records["r2"] = record("CNAME", f"other.{ZONE}", f"{TUNNEL}.cfargotunnel.com", proxied=True)

    async def test(client: Client, gate: FakeGate) -> None:
        reply = await client.get(host=HOST, sni=f"other.{ZONE}", headers=TOKEN | {"Accept": "application/json"})
        assert reply.status_code == 403
        assert "Cloudflare" not in reply.text
        assert not {"cf-access-aud", "cf-error-type"} & set(reply.headers)
        assert (gate.requests, world.firewall_log, world.access_log) == ([], [], [])

    with_edge(world, test)


def test_one_connection_serves_many_requests_refused_uploads_included() -> None:
    world = a_world(SERVICE_AUTH)

    async def test(client: Client, gate: FakeGate) -> None:
        streams = set()
        for attempt in range(3):
            reply = await client.get(method="POST", content=b"x" * 300_000, headers=TOKEN if attempt == 1 else {})
            assert reply.status_code == (200 if attempt == 1 else 403)
            streams.add(reply.extensions["network_stream"].get_extra_info("client_addr"))
        head = await client.get(method="HEAD")
        assert (head.status_code, head.content) == (403, b"")
        assert int(head.headers["content-length"]) > 0
        streams.add(head.extensions["network_stream"].get_extra_info("client_addr"))
        assert len(streams) == 1
        assert len(gate.requests) == 1

    with_edge(world, test)


def test_what_is_not_http_is_refused_and_the_edge_goes_on() -> None:
    async def test(client: Client, _gate: FakeGate) -> None:
        for junk in (b"\x00\x01\x02\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n"):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", client.edge.port, ssl=client.authority.client_context(), server_hostname=HOST
            )
            writer.write(junk)
            assert (await reader.readline()).startswith(b"HTTP/1.1 400")
            writer.close()
        assert (await client.get(headers={"X-Long": "x" * 20_000})).status_code == 400
        assert (await client.get("/" + "x" * 17_000)).status_code == 414

    with_edge(a_world(), test)


def test_the_keys_are_served_on_both_hosts_and_verify_the_metadata() -> None:
    async def test(client: Client, gate: FakeGate) -> None:
        import jwt

        metadata = await client.get(method="HEAD", headers={"cf-access-metadata-request": "true"})
        assert metadata.status_code == 200
        token = metadata.headers["cf-access-metadata"]
        for host in (HOST, "goldteam.cloudflareaccess.com"):
            certs = await client.get("/cdn-cgi/access/certs", host=host)
            key = jwt.PyJWKSet.from_dict(certs.json())[jwt.get_unverified_header(token)["kid"]]
            claims = jwt.decode(token, key, ["RS256"], options={"verify_aud": False})
            assert {key: claims[key] for key in ("type", "hostname", "auth_domain", "aud", "app_hostname")} == {
                "type": "match", "hostname": HOST, "auth_domain": "goldteam.cloudflareaccess.com",
                "aud": world.apps["app-1"]["aud"], "app_hostname": HOST,
            }  # fmt: skip
        client.edge.keys.rotate()
        certs = await client.get("/cdn-cgi/access/certs")
        assert len(certs.json()["keys"]) == 2
        assert gate.requests == []

    world = a_world(SERVICE_AUTH)
    with_edge(world, test)


def _refusal(client: Client, authority: LabAuthority) -> str:
    """Why a handshake fails, in OpenSSL's word; empty where it does not."""
    with socket.create_connection(("127.0.0.1", client.edge.port), timeout=60) as raw:
        try:
            authority.client_context().wrap_socket(raw, server_hostname=HOST).close()
        except ssl.SSLError as error:
            return error.reason or ""
    return ""


@pytest.mark.parametrize(
    ("change", "reason"),
    [("present_none", "SSLV3_ALERT_HANDSHAKE_FAILURE"), ("speak_old_tls", "TLSV1_ALERT_PROTOCOL_VERSION")],
)
def test_a_handshake_is_refused_with_its_reason_until_the_edge_is_healed(change: str, reason: str) -> None:
    async def test(client: Client, _gate: FakeGate) -> None:
        getattr(client.edge, change)()
        assert await asyncio.to_thread(_refusal, client, client.authority) == reason
        client.edge.pipeline.origin_timeout_s = 0
        client.edge.heal()
        assert await asyncio.to_thread(_refusal, client, client.authority) == ""
        assert client.edge.pipeline.origin_timeout_s > 100

    with_edge(a_world(), test)
