"""How the connector starts, fails to start, keeps trying, and ends."""

import asyncio
from base64 import b64decode
from pathlib import Path

import pytest

from spark_lab.connector.credentials import parse_token
from spark_lab.connector.flags import RUN, TUNNEL, BadFlag, Values
from spark_lab.connector.settings import go_map, shown_environment, shown_flags
from spark_lab.connector.web import Exchange
from tests.lab.tunnel_bench import ACCOUNT, SECRET, Bench, bench, process, token
from tests.lab.tunnel_bench import TUNNEL as TUNNEL_ID

MODULE = "spark_lab.connector"


def test_a_token_decodes() -> None:
    found = parse_token(token())
    assert (found.account, found.tunnel_id, b64decode(found.secret)) == (ACCOUNT, TUNNEL_ID, SECRET)
    assert found.secret not in repr(found)


@pytest.mark.parametrize("text", ["", "x", "bnVsbA==", token()[:-2], token() + " ", "eyJhIjogMX0=", "eyJ0IjogIngifQ=="])
def test_what_is_no_token_is_refused_without_a_word_of_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"^Provided Tunnel token is not valid\.$"):
        parse_token(text)


def test_flags_are_read_as_go_reads_them() -> None:
    values = Values({"TUNNEL_TOKEN": "env", "TUNNEL_METRICS": "1.2.3.4:5"})
    rest = values.take(["--no-autoupdate", "-loglevel=debug", "run", "--token", "canary"], TUNNEL)
    assert rest == ["run", "--token", "canary"]
    assert values.take(rest[1:], RUN) == []
    assert values.text("token") == "canary"
    assert values.text("metrics") == "1.2.3.4:5"
    assert values.text("protocol") == "auto"
    assert shown_flags(values) == {"no-autoupdate": "true", "loglevel": "debug", "token": "*****"}
    assert "canary" not in repr(values)


@pytest.mark.parametrize("words", [["--metrics", "x"], ["--loglevel", "debug"], ["--nonsense"], ["--token"]])
def test_flags_that_stand_before_run_are_not_known_after_it(words: list[str]) -> None:
    with pytest.raises(BadFlag):
        Values({}).take(words, RUN)


def test_the_environment_is_shown_as_cloudflared_shows_it() -> None:
    environment = {"TUNNEL_TOKEN": "abc", "TUNNEL_METRICS": "x:1", "PATH": "/bin", "OTHER_TUNNEL_TOKEN": "ends="}
    assert go_map(shown_environment(environment)) == "map[TUNNEL_METRICS:x:1 TUNNEL_TOKEN:*****]"


def starts(tmp_path: Path, *words: str, **environment: str) -> tuple[int, str]:
    """Exit code and standard error of a command line that ends by itself."""

    async def scenario() -> tuple[int, str]:
        async with process(MODULE, *words, SPARK_LAB_ROOT=str(tmp_path), **environment) as started:
            return await started.end(), started.text

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    ("words", "environment", "code", "said"),
    [
        (["tunnel", "run", "--token", "rubbish"], {}, 255, "Provided Tunnel token is not valid."),
        (["tunnel", "run"], {"TUNNEL_TOKEN": "rubbish"}, 255, "Provided Tunnel token is not valid."),
        (["tunnel", "run", "--token", ""], {}, 255, "requires the ID or name of the tunnel to run"),
        (["tunnel", "run"], {"CLOUDFLARE_TUNNEL_TOKEN": token()}, 255, "requires the ID or name of the tunnel to run"),
        (["tunnel", "run", "--token-file", "/nowhere/t"], {}, 255, "Failed to read token file: open /nowhere/t"),
        (["tunnel", "run", "a", "b"], {}, 255, "accepts only one argument"),
        (["tunnel", "run"], {"TUNNEL_TOKEN": token()}, 1, "TUNNEL_EDGE"),
        (["tunnel", "--config", "/nowhere/c", "run"], {"TUNNEL_TOKEN": token()}, 1, "open /nowhere/c"),
        (["tunnel", "run", "--protocol", "carrier-pigeon"], {"TUNNEL_TOKEN": token()}, 1, "unknown protocol"),
        (
            ["tunnel", "run"],
            {"TUNNEL_TOKEN": token(), "TUNNEL_CACERT": "/nowhere/ca"},
            1,
            "unable to create TLS config",
        ),
        (["tunnel", "run", "--metrics", "localhost:0"], {}, 0, ""),
        (["--version"], {}, 0, ""),
        (["version", "--short"], {}, 0, ""),
        (["help"], {}, 0, ""),
        (["access"], {}, 1, "knows `tunnel run`"),
    ],
)
def test_exit_codes(tmp_path: Path, words: list[str], environment: dict[str, str], code: int, said: str) -> None:
    found, text = starts(tmp_path, *words, **environment)
    assert (found, said in text) == (code, True), text
    assert token() not in text


