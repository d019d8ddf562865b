"""Ollama, and a service with OpenAI's API, on a host of recordings: what curl and nvidia-smi printed of them."""

import json
from typing import Any

import pytest

from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Unmet, Unreachable
from spark_conformance.host.curl import CurlReply
from spark_conformance.host.inference import (
    Generated,
    Residency,
    ollama_generation,
    ollama_residency,
    parse_generation,
)
from spark_conformance.host.ollama import Model, OllamaModels, addresses, ollama_model, ollama_models, parse, whole
from spark_conformance.host.ollama_host_header import Replay
from spark_conformance.host.units import ollama_unit
from spark_conformance.host.units import parse as parse_unit
from spark_conformance.services.openai.observations import (
    Completed,
    openai_completion,
    openai_models,
    openai_without_key,
    parse_completion,
    parse_models,
    said,
)
from tests.host.recorded import SILENT, Recorded, Said, answer, seen_on
from tests.host.test_service_recorded import run_of, whole_answer

RULE = {"hostname": "ollama.goldfish.io", "service": "http://localhost:2"}


@pytest.mark.parametrize(
    ("tunnel", "cloudflared", "found"),
    [
        (RULE, None, ["http://localhost:1", "http://localhost:2"]),
        (None, RULE, ["http://localhost:1", "http://localhost:2"]),
        ({**RULE, "service": "https://localhost:2"}, None, ["http://localhost:1"]),
        ({**RULE, "service": "http://localhost:1"}, RULE, ["http://localhost:1", "http://localhost:2"]),
    ],
)
def test_where_ollama_may_answer(tunnel: object, cloudflared: object, found: list[str]) -> None:
    changes: dict[str, Any] = {"tunnel__ingress": tunnel, "cloudflared__config_ingress": cloudflared}
    assert addresses(seen_on(Recorded(), ollama__url="http://localhost:1", **changes)) == found


def test_an_answer_at_one_of_two_addresses_is_none_of_ollamas() -> None:
    there = Recorded({"http://localhost:1/": SILENT, "http://localhost:2/": answer("<html>")})
    seen = {ollama_unit: parse_unit("ActiveState=active", "ollama.service")}
    run = seen_on(there, seen, ollama__url="http://localhost:1", tunnel__ingress=RULE, cloudflared__config_ingress=None)
    with pytest.raises(Unmet) as unmet:
        run.get(ollama_models)
    assert (unmet.value.fact, unmet.value.observed) == ("ollama.url", "no answer from Ollama")
    assert unmet.value.note == (
        "http://localhost:1/api/version: Failed to connect; http://localhost:2/api/version: HTTP 200, 6 bytes"
    )


def test_a_stopped_ollama_of_which_nobody_states_that_it_runs_is_the_addresss_fault() -> None:
    changes = {"tunnel__ingress": None, "cloudflared__config_ingress": None, "ollama__active": None}
    stopped = {ollama_unit: parse_unit("ActiveState=inactive", "ollama.service")}
    with pytest.raises(Unmet, match="no answer") as unmet:
        seen_on(Recorded({"curl": SILENT}), stopped, **changes).get(ollama_models)
    assert unmet.value.fact == "ollama.url"


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Phi", ("registry.ollama.ai", "library", "phi", "latest")),
        ("me/phi:3b", ("registry.ollama.ai", "me", "phi", "3b")),
        ("hf.co/me/phi", ("hf.co", "me", "phi", "latest")),
        ("box:5000/me/phi", ("box:5000", "me", "phi", "latest")),
        ("box/a/b/phi:1", ("box", "a", "b", "phi", "1")),
    ],
)
def test_a_models_whole_name(name: str, parts: tuple[str, ...]) -> None:
    assert whole(name) == parts


def test_what_a_model_is_told_to_be() -> None:
    entry = {"name": "a", "digest": "d", "size": 2_500_000_000, "remote_host": "https://ollama.com", "details": {
        "quantization_level": "Q4", "parameter_size": "500K"}}  # fmt: skip
    found = parse("u", CurlReply("", 200, body=b'{"version": "1"}'), CurlReply("", 200, body=json.dumps({"models": [
        entry, {}]}).encode()))  # fmt: skip
    assert found is not None
    one, other = found.models
    assert one == Model("a", "d", 2_500_000_000, "Q4", "500K", "https://ollama.com")
    assert (one.size_gb, one.parameters_b, found.names) == (2.5, 0.0005, "a, ")
    assert other == Model("", "", 0, "", "")
    assert OllamaModels("", "", ()).names == "no models"


