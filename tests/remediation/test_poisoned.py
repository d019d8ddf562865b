"""Journals that somebody else wrote, or bent: told in a sentence, and nothing beyond the closed set is ever touched."""

import copy
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any

import pytest
from testinfra.backend.base import CommandResult  # type: ignore[import-untyped]  # it carries no types

from spark_conformance.cloudflare.access.applications import access_app
from spark_conformance.cloudflare.access.service_tokens import service_token
from spark_conformance.cloudflare.account import account_id, zone
from spark_conformance.cloudflare.client import cloudflare_api
from spark_conformance.cloudflare.endpoints import APP_POLICIES, APPS, RECORDS, TUNNEL_CONFIG, Endpoint
from spark_conformance.cloudflare.tunnel import tunnel
from spark_conformance.core.run import Run
from spark_conformance.facts.fact import Fact
from spark_conformance.facts.load import find, load
from spark_conformance.host.connection import target_host
from spark_conformance.remediation.deeds import DEEDS, Forbidden, admit
from spark_conformance.remediation.endpoints import APP, APP_POLICY, RECORD
from spark_conformance.remediation.journal import Journal
from spark_conformance.remediation.model import Action, Asked, Json
from spark_conformance.remediation.places import containers, files, services
from spark_conformance.remediation.records import journals, read
from spark_conformance.remediation.remedies import all_remedies
from spark_conformance.remediation.seal import KEY, key_of, last_seal, sealed
from spark_conformance.remediation.undoing import undo
from tests.remediation.test_journal import step

all_remedies(Asked())  # every kind of step is known once it was asked for
ACCOUNT, ZONE, RECORD_ID, POLICY = "a" * 32, "b" * 32, "c" * 32, "dddddddd-0000-4000-8000-000000000000"
TARGET = {"system": "spark-291b"}
CONTAINER = "connector"
"""One that spark-291b has not, for what is done to one where there is."""
FUZZED = 400


def where(endpoint: Endpoint) -> Json:
    return {"path": endpoint.path, "permission": endpoint.permission, "words": endpoint.words}


class Recorder:
    """A host and an API that do what they are told, and keep it."""

    def __init__(self, name: str) -> None:
        self.commands: list[tuple[str, ...]] = []
        self.writes: list[tuple[str, str]] = []
        self._name = name
        self.backend = SimpleNamespace(prefetch=lambda *_, **__: None, get_command=lambda *_: "")

    def run(self, command: str, *args: str, **_: Any) -> CommandResult:
        shown = "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\n" if "show" in command else ""
        self.commands.append((command, *args))
        return CommandResult(None, 0, command.encode(), shown.encode(), b"")

    def write(self, method: str, endpoint: Endpoint, _body: object, **ids: str) -> None:
        self.writes.append((method, endpoint.path.format(**ids)))

    def one(self, *_: object, **__: str) -> Json:
        return {}

    find = one

    def many(self, *_: object, **__: str) -> list[Json]:
        """Records and applications of everybody's."""
        ours = {"name": self._name, "domain": self._name, "type": "CNAME", "content": "x", "decision": "allow"}
        return [{**ours, "id": number * 32} for number in "12"] + [{"id": "3" * 32, "name": "other.example"}]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    run = Run(load(find("spark-291b")))
    facts = run.facts.access
    assert facts is not None
    assert facts.app_id is not None
    run.stated["service.container"] = Fact[str](expect=CONTAINER)
    there = Recorder(run.system.hostname)
    seen: dict[Any, Any] = {
        account_id: ACCOUNT, zone: SimpleNamespace(id=ZONE), tunnel: SimpleNamespace(id=run.expect("tunnel.id", str)),
        service_token: SimpleNamespace(id=run.expect("access.token_id", str)),
        target_host: there, cloudflare_api: there,
        access_app: SimpleNamespace(id=facts.app_id.expect),
    }  # fmt: skip
    monkeypatch.setattr(run, "get", seen.__getitem__)
    yield run
    run.close()


def recorder(run: Run) -> Recorder:
    found: Recorder = run.get(target_host)
    return found


