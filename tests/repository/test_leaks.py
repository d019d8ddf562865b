import base64
import codecs
import json
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_conformance.core.run import Run
from spark_conformance.core.secret import Secret, mask
from spark_conformance.core.verdict import Unmet, Unreachable
from spark_conformance.facts.target import Cloudflare, Github, Repository, Secrets, Target
from spark_conformance.repository import history, text
from spark_conformance.repository import leaks as module
from spark_conformance.repository.leak_patterns import known, leaks_in
from spark_conformance.repository.leaks import leaks
from spark_conformance.secrets.references import access_client_secret, esc_tunnel_token
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


def commit(path: Path, message: str) -> None:
    git(path, "add", "-A")
    git(path, "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-q", "-m", message)


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
        (f"x={CLIENT.upper()}", "the service token's secret"),
        (f"begins with {CLIENT[:8].upper()}...", "the beginning of the service token's secret"),
        ("CF-ACCESS-CLIENT-SECRET: B0A39081...", "a service token's secret, or its beginning"),
        ("the secret is " + "AB12" * 16, "64 hexadecimal digits called a secret"),
        (f"Authorization: {base64.b64encode(CLIENT.encode()).decode()}", "the service token's secret"),
        (f"https://x.example/?token={quote(TOKEN, safe='')}", "the tunnel's token"),
        ("pul-" + "0a" * 20, "a Pulumi token"),
        ("OP_SERVICE_ACCOUNT_TOKEN=ops_eyJ" + "zaWdu" * 12, "a 1Password service account's token"),
        ("A3-" + "ABC123-ABC12345678-ABCDE-ABCDE-ABCDE", "a 1Password account's secret key"),
        ("      PULUMI_CONFIG_PASSPHRASE: hunter22", "the stack's passphrase"),
        ("  - PULUMI_CONFIG_PASSPHRASE: 'correct horse battery'  # soon gone", "the stack's passphrase"),
        ('"PULUMI_CONFIG_PASSPHRASE": "hunter22",', "the stack's passphrase"),
        ("run: PULUMI_CONFIG_PASSPHRASE=hunter22 pulumi up", "the stack's passphrase"),
        ("export PULUMI_CONFIG_PASSPHRASE='hunter 22'", "the stack's passphrase"),
        ("    env: {PULUMI_CONFIG_PASSPHRASE: hunter22}", "the stack's passphrase"),
        ("    env: {A: b, PULUMI_CONFIG_PASSPHRASE: 'hunter22', C: d}", "the stack's passphrase"),
        ("ENV PULUMI_CONFIG_PASSPHRASE hunter22", "the stack's passphrase"),
        ("gh secret set PULUMI_CONFIG_PASSPHRASE --body 'hunter22'", "the stack's passphrase"),
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
        "  PULUMI_CONFIG_PASSPHRASE: ${{ secrets.PULUMI_CONFIG_PASSPHRASE }}",
        "- `PULUMI_CONFIG_PASSPHRASE` (GitHub Secret - required to decrypt ESC)",
        "PULUMI_CONFIG_PASSPHRASE: required to decrypt ESC",
        "PULUMI_CONFIG_PASSPHRASE:",
        "    env: {PULUMI_CONFIG_PASSPHRASE: '${{ secrets.PULUMI_CONFIG_PASSPHRASE }}'}",
        "gh secret set PULUMI_CONFIG_PASSPHRASE",
        'gh secret set PULUMI_CONFIG_PASSPHRASE --body "$PASSPHRASE"',
        'export PULUMI_CONFIG_PASSPHRASE="$(op read op://v/i/f)"',
        "PULUMI_CONFIG_PASSPHRASE=<the passphrase>",
        "PULUMI_CONFIG_PASSPHRASE=your-passphrase-here",
        "PULUMI_CONFIG_PASSPHRASE_FILE=/run/secrets/passphrase",
        "pul-0123456789abcdef",
        "see A3-XXXXXX",
    ],
)
def test_what_gives_nothing_away(line: str) -> None:
    assert list(leaks_in(line, [one for secret in secrets().values() for one in known("it", secret)])) == []