def test_a_metrics_address_in_use_ends_with_1(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab, lab.connector() as first:
            environment = lab.environment(TUNNEL_METRICS=f"127.0.0.1:{first.port}")
            async with process(MODULE, "tunnel", "run", **environment) as second:
                await second.line("ERR Error opening metrics server listener .*address already in use")
                assert await second.end() == 1

    asyncio.run(scenario())


def test_the_token_file_is_read_and_the_token_beats_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:
            file = tmp_path / "token"
            file.write_text(token() + "\n", encoding="ascii")
            words = ("tunnel", "run", "--token-file", str(file))
            environment = lab.environment()
            del environment["TUNNEL_TOKEN"]
            async with process(MODULE, *words, **environment) as started:
                await started.lines_of("Registered tunnel connection", 4)
            other = {**environment, "TUNNEL_TOKEN": token(b"y" * 32)}
            async with process(MODULE, *words, **other) as started:
                await started.line("Serve tunnel error")

    asyncio.run(scenario())


def test_the_lines_of_a_start(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:
            lab.configure("http_status:200")
            words = ("tunnel", "--no-autoupdate", "run", "--token", token())
            async with lab.connector(*words) as connector:
                await connector.log.line("Updated to new configuration")
                log = connector.log
                assert all(line[:4].isdigit() and line[19:21] == "Z " for line in log.lines), log.text
                await log.line(f"INF Starting tunnel tunnelID={TUNNEL_ID}$")
                await log.line(r"INF Version 2026\.8\.2 \(Checksum [0-9a-f]{64}\)$")
                await log.line(r"INF Settings: map\[no-autoupdate:true token:\*\*\*\*\*\]$")
                await log.line("INF Initial protocol quic$")
                registered = [line for line in log.lines if "Registered" in line]
                pattern = "INF Registered tunnel connection connIndex=0 connection="
                assert any(pattern in line and line.endswith("location=fra08 protocol=quic") for line in registered)
                assert token() not in log.text

    asyncio.run(scenario())


def test_systemd_is_told_after_the_first_connection(tmp_path: Path) -> None:
    import socket

    async def scenario() -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(str(tmp_path / "notify"))
            listener.setblocking(False)
            async with bench(tmp_path) as lab:
                lab.server.switches.refuse = {1, 2, 3}
                environment = {"NOTIFY_SOCKET": str(tmp_path / "notify")}
                async with lab.connector(ready=1, **environment), asyncio.timeout(60):
                    assert await asyncio.get_running_loop().sock_recv(listener, 64) == b"READY=1"

    asyncio.run(scenario())


def test_no_edge_to_reach_is_retried_and_not_ready(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:
            edge = "127.0.0.1:1,127.0.0.1:2"
            async with lab.connector(ready=0, TUNNEL_EDGE=edge) as connector:
                await connector.log.line("You requested 4 HA connections but I can give you at most 2")
                await connector.log.line("ERR Failed to dial a quic connection .*timeout: no recent network activity")
                await connector.log.line("INF Retrying connection in up to 2s connIndex=0")
                await connector.log.line("INF Retrying connection in up to 4s connIndex=0")
                status, body = await connector.get("/ready")
                assert (status, '"status":503,"readyConnections":0' in body) == (503, True)
                assert (await connector.metrics())["cloudflared_tunnel_ha_connections"] == 1
                connector.log.terminate()
                assert await connector.log.end() == 0

    asyncio.run(scenario())


def test_an_edge_that_comes_later_is_found(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:
            lab.server.switches.unreachable = True
            async with lab.connector(ready=0) as connector:
                await connector.log.line("Retrying connection")
                lab.server.switches.unreachable = False
                await connector.log.lines_of("Registered tunnel connection", 4)

    asyncio.run(scenario())


async def refused(lab: Bench, protocol: str, pattern: str) -> tuple[int | None, str]:
    """Run into a refusal; returns the exit code where the connector gives up by itself."""
    words = ("tunnel", "run", "--protocol", protocol)
    async with lab.connector(*words, ready=0) as connector:
        await connector.log.line(pattern)
        if "initial tunnel connection failed" in pattern:
            return await connector.log.end(), connector.log.text
        await connector.log.line("Retrying connection")
        return None, connector.log.text


def test_an_invalid_secret_is_retried_for_ever(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:
            lab.world.tunnel_secrets[TUNNEL_ID] = b"rotated" * 5
            cause = 'ERR Register tunnel error from server side error="Unauthorized: Invalid tunnel secret" connIndex=0'
            assert (await refused(lab, "http2", cause))[0] is None
            code, text = await refused(lab, "quic", 'ERR Serve tunnel error error="control stream encountered')
            assert code is None
            assert "Unauthorized" not in text, "over QUIC the cause is not told"

    asyncio.run(scenario())


def test_another_refusal_of_the_first_connection_ends_http2(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:
            lab.server.switches.refuse = {0}
            assert (await refused(lab, "http2", "ERR initial tunnel connection failed"))[0] == 1
            assert (await refused(lab, "quic", "Serve tunnel error"))[0] is None

    asyncio.run(scenario())


def test_fewer_connections_where_the_edge_admits_fewer(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:
            lab.server.switches.limit = 2
            async with lab.connector(ready=2) as connector:
                await connector.log.line("WRN Serve tunnel error")
                assert '"readyConnections":2' in (await connector.get("/ready"))[1]
                lab.server.switches.limit = None
                await connector.log.lines_of("Registered tunnel connection", 2)
                assert '"readyConnections":4' in (await connector.get("/ready"))[1]

    asyncio.run(scenario())


def test_sigterm_drains_what_is_under_way_and_ends_with_0(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:
            go_on = asyncio.Event()

            async def origin(exchange: Exchange) -> None:
                await exchange.start(200, [])
                await exchange.send(b"begun ")
                await go_on.wait()
                await exchange.send(b"and done")

            lab.configure(await lab.origin(origin))
            async with lab.connector() as connector:
                await connector.log.line("Updated to new configuration")
                response = await lab.request()
                assert await anext(response.body) == b"begun "
                connector.log.terminate()
                await connector.log.line("INF Initiating graceful shutdown due to signal terminated ...$")
                await connector.log.lines_of("INF Unregistered tunnel connection connIndex=", 4)
                assert lab.world.connectors[TUNNEL_ID] == {}
                go_on.set()
                assert [chunk async for chunk in response.body] == [b"and done"]
                assert await connector.log.end() == 0
                assert connector.log.lines[-1].endswith("INF Metrics server stopped")

    asyncio.run(scenario())


def test_the_grace_period_ends_what_never_ends(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bench(tmp_path) as lab:
            never = asyncio.Event()

            async def origin(exchange: Exchange) -> None:
                await exchange.start(200, [])
                await exchange.send(b"begun")
                await never.wait()

            lab.configure(await lab.origin(origin))
            async with lab.connector("tunnel", "--grace-period", "50ms", "run") as connector:
                await connector.log.line("Updated to new configuration")
                response = await lab.request()
                await anext(response.body)
                connector.log.terminate()
                assert await connector.log.end() == 0
            never.set()

    asyncio.run(scenario())
