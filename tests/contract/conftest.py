"""Which connectors are tried: the stand-in, and a genuine cloudflared where there is one to be run."""

import functools

import pytest

from fixtures.lab.settings import choose


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`--cloudflared PATH`, or the one on PATH where a network of its own can be made for it."""
    if "genuine" in metafunc.fixturenames:
        path = _genuine(metafunc.config.getoption("--cloudflared"))
        paths = [None, path] if path else [None]
        metafunc.parametrize("genuine", paths, ids=["stand-in", "cloudflared"][: len(paths)], scope="module")


@functools.cache
def _genuine(said: str | None) -> str | None:
    program = choose(cloudflared=said).cloudflared
    return str(program.path) if program else None
