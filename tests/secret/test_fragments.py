"""A part from the midst of a secret, cut off on both sides, is masked where it is nobody else's."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_conformance.core.secret import conceal, mask
from spark_conformance.core.secret.forms import changes, changes_within
from spark_conformance.core.secret.fragments import LENGTH, SURE, Fragments, signs
from tests.secret.test_forms import FORMS, SECRETS

RANDOM = [name for name in SECRETS if not name.startswith("passphrase")]
SIMPLE = ("plain", "base64, 0", "base64, 1", "base64, 2", "base64 for URLs, 0")
AROUND = ("… {} …", "the server said {} and more", '"{}"', "x={};", "…{}…")


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize("form", SIMPLE)
def test_no_part_of_the_midst_is_left(name: str, form: str) -> None:
    conceal(SECRETS[name])
    inner = base64.b64encode(b"user:").decode()[:4]  # where a base64 of something longer begins is not the secret's
    whole = FORMS[form](SECRETS[name]).removeprefix(inner)
    places = range(8, len(whole) - 28, 3)
    shown = [
        (at, around)
        for number, at in enumerate(places)
        for around in (AROUND[number % len(AROUND)],)
        if changes(whole[at : at + LENGTH]) >= SURE
        if whole[at : at + 20] in mask(around.format(whole[at : at + 20]))
    ]
    assert shown == []


@given(st.text("aB1-_é", max_size=40), st.integers(1, 15))
def test_each_part_is_counted_as_if_it_stood_alone(text: str, length: int) -> None:
    parts = [text[at : at + length] for at in range(len(text) - length + 1)]
    assert changes_within(text, length) == [changes(part) for part in parts]


def test_it_is_masked_as_far_as_it_goes_on_and_no_further() -> None:
    conceal("v1-Q_7hR2kTz9LmX4wPbN8sVcY3gJ6dFaE5uKoI-0q")
    assert mask("got kTz9LmX4wPbN8sVcY3, then TzTz") == "got ***, then TzTz"
    assert mask("xR2kTz9LmX4wPbN8sVx-kTz9LmX4wPbN") == "x***x-***"


@pytest.mark.parametrize("length", [LENGTH - 1, LENGTH])
def test_what_is_shorter_may_be_anybodys(length: int) -> None:
    conceal("v1-Q_7hR2kTz9LmX4wPbN8sVcY3gJ6dFaE5uKoI-0q")
    part = "kTz9LmX4wPbN8s"[:length]
    assert (mask(f"… {part} …") == f"… {part} …") is (length < LENGTH)


WHOLE = "a1B2c3D4e5F6g7H8i9J0"


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (WHOLE, [(0, 20)]),
        (f"x{WHOLE[2:14]}x", [(1, 13)]),  # no more than a part needs, at an odd place
        (f"{WHOLE[5:17]} {WHOLE[1:13]}", [(0, 12), (13, 25)]),
        (f"{WHOLE[1:13]}{WHOLE[:12]}", [(0, 12), (12, 24)]),
        # what stands beside it goes on as the value does at its other end
        (f"0{WHOLE[:12]}", [(1, 13)]),
        (f"{WHOLE[8:]}a", [(0, 12)]),
        (f"{WHOLE[3:15]}-{WHOLE[2]}", [(0, 12)]),
        (f"{WHOLE[:11]}-", []),
        (f"{WHOLE[:6]} {WHOLE[6:]}", [(7, 21)]),
    ],
)
def test_each_part_is_found_once_where_it_stands(text: str, places: list[tuple[int, int]]) -> None:
    fragments = Fragments()
    fragments.add(WHOLE)
    assert list(fragments.within(text)) == places


@pytest.mark.parametrize("before", ["", "-", "l", "--"])
def test_a_part_goes_back_to_the_values_beginning_though_that_could_be_anybodys(before: str) -> None:
    fragments, whole = Fragments(), "abcdefghijklB2c3D4e5"
    assert fragments.add(whole)[0] == (whole, 3)
    assert list(fragments.within(before + whole)) == [(len(before), len(before + whole))]


@pytest.mark.parametrize(
    ("whole", "parts"),
    [
        (WHOLE[:LENGTH], [0]),
        (WHOLE[: LENGTH - 1], []),
        ("aaa111bbb222", [0]),  # no more changes than SURE, and no fewer
        ("aaa111bbbccc", []),
        ('a1B2c3"D4e5F6', []),  # escaped, it is written otherwise
    ],
)
def test_which_parts_are_nobody_elses(whole: str, parts: list[int]) -> None:
    assert [at for _, at in Fragments().add(whole)] == parts


def test_of_parts_that_overlap_one_sign_is_enough() -> None:
    assert signs([(WHOLE, at) for at in range(9)], 8) == {WHOLE[:8], WHOLE[5:13], WHOLE[10:18]}


def test_words_from_the_midst_of_a_passphrase_stay_words() -> None:
    conceal("the infrastructure-repository of spark-291b-staple-battery")
    text = "the nfrastructure-repositor of spark-291b-staple"
    assert mask(text) == text
