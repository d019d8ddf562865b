"""Log lines without what is another each time: so they can be recorded, and compared."""

import re

_CUT_OFF = "client disconnected|context canceled|http2: stream closed|stream <n> canceled by remote with error code 0"
"""What ended a stream that the edge, or nobody, wanted any more: whichever side of it is noticed first."""
_BY_WHO_IS_LEFT = "Serve tunnel error|failed to serve tunnel connection|Connection terminated|no more connections"
"""Warnings as long as another connection is up, else errors: of those that end together, any may be the last."""
_LISTENERS = "accept stream listener|datagram manager"
"""What serves one QUIC connection: whichever notices its end first."""
_MASKS = (
    (r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ", ""),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uuid>"),
    (r"\b[0-9a-f]{64}\b", "<checksum>"),
    (r"\bgo1\.[0-9.]+", "<go>"),
    (r"127\.0\.0\.\d+:\d+", "<address>"),
    (r"location=\S+", "location=<colo>"),
    (r"connIndex=\d+", "connIndex=<n>"),
    (r"stream \d+ ", "stream <n> "),
    (r"in up to \S+", "in up to <time>"),
    (r"(?<=[\[ ])((?:CLOUDFLARE_)?TUNNEL_\w+):[^ \]]*", r"\1:<value>"),
    (r"/tmp/\S+?(?=[\s\"\]]|$)", "<path>"),  # noqa: S108 - looked for, not used
    (r"\(built [^)]*\)", "(built <date>)"),
    (rf'error="(.*?)({_CUT_OFF})"', r'error="\1<cut off>"'),
    (r"(failed to run the datagram handler) error=\"[^\"]*\"", r"\1 error=<any>"),
    (r'error="(connection with edge closed|Error shutting down control stream: <cut off>)"', 'error="<lost>"'),
    (rf'error="({_LISTENERS}) encountered a failure while serving"', 'error="<listener> encountered a failure"'),
    (rf"^(WRN|ERR) (?={_BY_WHO_IS_LEFT})", "WRN|ERR "),
)
_NOT_COMPARED = (
    "ICMP proxy",
    "ping_group_range",
    "failed to sufficiently increase receive buffer size",
    "GOOS: linux",
)
"""Lines about the machine that a connector runs on."""


def masked(line: str) -> str:
    for pattern, instead in _MASKS:
        line = re.sub(pattern, instead, line)
    return line


def shapes(lines: list[str]) -> list[str]:
    """The different lines among these, masked, in alphabetical order: their own is not always the same."""
    kept = [line for line in lines if line and not any(text in line for text in _NOT_COMPARED)]
    return sorted({masked(line) for line in kept})
