import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from checks.test_pipeline import test_runner_online as check_runner_online
from spark_conformance.core.judging import Judge
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Unmet, Unreachable
from spark_conformance.facts.load import find, load
from spark_conformance.facts.target import Github, Target
from spark_conformance.github.actions import LastRun, github_secrets, workflow_run
from spark_conformance.github.client import github
from spark_conformance.github.runners import Runner, Runners, github_runners
from spark_conformance.github.triggering import Triggering, triggering
from spark_conformance.host.runner_services import RunnerServices, runner_services
from spark_conformance.repository.workflow import Push, Workflow, workflow
from tests.secrets.runs import run_of

TOKEN = "ghp_canary0123456789canary0123456789"
Answer = tuple[int, dict[str, str], Any]
Script = Callable[[str, dict[str, str]], Answer | bytes]


@contextmanager
def api(script: Script) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A server that answers by the script; bytes are sent as they are, and the connection cut."""
    seen: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(dict(self.headers.items()))
            parts = urlsplit(self.path)
            answer = script(parts.path, {key: values[0] for key, values in parse_qs(parts.query).items()})
            if isinstance(answer, bytes):
                self.wfile.write(answer)
                return
            status, headers, body = answer
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):  # who has read enough hangs up
                self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 - the base class's own name

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def run_at(
    url: str,
    monkeypatch: pytest.MonkeyPatch,
    repository: str = "we/infra",
    timeout_s: float = 60,
    facts: dict[str, str] | None = None,
) -> Run:
    monkeypatch.setenv("GH_CANARY", TOKEN)
    table = Github(repository=repository, token="env:GH_CANARY", api=url, timeout_s=timeout_s)
    return run_of(Target(github=table), {"pipeline": {"workflow": ".github/workflows/deploy.yml", **(facts or {})}})


def always(status: int, body: Any, headers: dict[str, str] | None = None) -> Script:
    return lambda _path, _query: (status, headers or {}, body)


def test_names_of_secrets_come_from_all_pages_and_from_the_organisation(monkeypatch: pytest.MonkeyPatch) -> None:
    def script(path: str, query: dict[str, str]) -> Answer:
        if path.endswith("/organization-secrets"):
            return 200, {}, {"secrets": [{"name": "SHARED"}]}
        if "/environments" in path:
            of_one = path.endswith("/environments/pro%20d/secrets")
            return 200, {}, {"secrets": [{"name": "PROD"}]} if of_one else {"environments": [{"name": "pro d"}]}
        names = [f"S{n}" for n in range(100)] if query["page"] == "1" else ["LAST"]
        return 200, {}, {"total_count": 101, "secrets": [{"name": name} for name in names]}

    with api(script) as (url, seen):
        found = run_at(url, monkeypatch).get(github_secrets)
    assert (found.state("LAST"), found.state("SHARED"), found.state("OTHER")) == ("LAST", "SHARED", "absent")
    assert (found.state("Prod"), found.state("last")) == ("Prod", "last")
    assert seen[0]["Authorization"] == f"Bearer {TOKEN}"
    assert seen[0]["User-Agent"].startswith("spark-conformance/")


@pytest.mark.parametrize(
    ("owner", "environments", "state"),
    [
        ("User", (200, {"environments": []}), "absent"),
        ("User", (403, {"message": "Resource not accessible"}), "the secrets of its environments could not be listed"),
        ("User", (200, {"environments": [{"name": "prod"}]}), "the secrets of its environments could not be listed"),
        ("Organization", (200, {"environments": []}), "the secrets of its organisation could not be listed"),
        (None, (200, {"environments": []}), "the secrets of its organisation could not be listed"),
    ],
)
def test_a_secret_is_absent_where_all_that_may_have_it_were_listed(
    monkeypatch: pytest.MonkeyPatch, owner: str | None, environments: tuple[int, Any], state: str
) -> None:
    def script(path: str, _query: dict[str, str]) -> Answer:
        if path == "/repos/we/infra/actions/secrets":
            return 200, {}, {"secrets": [{"name": "OWN"}]}
        if path == "/repos/we/infra/environments":
            return environments[0], {}, environments[1]
        if path == "/repos/we/infra":
            return 200, {}, {"owner": {"type": owner} if owner else None}
        return 404, {}, {"message": "Not Found"}

    with api(script) as (url, _):
        found = run_at(url, monkeypatch).get(github_secrets)
    assert found.state("own") == "own"
    if state == "absent":
        assert found.state("PASSPHRASE") == "absent"
    else:
        with pytest.raises(Unreachable, match=state):
            found.state("PASSPHRASE")


RUNNER = {"name": "spark-291b", "os": "Linux", "status": "online", "labels": [{"name": "spark"}]}
GROUPS = {"runner_groups": [{"id": 7, "name": "dgx", "inherited": True}]}
Pages = dict[str, Answer]
NO_RIGHT: Answer = (403, {}, {"message": "Resource not accessible by personal access token"})
OWNER: Pages = {"": (200, {}, {"owner": {"type": "Organization"}})}


@pytest.mark.parametrize(
    ("there", "said"),
    [
        # of the organisation, in the groups that it lets the repository use
        ({**OWNER, "groups": (200, {}, GROUPS), "groups/7/runners": (200, {}, {"runners": [RUNNER]})}, "spark"),
        ({**OWNER, "groups": (200, {}, {"runner_groups": []})}, "no runner with this label"),
        # where the groups cannot be listed, its runners may be
        ({**OWNER, "groups": NO_RIGHT, "runners": (200, {}, {"runners": [RUNNER]})}, "spark"),
        # of the enterprise's groups its own list has nothing
        ({**OWNER, "groups": (200, {}, GROUPS), "runners": (200, {}, {"runners": []})}, ""),
        # where the organisation cannot be asked, nothing is known of its runners
        ({**OWNER, "groups": NO_RIGHT, "runners": NO_RIGHT}, ""),
        ({**OWNER}, ""),
        ({}, ""),
        ({"": (200, {}, {"owner": {"type": "User"}})}, "no runner with this label"),
    ],
)
def test_a_runner_may_be_the_organisations(there: Pages, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def script(path: str, query: dict[str, str]) -> Answer:
        if path == "/repos/we/infra/actions/runners":
            return 200, {}, {"runners": [{**RUNNER, "name": "old", "status": "offline"}, {**RUNNER, "labels": []}]}
        assert not path.endswith("runner-groups") or query["visible_to_repository"] == "infra"
        key = path.removeprefix("/orgs/we/actions/").removeprefix("runner-").removeprefix("/repos/we/infra")
        return there.get(key, (404, {}, {"message": "Not Found"}))

    with api(script) as (url, _):
        run = run_at(url, monkeypatch, facts={"runner_online": "spark"})
        found = run.get(github_runners)
    if said == "no runner with this label":
        assert found.online("spark") == "old (offline; Linux; spark)"
    elif said:
        assert found.online("spark") == said
    else:
        with pytest.raises(Unreachable, match="give the token the organisation permission Self-hosted runners: read"):
            found.online("spark")
        own = Runner("Spark-291b", False, ("spark",))
        assert Runners((own,), host=("spark-291b",), others=found.others).online("spark") == str(own)


def test_a_runner_counts_when_it_is_online(monkeypatch: pytest.MonkeyPatch) -> None:
    def runner(name: str, status: str, *labels: str) -> dict[str, Any]:
        return {"name": name, "os": "unknown", "status": status, "labels": [{"name": label} for label in labels]}

    runners = [runner("a", "online", "self-hosted", "spark"), runner("b", "offline", "gpu")]
    with api(always(200, {"runners": runners})) as (url, _):
        found = run_at(url, monkeypatch).get(github_runners)
    assert found.online("spark") == "spark"
    assert found.online("gpu") == "b (offline; gpu)"
    assert found.online("moon") == "no runner with this label"
    assert found.online("SPARK") == "SPARK"


def test_the_organisation_is_asked_where_none_of_the_repositorys_own_is_online(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def script(path: str, _query: dict[str, str]) -> Answer:
        asked.append(path)
        labels = [{"name": "spark"}, "no table"]
        return 200, {}, {"runners": [{"name": "b", "status": "offline", "labels": labels}, {**RUNNER, "os": None}]}

    with api(script) as (url, _):
        found = run_at(url, monkeypatch, repository=" we/infra/ ", facts={"runner_online": "SPARK"}).get(github_runners)
    assert found.runners == (Runner("b", False, ("spark",)), Runner("spark-291b", True, ("spark",)))
    assert (found.host, found.others, asked) == (("test",), "", ["/repos/we/infra/actions/runners"])


def test_no_proxy_is_asked_for_an_api_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    with api(always(200, {"runners": []})) as (url, _):
        assert run_at(url, monkeypatch).get(github_runners).runners == ()


def test_what_is_created_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with api(always(201, {"number": 7})) as (url, _):
        there = github(run_at(url, monkeypatch))
        assert there.get("issues", "Issues: write") == {"number": 7}
    with api(always(202, {})) as (url, _), pytest.raises(Unreachable, match="answered 202 to issues"):
        github(run_at(url, monkeypatch)).get("issues", "Issues: write")


@pytest.mark.parametrize("passphrase", ["pulumi_passphrase", "PULUMI_PASSPHRASE"])
def test_what_the_repository_has_itself_is_looked_for_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, passphrase: str
) -> None:
    def script(path: str, _query: dict[str, str]) -> Answer:
        assert path == "/repos/we/infra/actions/secrets"
        return 200, {}, {"secrets": [{"name": "Pulumi_Passphrase"}, {"name": "B"}]}

    monkeypatch.setenv("GH_CANARY", TOKEN)
    with api(script) as (url, _):
        target = Target(github=Github(repository="we/infra", token="env:GH_CANARY", api=url))
        run = run_of(target, {"secrets": {"passphrase": passphrase}})
        found = run.get(github_secrets)
    assert (found.told, found.others) == ("the repository has Pulumi_Passphrase, B", "")


def test_what_secrets_there_are_is_told_by_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def script(path: str, _query: dict[str, str]) -> Answer:
        names = ["A", "B"] if path.endswith("/organization-secrets") else []
        return 200, {}, {"secrets": [{"name": name} for name in names], "environments": []}

    with api(script) as (url, _):
        told = run_at(url, monkeypatch).get(github_secrets).told
    assert told == "the repository has no secret; its organisation: A, B; its environments: none"


HERE = Runner("spark-291b", True, ("self-hosted", "Linux", "ARM64", "spark"), "Linux")
STRANGERS = {
    "it runs macOS": Runner("laptop", True, ("self-hosted", "macOS", "ARM64", "Spark"), "macOS"),
    "its machine is X64": Runner("desktop", True, ("self-hosted", "Linux", "X64", "spark"), "Linux"),
}


@pytest.mark.parametrize("why", STRANGERS)
def test_a_runner_that_cannot_be_on_the_host_is_told_though_the_right_one_is_online(why: str) -> None:
    for runners in ((STRANGERS[why],), (HERE, STRANGERS[why])):
        assert Runners(runners, "aarch64").online("spark") == f"not on the host: {STRANGERS[why]}: {why}"


def test_a_runner_of_another_name_is_asked_for_on_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    other = Runner("dgx-1", True, ("self-hosted", "Linux", "ARM64", "spark"), "Linux")
    offline = Runner("old", False, ("spark",), "Linux")
    assert Runners((HERE, offline), "aarch64", ("SPARK-291B",)).otherwise_named("spark") == ()
    assert Runners((HERE, other), "aarch64", ("spark-291b",)).otherwise_named("Spark") == (other,)
    units = ("actions.runner.we-infra.dgx-1.service",)
    judge = Judge("pipeline.runner_online", load(find("spark-291b")).facts.all()["pipeline.runner_online"])
    run = run_at("http://127.0.0.1:1", monkeypatch)
    told: list[tuple[tuple[str, ...], AbstractContextManager[object]]] = [
        (units, nullcontext()),
        ((), pytest.raises(Unreachable, match=r"dgx-1 .*it has another name")),
    ]
    for there, verdict in told:
        run._futures[runner_services] = Future()
        run._futures[runner_services].set_result(RunnerServices(there))
        with verdict:
            check_runner_online(judge, Runners((other,), "aarch64", ("spark-291b",)), run)


def test_what_github_does_not_say_of_a_runner_is_not_held_against_it() -> None:
    bare = Runner("bare", True, ("spark",))
    assert Runners((HERE, bare), "aarch64").online("spark") == "spark"
    assert Runners((HERE,), "riscv64").online("spark") == "spark"
    assert Runners((STRANGERS["its machine is X64"],), "").online("spark") == "spark"
    unlabelled = Runner("laptop", True, ("self-hosted", "macOS"), "macOS")
    assert Runners((HERE, unlabelled), "aarch64").online("spark") == "spark"


def triggered(url: str, monkeypatch: pytest.MonkeyPatch, *branches: str) -> Triggering:
    run = run_at(url, monkeypatch)
    seen = Workflow("x/deploy.yml", Push(("a",), branches), True, (), (), ())
    run._futures[workflow] = Future()
    run._futures[workflow].set_result(seen)
    return run.get(triggering)


def hub(state: str = "active", contents: int = 404) -> Script:
    def script(path: str, _query: dict[str, str]) -> Answer:
        match path.removeprefix("/repos/we/infra"):
            case "":
                return 200, {}, {"default_branch": "main"}
            case "/actions/workflows/deploy.yml":
                return 200, {}, {"state": state}
            case "/branches/release" | "/branches/feature%2Fone":
                return 200, {}, {"name": "release"}
        return contents, {}, {"message": "no"}

    return script


@pytest.mark.parametrize(
    ("branches", "contents", "reached"),
    [
        ((), 404, True),
        (("main",), 403, True),
        (("release",), 404, True),
        (("trunk",), 404, False),
        (("trunk", "main"), 404, True),
        (("trunk", "old"), 404, False),
        (("feature/one",), 404, True),
        (("../../other/branches/release",), 404, False),
        (("trunk",), 403, None),
        (("trunk", "feature/**"), 404, None),
        (("!main",), 404, False),
    ],
)
def test_whether_a_push_to_some_branch_triggers(
    branches: tuple[str, ...], contents: int, reached: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with api(hub(contents=contents)) as (url, _):
        seen = triggered(url, monkeypatch, *branches)
    assert seen.reached(Push(("a",), branches)) is reached
    assert (seen.state, seen.off) == ("active", "")


def test_the_default_branch_is_there_without_being_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def script(path: str, query: dict[str, str]) -> Answer | bytes:
        asked.append(path)
        return hub()(path, query)

    with api(script) as (url, _):
        assert triggered(url, monkeypatch, "main", "trunk").missing == ("trunk",)
    assert [path for path in asked if "/branches/" in path] == ["/repos/we/infra/branches/trunk"]


def test_a_disabled_workflow_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with api(hub("disabled_inactivity")) as (url, _):
        assert triggered(url, monkeypatch).off == "GitHub has it disabled_inactivity"


def test_where_github_cannot_be_asked_the_file_alone_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    with api(always(500, {})) as (url, _):
        seen = triggered(url, monkeypatch, "trunk")
    assert seen == Triggering()
    assert seen.reached(Push((), ("trunk",)))
    assert run_of(Target()).get(triggering) == Triggering()


def test_the_last_completed_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def script(path: str, query: dict[str, str]) -> Answer:
        assert path == "/repos/we/infra/actions/workflows/deploy.yml/runs"
        assert query == {"status": "completed", "per_page": "1"}
        seen = {"run_number": 7, "head_branch": "main", "updated_at": "yesterday", "html_url": "https://x/7"}
        return 200, {}, {"workflow_runs": [{"conclusion": "failure", **seen}, "no table"]}

    with api(script) as (url, _):
        last = run_at(url, monkeypatch).get(workflow_run)
    assert last == LastRun("failure", "run 7 on main, yesterday: https://x/7")
    with api(always(200, {"workflow_runs": []})) as (url, _):
        assert run_at(url, monkeypatch).get(workflow_run).conclusion == "never run"


def test_a_workflow_that_github_does_not_know_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def script(path: str, query: dict[str, str]) -> Answer:
        assert query["per_page"] == "1"
        return (404, {}, {"message": "Not Found"}) if path.endswith("/runs") else (200, {}, {"workflows": []})

    with api(script) as (url, _), pytest.raises(Unmet) as caught:
        run_at(url, monkeypatch).get(workflow_run)
    assert (caught.value.fact, caught.value.observed) == ("pipeline.workflow", "absent on GitHub")


@pytest.mark.parametrize("observe", [github_secrets, github_runners, workflow_run])
@pytest.mark.parametrize(
    ("script", "cause", "words"),
    [
        (always(401, {"message": "Bad credentials"}), "github: token", "wrong or expired"),
        (always(403, {"message": "Resource not accessible"}), "github: ", "lacks the repository permission"),
        (always(403, {}, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}), "github: rate limit", "in 0 s"),
        (always(429, {}, {"retry-after": "30"}), "github: rate limit", "in 30 s"),
        (always(404, {"message": "Not Found"}), "github: repository", "given access to it"),
        (always(500, b"<html>oops"), "github: api", "answered 500"),
        (always(200, b"<html>login"), "github: api", "something other than JSON"),
        (always(200, b"[]"), "github: api", "something other than JSON"),
        (always(302, b"", {"Location": "https://elsewhere.example/"}), "github: api", "answered 302"),
        (lambda _p, _q: b"", "github: api", "could not be asked"),
        (lambda _p, _q: b"garbage\r\n\r\n", "github: api", "could not be asked"),
        (lambda _p, _q: b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", "github: api", "could not be asked"),
    ],
)
def test_every_refusal_has_a_sentence(
    observe: Callable[[Run], Any], script: Script, cause: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with api(script) as (url, _), pytest.raises(Unreachable) as caught:
        run_at(url, monkeypatch).get(observe)
    assert caught.value.cause.startswith(cause)
    assert words in caught.value.sentence
    assert TOKEN not in caught.value.sentence


def test_the_permission_that_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for observe, permission in [
        (github_secrets, "Secrets: read"),
        (github_runners, "Administration: read"),
        (workflow_run, "Actions: read"),
    ]:
        with api(always(403, {})) as (url, _), pytest.raises(Unreachable, match=permission):
            run_at(url, monkeypatch).get(observe)


def test_silence_has_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()

    def script(_path: str, _query: dict[str, str]) -> Answer:
        done.wait(60)
        return 200, {}, {}

    with api(script) as (url, _):
        with pytest.raises(Unreachable, match=r"no answer within 0\.2 s"):
            run_at(url, monkeypatch, timeout_s=0.2).get(github_runners)
        done.set()


def test_nobody_there_has_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as bound:  # and nobody listens there
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable, match="could not be asked"):
            run_at(f"http://127.0.0.1:{bound.getsockname()[1]}", monkeypatch).get(github_runners)


@pytest.mark.parametrize("repository", ["infra", "a/b/c"])
def test_a_repository_without_an_owner_is_told(repository: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unreachable, match="owner/name"):
        run_at("http://127.0.0.1:1", monkeypatch, repository=repository).get(github_runners)


def test_a_token_that_no_header_can_carry_is_told_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_at("http://127.0.0.1:1", monkeypatch)
    monkeypatch.setenv("GH_CANARY", f"{TOKEN}\n")
    with pytest.raises(Unreachable) as caught:
        run.get(github_runners)
    assert TOKEN not in caught.value.sentence


def test_without_the_table_the_sentence_names_it() -> None:
    with pytest.raises(Unreachable, match=r"\[target.github\]"):
        run_of(Target()).get(github_runners)
