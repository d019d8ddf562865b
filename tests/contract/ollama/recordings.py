"""The recordings: what was asked of a genuine Ollama in which setting, and what it answered, masked.

A file names program, version and day; every answer stands in it once. A case is a request, its name, and for each
setting the number of its answer.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.contract.ollama.asking import Answer, Request

PLACE = Path(__file__).parent / "recordings"
SETTINGS: dict[str, dict[str, str]] = {
    "loopback": {"OLLAMA_HOST": "127.0.0.1"},
    "all-interfaces": {"OLLAMA_HOST": "0.0.0.0"},  # noqa: S104 - the setting; the stand-in listens on loopback
    "origins-any": {"OLLAMA_HOST": "127.0.0.1", "OLLAMA_ORIGINS": "*"},
    "origins-public": {"OLLAMA_HOST": "127.0.0.1", "OLLAMA_ORIGINS": "https://ollama.goldfish.io"},
}
"""What stood in the environment, without the port."""
_ALWAYS = {"method", "target"}
REQUESTS, GENERATION = "requests", "generation"


@dataclass(frozen=True)
class Recording:
    """One file: its cases in order, and what each was answered in each setting."""

    version: str
    day: str
    requests: Mapping[str, Request]
    answers: Mapping[str, Mapping[str, Answer]]
    """By setting, by case."""


def load(name: str) -> Recording:
    said = json.loads((PLACE / f"{name}.json").read_text(encoding="utf-8"))
    kept = [Answer(status, tuple(headers), body) for status, headers, body in said["answers"]]
    requests, answers = {}, {setting: dict[str, Answer]() for setting in said["settings"]}
    for case, asked, numbers in said["cases"]:
        requests[case] = Request(**asked)
        for setting, number in zip(answers, numbers if len(numbers) > 1 else numbers * len(answers), strict=True):
            answers[setting][case] = kept[number]
    return Recording(said["version"], said["day"], requests, answers)


def write(name: str, recording: Recording, place: Path = PLACE) -> None:
    """Keep a recording: an answer a line, a case a line; a case that was answered alike everywhere names one answer."""
    kept: dict[Answer, int] = {}
    cases: list[str] = []
    for case, request in recording.requests.items():
        plain = asdict(Request(request.method, request.target))
        asked = {key: value for key, value in asdict(request).items() if key in _ALWAYS or value != plain[key]}
        numbers = [kept.setdefault(answers[case], len(kept)) for answers in recording.answers.values()]
        cases.append(json.dumps([case, asked, numbers if len(set(numbers)) > 1 else numbers[:1]]))
    answers = [json.dumps([answer.status, answer.headers, answer.body]) for answer in kept]
    head = {
        "program": "ollama", "version": recording.version, "day": recording.day, "settings": list(recording.answers),
    }  # fmt: skip
    lists = [f'"{key}": [\n' + ",\n".join(lines) + "]" for key, lines in (("answers", answers), ("cases", cases))]
    text = ",\n".join([json.dumps(head)[:-1], *lists]) + "}\n"
    (place / f"{name}.json").write_text(text, encoding="utf-8")
