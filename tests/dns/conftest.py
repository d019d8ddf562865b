from collections.abc import Iterator

import pytest

from tests.cloudflare.twin import Twin, twin

TOKEN = "canary-0123456789-0123456789-0123456789-02"


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    with twin(tmp_path_factory.mktemp("twin"), TOKEN) as made:
        yield made


@pytest.fixture
def lab(served: Twin, monkeypatch: pytest.MonkeyPatch) -> Twin:
    """The lab's API and name servers, healthy."""
    monkeypatch.setenv("TWIN_TOKEN", TOKEN)
    served.loop.call(served.heal)
    return served
