"""The catalogue of faults refuses what no fact is about, when it is read."""

import pytest

from spark_lab.faults.fault import FAULTS, Fault, fault


@pytest.mark.parametrize(
    ("facts", "without", "stays"),
    [(("host.gup",), (), ()), (("host.gpu",), ("host.reachabel",), ()), (("host.gpu",), (), ("host",))],
)
def test_a_fault_names_facts_that_there_are(
    facts: tuple[str, ...], without: tuple[str, ...], stays: tuple[str, ...]
) -> None:
    before = dict(FAULTS)
    with pytest.raises(ValueError, match=r"^the fault misspelt: \S+ is not a fact; write the id of one"):
        fault("misspelt", "a fault that is written wrong", lambda _: None, *facts, without=without, stays=stays)
    assert before == FAULTS


def test_what_needs_what_a_fault_takes_away_is_unverified(monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue: dict[str, Fault] = {}
    monkeypatch.setattr("spark_lab.faults.fault.FAULTS", catalogue)
    fault("gone", "the model is gone", lambda _: None, "ollama.model", without=("ollama.model",))
    assert catalogue["gone"].facts == {"ollama.model"}
    assert catalogue["gone"].component == "ollama"
    assert "ollama.model" not in catalogue["gone"].unverified
    assert {"ollama.size_gb", "ollama.gpu_share"} <= catalogue["gone"].unverified
    assert "ollama.first_model" not in catalogue["gone"].unverified
