from collections.abc import Iterator

import pytest

from fixtures.cloudflare.client import Api, connect
from fixtures.secret import Secret
from tests.cloudflare.fake import Fake, fake

TOKEN = "canary-0123456789-0123456789-0123456789-01"


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[Fake, Api]]:
    with fake() as made:
        api = connect(Secret(TOKEN, "env:TOKEN"), made.url, timeout_s=5, retries=0)
        yield made, api
        api.close()


@pytest.fixture
def server(served: tuple[Fake, Api]) -> Fake:
    """A server that has seen nothing yet."""
    made = served[0]
    made.requests.clear()
    made.answer = Fake().answer
    return made


@pytest.fixture
def api(served: tuple[Fake, Api], server: Fake) -> Api:
    """The API at that server, every request tried once."""
    return served[1]
