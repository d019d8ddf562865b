"""The wheel, built from what is committed or about to be, and used in another directory.

It is installed into an environment of its own that sees what this one has installed, but for the lab's packages: that
proves what the wheel holds and how it behaves, not that pip finds its dependencies.
"""

import json
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from spark_conformance.facts.calling import SOURCES
from spark_conformance.facts.model import KINDS, TRAITS
from spark_conformance.programs.lab import PACKAGES

PROJECT = SOURCES.parent
EXAMPLE = Path(__file__).parent / "example"
BUILD = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
TOO_OLD = int(version("setuptools").partition(".")[0]) < 77
"""The environment is not that of requirements-dev.txt: pip fetches what builds the wheel."""
FOREIGN_CONFTEST = """
def pytest_addoption(parser):
    parser.addoption("--target")
    parser.addoption("--facts")

def pytest_unconfigure():
    import sys
    ours = sorted(name for name in sys.modules if name.startswith("spark_"))
    print("OURS", *ours)
    print("SLOW", *sorted({"pydantic", "httpx", "cloudflare", "dns", "cryptography"} & set(sys.modules)))
"""
FOREIGN_TESTS = """
import pytest

def test_good(request):
    assert request.config.getoption("--target") == "arm64"

def test_bad():
    assert False

@pytest.mark.fact("own.backup")
def test_own(judge):
    raise AssertionError("there is nothing to judge it with")
"""


def tracked(*places: str) -> list[str]:
    """The files of the tree, without those that git ignores."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *places]
    listed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.split("\0") if name and (PROJECT / name).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built in a copy of the tree."""
    tree, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("dist")
    for name in tracked(
        "checks", "docs", "fixtures", "pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"
    ):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, tree / name)
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(out), "."]
    command = pip if TOO_OLD else [sys.executable, "-c", BUILD, str(out)]
    built = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the programs are of an environment with the wheel and without the lab's packages."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, with_pip=False, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(place), "platbase": str(place)}))
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if entry.name.partition(".")[0] not in PACKAGES and not entry.name.startswith("spark_conformance"):
            (packages / entry.name).symlink_to(entry)
    installer = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(place / "bin/python"),
        "install",
        "-q",
        "--no-deps",
        "--no-compile",
    ]
    subprocess.run([*installer, "--no-index", str(wheel)], check=True, capture_output=True)
    return place / "bin"


def run(place: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program in a directory, without what this session has in its environment of the suite."""
    surroundings = {"PATH": "/usr/bin:/bin", "HOME": str(place), "LANG": "C.UTF-8"}
    return subprocess.run(
        list(map(str, command)), cwd=place, env=surroundings, capture_output=True, text=True, check=False
    )


def test_it_carries_everything(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        held = {name for name in opened.namelist() if ".dist-info/" not in name}
        info = {Path(name).name for name in opened.namelist()} & {"LICENSE", "entry_points.txt"}
    sources = {name.removeprefix("fixtures/") for name in tracked("fixtures") if name.count("/") > 1}
    documents = {name for name in sources if name.endswith(".md") and "/templates/" not in name}
    assert held == (sources - documents) | {f"spark_conformance/{name}" for name in tracked("checks", "docs")}
    assert info == {"LICENSE", "entry_points.txt"}
    assert "spark_conformance/py.typed" in held


def test_own_facts_and_the_suites_are_checked_from_another_directory(programs: Path, tmp_path: Path) -> None:
    for path in EXAMPLE.glob("*.*"):
        shutil.copy(path, tmp_path)
    (tmp_path / "backups.json").write_text('{"age_h": 5.0, "place": "nas"}')
    ran = run(tmp_path, programs / "spark-conformance", "check", ".", "--target", "facts.toml", "--gate", "post")
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout
    others = sum(fact.partition(".")[0] not in KINDS for fact in TRAITS)  # a kind of service is not even told of
    assert f"3 passed, {others} not applicable, 1 waived" in ran.stdout
    results = json.loads((tmp_path / "reports/results.json").read_text())
    checks = {item["fact"]: item["check"] for item in results["targets"][0]["findings"]}
    assert checks["dns.ttl"] == "checks/test_dns.py::test_ttl"
    assert checks["own.banner"] == "test_backups.py::test_banner"
    assert (tmp_path / "reports/.gitignore").read_text() == "*\n"
    assert '"initialSort": "verdict"' in (tmp_path / "reports/report.html").read_text().replace("&#34;", '"')
    words = ("--pyargs", "spark_conformance.checks", "--target", "facts.toml", "--reports", "out", "-m", "dns")
    ran = run(tmp_path, programs / "python", "-m", "pytest", *words)
    assert ran.returncode == 4
    assert "-m dns selects no check of a fact that facts.toml states; it states facts of own" in ran.stderr


@pytest.mark.parametrize("command", [["check"], ["lab", "up"]])
def test_without_the_extra_a_lab_is_one_sentence(programs: Path, tmp_path: Path, command: list[str]) -> None:
    ran = run(tmp_path, programs / "spark-conformance", *command)
    assert ran.returncode == 4
    assert f"the lab needs the package {PACKAGES[0]}: pip install 'spark-conformance[lab]'" in ran.stderr
    assert len(ran.stderr.strip().splitlines()) == 1


def test_remediation_finds_the_checks(programs: Path, tmp_path: Path) -> None:
    ran = run(
        tmp_path, programs / "python", "-c", "from spark_conformance.checking import checks; print(len(checks()))"
    )
    assert ran.stdout == f"{len(TRAITS)}\n", ran.stderr


@pytest.mark.parametrize("options", [["-n", "1"], ["-p", "no:spark_conformance.plugin"]])
def test_other_peoples_tests_are_left_alone(programs: Path, tmp_path: Path, options: list[str]) -> None:
    blocked = "no:spark_conformance.plugin" in options
    (tmp_path / "conftest.py").write_text(FOREIGN_CONFTEST)
    marker = "markers =\n  fact(id): ours\n" if blocked else ""
    (tmp_path / "pytest.ini").write_text(f"[pytest]\naddopts = --strict-markers -W error\n{marker}")
    (tmp_path / "test_theirs.py").write_text(FOREIGN_TESTS)
    ran = run(tmp_path, programs / "python", "-m", "pytest", "--target", "arm64", "--junitxml", "theirs.xml", *options)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert ("1 failed, 1 passed, 1 error" if blocked else "1 failed, 1 passed, 1 skipped") in ran.stdout
    ours = set() if blocked else {"spark_conformance", "spark_conformance.plugin"}
    imported = ran.stdout.partition("OURS")[2].partition("\n")[0].split()
    assert set(imported) <= ours | {"spark_conformance.facts", "spark_conformance.facts.calling"}
    assert "SLOW\n" in ran.stdout
    assert not {"target:", "CONFORMANT", "report:"} & set(ran.stdout.split())
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".py") == [
        ".pytest_cache", "__pycache__", "pytest.ini", "theirs.xml",
    ]  # fmt: skip