def rightful(run: Run) -> dict[str, Json]:
    """What a journal keeps of a step of each kind."""
    unit, name = run.expect("cloudflared.unit", str), run.system.hostname
    kept = f"{run.target.host.state_directory}/20260101T000000-abcdef/{PurePosixPath(unit).name}.0a1b2c3d"
    digest, app = "0" * 64, run.expect("access.app_id", str)
    token = {"account_id": ACCOUNT, "token_id": run.expect("access.token_id", str)}
    file = {"path": unit, "state": f"file 644 root:root {digest}", "wanted": f"file 644 {digest}", "kept": kept,
            "made": []}  # fmt: skip
    record = {"type": "CNAME", "name": name, "content": "x"}
    return {
        "file.write": file,
        "service": {"unit": "cloudflared.service", "verb": "restart", "load": "loaded", "file": "enabled",
                    "active": "active", "invocation": "1", "within_s": 90},
        "container": {"name": CONTAINER, "verb": "update", "id": "c0ffee000000", "running": True, "started": "",
                      "policy": "no", "within_s": 90},
        "wait": {},
        "tunnel.connectors-follow": {},
        "api.change": {"method": "patch", "endpoint": where(RECORD), "ids": {"zone_id": ZONE, "record_id": RECORD_ID},
                       "object": record, "watch": [], "shows": {}, "restore": ["content"]},
        "api.create": {"collection": where(RECORDS), "item": where(RECORD), "item_id": "record_id",
                       "ids": {"zone_id": ZONE}, "known": [], "same": record},
        "api.delete": {"collection": where(APP_POLICIES), "ids": {"account_id": ACCOUNT, "app_id": app}, "id": POLICY,
                       "body": {"name": "p"}},
        "ollama.pull": {"url": run.expect("ollama.url", str), "name": run.expect("ollama.model", str), "digest": "x"},
        "access.refresh": {"ids": token, "object": {}},
        "access.rotate": {"ids": token, "key": "k", "updated_at": "x"},
    }  # fmt: skip


def test_every_kind_of_step_is_among_the_deeds(run: Run) -> None:
    tested = {kind for kind in Action.KINDS if Action.KINDS[kind].__module__.startswith("spark_conformance.")}
    assert tested == set(DEEDS) == set(rightful(run))
    for kind, before in rightful(run).items():
        admit(run, kind, before)


def written(folder: Path, steps: Sequence[tuple[str, Json]]) -> Journal:
    """A journal with these steps, kinds and what is kept of each."""
    journal = Journal.begin(folder, "r1", TARGET)
    for number, (kind, before) in enumerate(steps, start=1):
        journal._write("before", number=number, remedy="x", step=step().as_json(), kind=kind, before=before)
    return journal


def poisons(run: Run) -> dict[str, tuple[str, Json]]:
    """What would have been done by the undo that believed its journal."""
    good, app = rightful(run), run.expect("access.app_id", str)
    file, made, changed, deleted = (good[kind] for kind in ("file.write", "api.create", "api.change", "api.delete"))
    everything = {"collection": where(APPS), "item": where(APP), "item_id": "app_id", "ids": {"account_id": ACCOUNT}}
    policies = {"collection": where(APP_POLICIES), "item": where(APP_POLICY), "item_id": "policy_id"}
    other = {**changed["object"], "name": "grafana.goldfish.io"}
    config = {"endpoint": where(TUNNEL_CONFIG), "method": "put", "restore": ["config"], "object": {"config": {}}}
    return {
        "an unknown kind": ("file.copy", file),
        "all applications": ("api.create", made | everything | {"same": {}}),
        "applications of one type": ("api.create", made | everything | {"same": {"type": "self_hosted"}}),
        "another name's application": (
            "api.create", made | everything | {"same": {"type": "self_hosted", "domain": "git.goldfish.io"}}
        ),
        "an item of another collection": ("api.create", made | {"item": where(APP)}),
        "another zone's records": ("api.create", made | {"ids": {"zone_id": "e" * 32}}),
        "another application's policies": (
            "api.create",
            made | policies | {"ids": {"account_id": ACCOUNT, "app_id": POLICY},
                               "same": {"name": "p", "decision": "allow", "include": []}},
        ),
        "a path in an id": ("api.change", changed | {"ids": {"zone_id": ZONE, "record_id": "../x"}}),
        "another record": ("api.change", changed | {"object": other}),
        "another method": ("api.change", changed | {"method": "put"}),
        "another endpoint": ("api.change", changed | {"endpoint": where(Endpoint("/user/tokens", None, "tokens"))}),
        "a field that is none": ("api.change", changed | {"restore": ["zone_id"]}),
        "another tunnel": (
            "api.change", changed | config | {"ids": {"account_id": ACCOUNT, "tunnel_id": POLICY}}
        ),
        "an application": ("api.delete", deleted | {"collection": where(APPS), "ids": {"account_id": ACCOUNT}}),
        "another account": ("api.delete", deleted | {"ids": {"account_id": "f" * 32, "app_id": app}}),
        "a file of its choice": ("file.write", file | {"path": "/etc/shadow"}),
        "a file beside": ("file.write", file | {"path": f"{file['path']}/../x"}),
        "a copy of its choice": ("file.write", file | {"kept": "/etc/shadow"}),
        "a copy beyond": ("file.write", file | {"kept": file["kept"].replace("/2026", "/../2026")}),
        "a directory of its choice": ("file.write", file | {"made": ["/srv/empty"]}),
        "a second line": ("file.write", file | {"state": f"{file['state']}\nabsent"}),
        "one thing more": ("file.write", file | {"mode": "4755"}),
        "another service": ("service", good["service"] | {"unit": "sshd.service"}),
        "another verb": ("service", good["service"] | {"verb": "mask"}),
        "an option for a service": ("service", good["service"] | {"unit": "--now"}),
        "another container": ("container", good["container"] | {"name": "database"}),
        "an option for a container": ("container", good["container"] | {"policy": "no --privileged"}),
        "another model": ("ollama.pull", good["ollama.pull"] | {"name": "somebody:else"}),
        "another Ollama": ("ollama.pull", good["ollama.pull"] | {"url": "http://other:11434"}),
        "another token": ("access.refresh", {"ids": {"account_id": ACCOUNT, "token_id": POLICY}, "object": {}}),
    }  # fmt: skip


