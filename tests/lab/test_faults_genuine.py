"""Which faults can be made where the lab's programs are genuine, and what is said of the others."""

import subprocess
import sys
from dataclasses import fields
from typing import Any

import pytest

from spark_lab.announcement import Announcement
from spark_lab.faults import FAULTS, FaultError, inflict, named, possible
from spark_lab.faults.bench import Bench, BenchError

OF_OLLAMAS_STAND_IN = {
    "ollama-tags-500", "ollama-tags-garbage", "ollama-tags-empty", "model-other-quantization", "model-truncated",
    "model-smaller", "model-undescribed", "generation-failing", "generation-hanging", "generation-garbage",
    "generation-breaking-off", "generation-on-cpu", "generation-half-on-cpu", "public-other-models",
    "public-other-digest", "public-fewer-models", "public-no-models", "public-answers-403", "public-answers-404",
    "public-answers-500", "public-answers-524", "public-first-token-late", "public-stream-stalls",
    "public-stream-fails", "public-stream-gathered",
}  # fmt: skip


def announced(*genuine: str) -> Announcement:
    """A lab that nobody can reach."""
    values: dict[str, Any] = {field.name: "" for field in fields(Announcement)}
    return Announcement(**(values | {"port": 0, "resolvers": [], "genuine": list(genuine)}))


def test_all_but_these_can_be_made_with_genuine_programs() -> None:
    assert {name: fault.stand_in for name, fault in FAULTS.items() if fault.stand_in} == dict.fromkeys(
        OF_OLLAMAS_STAND_IN, "ollama"
    )
    possible(FAULTS.values(), ())
    possible(FAULTS.values(), ["cloudflared"])


def test_a_fault_that_takes_a_stand_in_is_refused_before_anything_is_broken() -> None:
    sentence = "^model-truncated, public-stream-fails: cannot be made with a genuine ollama, .* leave out --ollama, or"
    with pytest.raises(FaultError, match=sentence) as refused:
        inflict(announced("ollama"), named(["ollama-stopped", "model-truncated", "public-stream-fails"]))
    assert refused.value.usage


def test_no_fault_gives_a_genuine_ollama_a_bad_day() -> None:
    bench = Bench(announced("ollama"))
    with pytest.raises(BenchError, match="a genuine one, which has no switches"):
        bench.ollama(fail_after=1)


def test_the_list_says_which_they_are() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "spark_lab", "faults"], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.count("needs the lab's stand-in for ollama") == len(OF_OLLAMAS_STAND_IN)
