"""The edge's side of the tunnel: who may register, what is kept of it, and how requests find their way."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from spark_lab.connector.web import Exchange
from spark_lab.tunnel.gate import Broken, NoConnector
from spark_lab.tunnel.registry import Refused, Registration, Switches, admit, erase, record
from spark_lab.tunnel.wire.registration import RegisterRequest
from tests.lab.tunnel_bench import ACCOUNT, NOW, SECRET, TUNNEL, bench, ingress, new_world, tracked

CONNECTOR = "11111111-2222-4333-8444-555555555555"


def registration(**changed: Any) -> Registration:
    said: dict[str, Any] = {
        "tunnel_id": UUID(TUNNEL).bytes, "connector_id": UUID(CONNECTOR).bytes, "index": 0, "version": "2026.8.2",
        "arch": "linux_arm64", "account": ACCOUNT, "secret": SECRET,
    }  # fmt: skip
    return Registration.of(RegisterRequest(**{**said, **changed}))


def test_the_right_token_is_admitted() -> None:
    admit(new_world(), Switches(), registration())


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"secret": b"another"}, "Unauthorized: Invalid tunnel secret"),
        ({"account": "f" * 32}, "Unauthorized: Failed to get tunnel"),
        ({"tunnel_id": bytes(16)}, "Unauthorized: Failed to get tunnel"),
    ],
)
def test_a_foreign_token_is_refused(changed: dict[str, Any], cause: str) -> None:
    with pytest.raises(Refused, match=cause):
        admit(new_world(), Switches(), registration(**changed))


def test_a_deleted_tunnel_refuses() -> None:
    world = new_world()
    world.tunnels[TUNNEL]["deleted_at"] = NOW
    with pytest.raises(Refused, match="Record for tunnel not found"):
        admit(world, Switches(), registration())


@pytest.mark.parametrize("said", [{"tunnel_id": b""}, {"connector_id": b"short"}])
def test_an_incomplete_registration_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="incomplete"):
        registration(**said)


def test_switches_refuse_an_index_and_limit_the_number() -> None:
    world = new_world()
    with pytest.raises(Refused, match="refused by the edge"):
        admit(world, Switches(refuse={0}), registration())
    record(world, registration(), "fra08", "127.0.0.1", pending=False)
    admit(world, Switches(limit=1), registration())
    with pytest.raises(Refused):
        admit(world, Switches(limit=1), registration(index=1))


def test_the_secret_does_not_print() -> None:
    assert str(SECRET) not in repr(registration())
    assert repr(SECRET) not in repr(registration())


def test_the_world_forgets_a_connector_with_its_last_connection() -> None:
    world = new_world()
    first = record(world, registration(), "fra08", "127.0.0.1", pending=False)
    second = record(world, registration(index=1), "ams16", "127.0.0.1", pending=True)
    assert world.connectors[TUNNEL][CONNECTOR].connections[1].pending_reconnect
    erase(world, registration(), second)
    erase(world, registration(), first)
    assert set(world.connectors[TUNNEL][CONNECTOR].connections) == {1}, "another index's connection must stay"
    erase(world, registration(index=1), second)
    assert world.connectors[TUNNEL] == {}


def test_four_connections_are_kept_in_the_world(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:
            lab.configure("http_status:204")
            async with lab.connector(SPARK_LAB_ARCH="arm64", SPARK_LAB_VERSION="2026.1.0") as connector:
                await connector.log.line("Updated to new configuration")
                await lab.whole("/")
                (kept,) = lab.world.connectors[TUNNEL].values()
                assert (kept.version, kept.arch) == ("2026.1.0", "linux_arm64")
                assert kept.config_version == 1
                assert sorted(kept.connections) == [0, 1, 2, 3]
                places = {connection.colo[:3] for connection in kept.connections.values()}
                assert len(places) == 2, "connections stand in two data centres"
                assert {connection.origin_ip for connection in kept.connections.values()} == {"127.0.0.1"}
                assert f'"connectorId":"{kept.id}"' in (await connector.get("/ready"))[1]

    asyncio.run(scenario())


def test_without_a_connector_there_is_no_way(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:
            with pytest.raises(NoConnector):
                await lab.request()

    asyncio.run(scenario())


def test_pending_connections_get_no_requests(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:
            lab.configure("http_status:204")
            async with lab.connector():
                tracked(lab.world, {0, 1, 2, 3})
                with pytest.raises(NoConnector):
                    await lab.request()
                tracked(lab.world, {0, 1, 2})
                assert (await lab.whole())[0] == 204
                (kept,) = lab.world.connectors[TUNNEL].values()
                assert [kept.connections[index].pending_reconnect for index in range(4)] == [True, True, True, False]

    asyncio.run(scenario())


def test_requests_take_turns_on_the_connections(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:
            lab.configure("http://127.0.0.1:1")
            async with lab.connector() as connector:
                await connector.log.line("Updated to new configuration")
                for _ in range(8):
                    assert (await lab.whole())[0] == 502
                lines = await connector.log.lines_of("Request failed", 8)
                assert all(sum(f"connIndex={index}" in line for line in lines) == 2 for index in range(4))

    asyncio.run(scenario())


def test_a_new_configuration_is_pushed_at_once_and_a_bad_one_changes_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:
            lab.configure("http_status:201")
            async with lab.connector() as connector:
                await connector.log.line("Updated to new configuration .* version=1$")
                lab.configure("http_status:202")
                await connector.log.line("Updated to new configuration .* version=2$")
                assert (await lab.whole())[0] == 202
                only = {"ingress": ingress("http_status:203")["ingress"][:1]}  # type: ignore[index]
                lab.world.configure(TUNNEL, only, NOW)
                line = await connector.log.line("Failed to deserialize new configuration")
                assert 'error="The last ingress rule must match all URLs' in line
                assert line.endswith("version=3")
                assert (await lab.whole())[0] == 202
                (kept,) = lab.world.connectors[TUNNEL].values()
                assert kept.config_version == 2
                assert (await connector.metrics())["cloudflared_orchestration_config_version"] == 2
                assert '"version":2' in (await connector.get("/config"))[1]

    asyncio.run(scenario())


def test_a_tunnel_that_is_not_remotely_managed_gets_no_configuration(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:
            lab.world.tunnels[TUNNEL]["config_src"] = "local"
            lab.configure("http_status:201")
            local = tmp_path / "config.yml"
            local.write_text("ingress:\n  - service: http_status:418\n", encoding="utf-8")
            async with lab.connector("tunnel", "--config", str(local), "run") as connector:
                assert (await lab.whole())[0] == 418
                assert '"version":-1' in (await connector.get("/config"))[1]
                connector.log.terminate()  # one that is killed keeps its connections for as long as QUIC waits for it
                await connector.log.end()
            lab.world.tunnels[TUNNEL]["config_src"] = "cloudflare"
            async with lab.connector("tunnel", "--config", str(local), "run") as connector:
                await connector.log.line("Updated to new configuration")
                assert (await lab.whole())[0] == 201, "the remote configuration has precedence over a local file"

    asyncio.run(scenario())


def test_a_dropped_connection_comes_back(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:
            lab.configure("http_status:204")
            async with lab.connector() as connector:
                (kept,) = lab.world.connectors[TUNNEL].values()
                before = kept.connections[2].id
                connector.log.mark()
                lab.server.drop({2})
                assert 2 not in kept.connections
                await connector.log.line("WRN Serve tunnel error .*connIndex=2")
                await connector.log.line(r"Retrying connection in up to 1s connIndex=2")
                await connector.log.line("Registered tunnel connection connIndex=2")
                assert kept.connections[2].id != before
                connector.log.mark()
                lab.server.drop()
                await connector.log.lines_of("Registered tunnel connection", 4)
                assert (await lab.whole())[0] == 204

    asyncio.run(scenario())


def test_connections_that_the_api_cleans_up_are_broken(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab, lab.connector() as connector:
            (kept,) = lab.world.connectors[TUNNEL].values()
            connector.log.mark()
            for told in (("another tunnel", None), (TUNNEL, "another connector")):
                lab.world.connectors_removed[0](*told)
            assert len(kept.connections) == 4
            lab.world.connectors_removed[0](TUNNEL, kept.id)
            assert not kept.connections
            await connector.log.lines_of("Registered tunnel connection", 4)

    asyncio.run(scenario())


def test_a_connection_lost_in_the_middle_breaks_its_answer(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:
            never = asyncio.Event()

            async def origin(exchange: Exchange) -> None:
                await exchange.start(200, [])
                await exchange.send(b"first")
                await never.wait()

            lab.configure(await lab.origin(origin))
            async with lab.connector() as connector:
                await connector.log.line("Updated to new configuration")
                response = await lab.request()
                assert await anext(response.body) == b"first"
                lab.server.drop()
                with pytest.raises(Broken):
                    await anext(response.body)
            never.set()

    asyncio.run(scenario())
