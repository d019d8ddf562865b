from collections.abc import Iterator

import pytest

from spark_conformance.cloudflare.client import Api, connect
from spark_conformance.core.secret import Secret
from tests.cloudflare.fake import Fake, fake
from tests.cloudflare.twin import Twin, twin

TOKEN = "canary-0123456789-0123456789-0123456789-01"


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[Fake, Api]]:
    with fake() as made:
        api = connect(Secret(TOKEN, "env:TOKEN"), made.url, timeout_s=60, retries=0)
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
    """The API at that server, every request tried once; what the last test's answers asked to wait is over."""
    served[1]._budget._not_before = 0.0
    return served[1]


@pytest.fixture(scope="package")
def _twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    with twin(tmp_path_factory.mktemp("twin"), TOKEN) as made:
        yield made


@pytest.fixture
def lab(_twin: Twin, monkeypatch: pytest.MonkeyPatch) -> Twin:
    """The lab's API and name servers, healthy."""
    monkeypatch.setenv("TWIN_TOKEN", TOKEN)
    _twin.loop.call(_twin.heal)
    return _twin
