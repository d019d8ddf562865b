from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_conformance.ssh.framing import CommandEnd, CommandEnds, OutOfStepError, Ready, ShellError, Withdrawn

NONCE = "4e6f6e6365"
GREETING = b"\n4e6f6e6365 ready timeout\n"


def framed(answer: CommandEnd) -> bytes:
    header = f"{NONCE} {answer.job} {answer.rc} {len(answer.stdout)} {len(answer.stderr)} 10.25 11.50\n"
    return header.encode() + answer.stdout + answer.stderr


def answers() -> st.SearchStrategy[CommandEnd]:
    # Output that looks like a header is the hard case.
    output = st.one_of(st.binary(max_size=300), st.just(GREETING), st.just(b"4e6f6e6365 1 0 0 0 - -\n"))
    return st.builds(CommandEnd, st.integers(1, 99), st.integers(0, 255), output, output, st.just(1.25))


@given(st.binary(max_size=200), st.lists(answers(), max_size=5), st.lists(st.integers(0, 2000), max_size=12))
def test_answers_come_out_whole_however_they_are_cut(noise: bytes, sent: list[CommandEnd], cuts: list[int]) -> None:
    stream = noise + GREETING + b"".join(framed(answer) for answer in sent)
    edges = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]
    parser = CommandEnds(NONCE)
    events = [event for start, end in pairwise(edges) for event in parser.feed(stream[start:end])]
    assert events == [Ready("timeout"), *sent]
    assert parser.noise == noise


def test_noise_is_kept_in_part_until_the_shell_greets() -> None:
    parser = CommandEnds(NONCE)
    assert list(parser.feed(b"This account " + b"x" * 5000 + b" is not available")) == []
    assert parser.noise.endswith(b"is not available")
    assert len(parser.noise) < 5000


def test_a_shell_without_room_says_why() -> None:
    with pytest.raises(ShellError, match="read-only"):
        list(CommandEnds(NONCE).feed(b"\n4e6f6e6365 failed mktemp: read-only\n"))


def test_a_withdrawn_job_is_told() -> None:
    events = CommandEnds(NONCE).feed(GREETING + b"4e6f6e6365 7 killed 0 0 - -\n4e6f6e6365 8 left 0 0 - -\n")
    assert list(events)[1:] == [Withdrawn(7, "killed"), Withdrawn(8, "left")]


def test_a_host_without_a_clock_file_is_no_trouble() -> None:
    assert list(CommandEnds(NONCE).feed(GREETING + b"4e6f6e6365 7 0 2 0 - -\nok"))[1:] == [
        CommandEnd(7, 0, b"ok", b"", None)
    ]


@pytest.mark.parametrize(
    "wrong", [b"stray words\n", b"4e6f6e6365 1 0 0 0\n", b"x" * 300, b"4e6f6e6365 1 0 99999999 0 - -\n"]
)
def test_anything_else_is_out_of_step(wrong: bytes) -> None:
    with pytest.raises(OutOfStepError):
        list(CommandEnds(NONCE).feed(GREETING + wrong))