def test_a_model_of_which_the_document_names_no_first() -> None:
    listed = OllamaModels("", "", (Model("phi:latest", "", 0, "", ""),))
    run = seen_on(Recorded(), {ollama_models: listed}, ollama__model="phi", ollama__first_model=None)
    assert run.get(ollama_model).name == "phi:latest"
    other = seen_on(Recorded(), {ollama_models: listed}, ollama__model="qwen", ollama__first_model=None)
    with pytest.raises(Unmet) as unmet:
        other.get(ollama_model)
    assert (unmet.value.observed, unmet.value.note) == ("phi:latest", "on the host `ollama pull qwen` fetches it")


@pytest.mark.parametrize(("status", "answered"), [(0, False), (199, False), (200, True), (299, True), (300, False)])
def test_only_what_is_well_is_an_answer_under_a_host(status: int, answered: bool) -> None:
    assert Replay("h", status, "").answered is answered


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        ({"done": True, "eval_count": 8, "eval_duration": 2e9, "load_duration": 5e8, "done_reason": "stop"},
         Generated("m", 8, 0.0, 0.5, "stop", 4.0)),
        ({"done": True, "eval_count": 8, "eval_duration": 0}, Generated("m", 8, 0.0, 0.0, "", None)),
        ({"done": True, "eval_count": 8, "eval_duration": -1}, Generated("m", 8, 0.0, 0.0, "", None)),
        ({"done": True, "eval_count": 8, "eval_duration": 5e8}, Generated("m", 8, 0.0, 0.0, "", 16.0)),
        ({"done": 1, "eval_count": 8}, None),
        ({"eval_count": 8}, None),
    ],
)  # fmt: skip
def test_how_fast_it_was(said: dict[str, Any], seen: Generated | None) -> None:
    assert parse_generation("m", CurlReply("", 200, body=json.dumps(said).encode())) == seen
    assert Generated("m", 8, 1, 0, "", 4.04).speed == "4.0 tokens a second"
    assert Generated("m", 8, 1, 0, "").speed == ""


OLLAMA = OllamaModels("http://localhost:1", "1", ())
PHI = Model("phi:latest", "d1", 0, "", "")
ASKED = Generated("phi:latest", 8, 1, 0, "stop", 4.0)


@pytest.mark.parametrize(
    ("ps", "driver", "seen"),
    [
        ({"models": ["odd", {"model": "phi", "size": 10, "size_vram": 10}]}, "7, /bin/ollama\nx, y\n8, /bin/o\n8",
         Residency("phi:latest", 10, 10, "the driver lists /bin/ollama, /bin/o; 4.0 tokens a second")),
        ({"models": [{"name": "mine", "digest": "d1", "size": 10, "size_vram": 0}]}, "",
         Residency("phi:latest", 10, 0, "4.0 tokens a second")),
        ({"models": [{"name": "phi", "size": 10, "size_vram": 5}]}, (9, "", "it failed"),
         Residency("phi:latest", 10, 5, "4.0 tokens a second")),
    ],
)  # fmt: skip
def test_where_a_model_is_by_two_words(ps: object, driver: Said, seen: Residency) -> None:
    there = Recorded({"/api/ps": answer(ps), "nvidia-smi": driver})
    run = seen_on(there, {ollama_models: OLLAMA, ollama_model: PHI, ollama_generation: ASKED})
    found = run.get(ollama_residency)
    assert found == seen
    assert found.told == f"by Ollama's word: {seen.size_vram} of 10 bytes; {seen.beside}"
    assert Residency("m", 4, 1).told == "by Ollama's word: 1 of 4 bytes"


@pytest.mark.parametrize(
    ("said", "note"),
    [
        (answer({"models": []}), "/api/ps does not list it right after"),
        (answer("x", 500), "/api/ps: HTTP 500, 1 bytes"),
    ],
)
def test_a_model_that_is_nowhere(said: str, note: str) -> None:
    run = seen_on(Recorded({"/api/ps": said}), {ollama_models: OLLAMA, ollama_model: PHI, ollama_generation: ASKED})
    with pytest.raises(Unmet) as unmet:
        run.get(ollama_residency)
    assert (unmet.value.observed, unmet.value.note.startswith(note)) == ("phi:latest is not loaded", True)


# --- OpenAI's API


DONE = {"choices": [{"finish_reason": "stop"}], "usage": {"completion_tokens": 4}}


def openai(there: Recorded, path: str = "/v1/chat/completions", within_s: float = 30, **target: Any) -> Run:
    wanted = {"tokens": 4, "within_s": within_s, "path": path}
    url = {"service__url": "https://localhost:1"}
    return run_of(there, **url, openai__models=["qwen3", "b"], openai__completes=wanted, target=target)


