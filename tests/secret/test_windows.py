"""Many words are looked for in a text at once, and each text once."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_conformance.core.secret import Secret, mask, mask_all, mask_known, masking
from spark_conformance.core.secret.forms import SHORTEST
from spark_conformance.core.secret.masking import Known
from spark_conformance.core.secret.windows import Windows
from tests.secret.test_forms import FORMS, SECRETS


@given(st.data(), st.integers(SHORTEST, 9))
def test_each_word_is_found_wherever_it_stands(data: st.DataObject, length: int) -> None:
    words = data.draw(st.lists(st.text("ab", min_size=length, max_size=length + 3), max_size=4))
    text = data.draw(st.text("ab", max_size=40))
    windows: Windows[str] = Windows(length)
    for word in words:
        windows.setdefault(word, word[:length])
    all_parts = [text[at : at + length] for at in range(len(text) - length + 1)]
    assert list(windows.within(text)) == [part for part in all_parts if part in {word[:length] for word in words}]


def test_words_that_overlap_are_found_once_each() -> None:
    windows: Windows[str] = Windows(6)
    windows.setdefault("aaaaaa", "a")
    assert list(windows.within("aaaaaaaa")) == ["a"] * 3


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that are looked through for known secrets, each time that one is; no secret is known at first."""
    texts: list[str] = []
    known = Known()
    within: Callable[[str], object] = known.within

    def counted(text: str) -> object:
        texts.append(text)
        return within(text)

    monkeypatch.setattr(known, "within", counted)
    monkeypatch.setattr(masking, "_known", known)
    return texts


def test_a_text_without_a_secret_is_looked_through_once_for_all_sinks(searched: list[str]) -> None:
    for value in SECRETS.values():
        Secret(value, "a secret")
    words = [f"fact {number} is conformant" for number in range(masking.REMEMBERED // 32)]
    for _ in range(3):
        assert mask_all({"told": words}) == {"told": words}
        assert [mask(text) for text in words] == words
    assert sorted(searched) == sorted(["told", *words])


def test_a_secret_made_again_has_no_text_looked_through_again(searched: list[str]) -> None:
    """Each of many systems makes those of their account."""
    for _ in range(8):
        for value in SECRETS.values():
            Secret(value, "a secret")
        assert mask("nothing to hide") == "nothing to hide"
    assert searched == ["nothing to hide"]
    Secret("another-one-9f3a", "another")
    assert mask("nothing to hide") == "nothing to hide"
    assert len(searched) == 2


def test_a_shorter_secret_takes_nothing_from_those_that_were_known(searched: list[str]) -> None:
    value = SECRETS["API token"]
    Secret(value, "long")
    Secret("k3Lm9Q", "short")
    told = f"k3Lm9Q {' '.join(write(value) for write in FORMS.values())} … {value[9:29]} …"
    masked = mask_known(told)
    assert "k3Lm9Q" not in masked
    assert [form for form, write in FORMS.items() if write(value) in masked] == []
    assert value[9:29] not in masked
    assert searched == [told]
