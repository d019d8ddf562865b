"""What the connector does with requests, and what it counts: the table of the tunnel reference, row by row."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from spark_lab.connector.web import Exchange
from spark_lab.tunnel.gate import Broken
from tests.lab.tunnel_bench import HOST, NOW, TUNNEL, Bench, Metrics, Running, bench, fetch

TOTAL, ERRORS = "cloudflared_tunnel_total_requests", "cloudflared_tunnel_request_errors"


def code(status: int) -> str:
    return f'cloudflared_tunnel_response_by_code{{status_code="{status}"}}'


def moved(before: Metrics, after: Metrics) -> dict[str, float]:
    watched = {name for name in after if name in {TOTAL, ERRORS} or "response_by_code" in name}
    return {name: after[name] - before.get(name, 0) for name in watched if after[name] != before.get(name, 0)}


async def counted(lab: Bench, connector: Running, path: str = "/") -> tuple[int, bytes, dict[str, float]]:
    before = await connector.metrics()
    status, body = await lab.whole(path)
    return status, body, moved(before, await connector.metrics())


@pytest.mark.parametrize("status", [200, 403, 500])
def test_an_answer_of_the_origin_counts_by_its_status_and_is_not_logged(tmp_path: Path, status: int) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:

            async def origin(exchange: Exchange) -> None:
                await exchange.answer(status, b"said the origin")

            lab.configure(await lab.origin(origin))
            async with lab.connector() as connector:
                await connector.log.line("Updated to new configuration")
                assert await counted(lab, connector) == (status, b"said the origin", {TOTAL: 1, code(status): 1})
                connector.log.terminate()
                await connector.log.end()
                assert "event=1" not in connector.log.text

    asyncio.run(scenario())


def test_the_catch_all_answers_by_itself(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:
            lab.configure("http://127.0.0.1:1")
            async with lab.connector() as connector:
                await connector.log.line("Updated to new configuration")
                before = await connector.metrics()
                response = await lab.request(host="other.goldfish.io")
                assert (response.status, response.headers) == (404, [])
                assert [chunk async for chunk in response.body] == []
                assert moved(before, await connector.metrics()) == {TOTAL: 1, code(404): 1}

    asyncio.run(scenario())


def test_without_a_configuration_everything_is_503(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab, lab.connector() as connector:
            assert await counted(lab, connector) == (503, b"", {TOTAL: 1, code(503): 1})
            await connector.log.line("WRN No ingress rules were defined")
            assert (await connector.metrics())["cloudflared_orchestration_config_version"] == 0

    asyncio.run(scenario())


def test_a_dead_origin_is_502_with_two_errors(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:
            lab.configure("http://localhost:1")
            async with lab.connector() as connector:
                await connector.log.line("Updated to new configuration")
                before = await connector.metrics()
                response = await lab.request("/api/tags")
                assert response.status == 502
                assert response.error is not None
                assert moved(before, await connector.metrics()) == {TOTAL: 1, ERRORS: 1}
                first = await connector.log.line("ERR")
                assert (
                    'ERR  error="Unable to reach the origin service. The service may be down or it may not be' in first
                )
                assert "dial tcp 127.0.0.1:1: connect: connection refused" in first
                assert "event=1 ingressRule=0 originService=http://localhost:1" in first
                second = await connector.log.line("ERR Request failed")
                assert f"dest=https://{HOST}/api/tags event=0" in second

    asyncio.run(scenario())


def test_an_origin_that_breaks_off_counts_as_an_error(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:

            async def origin(exchange: Exchange) -> None:
                await exchange.start(200, [("Content-Length", "100")])
                await exchange.send(b"too short")

            lab.configure(await lab.origin(origin))
            async with lab.connector() as connector:
                await connector.log.line("Updated to new configuration")
                before = await connector.metrics()
                with pytest.raises(Broken, match="reset"):
                    await lab.whole()
                assert moved(before, await connector.metrics()) == {TOTAL: 1, ERRORS: 1}

    asyncio.run(scenario())


def test_a_client_that_leaves_in_the_middle_is_an_error_and_frees_the_origin(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:
            left = asyncio.Event()

            async def origin(exchange: Exchange) -> None:
                await exchange.start(200, [])
                await exchange.send(b"one")
                try:
                    while True:
                        await exchange.send(b"more" * 10_000)
                finally:
                    left.set()

            lab.configure(await lab.origin(origin))
            async with lab.connector() as connector:
                await connector.log.line("Updated to new configuration")
                before = await connector.metrics()
                response = await lab.request()
                await anext(response.body)
                await response.body.aclose()
                await connector.log.lines_of("ERR", 2)
                assert moved(before, await connector.metrics()) == {TOTAL: 1, ERRORS: 1}
                async with asyncio.timeout(60):
                    await left.wait()

    asyncio.run(scenario())


def test_a_client_that_leaves_before_the_answer_is_an_error(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:
            asked, go_on = asyncio.Event(), asyncio.Event()

            async def origin(exchange: Exchange) -> None:
                asked.set()
                await go_on.wait()
                await exchange.answer(200)

            lab.configure(await lab.origin(origin))
            async with lab.connector() as connector:
                await connector.log.line("Updated to new configuration")
                before = await connector.metrics()
                request = asyncio.create_task(lab.request())
                await asked.wait()
                request.cancel()
                await connector.log.line("Incoming request ended abruptly: context canceled")
                await connector.log.line("ERR Request failed")
                assert moved(before, await connector.metrics()) == {TOTAL: 1, ERRORS: 1}
            go_on.set()

    asyncio.run(scenario())


def test_a_body_streams_chunk_by_chunk(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:
            go_on = asyncio.Event()

            async def origin(exchange: Exchange) -> None:
                await exchange.start(200, [("Content-Type", "application/x-ndjson")])
                await exchange.send(b"first\n")
                await go_on.wait()
                await exchange.send(b"second\n")

            lab.configure(await lab.origin(origin))
            async with lab.connector() as connector:
                await connector.log.line("Updated to new configuration")
                response = await lab.request()
                assert ("content-type", "application/x-ndjson") in [(key.lower(), v) for key, v in response.headers]
                assert await anext(response.body) == b"first\n", "must come before the origin goes on"
                go_on.set()
                assert await anext(response.body) == b"second\n"
                with pytest.raises(StopAsyncIteration):
                    await anext(response.body)

    asyncio.run(scenario())


def test_megabytes_go_both_ways_while_others_are_served(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:

            async def origin(exchange: Exchange) -> None:
                await exchange.answer(200, await exchange.body())

            async def body() -> AsyncIterator[bytes]:
                for _ in range(40):
                    yield b"x" * 100_000

            lab.configure(await lab.origin(origin))
            async with lab.connector() as connector:
                await connector.log.line("Updated to new configuration")
                large = asyncio.create_task(lab.request(method="POST", body=body()))
                small = await asyncio.gather(*(lab.whole("/small") for _ in range(20)))
                assert {status for status, _ in small} == {200}
                response = await large
                assert sum([len(chunk) async for chunk in response.body]) == 4_000_000

    asyncio.run(scenario())


def test_headers_reach_the_origin_as_cloudflared_sends_them(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:
            seen: list[Exchange] = []

            async def origin(exchange: Exchange) -> None:
                seen.append(exchange)
                await exchange.answer(204)

            url = await lab.origin(origin)
            lab.configure(url)
            async with lab.connector() as connector:
                await connector.log.line("Updated to new configuration")
                await lab.request("/api/tags?a=b", headers=[("cf-ray", "r-FRA"), ("x-forwarded-for", "192.0.2.1")])
                lab.configure(url, httpHostHeader="localhost:11434")
                await connector.log.line("Updated to new configuration")
                await lab.request("/api/tags")
                plain, rewritten = seen
                assert plain.target == "/api/tags?a=b"
                assert (plain.header("host"), plain.header("x-forwarded-host")) == (HOST, "")
                assert (rewritten.header("host"), rewritten.header("x-forwarded-host")) == ("localhost:11434", HOST)
                (connector_id,) = lab.world.connectors[TUNNEL]
                assert plain.header("cf-warp-tag-id") == connector_id
                assert plain.header("x-forwarded-for") == "192.0.2.1"

    asyncio.run(scenario())


def test_the_access_validator_refuses_a_request_without_a_token(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:
            lab.configure("http_status:200", access={"required": True, "teamName": "goldfish", "audTag": ["aud"]})
            async with lab.connector() as connector:
                await connector.log.line("Updated to new configuration")
                assert await counted(lab, connector) == (403, b"", {TOTAL: 1, ERRORS: 1})
                line = await connector.log.line("ERR")
                assert "middleware handler (AccessJWTValidator) due to: no access token in request" in line

    asyncio.run(scenario())


def test_https_origins_are_verified_unless_told_otherwise(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:
            port = lab.server.addresses[0].rpartition(":")[2]  # speaks TLS under another name, and no HTTP
            lab.configure(f"https://localhost:{port}")
            async with lab.connector() as connector:
                await connector.log.line("Updated to new configuration")
                assert (await lab.whole())[0] == 502
                await connector.log.line("tls: failed to verify certificate: x509:")
                lab.configure(f"https://localhost:{port}", noTLSVerify=True)
                await connector.log.line("Updated to new configuration")
                lab.server.switches.unreachable = True
                assert (await lab.whole())[0] == 502
                await connector.log.line("Unable to reach the origin service.*: (EOF|read tcp)")

    asyncio.run(scenario())


def test_the_metrics_server_answers_as_documented(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:
            lab.world.configure(TUNNEL, {"ingress": [{"service": "http_status:200"}]}, NOW)
            async with lab.connector() as connector:
                (connector_id,) = lab.world.connectors[TUNNEL]
                ready = f'{{"status":200,"readyConnections":4,"connectorId":"{connector_id}"}}'
                assert await connector.get("/ready") == (200, ready)
                assert await connector.get("/healthcheck") == (200, "OK\n")
                assert (await connector.get("/nothing"))[0] == 404
                assert (await connector.get("/debug/pprof/cmdline"))[0] == 403
                assert '"connections":[{"isConnected":true,"protocol":1' in (await connector.get("/diag/tunnel"))[1]
                assert '"no-autoupdate":"true"' in (await connector.get("/diag/configuration"))[1]
                assert '"cloudflaredVersion":"2026.8.2"' in (await connector.get("/diag/system"))[1]
                metrics = await connector.metrics()
                assert metrics["cloudflared_tunnel_ha_connections"] == 4
                places = [value for name, value in metrics.items() if "server_locations" in name]
                assert places == [1, 1, 1, 1]
                assert any(name.startswith("build_info{") and "2026.8.2" in name for name in metrics)
                assert await fetch(connector.port, "/ready", "Host: anything\r\n") == (200, ready)

    asyncio.run(scenario())
