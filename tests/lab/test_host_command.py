import pytest

from spark_lab.host.command import arguments, assignments, seconds


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/bin/a -b 'c d'", ["/bin/a", "-b", "c d"]),
        ("/bin/a ${X}y $X $EMPTY", ["/bin/a", "1 2y", "1", "2"]),
        ("/bin/sh -c 'T=\"$$X\" exec b'", ["/bin/sh", "-c", 'T="$X" exec b']),
        ("/bin/a \\\n  b", ["/bin/a", "b"]),
        ("/bin/a a$X", ["/bin/a", "a$X"]),
    ],
)
def test_command_lines_are_split_and_filled_in_as_systemd_does(line: str, words: list[str]) -> None:
    assert arguments(line, {"X": "1 2"}) == words


def test_an_open_quote_is_an_error() -> None:
    with pytest.raises(ValueError, match="quotation"):
        arguments("/bin/a 'b", {})


def test_assignments() -> None:
    assert dict(assignments("\"A=b c\" D='e' F=g=h junk 1=2")) == {"A": "b c", "D": "e", "F": "g=h"}


@pytest.mark.parametrize(
    ("text", "span"),
    [("5", 5), ("5s", 5), ("1min 30s", 90), ("500ms", 0.5), ("0.25", 0.25), ("infinity", float("inf"))],
)
def test_time_spans(text: str, span: float) -> None:
    assert seconds(text) == span


@pytest.mark.parametrize("text", ["", "soon", "5 parsecs", "1:30"])
def test_what_is_no_time_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no time span"):
        seconds(text)