def test_a_secret_with_quotation_marks_is_found_within_a_text_of_json() -> None:
    value = 'k3Lm9Q"x2pR7"tW5y/NbH4'
    line = json.dumps({"said": f"the token {value} was refused"})
    assert list(leaks_in(line, known("it", Secret(value, "it")))) == [(1, "it")]
    other = json.dumps({"said": f"the token {value[:-1]}5 was refused"})
    assert list(leaks_in(other, known("it", Secret(value, "it")))) == []


def test_what_is_looked_for_does_not_print() -> None:
    told = repr([one for secret in secrets().values() for one in known("it", secret)])
    assert [text for text in (CLIENT, CLIENT[:8], TOKEN, INNER[:8]) if text in told] == []


@pytest.mark.parametrize(
    ("value", "line", "found"),
    [
        ("k3Lm9Qx2", "x=k3Lm9Qx2", True),
        ("k3Lm9Qx", "x=k3Lm9Qx", False),  # shorter than a beginning: it stands everywhere
        ("cfut_k3Lm9Qx2pR7tW5y", "begins with cfut_k3Lm9Qx2…", True),
        ("cfut_k3Lm9Qx2pR7tW5y", "begins with cfut_k3Lm9Qx…", False),  # the kind's own sign is no beginning
        *((base64.b64encode(told).decode(), base64.b64encode(told).decode(), True)
          for told in (b'{"a": "tunnel"}', b"[1, 2, 3, 4]", b"no JSON at all", b'{"a": 1, "s": 5}', b"[" * 60000)),
    ],
    ids=str,
)  # fmt: skip
def test_how_much_of_a_secret_gives_it_away(value: str, line: str, found: bool) -> None:
    assert bool(list(leaks_in(line, known("it", Secret(value, "it"))))) is found


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
    (tmp_path / "link").symlink_to("docs/readme.md")
    git(tmp_path, "add", "link")
    seen = run_on(tmp_path).get(leaks)
    assert [(leak.file, leak.line) for leak in seen.found] == [
        ("binary", 0),
        ("docs/readme.md", 2),
        ("docs/readme.md", 3),
    ]
    assert "binary (the service token's secret), docs/readme.md:2 (" in seen.told
    assert CLIENT not in seen.told
    assert INNER[:8] not in seen.told
    assert "git tracks" in seen.told


def test_without_git_every_file_is_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/config").write_text(CLIENT)
    (tmp_path / "a.txt").write_text(CLIENT)
    (tmp_path / "link").symlink_to(tmp_path / "a.txt")
    monkeypatch.setenv("PATH", "")
    seen = run_on(tmp_path).get(leaks)
    assert [str(leak) for leak in seen.found] == ["a.txt:1 (the service token's secret)"]
    assert seen.history == "git has no history of it"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (f"one\r\n{CLIENT}\r\n".encode("utf-16"), 2),
        (f"one\n{CLIENT}\n".encode("utf-16-be"), 2),
        (f"one\n{CLIENT}\n".encode("utf-16-le"), 2),
        (f"one\n{CLIENT}\n".encode("utf-32"), 2),
        (codecs.BOM_UTF8 + f"{CLIENT}\n".encode(), 1),
        ("é".encode("latin-1") + f"\n{CLIENT}".encode(), 2),
        (b"\0\1\2\3" + CLIENT.encode(), 0),
        (b"\0\1\2\3\4" + CLIENT.encode("utf-16-le"), 1),
        (bytes(range(256)) + CLIENT.encode("utf-16-le"), 0),
    ],
)
def test_text_is_read_in_whatever_it_is_written(tmp_path: Path, content: bytes, line: int) -> None:
    (tmp_path / "a").write_bytes(content)
    assert [(leak.line, leak.kind) for leak in run_on(tmp_path).get(leaks).found] == [
        (line, "the service token's secret")
    ]


def test_a_large_file_is_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "BLOCK", 64)
    monkeypatch.setattr(text, "OVERLAP", 80)
    (tmp_path / "lines").write_text("x" * 30 + "\n" + "y\n" * 100 + f"{CLIENT}\n" + "z\n" * 100)
    (tmp_path / "one-line").write_text("é" * 50 + CLIENT + "z" * 200)
    seen = run_on(tmp_path).get(leaks)
    assert [(leak.file, leak.line) for leak in seen.found] == [("lines", 102), ("one-line", 1)]


