"""Each secret, in each form that a sink makes of it, cut at every length: no eight characters of it are left."""

import base64
import html
import json
import os
import re
import shlex
from collections.abc import Callable
from itertools import product
from typing import Any
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_conformance.core.secret import MASK, Secret, conceal, mask, mask_all, shortened
from spark_conformance.core.secret.forms import PART, SHORTEST, Form, forms
from spark_conformance.core.secret.fragments import LENGTH
from tests.secret.reading import given_away

ALL = os.environ.get("CANARIES") == "all"
"""Each secret in each sink and form, cut at every length: some minutes."""
INNER = base64.b64encode(bytes(range(7, 39))).decode()
SECRETS = {
    "client secret": "a1b2c3d4e5f60718" * 4,
    "client secret, new kind": "cfast_Zk3LmQ8vX2pRt7Wy5NbH4cJdG9sFuEaT1oIiKxPzBqMrVwYn",
    "tunnel token": base64.b64encode(json.dumps({"a": "0f" * 16, "t": "tunnel", "s": INNER}).encode()).decode(),
    "tunnel secret": INNER,
    "API token": "v1-Q_7hR2kTz9LmX4wPbN8sVcY3gJ6dFaE5uKoI-0q",
    "GitHub token": "github_pat_11ABCDE0Y0x9w8v7u6t5s4_r3q2p1o0n9m8l7k6j5i4h3g2f1e0d9",
    "Pulumi token": "pul-0123456789abcdef0123456789abcdef01234567",
    "1Password token": "ops_" + base64.urlsafe_b64encode(b'{"signInAddress":"my.example","secret":"~~~???"}').decode(),
    "passphrase": 'correct horse/battery staple & "glue" <it\'s>',
    "passphrase, other script": "Überraschung für Jürgen 2026 🐟 <fin>",
}
Write = Callable[[str], str]


def _base64_at(shift: int, encode: Callable[[bytes], bytes]) -> Write:
    """Base64 of something longer, in which the secret begins at this alignment."""
    return lambda value: encode(b"user:"[: 3 + shift] + value.encode() + b"\n").decode()


FORMS: dict[str, Write] = {
    "plain": str,
    "html.escape": html.escape,
    "Jinja": lambda value: html.escape(value).replace("&quot;", "&#34;").replace("&#x27;", "&#39;"),
    "XML": lambda value: html.escape(value, quote=False).replace('"', "&quot;"),
    "HTML, every character": lambda value: "".join(f"&#{ord(character)};" for character in value),
    "json": lambda value: json.dumps(value)[1:-1],
    "json, not ASCII": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    "json, \\/": lambda value: json.dumps(value)[1:-1].replace("/", "\\/"),
    "json in json": lambda value: json.dumps(json.dumps(value)[1:-1])[1:-1],
    "json, as Go's": lambda value: re.sub("[<>&]", lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value)[1:-1]),
    "json, every character": lambda value: "".join(
        f"\\u{int.from_bytes(value.encode('utf-16-be')[at : at + 2]):04x}"
        for at in range(0, len(value.encode("utf-16-be")), 2)
    ),
    "json, every character, in a repr": lambda value: repr(FORMS["json, every character"](value))[1:-1],
    "json, as Go's, not ASCII": lambda value: re.sub(
        "[<>&]", lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False)[1:-1]
    ),
    "repr": lambda value: repr(value)[1:-1],
    "url, path": quote,
    "url, whole": lambda value: quote(value, safe=""),
    "url, form": quote_plus,
    "url, JavaScript": lambda value: quote(value, safe="!'()*"),
    "url, small": lambda value: re.sub("%..", lambda found: found[0].lower(), quote(value, safe="")),
    "url, every character": lambda value: "".join(f"%{byte:02X}" for byte in value.encode()),
    **{f"base64, {shift}": _base64_at(shift, base64.b64encode) for shift in range(3)},
    **{f"base64 for URLs, {shift}": _base64_at(shift, base64.urlsafe_b64encode) for shift in range(3)},
    "hex": lambda value: value.encode().hex(),
    "HEX": lambda value: value.encode().hex().upper(),
}


