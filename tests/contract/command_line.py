"""Command lines that end by themselves: what they say first, and the code that they end with."""

from typing import Any

from tests.contract.bench import Bench, token
from tests.contract.masking import masked
from tests.contract.subject import started

_INCOMPLETE = "eyJhIjoiYSJ9"
"""A token that decodes, to an account and nothing else."""
_LONGEST_S = 60.0
LINES: dict[str, tuple[list[str], dict[str, str]]] = {
    "--version": (["--version"], {}),
    "version": (["version"], {}),
    "version --short": (["version", "--short"], {}),
    "tunnel": (["tunnel"], {}),
    "nonsense": (["nonsense"], {}),
    "unknown flag first": (["--nonsense"], {}),
    "unknown flag of tunnel": (["tunnel", "--nonsense", "run"], {}),
    "unknown flag of run": (["tunnel", "run", "--nonsense"], {}),
    "--metrics after run": (["tunnel", "run", "--metrics", "localhost:0"], {}),
    "--loglevel after run": (["tunnel", "run", "--loglevel", "debug"], {}),
    "--token without one": (["tunnel", "run", "--token"], {}),
    "no token": (["tunnel", "run"], {"TUNNEL_TOKEN": ""}),
    "empty token": (["tunnel", "run", "--token", ""], {"TUNNEL_TOKEN": ""}),
    "rubbish as token": (["tunnel", "run", "--token", "rubbish"], {}),
    "rubbish in the environment": (["tunnel", "run"], {"TUNNEL_TOKEN": "rubbish"}),
    "shortened token": (["tunnel", "run"], {"TUNNEL_TOKEN": token()[:-3]}),
    "other variable only": (["tunnel", "run"], {"TUNNEL_TOKEN": "", "CLOUDFLARE_TUNNEL_TOKEN": token()}),
    "no token file": (["tunnel", "run", "--token-file", "/nowhere/t"], {"TUNNEL_TOKEN": ""}),
    "two tunnels": (["tunnel", "run", "a", "b"], {}),
    "no configuration file": (["tunnel", "--config", "/nowhere/c", "run"], {}),
    "name and no certificate": (["tunnel", "run", "a"], {"TUNNEL_TOKEN": ""}),
    "unknown protocol": (["tunnel", "run", "--protocol", "pigeon"], {}),
    "no CA": (["tunnel", "run"], {"TUNNEL_CACERT": "/nowhere/ca"}),
    "grace period": (["tunnel", "--grace-period", "1h", "run"], {}),
    "metrics address": (["tunnel", "--metrics", "127.0.0.1:99999", "run"], {"TUNNEL_METRICS": ""}),
}


async def command_line(bench: Bench, protocol: str) -> dict[str, Any]:
    """Every line's exit code, and the first and last thing that it says."""
    found: dict[str, Any] = {}
    for name, (words, environment) in LINES.items():
        async with started(bench.subject, words, bench.environment(protocol, **environment)) as tail:
            code = await tail.end(_LONGEST_S)
            said = [masked(line) for line in tail.lines if line.strip()]
            found[name] = {"exit": code, "says": _telling(said)}
    return found


def _telling(said: list[str]) -> list[str]:
    """What counts of what is said: of usage the first line, of a log the errors and the last line."""
    if any("USAGE" in line for line in said):
        return said[:1]
    errors = [line for line in said if line.startswith(("ERR", "FTL"))]
    return [*errors, *said[-2:]] if len(said) > 3 else said
