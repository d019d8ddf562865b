"""What a fault touched while it was made, and which observations may come out otherwise for it.

Whatever lies elsewhere is lent to the run that judges the fault, as it was seen while the lab was healthy: an
observation made by a module that looks at nothing touched, and that used none that does, has nothing new to see.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

from spark_conformance.core.run import Observe
from spark_lab.announcement import Announcement
from spark_lab.faults import Fault, inflict
from spark_lab.faults.bench import Bench, Json
from spark_lab.faults.model_server import address

EVERYTHING = "everything"
"""Touched by what is not known to keep to one part."""
HOST = "host"
TUNNEL = "tunnel"
SERVICES = {"ollama", "cloudflared"}
"""The host's own parts: a file or a command that names one of them, and not the other, changes no more than it does."""
PATH = re.compile(r"""(?<![^\s"'=>])/[a-z][^\s"';|&]*""")
RELOAD = "systemctl daemon-reload"
"""Of itself it changes nothing but what systemd knows of files that were touched."""
CONFIG = "configuration"
STACK = "stack"
STACK_FILE = "pulumi.json"
"""Of the operator's files the one that holds the stack: whatever else of them is as it was says the same."""
WAYS = {"cloudflare", "dns", "https", "outside"}
"""Packages that look at the zone, each in its way."""
KINDS = "services"
"""Where kinds of service are, none of which is on spark-291b's lab."""
THROUGH = {"https", "outside", "diagnosis", KINDS}
"""Those that ask through the tunnel, or at its end."""
CONNECTOR = {
    "host.units.cloudflared_unit", "host.connector", "cloudflare.tunnel", "cloudflare.tunnel_connections", *THROUGH,
}  # fmt: skip
"""What looks at the connector, or at what it tells others; nearly all of the host's use its unit."""
LOOKED_AT: dict[str, set[str]] = {
    "zone": WAYS,
    "access": {"cloudflare.access", "https", "outside"},
    "dns": {"dns", "outside"},
    "certificate": {"https", "outside"},
    "github": {"github"},
    "operator": {"secrets"},
    STACK: {"secrets.esc", "secrets.references.pulumi", "secrets.references.stack"},
    "repository": {"repository", "secrets", "host.unit_copy"},
    HOST: {"host", "cloudflare", *THROUGH},
    "ollama": {"host.units.ollama_unit", "host.ollama", "host.listeners", "host.gpu", *THROUGH},
    "cloudflared": CONNECTOR,
    TUNNEL: {*CONNECTOR, "dns"},
    CONFIG: {"cloudflare.tunnel_config", "host.connector", "host.journal", *THROUGH},
}
"""What of the suite looks at a part itself: packages, modules, and observations of modules that look at others, too.

Who uses an observation of theirs is found.
"""
LASTING = LOOKED_AT.keys() - {HOST, TUNNEL, CONFIG, *SERVICES}
"""Parts that are brought back without a service's being restarted or told: what was seen of the host stays true."""
SWITCHES = {
    "api_token": "zone", "api_trouble": "zone", "api_limit": "zone", "zone": "zone", "policy": "access",
    "service_token": "access", "visitor": "access", "worker": "zone", "certificate": "certificate",
    "old_tls": "certificate", "patience": "zone", "gathers": "zone",
    "without_certificate": "certificate", "dns": "dns", "github": "github", "github_limit": "github",
    "github_token": "github", "tunnel": TUNNEL, "tunnel_fields": TUNNEL, "drop": TUNNEL, "ssh": HOST,
}  # fmt: skip
"""The lab's own switches, by the part that they change; others may change all."""
RESOURCES = {"zones/": "zone", "/access/": "access", "/configurations": CONFIG, "/cfd_tunnel": TUNNEL}
"""The API's resources, by the part that they are; the first that fits."""
ASKED = {"answered", "seen", "remember"}
"""Switches that break nothing."""
PLACES = {
    "root": HOST, "ssh_config": HOST, "operator": "operator", "infrastructure": "repository", "directory": EVERYTHING,
}  # fmt: skip
"""Members of an announcement by which its files, or its host, are reached."""