def _masked_before(put: Write) -> Callable[[Write, str], str]:
    """A sink that gets texts which were masked one by one, as those of findings are."""
    return lambda write, value: put(mask(write(value)))


SINKS: dict[str, Callable[[Write, str], str]] = {
    "cut sentence": lambda write, value: f"the API said {write(value)}…",
    "line": lambda write, value: f"{write(value)}\n",
    "HTML": _masked_before(lambda text: f'<tr title="{html.escape(text)}"><td>{html.escape(text)}</td></tr>'),
    "JUnit": _masked_before(lambda text: f"<failure message={quoteattr(text)}>{escape(text)}</failure>"),
    "JSON": _masked_before(lambda text: json.dumps({"observed": text, "note": f"x {text}"})),
    "Markdown": _masked_before(lambda text: f"| fact | `{text}` |"),
}


@pytest.mark.parametrize("name", SECRETS)
def test_what_reads_the_texts_finds_each_secret_that_is_not_masked(name: str) -> None:
    """The reader's own proof: else it might find nothing in the masked ones because it never finds anything."""
    value = SECRETS[name]
    missed = [form for form, write in FORMS.items() if not given_away(json.dumps([write(value)]), value)]
    assert missed == []


def _lengths(whole: int) -> list[int]:
    """Every length to cut at with CANARIES=all; else those near the beginning, some further on, and the whole."""
    every = range(PART, whole + 1)
    return list(every) if ALL else sorted({*every[:9], *every[9::13], whole})


def _puts(number: int) -> list[tuple[str, Callable[[Write, str], str]]]:
    """Every sink with CANARIES=all; else one after the other."""
    return list(SINKS.items()) if ALL else [list(SINKS.items())[number % len(SINKS)]]


@pytest.mark.parametrize("name", SECRETS)
def test_no_sink_shows_any_form_of_a_secret_cut_at_any_length(name: str) -> None:
    value = SECRETS[name]
    Secret(value, name)
    cases = [
        (sink, form, length, put(write, value[:length]))
        for number, (length, (form, write)) in enumerate(product(_lengths(len(value)), FORMS.items()))
        for sink, put in _puts(number)
    ]
    assert [case[:3] for case in cases if given_away(mask(case[3]), value)] == []


@pytest.mark.parametrize("name", SECRETS)
def test_none_shows_it_where_the_form_was_cut_after_it_was_made(name: str) -> None:
    value = SECRETS[name]
    Secret(value, name)
    cases = [
        (form, length, text)
        for form, write in FORMS.items()
        for length in _lengths(len(write(value)))
        for text in (f"said: {write(value)[:length]}…", write(value)[:length])
    ]
    assert [case[:2] for case in cases if given_away(mask(case[2]), value)] == []


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("form", FORMS)
def test_the_whole_is_masked_in_the_middle_of_a_sentence(name: str, form: str) -> None:
    value = SECRETS[name]
    conceal(value)
    assert not given_away(mask(f"the API said: {FORMS[form](value)}; run again"), value)


@pytest.mark.parametrize("name", SECRETS)
def test_a_text_is_cut_only_after_it_was_masked(name: str) -> None:
    value = SECRETS[name]
    Secret(value, name)
    for before in range(0, 140, 3):
        cut = shortened(f"{'x' * before} the token was {value} and more {'y' * 100}", 120)
        assert len(cut) <= 120
        assert not given_away(cut, value)
        assert value[-PART:] not in cut


@pytest.mark.parametrize("name", SECRETS)
def test_the_end_of_a_secret_is_masked_where_the_text_before_it_was_cut_off(name: str) -> None:
    value = SECRETS[name]
    Secret(value, name)
    for write in (str, html.escape, quote, lambda text: json.dumps(text)[1:-1]):
        written = write(value)
        assert [left for left in range(len(written)) if value[-PART:] in mask(f"…{written[left:]} was refused")] == []
        assert [left for left in range(len(written)) if value[-PART:] in mask(written[left:])] == []


WHOLLY = sorted(set(FORMS) - {form for form in FORMS if form.startswith("base64")})


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("form", WHOLLY)
def test_of_the_whole_nothing_is_left_to_its_end(name: str, form: str) -> None:
    conceal(SECRETS[name])
    assert mask(f"said: {FORMS[form](SECRETS[name])} then") == "said: *** then"


