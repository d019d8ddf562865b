"""Checks of Ollama, as it shows on the host itself: its service, its address, its models, its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spark_conformance.core.judging import Judge
    from spark_conformance.host.inference import Generated, Residency
    from spark_conformance.host.listeners import Listeners
    from spark_conformance.host.ollama import Model, OllamaModels
    from spark_conformance.host.ollama_host_header import HostReplay
    from spark_conformance.host.recent import Recent
    from spark_conformance.host.units import Unit


@pytest.mark.fact("ollama.unit")
def test_unit(judge: Judge, ollama_unit: Unit) -> None:
    """Systemd knows no such service: it has another name, or the server was started by hand.

    Not seen: whether it is this service that answers at ollama.url.
    """
    judge(ollama_unit.name)


@pytest.mark.fact("ollama.enabled")
def test_enabled(judge: Judge, ollama_unit: Unit) -> None:
    """The service will not come back after a reboot.

    Not seen here: whether the machine comes up to the target that wants it (`systemctl get-default`).
    """
    judge(ollama_unit.enabled, note=f"systemd reports it as {ollama_unit.file_state or 'nothing'}")


@pytest.mark.fact("ollama.active")
def test_active(judge: Judge, ollama_unit: Unit) -> None:
    """The service does not run.

    Not seen here: whether it answers, and as what; see ollama.url.
    """
    judge(ollama_unit.runs, note=ollama_unit.state)


@pytest.mark.fact("ollama.restarts")
def test_restarts(judge: Judge, ollama_restarts: Recent) -> None:
    """The service keeps dying and being started again, often for want of memory.

    Not seen: restarts by hand, by a timer, and those before the last boot or reset, which systemd does not count. Those
    that are longer ago than the fact's hours (24) are over, and do not count.
    """
    judge(ollama_restarts.recent, note=ollama_restarts.told)


@pytest.mark.fact("ollama.url")
def test_url(judge: Judge, ollama_models: OllamaModels) -> None:
    """Ollama does not answer at the documented address, where the tunnel sends requests.

    OLLAMA_HOST in the unit decides where it listens. Not seen: what stands between, such as a proxy that answers as
    Ollama does.
    """
    judge(ollama_models.url, note=f"Ollama {ollama_models.version} answers there")


@pytest.mark.fact("ollama.loopback_only")
def test_loopback_only(judge: Judge, ollama_listeners: Listeners) -> None:
    """Whoever reaches the host may use, and change, Ollama: it listens on other addresses than loopback.

    Not seen: who hands the port on by another one, such as a proxy, a container, `ssh -L`, or the firewall's
    redirection.
    """
    judge(not ollama_listeners.open_to_others, note=f"it listens on {', '.join(ollama_listeners.addresses)}")


@pytest.mark.fact("ollama.model")
def test_model(judge: Judge, ollama_models: OllamaModels, ollama_model: Model) -> None:
    """The documented model is not there, and every request for it fails.

    Not seen here: another build under this name, which shows in its quantization, size and parameters.
    """
    wanted = ollama_models.named(judge.expect)
    judge(judge.expect if wanted else ollama_models.names, note=f"digest {ollama_model.digest[:12]}")


@pytest.mark.fact("ollama.first_model")
def test_first_model(judge: Judge, ollama_models: OllamaModels) -> None:
    """Another model is first in the list, so the documented verification prints another name.

    Ollama lists what was changed last first: somebody pulled or made a model. Nothing is broken by it.

    Not seen here: whether the model of this name is the documented build; see ollama.quantization.
    """
    from spark_conformance.host.ollama import whole

    first = ollama_models.models[0].name if ollama_models.models else ollama_models.names
    judge(judge.expect if whole(first) == whole(judge.expect) else first, note=ollama_models.names)


@pytest.mark.fact("ollama.quantization")
def test_quantization(judge: Judge, ollama_model: Model) -> None:
    """The model of this name is another build than documented.

    Not seen here: another build that agrees in this, in its size and in its parameters; it is what Ollama says.
    """
    judge(ollama_model.quantization)


@pytest.mark.fact("ollama.size_gb")
def test_size(judge: Judge, ollama_model: Model) -> None:
    """The model is much smaller or larger than documented: cut short, or another one.

    Not seen here: whether its files are whole: it is what Ollama says.
    """
    judge(ollama_model.size_gb)


@pytest.mark.fact("ollama.parameters_b")
def test_parameters(judge: Judge, ollama_model: Model) -> None:
    """A model of another size has this name.

    Not seen here: whether it is the documented model: it is what Ollama says.
    """
    judge(ollama_model.parameters_b, note=f"Ollama says {ollama_model.parameter_size or 'nothing'}")


@pytest.mark.fact("ollama.generates")
def test_generates(judge: Judge, ollama_generation: Generated) -> None:
    """The model is there but does not answer, or not in time; or its name stands for one that is computed elsewhere.

    A cold model loads first: 40 GB take a while. Too few tokens with "stop": the model had no more to say.

    Not seen here: whether what it says makes sense.
    """
    seen = ollama_generation
    judge(
        f"{seen.tokens} tokens in {seen.seconds:.1f} s",
        ok=seen.tokens >= judge.expect.tokens and seen.seconds <= judge.expect.within_s,
        note=f"{seen.load_s:.1f} s of it to load {seen.model}; it ended because of: {seen.done_reason}"
        + (f"; {seen.speed}" if seen.speed else ""),
    )


@pytest.mark.fact("ollama.gpu_share")
def test_gpu_share(judge: Judge, ollama_residency: Residency) -> None:
    """Part of the model runs on the CPU, slowly enough for the proxy to give up on an answer.

    It is Ollama's own word; NVIDIA's driver, where it is asked, only tells whether anybody computes on the GPU.

    Not seen here: a CPU that works while it claims another GPU; that shows in the time that ollama.generates takes.
    """
    judge(ollama_residency.gpu_share, note=ollama_residency.told)


@pytest.mark.fact("ollama.accepts_host")
def test_accepts_host(judge: Judge, ollama_host_replay: HostReplay) -> None:
    """Ollama refuses what the tunnel sends, because of the Host header: a public 403 that the tunnel never logs.

    The connector takes a changed header over by itself. OLLAMA_ORIGINS does not help here; OLLAMA_HOST=0.0.0.0 would,
    and opens Ollama to the whole network.

    Not seen here: other headers of clients by which Ollama refuses, such as Origin (OLLAMA_ORIGINS).
    """
    judge(ollama_host_replay.tunnelled.answered, note=ollama_host_replay.told)
