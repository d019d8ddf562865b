"""What a connector does, on the stand-in and, where there is one, on the genuine cloudflared: the same tests for both.

`genuine` is the path of the latter, None for the stand-in. What can be said in a table stands here; log lines, and
whatever else a scenario shows, are compared with what the genuine one did when it was recorded: a third of the
scenarios each day, with `FAULTS=all` every one.
"""

from typing import Any

import pytest

from tests.contract.observing import ALL, BOTH, TIMES, observed, recorded
from tests.contract.varying import agreed, settled
from tests.matrix.selection import shared

ROWS: dict[str, tuple[Any, int, int, list[int], int]] = {
    "origin 200": ([200, 15], 1, 0, [200], 0),
    "origin 204": ([204, 0], 1, 0, [204], 0),
    "origin 302": ([302, 15], 1, 0, [302], 0),
    "origin 403": ([403, 15], 1, 0, [403], 0),
    "origin 500": ([500, 15], 1, 0, [500], 0),
    "HEAD": ([200, 0], 1, 0, [200], 0),
    "catch-all 404": ([404, 0], 1, 0, [404], 0),
    "edge denies": (403, 0, 0, [], 0),
    "origin down": ([502, 0], 1, 1, [], 2),
    "origin breaks off": ("broken off", 1, 1, [], 2),
    "validator: no token": ([403, 0], 1, 1, [], 1),
    "validator: wrong audience": ([403, 0], 1, 1, [], 1),
    "validator: valid token": ([200, 15], 1, 0, [200], 0),
    "validator: no JWT": ([502, 0], 1, 0, [], 1),
    "validator: expired": ([502, 0], 1, 0, [], 1),
    "validator: other issuer": ([502, 0], 1, 0, [], 1),
    "validator: other key": ([502, 0], 1, 0, [], 1),
    "client leaves in the middle": (200, 1, 1, [], 2),
    "client leaves early": (None, 1, 1, [], 2),
    "stream": (["first\n", "second\n"], 1, 0, [200], 0),
    "upload": ([200, 2_000_000], 1, 0, [200], 0),
    "upload with a length": ([200, 2_000_000], 1, 0, [200], 0),
    "50 MB": ([200, 50_000_000], 1, 0, [200], 0),
    "WebSocket": ([101, "heard", "FlYPPSB53TTF16oKOkJqU84hNz0="], 1, 0, [], 0),
}
"""What the edge sees; requests, errors and statuses that are counted; lines in the log."""
SEEN = {"requests", "command_line", "tokens"}
"""Scenarios of which their own tests see to the recording too."""
EXITS = {
    0: {
        "--version", "version", "version --short", "unknown flag first", "unknown flag of tunnel",
        "unknown flag of run", "--metrics after run", "--loglevel after run", "--token without one",
    },
    1: {
        "tunnel", "nonsense", "no configuration file", "name and no certificate", "unknown protocol", "no CA",
        "grace period", "metrics address",
    },
    255: {
        "no token", "empty token", "rubbish as token", "rubbish in the environment", "shortened token",
        "other variable only", "no token file", "two tunnels",
    },
}  # fmt: skip


@pytest.mark.parametrize("protocol", shared(BOTH, 2))
def test_counters_log_and_headers_tell_what_became_of_a_request(genuine: str | None, protocol: str) -> None:
    rows = observed(genuine, "requests", protocol)
    keys = ("seen", "total", "errors", "codes")
    assert {name: (*(rows[name][key] for key in keys), len(rows[name]["log"])) for name in ROWS} == ROWS
    assert rows == recorded("requests", protocol)
    plain, rewritten = rows["headers"]["seen"], rows["headers with httpHostHeader"]["seen"]
    assert plain["host"] == "open.example.org"
    assert (rewritten["host"], rewritten["x-forwarded-host"]) == ("localhost:11434", "rewritten.example.org")
    assert plain["cf-warp-tag-id"] == rewritten["cf-warp-tag-id"] == "<connector>"


def test_command_lines_end_with_their_codes(genuine: str | None) -> None:
    found = observed(genuine, "command_line", "auto")
    assert {code: {name for name, said in found.items() if said["exit"] == code} for code in EXITS} == EXITS
    assert found == recorded("command_line", "auto")


def test_an_unauthorised_connector_tries_for_ever_and_tells_why_over_http2_only(genuine: str | None) -> None:
    cause = "Unauthorized: Invalid tunnel secret"
    for protocol in BOTH:
        found = observed(genuine, "unauthorised", protocol)
        assert found["comes back"]
        assert any(cause in line for line in found["log"]) == (protocol == "http2")


def test_another_refusal_of_the_first_connection_ends_the_connector_over_http2_only(genuine: str | None) -> None:
    assert {protocol: observed(genuine, "refused", protocol)["exit"] for protocol in BOTH} == {"quic": None, "http2": 1}


def test_a_token_in_a_variable_of_another_name_stands_in_the_log(genuine: str | None) -> None:
    found = observed(genuine, "tokens", "http2")
    assert {name for name, told in found.items() if told["token in the log"]} == {"another variable beside"}
    assert {name for name, told in found.items() if not told["connects"]} == {"environment before file"}
    assert found == recorded("tokens", "http2")


@pytest.mark.parametrize(
    ("name", "protocol"),
    [pytest.param(*one, id=" ".join(one)) for one in shared([one for one in ALL if one[0] not in SEEN], 3)],
)
def test_it_is_as_it_was_recorded(genuine: str | None, name: str, protocol: str) -> None:
    found, kept = observed(genuine, name, protocol), recorded(name, protocol)
    assert _compared(found, name, protocol) == _compared(kept, name, protocol)


def test_what_may_vary_is_admitted_either_way_and_nothing_else_is() -> None:
    sure, stopped, terminated = (
        "INF Unregistered",
        "INF Tunnel server stopped",
        "WRN|ERR Connection terminated connIndex=<n>",
    )
    kept: dict[str, Any] = {"exit": 0, "log": [sure, stopped, terminated]}
    without: dict[str, Any] = {"exit": 0, "log": [sure]}
    assert settled(kept, "end", "quic") == settled(without, "end", "quic") == without
    assert settled(kept, "end", "http2")["log"] == [sure, terminated]
    assert settled(kept, "start", "quic") == kept
    assert agreed([kept, without | {"seconds": 1.0}], "end", "quic", TIMES) == kept
    with pytest.raises(ValueError, match=r"^end quic: exit varies, and varying"):
        agreed([kept, without | {"exit": 1}], "end", "quic", TIMES)


def _compared(found: dict[str, Any], name: str, protocol: str) -> dict[str, Any]:
    return {key: value for key, value in settled(found, name, protocol).items() if key not in TIMES}