VALUE = "Grüße \"an\" <alle> & 'jeden' 7 🐟/+"
RARE: dict[str, Write] = {
    "XML's text": lambda value: html.escape(value, quote=False),
    "HTML, every character in hexadecimal": lambda value: "".join(f"&#x{ord(character):x};" for character in value),
    "json, not ASCII": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    "json, as Go's, not ASCII": FORMS["json, as Go's, not ASCII"],
    "json, as .NET's": lambda value: re.sub(
        "[^ -~]|[<>&\"'+/=]",
        lambda found: FORMS["json, every character"](found[0]).upper().replace("U", "u"),
        value,
    ),
    "json, every character, in two reprs": lambda value: repr(FORMS["json, every character, in a repr"](value))[1:-1],
    "url, every character, small": lambda value: "".join(f"%{byte:02x}" for byte in value.encode()),
    "shell": lambda value: value.replace("'", "'\\''"),
    "shlex.quote": lambda value: shlex.quote(value)[1:-1],
}


@pytest.mark.parametrize("form", RARE)
def test_it_is_masked_as_few_write_it(form: str) -> None:
    conceal(VALUE)
    assert mask(f"said: {RARE[form](VALUE)} then") == "said: *** then"


HEXADECIMAL = "a1b2c3d4e5f60718" * 2


@pytest.mark.parametrize("write", [str.upper, str.lower])
def test_hexadecimal_digits_are_masked_in_capitals_too(write: Write) -> None:
    for value, other in ((HEXADECIMAL, ""), ("deadbeefdeadbeef" * 2, "deadbeefdeadbeef")):
        conceal(write(value).swapcase())
        assert mask(f"got {write(value)}.") == "got ***."
        assert mask(f"x{write(value)[:12]}xx") == ("x***xx" if not other else f"x{write(value)[:12]}xx")
        assert mask(f"xx{write(value)[-12:]}x") == ("xx***x" if not other else f"xx{write(value)[-12:]}x")


@pytest.mark.parametrize("shift", range(4))
def test_of_base64_no_character_is_left_that_is_the_secrets_alone(shift: int) -> None:
    value = SECRETS["API token"]
    conceal(value)
    begin, end = 8 * shift, 8 * (shift + len(value))
    for after in ("", "\n", "~~~"):
        coded = base64.b64encode(f"{'u' * shift}{value}{after}".encode()).decode()
        own = [at for at in range(len(coded)) if begin <= 6 * at and 6 * at + 6 <= end]
        assert mask(coded) == f"{coded[: own[0]]}***{coded[own[-1] + 1 :]}"
    part = slice(own[0], own[0] + 10), slice(own[-1] - 9, own[-1] + 1)
    assert [mask(f"xx{coded[those]}xx") for those in part] == ["xx***xx"] * 2


@pytest.mark.parametrize("form", FORMS)
def test_fewer_characters_of_its_beginning_or_end_are_anybodys(form: str) -> None:
    value = SECRETS["API token"]
    conceal(value)
    few = PART - 1 if form.lower() != "hex" else LENGTH // 2 - 1  # so many digits are known wherever they stand
    written = [FORMS[form](value[:few]).rstrip("="), FORMS[form](value[-few:]).rstrip("=")]
    texts = [f"said {written[0]}…", f"… {written[1]} was"]
    assert [mask(text) for text in texts] == texts


