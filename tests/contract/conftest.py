"""What is tried: the stand-ins, and a genuine cloudflared or Ollama where there is one to be run."""

import functools

import pytest

from spark_lab.settings import STAND_IN, choose


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`--cloudflared PATH`, or the one on PATH where a network of its own can be made for it; `--ollama PATH`."""
    if "genuine" in metafunc.fixturenames:
        path = _genuine(metafunc.config.getoption("--cloudflared"))
        paths = [None, path] if path else [None]
        metafunc.parametrize("genuine", paths, ids=["stand-in", "cloudflared"][: len(paths)], scope="module")
    if "genuine_ollama" in metafunc.fixturenames:
        path = _genuine_ollama(metafunc.config.getoption("--ollama"))
        paths = [None, path] if path else [None]
        metafunc.parametrize("genuine_ollama", paths, ids=["stand-in", "ollama"][: len(paths)], scope="module")


@functools.cache
def _genuine(said: str | None) -> str | None:
    program = choose(cloudflared=said).cloudflared
    return str(program.path) if program else None


@functools.cache
def _genuine_ollama(said: str | None) -> str | None:
    program = choose(cloudflared=STAND_IN, ollama=said).ollama
    return str(program.path) if program else None
