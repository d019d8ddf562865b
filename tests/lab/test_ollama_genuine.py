"""A genuine Ollama in the lab: which model, under which name, without a change to its user's store.

No genuine one is to be had where these tests are made: what is run here is the stand-in, told to read such a store.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pytest
import tomli_w

from spark_conformance.core.verdict import Finding, Verdict
from spark_conformance.facts.load import SystemFile, find, load
from spark_lab import isolation
from spark_lab.faults import FaultError, heal, inflict, named
from spark_lab.ollama.genuine import (
    PATIENCE_S,
    THE_MODELS,
    Genuine,
    NoModelError,
    genuine,
    held,
    place_of,
    user_store,
)
from spark_lab.overlay import Places, overlay
from tests.lab.tunnel_bench import fetch
from tests.labs import check_system, running

DOCUMENTED = "llama3.3:70b"
FAKE = """
import json, os, pathlib, sys
if "--version" in sys.argv:
    sys.exit(print("ollama version is 0.33.0"))
sys.path.insert(0, {project!r})
store = pathlib.Path(os.environ["OLLAMA_MODELS"])
key = pathlib.Path(os.environ["HOME"], ".ollama/id_ed25519")
key.parent.mkdir(exist_ok=True)
key.write_text("made at the first start")
listed = []
for path in sorted((store / "manifests").rglob("*")):
    if path.is_file():
        manifest = json.loads(path.read_text())
        config = json.loads((store / "blobs" / manifest["config"]["digest"].replace(":", "-")).read_text())
        listed.append({{
            "name": f"{{path.parent.name}}:{{path.name}}", "size": sum(part["size"] for part in
            [manifest["config"], *manifest["layers"]]), "digest": "d" * 64, "family": config["model_family"],
            "quantization_level": config["file_type"], "parameter_size": config["model_type"],
            "modified_at": "2026-01-01T00:00:00Z"}})