@pytest.mark.parametrize("form", [name for name in FORMS if "base64" not in name])
def test_its_end_is_masked_in_every_form(form: str) -> None:
    value = SECRETS["API token"]
    conceal(value)
    assert mask(f"… {FORMS[form](value[-PART:])} was refused") == "… *** was refused"


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("xxspark-291b-aB3zz", [(2, 16)]),  # as long as it must be, in the midst of a word
        ("xxspark-291b-aBzz", []),
        ("xxspark-291b-aB", [(2, 15)]),  # cut off
        ("xxspark-291b-aB … and", [(2, 15)]),
        ("spark-291b", [(0, 10)]),
        ("spark-291b is a name", []),
        ('"spark-291b"', [(1, 11)]),
        ("(spark-291b)", []),
        ('"spark-29x', []),
        ("spark-291b-aB3xY spark-291b-aB3x", [(0, 16), (17, 32)]),
    ],
)
def test_what_stands_beside_a_beginning_tells_whether_it_is_the_secrets(
    text: str, begins: list[tuple[int, int]]
) -> None:
    form = Form("spark-291b-aB3xY7-unit-42z", "spark-29", "unit-42z", sure=14)
    assert list(form.beginnings(text)) == begins


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("xx3xY7-unit-42zxx", [(2, 15)]),
        ("xxxY7-unit-42zxx", []),
        ("Y7-unit-42zxx", [(0, 11)]),
        (" unit-42zxx", [(1, 9)]),
        ("… Y7-unit-42zxx", [(2, 13)]),
        ("a name is unit-42z", []),
        ('"unit-42z"', [(1, 9)]),
        ("a-unit-42z", []),
        ('"-unit-42z"', [(1, 10)]),
        ('x"unit-42z"', [(2, 10)]),
        ("3xY7-unit-42z B3xY7-unit-42z", [(0, 13), (14, 28)]),
    ],
)
def test_what_stands_beside_an_end_tells_whether_it_is_the_secrets(text: str, ends: list[tuple[int, int]]) -> None:
    form = Form("spark-291b-aB3xY7-unit-42z", "spark-29", "unit-42z", sure=13)
    assert list(form.ends(text)) == ends


@pytest.mark.parametrize(
    ("text", "ends"), [("x un7t-42z.", [(2, 10)]), (".xun7t-42z.", []), ("x.un7t-42z.", [(2, 10)])]
)
def test_an_end_without_a_word_is_the_secrets_where_no_letter_stands_before_it(
    text: str, ends: list[tuple[int, int]]
) -> None:
    assert list(Form("aB3xY7-un7t-42z", "aB3xY7-u", "un7t-42z", sure=13).ends(text)) == ends


@pytest.mark.parametrize(
    ("value", "sure"),
    [
        ("ab12cd34ef56gh78", 8),
        ("abc123def456ghi", 10),
        ("a1b2c3d4eeeeffff", 11),
        ("eeeeffffa1b2c3d4", 12),
        ("correct horse battery", 21),
    ],
)
def test_how_long_a_part_must_be_to_be_nobody_elses(value: str, sure: int) -> None:
    assert next(forms(value)).sure == sure


def test_a_tunnels_token_with_line_breaks_holds_the_same_secret() -> None:
    token = SECRETS["tunnel token"]
    wholes = {form.whole for form in forms(token)}
    assert INNER in wholes
    for wrapped in (f"{token}\n", f"{token[:76]}\n{token[76:]}\n"):
        assert INNER in {form.whole for form in forms(wrapped)}
    assert list(forms(base64.b64encode(b"[" * 5_000).decode()))


def test_a_short_line_of_a_secret_blots_out_no_word() -> None:
    conceal("-first line 1-\nspark\n291b\n")
    assert mask("-first line 1- of spark and 291b") == "*** of spark and 291b"
    conceal("k3Lm9Q")
    assert mask("k3Lm9Q") == MASK


def test_one_secret_that_begins_as_another_does_is_masked_to_its_end() -> None:
    conceal("k3Lm9Qx2pR")
    conceal("k3Lm9Qx2-and-more-of-it")
    conceal("k3Lm9Qx2pR7-longest")
    assert mask("k3Lm9Qx2pR k3Lm9Qx2-and-more-of-it k3Lm9Qx2pR7-longest.") == "*** *** ***."


def test_a_secret_of_several_lines_is_masked_by_each_of_them() -> None:
    conceal("-first line 1-\n   -second line 2-")
    assert mask("a -first line 1- b") == "a *** b"
    assert mask("a -first line 1- -second line 2- b") == "a *** b"
    assert mask("-second line 2-") == MASK
    assert mask("a -second line 2- b") == "a *** b"


@pytest.mark.parametrize("name", SECRETS)
def test_a_text_is_masked_wherever_it_stands_within_another(name: str) -> None:
    """Not every character is looked at, for time's sake."""
    value = SECRETS[name]
    conceal(value)
    told = [f"the API said {write(value)[:cut]}…" for write in FORMS.values() for cut in (7, 8, 9, 16, 10_000)]
    moved = [f"{' ' * (1 + number % LENGTH)}{text}" for number, text in enumerate(told)]
    assert [mask(text).lstrip(" ") for text in moved] == [mask(text) for text in told]


