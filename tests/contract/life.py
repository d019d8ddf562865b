"""A connector's life: start, refusals, losses, fallback, configurations, end."""

import asyncio
import json
import signal
import time
from typing import Any

from spark_lab.connector.web import Exchange
from tests.contract.bench import NOW, OPEN, SECRET, Bench, Connector, token
from tests.contract.masking import shapes
from tests.lab.edge_world import TUNNEL

_FAMILIES = ("cloudflared_orchestration", "cloudflared_tunnel_", "build_info")
_ONE_OF_TWO = ("INF Lost connection with the edge", "ERR failed to serve incoming request")
"""Over HTTP/2 a loss is noticed by the connection or by its control stream, whichever is first, or by both."""
_CATCH_ALL = "http_status:204"
_UNACCEPTABLE: dict[str, dict[str, Any]] = {
    "last rule is not for all": {"ingress": [{"hostname": OPEN, "service": _CATCH_ALL}]},
    "no scheme": {"ingress": [{"service": "localhost:1"}]},
    "path in the service": {"ingress": [{"service": "http://localhost:1/x"}]},
    "status is none": {"ingress": [{"service": "http_status:x"}]},
    "two for all": {"ingress": [{"service": _CATCH_ALL}, {"service": _CATCH_ALL}]},
    "wildcard": {"ingress": [{"hostname": "a.*.b", "service": _CATCH_ALL}, {"service": _CATCH_ALL}]},
    "port in the host": {"ingress": [{"hostname": "a:1", "service": _CATCH_ALL}, {"service": _CATCH_ALL}]},
    "access without team": {
        "ingress": [{"service": _CATCH_ALL, "originRequest": {"access": {"required": True, "audTag": ["x"]}}}]
    },
}


async def start(bench: Bench, protocol: str) -> dict[str, Any]:
    """From nothing to four connections with a configuration; what the metrics server tells of them."""
    version = bench.configure({"hostname": OPEN, "service": "http://127.0.0.1:9"})
    began = time.monotonic()
    async with bench.connector(protocol) as connector:
        took = time.monotonic() - began
        await connector.configured(version)
        await bench.ask()
        await connector.idle()
        (kept,) = bench.world.connectors[TUNNEL].values()
        metrics = await connector.metrics()
        config = json.loads((await connector.get("/config"))[1])
        for rule in config["config"]["ingress"]:
            rule["service"] = rule["service"].replace("http://127.0.0.1:9", "<origin>")
        return {
            "seconds": round(took, 1),
            "log": shapes([line for line in connector.log.lines if "event=1" not in line and "Request" not in line]),
            "registered": [kept.arch.partition("_")[0], sorted(kept.connections), kept.config_version],
            "data centres": len({connection.colo[:3] for connection in kept.connections.values()}),
            "ready": (await connector.get("/ready"))[0],
            "ready body": json.loads((await connector.get("/ready"))[1]) | {"connectorId": "<uuid>"},
            "connector": json.loads((await connector.get("/ready"))[1])["connectorId"] == kept.id,
            "healthcheck": await connector.get("/healthcheck"),
            "config": config,
            "nothing": (await connector.get("/nothing"))[0],
            "cmdline": (await connector.get("/debug/pprof/cmdline"))[0],
            "quicktunnel": await connector.get("/quicktunnel"),
            "families": await _families(connector),
            "gauges": {
                name: metrics[name]
                for name in ("cloudflared_tunnel_ha_connections", "cloudflared_orchestration_config_version")
            },
            "locations": sorted(value for name, value in metrics.items() if "server_locations" in name),
            "registrations": metrics['cloudflared_tunnel_tunnel_register_success{rpcName="registerConnection"}'],
            "diagnosis": await _diagnosis(connector),
        }


async def _families(connector: Connector) -> list[str]:
    """The families that matter here, each with its type and its help."""
    lines = (await connector.get("/metrics"))[1].splitlines()
    told = [line.partition(" ")[2] for line in lines if line.startswith("#")]
    return sorted(line for line in told if line.partition(" ")[2].startswith(_FAMILIES))


async def _diagnosis(connector: Connector) -> Any:
    tunnel = json.loads((await connector.get("/diag/tunnel"))[1])
    connections = [{**one, "edgeAddress": "<address>"} for one in tunnel["connections"]]
    return {"keys": sorted(tunnel), "connections": sorted(connections, key=lambda one: one.get("index", 0))}


