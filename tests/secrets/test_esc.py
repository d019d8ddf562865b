import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_conformance.core.shared import Shared
from spark_conformance.core.verdict import Unreachable
from spark_conformance.facts.target import Repository, Secrets, Target
from spark_conformance.secrets.esc import esc
from spark_conformance.secrets.pulumi import Esc, listed
from tests.secrets.runs import run_of

PRINTED = {"ns:token": {"secret": True}, "ns:id": {"value": "plain-to-see", "secret": False}}


def target_of(tmp_path: Path, pulumi: str = "exit 1") -> Target:
    (tmp_path / "infra").mkdir()
    (tmp_path / "pulumi").write_text(f'#!/bin/sh\necho "$@" >> $0.calls\n{pulumi}\n')
    (tmp_path / "pulumi").chmod(stat.S_IRWXU)
    return Target(
        repository=Repository(path=str(tmp_path / "infra")),
        secrets=Secrets(
            tunnel_token="env:X", access_client_id="env:X", access_client_secret="env:X",
            pulumi=str(tmp_path / "pulumi"), timeout_s=60,
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


@pytest.mark.parametrize(
    ("key", "calls"),
    [("ns:id", ["config --json --cwd cloud"]),
     ("ns:token", ["config --json --cwd cloud", "config --json --open --cwd cloud"])],
)  # fmt: skip
def test_the_environments_are_opened_for_a_key_that_only_a_reference_names(
    tmp_path: Path, key: str, calls: list[str]
) -> None:
    unopened = {**PRINTED, "ns:token": {"value": "[unknown]", "secret": False}}
    script = f"""[ "$3" = --open ] && echo '{json.dumps(PRINTED)}' || echo '{json.dumps(unopened)}'"""
    target = target_of(tmp_path, pulumi=script)
    assert target.secrets is not None
    secrets = target.secrets.model_copy(update={"tunnel_token": f"pulumi:{key}"})
    run_of(target.model_copy(update={"secrets": secrets})).get(esc)
    assert (tmp_path / "pulumi.calls").read_text().splitlines() == calls


@pytest.mark.parametrize(
    ("seen", "told"),
    [(Esc(("ns:a",), ("ns:b",)), "the stack has ns:a, ns:b"), (Esc((), ()), "the stack has no key at all")],
)
def test_what_the_stack_has_is_told_by_its_keys(seen: Esc, told: str) -> None:
    assert seen.told == told


def test_a_refusal_and_garbage_are_told(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="pulumi stack select"):
        run_of(target_of(tmp_path, pulumi="echo 'error: no stack selected' >&2; exit 255")).get(esc)
    (tmp_path / "pulumi").write_text("#!/bin/sh\necho KEY VALUE s3cret\n")
    with pytest.raises(Unreachable, match="something other") as caught:
        run_of(target_of_existing(tmp_path)).get(esc)
    assert "s3cret" not in caught.value.sentence


def target_of_existing(tmp_path: Path) -> Target:
    (tmp_path / "again").mkdir()
    target = target_of(tmp_path / "again")
    assert target.secrets is not None
    secrets = target.secrets.model_copy(update={"pulumi": str(tmp_path / "pulumi")})
    return target.model_copy(update={"secrets": secrets})


@pytest.mark.parametrize(
    "printed", ["KEY  VALUE", "[]", "null", '{"ns:a": []}', '{"ns:a": {"value": "x"}}', "[" * 100_000]
)
def test_what_is_no_list_of_keys_is_none(printed: str) -> None:
    assert listed(printed) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_any_json_is_either_keys_or_nothing(value: object) -> None:
    assert listed(json.dumps(value)) is None or isinstance(value, dict)


def test_systems_of_one_stack_ask_it_once_and_whoever_looks_anew_asks_again(tmp_path: Path) -> None:
    target = target_of(tmp_path, pulumi=f"echo '{json.dumps(PRINTED)}'")
    alone, first, second = run_of(target), run_of(target), run_of(target)
    assert target.secrets is not None
    other = run_of(target.model_copy(update={"secrets": target.secrets.model_copy(update={"pulumi_cwd": "elsewhere"})}))
    first.shared = second.shared = other.shared = Shared()
    calls = tmp_path / "pulumi.calls"
    assert first.get(esc) == second.get(esc) == alone.get(esc)
    assert calls.read_text().splitlines() == ["config --json --cwd cloud"] * 2
    other.get(esc)
    assert calls.read_text().splitlines()[2:] == ["config --json --cwd elsewhere"]
    first.forget()
    first.get(esc)
    assert len(calls.read_text().splitlines()) == 4
