"""A service with OpenAI's API: what vLLM, llama.cpp's server and LiteLLM answer, and the lab's stand-in for one.

The answers have the shapes that their sources and their users' reports show, with values of ours.
"""

import json
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from spark_conformance.core.judging import Judge
from spark_conformance.core.verdict import Nonconformant, Unmet, Unreachable
from spark_conformance.host.curl import CurlReply
from spark_conformance.services.openai.observations import (
    Completed,
    openai_completion,
    openai_models,
    openai_without_key,
    parse_completion,
    parse_models,
    said,
)
from tests.host.service_bench import Service, run_of, running, stated
from tests.host.stubs import StubHost

checks = import_module("checks.test_openai")
NAME, KEY = "qwen3-32b", "sk-canary-291b-0123456789"
USAGE: dict[str, Any] = {"prompt_tokens": 12, "completion_tokens": 4, "total_tokens": 16}
LISTS = {
    "vLLM": {"object": "list", "data": [
        {"id": NAME, "object": "model", "created": 1, "owned_by": "vllm", "root": "Qwen/Qwen3-32B", "parent": None,
         "max_model_len": 40960, "permission": []},
        {"id": "sql-lora", "object": "model", "created": 1, "owned_by": "vllm", "root": "/loras/sql", "parent": NAME},
    ]},
    "llama.cpp": {
        "models": [{"name": NAME, "model": NAME, "type": "model", "capabilities": ["completion"]}], "object": "list",
        "data": [{"id": NAME, "aliases": [], "object": "model", "created": 1, "owned_by": "llamacpp", "meta": {}}],
    },
    "LiteLLM": {"data": [{"id": NAME, "object": "model", "created": 1677610602, "owned_by": "openai"}],
                "object": "list"},
}  # fmt: skip
COMPLETIONS: dict[str, tuple[object, str]] = {
    "vLLM, a chat": ({"choices": [{"index": 0, "finish_reason": "length", "stop_reason": None, "message": {
        "role": "assistant", "content": None, "reasoning_content": "One,", "tool_calls": []}}], "usage": USAGE},
        "length"),
    "vLLM, a text": ({"choices": [{"index": 0, "text": " two", "logprobs": None, "finish_reason": "stop"}],
                      "usage": USAGE}, "stop"),
    "llama.cpp": ({"choices": [{"finish_reason": "length", "index": 0, "message": {"role": "assistant", "content": "1"}}
                               ], "usage": USAGE, "timings": {"predicted_n": 4}}, "length"),
    "LiteLLM": ({"model": "openai/qwen", "choices": [{"finish_reason": None, "index": 0, "message": {"content": "1"}}],
                 "usage": USAGE | {"completion_tokens_details": None}}, "nothing told"),
}  # fmt: skip
REFUSALS = {
    "vLLM": (401, {"error": "Unauthorized"}, "HTTP 401: Unauthorized"),
    "vLLM, a model": (404, {"error": {"message": "The model `x` does not exist.", "type": "NotFoundError", "param":
                                      "model", "code": 404}}, "HTTP 404: The model `x` does not exist."),
    "vLLM, older": (400, {"object": "error", "message": "too long", "type": "BadRequestError", "code": 400},
                    "HTTP 400: too long"),
    "FastAPI": (404, {"detail": "Not Found"}, "HTTP 404: Not Found"),
    "llama.cpp": (401, {"error": {"message": "Invalid API Key", "type": "authentication_error", "code": 401}},
                  "HTTP 401: Invalid API Key"),
    "llama.cpp, loading": (503, {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}},
                           "HTTP 503: Loading model"),
    "LiteLLM": (401, {"error": {"message": "Authentication Error, No api key passed in.", "type": "auth_error",
                                "param": "None", "code": "401"}},
                "HTTP 401: Authentication Error, No api key passed in."),
    "LiteLLM, a model": (400, {"error": {"message": {"error": "Invalid model name passed in model=x"}, "code": "400"}},
                         "HTTP 400: Invalid model name passed in model=x"),
    "a proxy": (502, "<html>", "HTTP 502, 8 bytes"),
    "nobody": (0, "", "no answer"),
}  # fmt: skip


def answered(body: object, status: int = 200) -> CurlReply:
    return CurlReply("http://x/v1/y", status, 0.5, "", json.dumps(body).encode() if body != "" else b"")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("openai")) as there:
        yield there


@pytest.fixture
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_KEY", KEY)


def facts_of(service: Service, **more: Any) -> dict[str, Any]:
    return stated(service__url=f"http://{service.address}", openai__models=[NAME], **more)


SECRETS = {
    "tunnel_token": "env:T", "access_client_id": "env:I", "access_client_secret": "env:S", "api_key": "env:SERVICE_KEY",
}  # fmt: skip


