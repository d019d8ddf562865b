"""What GitHub answers, and what is made of it without a server: refusals in whole sentences, pages, names."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from spark_conformance.core.secret import Secret
from spark_conformance.core.verdict import Unreachable
from spark_conformance.github.client import MOST_PAGES, Github, NotThere
from spark_conformance.github.runners import Runner, Runners

API = "https://api.github.example"
ABOUT = "to actions/runners of we/infra"
LACKS = "(no reason given): the token lacks the {} permission Administration: read; edit the token"
SWITCHED_OFF = "it is switched off there; switch it on in the repository's settings, or name another repository"
ODD: tuple[Any, ...] = ({"errors": "x"}, {"errors": [{}]}, ["x"], {})
NOT_TAKEN = "it does not take what was sent"


def hub(*answers: Any) -> tuple[Github, list[dict[str, Any]]]:
    """A repository whose API gives these answers, the last one again and again; and what it is asked."""
    asked: list[dict[str, Any]] = []

    class Scripted(Github):
        def _asked(self, *_: Any, **how: Any) -> Any:
            asked.append(how["query"])
            return answers[min(len(asked), len(answers)) - 1]

    return Scripted(API, "we/infra", Secret("ghp_x", "env:X"), 1), asked


def numbered(count: int) -> list[dict[str, Any]]:
    return [{"name": str(number)} for number in range(count)]


@pytest.mark.parametrize(("sizes", "asked"), [((0,), 1), ((99,), 1), ((100, 1), 2), ((100, 100, 0), 3)])
def test_a_list_is_read_to_its_last_page(sizes: tuple[int, ...], asked: int) -> None:
    there, pages = hub(*map(numbered, sizes))
    assert len(there.listed("issues", "Issues: read", state="all")) == sum(sizes)
    assert pages == [{"per_page": 100, "page": page, "state": "all"} for page in range(1, asked + 1)]
    there, pages = hub(*({"runners": [*numbered(size - 1), "no table"] if size else []} for size in sizes))
    assert there.pages("actions/runners", "runners", "Administration: read") == [
        entry for size in sizes for entry in numbered(max(size - 1, 0))
    ]
    assert pages == [{"per_page": 100, "page": page} for page in range(1, asked + 1)]


def test_a_list_without_an_end_is_read_so_far_and_no_further() -> None:
    endless, asked = hub(numbered(100))
    assert len(endless.listed("issues", "Issues: read", 3)) == 300
    assert len(asked) == 3
    endless, asked = hub({"runners": numbered(100)})
    with pytest.raises(Unreachable, match=r"lists more than 2000 runners \(actions/runners\), so that not all were"):
        endless.pages("actions/runners", "runners", "Administration: read")
    assert len(asked) == MOST_PAGES


def test_what_is_no_list_is_told() -> None:
    again = "; try again, or see githubstatus.com"
    with pytest.raises(Unreachable) as told:
        hub({})[0].listed("issues", "Issues: read")
    assert told.value.sentence == f"GitHub's API at {API} answered issues with something other than a list{again}"
    with pytest.raises(Unreachable) as told:
        hub({"secrets": {}})[0].pages("actions/runners", "runners", "Administration: read")
    assert told.value.sentence == f"GitHub's API at {API} answered actions/runners without runners{again}"
    with pytest.raises(Unreachable) as told:
        hub([])[0].get("actions/runners", "Administration: read")
    assert told.value.sentence == f"GitHub's API at {API} answered something other than JSON{again}"


def refused(status: int, owner: str = "", headers: dict[str, str] | None = None, said: Any = None) -> Exception:
    answer = httpx.Response(status, headers=headers, json=said)
    return hub()[0]._refusal(answer, "actions/runners", "Administration: read", owner)


@pytest.mark.parametrize(
    ("refusing", "cause", "sentence"),
    [
        (lambda: refused(401, said={"message": "Bad credentials"}), "github: token",
         f"GitHub answered 401 {ABOUT} (Bad credentials): the token is wrong or expired; create a new one"),
        (lambda: refused(403, said=[]), "github: Administration: read",
         f"GitHub answered 403 {ABOUT} {LACKS.format('repository')}"),
        (lambda: refused(403, "the organisation we"), "github: Administration: read",
         f"GitHub answered 403 to actions/runners of the organisation we {LACKS.format('organisation')}"),
        (lambda: refused(403, headers={"x-ratelimit-remaining": "1"}), "github: Administration: read",
         f"GitHub answered 403 {ABOUT} {LACKS.format('repository')}"),
        (lambda: refused(403, headers={"x-ratelimit-remaining": "0"}), "github: rate limit",
         f"GitHub answered 403 {ABOUT} (no reason given): too many requests; try again later"),
        (lambda: refused(403, headers={"retry-after": "soon", "x-ratelimit-reset": "0"}), "github: rate limit",
         f"GitHub answered 403 {ABOUT} (no reason given): too many requests; try again in 0 s"),
        (lambda: refused(429, headers={"retry-after": "7", "x-ratelimit-reset": "0"}), "github: rate limit",
         f"GitHub answered 429 {ABOUT} (no reason given): too many requests; try again in 7 s"),
        (lambda: refused(301), "github: 301",
         f"GitHub answered 301 {ABOUT} (no reason given): the repository has another name now; write that one"),
        (lambda: refused(410), "github: 410",
         f"GitHub answered 410 {ABOUT} (no reason given): {SWITCHED_OFF}"),
        (lambda: refused(422, said={"message": "no", "errors": [{"field": "title"}, "x", {}, {"field": "body"}]}),
         "github: 422", f"GitHub answered 422 {ABOUT} (no): {NOT_TAKEN} (title, body)"),
        *((lambda odd=odd: refused(422, said=odd), "github: 422",
           f"GitHub answered 422 {ABOUT} (no reason given): {NOT_TAKEN}")
          for odd in ODD),
        (lambda: refused(502, said={"message": "Server Error"}), "github: api",
         f"GitHub's API at {API} answered 502 to actions/runners (Server Error); try again, or see githubstatus.com"),
    ],
)  # fmt: skip
def test_a_refusal_says_who_what_and_what_to_do(refusing: Callable[[], Exception], cause: str, sentence: str) -> None:
    error = refusing()
    assert isinstance(error, Unreachable)
    assert (error.cause, error.sentence) == (cause, sentence)


def test_what_is_not_there_is_told_as_such() -> None:
    missing = refused(404, said={"message": "Not Found"})
    assert isinstance(missing, NotThere)
    assert str(missing) == f"GitHub answered 404 {ABOUT} (Not Found)"


def test_the_hosts_own_runner_that_is_offline_is_enough_to_know() -> None:
    own, other = Runner("SPARK-291b", False, ("spark",)), Runner("old", False, ("spark",), "Linux")
    known = Runners((own, other), host=("spark-291B",), others="GitHub answered 403")
    assert known.online("spark") == "SPARK-291b (offline; spark), old (offline; Linux; spark)"
    with pytest.raises(Unreachable) as told:
        Runners((other,), host=("spark-291b",), others="GitHub answered 403").online("spark")
    assert told.value.sentence == (
        "the repository has no runner with the label spark that is online, and whether its organisation has one cannot "
        "be told: GitHub answered 403"
    )
    assert Runners((Runner("SPARK-291b", True, ("spark",)),), host=("spark-291b",)).otherwise_named("spark") == ()


def test_runners_are_told_with_why_there_may_be_more() -> None:
    assert Runners(()).told == "the repository's runners: none"
    assert Runners((Runner("a", True, ("x", "y")),), others="403").told == (
        "the repository's runners: a (online; x, y); not all of the organisation's could be listed (403)"
    )
