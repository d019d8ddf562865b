"""`draft`: what is written is conformant at once, what is wrong is told, and a mistake costs one sentence."""

import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from spark_conformance.checking import findings_of
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Verdict
from spark_conformance.draft import __main__ as command
from spark_conformance.facts.load import load
from spark_lab.announcement import Announcement
from spark_lab.faults import inflict, named

NAME = "ollama.goldfish.io"


def draft(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """The exit code, and what was said on standard error but for the progress."""
    with patch.object(sys, "argv", ["draft", *words]):
        code = command.main()
    said = capsys.readouterr().err.splitlines()
    return code, "\n".join(line for line in said if "looking at:" not in line)


def verdicts(place: Path) -> dict[str, str]:
    run = Run(load(place))
    try:
        return {fact: finding.verdict for fact, finding in findings_of(run, run.stated).items()}
    finally:
        run.close()


def test_the_twin_of_spark_is_drafted_conformant(
    one_lab: Announcement, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    place = tmp_path / "drafted.toml"
    code, said = draft(capsys, NAME, "--reach", one_lab.target, "-o", str(place))
    assert "looks wrong: access.policy: name Allow all (temporary for testing), everyone yes" in said
    assert (code, said.count("looks wrong")) == (1, 1)
    ours, drafted = load(Path(one_lab.target)).facts.all(), load(place).facts.all()
    own = {"pipeline", "secrets"}
    left_out = {fact for fact in set(ours) - set(drafted) if fact.partition(".")[0] not in own}
    assert left_out == {
        "access.policy",  # lets in everyone, which no draft takes for meant
        "access.temporary_days",
        "cloudflared.token_matches_esc",
        "cloudflared.unit_in_repository",
        "host.pulumi",
        "host.release",
        "host.sudo",
    }
    other = [fact for fact in drafted if fact in ours and drafted[fact].expect != ours[fact].expect]
    assert len(other) == 6  # bounds and roundings: memory, disk, size, parameters, version
    text = place.read_text()
    assert text.count('source = ""') == len(drafted)
    assert draft(capsys, NAME, "--reach", one_lab.target, "-o", str(place))[0] == 4
    assert place.read_text() == text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("https://a.example.org",), "HOSTNAME: should be a host name alone"),
        ((NAME, "--api-token", "ghp_canary0123456789"), "--api-token: should be a reference, as env:NAME"),
        ((NAME, "--ssh", "root@box"), "--ssh should be a host's name without a user; write User in ~/.ssh/config"),
        ((NAME, "--secret", "api_key=ghp_canary0123456789"), "--secret api_key: should be a reference, as env:NAME"),
        ((NAME, "--secret", "ghp_canary0123456789"), "--secret: should be NAME=REF, NAME one of access_client_id"),
        ((NAME, "--ssh", "box", "--local"), "--ssh and --local: there is one way to the host"),
        (
            (NAME, "--ssh", "a", "--ssh", "b"),
            "--ssh a, --ssh b: a draft looks at one host; name one, then write it and",
        ),
        (
            (NAME, "--reach", "replicas"),
            "--reach replicas: it has several hosts; add --ssh and one of edge-1, edge-2, ",
        ),
        ((NAME, "--reach", "nowhere"), "--reach nowhere: no such facts file"),
        ((NAME, "-o", "no/such/place.toml"), "-o no/such/place.toml: there is no directory no/such"),
    ],
)
def test_a_mistake_costs_a_sentence(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str) -> None:
    code, told = draft(capsys, *words)
    assert code == 4
    assert told.count("\n") == 0
    assert said in told
    assert "canary" not in told


def test_without_a_token_nothing_is_looked_at(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CLOUDFLARE_API_TOKEN", raising=False)
    code, said = draft(capsys, NAME, "-o", str(tmp_path / "x.toml"))
    assert code == 7
    assert "the environment variable CLOUDFLARE_API_TOKEN is not set" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("llm.example.net", "the API token sees no zone for llm.example.net (asked for llm.example.net, example.net)"),
        ("nothing.goldfish.io", "the zone goldfish.io has no CNAME, A or AAAA record of nothing.goldfish.io"),
    ],
)
def test_a_name_with_nothing_behind_it_is_told(
    one_lab: Announcement, capsys: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    code, told = draft(capsys, name, "--reach", one_lab.target)
    assert (code, said in told) == (7, True)


def test_an_interrupted_draft_leaves_no_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with patch.object(command, "_draft", side_effect=KeyboardInterrupt):
        code, said = draft(capsys, NAME, "-o", str(tmp_path / "x.toml"))
    assert (code, "nothing is written" in said, list(tmp_path.iterdir())) == (2, True, [])


def test_what_is_wrong_is_told_and_not_expected(
    lab: Announcement, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """As the operator's document has it: no Host header, a token that all can read, and a bypass."""
    inflict(lab, named(["as-documented"]))
    place = tmp_path / "drafted.toml"
    code, said = draft(capsys, NAME, "--reach", lab.target, "-o", str(place))
    wrong = {"ollama.accepts_host", "cloudflared.token_mode", "access.open_to_everyone", "access.refuses_anonymous"}
    drafted = load(place).facts.all()
    assert code == 1
    assert {fact for fact in wrong if f"looks wrong: {fact}: " in said} == wrong
    assert not wrong & drafted.keys()
    head = " ".join(place.read_text().partition("\n[system]")[0].replace("\n#", "").split())
    assert all(f"- {fact}: " in head for fact in wrong)
    assert set(verdicts(place).values()) == {Verdict.CONFORMANT}
