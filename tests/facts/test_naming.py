"""What the service is called in texts: by its own name, else by its kind."""

from typing import Any

import pytest

from spark_conformance.facts.model import Facts
from spark_conformance.facts.naming import service_name
from spark_conformance.facts.target import Target

OLLAMA = {"ollama": {"url": {"expect": "http://localhost:11434", "source": "s", "why": "w"}}}


@pytest.mark.parametrize(
    ("target", "facts", "name"),
    [
        ({}, OLLAMA, "Ollama"),
        ({}, {}, "the service"),
        ({"service": {"name": "Grafana"}}, {}, "Grafana"),
        ({"service": {"name": "the model's server"}}, OLLAMA, "the model's server"),
    ],
)
def test_the_service_is_called_by_its_own_name_else_by_its_kind(
    target: dict[str, Any], facts: dict[str, Any], name: str
) -> None:
    assert service_name(Target.model_validate(target), Facts.model_validate(facts)) == name
