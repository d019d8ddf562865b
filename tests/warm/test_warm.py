"""A warm Python is as a new one: what it is given arrives, what it does is heard, and a run comes to the same."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import warm
from tests.suite.small import ALL_GOOD, run_suite

TELLS = """
import json, os, signal, sys
print(json.dumps([
    sys.argv, sys.path, sys.stdin.read(), os.getcwd(), dict(os.environ), sys.dont_write_bytecode, sys.stdout.encoding,
    sys.stdout.errors, sys.stderr.errors, sys.stdout.line_buffering, sys.stdout.write_through, sys.stdout.name,
    os.umask(0), [str(signal.getsignal(number)) for number in (2, 13, 15, 17)], os.getpgid(0) == int(sys.argv[1]),
    __name__, sorted(os.listdir("/proc/self/fd"))[:3], sys.flags.isolated,
]))
sys.exit(3)
"""
ENDS = {
    "well": "pass",
    "with a code": "raise SystemExit(7)",
    "with a sentence": "raise SystemExit('no')",
    "by an error": "raise ValueError('so')",
    "by Ctrl-C": "raise KeyboardInterrupt",
    "by a signal": "import os; os.kill(os.getpid(), 15)",
    "killed": "import os; os.kill(os.getpid(), 9)",
    "at once": "import os; os._exit(9)",
    "after its last words": "import atexit; atexit.register(print, 'bye')",
    "after its threads": "import threading as t; t.Thread(target=lambda: print(t.main_thread().join())).start()",
}
SLEEPS = """
try:
    print("up", flush=True)
    __import__("signal").pause()
except KeyboardInterrupt:
    raise SystemExit(5)
"""


def started(python: str, *words: str, **given: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([python, *words], capture_output=True, text=True, check=False, **given)


@pytest.mark.parametrize("options", [(), ("-u",), ("-B",), ("-P",), ("-I", "-S"), ("-X", "utf8")], ids=" ".join)
def test_what_it_is_given_arrives(tmp_path: Path, options: tuple[str, ...]) -> None:
    given: dict[str, Any] = {
        "cwd": tmp_path, "input": "ü", "umask": 0o27, "env": {**os.environ, "A": "ö", "PYTHONPATH": "x:/y"},
    }  # fmt: skip
    cold, begun = (
        started(python, *options, "-c", TELLS, str(os.getpgid(0)), **given)
        for python in (sys.executable, warm.forked())
    )
    assert (cold.returncode, cold.stderr) == (3, "")
    assert (begun.returncode, begun.stdout, begun.stderr) == (3, cold.stdout, "")


@pytest.mark.parametrize("how", ENDS)
def test_how_it_ends_is_heard(how: str) -> None:
    cold, begun = (started(python, "-c", ENDS[how]) for python in (sys.executable, warm.forked()))
    assert (begun.returncode, begun.stdout) == (cold.returncode, cold.stdout)
    assert begun.stderr.splitlines()[-1:] == cold.stderr.splitlines()[-1:]


@pytest.mark.parametrize(
    "words", [("tool.py", "a"), ("folder", "a"), ("-m", "module", "a"), ("-mmodule", "a")], ids=" ".join
)
def test_whatever_kind_of_program_it_is(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "beside.py").write_text("")
    (tmp_path / "folder").mkdir()
    for place in ("tool.py", "module.py", "folder/__main__.py", "folder/beside.py"):
        (tmp_path / place).write_text(
            "import beside, sys; print(__name__, __file__, sys.argv, sys.path[0], beside.__file__)"
        )
    cold, begun = (started(python, *words, cwd=tmp_path) for python in (sys.executable, warm.forked()))
    assert cold.returncode == 0, cold.stderr
    assert (begun.stdout, begun.stderr) == (cold.stdout, cold.stderr)


@pytest.mark.parametrize("apart", [True, False], ids=["in a session of its own", "in ours"])
def test_ctrl_c_reaches_it(apart: bool) -> None:
    process = subprocess.Popen(
        [warm.forked(), "-c", SLEEPS], stdout=subprocess.PIPE, text=True, start_new_session=apart
    )
    assert process.stdout
    with process.stdout as said:
        assert said.readline() == "up\n"
        if apart:
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.send_signal(signal.SIGINT)
        assert said.read() == ""
    assert process.wait() == 5


def test_nothing_is_left_of_one_that_is_killed() -> None:
    process = subprocess.Popen([warm.forked(), "-c", SLEEPS], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    with process.stdout as said:
        assert said.readline() == "up\n"
        process.kill()
        assert said.read() == ""  # ends when nobody has the pipe open any more
    assert process.wait() == -signal.SIGKILL


MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.Z+]+|\d+\.\d+( ?s)?|runpytest-\d|gw0.*")


def test_a_run_and_its_workers_come_to_the_same(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that is printed and written, but for moments and durations."""
    checks = ALL_GOOD.replace("judge(1)", "judge(2, note=__import__('os').environ['SAID'])", 1)
    monkeypatch.setenv("SAID", "from here")
    told = []
    for cold in (True, False):
        monkeypatch.setattr(warm, "COLD", cold)
        ran = run_suite(pytester, checks, "checks", "-n", "1", "--no-history", apart=True)
        assert ran.code == 1
        told.append([MOMENT.sub("", text).strip(" =") for text in (ran.out, json.dumps(ran.results, indent=1))])
    assert "from here" in told[0][1]
    assert told[1] == told[0]
