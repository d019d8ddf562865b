"""Which connectors are tried: the stand-in, and a genuine cloudflared where there is one to be run."""

import pytest

from fixtures.lab.settings import choose


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`--cloudflared PATH`, or the one on PATH where a network of its own can be made for it."""
    if "genuine" in metafunc.fixturenames:
        program = choose(cloudflared=metafunc.config.getoption("--cloudflared")).cloudflared
        paths = [None, *([str(program.path)] if program else [])]
        metafunc.parametrize("genuine", paths, ids=["stand-in", "cloudflared"][: len(paths)], scope="module")
