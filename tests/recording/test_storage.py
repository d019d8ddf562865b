"""A recording that cannot be used, and a place where none can be made, are told in one sentence."""

from collections.abc import Callable
from pathlib import Path

import pytest

from spark_conformance.core.run import OBSERVATIONS
from spark_conformance.core.secret import Secret
from spark_conformance.core.verdict import NotApplicable, Unmet, Unreachable, Verdict
from spark_conformance.facts.mistakes import FactsError
from spark_conformance.programs.lab import ORIGINAL
from spark_conformance.recording import RecordingError, storage
from spark_conformance.recording.codec import DamagedError, restored, stored_error, stored_value
from spark_conformance.recording.storage import prepare, read
from spark_conformance.recording.target import facts_of, judged_by, named
from tests.recording.making import Json, Recorded, alter, replayed

CANARY = "canary-0123456789abcdef"


def _observation(change: Callable[[Json], object]) -> Callable[[Path], None]:
    return lambda place: alter(place / storage.OBSERVATIONS / "tunnel.json", change)


def _manifest(change: Callable[[Json], object]) -> Callable[[Path], None]:
    return lambda place: alter(place / storage.MANIFEST, change)


def _write(name: str, text: str) -> Callable[[Path], object]:
    return lambda place: (place / name).write_text(text)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda place: (place / storage.MANIFEST).unlink(), "is not a recording, or one of a run that did not finish"),
        (_manifest(lambda data: data.update(format=2)), "has format 2, and this suite reads format 1: replay it with"),
        (_manifest(lambda data: data.pop("hostname")), "damaged: its fields are not those of a recording"),
        (_manifest(lambda data: data["observations"].append("gone")), "observations/gone.json: cannot be read"),
        (
            _write("manifest.json", "{"),
            "manifest.json: damaged: it is not JSON; restore the file, or make a new recording",
        ),
        (_write("observations/tunnel.json", "[]"), "tunnel.json: damaged: it is not a JSON object"),
        (_observation(lambda data: data["outcome"]["value"].pop("name")), "damaged: value.name: field required"),
        (_observation(lambda data: data["outcome"]["value"].update(name=7)), "damaged: value.name: input should be"),
        (_observation(lambda data: data["outcome"].update(kind="guess")), "damaged: 'guess' is not a kind of outcome"),
        (_observation(lambda data: data.update(outcome={"kind": "unmet"})), "damaged: it lacks 'fact'"),
        (
            _observation(lambda data: data.update(observation="no_such")),
            "it is of another observation, no_such",
        ),
        (
            _manifest(lambda data: data.update(recorded_at="yesterday")),
            "manifest.json: damaged: its fields are not those of a recording",
        ),
    ],
)
def test_a_spoilt_recording_is_refused_with_one_sentence(
    copy: Path, spoil: Callable[[Path], object], words: str
) -> None:
    spoil(copy)
    with pytest.raises(RecordingError) as refused:
        read(copy)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_place_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"there is no such directory; name one that `--record` has written$"):
        read(tmp_path / "none")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    prepare(tmp_path / "new" / "recording")
    prepare(tmp_path / "new" / "recording")  # a run that never looked left nothing but empty directories
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(RecordingError, match=r"is not empty \(letter.txt is in it\), and a recording never overwrites"):
        prepare(tmp_path)
    with pytest.raises(RecordingError, match="the recording cannot be written there: Not a directory"):
        prepare(tmp_path / "letter.txt" / "recording")


def test_a_recording_is_its_owners_alone(healthy: Recorded) -> None:
    assert all(path.stat().st_mode & 0o077 == 0 for path in [healthy.place, *healthy.place.rglob("*")])


