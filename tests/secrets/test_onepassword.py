"""Whether 1Password answers, with a program in its place that answers as `op` does."""

import shlex
from pathlib import Path

import pytest

from spark_conformance.cloudflare.client import cloudflare_api
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Unreachable
from spark_conformance.facts.target import Cloudflare, Secrets, Target
from spark_conformance.secrets.onepassword import OnePassword, onepassword
from spark_conformance.secrets.op import ItemAbsent
from spark_conformance.secrets.references import secret
from tests.secrets.runs import run_of

SAID = "[ERROR] 2026/11/01 10:00:00 "
NOT_GIVEN = (
    'could not get item v/i: "i" isn\'t an item in the "v" vault. Specify the item with its UUID, name, or domain.',
    'could not read secret \'op://v/i/f\': "f" isn\'t a field in the "i" item',
    "could not read secret op://v/i/f: could not find field or file f on item i in vault v",
    "could not read secret 'op://v/i/f': More than one item matches \"i\". Try again and specify the item by its ID",
    "could not read secret 'op://v/i/f': error on a version of op that nobody has seen yet",
)
SILENT = (
    "account is not signed in",
    "No accounts configured for use with 1Password CLI.",
    "error initializing client: connecting to desktop app: cannot connect to 1Password app, make sure it is running",
    "error initializing client: Validation: (failed to session.DecodeSACredentials), failed to parseToken",
    "session expired, sign in to create a new session",
    "dial tcp: lookup my.1password.com: no such host",
    "(401) Unauthorized: you aren't authorized to perform this action",
    "",
)
ITEM = "op:op://v/i/f"


def refusing(said: str, vaults: str = "") -> str:
    """A program that reads nothing, and says this; it lists these vaults, or nothing either."""
    quoted = shlex.quote(SAID + said if said else "")
    listing = f'[ "$1" = vault ] && echo {shlex.quote(vaults)} && exit\n' if vaults else ""
    return f"{listing}printf '%s\\n' {quoted} >&2; exit 1"


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
        timeout_s=60,
    )
    return run_of(Target(secrets=secrets))


@pytest.fixture(autouse=True)
def _nobody_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OP_CONNECT_HOST", "OP_CONNECT_TOKEN", "OP_SERVICE_ACCOUNT_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def seen(run: Run) -> OnePassword:
    try:
        return run.get(onepassword)
    finally:
        run.close()


def test_a_reference_that_is_read_says_that_it_answers(tmp_path: Path) -> None:
    found = seen(run_with(tmp_path, "echo value", "op:op://v/i/f"))
    assert found == OnePassword(answers=True, told="op read op://v/i/f gave a value")


@pytest.mark.parametrize(("printed", "answers", "told"), [
    ('[{"id": "x", "name": "lab"}]', True, "1Password lists 1 vault"),
    ("[]", False, "1Password lists 0 vaults"),
])  # fmt: skip
def test_without_a_reference_its_vaults_say_so(tmp_path: Path, printed: str, answers: bool, told: str) -> None:
    assert seen(run_with(tmp_path, f"echo '{printed}'")) == OnePassword(answers, told)


@pytest.mark.parametrize("said", NOT_GIVEN)
def test_that_it_does_not_give_out_a_field_is_an_answer_where_it_lists_vaults(tmp_path: Path, said: str) -> None:
    run = run_with(tmp_path, refusing(said, vaults='[{"id": "x"}]'), ITEM)
    found = seen(run)
    assert found.answers
    assert said in found.told
    with pytest.raises(ItemAbsent, match="correct the reference") as caught:
        secret(run, ITEM)
    assert "sign in" not in caught.value.sentence


def test_an_account_that_may_see_no_vault_is_told(tmp_path: Path) -> None:
    assert not seen(run_with(tmp_path, refusing(NOT_GIVEN[0], vaults="[]"), ITEM)).answers


@pytest.mark.parametrize("reference", ["env:NONE", ITEM])
@pytest.mark.parametrize("said", SILENT)
def test_that_it_does_not_answer_is_unreachable(tmp_path: Path, said: str, reference: str) -> None:
    with pytest.raises(Unreachable, match="sign in with `op signin`") as caught:
        seen(run_with(tmp_path, refusing(said), reference))
    assert said in caught.value.sentence
    assert caught.value.owner == "secrets.onepassword"


def test_what_to_do_is_said_for_the_way_that_it_is_let_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OP_SERVICE_ACCOUNT_TOKEN", "ops_not-a-token")
    with pytest.raises(Unreachable, match="OP_SERVICE_ACCOUNT_TOKEN is whole and not revoked"):
        seen(run_with(tmp_path, refusing(SILENT[3]), ITEM))


@pytest.mark.parametrize("printed", ["garbage", "", "{}"])
def test_what_is_no_list_of_vaults_says_nothing(tmp_path: Path, printed: str) -> None:
    with pytest.raises(Unreachable, match="something other than a list of vaults"):
        seen(run_with(tmp_path, f"echo {printed}"))


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
