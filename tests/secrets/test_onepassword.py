"""Whether 1Password answers, with a program in its place that answers as `op` does."""

from pathlib import Path

import pytest

from spark_conformance.cloudflare.client import cloudflare_api
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Unreachable
from spark_conformance.facts.target import Cloudflare, Secrets, Target
from spark_conformance.secrets.onepassword import OnePassword, onepassword
from spark_conformance.secrets.references import secret
from tests.secrets.runs import run_of

ABSENT = """
[ "$1" = read ] && echo "[ERROR] could not get item v/i: \\"i\\" isn't an item in the \\"v\\" vault" >&2 && exit 1
"""


def run_with(place: Path, script: str, reference: str = "env:NONE") -> Run:
    """A run whose `op` is this script, and whose target names this reference."""
    program = place / "op"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    secrets = Secrets(
        tunnel_token=reference,
        access_client_id="env:NONE",
        access_client_secret="env:NONE",
        op=str(program),
        timeout_s=5,
    )
    return run_of(Target(secrets=secrets))


def seen(run: Run) -> OnePassword:
    try:
        return run.get(onepassword)
    finally:
        run.close()


def test_a_reference_that_is_read_says_that_it_answers(tmp_path: Path) -> None:
    assert seen(run_with(tmp_path, "echo value", "op:op://v/i/f")).answers


@pytest.mark.parametrize(("printed", "answers", "told"), [
    ('[{"id": "x", "name": "lab"}]', True, "op vault list shows 1 vault"),
    ("[]", False, "op vault list shows 0 vaults"),
    ("", False, "op vault list shows 0 vaults"),
])  # fmt: skip
def test_without_a_reference_its_vaults_say_so(tmp_path: Path, printed: str, answers: bool, told: str) -> None:
    assert seen(run_with(tmp_path, f"echo '{printed}'")) == OnePassword(answers, told)


@pytest.mark.parametrize(("printed", "answers"), [('[{"id": "x"}]', True), ("[]", False)])
def test_an_item_that_is_not_there_is_an_answer_where_there_are_vaults(
    tmp_path: Path, *, printed: str, answers: bool
) -> None:
    found = seen(run_with(tmp_path, f"{ABSENT}\necho '{printed}'", "op:op://v/i/f"))
    assert found.answers is answers
    assert "1Password has no op://v/i/f" in found.told


@pytest.mark.parametrize("reference", ["env:NONE", "op:op://v/i/f"])
@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("account is not signed in", "sign in with `op signin`"),
        ("dial tcp: lookup my.1password.com: no such host", "can reach 1password.com"),
    ],
)
def test_that_it_does_not_answer_is_unreachable(tmp_path: Path, said: str, sentence: str, reference: str) -> None:
    with pytest.raises(Unreachable, match=sentence):
        seen(run_with(tmp_path, f"echo '[ERROR] {said}' >&2; exit 1", reference))


def test_what_is_no_list_of_vaults_says_nothing(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="something other than a list of vaults"):
        seen(run_with(tmp_path, "echo garbage"))


def test_that_it_is_not_installed_is_unreachable_and_the_facts_own(tmp_path: Path) -> None:
    run = run_with(tmp_path, "")
    (tmp_path / "op").unlink()
    with pytest.raises(Unreachable, match="cannot be started on this machine") as caught:
        seen(run)
    assert caught.value.owner == "secrets.onepassword"


def test_the_line_break_after_a_credential_is_not_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "a-token-of-the-api\r\n")
    assert secret(run_with(tmp_path, ""), "env:TOKEN").reveal() == "a-token-of-the-api"


@pytest.mark.parametrize("value", ["a-token\nof-the-api", " a-token-of-the-api", "a-tökèn-of-the-api"])
def test_a_token_that_no_header_takes_is_told_as_such(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("TOKEN", value)
    run = run_of(Target(cloudflare=Cloudflare(zone="example.org", token="env:TOKEN")))
    with pytest.raises(
        Unreachable, match="contains a space, a line break or another character that a header"
    ) as caught:
        run.get(cloudflare_api)
    assert caught.value.owner == "secrets.api_token"
    assert value not in str(caught.value)
