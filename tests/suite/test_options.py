"""Options of pytest's, of its plugins' and of ours, on systems of each kind: which exit code, which headline.

By default a day tries a third of the options, and a sixth of those that start workers, which takes ten times as long,
each on one kind of system, another for each option; `OPTIONS=all` tries each on all.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest

from spark_conformance.facts.load import load
from spark_conformance.facts.model import TRAITS
from spark_conformance.plugin import options
from tests.matrix.selection import shared
from tests.suite.small import ALL_GOOD, FACTS, LEAN, PROJECT, Outcome, run_suite

Prepare = Callable[[Path], object]

HEALTHY, FAILING, UNREACHABLE, NOTHING = KINDS = "healthy", "failing", "unreachable", "nothing selected"
CHECKS = {
    HEALTHY: ALL_GOOD,
    FAILING: ALL_GOOD.replace("judge(1)", "judge(2)", 1),
    UNREACHABLE: ALL_GOOD.replace("judge(1)", 'raise Unreachable("api", "no way")', 1),
    NOTHING: ALL_GOOD,
}
HOST_ONLY = FACTS.partition("[facts.dns.records]")[0] + (
    '[facts.host.hostname]\nexpect = "pi"\nsource = "notes, page 3"\nwhy = "the right machine"\n'
)
"""What no check of dns is about."""
HEADLINES = {
    0: ("CONFORMANT: every required fact that was checked holds (3 of 3 facts",),
    1: ("NOT CONFORMANT (", "FAILED: a test beside the checks failed ("),
    2: ("INTERRUPTED: the verdict is not complete (",),
    4: ("ERROR: ", "NO VERDICT: nothing was run ("),
    7: ("NOT VERIFIED: ",),
}
"""How the line that tells the end begins, by exit code."""


@dataclass(frozen=True)
class Row:
    """A command line, the exit code on each kind of system, and what is there before it.

    `says` is told where nothing is selected, or whatever the system is like; `tells` where the option itself decides.
    """

    options: tuple[str, ...]
    codes: tuple[int, ...]
    says: str = ""
    tells: str = ""
    prepare: Prepare = lambda _: None

    def __str__(self) -> str:
        return " ".join(self.options)


def beside(body: str) -> Prepare:
    """A test of the user's own, beside the checks."""
    return lambda place: (place / "test_mine.py").write_text(f"def test_mine():\n    {body}\n")


def broken(place: Path) -> None:
    """A module of checks that does not import."""
    (place / "checks/test_host.py").write_text("import no_such_module\n")


def own(place: Path) -> None:
    """A configuration of the user's own."""
    (place / "own.ini").write_text("[pytest]\naddopts = -v\n")


def plugin(body: str) -> Prepare:
    """A plugin, as one that is installed beside the suite."""
    return lambda place: (place / "other.py").write_text(f"import pytest\n{body}\n")


AGAIN = """
from _pytest.runner import runtestprotocol
def pytest_runtest_protocol(item, nextitem):
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for outcome in ("rerun", None):  # as pytest-rerunfailures does
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        for report in reports:
            report.outcome = outcome if outcome and report.failed else report.outcome
            item.ihook.pytest_runtest_logreport(report=report)
        if not any(report.outcome == "rerun" for report in reports):
            break
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
"""
SHUFFLED = """
def pytest_collection_modifyitems(items):
    items.reverse()  # as pytest-randomly does, once in so many times
"""
PART = """
def pytest_collection_modifyitems(items, config):
    left_out = [item for item in items if item.name == "test_records"]  # as pytest-split does
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
"""
USUAL = (0, 1, 7, 4)
REFUSED = (4, 4, 4, 4)
NO_GATE = "a gate checks every fact that the facts file states"
NO_PRE = "facts.toml states no fact that must hold before a deployment"
NONE = "selects no check of a fact that facts.toml states"
GATE = ("--gate", "post")

MINE = "failed beside the checks: test_mine.py::test_mine"
BROKEN = "could not be run: checks/test_host.py"
NOWHERE = "checks/ has no check of any fact that facts.toml states (host)"

