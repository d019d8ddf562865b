"""The suite's `dataclass` is the standard library's in all that can be told of it."""

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, field, fields, is_dataclass, replace
from typing import Any

import pytest
from pydantic import TypeAdapter

from spark_conformance.dataclass import dataclass


@dataclass(frozen=True)
class Travelling:
    """Pickled by its name."""

    name: str
    parts: list[str] = field(default_factory=list)


def classes(made: Any) -> dict[str, type]:
    """One of each kind that the suite has."""

    @made
    class Open:
        one: int
        two: list[int] = field(default_factory=list)

    @made(frozen=True)
    class Plain:
        one: int
        two: str = "2"
        three: tuple[int, ...] = field(default=(3,), repr=False)
        four: list[int] = field(default_factory=list, compare=False)

    @made(frozen=True)
    class Longer(Plain):
        five: int = 5

    @made(frozen=True, kw_only=True)
    class Named:
        one: int = 1
        two: int

    @made(frozen=True)
    class Own:  # noqa: PLW1641 - its hash comes of the fields
        one: int

        def __post_init__(self) -> None:
            if not self.one:
                raise ValueError("nothing")

        def __repr__(self) -> str:
            return "own"

        def __eq__(self, other: object) -> bool:
            return True

    @made(frozen=True)
    class Hashed:
        one: int

        def __hash__(self) -> int:
            return 7

    class Undecorated(Plain):
        extra = 1

    return {own.__name__: own for own in (Open, Plain, Longer, Named, Own, Hashed, Undecorated)}


USES: dict[str, Callable[[dict[str, type]], Any]] = {
    "shown": lambda made: [made["Plain"](1), made["Longer"](1, five=6), made["Open"](1), made["Own"](1)],
    "without": lambda made: made["Plain"](),
    "too many": lambda made: made["Plain"](1, "2", (), [], 5),
    "unknown": lambda made: made["Plain"](1, six=6),
    "twice": lambda made: made["Plain"](1, one=1),
    "by place": lambda made: made["Named"](1, 2),
    "by name": lambda made: made["Named"](two=2),
    "one by name": lambda made: made["Named"](one=1),
    "one default": lambda made: made["Longer"](1, "2", (), []).five,
    "finished": lambda made: made["Own"](0),
    "equal": lambda made: [made["Plain"](1) == made["Plain"](1, four=[4]), made["Open"](1) == made["Open"](1)],
    "unequal": lambda made: [made["Plain"](1) == made["Plain"](1, "3"), made["Plain"](1) == made["Longer"](1)],
    "equal by its own": lambda made: made["Own"](1) == made["Own"](2),
    "a hash": lambda made: hash(made["Plain"](1)) == hash(made["Plain"](1, four=[4])),
    "no hash": lambda made: hash(made["Open"](1)),
    "a hash of its own": lambda made: hash(made["Hashed"](1)),
    "a hash beside its own equality": lambda made: hash(made["Own"](1)) == hash(made["Own"](1)),
    "set": lambda made: setattr(made["Plain"](1), "one", 2),
    "set another": lambda made: setattr(made["Plain"](1), "new", 2),
    "set below": lambda made: setattr(made["Undecorated"](1), "new", 2),
    "set a field below": lambda made: setattr(made["Undecorated"](1), "one", 2),
    "deleted": lambda made: delattr(made["Plain"](1), "one"),
    "set an open one": lambda made: setattr(made["Open"](1), "one", 2),
    "lists apart": lambda made: made["Open"](1).two is made["Open"](1).two,
    "as a dict": lambda made: [asdict(made["Longer"](1)), list(vars(made["Longer"](five=3, one=1)))],
    "replaced": lambda made: replace(made["Longer"](1), one=2),
    "copied": lambda made: copy.deepcopy(made["Longer"](1, four=[1])),
    "its fields": lambda made: [(one.name, one.type, one.repr) for one in fields(made["Longer"])],
    "matched": lambda made: made["Longer"].__match_args__,  # type: ignore[attr-defined]
    "read": lambda made: TypeAdapter(made["Longer"]).validate_python({"one": "1", "four": ["2"]}),
    "misread": lambda made: TypeAdapter(made["Own"]).validate_python({"one": 0}),
    "names": lambda made: made["Plain"].__init__.__qualname__,  # type: ignore[misc]
    "defaults": lambda made: made["Plain"].two,  # type: ignore[attr-defined]
}


def came_of(use: Callable[[dict[str, type]], Any], made: dict[str, type]) -> str:
    """What is to be seen: of a class's error its kind, since the words are Python's own."""
    try:
        return repr(use(made))
    except (TypeError, ValueError, FrozenInstanceError) as error:
        return f"{type(error)}" + (f": {error}" if isinstance(error, FrozenInstanceError) else "")


@pytest.mark.parametrize("use", USES)
def test_it_does_what_the_librarys_does(use: str) -> None:
    ours, theirs = (came_of(USES[use], classes(made)) for made in (dataclass, dataclasses.dataclass))
    assert ours == theirs


def test_it_is_a_data_class_that_travels() -> None:
    sent = Travelling("a", ["b"])
    assert is_dataclass(sent)
    assert pickle.loads(pickle.dumps(sent)) == sent  # noqa: S301 - its own
    assert Travelling.__doc__ == "Pickled by its name."


def test_no_source_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    def compiled(*_: object) -> None:
        raise AssertionError("source is compiled")

    for name in ("exec", "eval"):
        monkeypatch.setattr("builtins." + name, compiled)
    with pytest.raises(AssertionError, match="compiled"):
        classes(dataclasses.dataclass)
    assert len(classes(dataclass)) == 7


@pytest.mark.parametrize(
    ("given", "named", "told"),
    [
        ((), {}, r"Travelling\(\): missing a required argument: 'name'"),
        ((), {"name": "a", "other": 1}, r"Travelling\(\): got an unexpected keyword argument 'other'"),
        (("a",), {"name": "a"}, r"Travelling\(\): multiple values for argument 'name'"),
        (("a", [], 1), {}, r"Travelling\(\): too many positional arguments"),
    ],
)
def test_wrong_arguments_are_told_by_their_names(given: tuple[Any, ...], named: dict[str, Any], told: str) -> None:
    with pytest.raises(TypeError, match=told):
        Travelling(*given, **named)


def test_a_field_that_is_no_parameter_is_refused() -> None:
    class Hidden:
        one: int = field(default=1, init=False)

    with pytest.raises(TypeError, match="every field of a data class is a parameter"):
        dataclass(Hidden)
