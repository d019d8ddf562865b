"""Whatever quotes somebody else's words cuts them, and does so after they were masked: no eight characters are left."""

import json
from collections.abc import Callable
from types import SimpleNamespace

import httpx
import pytest

from spark_conformance.cloudflare.endpoints import ACCESS_LOG, ZONES
from spark_conformance.cloudflare.graphql import refused
from spark_conformance.cloudflare.refusals import unsuccessful
from spark_conformance.core.judging import shown
from spark_conformance.core.secret import Secret, mask
from spark_conformance.core.verdict import Unmet
from spark_conformance.github.client import Github
from spark_conformance.host.journal_since import _error
from spark_conformance.host.shell import complaint
from spark_conformance.https.public import _Stream
from spark_conformance.programs.running import Completed
from spark_conformance.secrets import op, pulumi
from spark_conformance.ssh.refusal import explain
from tests.secret.reading import given_away

TOKEN = "v1-Q_7hR2kTz9LmX4wPbN8sVcY3gJ6dFaE5uKoI-0q"


def _github(words: str) -> str:
    there = Github("https://api.github.test", "o/r", Secret(TOKEN, "env:G"), 1)
    return str(there._refusal(httpx.Response(500, json={"message": words}), "x", "p"))


def _stream(words: str) -> str:
    with pytest.raises(Unmet) as caught:
        _Stream().take(json.dumps({"error": words}))
    return caught.value.note


QUOTING: dict[str, Callable[[str], str]] = {
    "the API": lambda words: unsuccessful(ZONES, {"errors": [{"message": words, "code": 1}]}).sentence,
    "GraphQL": lambda words: refused(ACCESS_LOG, [{"message": words}]).sentence,
    "GitHub": _github,
    "a stream": _stream,
    "ssh": lambda words: explain("spark", words, status=255, connected=False).sentence,
    "the journal": lambda words: str(_error(f"2026-11-27T00:00:00Z ERR {words}")),
    "an observation": shown,
}


@pytest.mark.parametrize("quote", QUOTING.values(), ids=QUOTING)
def test_what_is_quoted_is_masked_before_it_is_cut(quote: Callable[[str], str]) -> None:
    Secret(TOKEN, "env:T")
    lengths = [*range(60, 140, 4), *range(150, 215, 4), *range(350, 405, 4), *range(940, 1005, 4)]
    few = {length: "word " * (length // 5) for length in lengths}
    many = "more " * 250  # some keep the beginning, others the end
    told = {f"after {length}": quote(f"{words}{TOKEN} {many}") for length, words in few.items()}
    told |= {f"before {length}": quote(f"{many}{TOKEN} {words}") for length, words in few.items()}
    assert [where for where, text in told.items() if given_away(mask(text), TOKEN) or told_in_part(text)] == []
    assert any("***" in text for text in told.values())
    assert any("…" in text for text in told.values())


def told_in_part(text: str) -> bool:
    return TOKEN[-8:] in text or TOKEN[:8] in text


def test_what_a_program_says_without_an_end_is_told_in_short() -> None:
    for told in (
        pulumi.refusal("ns:key", Completed(1, "", "error: no such thing " * 50_000)).sentence,
        op.refusal("op read", Completed(1, "", "[ERROR] it is not there " * 50_000), {}).sentence,
        op.not_given("op://v/i/f", Completed(1, "", "[ERROR] it is not there " * 50_000)).sentence,
        complaint(SimpleNamespace(stderr_bytes=b"word " * 50_000, stdout_bytes=b"", rc=1)),
        complaint(SimpleNamespace(stderr_bytes=b"", stdout_bytes=b"word " * 50_000, rc=1)),
    ):
        assert len(told) < 800
        assert "…" in told
