"""Secrets have no way out but `reveal`, in none of their guises."""

import base64
import copy
import json
import logging
import pickle
import traceback

import pytest

from spark_conformance.core.secret import MASK, Secret, conceal, mask, mask_all, shortened

CANARY = "canary-9f3a/+b1=7"


def test_no_common_way_of_printing_shows_it() -> None:
    secret = Secret(CANARY, "the token")
    ways = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>40}",
        "{}".format(secret),  # noqa: UP032 - a way too
        repr([secret]),
        repr({"a": secret}),
    ]
    assert not [way for way in ways if CANARY in way]
    assert "the token" in repr(secret)
    assert secret.reveal() == CANARY


def test_it_does_not_travel() -> None:
    secret = Secret(CANARY, "the token")
    for leave in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be sent"):
            leave(secret)
    with pytest.raises(TypeError):
        json.dumps({"a": secret})
    with pytest.raises(TypeError, match="unhashable"):
        hash(secret)


def test_it_compares_by_value_and_only_with_its_like() -> None:
    assert Secret(CANARY, "a") == Secret(CANARY, "b")
    assert Secret(CANARY, "a") != Secret("another-value", "a")
    assert Secret(CANARY, "a") != CANARY


def test_the_secret_within_a_tunnels_token_is_masked_too() -> None:
    inner = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
    token = base64.b64encode(json.dumps({"a": "acc", "t": "tun", "s": inner}).encode()).decode()
    Secret(token, "tunnel token")
    assert inner not in mask(f"secret={inner}")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Authorization: Bearer abcdefghijkl", "Authorization: Bearer ***"),
        ("CF-Access-Client-Secret: 0123456789abcdef", "CF-Access-Client-Secret: ***"),
        ('DGX_SERIAL_NUMBER="1234567890"', 'DGX_SERIAL_NUMBER="***"'),
        ("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIifQ12.c2lnbmF0dXJlMTIz", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIifQ12.***"),
        ("set-cookie: CF_Authorization=abcdefghij; Path=/", "set-cookie: CF_Authorization=***; Path=/"),
        ("token eyJhIjoi" + "Zm9v" * 30 + "== end", "token *** end"),
        ("İİ Authorization: Bearer abcdefghijkl", "İİ Authorization: Bearer ***"),  # in small letters it is longer
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_what_has_the_shape_of_a_secret_is_masked_unknown(text: str, kept: str) -> None:
    assert mask(text) == kept


def test_masking_reaches_every_text_in_data() -> None:
    conceal(CANARY)
    data = mask_all({"a": [CANARY, {"b": f"x{CANARY}y"}], CANARY: 1, "n": 2.5, "t": (None, True)})
    assert CANARY not in json.dumps(data)
    assert data["n"] == 2.5
    assert MASK in data


@pytest.mark.parametrize(
    ("text", "longest", "kept"),
    [("ab  cd\n", 5, "ab cd"), ("ab cde", 6, "ab cde"), ("ab cde", 5, "ab c…"), ("", 5, "")],
)
def test_a_text_is_cut_where_it_is_too_long(text: str, longest: int, kept: str) -> None:
    assert shortened(text, longest) == kept


def test_neither_tracebacks_nor_logs_show_it(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(CANARY, "the token")
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("suite").debug("sending %s %r", secret, {"token": secret})
    assert CANARY not in caplog.text
    told = traceback.TracebackException.from_exception(RuntimeError(secret), capture_locals=True)
    assert CANARY not in "".join(told.format())


def test_a_text_that_had_nothing_to_mask_is_masked_once_its_secret_is_known() -> None:
    text = "the answer holds Zq7-4hTr9.xK2p"
    assert [mask(text), mask(text)] == [text, text]
    conceal("Zq7-4hTr9.xK2p")
    assert mask(text) == "the answer holds ***"
