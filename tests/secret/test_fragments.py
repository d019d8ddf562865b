"""A part from the midst of a secret, cut off on both sides, is masked where it is nobody else's."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_conformance.core.secret import conceal, mask
from spark_conformance.core.secret.forms import changes, changes_within
from spark_conformance.core.secret.fragments import LENGTH, SURE
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


def test_words_from_the_midst_of_a_passphrase_stay_words() -> None:
    conceal("the infrastructure-repository of spark-291b-staple-battery")
    text = "the nfrastructure-repositor of spark-291b-staple"
    assert mask(text) == text
