"""Words and variables as systemd reads and shows them; recordings of systemd 252."""

import pytest

from spark_conformance.syntax.variables import assignments, environment_file
from spark_conformance.syntax.words import unescaped, words

SHOWN = r'F=/run/credentials/c.service/token "A=b c" B=its "C=\$X" "E=a\nb" "F2=\`x\`" G= "H=back\\slash" I=#x J=a=b=='


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"/bin/a 1000", ["/bin/a", "1000"]),
        ("  a \t b ", ["a", "b"]),
        (r"$'a b' \$", ["$a b", r"\$"]),  # a shell's, as systemctl alone prints them
        (r"""'A=b c' "d  e" '' f""", ["A=b c", "d  e", "", "f"]),
        (r"""A="b c"d 'B=it''s'""", ["A=b cd", "B=its"]),
        (r"""'tab\there' \x41\101\u00e9 \s \q a\\b""", ["tab\there", "AA\u00e9", " ", "\\q", "a\\b"]),
        (r"""say "it\"s" 'it\'s'""", ["say", 'it"s', "it's"]),
        ("", []),
        ("a\\", ["a\\"]),
        (r"\x00", [r"\x00"]),
        (r"\x01\U0001f600\U0010ffff \U00110000", ["\x01\U0001f600\U0010ffff", r"\U00110000"]),
    ],
)
def test_words(text: str, found: list[str]) -> None:
    assert list(words(text)) == found


def test_a_quote_that_does_not_close() -> None:
    found = words("A=1 'B=2")
    assert next(found) == "A=1"
    with pytest.raises(ValueError, match="does not close"):
        next(found)


def test_an_escape_that_is_unknown_counts_for_those_who_read_strictly() -> None:
    found = words(r"A=\x41 B=\q", strict=True)
    assert next(found) == "A=A"
    with pytest.raises(ValueError, match=r"an unknown escape: \\q$"):
        next(found)


def test_variables_as_systemctl_shows_them() -> None:
    assert dict(assignments(SHOWN, shown=True)) == {
        "F": "/run/credentials/c.service/token", "A": "b c", "B": "its", "C": "$X", "E": "a\nb", "F2": "`x`", "G": "",
        "H": "back\\slash", "I": "#x", "J": "a=b==",
    }  # fmt: skip
    assert dict(assignments(r"$'A=it\'s\n' B=$'x", shown=True)) == {"A": "it's\n"}
    assert dict(assignments("A=$'x y\\n'\nB=z\n", shown=True)) == {"A": "x y\n", "B": "z"}  # systemctl show-environment


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# no\nA=1\n B='two words'\nC=\"x\"\nnonsense\n\n", {"A": "1", "B": "two words", "C": "x"}),
        ("A='one\ntwo'\nB=\"one\\\ntwo\nthree\"\n", {"A": "one\ntwo", "B": "onetwo\nthree"}),
        ('A=a \\\n  b  \nB=a"b"\nC="a" \'b\'c\n', {"A": "a   b", "B": 'a"b"', "C": "abc"}),
        ("export A=1\n;B=1\n#C=1 \\\nC=2\nD=3", {"D": "3"}),
        ('A=\nB=x\\ y\nC="a\\"\\n\\$"\n', {"A": "", "B": "x y", "C": 'a"\\n$'}),
        ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("A='never closed\nB=2", {"A": "never closed\nB=2"}),
        ("=1\n1A=2\nA B=3\n", {}),
        ("A=1\n# an end without a line break", {"A": "1"}),
        ("A=1\n# an end in a backslash \\", {"A": "1"}),
        ("# C:\\a\nA =1\n", {"A": "1"}),
        ("", {}),
    ],
)
def test_a_file_of_variables(text: str, found: dict[str, str]) -> None:
    assert environment_file(text) == found


def test_escapes_alone() -> None:
    assert unescaped(r"a\x41 'b'\n\q") == "aA 'b'\n\\q"
