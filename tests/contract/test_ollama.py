"""The contract of the lab's Ollama: everything that was asked of a genuine one is asked of the stand-in.

With `--ollama PATH` a genuine one is asked as well, in a network of its own, with the smallest model of its user's
store in place of the recordings': what is the model's is then not compared.
"""

from dataclasses import replace

import pytest

from tests.contract.ollama.asking import Answer
from tests.contract.ollama.differences import DIFFERENT, NOT_ASKED
from tests.contract.ollama.masking import masked
from tests.contract.ollama.observing import NO_ANSWER, observed
from tests.contract.ollama.recordings import GENERATION, REQUESTS, SETTINGS, load

ALL = [(REQUESTS, setting) for setting in SETTINGS] + [(GENERATION, "loopback")]
PUBLIC = "ollama.goldfish.io"


@pytest.mark.parametrize(("name", "setting"), [pytest.param(*one, id=" ".join(one)) for one in ALL])
def test_every_answer_is_as_it_was_recorded(genuine_ollama: str | None, name: str, setting: str) -> None:
    kept, found = load(name).answers[setting], observed(genuine_ollama, name, setting)
    if genuine_ollama is None:
        assert {case for case in kept if found[case] != kept[case]} == set(DIFFERENT[name])
        return
    compared = {case: masked(answer, other_model=True) for case, answer in kept.items() if case not in NOT_ASKED}
    assert {case: found[case] for case in compared} == compared


@pytest.mark.parametrize(("name", "setting"), [pytest.param(*one, id=" ".join(one)) for one in ALL])
def test_no_request_is_left_without_an_answer(name: str, setting: str) -> None:
    assert [case for case, answer in observed(None, name, setting).items() if answer.status == NO_ANSWER] == []


def test_the_recordings_say_what_the_diagnosis_rests_on() -> None:
    kept = load(REQUESTS)
    public = [
        case
        for case, asked in kept.requests.items()
        if asked.host == PUBLIC and asked.target.startswith("/") and "Origin" not in asked.headers
    ]
    refused = Answer("HTTP/1.1 403 Forbidden", ("Connection: close", "Content-Length: 0"), "")
    assert len(public) >= 8
    for setting, answers in kept.answers.items():
        found = {replace(answers[case], headers=_without_allow(answers[case])) for case in public}
        assert (found == {refused}) == (setting != "all-interfaces"), (setting, found)
    own, foreign = "origin=public host=local GET /api/tags", "origin=public host=public GET /api/tags"
    codes = {setting: (_code(answers[own]), _code(answers[foreign])) for setting, answers in kept.answers.items()}
    assert codes == {
        "loopback": (403, 403),
        "all-interfaces": (403, 200),
        "origins-any": (200, 403),
        "origins-public": (200, 403),
    }


def _without_allow(answer: Answer) -> tuple[str, ...]:
    return tuple(line for line in answer.headers if not line.startswith("Allow:"))


def _code(answer: Answer) -> int:
    return int(answer.status.split()[1])
