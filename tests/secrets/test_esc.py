import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.facts.target import Repository, Secrets, Target
from fixtures.secrets.esc import Esc, esc, keys_in
from fixtures.secrets.onepassword import onepassword
from fixtures.suite.verdict import Unreachable
from tests.secrets.runs import run_of

PRINTED = {"ns:token": {"secret": True}, "ns:id": {"value": "plain-to-see", "secret": False}}


def target_of(tmp_path: Path, pulumi: str = "exit 1", op: str = "exit 1", token: str = "env:X") -> Target:
    (tmp_path / "infra").mkdir()
    for name, body in (("pulumi", pulumi), ("op", op)):
        (tmp_path / name).write_text(f'#!/bin/sh\necho "$@" >> $0.calls\n{body}\n')
        (tmp_path / name).chmod(stat.S_IRWXU)
    return Target(
        repository=Repository(path=str(tmp_path / "infra")),
        secrets=Secrets(
            tunnel_token=token, access_client_id="env:X", access_client_secret="env:X",
            pulumi=str(tmp_path / "pulumi"), op=str(tmp_path / "op"), timeout_s=5,
        ),
    )  # fmt: skip


def test_keys_are_told_by_encryption_and_values_are_left_aside(tmp_path: Path) -> None:
    run = run_of(target_of(tmp_path, pulumi=f"echo '{json.dumps(PRINTED)}'"))
    seen = run.get(esc)
    assert seen == Esc(encrypted=("ns:token",), plain=("ns:id",))
    assert (seen.state("ns:token"), seen.state("ns:id")) == ("ns:token", "ns:id in plain text")
    assert seen.state("ns:other") == "absent"
    assert "plain-to-see" not in (run.seen("esc") or "") + seen.told
    assert (tmp_path / "pulumi.calls").read_text() == "config --json --cwd cloud\n"


def test_a_refusal_and_garbage_are_told(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="pulumi stack select"):
        run_of(target_of(tmp_path, pulumi="echo 'error: no stack selected' >&2; exit 255")).get(esc)
    (tmp_path / "pulumi").write_text("#!/bin/sh\necho KEY VALUE s3cret\n")
    with pytest.raises(Unreachable, match="something else") as caught:
        run_of(target_of_existing(tmp_path)).get(esc)
    assert "s3cret" not in caught.value.sentence


def target_of_existing(tmp_path: Path) -> Target:
    (tmp_path / "again").mkdir()
    target = target_of(tmp_path / "again")
    assert target.secrets is not None
    secrets = target.secrets.model_copy(update={"pulumi": str(tmp_path / "pulumi")})
    return target.model_copy(update={"secrets": secrets})


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_any_json_is_either_keys_or_nothing(value: object) -> None:
    assert keys_in(json.dumps(value)) is None or isinstance(value, dict)


def test_onepassword_lists_vaults_where_no_reference_is_its_own(tmp_path: Path) -> None:
    assert run_of(target_of(tmp_path, op="exit 0")).get(onepassword).answers
    assert (tmp_path / "op.calls").read_text() == "vault list\n"


def test_onepassword_reads_the_reference_that_the_target_has(tmp_path: Path) -> None:
    target = target_of(tmp_path, op="printf value", token="op:op://v/i/f")
    assert run_of(target).get(onepassword).answers
    assert (tmp_path / "op.calls").read_text() == "read --no-newline op://v/i/f\n"


def test_onepassword_that_does_not_answer_is_a_finding_with_its_words(tmp_path: Path) -> None:
    seen = run_of(target_of(tmp_path, op="echo 'account is not signed in' >&2; exit 1")).get(onepassword)
    assert not seen.answers
    assert "not signed in" in seen.told


def test_onepassword_that_is_not_installed_is_a_finding(tmp_path: Path) -> None:
    target = target_of(tmp_path)
    (tmp_path / "op").unlink()
    seen = run_of(target).get(onepassword)
    assert not seen.answers
    assert "cannot be started" in seen.told


def test_onepassword_that_lacks_one_item_answers_all_the_same(tmp_path: Path) -> None:
    says = """echo 'could not get item v/i: "i" is not an item' >&2; exit 1"""
    seen = run_of(target_of(tmp_path, op=says, token="op:op://v/i/f")).get(onepassword)
    assert seen.answers
    assert "has no op://v/i/f" in seen.told