def test_what_is_not_the_targets_own_is_not_undone_though_its_journal_is_sealed(run: Run, tmp_path: Path) -> None:
    for kind, before in poisons(run).values():
        with pytest.raises(Forbidden):
            admit(run, kind, before)
    journal = written(tmp_path, list(poisons(run).values()))
    record = read(journal.path)
    assert record is not None
    problems = undo(run, journal, record.entries)
    assert len(problems) == len(poisons(run))
    assert recorder(run).commands == recorder(run).writes == []


def test_a_journal_that_was_bent_is_passed_over_or_read_up_to_there(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path, list(rightful(run).items())).path
    whole, dice = path.read_bytes(), random.Random(291)  # noqa: S311 - a test's dice
    original = read(path)
    assert original is not None
    for _ in range(FUZZED):
        bent = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            place = dice.randrange(len(bent))
            match dice.randrange(4):
                case 0:
                    bent[place] ^= 1 << dice.randrange(8)
                case 1:
                    del bent[place : place + dice.randrange(1, 300)]
                case 2:
                    bent[place:place] = dice.randbytes(dice.randrange(1, 30))
                case 3:
                    bent += bent[place : place + dice.randrange(1, 2000)]
        path.write_bytes(bent)
        found = journals(tmp_path, TARGET)
        assert all("r1.jsonl is ignored" in sentence for sentence in found.unreadable)
        entries = found.records[0].entries if found.records else []
        assert entries == original.entries[: len(entries)]


def strange(dice: random.Random) -> Any:
    """A value that stands where another is expected."""
    return copy.deepcopy(dice.choice([
        None, True, -1, 1 << 70, 1e400, "", "/", "/etc/shadow", "../..", "a\nb", "\x00", "--all", "absent", [], {},
        [[]],
        {"id": "x"}, ["/etc"], "x" * 70000, {"path": "/accounts", "permission": None, "words": ""},
    ]))  # fmt: skip


def bend(value: Any, dice: random.Random) -> Any:
    """JSON data with one thing in it another."""
    if isinstance(value, dict) and value and dice.random() < 0.85:
        key = dice.choice(sorted(value))
        if dice.random() < 0.15:
            return {name: item for name, item in value.items() if name != key}
        return {**value, key: bend(value[key], dice)}
    if isinstance(value, list) and value and dice.random() < 0.5:
        place = dice.randrange(len(value))
        return [*value[:place], bend(value[place], dice), *value[place + 1 :]]
    return strange(dice)


