"""The lab against a recording: none but real differences are told, and each of those is."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from spark_conformance.compare import compare
from spark_conformance.recording import storage
from spark_conformance.recording.compare import Difference, differences
from spark_conformance.recording.recorder import record
from spark_conformance.recording.storage import read
from spark_lab.announcement import Announcement
from tests.recording.making import Json, Recorded, alter

TUNNEL = "observations/tunnel.json"
PROBE = "observations/token_probe.json"
APPS = "cloudflare: GET /accounts/{id}/access/apps → 200"
LOG = "log: cloudflared"


@pytest.fixture
def told(healthy: Recorded, copy: Path) -> Callable[[], set[tuple[str, str, str, str]]]:
    """Where the altered copy differs from the recording that it was made of."""

    def compared() -> set[tuple[str, str, str, str]]:
        found = differences(read(copy), healthy.recording)
        return {(one.group, one.place, one.recorded, one.lab) for one in found}

    return compared


def _value(change: Callable[[Json], object]) -> Callable[[Json], object]:
    return lambda data: change(data["outcome"]["value"])


def _header(value: Json, wanted: str) -> list[str]:
    return next(pair for pair in value["exchange"]["headers"] if pair[0] == wanted)


@pytest.mark.parametrize(
    ("file", "change", "difference"),
    [
        (TUNNEL, _value(lambda value: value.update(status="perplexed")),
         ("tunnel", "status", "status: perplexed", "status set")),
        (TUNNEL, _value(lambda value: value.update(created_at="a while ago")),
         ("tunnel", "created_at", "text", "time")),
        (TUNNEL, _value(lambda value: value.update(deleted_at="2026-01-01T00:00:00Z")),
         ("tunnel", "deleted_at", "time", "null")),
        (TUNNEL, lambda data: data.update(outcome={"kind": "unmet", "fact": "tunnel.id", "observed": "", "note": ""}),
         ("tunnel", "", "tunnel.id does not hold", "value")),
        (TUNNEL, lambda data: data.update(outcome={"kind": "unreachable", "cause": "c", "sentence": "", "owner": None}),
         ("tunnel", "", "unreachable (c)", "value")),
        (PROBE, _value(lambda value: value["exchange"]["headers"].append(["nel", "{}"])),
         ("token_probe", "exchange.headers.nel", "text", "nothing")),
        (PROBE, _value(lambda value: value["exchange"]["headers"].remove(_header(value, "date"))),
         ("token_probe", "exchange.headers.date", "nothing", "time")),
        (PROBE, _value(lambda value: value["exchange"].update(status=403)),
         ("token_probe", "exchange.status", "status: 403", "status: 200")),
        (PROBE, _value(lambda value: value["exchange"].update(body="{}")),
         ("token_probe", "exchange.body.models", "nothing", "list")),
    ],
)  # fmt: skip
def test_an_observation_of_another_shape_is_told(
    told: Callable[[], set[tuple[str, str, str, str]]],
    copy: Path,
    file: str,
    change: Callable[[Json], object],
    difference: tuple[str, str, str, str],
) -> None:
    alter(copy / file, change)
    assert told() == {difference}


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (lambda wire: wire[APPS].update({"result[].extra": "text"}), (APPS, "result[].extra", "text", "nothing")),
        (lambda wire: wire[APPS].pop("result[].aud"), (APPS, "result[].aud", "nothing", "sha256")),
        (lambda wire: wire[APPS].update({"result[].aud": "uuid"}), (APPS, "result[].aud", "uuid", "sha256")),
        (lambda wire: wire[APPS].update({"header retry-after": "header"}),
         (APPS, "header retry-after", "header", "nothing")),
        (lambda wire: wire.update({APPS.replace("200", "404"): wire.pop(APPS)}),
         (APPS.partition(" →")[0], "status", "404", "200")),
        (lambda wire: wire.update({"cloudflare: GET /never → 200": {"": "object"}}),
         ("cloudflare: GET /never → 200", "", "answered so", "was not asked")),
    ],
)  # fmt: skip
def test_an_answer_of_another_shape_is_told(
    told: Callable[[], set[tuple[str, str, str, str]]],
    copy: Path,
    change: Callable[[Json], object],
    difference: tuple[str, str, str, str],
) -> None:
    (wire,) = (copy / storage.WIRE).iterdir()
    alter(wire, change)
    assert told() == {difference}


def test_a_log_line_of_another_wording_is_told_with_the_labs_nearest(
    told: Callable[[], set[tuple[str, str, str, str]]], copy: Path
) -> None:
    (wire,) = (copy / storage.WIRE).iterdir()
    lines = json.loads(wire.read_text())[LOG]
    line = next(line for line in lines if "Registered" in line)
    other = line.replace("event=int ", "")
    alter(wire, lambda data: data[LOG].update({other: data[LOG].pop(line)}))
    assert told() == {(LOG, "line", other, line)}


def test_an_object_that_is_gone_is_told_once(told: Callable[[], set[tuple[str, str, str, str]]], copy: Path) -> None:
    (wire,) = (copy / storage.WIRE).iterdir()
    alter(wire, lambda data: [data[APPS].pop(place) for place in list(data[APPS]) if place.startswith("result_info")])
    assert told() == {(APPS, "result_info", "nothing", "object")}


def test_an_empty_list_says_nothing_of_its_items(
    told: Callable[[], set[tuple[str, str, str, str]]], copy: Path
) -> None:
    (wire,) = (copy / storage.WIRE).iterdir()
    alter(wire, lambda data: [data[APPS].pop(place) for place in list(data[APPS]) if place.startswith("result[]")])
    assert told() == set()


def test_what_the_lab_did_not_look_at_is_told(healthy: Recorded, lab: Announcement, tmp_path: Path) -> None:
    from spark_conformance.facts.load import load

    record(load(Path(lab.target)), tmp_path / "less", ["zone"], "lab")
    found = differences(healthy.recording, read(tmp_path / "less"))
    assert Difference("tunnel", "", "value", "was not checked") in found


def test_a_recording_of_the_lab_does_not_differ_from_the_lab(
    healthy: Recorded, lab: Announcement, capsys: pytest.CaptureFixture[str]
) -> None:
    code = compare(healthy.place, Path(lab.target), as_json=False)
    out = capsys.readouterr().out
    assert code == 0, out
    assert out.splitlines()[0].startswith("the lab against lab, recorded 20")
    assert out.splitlines()[-1].startswith("0 differences in ")


def test_differences_are_a_table_and_json(
    healthy: Recorded, copy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spark_conformance.compare._looked_at", lambda *_: healthy.recording)
    alter(copy / TUNNEL, _value(lambda value: value.update(status="perplexed")))
    assert compare(copy, Path("unused"), as_json=False) == 1
    table = capsys.readouterr().out
    row = next(line for line in table.splitlines() if line.startswith("  status "))
    assert row.split() == ["status", "recorded", "status:", "perplexed", "the", "lab", "status", "set"]
    assert "1 difference in 1 of " in table
    assert compare(copy, Path("unused"), as_json=True) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["differences"] == [
        {"group": "tunnel", "place": "status", "recorded": "status: perplexed", "lab": "status set"}
    ]
    assert said["recorded"]["of"] == "lab"


def test_what_only_one_of_two_looks_shows_is_chance(
    healthy: Recorded, copy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    alter(copy / TUNNEL, _value(lambda value: value.update(status="perplexed")))
    looks = iter([read(copy), healthy.recording])
    monkeypatch.setattr("spark_conformance.compare._looked_at", lambda *_: next(looks))
    assert compare(healthy.place, Path("unused"), as_json=False) == 0
    assert "0 differences" in capsys.readouterr().out


def test_what_is_no_recording_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(tmp_path, None, as_json=False) == 4
    assert "is not a recording" in capsys.readouterr().err
