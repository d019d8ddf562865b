"""A connector that runs as a service on a host of recordings."""

from typing import Any

from spark_conformance.core.run import Run
from spark_conformance.host.process import Process, connector_process
from spark_conformance.host.units import cloudflared_unit, parse
from tests.host.recorded import Recorded, seen_on

_SHOWN = "LoadState=loaded\nActiveState=active\nSubState=running\nInvocationID=5c2b\nExecMainStartTimestamp=today"
_UNIT = parse(_SHOWN, "cloudflared.service")


def run_of(there: Recorded, *words: str, unit: object = _UNIT, **changes: Any) -> Run:
    """A run in which the connector runs with these words."""
    seen = {cloudflared_unit: unit, connector_process: Process(7, ("c", *words), {}, 1)}
    return seen_on(there, seen, target__host={"cloudflared_configs": ["/etc/cloudflared/config.yml"]}, **changes)