@pytest.mark.parametrize("server", LISTS)
def test_models_as_each_server_lists_them(server: str) -> None:
    found = parse_models(answered(LISTS[server]))
    assert found is not None
    assert NAME in found


@pytest.mark.parametrize("body", [{}, {"data": None}, [], "x", {"models": [{"name": NAME}]}])
def test_what_is_no_list_of_models(body: object) -> None:
    assert parse_models(answered(body)) is None


@pytest.mark.parametrize("server", COMPLETIONS)
def test_a_completion_as_each_server_gives_it(server: str) -> None:
    body, reason = COMPLETIONS[server]
    assert parse_completion(NAME, answered(body)) == Completed(NAME, 4, 0.5, reason)


def test_a_completion_of_untold_length_is_no_short_one() -> None:
    with pytest.raises(Unreachable, match="does not say how many tokens"):
        parse_completion(NAME, answered({"choices": [{"message": {"content": "1, 2"}}]}))
    assert parse_completion(NAME, answered({"choices": []})) is None
    assert parse_completion(NAME, answered({"choices": ["x"]})) is None


@pytest.mark.parametrize("server", REFUSALS)
def test_a_refusal_is_told_in_the_servers_own_words(server: str) -> None:
    status, body, told = REFUSALS[server]
    assert said(answered(body, status)) == told


@pytest.mark.usefixtures("_key")
@pytest.mark.parametrize("path", ["/v1/completions", "/v1/chat/completions"])
def test_a_healthy_service_with_a_key(stub: StubHost, service: Service, path: str) -> None:
    wanted = {"tokens": 4, "within_s": 30, "path": path}
    facts = facts_of(service, openai__completes=wanted, openai__requires_key=True)
    service.tell(facts, key=KEY)
    run = run_of(stub, facts, secrets=SECRETS)
    for fact, check, observe in (
        ("openai.models", checks.test_models, openai_models),
        ("openai.completes", checks.test_completes, openai_completion),
        ("openai.requires_key", checks.test_requires_key, openai_without_key),
    ):
        check(Judge(fact, run.stated[fact]), run.get(observe))
    assert not any(KEY in command for command in stub.backend.commands), "it would stand in the host's process list"


def test_a_completion_that_is_too_short(stub: StubHost, service: Service) -> None:
    facts = facts_of(service, openai__completes={"tokens": 4, "within_s": 30})
    service.tell(facts, tokens=2)
    run = run_of(stub, facts)
    judge, seen = Judge("openai.completes", run.stated["openai.completes"]), run.get(openai_completion)
    with pytest.raises(Nonconformant, match=r"^2 tokens in "):
        checks.test_completes(judge, seen)
    assert judge.note == f"of {NAME}; it ended because of: stop"


@pytest.mark.parametrize(("models", "observed"), [(["other"], "other"), ([], "no models")])
def test_a_model_that_is_gone(stub: StubHost, service: Service, models: list[str], observed: str) -> None:
    facts = facts_of(service, openai__completes={"tokens": 4, "within_s": 30})
    service.tell(facts, models=models)
    run = run_of(stub, facts)
    with pytest.raises(Unmet) as gone:
        run.get(openai_completion)
    assert (gone.value.fact, gone.value.observed) == ("openai.models", observed)
    with pytest.raises(Nonconformant):
        checks.test_models(Judge("openai.models", run.stated["openai.models"]), run.get(openai_models))


def test_a_service_that_asks_for_no_key(stub: StubHost, service: Service) -> None:
    facts = facts_of(service, openai__requires_key=True)
    service.tell({**facts, "openai": {"models": facts["openai"]["models"]}})
    run = run_of(stub, facts)
    with pytest.raises(Nonconformant, match="no"):
        checks.test_requires_key(
            Judge("openai.requires_key", run.stated["openai.requires_key"]), run.get(openai_without_key)
        )


@pytest.mark.usefixtures("_key")
@pytest.mark.parametrize(
    ("reach", "remedy"),
    [({}, "write a reference to it as api_key in"), ({"secrets": SECRETS}, "target.secrets.api_key refers to; see")],
)
def test_a_key_that_is_not_taken_is_ours_to_find(
    stub: StubHost, service: Service, reach: dict[str, Any], remedy: str
) -> None:
    facts = facts_of(service, openai__requires_key=True)
    service.tell(facts, key="another")
    run = run_of(stub, facts, **reach)
    with pytest.raises(Unreachable) as blind:
        run.get(openai_models)
    assert remedy in blind.value.sentence
    assert run.get(openai_without_key).required, "which can be told without any key"


def test_an_answer_that_tells_nothing_of_a_key(stub: StubHost, service: Service) -> None:
    facts = facts_of(service, openai__requires_key=True)
    service.tell(facts, models=["other"])
    with pytest.raises(
        Unreachable, match=r"answered with HTTP 404: The model `qwen3-32b` does not exist\., which says"
    ):
        run_of(stub, facts).get(openai_without_key)
