import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_conformance.syntax.hostnames import plain, same_host_header


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Ollama.Example.ORG.", "ollama.example.org"),
        ("bücher.example.org", "xn--bcher-kva.example.org"),
        ("*.BÜCHER.example.org", "*.xn--bcher-kva.example.org"),
        ("\uff57ww.example.org", "www.example.org"),  # a wide letter, as some keyboards give it
        ("*", "*"),
        ("", ""),
        ("\u2126.\ud800", "ω.\ud800"),  # no name at all stays what it is
    ],
)
def test_a_name_as_dns_takes_it(name: str, told: str) -> None:
    assert plain(name) == told


@given(st.text(max_size=30))
def test_any_text_has_a_plain_form_that_is_its_own(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("localhost", "localhost:11434", True),
        ("LOCALHOST:11434", "localhost:11434", True),
        ("localhost:11434", "localhost:8080", False),
        ("127.0.0.1", "localhost", False),
        ("[::1]:11434", "[::1]", True),
        ("localhost:", "localhost", False),
        (None, "localhost", False),
        (None, None, True),
        ("a\nb", "a\nb", True),
    ],
)
def test_host_headers_of_one_host(one: str | None, other: str | None, same: bool) -> None:
    assert same_host_header(one, other) is same
    assert same_host_header(other, one) is same
