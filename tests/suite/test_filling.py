"""What a check takes of the suite is there without pytest setting up a fixture for each; fixtures of one's own are."""

import json
from pathlib import Path

import pytest

from tests.suite.small import run_suite

CHECKS = """
@dataclass
class Answer:
    kind: str

@observation
def answer(run: Run) -> Answer:
    return Answer("CNAME")

@observation
def silence(run: Run) -> str:
    raise Unreachable("silent", "the API is silent")

@pytest.mark.fact("dns.records")
def test_records(judge, run, answer):
    judge(len([answer, run]) - 1)

@pytest.mark.fact("dns.ttl")
@pytest.mark.skip(reason="not today")
def test_ttl(judge, silence):
    judge(1)

@pytest.mark.fact("dns.type")
def test_type(judge, {taken}):
    judge({taken}.kind)
"""
OWN = """
import pytest

@pytest.fixture
def rests_on_ours(answer, judge):
    judge.show("fixture", "was here")
    return answer
"""
OVER = """
import pytest

@pytest.fixture
def answer():
    class Other:
        kind = "A"
    return Other
"""
COUNT = """
import json
from pathlib import Path

made = []

def pytest_fixture_setup(fixturedef, request):
    made.append(f"{request.node.name}: {fixturedef.argname}")

def pytest_sessionfinish():
    Path("made.json").write_text(json.dumps(made))
"""


@pytest.mark.parametrize(
    ("taken", "conftest", "options", "code", "set_up"),
    [
        ("answer", "", (), 0, []),
        ("rests_on_ours", OWN, (), 0, ["answer", "judge", "rests_on_ours"]),
        ("answer", OVER, (), 1, ["answer", "judge"]),
        ("answer", "", ("--setup-show",), 0, ["answer", "judge"]),
    ],
)
def test_a_fixture_is_set_up_only_where_it_is_not_the_suites(  # noqa: PLR0913, PLR0917 - a line each
    taken: str, conftest: str, options: tuple[str, ...], code: int, set_up: list[str], pytester: pytest.Pytester
) -> None:
    (pytester.path / "counting.py").write_text(COUNT)
    pytester.syspathinsert()
    (pytester.path / "checks").mkdir()
    (pytester.path / "checks/conftest.py").write_text(conftest)
    ran = run_suite(pytester, CHECKS.replace("{taken}", taken), "checks", "-p", "counting", *options)
    told = {
        item["fact"]: (item["verdict"], item["observed"])
        for item in json.loads((ran.folder / "reports/results.json").read_text())["targets"][0]["findings"]
    }
    assert told["dns.records"] == ("conformant", "1")
    assert told["dns.type"] == (("nonconformant", "A") if code else ("conformant", "CNAME"))
    made = json.loads(Path("made.json").read_text())
    assert sorted(name.partition(": ")[2] for name in made if name.startswith("test_type:")) == set_up
