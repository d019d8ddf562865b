"""The lab's API and name servers behind a run of the suite, without host, edge and tunnel."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spark_conformance.core.run import Run
from spark_conformance.facts.load import SystemFile, find, load
from spark_lab import api, dns
from spark_lab.original import Original
from spark_lab.seed import Credentials, now, world
from spark_lab.world import ApiToken, Connection, Connector, World
from tests.lab.serving import LoopThread, loop_thread

BASE = "spark-291b"
CONNECTOR = "99999999-9999-4999-8999-999999999999"
PERMISSIONS = {
    "Zone Read", "DNS Read", "Cloudflare Tunnel Write", "Access: Apps and Policies Read", "Access: Service Tokens Read",
    "Access: Organizations, Identity Providers, and Groups Read",
}  # fmt: skip


@dataclass
class Twin:
    """A healthy world, served."""

    world: World
    api: api.ApiServer
    names: dns.NameServers
    loop: LoopThread
    token: str
    directory: Path

    def system(self, target: dict[str, Any] | None = None, **expect: Any) -> SystemFile:
        """The facts, reached through this twin; `expect` alters facts, with `__` in place of the dot."""
        facts: dict[str, Any] = {}
        for fact, value in expect.items():
            component, _, name = fact.partition("__")
            facts.setdefault(component, {})[name] = {"expect": value}
        tables: dict[str, Any] = {
            "extends": BASE,
            "target": {
                "cloudflare": {"api": self.api.url, "token": "env:TWIN_TOKEN", "timeout_s": 60},
                "dns": {
                    "resolvers": self.names.resolvers,
                    "authoritative": self.names.authoritative,
                    "timeout_s": 20,
                },
            }
            | (target or {}),
            "facts": facts,
        }
        path = self.directory / "twin.toml"
        path.write_text("".join(_lines(tables)), encoding="utf-8")
        return load(path)

    @contextmanager
    def run(self, target: dict[str, Any] | None = None, **expect: Any) -> Iterator[Run]:
        run = Run(self.system(target, **expect))
        try:
            yield run
        finally:
            run.close()

    def heal(self) -> None:
        """Make the world as it was."""
        vars(self.world).update(vars(healthy(self.token)))
        for behaviour in self.names.behaviours.values():
            vars(behaviour).update(vars(dns.ServerBehaviour()))
        self.api.troubles.clear()
        self.api.limit.lift()
        self.api.requests.clear()


def _lines(tables: dict[str, Any], path: str = "") -> Iterator[str]:
    plain = {key: value for key, value in tables.items() if not isinstance(value, dict) or path.startswith("facts.")}
    if path and plain:
        yield f"[{path}]\n"
    for key, value in plain.items():
        yield f"{key} = {_toml(value)}\n"
    for key, value in tables.items():
        if key not in plain:
            yield from _lines(value, f"{path}.{key}" if path else key)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + "}"
    return json.dumps(value)


def healthy(token: str) -> World:
    """The lab's healthy world, with its connector connected, and one token of the least permissions."""
    system = load(find(BASE))
    made = world(Original(system), Credentials())
    made.edge_addresses = ["127.0.0.1"]
    made.api_tokens = {token: ApiToken("t" * 32, set(PERMISSIONS))}
    [tunnel] = made.tunnels
    running = Connector(CONNECTOR, "2026.8.2", "linux_arm64", now(), config_version=1)
    for index, colo in enumerate(("lax01", "lax08", "sjc05", "sjc07")):
        running.connections[index] = Connection(f"c{index}", index, colo, now(), "127.0.0.1")
    made.connectors[tunnel] = {CONNECTOR: running}
    return made


@contextmanager
def twin(directory: Path, token: str) -> Iterator[Twin]:
    """Serve a healthy world."""
    made = healthy(token)
    with loop_thread() as loop:
        server = loop.run(api.serve(made))
        names = loop.run(dns.serve(made))
        yield Twin(made, server, names, loop, token, directory)
        loop.run(names.close())
        loop.run(server.close())
