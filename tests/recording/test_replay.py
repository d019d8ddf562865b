"""A recording is judged as its system was: the same verdicts, words and diagnosis, and no look at anything."""

import socket
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

import pytest

from spark_conformance.core.verdict import Verdict
from spark_conformance.recording import storage
from spark_conformance.recording.storage import Recording
from spark_lab.announcement import Announcement
from spark_lab.faults import inflict, named
from tests.matrix.selection import shared
from tests.recording.making import Json, Recorded, alter, recorded, replayed, system_of

BROKEN = {
    "as the document has it": ("as-documented",),
    "the token's ways": ("access-secret-rotated", "token-rotated", "esc-client-id-with-blank"),
    "no way there": ("ssh-refused", "api-token-disabled"),
    "the host": ("cloudflared-stopped", "ollama-other-port", "disk-full"),
    "the edge and DNS": ("edge-waf-block", "record-other-tunnel", "resolver-servfail"),
    "the certificate and the repository": ("public-certificate-expired", "workflow-missing", "leak-client-secret"),
}
"""Faults of every component, together where they do not hide each other: one of them each day, all at night."""


@pytest.fixture
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens a socket or starts a program fails the test."""

    def refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
        raise AssertionError("a replay looked at something")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(subprocess, "Popen", refuse)


@pytest.mark.usefixtures("_offline")
def test_a_healthy_lab_is_conformant_on_replay_too(healthy: Recorded) -> None:
    again = replayed(healthy.recording)
    assert set(Counter(again.verdicts.values())) == {Verdict.CONFORMANT}
    assert again.verdicts == healthy.judged.verdicts
    assert again.told == healthy.judged.told
    assert again.concluded == healthy.judged.concluded


@pytest.mark.parametrize("kind", shared([*BROKEN], len(BROKEN)))
def test_a_broken_lab_is_judged_and_diagnosed_as_when_it_was_recorded(
    lab: Announcement, kind: str, tmp_path: Path
) -> None:
    inflict(lab, named(BROKEN[kind]))
    made = recorded(lab, tmp_path / "recording")
    assert set(made.judged.verdicts.values()) != {Verdict.CONFORMANT}
    again = replayed(made.recording)
    assert again.verdicts == made.judged.verdicts
    assert again.told == made.judged.told
    assert again.concluded == made.judged.concluded


def test_other_facts_of_today_judge_what_was_recorded(recording: Recording) -> None:
    def change(facts: Json) -> None:
        facts["tunnel"]["name"]["expect"] = "another-name"
        facts["ollama"]["size_gb"]["expect"] = {"about": 7, "within_percent": 5}
        facts["access"]["app_id"]["expect"] = recording.stored["access_app"].outcome["value"]["id"]
        facts["cloudflared"]["active"]["expect"] = False

    again = replayed(recording, system_of(recording, change))
    failed = {fact for fact, verdict in again.verdicts.items() if verdict != Verdict.CONFORMANT}
    assert failed == {"tunnel.name", "ollama.size_gb", "cloudflared.active"}
    assert {again.verdicts[fact] for fact in failed} == {Verdict.NONCONFORMANT}


def test_what_the_recorded_run_chose_is_chosen_anew(recording: Recording) -> None:
    other = recording.stored["ollama_models"].outcome["value"]["models"][1]["name"]
    again = replayed(recording, system_of(recording, lambda facts: facts["ollama"]["model"].update(expect=other)))
    assert again.verdicts["ollama.model"] == Verdict.CONFORMANT
    assert again.verdicts["ollama.quantization"] == Verdict.NONCONFORMANT
    assert again.verdicts["ollama.generates"] == Verdict.UNREACHABLE
    assert "was made with ollama.model = " in again.findings["ollama.generates"].cause


@pytest.mark.parametrize(
    ("component", "name", "expect", "unseen"),
    [
        ("tunnel", "id", "00000000-0000-4000-8000-000000000000", {"tunnel.id", "tunnel.status", "tunnel.ingress"}),
        ("host", "disk_free_gib", {"path": "/elsewhere", "at_least": 1}, {"host.disk_free_gib"}),
        ("public", "answers", {"path": "/api/ps", "status": 200}, {"public.answers", "access.admits_token"}),
        ("access", "token_id", "00000000-0000-4000-8000-000000000000", {"access.token_id", "access.service_auth"}),
    ],
)
def test_what_nobody_looked_for_is_unreachable_and_no_pass(
    recording: Recording, component: str, name: str, expect: Any, unseen: set[str]
) -> None:
    again = replayed(recording, system_of(recording, lambda facts: facts[component][name].update(expect=expect)))
    for fact in unseen:
        assert again.verdicts[fact] == Verdict.UNREACHABLE, fact
        assert f"was made with {component}.{name} = " in again.findings[fact].cause
    assert again.verdicts["dns.target"] == Verdict.CONFORMANT


def test_a_bound_that_is_only_judged_moves_no_look(recording: Recording) -> None:
    def change(facts: Json) -> None:
        facts["host"]["disk_free_gib"]["expect"]["at_least"] = 10**9
        facts["host"]["release"]["expect"]["value"] = "another release"
        facts["public"]["answers"]["expect"]["status"] = 403

    again = replayed(recording, system_of(recording, change))
    failed = {fact for fact, verdict in again.verdicts.items() if verdict == Verdict.NONCONFORMANT}
    assert failed == {"host.disk_free_gib", "host.release", "public.answers"}


def test_what_was_not_recorded_is_not_in_the_recording_and_no_pass(copy: Path) -> None:
    alter(copy / storage.MANIFEST, lambda data: data.update(observations=["zone", "dns_records"]))
    again = replayed(storage.read(copy))
    assert again.verdicts["dns.target"] == Verdict.CONFORMANT
    assert again.verdicts["tunnel.name"] == Verdict.UNREACHABLE
    assert again.findings["tunnel.name"].cause.startswith("not in the recording (lab, recorded ")
    assert sorted(set(again.verdicts.values())) == [Verdict.CONFORMANT, Verdict.UNREACHABLE]


def test_days_are_counted_until_the_recording(copy: Path, healthy: Recorded) -> None:
    alter(copy / storage.MANIFEST, lambda data: data.update(recorded_at="2031-01-01T00:00:00+00:00"))
    again = replayed(storage.read(copy))
    assert again.verdicts["access.temporary_days"] == Verdict.NONCONFORMANT
    assert healthy.judged.verdicts["access.temporary_days"] == Verdict.CONFORMANT
    assert replayed(healthy.recording).verdicts["access.temporary_days"] == Verdict.CONFORMANT
