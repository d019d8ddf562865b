"""Run a program in a network of its own, from which it reaches nothing but the API's stand-in.

`python -m tests.strangers.enclosed PORT PROGRAM ARGUMENT…`: inside, 127.0.0.1:PORT leads to the same port outside.
Exits as the program does, or with 75 and the reason where no such network can be made.
"""

import asyncio
import sys

from spark_lab import doors, isolation

NOT_POSSIBLE = 75
CHUNK = 1 << 16
LONGEST_S = 120.0


async def enclosed(port: int, command: list[str]) -> int:
    """Run the command inside; returns its exit code."""
    gate = await asyncio.start_server(
        lambda reader, writer: _through(port, reader, writer), sock=doors.bound_here("tcp", port)
    )
    async with gate:
        program = await asyncio.create_subprocess_exec(*command)
        try:
            return await asyncio.wait_for(program.wait(), LONGEST_S)
        finally:
            if program.returncode is None:
                program.kill()


async def _through(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hand one connection on to the outside, by a socket that was made there."""
    door = doors.bound("tcp")
    door.setblocking(False)
    await asyncio.get_running_loop().sock_connect(door, (doors.ADDRESS, port))
    out_reader, out_writer = await asyncio.open_connection(sock=door)
    await asyncio.gather(_pour(reader, out_writer), _pour(out_reader, writer))


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK):
        writer.write(data)
        await writer.drain()
    writer.close()


def main(port: int, command: list[str]) -> int:
    try:
        isolation.enter()
    except isolation.IsolationError as problem:
        sys.stderr.write(f"{problem}\n")
        return NOT_POSSIBLE
    return asyncio.run(enclosed(port, command))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
