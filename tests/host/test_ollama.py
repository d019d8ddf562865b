"""Ollama on the host: where it answers, what it has, what it generates, who can reach it."""

import json
from typing import Any

import pytest

from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Unmet, Unreachable
from spark_conformance.facts.expectations import Generation
from spark_conformance.host.curl import CurlReply
from spark_conformance.host.inference import (
    Generated,
    Residency,
    ollama_generation,
    ollama_residency,
    parse_generation,
    parse_residency,
)
from spark_conformance.host.listeners import ollama_listeners
from spark_conformance.host.listeners import parse as parse_listeners
from spark_conformance.host.ollama import Model, OllamaModels, ollama_model, ollama_models, parse
from spark_conformance.host.units import ollama_unit
from spark_conformance.host.units import parse as parse_unit
from tests.host.stubs import StubHost, given, run_on, web
from tests.host.test_gpu import CORRUPTED

LLAMA = {
    "name": "llama3.3:70b",
    "model": "llama3.3:70b",
    "modified_at": "2025-10-30T07:41:09.334981732+01:00",
    "size": 42520413916,
    "digest": "a6eb4748fd2990ad2952b2335a95a7f952d1a06119a0aa6a2df6cd052a93a3fa",
    "details": {
        "parent_model": "", "format": "gguf", "family": "llama", "families": ["llama"], "parameter_size": "70.6B",
        "quantization_level": "Q4_K_M",
    },
}  # fmt: skip
GENERATION = {
    "model": "llama3.3:70b", "created_at": "2025-10-30T06:45:01.2Z", "response": "One, two", "done": True,
    "done_reason": "length", "total_duration": 941046332, "load_duration": 82340041, "prompt_eval_count": 17,
    "prompt_eval_duration": 410000000, "eval_count": 2, "eval_duration": 390000000,
}  # fmt: skip
PS = {"models": [{**LLAMA, "size": 45331456000, "size_vram": 45331456000, "expires_at": "2025-10-30T07:50:00Z"}]}