ROWS = (
    Row(("checks",), USUAL, NOWHERE),
    Row(("checks", "-q"), USUAL, NOWHERE),
    Row(("checks", "--tb=long", "-rA"), USUAL, NOWHERE),
    Row(("checks", "-x"), USUAL, NOWHERE),
    Row(("checks", "--setup-show"), USUAL, NOWHERE),
    Row(("checks", "--settle", "0.1"), USUAL, NOWHERE),
    Row(("checks", "--skip-access-probe"), USUAL, NOWHERE),
    Row(("checks", "-m", "dns"), USUAL, f"-m dns {NONE}; it states facts of host: select one of those"),
    Row(("checks", "-m", "host"), REFUSED, "-m host selects no check"),
    Row(("checks", "-m", "hots"), REFUSED, "hots is not a marker; the components are host, service, openai, ollama"),
    Row(("checks", "-m", "dns and"), REFUSED, "Wrong expression passed to '-m'"),
    Row(("checks", "-k", "dns"), USUAL, NONE),
    Row(("checks", "-k", "no_such"), REFUSED, f"-k no_such {NONE}"),
    Row(("checks", "--deselect", "checks/test_dns.py"), REFUSED, f"--deselect checks/test_dns.py {NONE}"),
    Row(("checks", "--ignore", "checks/test_dns.py"), REFUSED, f"--ignore checks/test_dns.py {NONE}"),
    Row(("checks/test_dns.py",), USUAL, f"checks/test_dns.py {NONE}"),
    Row(("checks/test_dns.py::test_no_such",), REFUSED, "not found"),
    Row(("checks/test_no_such.py",), REFUSED, "file or directory not found"),
    Row(("checks", "--lf"), USUAL, NONE),
    Row(("checks", "--ff"), USUAL, NOWHERE),
    Row(("checks", "--sw"), (0, 2, 2, 4), NONE, "INTERRUPTED: the verdict is not complete"),
    Row(("checks", "-p", "no:xdist"), USUAL, NOWHERE),
    Row(("checks", "-p", "no:html"), USUAL, NOWHERE),
    Row(("checks", "-p", "no:junitxml"), USUAL, NOWHERE),
    Row(("checks", "-p", "no:cacheprovider"), USUAL, NOWHERE),
    Row(("checks", "-p", "other", "-v"), USUAL, NOWHERE, prepare=plugin(AGAIN)),
    Row(("checks", "-p", "other"), USUAL, NOWHERE, prepare=plugin(SHUFFLED)),
    Row(("-c", "own.ini", "checks"), USUAL, NOWHERE, prepare=own),
    Row(("checks", "--continue-on-collection-errors"), (7, 1, 7, 7), BROKEN, BROKEN, broken),
    Row(("checks", "--import-mode=prepend"), (2, 2, 2, 2), BROKEN, BROKEN, broken),
    Row(("checks", "-n", "2", "--dist", "load"), (7, 1, 7, 7), BROKEN, BROKEN, broken),
    Row(("checks", "-o", "addopts=", "--rootdir", "."), USUAL, NOWHERE),
    Row(("checks", "-o", "python_functions=no_such_*"), REFUSED, "has no check of any fact that facts.toml states"),
    Row(("checks", "--maxfail=1", "--durations=3"), USUAL, NOWHERE),
    Row(("checks", "--exitfirst", "-n", "2"), (0, 2, 2, 4), NOWHERE, "INTERRUPTED: the verdict is not complete"),
    Row(("checks", "-W", "error", "--import-mode=importlib"), USUAL, NOWHERE),
    Row(("checks", "-s", "--no-header", "--no-summary", "--log-cli-level=DEBUG"), USUAL, NOWHERE),
    Row(("checks", "-n", "2", "--dist", "each"), USUAL, NOWHERE),
    Row(("checks", "-p", "no:spark_conformance.plugin.gathering"), REFUSED, "the suite's parts need one another"),
    Row(("checks", "--pdb"), REFUSED, "--pdb: a fact that does not hold is a verdict, and nothing to stop at"),
    Row(("checks", "--trace"), REFUSED, "--trace: a fact that does not hold is a verdict"),
    Row(("checks", "test_mine.py", "--maxfail=9"), USUAL, NOWHERE, prepare=beside("pass")),
    Row(("checks", "test_mine.py"), (1, 1, 1, 4), NOWHERE, MINE, beside("assert 0")),
    Row(("checks", "test_mine.py", *GATE), (1, 1, 1, 1), MINE, MINE, beside("assert 0")),
    Row(("checks", "-n", "2"), USUAL, NOWHERE),
    Row(("checks", "-n", "2", "-k", "no_such"), REFUSED, f"-k no_such {NONE}"),
    Row(("checks", "-n", "2", "-m", "hots"), REFUSED, "hots is not a marker"),
    Row(("checks", "--setup-plan"), REFUSED, "--setup-plan: this option checks nothing"),
    Row(("checks", "--setup-only"), REFUSED, "--setup-only: this option checks nothing"),
    Row(("checks", *GATE), (0, 1, 7, 7), "1 fact was not checked: host (hostname)"),
    Row(("checks", "--gate", "pre"), (7, 7, 7, 7), "1 fact was not checked: host (hostname)", NO_PRE),
    Row(("checks", *GATE, "-p", "other"), (7, 7, 7, 7), "host (hostname)", "not checked: dns (records", plugin(PART)),
    Row(("checks", *GATE, "-m", "dns"), REFUSED, f"--gate post with -m dns: {NO_GATE}"),
    Row(("checks", *GATE, "-k", "dns"), REFUSED, f"--gate post with -k dns: {NO_GATE}"),
    Row(("checks", *GATE, "--deselect", "checks/test_dns.py::test_ttl"), REFUSED, NO_GATE),
    Row(("checks/test_dns.py", *GATE), REFUSED, f"--gate post with checks/test_dns.py: {NO_GATE}"),
    Row(("checks/test_dns.py::test_ttl", *GATE), REFUSED, NO_GATE),
    Row(("checks", *GATE, "--lf"), REFUSED, f"--gate post with --lf: {NO_GATE}"),
    Row(("checks", *GATE, "--sw"), REFUSED, NO_GATE),
    Row(("checks", *GATE, "--collect-only"), REFUSED, NO_GATE),
    Row(("checks", *GATE, "--ledger"), REFUSED, NO_GATE),
    Row(("checks", *GATE, "--setup-plan"), REFUSED, "this option checks nothing"),
)