async def unauthorised(bench: Bench, protocol: str) -> dict[str, Any]:
    """The token's secret is not the tunnel's any more."""
    bench.world.tunnel_secrets[TUNNEL] = b"rotated" * 5
    async with bench.connector(protocol, ready=0) as connector:
        await connector.log.wait("Retrying connection", 2)
        lines = shapes(connector.log.lines)
        metrics = await connector.metrics()
        refused = [value for name, value in metrics.items() if "tunnel_register_fail{" in name]
        ready = await connector.ready()
        bench.world.tunnel_secrets[TUNNEL] = SECRET
        await connector.becomes_ready(4)
        return {"log": lines, "ready": ready, "counted": bool(refused), "comes back": True}


async def refused(bench: Bench, protocol: str) -> dict[str, Any]:
    """The first connection is refused for another cause."""
    bench.server.switches.refuse = {0}
    async with bench.connector(protocol, ready=0) as connector:
        if protocol == "http2":
            code = await connector.log.end()
            return {"exit": code, "log": shapes(connector.log.lines)}
        await connector.log.wait("Retrying connection", 2)
        return {"exit": None, "log": shapes(connector.log.lines)}


async def one_refused(bench: Bench, protocol: str) -> dict[str, Any]:
    """One of the later connections is refused, and then is not."""
    bench.server.switches.refuse = {3}
    async with bench.connector(protocol, ready=3) as connector:
        await connector.log.wait("Connection terminated")
        lines, ready = shapes(connector.log.lines), await connector.ready()
        bench.server.switches.refuse = set()
        await connector.becomes_ready(4)
        return {"log": lines, "ready": ready}


async def one_dropped(bench: Bench, protocol: str) -> dict[str, Any]:
    return await _dropped(bench, protocol, {2})


async def all_dropped(bench: Bench, protocol: str) -> dict[str, Any]:
    return await _dropped(bench, protocol, {0, 1, 2, 3})


async def _dropped(bench: Bench, protocol: str, indexes: set[int]) -> dict[str, Any]:
    """The edge breaks connections, which come back."""
    bench.configure()
    async with bench.connector(protocol) as connector:
        start = len(connector.log.lines)
        began = time.monotonic()
        bench.server.drop(indexes)
        await connector.log.wait("Registered tunnel connection", len(indexes), start)
        took = time.monotonic() - began
        await connector.becomes_ready(4)
        metrics = await connector.metrics()
        return {
            "seconds": round(took, 1),
            "log": [line for line in shapes(connector.log.lines[start:]) if not line.startswith(_ONE_OF_TWO)],
            "attempts": metrics["cloudflared_tunnel_ha_connections"],
        }


async def unreachable(bench: Bench, protocol: str) -> dict[str, Any]:
    """Nobody is at the edge's addresses."""
    edge = ",".join(f"127.0.0.1:{port}" for port in range(1, 9))
    async with bench.connector(protocol, ready=0, TUNNEL_EDGE=edge) as connector:
        await connector.log.wait("Retrying connection", 2)
        ready, metrics = await connector.ready(), await connector.metrics()
        lines = shapes(connector.log.lines)
        connector.log.process.send_signal(signal.SIGTERM)
        code = await connector.log.end()
        return {"log": lines, "ready": ready, "attempts": metrics["cloudflared_tunnel_ha_connections"], "exit": code}


async def fallback(bench: Bench, protocol: str) -> dict[str, Any]:
    """UDP is dead, and another protocol may be chosen."""
    bench.server.switches.dead_udp = set(range(8))
    words = ("tunnel", "--no-autoupdate", "--max-edge-addr-retries", "0", "run")
    async with bench.connector(protocol, *words) as connector:
        return {"log": shapes(connector.log.lines), "ready": await connector.ready()}