class Ollama:
    """A server whose answers a test may change."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, Any]] = {
            "/api/version": (200, {"version": "0.12.6"}),
            "/api/tags": (200, {"models": [LLAMA]}),
            "/api/generate": (200, GENERATION),
            "/api/ps": (200, PS),
        }
        self.asked: list[tuple[str, str]] = []

    def __call__(self, path: str, body: str, _: dict[str, str]) -> tuple[int, bytes]:
        self.asked.append((path, body))
        status, said = self.answers.get(path, (404, "404 page not found"))
        return status, said.encode() if isinstance(said, str) else json.dumps(said).encode()


def answered(body: object, status: int = 200) -> CurlReply:
    return CurlReply("http://x", status, 0.5, "", body.encode() if isinstance(body, str) else json.dumps(body).encode())


def test_what_is_there(stub: StubHost) -> None:
    with web(Ollama()) as address:
        run = run_on(stub, ollama__url=f"http://{address}")
        seen, model = run.get(ollama_models), run.get(ollama_model)
    assert (seen.url, seen.version, seen.names) == (f"http://{address}", "0.12.6", "llama3.3:70b")
    assert (model.quantization, round(model.size_gb, 1), model.parameters_b) == ("Q4_K_M", 42.5, 70.6)


def test_silence_at_the_documented_address_sends_to_the_ingress_service(stub: StubHost) -> None:
    with web(Ollama()) as address:
        rule = {"hostname": "ollama.goldfish.io", "service": f"http://{address}"}
        run = run_on(stub, ollama__url="http://127.0.0.1:9", tunnel__ingress=rule)
        assert run.get(ollama_models).url == f"http://{address}"


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/api/version", (404, "404 page not found")),
        ("/api/version", (200, "<html>")),
        ("/api/version", (200, {"version": None})),
        ("/api/tags", (500, {"error": "database is locked"})),
        ("/api/tags", (200, {"models": None})),
        ("/api/tags", (200, [])),
        ("/api/tags", (200, "")),
    ],
)
def test_an_answer_that_is_not_ollamas(stub: StubHost, path: str, answer: tuple[int, Any]) -> None:
    server = Ollama()
    server.answers[path] = answer
    with web(server) as address:
        run = _alone(stub, address)
        _unit(run, "active")
        with pytest.raises(Unmet) as unmet:
            run.get(ollama_models)
    assert (unmet.value.fact, unmet.value.observed) == ("ollama.url", "no answer from Ollama")
    assert f"{address}{path}" in unmet.value.note


def test_silence_of_a_stopped_service_is_the_services_fault(stub: StubHost) -> None:
    run = _alone(stub, "127.0.0.1:9")
    _unit(run, "inactive")
    with pytest.raises(Unmet) as unmet:
        run.get(ollama_models)
    assert (unmet.value.fact, unmet.value.note) == ("ollama.active", "ollama.service is inactive (x)")


def test_silence_where_no_service_is_stated_is_the_addresss_fault(stub: StubHost) -> None:
    run = _alone(stub, "127.0.0.1:9", ollama__unit=None)
    with pytest.raises(Unmet) as unmet:
        run.get(ollama_models)
    assert unmet.value.fact == "ollama.url"


def test_a_model_by_a_name_without_a_tag() -> None:
    models = OllamaModels("", "", (_model("phi:latest"), _model("phi:3b")))
    assert models.named("phi") == _model("phi:latest")
    assert models.named("phi:3b") == _model("phi:3b")
    assert models.named("gone") is None


@pytest.mark.parametrize(
    ("name", "other", "same"),
    [
        ("llama3.3:70b", "LLaMA3.3:70B", True),
        ("llama3.3:70b", "library/llama3.3:70b", True),
        ("llama3.3:70b", "registry.ollama.ai/library/llama3.3:70b", True),
        ("llama3.3", "llama3.3:latest", True),
        ("hf.co/bartowski/x-GGUF:Q4_K_M", "hf.co/bartowski/x-gguf:q4_k_m", True),
        ("localhost:5000/me/x", "localhost:5000/me/x:latest", True),
        ("llama3.3:70b", "me/llama3.3:70b", False),
        ("llama3.3:70b", "llama3.3:latest", False),
    ],
)
def test_a_name_as_ollama_completes_it(name: str, other: str, same: bool) -> None:
    assert (OllamaModels("", "", (_model(name),)).named(other) is not None) is same


def test_a_missing_model_names_what_is_there() -> None:
    run = run_on(None)
    given(run, ollama_models, OllamaModels("", "", (_model("phi:3b"), _model("llama3.2:1b"))))
    with pytest.raises(Unmet) as unmet:
        run.get(ollama_model)
    assert (unmet.value.fact, unmet.value.observed) == ("ollama.model", "phi:3b, llama3.2:1b")


def test_a_wrong_model_in_the_facts_leaves_the_others_to_judge_the_first() -> None:
    run = run_on(None, ollama__model="llama3.4:70b")
    given(run, ollama_models, OllamaModels("", "", (_model("llama3.3:70b"),)))
    assert run.get(ollama_model).name == "llama3.3:70b"


@pytest.mark.parametrize(
    "entry", [{}, {"details": None}, {"details": "x", "size": "40GB"}, {"name": None, "size": None}]
)
def test_a_model_with_fields_missing(entry: dict[str, Any]) -> None:
    found = parse("", answered({"version": "1"}), answered({"models": [entry, "no table"]}))
    assert found is not None
    assert [(model.size, model.quantization, model.parameters_b) for model in found.models] == [(0, "", None)]


@pytest.mark.parametrize(
    ("size", "billions"),
    [("70.6B", 70.6), ("137M", 0.137), ("1.2T", 1200.0), ("", None), ("many", None), ("70.6", None)],
)
def test_parameters(size: str, billions: float | None) -> None:
    assert Model("", "", 0, "", size).parameters_b == billions


def test_a_generation_asks_for_as_many_tokens_as_the_fact(stub: StubHost) -> None:
    server = Ollama()
    with web(server) as address:
        run = run_on(stub, ollama__url=f"http://{address}", ollama__generates={"tokens": 7, "within_s": 59})
        seen = run.get(ollama_generation)
        share = run.get(ollama_residency).gpu_share
    assert (seen.tokens, seen.done_reason, round(seen.load_s, 3)) == (2, "length", 0.082)
    assert share == 1.0
    asked = json.loads(dict(server.asked)["/api/generate"])
    assert (asked["model"], asked["stream"], asked["options"]) == ("llama3.3:70b", False, {"num_predict": 7})
    assert any("-m 59 " in command for command in stub.backend.commands)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((500, {"error": "llama runner process has terminated"}), "HTTP 500: llama runner process has terminated"),
        ((200, {"done": False}), "HTTP 200, 15 bytes"),
        ((200, "garbage"), "HTTP 200, 7 bytes"),
        ((200, ""), "HTTP 200, empty body"),
    ],
)
def test_a_generation_that_fails(stub: StubHost, answer: tuple[int, Any], said: str) -> None:
    server = Ollama()
    server.answers["/api/generate"] = answer
    with web(server) as address, pytest.raises(Unmet) as unmet:
        run_on(stub, ollama__url=f"http://{address}").get(ollama_generation)
    assert (unmet.value.fact, unmet.value.observed) == ("ollama.generates", said)


def test_a_name_for_a_model_elsewhere_is_not_asked(stub: StubHost) -> None:
    """Such a name answers quickly and well, and what it is asked leaves the machine."""
    server = Ollama()
    elsewhere = {"remote_model": "llama3.3:70b", "remote_host": "https://ollama.com:443", "size": 384}
    server.answers["/api/tags"] = (200, {"models": [LLAMA | elsewhere]})
    with web(server) as address, pytest.raises(Unmet) as unmet:
        run_on(stub, ollama__url=f"http://{address}").get(ollama_generation)
    assert (unmet.value.fact, unmet.value.observed) == ("ollama.generates", "computed at https://ollama.com:443")
    assert "/api/generate" not in dict(server.asked)


def test_a_model_that_is_not_loaded_after_its_answer(stub: StubHost) -> None:
    server = Ollama()
    server.answers["/api/ps"] = (200, {"models": []})
    with web(server) as address, pytest.raises(Unmet) as unmet:
        run_on(stub, ollama__url=f"http://{address}").get(ollama_residency)
    assert unmet.value.fact == "ollama.gpu_share"
    assert "OLLAMA_KEEP_ALIVE" in unmet.value.note


def test_a_model_that_spilled_to_the_cpu() -> None:
    spilled = {"models": [{"name": "other"}, {"name": "m", "size": 100, "size_vram": 60}]}
    assert parse_residency("m", answered(spilled)) == Residency("m", 100, 60)
    assert Residency("m", 100, 60).gpu_share == 0.6
    assert Residency("m", 0, 0).gpu_share == 0


def test_a_model_that_a_client_loaded_by_another_name(stub: StubHost) -> None:
    server = Ollama()
    server.answers["/api/ps"] = (
        200,
        {"models": [{**PS["models"][0], "name": "llama3.3:latest", "model": "llama3.3:latest"}]},
    )
    with web(server) as address:
        assert run_on(stub, ollama__url=f"http://{address}").get(ollama_residency).gpu_share == 1.0
    assert parse_residency("m", answered({"models": [{"name": "n", "digest": ""}]}), "") is None


@pytest.mark.parametrize(
    ("said", "status", "beside"),
    [
        ("2204, /usr/local/bin/ollama\n2204, /usr/local/bin/ollama", 0, "the driver lists /usr/local/bin/ollama; 5.1"),
        (f"2204, [Not Found]\n{CORRUPTED}", 14, "the driver lists [Not Found]; 5.1 tokens a second"),
        ("NVIDIA-SMI has failed", 9, "5.1 tokens a second"),
        ("", 127, "5.1 tokens a second"),
    ],
)
def test_beside_ollamas_word_the_drivers(stub: StubHost, said: str, status: int, beside: str) -> None:
    stub.prints("nvidia-smi", said, status)
    with web(Ollama()) as address:
        seen = run_on(stub, ollama__url=f"http://{address}").get(ollama_residency)
    assert (seen.gpu_share, seen.beside.startswith(beside)) == (1.0, True)


@pytest.mark.parametrize(("said", "status"), [("", 0), (CORRUPTED, 14)])
def test_a_gpu_on_which_nobody_computes_contradicts_ollama(stub: StubHost, said: str, status: int) -> None:
    stub.prints("nvidia-smi", said, status)
    with web(Ollama()) as address, pytest.raises(Unreachable, match="lists no process that computes") as untold:
        run_on(stub, ollama__url=f"http://{address}").get(ollama_residency)
    assert "5.1 tokens a second" in untold.value.sentence


def test_numbers_that_are_none() -> None:
    assert parse_generation("m", answered({"done": True, "eval_count": "two"})) == Generated("m", 0, 0.5, 0, "")
    assert parse_residency("m", answered({"models": {"m": 1}})) is None
    assert Generation(tokens=1, within_s=1).tokens == 1


SS = """LISTEN 0      4096       127.0.0.1:11434      0.0.0.0:*
LISTEN 0      4096           [::1]:11434         [::]:*
LISTEN 0      128          0.0.0.0:22           0.0.0.0:*
LISTEN 0      4096   127.0.0.53%lo:53           0.0.0.0:*
LISTEN 0      511                *:8080               *:*
LISTEN 0      4096 [::ffff:127.0.0.1]:63342          *:*
LISTEN 0      128   [fe80::1%eth0]:546          [::]:*
"""


def test_listeners_as_ss_prints_them() -> None:
    assert list(parse_listeners(SS)) == [
        ("127.0.0.1", 11434), ("::1", 11434), ("0.0.0.0", 22), ("127.0.0.53", 53), ("*", 8080),  # noqa: S104 - what ss shows of others
        ("::ffff:127.0.0.1", 63342), ("fe80::1", 546),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "garbage", ["", "State Recv-Q Send-Q", "LISTEN 0 1 nonsense 0.0.0.0:*", "ESTAB 0 0 1.1.1.1:1 x"]
)
def test_what_is_no_listener(garbage: str) -> None:
    assert list(parse_listeners(garbage)) == []


@pytest.mark.parametrize(
    ("address", "is_open"),
    [("127.0.0.1", False), ("127.8.0.1", False), ("[::1]", False), ("[::ffff:127.0.0.1]", False), ("0.0.0.0", True),  # noqa: S104 - what ss shows of others
     ("*", True), ("[::]", True), ("192.168.1.4", True), ("[fe80::1%eth0]", True)],
)  # fmt: skip
def test_one_open_listener_is_enough(stub: StubHost, address: str, is_open: bool) -> None:
    stub.prints("ss", f"LISTEN 0 9 127.0.0.1:11434 0.0.0.0:*\nLISTEN 0 9 {address}:11434 *:*\nLISTEN 0 9 *:80 *:*")
    run = run_on(stub)
    given(run, ollama_models, OllamaModels("http://localhost:11434", "", ()))
    assert bool(run.get(ollama_listeners).open_to_others) is is_open


def test_an_answer_without_a_listener(stub: StubHost) -> None:
    stub.prints("ss", "LISTEN 0 9 127.0.0.1:114 0.0.0.0:*")
    run = run_on(stub)
    given(run, ollama_models, OllamaModels("http://localhost:11434", "", ()))
    with pytest.raises(Unreachable, match="shows no listener"):
        run.get(ollama_listeners)


def _alone(stub: StubHost, address: str, **changes: Any) -> Run:
    """A run whose facts name no other address than this one."""
    return run_on(
        stub, ollama__url=f"http://{address}", tunnel__ingress=None, cloudflared__config_ingress=None, **changes
    )


def _unit(run: Run, state: str) -> None:
    given(run, ollama_unit, parse_unit(f"ActiveState={state}\nSubState=x", "ollama.service"))


def _model(name: str) -> Model:
    return Model(name, "", 0, "", "")
