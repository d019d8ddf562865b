"""What is told where Cloudflare's API does not answer as it should, in whole sentences, and without a server."""

# ruff: noqa: E501 - sentences stand whole, as they are told
from typing import Any

import httpx
import pytest
from cloudflare import APIConnectionError, APIError, APIStatusError, APITimeoutError

from spark_conformance.cloudflare import client
from spark_conformance.cloudflare.endpoints import ACCESS_LOG, RECORDS, TOKEN_OF_USER, Endpoint
from spark_conformance.cloudflare.graphql import refused
from spark_conformance.cloudflare.refusals import OWNER, Way, endless, garbage, refusal, unsuccessful
from spark_conformance.cloudflare.tables import Table, table, tables
from spark_conformance.cloudflare.writing import NotWritten, not_written
from spark_conformance.core.verdict import Unreachable

WAY = Way("https://api.example/v4", "env:TOKEN", 2.5, 3)
ASKED = httpx.Request("GET", WAY.url)
Raised = tuple[str, str | None, str]
NO_WAY = ("cloudflare: no way to the API", OWNER, ("Cloudflare's API at https://api.example/v4 {}; check that this machine "
          "can reach it, through its proxy if it has one, and that target.cloudflare.api is right"))  # fmt: skip
LIMITED = (
    "Cloudflare's API limits the token's requests (HTTP 429{}), and asks to wait {} s: it allows a user 1200 in five "
    "minutes; wait that long, see what else uses the account's tokens, and run again"
)
NOT_ACCEPTED = (
    "Cloudflare's API does not accept the token of env:TOKEN ({}); check in the dashboard, under My Profile > API Tokens, "
    "that it is active and not expired, and store the whole of a valid one there"
)
NO_ACCESS = (
    "the account has no Access, says Cloudflare's API (HTTP {}: {} (code 9999)); do as it says, or see whether "
    "target.cloudflare names the right account"
)
LACKS = (
    "the API token of env:TOKEN may not read the zone's DNS records (HTTP 403{}); give it the permission 'DNS Read' in the "
    "dashboard, and see that it is not limited to another account, zone or address"
)


def status(code: int, *errors: Any, headers: dict[str, str] | None = None, body: Any = None) -> APIStatusError:
    answer = httpx.Response(code, headers=headers, request=ASKED)
    return APIStatusError("no", response=answer, body={"errors": list(errors)} if body is None else body)


def said(code: Any, message: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "message": message, **more}


def caused(reason: BaseException, cause: BaseException | None = None) -> APIConnectionError:
    error = APIConnectionError(request=ASKED)
    error.__cause__ = reason
    reason.__context__ = cause
    return error


def filled(form: tuple[str, str | None, str], what: str) -> Raised:
    return form[0], form[1], form[2].format(what)


