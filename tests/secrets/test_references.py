import os
import stat
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest

from spark_conformance.core.run import Run
from spark_conformance.core.secret import mask
from spark_conformance.core.verdict import Unmet, Unreachable
from spark_conformance.facts.load import About, SystemFile
from spark_conformance.facts.model import Facts
from spark_conformance.facts.target import Repository, Secrets, Target
from spark_conformance.programs.running import Completed
from spark_conformance.secrets.pulumi import Esc
from spark_conformance.secrets.references import (
    _op_environment,
    access_client_id,
    access_client_secret,
    checkout,
    esc_tunnel_token,
    plain,
    pulumi_refusal,
    references,
    secret,
    stack,
)
from tests.host.stubs import given

PULUMI = """#!/bin/sh
echo "$@" >> "$0.calls"
env > "$0.env"
value() { printf '{\n  "value": "%s",\n  "secret": true\n}\n' "$1"; }
[ "$2" = --json ] && printf '{%s "ns:here": {"secret": true}}' "$(printf '"ns:%s": {"secret": true}, ' \
  locked stackless asks strange)" && exit
case "$3" in
  ns:here) value ' s3cr3t-with-blank ';;
  ns:id) value 0123456789abcdef.access;;
  ns:swapped) value not-an-id-but-a-secret;;
  ns:empty) value '';;
  ns:unresolved) value '[unknown]'; printf '\nEnvironment diagnostics:\nspark/prod:3:5: no access\n';;
  ns:plain) echo just-the-value;;
  ns:asks) read answer && echo "$answer";;
  ns:hangs) sleep 60 & wait;;
  ns:locked) echo "error: Passphrase must be set with PULUMI_CONFIG_PASSPHRASE or ..._FILE" >&2; exit 255;;
  ns:stackless) echo "error: no stack selected; please use \\`pulumi stack select\\`" >&2; exit 255;;
  ns:strange) printf '\\377\\376 s3cr3t-with-blank' >&2; exit 1;;
  *) echo "error: configuration key '$3' not found for stack 'prod'" >&2; exit 255;;
esac
"""
OP = """#!/bin/sh
env > "$0.env"
[ "$1 $2 $3" = "read --no-newline op://vault/item/field" ] && printf from-the-vault && exit 0
[ -e "$0.locked" ] && echo "[ERROR] 2026/01/01 account is not signed in" >&2 && exit 1
[ "$1 $2" = "vault list" ] && echo '[{"id": "x", "name": "vault"}]' && exit
echo "[ERROR] 2026/01/01 could not read secret" >&2; exit 1
"""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    (tmp_path / "infra").mkdir()
    for name, text in (("pulumi", PULUMI), ("op", OP)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(stat.S_IRWXU)
    run = run_of(
        tmp_path, tunnel_token="pulumi:ns:here", access_client_id="pulumi:ns:id", access_client_secret="pulumi:ns:gone"
    )
    yield run
    run.close()


def run_of(tmp_path: Path, **references: Any) -> Run:
    secrets = Secrets(pulumi=str(tmp_path / "pulumi"), op=str(tmp_path / "op"), timeout_s=60, **references)
    target = Target(secrets=secrets, repository=Repository(path=str(tmp_path / "infra")))
    about = About(name="test", hostname="a.example", document="none")
    return Run(SystemFile(system=about, facts=Facts(), target=target))


def test_an_environment_variable_is_read_and_masked_from_then_on(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", "tok-987654321")
    assert secret(run, "env:SOME_TOKEN").reveal() == "tok-987654321"
    assert mask("x tok-987654321 y") == "x *** y"
    assert plain(run, "env:SOME_TOKEN") == "tok-987654321"
    assert plain(run, "just text") == "just text"
    monkeypatch.setenv("A_PATH", " /srv/infra\n")
    assert plain(run, "env:A_PATH") == "/srv/infra"


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_or_empty_variable_is_named(run: Run, monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("SOME_TOKEN", raising=False)
    if value is not None:
        monkeypatch.setenv("SOME_TOKEN", value)
    with pytest.raises(Unreachable, match="SOME_TOKEN") as caught:
        secret(run, "env:SOME_TOKEN")
    assert caught.value.cause == "credential: env:SOME_TOKEN"


def test_pulumi_is_asked_in_the_repository_once_and_its_value_keeps_its_blanks(run: Run, tmp_path: Path) -> None:
    assert run.get(esc_tunnel_token).reveal() == " s3cr3t-with-blank "
    assert secret(run, "pulumi:ns:here") == run.get(esc_tunnel_token)
    assert (tmp_path / "pulumi.calls").read_text() == "config get ns:here --json --cwd cloud\n"


def test_many_threads_share_one_answer(run: Run, tmp_path: Path) -> None:
    barrier = Barrier(8)
    values: list[str] = []

    def ask() -> None:
        barrier.wait()
        values.append(secret(run, "pulumi:ns:here").reveal())

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert values == [" s3cr3t-with-blank "] * 8
    assert len((tmp_path / "pulumi.calls").read_text().splitlines()) == 1


def test_the_client_id_shows_and_a_secret_in_its_place_does_not(run: Run, tmp_path: Path) -> None:
    assert run.get(access_client_id).value == "0123456789abcdef.access"
    assert mask("0123456789abcdef.access") == "0123456789abcdef.access"
    swapped = run_of(tmp_path, tunnel_token="env:X", access_client_id="pulumi:ns:swapped", access_client_secret="env:X")
    assert mask(swapped.get(access_client_id).value) == "***"


def test_an_absent_key_is_the_finding_of_its_own_fact(run: Run) -> None:
    with pytest.raises(Unmet) as caught:
        run.get(access_client_secret)
    assert (caught.value.fact, caught.value.observed) == ("secrets.esc_client_secret", "absent")
    assert "pulumi config set --secret" in caught.value.note


@pytest.mark.parametrize(
    ("key", "cause", "words"),
    [
        ("locked", "pulumi: passphrase", "set PULUMI_CONFIG_PASSPHRASE"),
        ("unresolved", "pulumi: ns:unresolved", "pulumi env open"),
        ("plain", "pulumi", "something other than a value"),
        ("stackless", "pulumi: stack", "pulumi stack select"),
        ("empty", "credential: pulumi:ns:empty", "is empty"),
        ("asks", "pulumi", "without a message"),
    ],
)
def test_what_hinders_pulumi_is_said_with_what_to_do(run: Run, key: str, cause: str, words: str) -> None:
    with pytest.raises(Unreachable, match=words) as caught:
        secret(run, f"pulumi:ns:{key}")
    assert caught.value.cause == cause


def test_what_it_says_is_told_of_the_key_where_it_lists_none_either(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pulumi").write_text("#!/bin/sh\necho error: out of order >&2; exit 1\n")
    with pytest.raises(Unreachable, match="asked for ns:here: error: out of order"):
        secret(run, "pulumi:ns:here")


def test_that_a_key_cannot_be_told_is_what_a_refusal_says(run: Run) -> None:
    given(run, stack, Esc((), (), untold={"ns:key": "its environment has errors"}))
    refused = pulumi_refusal(run, "ns:key", Completed(1, "", "error: no value"))
    assert "what Pulumi has as ns:key cannot be told: its environment has errors" in refused.sentence


def test_every_reference_of_the_target_is_known_and_nothing_else(tmp_path: Path) -> None:
    run = run_of(tmp_path, tunnel_token="env:T", access_client_id="op:op://v/i/f", access_client_secret="pulumi:ns:s")
    assert references(run) == ("env:T", "op:op://v/i/f", "pulumi:ns:s")


def test_a_refusal_that_quotes_a_secret_is_masked(run: Run) -> None:
    secret(run, "pulumi:ns:here")
    with pytest.raises(Unreachable) as caught:
        secret(run, "pulumi:ns:strange")
    assert "s3cr3t" not in caught.value.sentence


def test_a_program_that_hangs_is_stopped_with_its_children(run: Run, tmp_path: Path) -> None:
    settings = run.target.secrets
    assert settings is not None
    brief = settings.model_copy(update={"timeout_s": 0.3})
    hasty = Run(SystemFile(system=run.system, facts=run.facts, target=run.target.model_copy(update={"secrets": brief})))
    with pytest.raises(Unreachable, match=r"no answer within 0\.3 s"):
        secret(hasty, "pulumi:ns:hangs")
    hasty.close()


def test_a_program_that_is_not_installed_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pulumi").unlink()
    with pytest.raises(Unreachable, match="pulumi cannot be started on this machine: No such file"):
        secret(run, "pulumi:ns:here")


def test_onepassword_is_read_and_its_refusal_is_told(run: Run) -> None:
    assert secret(run, "op:op://vault/item/field").reveal() == "from-the-vault"
    with pytest.raises(Unreachable, match="correct the reference") as caught:
        secret(run, "op:op://vault/gone/field")
    assert (caught.value.cause, caught.value.owner) == ("op: op://vault/gone/field", None)


def test_onepassword_that_does_not_answer_is_told_with_how_to_sign_in(run: Run, tmp_path: Path) -> None:
    (tmp_path / "op.locked").touch()
    with pytest.raises(Unreachable, match="op signin") as caught:
        secret(run, "op:op://vault/item/other")
    assert (caught.value.cause, caught.value.owner) == ("op", "secrets.onepassword")


def test_a_program_sees_its_own_secrets_and_not_those_of_others(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PULUMI_CONFIG_PASSPHRASE", "OP_SERVICE_ACCOUNT_TOKEN", "SOME_TOKEN"):
        monkeypatch.setenv(name, "v")
    settings = run.target.secrets
    assert settings is not None
    with_token = settings.model_copy(update={"tunnel_token": "env:SOME_TOKEN"})
    target = run.target.model_copy(update={"secrets": with_token})
    again = Run(SystemFile(system=run.system, facts=run.facts, target=target))
    secret(again, "pulumi:ns:here")
    secret(again, "op:op://vault/item/field")
    seen = {
        name: {line.partition("=")[0] for line in (tmp_path / f"{name}.env").read_text().splitlines()}
        for name in ("pulumi", "op")
    }
    assert "PULUMI_CONFIG_PASSPHRASE" in seen["pulumi"]
    assert "OP_SERVICE_ACCOUNT_TOKEN" in seen["op"]
    assert not {"OP_SERVICE_ACCOUNT_TOKEN", "SOME_TOKEN"} & seen["pulumi"]
    assert not {"PULUMI_CONFIG_PASSPHRASE", "SOME_TOKEN"} & seen["op"]
    again.close()


@pytest.mark.parametrize(
    ("repository", "words"),
    [
        (None, r"no table \[target.repository\]"),
        (Repository(path="pulumi:path"), "write the path"),
        (Repository(path="/nowhere/at/all"), "check it out there"),
        (Repository(path="env:NO_SUCH_PATH"), "NO_SUCH_PATH is not set"),
    ],
)
def test_a_missing_checkout_is_told(run: Run, repository: Repository | None, words: str) -> None:
    os.environ.pop("NO_SUCH_PATH", None)
    target = run.target.model_copy(update={"repository": repository})
    with pytest.raises(Unreachable, match=words):
        checkout(Run(SystemFile(system=run.system, facts=run.facts, target=target)))


def test_without_the_table_of_secrets_the_sentence_names_it(run: Run) -> None:
    target = run.target.model_copy(update={"secrets": None})
    with pytest.raises(Unreachable, match=r"\[target.secrets\]"):
        Run(SystemFile(system=run.system, facts=run.facts, target=target)).get(esc_tunnel_token)


def test_a_program_is_not_told_the_variables_that_hold_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OP_HELD", "v1-canary-0123456789")
    monkeypatch.setenv("OP_ACCOUNT", "mine")
    run = run_of(tmp_path, tunnel_token="env:OP_HELD", api_key="op:op://v/i/env:")
    seen = _op_environment(run)
    assert ("OP_HELD" in seen, seen.get("OP_ACCOUNT")) == (False, "mine")