def test_words_that_a_passphrase_begins_or_ends_with_stay_words() -> None:
    conceal("infrastructure of spark-291b is at staple")
    for text in (
        "the infrastructure repository of spark-291b is at /srv", '"infrastructure"', "<td>infrastructure</td>",
        "spark-291b: 12 of 12", "an infrastructure of its own",
    ):  # fmt: skip
        assert mask(text) == text


_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=SHORTEST, max_size=20)


@given(_TEXTS | st.text(st.sampled_from("ab1 /\"'<&+%\\é🐟"), min_size=SHORTEST, max_size=20), st.data())
def test_any_text_at_all_is_masked_in_every_form(value: str, data: st.DataObject) -> None:
    bare = value.strip()
    if len(bare) < SHORTEST:
        return
    conceal(bare)
    form = data.draw(st.sampled_from(sorted(FORMS)))
    put = SINKS[data.draw(st.sampled_from(sorted(SINKS)))]
    assert bare not in mask(put(FORMS[form], bare))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("cfast_" + "a1B2" * 12, "cfast_***"),
        ("ghp_" + "a1B2" * 9, "ghp_***"),
        ("remote: gho_16C7e42F292c6912E7710c838347Ae178B4a.", "remote: gho_***."),
        ("ghs_a1.b2-c3_d4e5f6g7h8", "ghs_***"),
        ("github_pat_11ABCDE0Y0x9w8v7u6t5s4_r3q2", "github_pat_***"),
        ("pul-" + "0a" * 20, "pul-***"),
        ("OP_SERVICE_ACCOUNT_TOKEN=ops_eyJzaWduSW5BZGRyZXNzIjoi", "OP_SERVICE_ACCOUNT_TOKEN=ops_***"),
        ('{"CF-Access-Client-Secret": "abcdefghij"}', '{"CF-Access-Client-Secret": "***"}'),
        ("{'cf-access-client-secret': 'abcdefghij'}", "{'cf-access-client-secret': '***'}"),
        ('["cf-access-client-secret", "abcdefghij"]', '["cf-access-client-secret", "***"]'),
        ('\\"CF-Access-Client-Secret\\":\\"abcdefghij\\"', '\\"CF-Access-Client-Secret\\":\\"***\\"'),
        ("&quot;cf-access-token&quot;: &quot;abcdefghij&quot;", "&quot;cf-access-token&quot;: &quot;***&quot;"),
        ('"accessClientSecret": "f00dbabe1"', '"accessClientSecret": "***"'),
        ('"client_secret":"f00dbabe1"', '"client_secret":"***"'),
        ("-H 'CF-Access-Client-Secret: abcdefghij' https://x", "-H 'CF-Access-Client-Secret: ***' https://x"),
        ("Authorization: Basic dXNlcjpwYXNzd29yZA==", "Authorization: Basic ***"),
        ('"authorization": "Bearer abcdefghijkl"', '"authorization": "Bearer ***"'),
        ("b'cf-access-client-secret', b'abcdefghij'", "b'cf-access-client-secret', b'***'"),
        ("[(b'set-cookie', b'any=abcdefghij; Path=/')]", "[(b'set-cookie', b'any=***; Path=/')]"),
        ("CF_Authorization=eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIifQ12.c2lnbmF0dXJl; x", "CF_Authorization=***; x"),
        ("sent Bearer 0a1b2c3d4e5f and got 403", "sent Bearer *** and got 403"),
        ("https://user:pass@api.example.org/v4", "https://***@api.example.org/v4"),
        ("https://x0tok3n@github.com/o/r.git", "https://***@github.com/o/r.git"),
        ("https:\\/\\/user:pass@api.example.org", "https:\\/\\/***@api.example.org"),
        ("ssh://git:hunter2@host/x and ssh://git@host/x", "ssh://git:***@host/x and ssh://git@host/x"),
        ("postgres://u:p%40ss@db", "postgres://u:***@db"),
        ("eyJhIjoi" + "Zm9v" * 12 + "…", "***…"),
    ],
)  # fmt: skip
def test_what_looks_like_a_secret_is_masked_whosever_it_is(text: str, kept: str) -> None:
    assert mask(text) == kept
    assert mask(mask(text)) == kept