(store / "models.json").write_text(json.dumps(listed))
sys.argv[1:] = ["serve"]
import runpy
runpy.run_module("spark_lab.ollama", run_name="__main__")
"""
"""A program under another path that reads a genuine store and writes a key, and serves as the stand-in does."""


def add(  # noqa: PLR0913 - what a test may vary
    store: Path, name: str, *, family: str = "llama", size: int = 1000, kind: str = "1.2B", quant: str = "Q8_0"
) -> Path:
    """A model in a store, as `ollama pull` leaves it; returns its weights."""
    config = json.dumps({"model_format": "gguf", "model_family": family, "model_type": kind, "file_type": quant})
    pieces = {"config": config.encode(), "weights": name.encode()}
    (store / "blobs").mkdir(parents=True, exist_ok=True)
    digests = {piece: f"sha256:{sha256(content).hexdigest()}" for piece, content in pieces.items()}
    for piece, content in pieces.items():
        (store / "blobs" / digests[piece].replace(":", "-")).write_bytes(content)
    manifest = store / "manifests" / place_of(name)
    manifest.parent.mkdir(parents=True, exist_ok=True)
    layers = [{"mediaType": "application/vnd.ollama.image.model", "digest": digests["weights"], "size": size}]
    said = {"schemaVersion": 2, "config": {"digest": digests["config"], "size": len(config)}, "layers": layers}
    manifest.write_text(json.dumps(said))
    return store / "blobs" / digests["weights"].replace(":", "-")


def fake(place: Path) -> Path:
    """A program that passes for `ollama`."""
    program = place / "bin" / "ollama"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\n{FAKE.format(project=str(Path(__file__).parents[2] / 'fixtures'))}")
    program.chmod(0o755)
    return program


@pytest.fixture
def system() -> SystemFile:
    return load(find("spark-291b"))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def files(store: Path) -> dict[str, bytes]:
    return {str(path.relative_to(store)): path.read_bytes() for path in store.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("llama3.3:70b", "registry.ollama.ai/library/llama3.3/70b"),
        ("mistral", "registry.ollama.ai/library/mistral/latest"),
        ("me/mine:1b", "registry.ollama.ai/me/mine/1b"),
        ("hf.co/them/theirs:q4", "hf.co/them/theirs/q4"),
    ],
)
def test_a_model_lies_where_ollama_puts_it(name: str, place: str) -> None:
    assert place_of(name) == place


def test_a_store_tells_what_it_holds_and_passes_over_what_is_not_whole(store: Path) -> None:
    add(store, "small:1b")
    add(store, "hf.co/them/theirs:q4", size=7)
    add(store, "cut:1b").unlink()
    (store / "manifests/registry.ollama.ai/library/odd").mkdir(parents=True)
    (store / "manifests/registry.ollama.ai/library/odd/latest").write_text("[]")
    (store / "manifests/.DS_Store").write_text("")
    names = {model.name: model for model in held(store)}
    assert set(names) == {"small:1b", "hf.co/them/theirs:q4"}
    small = names["small:1b"]
    assert (small.family, small.size > 1000) == ("llama", True)


def test_the_documented_model_is_taken_where_it_is_there(system: SystemFile, store: Path) -> None:
    add(store, "small:1b", size=1)
    add(store, DOCUMENTED, size=42_000_000_000, kind="70.6B", quant="Q4_K_M")
    found = genuine(system, store)
    assert (found.model.name, found.facts, found.told) == (DOCUMENTED, {}, f"{DOCUMENTED} itself")


def test_else_the_smallest_that_generates_stands_in_and_what_it_cannot_prove_is_told(
    system: SystemFile, store: Path
) -> None:
    add(store, "large:8b", size=5_000_000_000, kind="8.0B")
    add(store, "small:1b", size=1_300_000_000)
    add(store, "nomic-embed-text", family="nomic-bert", size=5)
    found = genuine(system, store)
    assert found.model.name == "small:1b"
    assert found.told == (
        "small:1b stands in for llama3.3:70b, so not checked: ollama.gpu_share, ollama.parameters_b, "
        "ollama.quantization, ollama.size_gb"
    )


def test_what_is_told_as_not_checked_is_not_checked(system: SystemFile, store: Path, tmp_path: Path) -> None:
    add(store, "tiny:1b", size=476_000, kind="118.98K", quant="F32")
    found = genuine(system, store)
    places = Places(
        "", tmp_path, {}, "http://a", ["127.0.0.1:2"], ["127.0.0.1:3"], 443, tmp_path, tmp_path, tmp_path,
        "http://b", "a/b", tmp_path,
    )  # fmt: skip
    facts = tmp_path / "target.toml"
    facts.write_text(tomli_w.dumps(overlay(system, "spark-291b", places, "host", found)))
    stated = load(facts).facts.all()
    told = set(found.told.partition("not checked: ")[2].split(", "))
    assert told == set(system.facts.all()) - set(stated)
    assert stated["ollama.generates"].expect.tokens == system.facts.all()["ollama.generates"].expect.tokens
    assert stated["ollama.generates"].expect.within_s == PATIENCE_S


def test_a_store_without_a_model_that_generates_is_told(system: SystemFile, store: Path) -> None:
    add(store, "nomic-embed-text", family="nomic-bert")
    with pytest.raises(NoModelError, match=r"has no model that generates: pull a small one with `ollama pull NAME`"):
        genuine(system, store)


def test_the_users_own_store_is_found(tmp_path: Path) -> None:
    assert user_store({"OLLAMA_MODELS": str(tmp_path)}) == tmp_path
    assert user_store({}) == Path.home() / ".ollama/models"


def test_the_labs_store_is_made_of_links_and_leaves_the_users_alone(
    system: SystemFile, store: Path, tmp_path: Path
) -> None:
    add(store, "small:1b")
    before = files(store)
    place = tmp_path / "lab"
    found = genuine(system, store)
    found.lay(place)
    found.lay(place)
    (own,) = held(place)
    assert own.name == DOCUMENTED
    for path in sorted(place.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    assert files(store) == before


def test_a_program_under_another_path_serves_it_by_the_documented_name(
    system: SystemFile, store: Path, tmp_path: Path
) -> None:
    add(store, "small:1b", size=1_300_000_000)
    found = genuine(system, store)
    place = tmp_path / "lab"
    found.lay(place)
    assert asyncio.run(_tags(fake(tmp_path), place, found)) == [(DOCUMENTED, "Q8_0", "1.2B")]


async def _tags(program: Path, store: Path, found: Genuine) -> list[tuple[str, str, str]]:
    environment = {
        "PATH": os.defpath, "HOME": str(store.parent), "OLLAMA_HOST": "127.0.0.1:0", "OLLAMA_MODELS": str(store),
        **found.environment,
    }  # fmt: skip
    serving = await asyncio.create_subprocess_exec(
        program, "serve", env=environment, stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        assert serving.stderr is not None
        line = (await serving.stderr.readline()).decode()
        port = int(line.partition("Listening on 127.0.0.1:")[2].partition(" ")[0])
        status, text = await fetch(port, "/api/tags", "")
        assert status == 200
        models = json.loads(text)["models"]
        return [
            (model["name"], model["details"]["quantization_level"], model["details"]["parameter_size"])
            for model in models
        ]
    finally:
        serving.terminate()
        await serving.wait()


@pytest.mark.skipif(isolation.possible() is not None, reason=str(isolation.possible()))
def test_a_lab_runs_it_and_says_what_it_could_not_check(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store, "small:1b", size=1_300_000_000)
    monkeypatch.setenv("OLLAMA_MODELS", str(store))
    before = files(store)
    with running(("--ollama", str(fake(tmp_path)))) as lab:
        findings = check_system(Path(lab.target))
        assert "Ollama: 0.33.0, genuine (small:1b stands in for llama3.3:70b" in load(Path(lab.target)).system.made_of
        inflict(lab, named(["model-missing"]))
        broken = check_system(Path(lab.target))
        with pytest.raises(FaultError, match="model-truncated: cannot be made with a genuine ollama"):
            inflict(lab, named(["ollama-disabled", "model-truncated"]))
        heal(lab)
        healed = check_system(Path(lab.target))
    assert _but_conformant(findings) == {}
    assert not findings.keys() & set(THE_MODELS), "another model proves nothing of it: the lab does not state these"
    assert broken["ollama.model"].verdict == Verdict.NONCONFORMANT
    assert _but_conformant(healed) == {}
    assert files(store) == before


def _but_conformant(findings: Mapping[str, Finding]) -> dict[str, Verdict]:
    other = [finding for finding in findings.values() if finding.verdict != Verdict.CONFORMANT]
    return {finding.fact: Verdict(finding.verdict) for finding in other}
