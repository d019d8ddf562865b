"""Programs that hang, flood or leave a child behind: each comes to an end, told in one sentence."""

import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from spark_conformance.core.secret import Secret
from spark_conformance.core.verdict import Unreachable
from spark_conformance.programs.running import Completed, execute


def run(script: str, timeout_s: float = 60, largest: int = 1 << 20, stdin: Secret | None = None) -> Completed:
    with ExitStack() as closing:
        return execute(
            ["/bin/sh", "-c", script], closing=closing, timeout_s=timeout_s, cwd=Path("/"), env=dict(os.environ),
            largest=largest, stdin=stdin, remedy="run it by hand",
        )  # fmt: skip


def test_it_hands_on_what_is_printed_and_how_it_ended() -> None:
    done = run("read x; echo \"<$x>\"; printf '\\377' >&2; exit 3", stdin=Secret("some-secret-word\n", "any"))
    assert (done.status, done.stdout, done.stderr, done.stdout_bytes) == (
        3, "<some-secret-word>\n", "�", b"<some-secret-word>\n",
    )  # fmt: skip
    assert "some-secret-word" not in repr(done)


@pytest.mark.parametrize("stream", ["1", "2"])
def test_one_that_floods_is_stopped(stream: str) -> None:
    with pytest.raises(Unreachable, match=r"/bin/sh printed more than 1 MiB and was stopped; run it by hand"):
        run(f"exec yes >&{stream}")


@pytest.mark.parametrize(
    "script", ["exec sleep 60", "sleep 60 & wait", "exec 1>&- 2>&-; sleep 60", "while :; do :; done"]
)
def test_one_that_hangs_is_stopped(script: str) -> None:
    with pytest.raises(Unreachable, match=r"/bin/sh gave no answer within 0.2 s; run it by hand"):
        run(script, timeout_s=0.2)


def test_a_child_that_holds_the_pipes_does_not_keep_it_waiting() -> None:
    assert run("sleep 60 & echo $!", timeout_s=30).stdout.strip().isdigit()


def test_what_is_printed_at_the_last_moment_is_heard() -> None:
    assert len(run("head -c 900000 /dev/zero").stdout) == 900000


def test_one_that_is_not_there_is_told() -> None:
    with (
        ExitStack() as closing,
        pytest.raises(Unreachable, match="frob cannot be started on this machine: No such file"),
    ):
        execute(["frob"], closing=closing, timeout_s=1, cwd=Path("/"), env={})