ALL = os.environ.get("OPTIONS") == "all"


def chosen() -> Iterator[object]:
    with_workers, others = ([row for row in ROWS if ("-n" in row.options) == those] for those in (True, False))
    today = {*shared(with_workers, 6, every=ALL), *shared(others, 3, every=ALL)}
    for number, row in enumerate(ROWS):
        for place, kind in enumerate(KINDS):
            if ALL or (place == number % len(KINDS) and row in today):
                yield pytest.param(row, kind, id=f"{row}, {kind}")


def ran(pytester: pytest.Pytester, row: Row, kind: str) -> Outcome:
    (pytester.path / "checks").mkdir()
    row.prepare(pytester.path)
    pytester.makeconftest("")
    pytester.syspathinsert()
    facts = HOST_ONLY if kind == NOTHING else FACTS
    return run_suite(pytester, CHECKS[kind], *row.options, facts=facts)


@pytest.mark.parametrize(("row", "kind"), list(chosen()))
def test_an_option_ends_with_its_exit_code_and_says_why(
    pytester: pytest.Pytester, row: Row, kind: str, record_property: Callable[[str, object], None]
) -> None:
    code, usual = row.codes[KINDS.index(kind)], USUAL[KINDS.index(kind)]
    came = ran(pytester, row, kind)
    assert came.code == code, came.out
    told = next((line for line in came.out.splitlines() if line.startswith(HEADLINES[code])), "")
    record_property("row", f"{row} | {kind} | {code} | {told}")
    assert told
    assert "INTERNALERROR" not in came.out
    said = " ".join(came.out.split())
    if row.codes == REFUSED or kind == NOTHING:
        assert row.says in said
    elif code != usual:
        assert row.tells in said


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (("checks", *GATE), 4, "ERROR: --help in PYTEST_ADDOPTS or in the configuration's addopts: with it nothing is"),
        (("checks",), 4, "ERROR: --version in PYTEST_ADDOPTS"),
        (("checks", *GATE), 4, "ERROR: --collect-only in PYTEST_ADDOPTS"),
        (("checks",), 4, "ERROR: --ledger in PYTEST_ADDOPTS"),
        (("checks", *GATE), 0, "CONFORMANT: "),
        (("checks", "--co"), 0, ""),
    ],
)
def test_what_only_prints_is_for_the_command_line(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], code: int, told: str
) -> None:
    """Else it ends a gate with 0, as pytest's own early end does; of a single `--version` pytest takes no notice."""
    words = {"--help": "-q -h", "--version": "-VV", "--collect-only": "--co", "--ledger": "--ledger"}
    word = next((word for name, word in words.items() if name in told), "--version" if told else "--co")
    monkeypatch.setenv("PYTEST_ADDOPTS", word)
    came = run_suite(pytester, ALL_GOOD, *options)
    assert (came.code, f"\n{told}" in f"\n{came.out}") == (code, True), came.out


def test_nor_does_a_configuration_end_a_gate(pytester: pytest.Pytester) -> None:
    (pytester.path / "own.ini").write_text("[pytest]\naddopts = --help\n")
    came = run_suite(pytester, ALL_GOOD, *GATE, "-c", "own.ini", "checks")
    assert (came.code, "ERROR: --help in PYTEST_ADDOPTS" in came.out) == (4, True), came.out
    assert run_suite(pytester, ALL_GOOD, "--help", "checks", fresh=False).code == 0


