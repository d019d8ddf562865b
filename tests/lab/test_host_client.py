"""The two clients of the host's init, in perl and in Python: the same words, answers and endings."""

import asyncio
import shutil
import sys
from pathlib import Path

import pytest

from spark_lab.host.control import Control, Terminal
from spark_lab.host.templating import HERE

PYTHON = [sys.executable, "-I", "-S", str(HERE / "client.py")]
PERL = [shutil.which("perl") or "", str(HERE / "shims/client.pl")]
needs_perl = pytest.mark.skipif(not PERL[0], reason="there is no perl here")
each = pytest.mark.parametrize(
    "client", [pytest.param(PERL, id="perl", marks=needs_perl), pytest.param(PYTHON, id="py")]
)
LONG = b"\0\xff\n" * 100_000


async def tool(words: list[str], terminal: Terminal) -> int:
    await terminal.out(LONG if words == ["long"] else "|".join(words))
    await terminal.err("complaint")
    await terminal.out(b"")
    return 3


async def asked(client: list[str], directory: Path, *words: str) -> tuple[int | None, bytes, bytes]:
    process = await asyncio.create_subprocess_exec(
        *client, str(directory), *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    return process.returncode, out, err


@each
def test_it_hands_on_words_and_answers(client: list[str], tmp_path: Path) -> None:
    async def scenario() -> None:
        control = Control({"tool": tool})
        await control.serve(tmp_path)
        try:
            said = await asked(client, tmp_path, "tool", "two words", "ü", "\udcff")
            assert said == (3, "two words|ü|\udcff".encode(errors="surrogateescape"), b"complaint")
            assert (await asked(client, tmp_path, "tool", "long"))[1] == LONG
            assert (await asked(client, tmp_path, "unknown"))[0] == 1
        finally:
            await control.close()

    asyncio.run(scenario())


@each
def test_without_an_init_nothing_can_be_done(client: list[str], tmp_path: Path) -> None:
    status, out, err = asyncio.run(asked(client, tmp_path, "systemctl"))
    assert (status, out) == (1, b"")
    assert err.startswith(b"System has not been booted with systemd")