async def drain(bench: Bench, protocol: str) -> dict[str, Any]:
    """SIGTERM while a request is under way: it is finished."""
    go_on = asyncio.Event()

    async def origin(exchange: Exchange) -> None:
        await exchange.start(200, [])
        await exchange.send(b"begun ")
        await go_on.wait()
        await exchange.send(b"and done")

    version = bench.configure({"hostname": OPEN, "service": await bench.origin(origin)})
    async with bench.connector(protocol) as connector:
        await connector.configured(version)
        response = await bench.ask()
        said = [await anext(response.body)]
        start = len(connector.log.lines)
        connector.log.process.send_signal(signal.SIGTERM)
        await connector.log.wait("Unregistered tunnel connection", 4)
        left = len(bench.world.connectors.get(TUNNEL, {}))
        go_on.set()
        said += [chunk async for chunk in response.body]
        return {
            "said": b"".join(said).decode(),
            "connectors left": left,
            "exit": await connector.log.end(),
            "log": shapes(connector.log.lines[start:]),
            "errors": any("event=1" in line for line in connector.log.lines[start:]),
        }


async def end(bench: Bench, protocol: str) -> dict[str, Any]:
    """SIGTERM while nothing is under way."""
    async with bench.connector(protocol) as connector:
        start = len(connector.log.lines)
        began = time.monotonic()
        connector.log.process.send_signal(signal.SIGTERM)
        code = await connector.log.end()
        return {
            "exit": code,
            "seconds": round(time.monotonic() - began, 1),
            "log": shapes(connector.log.lines[start:]),
        }


async def configurations(bench: Bench, protocol: str) -> dict[str, Any]:
    """None, one, a newer one, one that is not acceptable, an older one."""
    async with bench.connector(protocol) as connector:
        found: dict[str, Any] = {"none": await _configured(bench, connector)}
        first = bench.configure({"hostname": OPEN, "service": _CATCH_ALL})
        await connector.configured(first)
        found["first"] = await _configured(bench, connector)
        second = bench.configure({"hostname": OPEN, "service": "http_status:418"})
        await connector.configured(second)
        found["second"] = await _configured(bench, connector)
        for name, config in _UNACCEPTABLE.items():
            start = len(connector.log.lines)
            bench.world.configure(TUNNEL, config, NOW)
            await connector.log.wait("Failed to deserialize", 1, start)
            await connector.log.quiet(bench.subject.quiet_s / 4)
            lines = [line.partition(" config=")[0] for line in connector.log.lines[start:]]
            found[name] = {"log": shapes(lines), **await _configured(bench, connector)}
        last = int(bench.world.configure(TUNNEL, {"ingress": []}, NOW)["version"])
        await connector.configured(last)
        found["no rules"] = await _configured(bench, connector)
        (kept,) = bench.world.connectors[TUNNEL].values()
        found["acknowledged"] = kept.config_version == last
        return found


async def _configured(bench: Bench, connector: Connector) -> dict[str, Any]:
    said = json.loads((await connector.get("/config"))[1])
    metrics = await connector.metrics()
    return {
        "version": said["version"],
        "services": [rule["service"] for rule in said["config"]["ingress"]],
        "gauge": metrics["cloudflared_orchestration_config_version"],
        "answers": (await bench.ask()).status,
    }


async def tokens(bench: Bench, protocol: str) -> dict[str, Any]:
    """Which token counts, of several."""
    file = bench.directory / "token"
    file.write_text(token() + "\n", encoding="ascii")
    wrong, run = token(b"y" * 32), ["tunnel", "run"]
    connects: dict[str, Any] = {}
    for name, words, environment in (
        ("flag before environment", [*run, "--token", token()], {"TUNNEL_TOKEN": wrong}),
        ("environment before file", [*run, "--token-file", str(file)], {"TUNNEL_TOKEN": wrong}),
        ("file", [*run, "--token-file", str(file)], {"TUNNEL_TOKEN": ""}),
        ("file in the environment", run, {"TUNNEL_TOKEN": "", "TUNNEL_TOKEN_FILE": str(file)}),
        ("line feed in the environment", run, {"TUNNEL_TOKEN": token() + "\n"}),
        ("another variable beside", run, {"CLOUDFLARE_TUNNEL_TOKEN": token().rstrip("=")}),
    ):
        async with bench.connector(protocol, *words, ready=0, **environment) as connector:
            await connector.log.wait("Registered tunnel connection|Retrying connection")
            connects[name] = {
                "connects": "Registered" in connector.log.text,
                "token in the log": any(part in connector.log.text for part in (token().rstrip("="), wrong)),
                "told": shapes([line for line in connector.log.lines if "Settings" in line or "Environmental" in line]),
            }
    return connects