def test_whatever_a_sealed_journal_says_nothing_beyond_the_closed_set_is_touched(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path, list(rightful(run).items())).path
    lines = [json.loads(line.rpartition(b', "seal": "')[0] + b"}") for line in path.read_bytes().splitlines()]
    key, dice, taken = key_of(tmp_path), random.Random(11), 0  # noqa: S311 - a test's dice
    for _ in range(FUZZED):
        bent, last, text = list(lines), path.name, b""
        for _ in range(dice.randint(1, 3)):
            place = dice.randrange(len(bent))
            bent[place] = bend(bent[place], dice)
        for line in bent:
            text += sealed(key, last, json.dumps(line).encode())
            last = last_seal(text)
        path.write_bytes(text)
        found = journals(tmp_path, TARGET)
        for record in found.records:
            taken += len(undo(run, Journal.go_on(record), record.to_undo)) < len(record.entries)
        assert found.records or found.unreadable or b"spark-291b" not in text
    assert taken > FUZZED / 20, "the bending bends too much to reach what is undone"
    allowed = {"zones", "accounts"}
    for method, api_path in recorder(run).writes:
        _, top, owner, below, *_ = api_path.split("/")
        assert top in allowed
        assert owner in {ZONE, ACCOUNT}
        assert f"{method} {below}" in {"patch dns_records", "delete dns_records", "post access"}
    for command, *arguments in recorder(run).commands:
        if command.startswith("sudo -n /bin/sh"):
            assert arguments[1] in files(run)
            assert arguments[2].startswith(f"{run.target.host.state_directory}/2")
        elif command.startswith(("sudo -n systemctl", "systemctl show")):
            assert set(arguments) <= services(run)
        elif "docker " in command:
            assert command.removeprefix("sudo -n ").startswith(("docker inspect ", "docker ps "))  # it finds none
            assert set(arguments) <= containers(run)
        else:
            assert command.startswith("curl")
            addresses = [word for word in arguments if word.startswith("http")]
            assert all(address.startswith(f"{run.expect('ollama.url', str)}/api/") for address in addresses)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda folder: (folder / KEY).unlink(), "is not there"),
        (lambda folder: (folder / KEY).chmod(0o640), "can be read by others"),
        (lambda folder: (folder / KEY).write_text("short"), "is not a key"),
        (lambda folder: ((folder / KEY).rename(folder / "k"), (folder / KEY).symlink_to("k")), "cannot be read"),
        (lambda folder: (folder / KEY).write_text("0" * 64), "is not sealed"),
        (lambda folder: (folder / "r1.jsonl").rename(folder / "r0.jsonl"), "is not sealed"),
        (lambda folder: (folder / "r1.jsonl").write_text("\x00\n"), "is not sealed"),
        (lambda folder: (folder / "r1.jsonl").write_text("[" * 9000 + "\n"), "is not sealed"),
    ],
)
def test_one_that_cannot_be_believed_is_told_and_the_others_are_read(tmp_path: Path, spoil: Any, told: str) -> None:
    folder = tmp_path / "journals"
    Journal.begin(folder, "r1", TARGET)
    spoil(folder)
    found = journals(folder, TARGET)
    assert found.records == []
    assert len(found.unreadable) == 1
    assert told in found.unreadable[0]
    assert "ignored, and nothing of it is undone" in found.unreadable[0]


def test_the_key_is_for_its_owner_alone_and_made_once(tmp_path: Path) -> None:
    Journal.begin(tmp_path, "r1", TARGET)
    key = (tmp_path / KEY).read_bytes()
    Journal.begin(tmp_path, "r2", TARGET)
    assert (tmp_path / KEY).read_bytes() == key
    assert (tmp_path / KEY).stat().st_mode & 0o777 == 0o600
    (tmp_path / "r3.jsonl").write_text("{}\n")
    found = journals(tmp_path, TARGET)
    assert [record.run for record in found.records] == ["r1", "r2"]
    assert ["r3.jsonl" in sentence for sentence in found.unreadable] == [True]


def test_a_journal_goes_on_after_a_torn_line(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path, "r1", TARGET)
    journal.before("x", step(), {})
    with journal.path.open("ab") as file:
        file.write(b'{"event": "aft')
    record = read(journal.path)
    assert record is not None
    Journal.go_on(record).end("undone")
    again = read(journal.path)
    assert again is not None
    assert again.ended
