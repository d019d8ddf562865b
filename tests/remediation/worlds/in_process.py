"""The lab's API without a network: requests of the SDK's own client go straight to its application."""

from collections.abc import Callable, Coroutine
from typing import Any

import httpx
from cloudflare import Cloudflare

from spark_conformance.cloudflare.client import Api
from spark_conformance.cloudflare.refusals import Way
from spark_conformance.cloudflare.transport import Bearer
from spark_conformance.core.secret import Secret
from spark_lab.api.app import PREFIX, application
from spark_lab.api.limit import RateLimit
from spark_lab.world import World

URL = f"http://api.test{PREFIX}"


class InProcess(httpx.BaseTransport):
    """An ASGI application whose handlers never wait, called where a connection would be; `written` after each write."""

    def __init__(self, world: World, written: Callable[[], None]) -> None:
        self._application = application(world, RateLimit())
        self._written = written

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body, sent = request.read(), list[Any]()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": request.method,
            "scheme": "http", "path": request.url.path, "raw_path": request.url.raw_path, "root_path": "",
            "query_string": request.url.query, "server": ("api.test", 80), "client": ("127.0.0.1", 1),
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
        }  # fmt: skip
        _run(self._application(scope, receive, send))
        if request.method != "GET":
            self._written()
        content = b"".join(message.get("body", b"") for message in sent[1:])
        return httpx.Response(sent[0]["status"], headers=sent[0]["headers"], content=content, request=request)


def _run(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run to its end what waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("the API waits for something")


def api_of(world: World, written: Callable[[], None]) -> Api:
    """The suite's client of this world's API."""
    token = Secret(next(iter(world.api_tokens)), "the world's API token")
    http = httpx.Client(transport=InProcess(world, written), auth=Bearer(token))
    client = Cloudflare(api_token=token.reveal(), base_url=URL, max_retries=0, http_client=http)
    return Api(client, Way(URL, token.name, 1.0, 1))