@pytest.mark.parametrize(
    "text",
    [
        "secrets.esc_client_secret: nonconformant", "secrets.client_secret_shape  required", "observed hex-64",
        "the client secret has the shape cfast_ and 48 characters", "a github_pat_ token", "Bearer authentication",
        'WWW-Authenticate: Bearer resource_metadata="https://x/.well-known/oauth-protected-resource"', "basic settings",
        "a pulumi stack, pul-request", "ops_team", "accessClientSecret in plain text", "mailto:ops@example.org",
        "https://ollama.goldfish.io/api/tags?mail=ops@example.org", "ssh://git@github.com/o/r.git",
        "CF-Access-Client-Secret header", "the tunnel token is stored there", "http://localhost:41923, HTTP 200",
        "dgx-spark:accessClientSecret, dgx-spark:cloudflareTunnelToken", "httpHostHeader: localhost:11434",
        "['send CF-Access-Client-Secret', 'nonconformant']",
        "3f786850e387550fdab836ed7e6dc881de23001b", "registry.ollama.ai/library/llama3.3:70b", "7 of 12 conformant",
    ],
)  # fmt: skip
def test_what_an_operator_needs_stays(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    "sign",
    [
        "eyJ", "x-auth-key", "clienttoken", "client_token=", "ghp_-.", "cookie", "http://", "https://a:", "Bearer ",
        "authorization:", "-----BEGIN ", "cf-access-token ", "ops_", "cfast_.", "&quot;", "\\\\", "b'",
    ],
)  # fmt: skip
def test_many_signs_of_secrets_in_one_long_word_do_not_take_long(sign: str) -> None:
    """One that looks to the text's end from each of them would take hours."""
    assert mask(sign * (300_000 // len(sign)))


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        ({"CF-Access-Client-Secret": "abc"}, {"CF-Access-Client-Secret": MASK}),
        ({"clientSecret": "f00dbabe1", "n": 1}, {"clientSecret": MASK, "n": 1}),
        ({"sent": [["cf-access-token", "abc"], ["a", "b"]]}, {"sent": [["cf-access-token", MASK], ["a", "b"]]}),
        ({"sent": [[5, "clientSecret"]]}, {"sent": [[5, "clientSecret"]]}),
        ({"zone": "023e105f4ecef8ad"}, {"zone": "023e105f4ecef8ad"}),
        ({"client_secret": "nonconformant"}, {"client_secret": "nonconformant"}),
        ({"client_secret": {"shape": "hex-64"}}, {"client_secret": {"shape": "hex-64"}}),
    ],
)  # fmt: skip
def test_a_members_name_tells_that_its_value_is_a_secret(data: Any, kept: Any) -> None:
    assert mask_all(data) == kept


def test_eight_characters_are_as_many_whatever_they_are_written_in() -> None:
    """An entity is one character, and is readable without its end; base64 shows eight in ten letters, not in nine."""
    value = "aB3dE5g&h7jK9lM1nP3qR5"
    conceal(value)
    coded = base64.b64encode(value.encode()).decode()
    left = ["aB3dE5g…", f"{coded[:9]}…"]
    assert [mask(f"got {text}") for text in left] == [f"got {text}" for text in left]
    gone = ["aB3dE5g&…", "aB3dE5g&amp…", "aB3dE5g&amp;…", f"{coded[:10]}…"]
    assert [text for text in gone if "***" not in mask(f"got {text}")] == []


def test_nothing_is_left_of_a_value_with_both_quotation_marks() -> None:
    value = "aB3d'E5g\"h<7jK9&lM1nP3qR"  # in base64 without a rest, so that its letters are all its own
    conceal(value)
    written = [
        base64.b64encode(value.encode()).decode(),
        repr(value)[1:-1],
        html.escape(value, quote=False).replace('"', "&quot;"),
        json.dumps(value)[1:-1],
    ]
    assert [text for text in written if mask(f"got {text} there") != "got *** there"] == []
