"""The API of a small world, served; and the official SDK in front of it, strict about every answer."""

from collections.abc import Iterator

import httpx
import pytest
from cloudflare import Cloudflare

from spark_lab.api import ApiServer, serve
from spark_lab.world import World
from tests.lab.api_client import client
from tests.lab.api_world import READER, WRITER, build
from tests.lab.serving import in_thread


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[World, ApiServer]]:
    world = build()
    with in_thread(lambda: serve(world)) as server:
        yield world, server


@pytest.fixture
def world(served: tuple[World, ApiServer]) -> World:
    """The world behind the API, as built."""
    vars(served[0]).update(vars(build()))
    return served[0]


@pytest.fixture
def api(served: tuple[World, ApiServer], world: World) -> ApiServer:
    server = served[1]
    server.limit.lift()
    server.troubles.clear()
    server.requests.clear()
    return server


@pytest.fixture
def sdk(api: ApiServer) -> Iterator[Cloudflare]:
    """The SDK with a token that may do everything."""
    with client(api.url, WRITER) as made:
        yield made


@pytest.fixture
def lenient(api: ApiServer) -> Iterator[Cloudflare]:
    """The SDK where its own model is wrong: it holds that every ingress rule has a hostname."""
    with client(api.url, WRITER, strict=False) as made:
        yield made


@pytest.fixture
def reader(api: ApiServer) -> Iterator[Cloudflare]:
    """The SDK with a token that may read everything."""
    with client(api.url, READER) as made:
        yield made


@pytest.fixture
def http(api: ApiServer) -> Iterator[httpx.Client]:
    """A plain client with the token that may do everything."""
    with httpx.Client(base_url=api.url, headers={"authorization": f"Bearer {WRITER}"}, timeout=60) as made:
        yield made
