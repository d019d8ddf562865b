"""Files and texts of others: bombs, depths, floods and pipes. Each is told in a sentence, and none takes long."""

import os
import zlib
from pathlib import Path

import pytest

from spark_conformance.core.verdict import Unreachable
from spark_conformance.facts.load import load
from spark_conformance.facts.mistakes import FactsError
from spark_conformance.facts.target import Repository, Target
from spark_conformance.host.curl import CurlReply
from spark_conformance.host.files import HostFile
from spark_conformance.host.journal import fields_of
from spark_conformance.host.local_config import deciding
from spark_conformance.limits.files import read_bytes
from spark_conformance.limits.json import read_json
from spark_conformance.limits.yaml import LARGEST, TooMuchError
from spark_conformance.limits.yaml import load as load_yaml
from spark_conformance.recording import RecordingError
from spark_conformance.recording.storage import _json
from spark_conformance.repository.workflow import workflow
from spark_conformance.secrets.pulumi import listed, value_in
from tests.secrets.runs import run_of

DEEP = "[" * 100_000


def bomb(lines: int) -> str:
    """Each line ten times the one before."""
    first = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    return first + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, lines))


@pytest.mark.parametrize(
    "text",
    [
        bomb(30),
        "a: &a {x: 1}\nb: &b {<<: [*a, *a, *a, *a], y: *a}\n" + "".join(
            f"c{n}: &c{n} [{', '.join([f'*{name}'] * 40)}]\n" for n, name in enumerate(["b", "c0", "c1", "c2", "c3"])
        ),
        "a: &a [*a]",
        "a: &a {b: *a}",
        f"a: &a {'x' * 4096}\nb: [{', '.join(['*a'] * 300)}]",
    ],
    ids=["lists", "merged tables", "a list within itself", "a table within itself", "a long text many times"],
)  # fmt: skip
def test_a_yaml_alias_bomb_is_not_unfolded(text: str) -> None:
    with pytest.raises(TooMuchError, match="its aliases unfold without an end"):
        load_yaml(text)


def test_a_long_yaml_text_is_not_read_and_one_with_aliases_is() -> None:
    with pytest.raises(TooMuchError, match="it is longer than 256 KiB"):
        load_yaml("a: b\n" * LARGEST)
    assert load_yaml("a: &a [1, 2]\nb: *a\nc: {<<: &d {x: 1}, y: *a}\n") == {
        "a": [1, 2], "b": [1, 2], "c": {"x": 1, "y": [1, 2]},
    }  # fmt: skip
    assert load_yaml("") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"on: push\n{bomb(30)}jobs: {{a: {{runs-on: *a29}}}}\n", "its aliases unfold without an end"),
        ("on: push\n" * 100_000, "it is larger than 256 KiB"),
    ],
)
def test_a_workflow_that_is_not_read_to_its_end_is_unreachable_not_wrong(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / ".github/workflows/deploy.yml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    run = run_of(
        Target(repository=Repository(path=str(tmp_path))), {"pipeline": {"workflow": ".github/workflows/deploy.yml"}}
    )
    with pytest.raises(Unreachable, match=why):
        run.get(workflow)


def test_a_workflow_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "deploy.yml").parent.mkdir(exist_ok=True)
    os.mkfifo(tmp_path / "deploy.yml")
    run = run_of(Target(repository=Repository(path=str(tmp_path))), {"pipeline": {"workflow": "deploy.yml"}})
    with pytest.raises(Unreachable, match="it is not a regular file"):
        run.get(workflow)


@pytest.mark.parametrize("text", [bomb(30), "a" * (LARGEST + 1), f"ingress: {DEEP}"])
def test_a_configuration_on_the_host_that_is_not_read_to_its_end_is_unreachable(text: str) -> None:
    with pytest.raises(Unreachable, match=r"/etc/cloudflared/config.yml on the host cannot be read: it"):
        deciding(HostFile("/etc/cloudflared/config.yml", "read", content=text.encode()))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"a = {DEEP}{']' * 100_000}", "is nested too deep"),
        ("a = " + "{b=" * 50_000 + "1" + "}" * 50_000, "is nested too deep"),
        ("#" * (1 << 20) + "\n", "cannot be read: it is larger than 1024 KiB"),
        (".".join("a" * 3000) + " = 1", "system: is missing|unknown key|nested too deep"),
    ],
    ids=["lists", "tables", "long", "dotted"],
)
def test_a_facts_file_is_told_in_a_sentence(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "facts.toml"
    path.write_text(text)
    with pytest.raises(FactsError, match=why) as caught:
        load(path)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("text", "why"), [(DEEP, "it is not JSON"), ("", "it is not JSON"), ("[]", "not a JSON object")]
)
def test_a_recordings_file_is_told_in_a_sentence(text: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(RecordingError, match=why):
        _json(tmp_path / "x.json")


def test_json_nested_beyond_reason_is_none_to_whoever_reads_it() -> None:
    assert read_json(DEEP) is None
    assert CurlReply("http://x", 200, body=DEEP.encode()).json is None
    assert fields_of("{" + '"a":{' * 100_000) == {}
    assert listed(DEEP) is None
    assert value_in(DEEP) is None


def test_a_file_is_read_as_far_as_it_may_be_large(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(zlib.compress(b"x"))
    assert read_bytes(tmp_path / "file", 100) == zlib.compress(b"x")
    assert read_bytes(tmp_path / "file", len(zlib.compress(b"x"))) == zlib.compress(b"x")
    for path, largest, why in (
        (tmp_path / "file", 3, "larger"),
        (Path("/dev/zero"), 9, "regular"),
        (tmp_path, 9, "regular|directory"),
    ):
        with pytest.raises(OSError, match=why):
            read_bytes(path, largest)
