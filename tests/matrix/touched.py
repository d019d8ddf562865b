"""What a fault touched while it was made, and which observations may come out otherwise for it.

Whatever lies elsewhere is lent to the run that judges the fault, as it was seen while the lab was healthy: an
observation made by a module that looks at nothing touched, and that used none that does, has nothing new to see.
"""

from collections.abc import Callable, Iterable
from typing import Any, cast
from unittest.mock import patch

from spark_conformance.core.run import Observe
from spark_lab.announcement import Announcement
from spark_lab.faults import Fault, inflict
from spark_lab.faults.bench import Bench, Json

EVERYTHING = "everything"
"""Touched by what is not known to keep to one part."""
HOST = "host"
TUNNEL = "tunnel"
WAYS = {"cloudflare", "dns", "https", "outside"}
"""Packages that look at the zone, each in its way."""
LOOKED_AT: dict[str, set[str]] = {
    "zone": WAYS,
    "access": {"cloudflare", "https", "outside"},
    "dns": {"dns", "outside"},
    "certificate": {"https", "outside"},
    "github": {"github"},
    "operator": {"secrets"},
    "repository": {"repository", "secrets", "host.unit_copy"},
    HOST: {"host", "cloudflare", "https", "outside"},
    TUNNEL: {"host", *WAYS},
}
"""The packages and modules of the suite that look at a part themselves; who uses an observation of theirs is found."""
LASTING = LOOKED_AT.keys() - {HOST, TUNNEL}
"""Parts that are brought back without a service's being restarted or told: what was seen of the host stays true."""
SWITCHES = {
    "api_token": "zone", "api_trouble": "zone", "api_limit": "zone", "zone": "zone", "policy": "access",
    "service_token": "access", "visitor": "access", "worker": "zone", "certificate": "certificate",
    "old_tls": "certificate", "patience": "zone", "gathers": "zone",
    "without_certificate": "certificate", "dns": "dns", "github": "github", "github_limit": "github",
    "github_token": "github", "tunnel": TUNNEL, "tunnel_fields": TUNNEL, "drop": TUNNEL, "ssh": HOST,
}  # fmt: skip
"""The lab's own switches, by the part that they change; others may change all."""
RESOURCES = {"zones/": "zone", "/access/": "access", "/cfd_tunnel": TUNNEL}
"""The API's resources, by the part that they are."""
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
        super().__init__(cast("Announcement", _Announced(lab, touch)))
        self._touch = touch

    def api(self, method: str, path: str, body: Json | None = None) -> Any:
        if method != "GET":
            self._touch(next((part for place, part in RESOURCES.items() if place in path), EVERYTHING))
        return super().api(method, path, body)

    def switch(self, name: str, **arguments: Any) -> Json:
        if name not in ASKED:
            self._touch(SWITCHES.get(name, EVERYTHING))
        return super().switch(name, **arguments)


def broken(lab: Announcement, faults: Iterable[Fault]) -> set[str]:
    """Make faults, one after the other; returns the parts that they touched."""
    touched: set[str] = set()
    for fault in faults:
        parts: set[str] = set()
        with patch("spark_lab.faults.Bench", lambda there, parts=parts: Watched(there, parts.add)):
            inflict(lab, [fault])
        touched |= parts or {EVERYTHING}
    return touched


def may_differ(parts: set[str]) -> Callable[[Observe[Any]], bool]:
    """Whether an observation looks, by itself, at one of these parts."""
    places = {place for part in parts for place in LOOKED_AT.get(part, ())}

    def looks(observe: Observe[Any]) -> bool:
        module = observe.__module__.removeprefix("spark_conformance.")
        return EVERYTHING in parts or module in places or module.partition(".")[0] in places

    return looks