@pytest.mark.parametrize(
    ("error", "endpoint", "told"),
    [
        (APITimeoutError(ASKED), RECORDS, filled(NO_WAY, "did not answer within 2.5 s (tried 3 times)")),
        (caused(OSError(111, "Connection refused")), RECORDS,
         filled(NO_WAY, "cannot be reached: Connection refused (tried 3 times)")),
        (caused(ValueError("outer"), OSError(113, "No route")), RECORDS,
         filled(NO_WAY, "cannot be reached: No route (tried 3 times)")),
        (caused(ValueError("x" * 200)), RECORDS, filled(NO_WAY, f"cannot be reached: {'x' * 119}… (tried 3 times)")),
        (caused(TimeoutError()), RECORDS, filled(NO_WAY, "cannot be reached: TimeoutError (tried 3 times)")),
        (status(429), RECORDS, ("cloudflare: rate limit", None, LIMITED.format("", "some"))),
        (status(429, said(971, "Please wait"), headers={"retry-after": "7"}), RECORDS,
         ("cloudflare: rate limit", None, LIMITED.format(": Please wait (code 971)", "7"))),
        (status(503, headers={"cf-ray": "8f-FRA"}), RECORDS,
         ("cloudflare: HTTP 503", None, ("Cloudflare's API failed to give the zone's DNS records (HTTP 503, ray 8f-FRA); "
          "see cloudflarestatus.com, and run again"))),
        (status(500, body="<h1>" + "x" * 200), RECORDS,
         ("cloudflare: HTTP 500", None, ("Cloudflare's API failed to give the zone's DNS records (HTTP 500: <h1>"
          f"{'x' * 115}…); see cloudflarestatus.com, and run again"))),
        (status(499, said(1, "no"), {"error_chain": [{"code": 2}, "odd"]}, "odd"), RECORDS,
         ("cloudflare: HTTP 499", None, ("Cloudflare's API did not give the zone's DNS records (HTTP 499: no (code 1); "
          "no message (code none); no message (code 2)); see whether target.cloudflare names the right account, zone and "
          "base URL"))),
        *((status(code, *errors), RECORDS, ("cloudflare: token refused", OWNER, NOT_ACCEPTED.format(told)))
          for code, errors, told in [
              (401, [], "HTTP 401"),
              (400, [said(6003, "cut short")], "HTTP 400: cut short (code 6003)"),
              (400, [said(1, "a"), said(9106, "b")], "HTTP 400: a (code 1); b (code 9106)"),
              (403, [said(9109, "Invalid access token")], "HTTP 403: Invalid access token (code 9109)"),
          ]),
        (status(401, said(6003, "x")), TOKEN_OF_USER,
         ("cloudflare: token refused", OWNER, NOT_ACCEPTED.format("HTTP 401: x (code 6003)"))),
        (status(403), RECORDS, ("cloudflare: DNS Read", None, LACKS.format(""))),
        (status(403, said(6003, "no")), RECORDS, ("cloudflare: DNS Read", None, LACKS.format(": no (code 6003)"))),
        (status(403), TOKEN_OF_USER, (
            "cloudflare: token refused", OWNER, ("Cloudflare's API forbids the API token's own status to the token of "
            "env:TOKEN (HTTP 403), though any token may read it; see whether the token is limited to other addresses "
            "than this machine's"))),
        (status(404, said(9999, "access.api.error.not_enabled: click")), RECORDS,
         ("cloudflare: Access is not enabled", None, NO_ACCESS.format(404, "access.api.error.not_enabled: click"))),
        (status(400, said(1, "api.error.not_enabled")), RECORDS,
         ("cloudflare: HTTP 400", None, ("Cloudflare's API did not give the zone's DNS records (HTTP 400: "
          "api.error.not_enabled (code 1)); see whether target.cloudflare names the right account, zone and base URL"))),
        (status(400, said(1, "access.api.error.invalid")), RECORDS,
         ("cloudflare: HTTP 400", None, ("Cloudflare's API did not give the zone's DNS records (HTTP 400: "
          "access.api.error.invalid (code 1)); see whether target.cloudflare names the right account, zone and base "
          "URL"))),
    ],
)  # fmt: skip
def test_an_error_is_told_with_its_cause_and_what_to_do(error: APIError, endpoint: Endpoint, told: Raised) -> None:
    seen = refusal(error, endpoint, WAY)
    assert (seen.cause, seen.owner, seen.sentence) == told


def test_what_was_tried_once_is_told_so() -> None:
    once = Way("https://api.example/v4", "env:TOKEN", 30, 1)
    assert "did not answer within 30 s (tried once); " in refusal(APITimeoutError(ASKED), RECORDS, once).sentence