def test_a_check_that_is_tried_again_counts_once(pytester: pytest.Pytester) -> None:
    came = ran(pytester, Row(("checks", "-p", "other"), USUAL, prepare=plugin(AGAIN)), FAILING)
    assert came.verdicts == {"dns.records": "nonconformant", "dns.ttl": "conformant", "dns.type": "conformant"}
    assert "1 nonconformant," in came.out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("checks",), ""),
        (
            ("checks", "--ignore", "checks/test_host.py"),
            "; not asked for (--ignore checks/test_host.py): host (hostname)",
        ),
        (("checks", "-m", "dns"), "; not asked for (-m dns): host (hostname)"),
        (("checks", "-k", "ttl"), "; not asked for (-k ttl): host (hostname), dns (records, type)"),
        (("checks/test_dns.py",), "; not asked for (checks/test_dns.py): host (hostname)"),
        (("checks", "-p", "other"), "; not asked for (by a plugin that selects): dns (records)"),
        (("checks", "-m", "dns", "-n", "1"), "; not asked for (-m dns): host (hostname)"),
    ],
)
def test_what_a_selection_leaves_out_is_told(pytester: pytest.Pytester, options: tuple[str, ...], told: str) -> None:
    plugin(PART)(pytester.path)
    pytester.syspathinsert()
    run_suite(pytester, ALL_GOOD)
    names = [fact.removeprefix("host.") for fact in TRAITS if fact.startswith("host.")]
    others = "".join(f'@pytest.mark.fact("host.{name}")\ndef test_{name}(judge): judge("pi")\n' for name in names)
    (pytester.path / "checks/test_host.py").write_text("import pytest\n" + others)
    facts = FACTS + HOST_ONLY.partition("[target]\n")[2]
    came = run_suite(pytester, ALL_GOOD, *options, facts=facts, fresh=False)
    assert came.code == 0, came.out
    [line] = [line for line in came.out.splitlines() if line.startswith("CONFORMANT")]
    assert line.partition("exit code 0)")[2] == told
    assert came.results["headline"] == line


def test_a_configuration_elsewhere_says_what_to_add(pytester: pytest.Pytester) -> None:
    folder = pytester.path / "ci"
    folder.mkdir()
    (folder / "own.ini").write_text(f"[pytest]\npythonpath = {PROJECT / 'fixtures'} {PROJECT}\n")
    (pytester.path / "checks").mkdir()
    (pytester.path / "checks/conftest.py").write_text((PROJECT / "checks/conftest.py").read_text())
    came = run_suite(pytester, ALL_GOOD, "-c", "ci/own.ini", "checks", target=None)
    assert came.code == 4
    assert "the conftest.py beside checks/ was not read" in came.out
    options = ("-c", "ci/own.ini", "--confcutdir", ".", "--target", "facts.toml", "checks")
    came = run_suite(pytester, ALL_GOOD, *options, target=None)
    assert came.code == 0, came.out


def test_checks_that_lie_elsewhere_are_not_looked_at_by_chance(pytester: pytest.Pytester) -> None:
    run_suite(pytester, ALL_GOOD)
    (pytester.path / "checks").rename(pytester.path / "mine")
    came = pytester.runpytest_inprocess(*LEAN, "mine")
    assert int(came.ret) == 4
    came.stderr.fnmatch_lines(["ERROR: mine/test_dns.py::test_*: this check is not in checks/: run pytest in *"])


def test_a_run_reads_its_facts_once_and_the_next_one_anew(pytester: pytest.Pytester) -> None:
    for facts in (FACTS, FACTS.replace("llm.example.org", "other.example.org")):
        with patch.object(options, "load", wraps=load) as reading:
            came = run_suite(pytester, ALL_GOOD, facts=facts)
        reading.assert_called_once()
        (told,) = came.results["targets"]
        assert f'hostname = "{told["hostname"]}"' in facts


KEEPING = """
class Keeping:
    def __init__(self, config):
        self.config, self.file = config, open("kept", "w")
    def pytest_runtest_logreport(self, report):
        self.file.write(report.nodeid)
def pytest_configure(config):
    config.pluginmanager.register(Keeping(config))
"""


def test_what_a_plugin_has_written_is_in_a_file_that_it_never_closes(pytester: pytest.Pytester) -> None:
    plugin(KEEPING)(pytester.path)
    came = run_suite(pytester, ALL_GOOD, "checks", "-p", "other", apart=True)
    assert came.code == 0
    assert "test_ttl" in (pytester.path / "kept").read_text()
