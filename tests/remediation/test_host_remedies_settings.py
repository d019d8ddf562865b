"""What Ollama's service has to be told, by what it is told; and the drop-in that tells it."""

import pytest

from spark_conformance.remediation.remedies.ollama_settings import Needs, Overrides, overrides_in
from spark_conformance.syntax.units import effective

URL = "http://localhost:11434"
PROGRAM = "/usr/local/bin/ollama"
UNIT = f"[Service]\nExecStart={PROGRAM} serve\n"


def lacking(text: str, url: str = URL, *, keep: bool = False) -> Overrides:
    return Needs(url, PROGRAM, keep).lacking(effective([UNIT, f"[Service]\n{text}\n"]))


@pytest.mark.parametrize(
    "told",
    ["", "127.0.0.1", "127.0.0.1:11434", "localhost:11434", "http://127.0.0.1:11434", "[::1]:11434", "127.0.0.2/"],
)
def test_loopback_at_the_documented_port_needs_nothing(told: str) -> None:
    assert lacking(f"Environment=OLLAMA_HOST={told}").text == ""


@pytest.mark.parametrize(
    "told", [":11434", "0:11434", "127.0.0.1:8080", "http://127.0.0.1", "192.0.2.1:11434", "[::]:11434"]
)
def test_anything_else_is_overridden(told: str) -> None:
    assert lacking(f"Environment=OLLAMA_HOST={told}").environment == {"OLLAMA_HOST": "127.0.0.1:11434"}


def test_another_port_is_told_even_where_nothing_is() -> None:
    assert lacking("", "http://localhost:43121").environment == {"OLLAMA_HOST": "127.0.0.1:43121"}


@pytest.mark.parametrize("told", ["0", "0s", "0m", "0.0"])
def test_a_model_that_is_dropped_at_once_is_kept_where_it_matters(told: str) -> None:
    assert lacking(f"Environment=OLLAMA_KEEP_ALIVE={told}", keep=True).environment == {"OLLAMA_KEEP_ALIVE": "5m"}
    assert lacking(f"Environment=OLLAMA_KEEP_ALIVE={told}").text == ""


@pytest.mark.parametrize("told", ["10m", "-1", "24h", "30"])
def test_a_model_that_stays_is_left_alone(told: str) -> None:
    assert lacking(f"Environment=OLLAMA_KEEP_ALIVE={told}", keep=True).text == ""


def test_another_program_is_replaced_by_the_server() -> None:
    text = lacking("ExecStart=\nExecStart=/usr/bin/python3 -m http.server 11434").text
    assert text == f"[Service]\nExecStart=\nExecStart={PROGRAM} serve\n"
    assert lacking(f"ExecStart=\n{text}").text == ""


def test_what_our_drop_in_says_already_stays_in_it() -> None:
    present = overrides_in(effective(['[Service]\nEnvironment="OLLAMA_KEEP_ALIVE=5m"\n']))
    ours = lacking("Environment=OLLAMA_HOST=0.0.0.0").over(present)
    assert ours.environment == {"OLLAMA_HOST": "127.0.0.1:11434", "OLLAMA_KEEP_ALIVE": "5m"}
