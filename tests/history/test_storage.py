import errno
import gzip
import json
import multiprocessing
import os
import signal
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from spark_conformance.core.session import NotAsked
from spark_conformance.history import storage
from spark_conformance.history.entry import Entry
from spark_conformance.history.storage import ABANDONED_S, keep, read
from spark_conformance.limits.files import read_bytes
from tests.history.runs import FIRST, night

FOREVER = 3660
BOMB = gzip.compress(b" " * (storage.LARGEST_ENTRY + 1), compresslevel=1)


def entry(number: int = 0) -> Entry:
    made = night(number, {"dns.ttl": "F"}, {"seen": {"text": "ü", "list": [1, None, True]}})
    return replace(made, not_asked=NotAsked("-m dns", ("host.gpu",)))


def test_a_run_comes_back_as_it_was(tmp_path: Path) -> None:
    path = keep(tmp_path / "deep/history", entry(), FOREVER)
    assert read(tmp_path / "deep/history").entries == [entry()]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_nothing_was_kept_yet(tmp_path: Path) -> None:
    assert read(tmp_path / "nowhere").entries == []


def test_runs_are_in_their_order_and_of_one_system(tmp_path: Path) -> None:
    for number in (3, 1, 2):
        keep(tmp_path, entry(number), FOREVER)
    other = night(0, {"dns.ttl": "."}, system="other")
    keep(tmp_path, other, FOREVER)
    assert [one.at for one in read(tmp_path, entry().of).entries] == [FIRST + timedelta(days=n) for n in (1, 2, 3)]
    assert read(tmp_path, other.of).entries == [other]
    assert len(read(tmp_path).entries) == 4


def test_no_more_is_read_than_it_takes(tmp_path: Path) -> None:
    for number in range(6):
        keep(tmp_path, entry(number), FOREVER)
    keep(tmp_path, night(9, {"dns.ttl": "."}, system="other"), FOREVER)
    with patch.object(storage, "read_bytes", wraps=read_bytes) as reading:
        kept = read(tmp_path, entry().of, lambda found: len(found) == 2)
    assert reading.call_count == 2
    assert [one.at for one in kept.entries] == [FIRST + timedelta(days=number) for number in (4, 5)]
    assert (kept.older, kept.oldest) == (4, FIRST)


def test_runs_of_suites_that_did_not_name_the_system_are_read(tmp_path: Path) -> None:
    for number in range(3):
        path = keep(tmp_path, entry(number), FOREVER)
        stamp, _, rest = path.name.rpartition("-")
        path.rename(path.with_name(f"{stamp}-{rest[8:]}"))
    kept = read(tmp_path, entry().of, lambda found: len(found) == 1)
    assert (len(kept.entries), kept.older) == (3, 0)


def test_old_runs_go_and_nobody_elses_files(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    (tmp_path / "notes.txt").write_text("mine")
    killed, writing = tmp_path / ".killed.json.gz.part", tmp_path / ".writing.json.gz.part"
    for path in (killed, writing):
        path.write_bytes(b"half")
    os.utime(killed, (0, now.timestamp() - ABANDONED_S - 60))
    old = keep(tmp_path, Entry(now - timedelta(days=31), "pi", "h", "", 0, ""), FOREVER)
    young = keep(tmp_path, Entry(now - timedelta(days=29), "pi", "h", "", 0, ""), FOREVER)
    new = keep(tmp_path, Entry(now, "pi", "h", "", 0, ""), 30)
    assert set(tmp_path.iterdir()) == {tmp_path / "notes.txt", writing, young, new}
    assert not old.exists()


def test_a_full_disk_leaves_nothing_and_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    keep(tmp_path, entry(1), FOREVER)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        keep(tmp_path, entry(2), FOREVER)
    assert read(tmp_path).entries == [entry(1)]
    assert len(list(tmp_path.iterdir())) == 1


def _killed_while_writing(folder: Path) -> None:
    def kill(_descriptor: int) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with patch.object(os, "fsync", kill):
        keep(folder, entry(2), FOREVER)


def test_a_run_that_is_killed_while_it_writes_leaves_nothing_to_read(tmp_path: Path) -> None:
    keep(tmp_path, entry(1), FOREVER)
    process = multiprocessing.get_context("fork").Process(target=_killed_while_writing, args=(tmp_path,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert read(tmp_path).entries == [entry(1)]
    assert read(tmp_path).problems == []


def _keep_some(folder: Path, start: int) -> None:
    for number in range(start, start + 10):
        keep(folder, entry(number), FOREVER)


def test_two_runs_at_once_both_stay(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_keep_some, args=(tmp_path, start)) for start in (0, 0, 10)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert len(read(tmp_path).entries) == 30


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"not gzip", "damaged"),
        (gzip.compress(b"not JSON"), "damaged"),
        (gzip.compress(b"[1]"), "it is not a run"),
        (gzip.compress(json.dumps({"format": 1, "at": "yesterday"}).encode()), "its at is not that of a run"),
        (gzip.compress(entry().render())[:-20], "ends too early"),
        (gzip.compress(b"[" * 100_000), "damaged"),
        (BOMB, "too large"),
        (b"x" * (storage.LARGEST + 1), "larger than"),
    ],
    ids=["no gzip", "no JSON", "no run", "no time", "cut", "deep", "a bomb", "large"],
)
def test_a_damaged_file_is_told_and_passed_over(tmp_path: Path, content: bytes, told: str) -> None:
    keep(tmp_path, entry(), FOREVER)
    (tmp_path / "20261101T022300.000000Z-00000000.json.gz").write_bytes(content)
    kept = read(tmp_path)
    assert kept.entries == [entry()]
    assert len(kept.problems) == 1
    assert told in kept.problems[0]


def test_a_run_of_another_format_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "x.json.gz").write_bytes(gzip.compress(b'{"format": 2}'))
    (tmp_path / "y.json.gz").mkdir()
    kept = read(tmp_path)
    assert kept.entries == []
    assert len(kept.problems) == 1
    assert "y.json.gz: it cannot be read" in kept.problems[0]