class _Announced:
    """An announcement that tells which of its places are used."""

    def __init__(self, lab: Announcement, touch: Callable[[str], None]) -> None:
        self._lab, self._touch = lab, touch

    def __getattr__(self, name: str) -> Any:
        if name in PLACES:
            self._touch(PLACES[name])
        return getattr(self._lab, name)


class Watched(Bench):
    """A bench that tells which parts of a lab it is used on."""

    def __init__(self, lab: Announcement, touch: Callable[[str], None]) -> None:
        self._told = True
        super().__init__(cast("Announcement", _Announced(lab, lambda part: touch(part) if self._told else None)))
        self._touch = touch

    def shell(self, command: str, *arguments: str, stdin: str = "", check: bool = True) -> str:
        text = " ".join((command, *arguments)).replace(RELOAD, "")
        with self._quietly(re.sub(f"(http://)?{address(self)}", "ollama", text)):
            return super().shell(command, *arguments, stdin=stdin, check=check)

    def host(self, path: str) -> Path:
        with self._quietly(path):
            return super().host(path)

    def api(self, method: str, path: str, body: Json | None = None) -> Any:
        if method != "GET":
            self._touch(next((part for place, part in RESOURCES.items() if place in path), EVERYTHING))
        return super().api(method, path, body)

    def switch(self, name: str, **arguments: Any) -> Json:
        if name not in ASKED:
            self._touch(SWITCHES.get(name, EVERYTHING))
        return super().switch(name, **arguments)

    @contextmanager
    def _quietly(self, text: str) -> Iterator[None]:
        """Tell whose part of the host is used by what is said, not by what it is reached by."""
        if text:
            self._touch(part_of(text))
        self._told = False
        try:
            yield
        finally:
            self._told = True


def part_of(text: str) -> str:
    """The part of the host that a path or a command uses: a service's where it names this one, in each path too."""
    meant = [service for service in SERVICES if service in text]
    paths = [path for path in PATH.findall(text) if path != "/dev/null"]
    return meant[0] if len(meant) == 1 and all(meant[0] in path for path in paths) else HOST


def broken(lab: Announcement, faults: Iterable[Fault]) -> set[str]:
    """Make faults, one after the other; returns the parts that they touched."""
    touched: set[str] = set()
    for fault in faults:
        parts: set[str] = set()
        before = _beside_the_stack(lab)
        with patch("spark_lab.faults.Bench", lambda there, parts=parts: Watched(there, parts.add)):
            inflict(lab, [fault])
        if "operator" in parts and _beside_the_stack(lab) == before:
            parts = parts - {"operator"} | {STACK}
        touched |= parts or {EVERYTHING}
    return touched


def _beside_the_stack(lab: Announcement) -> dict[str, bytes]:
    """What the operator's tools have, but for the stack."""
    files = (path for path in Path(lab.operator).rglob("*") if path.is_file() and path.name != STACK_FILE)
    return {str(path): path.read_bytes() for path in files}


def may_differ(parts: set[str]) -> Callable[[Observe[Any]], bool]:
    """Whether an observation looks, by itself, at one of these parts."""
    places = {place for part in parts for place in LOOKED_AT.get(part, ())}

    return lambda observe: EVERYTHING in parts or not places_of(observe).isdisjoint(places)


def widely(parts: set[str]) -> set[str]:
    """These parts with all that is near them, for many settings together: what these do to each other nobody tried."""
    near = {HOST, "zone"} if not parts <= LASTING else {"zone"} if "access" in parts else set[str]()
    return parts | near


def places_of(observe: Observe[Any]) -> set[str]:
    """An observation by all its names: its package, the modules in that, and its own."""
    name = getattr(observe, "reference", observe.__name__).partition(":")[0]  # of a reference, who is asked for it
    words = (*observe.__module__.removeprefix("spark_conformance.").split("."), name)
    return {".".join(words[:end]) for end in range(1, len(words) + 1)}
