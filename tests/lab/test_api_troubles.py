"""Troubles on demand, and a server that comes and goes cleanly."""

import asyncio
import socket

import pytest
from cloudflare import APIConnectionError, APITimeoutError, Cloudflare, InternalServerError

from spark_lab.api import ApiServer, serve
from tests.lab import api_world as lab
from tests.lab.api_client import client

LONG_S = 60.0

pytest_plugins = ["tests.lab.api_fixtures"]


def test_the_next_requests_fail_and_no_others(sdk: Cloudflare, api: ApiServer) -> None:
    api.troubles.fail(r"GET /zones$", status=502, times=2)
    for _ in range(2):
        with pytest.raises(InternalServerError) as caught:
            sdk.zones.list()
        assert caught.value.status_code == 502
        assert sdk.ips.list() is not None
    assert len(list(sdk.zones.list())) == 1


def test_the_sdk_outlasts_a_passing_failure(api: ApiServer) -> None:
    api.troubles.fail("/ips", times=1)
    with client(api.url, lab.READER, retries=1) as sdk:
        assert sdk.ips.list() is not None
    assert list(api.requests) == ["GET /ips"] * 2


def test_a_connection_breaks_off(sdk: Cloudflare, api: ApiServer) -> None:
    api.troubles.close("/ips")
    with pytest.raises(APIConnectionError):
        sdk.ips.list()
    assert sdk.ips.list() is not None


def test_an_answer_comes_too_late(sdk: Cloudflare, api: ApiServer) -> None:
    api.troubles.delay("/ips", seconds=60)
    with pytest.raises(APITimeoutError):
        sdk.with_options(timeout=0.2).ips.list()
    assert sdk.ips.list() is not None


def test_success_in_name_only_is_none_to_the_sdk(sdk: Cloudflare, api: ApiServer) -> None:
    api.troubles.unsuccessful("/ips", times=None)
    for _ in range(2):
        with client(api.url, lab.READER, strict=False) as lenient:
            assert lenient.ips.list() is None
    api.troubles.clear()
    assert sdk.ips.list() is not None


def test_closing_lets_go_of_what_waits_and_leaves_nothing_behind() -> None:
    async def lab_of_one_request() -> tuple[set[str], int]:
        server = await serve(lab.build())
        server.troubles.delay("/ips", seconds=LONG_S)
        port = int(server.url.split(":")[2].split("/")[0])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /client/v4/ips HTTP/1.1\r\nhost: x\r\n\r\n")
        await writer.drain()
        while not server.requests:  # noqa: ASYNC110 - the server keeps a list for tests, and no event
            await asyncio.sleep(0)
        async with asyncio.timeout(LONG_S / 2):
            await server.close()
            await server.close()
        assert b"9106" in await reader.read()
        writer.close()
        await writer.wait_closed()
        names = {task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()}
        return names, port

    names, port = asyncio.run(lab_of_one_request())
    assert names == set()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_two_labs_stand_side_by_side() -> None:
    async def urls() -> set[str]:
        servers = [await serve(lab.build()) for _ in range(2)]
        for server in servers:
            await server.close()
        return {server.url for server in servers}

    assert len(asyncio.run(urls())) == 2
