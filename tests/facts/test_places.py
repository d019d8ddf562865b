"""In which line of a facts file a key stands."""

import tomllib
from collections.abc import Iterator
from typing import Any

import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_conformance.facts.places import Path, lines

TEXT = '''\
# [not.a.table]
extends = "spark-291b"   # a = 1

[facts.dns.ttl] # the TTL
expect = 300
why = """
[facts.dns.no]
expect = 'a' \\""" " """

[facts."tunnel".ingress]
expect = { hostname = "a # b", service = 'x]y' }
source."of it" = 1

[facts.pipeline.labels]
expect = [
  "a", # "b",
  ["c", { d = 1 }],
]

[[waivers]]
fact = "dns.ttl"
[waivers.more]
x = 1
[[waivers]]
fact = "dns.type"
'''


def test_each_key_is_found_where_it_stands() -> None:
    found = lines(TEXT)
    assert {path: line for path, line in found.items() if path[:1] == ("facts",) and len(path) > 3} == {
        ("facts", "dns", "ttl", "expect"): 5,
        ("facts", "dns", "ttl", "why"): 6,
        ("facts", "tunnel", "ingress", "expect"): 11,
        ("facts", "tunnel", "ingress", "expect", "hostname"): 11,
        ("facts", "tunnel", "ingress", "expect", "service"): 11,
        ("facts", "tunnel", "ingress", "source"): 12,
        ("facts", "tunnel", "ingress", "source", "of it"): 12,
        ("facts", "pipeline", "labels", "expect"): 15,
        ("facts", "pipeline", "labels", "expect", 0): 16,
        ("facts", "pipeline", "labels", "expect", 1): 17,
        ("facts", "pipeline", "labels", "expect", 1, 0): 17,
        ("facts", "pipeline", "labels", "expect", 1, 1): 17,
        ("facts", "pipeline", "labels", "expect", 1, 1, "d"): 17,
    }
    assert found["extends",] == 2
    assert found["facts", "dns", "ttl"] == 4
    assert (found["waivers", 0, "fact"], found["waivers", 0, "more", "x"], found["waivers", 1, "fact"]) == (21, 23, 25)
    assert lines(TEXT.replace("\n", "\r\n")) == found


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every path of a value, its own first."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from paths(inner, (*path, key))


scalars = st.one_of(
    st.booleans(), st.integers(), st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=9)
)
tables = st.dictionaries(
    st.text(min_size=1, max_size=4),
    st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=12,
    ),
    max_size=4,
)


@settings(max_examples=25)
@given(tables, st.booleans())
def test_every_key_of_any_file_has_its_line(made: dict[str, Any], multiline: bool) -> None:
    text = tomli_w.dumps(made, multiline_strings=multiline)
    found = lines(text)
    assert set(found) == set(paths(tomllib.loads(text)))
    assert all(1 <= line <= text.count("\n") + 1 for line in found.values())
