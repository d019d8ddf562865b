"""Checks of a service with OpenAI's API, as it shows on the host itself: its models, a completion, its key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spark_conformance.core.judging import Judge
    from spark_conformance.services.openai.observations import Completed, Keyless, OpenaiModels


@pytest.mark.fact("openai.models")
def test_models(judge: Judge, openai_models: OpenaiModels) -> None:
    """A documented model is not listed at /v1/models, and every request for it fails.

    Others may be there as well.

    Not seen here: which model answers to a name; a server gives it whatever name it is told to.
    """
    missing = [name for name in judge.expect if name not in openai_models.names]
    judge(openai_models.names, ok=not missing, note=f"not listed: {', '.join(missing)}" if missing else "")


@pytest.mark.fact("openai.completes")
def test_completes(judge: Judge, openai_completion: Completed) -> None:
    """The model is listed but does not answer, or not in time.

    Too few tokens with "stop": the model had no more to say.

    Not seen here: whether what it says makes sense.
    """
    seen = openai_completion
    judge(
        f"{seen.tokens} tokens in {seen.seconds:.1f} s",
        ok=seen.tokens >= judge.expect.tokens and seen.seconds <= judge.expect.within_s,
        note=f"of {seen.model}; it ended because of: {seen.reason}",
    )


@pytest.mark.fact("openai.requires_key")
def test_requires_key(judge: Judge, openai_without_key: Keyless) -> None:
    """Whoever reaches the service may use the model: it answers a completion without a key.

    Not seen: paths that a server leaves open beside /v1, as vLLM does some of its own; and whether any key will do.
    """
    judge(openai_without_key.required, note=f"{openai_without_key.asked} is answered with {openai_without_key.said}")