def test_the_facts_of_another_system_do_not_judge_it(copy: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('extends = "spark-291b"\n[system]\nhostname = "llm.example.org"\n')
    alter(copy / storage.MANIFEST, lambda data: data.update(lab=False, target=str(other)))
    assert judged_by(read(copy), named(str(copy)), ORIGINAL)[1] == "those in the recording"
    with pytest.raises(RecordingError, match=r"is of ollama\..*other\.toml is about llm\.example\.org"):
        facts_of(read(copy), ORIGINAL, named(str(copy), str(other)))


def test_a_recording_of_a_colleague_is_judged_by_the_facts_that_it_carries(copy: Path, healthy: Recorded) -> None:
    alter(copy / storage.MANIFEST, lambda data: data.update(lab=False, target="mine.toml"))
    system, which = judged_by(read(copy), named(str(copy)), ORIGINAL)
    assert which == "those in the recording"
    assert system.facts == facts_of(healthy.recording, ORIGINAL).facts
    again = replayed(read(copy), system)
    assert again.told == healthy.judged.told
    assert again.concluded == healthy.judged.concluded


def test_the_facts_file_that_is_named_judges_it(copy: Path, tmp_path: Path) -> None:
    other = tmp_path / "mine.toml"
    other.write_text('extends = "spark-291b"\n[facts.tunnel.name]\nexpect = "another"\n')
    system, which = judged_by(read(copy), named(str(copy), str(other)), ORIGINAL)
    assert which == f"those of {other}"
    verdicts = replayed(read(copy), system).verdicts
    failed = {fact: verdict for fact, verdict in verdicts.items() if verdict != Verdict.CONFORMANT}
    assert failed == {"tunnel.name": "nonconformant"}
    with pytest.raises(FactsError, match="no such facts file"):
        facts_of(read(copy), ORIGINAL, named(str(copy), "gone.toml"))


def test_without_any_facts_it_says_how_to_give_them(copy: Path) -> None:
    alter(copy / storage.MANIFEST, lambda data: data.update(lab=False, target="mine.toml", file={}))
    with pytest.raises(RecordingError, match=r"the recording is of mine\.toml .*: name them with --facts FILE"):
        facts_of(read(copy), ORIGINAL)


def test_facts_that_it_carries_and_that_are_none_are_told(copy: Path) -> None:
    damage = {"lab": False, "target": "mine.toml", "file": {"system": {"name": "x"}}}
    alter(copy / storage.MANIFEST, lambda data: data.update(damage))
    with pytest.raises(RecordingError, match=r"its facts are not those of this suite \(file\.system\.hostname\)"):
        facts_of(read(copy), ORIGINAL)


@pytest.mark.parametrize(
    "error",
    [
        Unreachable("ssh: refused", f"nobody answers, with {CANARY}", "host.reachable"),
        Unmet("tunnel.id", f"none, but {CANARY}", f"see {CANARY}"),
        NotApplicable(f"no {CANARY}"),
    ],
)
def test_what_was_raised_is_raised_again_masked(error: Exception) -> None:
    Secret(CANARY, "a canary")
    stored = stored_error(error)
    assert CANARY not in str(stored)
    with pytest.raises(type(error)) as again:
        restored("tunnel", stored)
    assert vars(again.value) == {
        name: value.replace(CANARY, "***") if value else value for name, value in vars(error).items()
    }


def test_an_error_of_the_suite_stays_one() -> None:
    with pytest.raises(Exception, match=r"^KeyError: 'lost'$"):
        restored("tunnel", stored_error(KeyError("lost")))


def test_a_secret_is_not_stored_nor_given_back() -> None:
    stored = stored_value("tunnel_token", Secret(CANARY, "a canary"))
    assert stored == {"kind": "secret"}
    with pytest.raises(Unreachable, match="tunnel_token is a secret, and a recording holds no secrets"):
        restored("tunnel_token", stored)


def test_what_the_facts_state_stays_legible_and_what_holds_a_secret_does_not() -> None:
    from spark_conformance.secrets.references import ClientId

    Secret(CANARY, "a canary")
    stated = stored_value("access_client_id", ClientId(CANARY, fit=True), {CANARY})
    other = stored_value("access_client_id", ClientId(f"{CANARY} ", fit=True), {CANARY})
    assert restored("access_client_id", stated) == ClientId(CANARY, fit=True)
    assert restored("access_client_id", other) == ClientId("*** ", fit=True)


def test_every_value_comes_back_as_it_was(healthy: Recorded) -> None:
    for name, stored in healthy.recording.stored.items():
        if stored.kind == "value":
            value = restored(name, stored.outcome)
            assert stored_value(name, value, {"***"}) == stored.outcome, name
            assert OBSERVATIONS[name].__name__ == name


def test_infinity_comes_back() -> None:
    from spark_conformance.https.public import Generation

    broken = Generation("m", "", 0, float("inf"), float("inf"), 1.0, "", "cut")
    stored = stored_value("public_generation", broken)
    assert stored["value"]["first_token_s"] == "Infinity"
    assert restored("public_generation", stored) == broken


def test_a_value_of_another_kind_is_damaged() -> None:
    with pytest.raises(DamagedError, match="value"):
        restored("tunnel", {"kind": "value", "value": 7})
