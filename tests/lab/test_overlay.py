"""What a lab's facts say otherwise than those of the system whose twin it is: paths on the host, and Ollama's port."""

from pathlib import Path

import pytest

from spark_conformance.facts.load import find, load
from spark_conformance.facts.model import chosen
from spark_lab.overlay import Places, Tables, overlay

OWN = """
extends = "spark-291b"

[facts.own.motto]
expect = "/etc/motd"
source = "notes, page 1"
why = "it is read at every login"
"""
NOWHERE = Path("/nowhere")
PLACES = Places(
    prefix="/lab", ssh_config=NOWHERE, addresses={"localhost:11434": "localhost:4711"},
    api="http://127.0.0.1:1/client/v4", resolvers=[], authoritative=[], edge_port=1, ca=NOWHERE,
    infrastructure=NOWHERE, operator_bin=NOWHERE, github="http://127.0.0.1:1", github_repository="a/b", proof=NOWHERE,
)  # fmt: skip


@pytest.fixture
def facts(tmp_path: Path) -> Tables:
    """The tables of facts that are laid over those of a system that has a fact of its own as well."""
    path = tmp_path / "mine.toml"
    path.write_text(OWN)
    laid: Tables = overlay(load(path), str(path), PLACES, "stand-ins")["facts"]
    return laid


def test_paths_and_addresses_are_moved_and_nothing_else(facts: Tables) -> None:
    moved = {f"{component}.{name}" for component, table in facts.items() for name, fact in table.items() if fact}
    assert (
        moved == (chosen(host_path=True) | chosen(service_address=True)) & load(find("spark-291b")).facts.all().keys()
    )


def test_what_a_lab_cannot_be_is_not_stated(facts: Tables) -> None:
    assert facts["own"] == {"motto": False}


def test_each_is_moved_in_its_own_form(facts: Tables) -> None:
    stated = load(find("spark-291b")).facts.all()
    assert facts["cloudflared"]["unit"]["expect"] == f"/lab{stated['cloudflared.unit'].expect}"
    assert facts["host"]["release"]["expect"] == {"path": f"/lab{stated['host.release'].expect.path}"}
    assert facts["ollama"]["url"]["expect"] == "http://localhost:4711"
    assert facts["tunnel"]["ingress"]["expect"] == {"service": "http://localhost:4711"}
    assert facts["tunnel"]["http_host_header"]["expect"] == "localhost:4711"