@pytest.mark.parametrize(
    ("told", "cause", "sentence"),
    [
        (garbage(RECORDS, "something other than a list"), "cloudflare: unexpected answer",
         ("Cloudflare's API answered the request for the zone's DNS records with something other than a list; check that "
         "target.cloudflare.api is the API's base URL, and that no proxy answers in its place")),
        (unsuccessful(RECORDS, {"success": False, "errors": [said(1, "no")]}), "cloudflare: no result",
         ("Cloudflare's API answered the request for the zone's DNS records without success, though with HTTP 200: no "
         "(code 1); run again, and see cloudflarestatus.com if it stays")),
        (unsuccessful(RECORDS, {"errors": []}), "cloudflare: no result",
         ("Cloudflare's API answered the request for the zone's DNS records without success, though with HTTP 200: and "
         "gives no result; run again, and see cloudflarestatus.com if it stays")),
        (endless(RECORDS, WAY, "more than 8 MiB"), "cloudflare: no end of an answer",
         ("Cloudflare's API at https://api.example/v4, asked for the zone's DNS records, sends an answer without end: "
         "more than 8 MiB; see whether a proxy answers in its place, and whether target.cloudflare.api is right")),
        (refused(ACCESS_LOG, [said(None, "not authorized for that account")]), "cloudflare: Account Analytics Read",
         ("the API token may not read the log of Access (GraphQL: not authorized for that account); give it the "
         "permission 'Account Analytics Read' in the dashboard, and see whether the plan has this log")),
        (refused(ACCESS_LOG, [{"extensions": {"code": "authz"}}, "odd", {"message": "b"}]),
         "cloudflare: Account Analytics Read",
         ("the API token may not read the log of Access (GraphQL: no message; b); give it the permission 'Account "
         "Analytics Read' in the dashboard, and see whether the plan has this log")),
        *((refused(ACCESS_LOG, odd), "cloudflare: GraphQL",
           ("Cloudflare's GraphQL API did not give the log of Access: an error without a message; run again, and look at "
           "the log in the dashboard meanwhile")) for odd in ("odd", ["odd"], [])),
    ],
)  # fmt: skip
def test_an_odd_answer_is_told_with_what_to_look_at(told: Unreachable, cause: str, sentence: str) -> None:
    assert (told.cause, told.owner, told.sentence) == (cause, None, sentence)


def written(error: APIError, endpoint: Endpoint = RECORDS) -> tuple[bool, float | None]:
    told = not_written(error, endpoint, WAY)
    return told.certain, told.after_s


def test_after_a_write_that_failed_is_known_what_became_of_it() -> None:
    assert written(APITimeoutError(ASKED)) == (False, 0)
    assert written(status(500)) == written(status(599)) == (False, 0)
    assert written(status(499)) == written(status(400)) == (True, None)
    assert written(status(429)) == written(status(429, headers={"retry-after": "soon"})) == (True, 1)
    assert written(status(429, headers={"retry-after": "7"})) == (True, 7)
    assert written(status(403), TOKEN_OF_USER) == (True, None)
    lacks: NotWritten = not_written(status(403), RECORDS, WAY)
    assert (lacks.certain, lacks.after_s, str(lacks)) == (
        True, None,
        ("the API token of env:TOKEN may not change the zone's DNS records (HTTP 403); give it the permission 'DNS Write' "
        "in the dashboard, for this account and zone"),
    )  # fmt: skip


FIELDS = Table(
    "the zone", {"t": "x", "e": "", "n": 5, "b": True, "l": ["a"], "o": {"t": 1}, "none": None, "lo": [{}], "el": []}
)


def test_a_field_is_what_it_must_be() -> None:
    assert (FIELDS.text("t"), FIELDS.text("e"), FIELDS.number("n"), FIELDS.flag("b")) == ("x", "", 5, True)
    assert [FIELDS.text_or_none(key) for key in ("t", "e", "none", "missing")] == ["x", None, None, None]
    assert [FIELDS.flag_or(key, absent=False) for key in ("b", "none", "missing")] == [True, False, False]
    assert [FIELDS.texts(key) for key in ("l", "el", "none", "missing")] == [("a",), (), (), ()]
    assert [FIELDS.table(key).fields for key in ("o", "el", "none", "missing")] == [{"t": 1}, {}, {}, {}]
    assert [len(FIELDS.tables(key)) for key in ("lo", "el", "none", "missing")] == [1, 0, 0, 0]


