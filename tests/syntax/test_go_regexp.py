"""Go's regular expressions: what they contain, what Go refuses, what is not told apart, and no text takes for ever."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_conformance.syntax.go_regexp import NotGo, compiled


@pytest.mark.parametrize(
    ("pattern", "text", "contained"),
    [
        ("^/api/", "/api/tags", True),
        ("^/api/", "/v1/api/", False),
        ("api", "/v1/api/", True),
        ("/static/.*\\.html$", "/static/a/b.html", True),
        ("/static/.*\\.html$", "/static/a.html5", False),
        ("(?i)^/API", "/api", True),
        ("^/(?i:A)b", "/aB", False),
        ("a(?i)b|c", "C", True),  # a flag holds to the end of its group, past the |
        ("^/(admin|users/[0-9]+)(/.*)?$", "/users/17/edit", True),
        ("^(?:/[a-z]+){2,3}$", "/a/b/c/d", False),
        ("x{,2}", "x{,2}", True),  # no repetition to Go
        ("\\Qa.b*\\E+$", "a.b**", True),
        ("[[:digit:]]", "/v1", True),
        ("[^[:^digit:]]", "/v", False),
        ("[]a]", "]", True),
        ("[a\\-z]", "-", True),
        ("[\\d_]", "_", True),
        ("\\x41\\x{42}", "AB", True),
        ("\\s", "\v", False),  # Python's \s takes it
        ("\\bb\\B", "a bc", True),
        (".", "\n", False),
        ("(?s).", "\n", True),
        ("(?m)^b$", "a\nb\nc", True),
        ("(?P<name>a)(?<other>b)", "ab", True),
        ("", "/", True),
        ("\\_\\/", "_/", True),
        ("é", "/café", True),
        ("(?i)^É$", "é", True),
        ("(?i)^k$", "\u212a", True),  # the Kelvin sign
        ("^/\\p{Greek}+$", "/αβ", True),
        ("\\Q\\C\\E", "\\C", True),
        ("^\\101$", "A", True),
        ("(?<n>a)(?<n>b)", "ab", True),  # one name for two groups
    ],
)
def test_a_text_contains_what_the_expression_says(pattern: str, text: str, contained: bool) -> None:
    assert compiled(pattern)(text) is contained


@pytest.mark.parametrize(
    "pattern",
    ["(?=a)", "(?!a)", "(?<=a)b", "(?>a)", "a**", "a++", "a{2}{3}", "*a", "a|*", "(*a)", "(a", "a)", "[a", "[z-a]",
     "[[:foo:]]", "\\1", "\\Z", "\\y", "a{1001}", "a{3,2}", "(?P=x)", "(?P<>a)", "(?x)a", "a\\", "\\x{110000}", "\\C",
     "(?<é>a)", "\ud800"],
)  # fmt: skip
def test_what_go_refuses_is_refused(pattern: str) -> None:
    with pytest.raises(NotGo):
        compiled(pattern)


def test_what_is_refused_is_told_once_and_by_us(capfd: pytest.CaptureFixture[str]) -> None:
    for pattern, words in (("[a", "missing ]"), ("a\\C", r"^invalid: \\C$")):
        with pytest.raises(NotGo, match=words):
            compiled(pattern)
    assert "".join(capfd.readouterr()) == ""  # RE2 would write to standard error by itself


def test_no_expression_takes_for_ever() -> None:
    assert compiled("^/(a+)+$")("/" + "a" * 2000 + "!") is False


SIGNS = st.text("ab/.-_0 ", max_size=12)
ATOMS = st.one_of(
    st.sampled_from(["a", "b", "/", "\\.", ".", "[ab]", "[^a/]", "[a-b_]", "\\d", "\\w", "\\W", "^", "\\b"])
)
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda ways: f"({'|'.join(ways)})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{1,2}", "*?"])).map(lambda both: f"(?:{both[0]}){both[1]}"),
    ),
    max_leaves=8,
)


@given(EXPRESSIONS, SIGNS)
def test_what_both_languages_know_means_the_same_in_both(pattern: str, text: str) -> None:
    assert compiled(pattern)(text) == (re.search(pattern, text, re.ASCII) is not None)
