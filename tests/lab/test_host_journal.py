"""The journal: what services print, and the ways to ask for it."""

import asyncio
import json
from pathlib import Path

import pytest

from spark_lab.host.journal import LINE_MAX, Journal, Lines, Source
from spark_lab.host.journalctl import moment
from spark_lab.host.systemctl import UsageError
from tests.lab.host_bench import TOKEN, running, shell, shown

SOURCE = Source("a.service", "0" * 32, "a", 7)


def test_lines_are_cut_at_their_ends_and_at_the_bound() -> None:
    lines: list[bytes] = []
    cutter = Lines(lines.append)
    cutter.feed(b"one\ntw")
    cutter.feed(b"o\n\n" + b"x" * (LINE_MAX + 1))
    cutter.end()
    assert [len(line) for line in lines] == [3, 3, 0, LINE_MAX, 1]


def test_the_oldest_entries_are_dropped_beyond_the_bound() -> None:
    journal = Journal(limit=10_000)
    for number in range(1000):
        journal.write(SOURCE, b"%d" % number)
    kept = journal.after()
    assert len(kept) < 100
    assert kept[-1].message == b"999"
    assert [entry.message for entry in journal.after(kept[-2].serial)] == [b"999"]


def test_entries_of_a_unit_of_an_invocation_and_of_a_time(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            before = (await shown(host))["InvocationID"]
            await shell(host, "systemctl restart cloudflared")
            now = (await shown(host))["InvocationID"]
            ask = "journalctl -u cloudflared --no-pager -o cat "
            whole = (await shell(host, ask)).text.splitlines()
            assert whole.count(f"token {TOKEN}") == 2
            for invocation in (before, now):
                own = (await shell(host, f"{ask} _SYSTEMD_INVOCATION_ID={invocation}")).text.splitlines()
                assert sorted(own) == ["argv --no-autoupdate tunnel run", f"token {TOKEN}"]
            assert (await shell(host, f"{ask} --since '5 minutes ago'")).text.splitlines() == whole
            assert (await shell(host, f"{ask} --since 2099-01-01")).text == "-- No entries --"
            assert (await shell(host, f"{ask} -q --until yesterday")).text == ""
            assert len((await shell(host, f"{ask} -n 1")).text.splitlines()) == 1
            assert (await shell(host, f"{ask} --grep 'Token'")).status == 1
            assert (await shell(host, f"{ask} --grep token -r")).text.splitlines() == [f"token {TOKEN}"] * 2

    asyncio.run(scenario())


def test_formats_and_cursors(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            entry = json.loads((await shell(host, "journalctl -u cloudflared -o json -n1 -t sh")).text)
            assert entry["_SYSTEMD_UNIT"] == "cloudflared.service"
            assert entry["__REALTIME_TIMESTAMP"].isdigit()
            line = (await shell(host, "journalctl -u ollama -o short-iso -n1 -t systemd")).text
            assert line.endswith("+00:00 spark-291b systemd[1]: Started ollama.service - Ollama Service.")
            last = (await shell(host, "journalctl -q --show-cursor -n 1 -o cat")).text.splitlines()[-1]
            cursor = last.removeprefix("-- cursor: ")
            assert (await shell(host, f"journalctl -q --after-cursor '{cursor}'")).text == ""
            await shell(host, "systemctl stop ollama")
            assert "Stopped ollama" in (await shell(host, f"journalctl --after-cursor '{cursor}' -o cat")).text

    asyncio.run(scenario())


def test_a_huge_and_hostile_log_is_carried_whole(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            command = 'head -c 3000000 /dev/zero | tr "\\\\0" x; echo; printf "\\\\033[2J\\\\377\\\\n"; seq 1 20000'
            (host.root / "etc/systemd/system/big.service").write_text(
                f"[Service]\nType=oneshot\nExecStart=/bin/sh -c '{command}'\n"
            )
            assert (await shell(host, "systemctl start big")).status == 0
            printed = (await shell(host, "journalctl -q -u big -t sh -o cat")).out
            assert printed.count(b"x") == 3_000_000
            assert b"\x1b[2J\xff\n" in printed
            assert printed.endswith(b"\n20000\n")

    asyncio.run(scenario())


def test_following_ends_with_its_reader(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            words = ["-fu", "ollama", "-t", "systemd", "-o", "cat", "-n", "1"]
            journalctl = str(host.root / "usr/bin/journalctl")
            follow = await asyncio.create_subprocess_exec(journalctl, *words, stdout=asyncio.subprocess.PIPE)
            assert follow.stdout is not None
            assert (await follow.stdout.readline()).startswith(b"Started ollama")
            await shell(host, "systemctl stop ollama")
            assert (await follow.stdout.readline()).startswith(b"Stopping ollama")
            follow.terminate()
            await follow.wait()

    asyncio.run(scenario())


@pytest.mark.parametrize("text", ["5 minutes ago", "-5min", "@1000.5", "2026-01-02 03:04:05", "today", "now", "+1h"])
def test_times_that_journalctl_takes(text: str) -> None:
    assert moment(text) > 0


@pytest.mark.parametrize("text", ["soon", "5 parsecs ago", "2026-13-01"])
def test_times_that_it_refuses(text: str) -> None:
    with pytest.raises(UsageError, match="Failed to parse timestamp"):
        moment(text)


def test_bad_command_lines_are_refused_in_a_sentence(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(tmp_path) as host:
            for words in ("-o nope", "--since soon", "--grep '['", "nomatch", "-n x"):
                answer = await shell(host, f"journalctl {words}")
                assert answer.status == 1
                assert answer.complaint.startswith("journalctl: ")
                assert "\n" not in answer.complaint

    asyncio.run(scenario())
