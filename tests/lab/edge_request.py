"""Requests for the edge's stages, without sockets."""

import datetime as dt

from spark_lab.edge.request import Request
from tests.lab.edge_world import HOST

NOW = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
AGENT = "conformance-test/1"


def a_request(target: str = "/api/tags", *headers: tuple[str, str], **more: object) -> Request:
    values: dict[str, object] = {
        "method": "GET", "target": target, "host": HOST, "sni": HOST, "address": "192.0.2.10", "country": "XX",
        "ray": "0123456789abcdef", "at": NOW,
    }  # fmt: skip
    values |= more
    agent = () if any(name == "user-agent" for name, _ in headers) else (("user-agent", AGENT),)
    values["headers"] = (("host", str(values["host"])), *agent, *headers)
    return Request(**values)  # type: ignore[arg-type]  # the table above
