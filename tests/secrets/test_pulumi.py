"""What `pulumi config` says of a stack, as its own code prints it: with and without ESC environments."""

import json

import pytest

from spark_conformance.core.verdict import Unreachable
from spark_conformance.programs.running import Completed
from spark_conformance.secrets.pulumi import KeyAbsent, absent, refusal, stack_of, value_in

TOKEN, ID = "dgx-spark:cloudflareTunnelToken", "dgx-spark:accessClientId"
CLOSED = {key: {"value": "[unknown]", "secret": False} for key in (TOKEN, ID)}
OPENED = {TOKEN: {"secret": True}, ID: {"value": "a1.access", "secret": False}}
NONE: dict[str, object] = {}
TABLE = "KEY  VALUE\n"
ERRORS = f'{TABLE}\nEnvironment diagnostics:\nspark/prod:3:5: unknown property "x"\n'
OLD = Completed(255, "", "error: unknown flag: --open\n")
DENIED = Completed(1, "", "error: [403] forbidden: opening environment spark/prod\n")


class Asked:
    """Answers `pulumi config` by its words, and keeps what it was asked."""

    def __init__(self, *, closed: object, opened: object = None, table: str = TABLE) -> None:
        self.answers = {("--json",): closed, ("--json", "--open"): opened, (): table}
        self.heard: list[str] = []

    def __call__(self, *words: str) -> Completed:
        self.heard.append(" ".join(words))
        said = self.answers[words]
        if isinstance(said, Completed):
            return said
        return Completed(0, said if isinstance(said, str) else json.dumps(said, indent=2), "")


def told(ask: Asked, key: str) -> str:
    """A key's state, or the sentence that says why it cannot be told."""
    try:
        return stack_of(ask, (TOKEN, ID)).state(key)
    except Unreachable as untold:
        return untold.sentence


@pytest.mark.parametrize(
    ("ask", "token", "asked"),
    [
        (Asked(closed=OPENED), TOKEN, 1),
        (Asked(closed=CLOSED, opened=OPENED), TOKEN, 2),
        (Asked(closed=CLOSED, opened={**OPENED, TOKEN: {"value": "eyJ", "secret": False}}), f"{TOKEN} in plain", 2),
        (Asked(closed={**CLOSED, TOKEN: {"secret": True}}, opened=OPENED), TOKEN, 2),
        (Asked(closed={**CLOSED, TOKEN: {"secret": True}}, opened=OLD), TOKEN, 2),
        (Asked(closed={**CLOSED, TOKEN: {"value": "eyJ", "secret": False}}, opened=CLOSED), f"{TOKEN} in plain", 2),
        # a value of several environments, merged: a part of it is not resolved
        (
            Asked(closed={**OPENED, TOKEN: {"value": '{"a":"[unknown]"}', "objectValue": {}, "secret": False}},
                  opened=OPENED), TOKEN, 2,
        ),
        # the whole of pulumiConfig is computed: no key at all before it is opened
        (Asked(closed=NONE, opened=OPENED), TOKEN, 2),
        (Asked(closed=NONE, opened=NONE), "absent", 3),
        (Asked(closed=NONE, opened=NONE, table=ERRORS), "have errors, and may lack it for that: spark/prod:3:5:", 3),
        # an environment with errors is not opened, gives nothing, and Pulumi ends with 0 all the same
        (Asked(closed=CLOSED, opened=NONE), "its value was not resolved", 2),
        (Asked(closed=CLOSED, opened=CLOSED), "its value was not resolved", 2),
        (Asked(closed=NONE, opened=CLOSED), "its value was not resolved", 2),
        (Asked(closed=CLOSED, opened=OLD), "`pulumi config --open` failed: error: unknown flag: --open", 2),
        (Asked(closed=CLOSED, opened=DENIED), "failed: error: [403] forbidden: opening environment", 2),
        (Asked(closed=NONE, opened=DENIED), "an ESC environment may have it", 2),
    ],
)  # fmt: skip
def test_a_key_is_judged_only_where_it_is_seen(ask: Asked, token: str, asked: int) -> None:
    assert token in told(ask, TOKEN)
    assert len(ask.heard) == asked


def test_a_value_that_only_looks_unresolved_is_not() -> None:
    ask = Asked(closed={**OPENED, ID: {"value": "it says [unknown] here", "secret": False}})
    assert told(ask, ID) == f"{ID} in plain text"
    assert len(ask.heard) == 1


def test_whose_keys_they_are_shows() -> None:
    assert stack_of(Asked(closed=CLOSED, opened=OPENED), (TOKEN,)).from_environments == (ID, TOKEN)
    assert stack_of(Asked(closed=OPENED), (TOKEN,)).from_environments == ()


def test_a_key_may_be_written_without_its_project() -> None:
    bare = TOKEN.partition(":")[2]
    assert stack_of(Asked(closed=OPENED), (bare,)).state(bare) == bare
    twice = {**OPENED, f"other:{bare}": {"value": "x", "secret": False}}
    with pytest.raises(Unreachable, match="write which"):
        stack_of(Asked(closed=twice, opened=twice), (bare,)).state(bare)


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ('{\n  "value": " two words\\n",\n  "secret": true\n}\n', " two words\n"),
        ('{"value": "a1.access", "secret": false}\n\nEnvironment diagnostics:\nspark/prod:3:5: unknown\n', "a1.access"),
        ('{"value": "{\\"a\\":1}", "objectValue": {"a": 1}, "secret": false}', '{"a":1}'),
        ('{"secret": true}', None),
        ('{"value": 1}', None),
        ("a1.access\n", None),
        ("[]", None),
        ("[" * 100_000, None),
        ("", None),
    ],
)
def test_the_value_is_the_first_json(printed: str, value: str | None) -> None:
    assert value_in(printed) == value


NEW = "PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions"


@pytest.mark.parametrize(
    ("status", "said", "cause", "remedy"),
    [
        (3, "error: [401] the provided access token is invalid or expired", "pulumi: login", "pulumi login"),
        (6, "error: no stack named 'prod' found", "pulumi: stack", "pulumi stack select"),
        (255, f"error: {NEW}", "pulumi: login", "pulumi login"),
        (255, "error: no stack selected; please use `pulumi stack select`", "pulumi: stack", "pulumi stack select"),
        (1, "error: no Pulumi.yaml project file found (searching upwards)", "pulumi: project", "pulumi_cwd"),
        (1, "error: getting secrets manager: incorrect passphrase", "pulumi: passphrase", "PULUMI_CONFIG_PASSPHRASE"),
        (1, 'error: Get "https://api.pulumi.com/api/user": dial tcp: lookup api.pulumi.com: no such host', "pulumi",
         "no such host; run `pulumi config` by hand"),
        (1, "error: [429] too many requests", "pulumi", "[429] too many requests"),
        (-9, "", "pulumi", "without a message"),
    ],
)  # fmt: skip
def test_a_refusal_is_told_by_its_status_and_quoted(status: int, said: str, cause: str, remedy: str) -> None:
    refused = refusal("ns:key", Completed(status, "", said))
    assert (refused.cause, remedy in refused.sentence) == (cause, True)
    assert said.removeprefix("error: ") in refused.sentence
    assert not isinstance(refused, KeyAbsent)


def test_an_absent_key_is_told_with_what_sets_it() -> None:
    assert "pulumi config set --secret" in absent("ns:key").sentence
