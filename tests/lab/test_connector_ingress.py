"""Ingress rules: what matches, what is refused and in which words."""

import pytest

from spark_lab.connector.ingress import LAST_RULE, IngressError, parse

CATCH_ALL = {"service": "http_status:404"}


@pytest.mark.parametrize(
    ("host", "path", "number"),
    [
        ("ollama.goldfish.io", "/", 0),
        ("ollama.goldfish.io:443", "/", 0),
        ("Ollama.goldfish.io", "/", 4),
        ("a.wild.goldfish.io", "/", 1),
        ("a.b.wild.goldfish.io", "/", 1),
        ("wild.goldfish.io", "/", 4),
        ("api.goldfish.io", "/v1/models", 2),
        ("api.goldfish.io", "/about/v1/", 2),
        ("api.goldfish.io", "/v2", 4),
        ("anything", "/status", 3),
    ],
)
def test_the_first_rule_that_matches_takes_the_request(host: str, path: str, number: int) -> None:
    rules = [
        {"hostname": "ollama.goldfish.io", "service": "http://localhost:11434"},
        {"hostname": "*.wild.goldfish.io", "service": "http://localhost:1"},
        {"hostname": "api.goldfish.io", "path": "/v1/", "service": "http://localhost:2"},
        {"hostname": "*", "path": "^/status$", "service": "http_status:200"},
        CATCH_ALL,
    ]
    assert parse({"ingress": rules}).match(host, path)[1] == number


@pytest.mark.parametrize(
    ("hostname", "host", "takes"),
    [
        ("Ollama.Goldfish.io", "ollama.goldfish.io", True),
        ("bücher.goldfish.io", "xn--bcher-kva.goldfish.io", True),
        ("*.Goldfish.io", "ollama.goldfish.io", False),
        ("a..goldfish.io", "a.goldfish.io", False),
    ],
)
def test_a_rule_is_looked_up_by_its_name_as_idna_spells_it(hostname: str, host: str, takes: bool) -> None:
    rules = [{"hostname": hostname, "service": "http://localhost:1"}, CATCH_ALL]
    assert (parse({"ingress": rules}).match(host, "/")[1] == 0) == takes


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([{"hostname": "a.io", "service": "http://localhost:1"}], LAST_RULE),
        ([{"path": "/x", "service": "http://localhost:1"}], LAST_RULE),
        ([CATCH_ALL, CATCH_ALL], "Rule #1 is matching the hostname '', but this will match every hostname"),
        ([{"hostname": "a.*.io", "service": "http://x"}, CATCH_ALL], "at most one wildcard"),
        ([{"hostname": "a.io:1", "service": "http://x"}, CATCH_ALL], "Hostname cannot contain a port"),
        ([{"service": "http_status:abc"}], "invalid HTTP status code"),
        ([{"service": "http_status:99"}], "invalid HTTP status code: 99"),
        (
            [{"service": "localhost"}],
            "localhost is an invalid address, please make sure it has a scheme",
        ),
        ([{"service": "http://localhost:1/api"}], "don't support proxying to a different path"),
        ([{"hostname": "a.io", "path": "(", "service": "http://x"}, CATCH_ALL], "Rule #1 has an invalid regex"),
        (
            [{"service": "http://x", "originRequest": {"access": {"required": True, "audTag": ["a"]}}}],
            "access.TeamName cannot be blank",
        ),
    ],
)
def test_bad_rules_are_refused_in_cloudflared_s_words(rules: list[dict[str, object]], said: str) -> None:
    with pytest.raises(IngressError) as refused:
        parse({"ingress": rules})
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "service", ["unix:/run/x", "hello_world", "socks-proxy", "ssh://localhost:22", "ws://localhost:1"]
)
def test_services_that_are_not_served_here_are_accepted_all_the_same(service: str) -> None:
    (rule,) = parse({"ingress": [{"service": service}]}).rules
    assert rule.is_served == service.startswith("ws:")


def test_no_rules_are_a_503() -> None:
    ingress = parse({"ingress": []})
    assert [rule.service for rule in ingress.rules] == ["http_status:503"]
    assert ingress.rules[0].is_default


def test_settings_of_all_rules_are_overridden_by_a_rule_s_own() -> None:
    rules = [{"hostname": "a.io", "service": "http://x", "originRequest": {"connectTimeout": 5}}, CATCH_ALL]
    said = {"ingress": rules, "originRequest": {"httpHostHeader": "h", "connectTimeout": 9}}
    first, last = (rule.shown()["originRequest"] for rule in parse(said).rules)
    assert (first["connectTimeout"], first["httpHostHeader"]) == (5, "h")
    assert (last["connectTimeout"], last["keepAliveTimeout"]) == (9, 90)


@pytest.mark.parametrize(
    ("said", "held"), [(30_000_000_000, -6893488147.419103), (20_000_000_000, 1553255926.290448), (0, 0), (30, 30)]
)
def test_a_duration_is_held_in_nanoseconds(said: int, held: float) -> None:
    rules = [{"hostname": "a.io", "service": "http://x", "originRequest": {"connectTimeout": said}}, CATCH_ALL]
    assert parse({"ingress": rules}).rules[0].shown()["originRequest"]["connectTimeout"] == pytest.approx(held)
