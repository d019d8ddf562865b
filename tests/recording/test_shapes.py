"""The rule of the value classes: what makes a difference, and what does not."""

import json
from typing import Any

import pytest

from spark_conformance.core.secret import Secret
from spark_conformance.core.tap import Heard, heard, lines, listening
from spark_conformance.recording.shapes import Gathering, class_of, line_shape, listed, shape_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"id": "75a07d1a-0bc7-485f-86b2-ce676d7d1c35"}, {"id": "00000000-0000-4000-8000-000000000000"}),
        ({"at": "2026-11-23T17:33:15Z"}, {"at": "2025-01-02T03:04:05.678901+00:00"}),
        ({"path": "/tmp/lab-1/etc/systemd/system"}, {"path": "/etc/systemd/system"}),  # noqa: S108 - a text
        ({"at": "127.0.0.1:41923"}, {"at": "localhost:11434"}),
        ({"ip": "127.0.0.1"}, {"ip": "2606:4700::1111"}),
        ({"status": "healthy"}, {"status": "degraded"}),
        ({"count": 3}, {"count": 7}),
        ({"by_code": {"200": 4}}, {"by_code": {"403": 4, "502": 1}}),
        ({"items": [{"name": "a"}]}, {"items": [{"name": "b"}, {"name": "c"}]}),
        ({"digest": "a" * 64}, {"digest": "sha256:" + "b" * 64}),
        ({"said": "some words"}, {"said": "other words of it"}),
    ],
)
def test_what_makes_no_difference(one: Any, other: Any) -> None:
    assert shape_of(one) == shape_of(other)


@pytest.mark.parametrize(
    ("one", "other", "place", "classes"),
    [
        ({"a": 1}, {"a": "1.0"}, "a", "version"),
        ({"a": 1}, {"a": 1.0}, "a", "float"),
        ({"a": True}, {"a": 1}, "a", "int"),
        ({"a": "x"}, {"a": None}, "a", "null"),
        ({"a": {}}, {"a": []}, "a", "list"),
        ({"status": 200}, {"status": 403}, "status", "status: 403"),
        ({"errors": [{"code": 1003}]}, {"errors": [{"code": 7003}]}, "errors[].code", "code: 7003"),
        ({"status": "healthy"}, {"status": "perplexed"}, "status", "status: perplexed"),
        ({"id": "0" * 32}, {"id": "0" * 31}, "id", "hex31"),
        ({"c": [{"x": 1}, {"x": 2}]}, {"c": [{"x": 1}, {}]}, "c[].x", "absent | int"),
        ({"headers": [["server", "x"]]}, {"headers": [["via", "y"]]}, "headers.via", "text"),
        ({"body": '{"models": []}'}, {"body": '{"models": null}'}, "body.models", "null"),
        ({"body": "{}"}, {"body": "<html>"}, "body", "text"),
        ({"seconds": 1.5}, {"seconds": "Infinity"}, "seconds", "float"),
    ],
)
def test_what_makes_a_difference(one: Any, other: Any, place: str, classes: str) -> None:
    assert listed(shape_of(other))[place] == classes
    if place != "seconds":  # an infinite number is a number like any other
        assert listed(shape_of(one)).get(place) != classes


def test_a_line_is_its_words() -> None:
    line = (
        "2026-08-20T10:11:12Z INF Registered tunnel connection connIndex=0 connection=75a07d1a-0bc7-485f-86b2-"
        "ce676d7d1c35 event=0 ip=198.41.192.7 location=ams01 protocol=quic"
    )
    assert line_shape(line) == (
        "<time> INF Registered tunnel connection connIndex=int connection=uuid event=int ip=ip location=text "
        "protocol=protocol set"
    )
    assert line_shape(line.replace("quic", "pigeon")).endswith("protocol=protocol: pigeon")
    gin = '[GIN] 2026/11/23 - 17:00:00 | 200 |    1.2ms |  127.0.0.1 | GET      "/api/tags"'
    assert line_shape(gin) == line_shape(gin.replace("1.2ms", "813µs").replace("17:00:00", "04:05:06"))
    assert line_shape(gin) == line_shape(gin.replace("tags", "tags?probe=0123456789"))
    assert line_shape(gin) != line_shape(gin.replace("GET", "POST"))


def test_answers_are_kept_as_shapes_alone_each_by_its_request() -> None:
    secret = Secret("canary-0123456789abcdef", "a canary").reveal()
    gathering = Gathering()
    with listening(gathering.hear):
        for body in ({"result": secret, "x": 1}, {"result": secret}):
            what = "GET /accounts/0123456789abcdef0123456789abcdef/cfd_tunnel?page=1"
            heard("cloudflare", what, 200, json.dumps(body).encode(), {"CF-Ray": secret})
        heard("edge", f"GET /{secret}", 502, b"<html>bad gateway</html>")
        heard("host", "GET /metrics", 200, b"# HELP up\n# TYPE up gauge\nup 1\n")
        lines("cloudflared", [f"2026-08-20T10:11:12Z ERR it failed token={secret} {secret}"])
    heard("edge", "GET /later", 200, b"")
    shapes = gathering.shapes()
    assert secret not in json.dumps(shapes)
    assert shapes["cloudflare: GET /accounts/{id}/cfd_tunnel → 200"] == {
        "": "object", "header cf-ray": "header", "result": "text", "x": "int",
    }  # fmt: skip
    assert shapes["host: GET /metrics → 200"]["up"] == "gauge"
    assert list(shapes["log: cloudflared"]) == ["<time> ERR it failed token=text ***"]
    assert len(shapes) == 4


def test_an_answer_that_is_no_text_has_a_shape_too() -> None:
    gathering = Gathering()
    gathering.hear(Heard("host", "GET /", 200, (), b"\xff\x00"))
    assert gathering.shapes() == {"host: GET / → 200": {"": "text"}}


def test_a_word_that_no_set_has_is_masked_like_everything() -> None:
    Secret("perplexed", "a canary")
    assert class_of("status", "perplexed") == "status: ***"
