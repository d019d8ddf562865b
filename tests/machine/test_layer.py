"""The layer over this machine's own tree, where a genuine Ollama is to run in it."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from spark_conformance.facts.load import find, load
from spark_lab.host.documented import MODELS, OLLAMA_HOME
from spark_lab.machine import layer
from spark_lab.machine.sshd import Keys
from spark_lab.ollama.genuine import BLOBS, genuine
from tests.lab.host_bench import plan
from tests.lab.test_ollama_genuine import add
from tests.machine import needs_machine

pytestmark = needs_machine


@pytest.fixture
def tree() -> Iterator[Path]:
    """A directory whose file system takes the marks of opaque directories."""
    with TemporaryDirectory(dir="/dev/shm") as place:
        yield Path(place)


def test_a_genuine_ollama_finds_its_models_and_its_libraries(tmp_path: Path, tree: Path) -> None:
    store, program = tmp_path / "store", tmp_path / "local/bin/ollama"
    weights = add(store, "tiny:1b")
    for place in (program.parent, tmp_path / "local/lib/ollama"):
        place.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    (tmp_path / "ca.pem").write_text("")
    there = replace(
        plan(tmp_path), ollama_command=(str(program),), ollama_store=genuine(load(find("spark-291b")), store)
    )
    binds = layer.binds(there)
    layer.make(there, tree, Keys(), binds)
    assert binds[tmp_path / "local/lib/ollama"] == "/usr/local/lib/ollama"
    assert (tree / "usr/local/bin/ollama").read_text() == "#!/bin/sh\n"
    link = tree / MODELS / BLOBS / weights.name
    assert link.readlink() == Path(binds[weights.resolve().parent], weights.name)
    owners = {path.lstat().st_uid for path in (tree / OLLAMA_HOME, *(tree / OLLAMA_HOME).rglob("*"))}
    assert len(owners) == 1, "it keeps its key beside its models"
    assert 0 not in owners
    assert all((tree / place[1:]).is_dir() for place in binds.values())


def test_nobody_elses_mask_closes_the_machine(tmp_path: Path, tree: Path) -> None:
    (tmp_path / "ca.pem").write_text("")
    mask = os.umask(0o077)
    try:
        layer.make(plan(tmp_path), tree, Keys(), {})
    finally:
        os.umask(mask)
    closed = [path for path in tree.rglob("*") if path.is_dir() and not path.stat().st_mode & 0o005]
    assert sorted(path.name for path in closed) == [".ssh", ".ssh", "root"]
