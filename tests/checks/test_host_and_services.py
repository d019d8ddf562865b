"""What the checks of the host and of its services say, where what they say depends on what they see."""

from typing import Any

import pytest

from checks import test_host as of_host
from checks import test_ollama as of_ollama
from checks import test_openai as of_openai
from checks import test_service as of_service
from spark_conformance.facts.expectations import AtLeast, AtMost, Generation
from tests.checks.judged import judged, seen

QUICK = Generation(tokens=8, within_s=30)


@pytest.mark.parametrize(
    ("refused", "asking", "said", "note"),
    [
        ((), (), "", ""),
        (("a", "b"), (), "", "sudo would not run: a, b"),
        (("a",), (), "not allowed", "sudo would not run: a (not allowed)"),
        (("a", "b"), ("b",), "", "sudo would not run: a; sudo would ask for a password: b"),
        (("b",), ("b", "c"), "", "sudo would ask for a password: b, c"),
    ],
)
def test_what_sudo_refuses_is_told_apart_from_what_it_asks_for(
    refused: tuple[str, ...], asking: tuple[str, ...], said: str, note: str
) -> None:
    rights = seen(allowed=("x",), refused=refused, asking=asking, said=said)
    assert judged(of_host.test_sudo, ("x",), sudo_rights=rights) == ("x", True, note)


@pytest.mark.parametrize(
    ("values", "observed"),
    [
        ({"DGX_NAME": "a", "DGX_PRETTY_NAME": "NVIDIA DGX Spark"}, "NVIDIA DGX Spark"),
        ({"DGX_NAME": "a", "OTHER": "b"}, "a"),
        ({"OTHER": "b"}, "other values"),
    ],
)
def test_any_value_of_the_release_file_counts(values: dict[str, str], observed: str) -> None:
    found = judged(of_host.test_release, seen(value="NVIDIA DGX Spark"), host_release=seen(values=values))
    assert found == (observed, observed == "NVIDIA DGX Spark", "")


@pytest.mark.parametrize(
    ("ahead_s", "told"),
    [
        (2.5, "the host is 2.50 s ahead of this machine, give or take 0.25 s"),
        (-2.5, "the host is 2.50 s behind this machine, give or take 0.25 s"),
        (0.5, "the host is 0.50 s ahead of this machine, give or take 0.25 s"),
        (-0.5, "the host is 0.50 s behind this machine, give or take 0.25 s"),
        (0.0, "the host is 0.00 s behind this machine, give or take 0.25 s"),
    ],
)
@pytest.mark.parametrize("within", [True, False])
def test_a_clock_that_is_off(ahead_s: float, told: str, within: bool) -> None:
    skew = seen(ahead_s=ahead_s, uncertain_s=0.25, within=lambda most: most == 5 and within)
    assert judged(of_host.test_clock_skew, AtMost(at_most=5), host_clock_skew=skew) == (
        f"{abs(ahead_s):g}",
        within,
        told,
    )


@pytest.mark.parametrize(("state", "told"), [("static", "static"), ("", "nothing")])
def test_how_systemd_has_a_unit(state: str, told: str) -> None:
    found = judged(of_ollama.test_enabled, True, ollama_unit=seen(enabled=False, file_state=state))
    assert found == ("no", False, f"systemd reports it as {told}")


@pytest.mark.parametrize("size", ["70.6B", ""])
def test_how_many_parameters_a_model_has(size: str) -> None:
    found = judged(
        of_ollama.test_parameters, AtLeast(at_least=70), ollama_model=seen(parameters_b=70.6, parameter_size=size)
    )
    assert found == ("70.6", True, f"Ollama says {size or 'nothing'}")


@pytest.mark.parametrize(
    ("check", "fixture"),
    [
        (of_ollama.test_loopback_only, "ollama_listeners"),
        (of_service.test_loopback_only, "service_listeners"),
    ],
)
@pytest.mark.parametrize(("others", "observed"), [(False, "yes"), (True, "no")])
def test_what_listens_for_others(check: Any, fixture: str, others: bool, observed: str) -> None:
    listeners = seen(open_to_others=others, addresses=("127.0.0.1:1", "[::]:1"))
    found = judged(check, True, **{fixture: listeners})
    assert found == (observed, not others, "it listens on 127.0.0.1:1, [::]:1")


@pytest.mark.parametrize("there", [True, False])
def test_a_model_is_there_by_its_name(there: bool) -> None:
    models = seen(named=lambda name: name == "a:7b" and there, names="b:7b, c:7b")
    model = seen(digest="0123456789abcdef")
    found = judged(of_ollama.test_model, "a:7b", ollama_models=models, ollama_model=model)
    assert found == ("a:7b" if there else "b:7b, c:7b", there, "digest 0123456789ab")


@pytest.mark.parametrize(
    ("names", "observed"),
    [("a:latest, b:7b", "a"), ("b:7b, a:latest", "b:7b"), ("no models", "no models")],
)
def test_the_model_that_is_listed_first(names: str, observed: str) -> None:
    listed = [seen(name=name) for name in names.split(", ")] if names != "no models" else []
    found = judged(of_ollama.test_first_model, "a", ollama_models=seen(models=listed, names=names))
    assert found == (observed, observed == "a", names)


@pytest.mark.parametrize(
    ("tokens", "seconds", "ok"), [(8, 30.0, True), (7, 30.0, False), (8, 30.5, False), (9, 1.0, True)]
)
def test_a_generation_has_enough_tokens_soon_enough(tokens: int, seconds: float, ok: bool) -> None:
    made = {"tokens": tokens, "seconds": seconds, "model": "a"}
    generated = seen(**made, load_s=1.0, done_reason="stop", speed="")
    observed = f"{tokens} tokens in {seconds:.1f} s"
    note = "1.0 s of it to load a; it ended because of: stop"
    assert judged(of_ollama.test_generates, QUICK, ollama_generation=generated) == (observed, ok, note)
    generated.speed = "4 tokens a second"
    told = judged(of_ollama.test_generates, QUICK, ollama_generation=generated)
    assert told == (observed, ok, f"{note}; 4 tokens a second")
    completed = judged(of_openai.test_completes, QUICK, openai_completion=seen(**made, reason="stop"))
    assert completed == (observed, ok, "of a; it ended because of: stop")


@pytest.mark.parametrize(("names", "note"), [(("a", "b", "c"), ""), (("b",), "not listed: a, c"), (("a", "c"), "")])
def test_models_that_are_not_listed(names: tuple[str, ...], note: str) -> None:
    found = judged(of_openai.test_models, ("a", "c"), openai_models=seen(names=names))
    assert found == (", ".join(names), not note, note)


@pytest.mark.parametrize(("service", "observed"), [("web", "web"), ("", "shop-web-1")])
def test_a_services_container_is_called_as_the_fact_calls_it(service: str, observed: str) -> None:
    container = seen(service=service, name="shop-web-1", state="running")
    found = judged(of_service.test_container, "web", service_container=container)
    assert found == (observed, observed == "web", "running")