@pytest.mark.parametrize(("within_s", "granted_s", "waits_s"), [(9, 60, "9"), (90, 60, "60")])
def test_a_completion_has_as_much_time_as_both_grant(within_s: float, granted_s: float, waits_s: str) -> None:
    there = Recorded({"/v1/models": answer({"data": [{"id": "qwen3"}]}), "completions": answer(DONE)})
    there.says["https://localhost:1/"] = whole_answer()
    run = openai(there, within_s=within_s, host={"generation_timeout_s": granted_s})
    assert run.get(openai_completion) == Completed("qwen3", 4, 0.5, "stop")
    assert f"-m {waits_s} " in there.commands[-1]
    assert all(" -k " in command for command in there.commands)
    assert '"messages"' in there.commands[-1]
    assert '"prompt"' not in there.commands[-1]


def test_a_completion_of_a_text_has_a_prompt() -> None:
    there = Recorded({"/v1/models": answer({"data": [{"id": "qwen3"}]}), "completions": answer(DONE)})
    there.says["https://localhost:1/"] = whole_answer()
    openai(there, "/v1/completions").get(openai_completion)
    assert '"prompt"' in there.commands[-1]
    assert '"stream": false' in there.commands[-1]


@pytest.mark.parametrize(
    ("status", "required"),
    [(401, True), (403, True), (200, False), (299, False), (300, None), (400, None), (199, None)],
)
def test_whether_a_key_is_wanted(status: int, required: bool | None) -> None:
    there = Recorded({"completions": answer(DONE, status), "https://localhost:1/": whole_answer()})
    run = openai(there, "/v1/completions")
    if required is None:
        with pytest.raises(Unreachable, match=f"^POST /v1/completions without a key is answered with HTTP {status}, "):
            run.get(openai_without_key)
    else:
        assert run.get(openai_without_key).required is required
    assert '"max_tokens": 1,' in there.commands[-1]
    assert " -k " in there.commands[-1]


def test_what_is_not_listed_is_no_model() -> None:
    body = {"data": ["odd", {"name": "x"}, {"id": "a"}, {"id": 7}]}
    assert parse_models(CurlReply("", 200, body=json.dumps(body).encode())) == ("a", "7")
    there = Recorded({"/v1/models": answer({"data": []}), "https://localhost:1/": whole_answer()})
    with pytest.raises(Unmet) as unmet:
        openai(there).get(openai_completion)
    assert (unmet.value.observed, unmet.value.note) == ("no models", "https://localhost:1 does not list qwen3")
    silent = Recorded({"/v1/models": answer("gone", 404), "https://localhost:1/": whole_answer()})
    with pytest.raises(Unmet) as gone:
        openai(silent).get(openai_models)
    assert (gone.value.observed, gone.value.note) == (
        "HTTP 404, 4 bytes",
        "asked https://localhost:1/v1/models for its list of models",
    )


def test_the_first_choice_counts_and_a_reply_that_was_cut_is_told_as_such() -> None:
    two = {**DONE, "choices": [{"finish_reason": "stop"}, {"finish_reason": "length"}, "odd"]}
    assert parse_completion("m", CurlReply("", 200, body=json.dumps(two).encode())) == Completed("m", 4, 0.0, "stop")
    nothing: list[dict[str, Any]] = [{}, {"choices": {}}, {"choices": ["odd", {}]}]
    for body in nothing:
        assert parse_completion("m", CurlReply("", 200, body=json.dumps(body).encode())) is None
    cut = CurlReply("", 500, failure="it was cut", body=b'{"error": "x"}')
    assert (said(cut), said(CurlReply("", 0, body=b'{"error": "x"}'))) == ("it was cut", "no answer")


def test_secrets_without_a_key_send_none() -> None:
    there = Recorded({"/v1/models": answer({"data": [{"id": "qwen3"}]}), "https://localhost:1/": whole_answer()})
    secrets = {"tunnel_token": "env:T", "access_client_id": "env:I", "access_client_secret": "env:S"}
    assert openai(there, secrets=secrets).get(openai_models).names == ("qwen3",)
    assert "@-" not in there.commands[-1]


def test_a_contradiction_is_told_where_no_speed_is() -> None:
    there = Recorded({"/api/ps": answer({"models": [{"name": "phi", "size": 9, "size_vram": 9}]}), "nvidia-smi": ""})
    untimed = Generated("phi:latest", 8, 1, 0, "stop")
    run = seen_on(there, {ollama_models: OLLAMA, ollama_model: PHI, ollama_generation: untimed})
    with pytest.raises(Unreachable, match=r"lists no process that computes there \(`nvidia-smi`; no speed told\)"):
        run.get(ollama_residency)