@pytest.mark.parametrize(
    ("read", "told"),
    [
        (lambda: FIELDS.text("n"), "the zone: 't' should be a string and is int".replace("'t'", "'n'")),
        (lambda: FIELDS.text("missing"), "the zone: 'missing' should be a string and is missing"),
        (lambda: FIELDS.text("none"), "the zone: 'none' should be a string and is NoneType"),
        (lambda: FIELDS.text_or_none("n"), "the zone: 'n' should be a string and is int"),
        (lambda: FIELDS.number("b"), "the zone: 'b' should be a number and is bool"),
        (lambda: FIELDS.number("t"), "the zone: 't' should be a number and is str"),
        (lambda: FIELDS.flag("n"), "the zone: 'n' should be true or false and is int"),
        (lambda: FIELDS.flag_or("n", absent=True), "the zone: 'n' should be true or false and is int"),
        (lambda: FIELDS.texts("t"), "the zone: 't' should be a list of strings and is str"),
        (lambda: FIELDS.texts("lo"), "the zone: 'lo' should be a list of strings and is list"),
        (lambda: FIELDS.table("t"), "the zone: 't' should be an object and is str"),
        (lambda: FIELDS.table("l"), "the zone: 'l' should be an object and is list"),
        (lambda: FIELDS.table("o").text("t"), "the zone, o: 't' should be a string and is int"),
        (lambda: FIELDS.tables("t"), "the zone, t should be a list and is str"),
        (lambda: FIELDS.tables("l"), "the zone, l should be an object and is str"),
        (lambda: table("the token", []), "the token should be an object and is list"),
        (lambda: tables("the zones", {}), "the zones should be a list and is dict"),
    ],
)
def test_a_field_that_is_something_else_is_told(read: Any, told: str) -> None:
    with pytest.raises(Unreachable) as caught:
        read()
    assert caught.value.sentence == (
        f"Cloudflare's API answered in a shape that this suite does not know: {told}; look at the answer with curl, and "
        "report it together with the suite's version"
    )


@pytest.mark.parametrize(
    ("info", "page", "so_far", "last"),
    [
        ({"total_pages": 2}, 1, 50, False), ({"total_pages": 2}, 2, 60, True), ({"total_pages": 0}, 1, 5, False),
        ({"total_count": 60}, 1, 59, False), ({"total_count": 60}, 1, 60, True), ({"total_count": 0}, 1, 5, False),
        ({"total_pages": "2", "total_count": "5"}, 9, 99, False), (None, 1, 1, False), ({}, 1, 1, False),
        ({"total_pages": 3, "total_count": 5}, 1, 5, True),
    ],
)  # fmt: skip
def test_which_page_is_the_last(info: Any, page: int, so_far: int, last: bool) -> None:
    assert client._was_last(info, page, so_far) is last


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<h1>", "4 bytes that are not JSON (text/html)"),
        (b"[]", "JSON that is not an answer from this API"),
        (b'{"result": 1}', "JSON that is not an answer from this API"),
    ],
)
def test_an_answer_of_somebody_else_is_told(content: bytes, told: str) -> None:
    answer = httpx.Response(200, content=content, headers={"content-type": "text/html"})
    with pytest.raises(Unreachable, match="no proxy answers in its place") as caught:
        client._judged(RECORDS, answer)
    assert f"the zone's DNS records with {told}; check" in caught.value.sentence


@pytest.mark.parametrize(
    "envelope", [b'{"success": 1, "result": 1}', b'{"success": true}', b'{"success": false, "result": 1}']
)
def test_only_success_with_a_result_is_an_answer(envelope: bytes) -> None:
    with pytest.raises(Unreachable, match="without success, though with HTTP 200"):
        client._judged(RECORDS, httpx.Response(200, content=envelope))
    good = client._judged(RECORDS, httpx.Response(200, content=b'{"success": true, "result": 0}'))
    assert good["result"] == 0