def test_what_cannot_be_read_is_not_vouched_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("fine")
    monkeypatch.setattr(module, "LONGEST_S", -1)
    with pytest.raises(Unreachable, match=r"a\.txt \(not within -1 s\).*cannot be read"):
        run_on(tmp_path).get(leaks)


def test_a_file_that_is_gone_by_now_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("fine")
    files = [tmp_path / "gone.txt", tmp_path / "a.txt"]
    assert module._in_files(tmp_path, files, ()) == ([], ["gone.txt (No such file or directory)"])


@needs_git
def test_the_history_of_every_branch_is_searched_for_secrets_of_today(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    for name, content in (("kept", CLIENT), ("gone", f"now {CLIENT}"), ("old", "cfast_" + "aB3" * 16)):
        (tmp_path / name).write_text(content)
    commit(tmp_path, "all of it")
    git(tmp_path, "checkout", "-q", "-b", "other")
    (tmp_path / "wide").write_bytes(INNER.encode("utf-16"))
    commit(tmp_path, f"with {CLIENT.upper()}")
    git(tmp_path, "checkout", "-q", "main")
    git(tmp_path, "rm", "-q", "gone", "old")
    (tmp_path / "unsaved").write_text(CLIENT)
    (tmp_path / "kept").write_text(f"{CLIENT}\nand more")
    commit(tmp_path, "away with it")
    (tmp_path / "unsaved").write_text("away with it, and not committed")
    seen = run_on(tmp_path).get(leaks)
    places = [(leak.file.partition(" in the history")[0], leak.kind) for leak in seen.found]
    assert places[0] == ("kept", "the service token's secret")
    assert re.search(r", gone in the history, object [0-9a-f]{12} \(the service token's secret\)", seen.told)
    assert set(places[1:]) == {
        ("gone", "the service token's secret"),
        ("unsaved", "the service token's secret"),
        ("wide", "the secret within the tunnel's token"),
        (next(place for place, _ in places if place.startswith("the message of")), "the service token's secret"),
    }
    assert CLIENT not in seen.told
    assert "objects of git's history" in seen.told


@needs_git
def test_what_nobody_knows_to_be_dead_counts_in_the_history_too(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "deploy_key").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n")
    (tmp_path / "replaced").write_text(f"client_secret: {'0123456789abcdef' * 4}\n")
    (tmp_path / "ci.yml").write_text("token: ghp_" + "aB3" * 12)
    commit(tmp_path, "all of it")
    git(tmp_path, "-c", "user.name=x", "-c", "user.email=x@example.org", "tag", "-m", "with pul-" + "0a" * 20, "v1")
    git(tmp_path, "rm", "-q", "deploy_key", "ci.yml", "replaced")
    (tmp_path / "a").write_text("fine")
    commit(tmp_path, "away with it")
    git(tmp_path, "gc", "-q")
    seen = {(leak.file.partition(" in the history")[0], leak.kind) for leak in run_on(tmp_path).get(leaks).found}
    assert seen == {("deploy_key", "a private key"), ("ci.yml", "a GitHub token"), ("v1", "a Pulumi token")}


@needs_git
def test_a_large_object_is_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "BLOCK", 200)
    monkeypatch.setattr(history, "OVERLAP", 80)
    git(tmp_path, "init", "-q")
    (tmp_path / "big").write_bytes(b"\0" + b"x" * 370 + CLIENT.encode() + b"y" * 200)
    (tmp_path / "next").write_text(INNER)
    commit(tmp_path, "one")
    git(tmp_path, "rm", "-q", "big", "next")
    commit(tmp_path, "two")
    assert len(run_on(tmp_path).get(leaks).found) == 2


