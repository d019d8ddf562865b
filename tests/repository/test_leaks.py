import base64
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.facts.target import Cloudflare, Repository, Target
from fixtures.repository import leaks as module
from fixtures.repository.leaks import leaks
from fixtures.repository.shapes import known, leaks_in
from fixtures.secret import Secret
from fixtures.secrets.references import access_client_secret, esc_tunnel_token
from fixtures.suite.run import Run
from fixtures.suite.verdict import Unreachable
from tests.secrets.runs import run_of

CLIENT = "a1b2c3d4" + "0f" * 28
INNER = base64.b64encode(b"inner secret of the tunnel, 32 b").decode()
TOKEN = base64.b64encode(json.dumps({"a": "acc", "t": "tun", "s": INNER}).encode()).decode()
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def secrets() -> dict[object, Secret]:
    return {esc_tunnel_token: Secret(TOKEN, "token"), access_client_secret: Secret(CLIENT, "client")}


def run_on(path: Path, **tables: object) -> Run:
    target = Target.model_validate({"repository": Repository(path=str(path)), **tables})
    return run_of(target, given=secrets())  # type: ignore[arg-type]  # observations are functions of a run


def git(path: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(path), *arguments], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (f"token: {TOKEN}", "the tunnel's token"),
        (f"secret inside: {INNER}", "the secret within the tunnel's token"),
        (f"begins with {INNER[:8]}...", "the beginning of the secret within the tunnel's token"),
        (f"x={CLIENT}", "the service token's secret"),
        ("│ CF-Access-Client-Secret: a1b2c3d4...   │", "the beginning of the service token's secret"),
        ("│ CF-Access-Client-Secret: b0a39081...   │", "a service token's secret, or its beginning"),
        ('"clientSecret": "0123456789abcdef"', "a service token's secret, or its beginning"),
        ("eyJhIjoi" + "A1b" * 20, "a tunnel's token"),
        ("cfast_" + "aB3" * 16, "a service token's secret"),
        ("the secret is " + "ab12" * 16, "64 hexadecimal digits called a secret"),
        ("ghp_" + "a1B2" * 9, "a GitHub token"),
        ("-----BEGIN OPENSSH " + "PRIVATE KEY-----", "a private key"),
    ],
)
def test_what_gives_a_secret_away(line: str, kind: str) -> None:
    token, client = secrets().values()
    wanted = [*known("the tunnel's token", token), *known("the service token's secret", client)]
    assert list(leaks_in(f"first line\n{line}\n", wanted)) == [(2, kind)]


@pytest.mark.parametrize(
    "line",
    [
        "CF-Access-Client-Secret: $(pulumi config get dgx-spark:accessClientSecret)",
        "  dgx-spark:accessClientSecret:\n    secure: v1:abcdefgh:" + "ab12" * 16,
        "  secret: {secure: " + "ab12" * 16 + "}",
        "tunnel 75a07d1a-0bc7-485f-86b2-ce676d7d1c35, digest sha256:" + "ab12" * 16,
        "CF-Access-Client-Id: a1ad143d...",
        "client_secret: <paste nothing here>",
        "clientSecret: facade",
    ],
)
def test_what_gives_nothing_away(line: str) -> None:
    assert list(leaks_in(line, [one for secret in secrets().values() for one in known("it", secret)])) == []


@given(st.text(), st.text())
def test_a_whole_secret_is_found_whatever_stands_around_it(before: str, after: str) -> None:
    wanted = list(known("it", Secret(CLIENT, "client")))
    found = list(leaks_in(before + CLIENT + after, wanted))
    assert (before.count("\n") + 1, "it") in found


@needs_git
def test_tracked_files_are_searched_and_places_told_without_the_text(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/readme.md").write_text(f"fine\nsecret {CLIENT}\nand {INNER[:8]}…\n")
    (tmp_path / "binary").write_bytes(b"\0" + CLIENT.encode())
    (tmp_path / "deleted").write_text(CLIENT)
    git(tmp_path, "add", ".")
    (tmp_path / "deleted").unlink()
    (tmp_path / "untracked").write_text(CLIENT)
    seen = run_on(tmp_path).get(leaks)
    assert [(leak.file, leak.line) for leak in seen.found] == [("docs/readme.md", 2), ("docs/readme.md", 3)]
    assert CLIENT not in seen.told
    assert INNER[:8] not in seen.told
    assert "git tracks" in seen.told


def test_without_git_every_file_is_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/config").write_text(CLIENT)
    (tmp_path / "a.txt").write_text(CLIENT)
    (tmp_path / "link").symlink_to(tmp_path / "a.txt")
    (tmp_path / "large").write_text("x" * 100)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(module, "LARGEST", 80)
    seen = run_on(tmp_path).get(leaks)
    assert [str(leak) for leak in seen.found] == ["a.txt:1 (the service token's secret)"]
    assert seen.passed_over == ("large (larger than 0 MiB)",)


def test_the_suites_own_credentials_are_looked_for_where_they_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("api-token-of-ours\n")
    monkeypatch.setenv("SOME_TOKEN", "api-token-of-ours")
    table = Cloudflare(zone="example.org", token="env:SOME_TOKEN")
    assert len(run_on(tmp_path, cloudflare=table).get(leaks).found) == 1
    monkeypatch.delenv("SOME_TOKEN")
    assert len(run_on(tmp_path, cloudflare=table).get(leaks).found) == 0


def test_without_the_secrets_nothing_is_vouched_for(tmp_path: Path) -> None:
    hindered = Unreachable("pulumi", "pulumi is not there")
    run = run_of(Target(repository=Repository(path=str(tmp_path))), given={esc_tunnel_token: hindered})
    with pytest.raises(Unreachable, match="pulumi is not there"):
        run.get(leaks)


def test_what_is_found_counts_though_a_secret_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"client_secret: {CLIENT}\n")
    hindered = Unreachable("pulumi", "pulumi is not there")
    given = {esc_tunnel_token: hindered, access_client_secret: hindered}
    seen = run_of(Target(repository=Repository(path=str(tmp_path))), given=given).get(leaks)
    assert [leak.line for leak in seen.found] == [1]
    assert "not looked for: the tunnel's token, the service token's secret" in seen.told


@needs_git
def test_a_checkout_that_another_repository_ignores_is_searched_all_the_same(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "a.txt").write_text(CLIENT)
    assert len(run_on(inner).get(leaks).found) == 1