@needs_git
def test_a_history_that_is_not_searched_as_a_whole_is_not_vouched_for(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    for content in (CLIENT, "fine"):
        (tmp_path / "a").write_text(content)
        commit(tmp_path, content[:4])
    run = run_on(tmp_path, repository=Repository(path=str(tmp_path), history_timeout_s=1e-9))
    with pytest.raises(Unreachable, match="raise history_timeout_s"):
        run.get(leaks)
    (tmp_path / "a").write_text(CLIENT)
    assert "which is not all of it" in run_on(tmp_path, repository=run.target.repository).get(leaks).told


@needs_git
@pytest.mark.parametrize(("words", "told"), [
    (("--depth", "1"), "git fetch --unshallow"), (("--filter=blob:none",), "git fetch --refetch --no-filter"),
])  # fmt: skip
def test_a_clone_of_a_part_is_not_vouched_for(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    origin = tmp_path / "origin"
    origin.mkdir()
    git(origin, "init", "-q")
    git(origin, "config", "uploadpack.allowFilter", "true")
    for content in (CLIENT, "two"):
        (origin / "a").write_text(content)
        commit(origin, content[:3])
    git(tmp_path, "clone", "-q", *words, f"file://{origin}", "clone")
    with pytest.raises(Unreachable, match=told):
        run_on(tmp_path / "clone").get(leaks)
    (tmp_path / "clone/a").write_text(CLIENT)
    assert len(run_on(tmp_path / "clone").get(leaks).found) == 1


def test_a_history_that_git_does_not_show_is_not_vouched_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "a.txt").write_text("fine")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Unreachable, match="git cannot be asked"):
        run_on(tmp_path).get(leaks)


def test_what_pulumi_and_1password_are_given_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "phrase").write_text("tr0ub4dor and three\n")
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra/a.txt").write_text("tr0ub4dor alone\nfor tr0ub4dor and three\nops-token-of-ours\n")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", str(tmp_path / "phrase"))
    monkeypatch.setenv("OP_SERVICE_ACCOUNT_TOKEN", " ops-token-of-ours\n")
    seen = run_on(tmp_path / "infra").get(leaks)
    assert [(leak.line, leak.kind) for leak in seen.found] == [
        (2, "the stack's passphrase"),
        (3, "1Password's token"),
    ]
    assert "tr0ub4dor" not in mask("said for tr0ub4dor and three, now")
    assert "ours" not in mask("said for ops-token-of-ours, now")


@pytest.mark.parametrize(
    "tables",
    [
        {"cloudflare": Cloudflare(zone="example.org", token="env:SOME_TOKEN")},
        {"secrets": Secrets(api_key="env:SOME_TOKEN")},
        {"github": Github(repository="a/b", token="env:SOME_TOKEN")},
    ],
)
def test_the_suites_own_credentials_are_looked_for_where_they_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tables: dict[str, object]
) -> None:
    (tmp_path / "a.txt").write_text("api-token-of-ours\n")
    monkeypatch.setenv("SOME_TOKEN", "api-token-of-ours")
    assert len(run_on(tmp_path, **tables).get(leaks).found) == 1
    monkeypatch.delenv("SOME_TOKEN")
    assert len(run_on(tmp_path, **tables).get(leaks).found) == 0


@pytest.mark.parametrize(
    "hindered", [Unreachable("pulumi", "pulumi is not there"), Unmet("secrets.tunnel_token", "is not there", "")]
)
def test_without_the_secrets_nothing_is_vouched_for(tmp_path: Path, hindered: Exception) -> None:
    run = run_of(
        Target(repository=Repository(path=str(tmp_path))),
        given={esc_tunnel_token: hindered, access_client_secret: Secret(CLIENT, "client")},
    )
    with pytest.raises(type(hindered), match="is not there"):
        run.get(leaks)


def test_what_is_found_counts_though_a_secret_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"client_secret: {CLIENT}\n")
    hindered = Unreachable("pulumi", "pulumi is not there")
    given = {esc_tunnel_token: hindered, access_client_secret: hindered}
    seen = run_of(Target(repository=Repository(path=str(tmp_path))), given=given).get(leaks)
    assert [leak.line for leak in seen.found] == [1]
    assert "not searched for: the tunnel's token, the service token's secret" in seen.told


@needs_git
def test_a_checkout_that_another_repository_ignores_is_searched_all_the_same(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "a.txt").write_text(CLIENT)
    assert len(run_on(inner).get(leaks).found) == 1
