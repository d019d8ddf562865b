"""sudo's rules, one by one: what a listing says, which command a rule is about, and what a shell makes of it."""

import pytest

from spark_conformance.core.verdict import Unreachable
from spark_conformance.host.connection import guard
from spark_conformance.host.sudo import SudoRights, sudo_rights
from spark_conformance.host.sudo_rules import Grant, Rules, parse
from tests.host.recorded import Recorded, Said, seen_on
from tests.host.stubs import LocalBackend

HEAD = "User spark may run the following commands on dgx:\n"
MIXED = f"{HEAD}    (ALL) ALL\n    (root) NOPASSWD: /usr/bin/a\n"
LIST = "sudo -n -l"


def rights(listing: Said, *commands: str, uid: str = "1000\n", **says: Said) -> SudoRights:
    answers = {f"{LIST} -- {name}": said for name, said in says.items()}
    there = Recorded(
        {**answers, LIST: listing, "id -u": uid, "sudo --version": says.get("version", "Sudo version 1.9")}
    )
    return seen_on(there, host__sudo=list(commands)).get(sudo_rights)


def test_what_sudo_allows_and_what_it_says_where_it_does_not() -> None:
    refused: Said = (1, "", "no\n")
    seen = rights(MIXED, "a", "b", "c", "d", a="/usr/bin/a\n", b="/usr/bin/b\n", c=refused, d=(1, "", "never"))
    assert seen == SudoRights(("a",), ("b", "c", "d"), "no; never", ("b",))
    assert rights(f"{HEAD}    (ALL) ALL\n", "a", uid=" 0\n", a="/usr/bin/a").allowed == ("a",)
    free = "Matching Defaults entries for spark on dgx:\n    !authenticate\n\n" + MIXED
    assert rights(free, "b", b="/usr/bin/b").allowed == ("b",)


def test_a_rule_that_is_not_found_beside_a_refusal_leaves_its_command_out() -> None:
    others = f"{HEAD}    (ollama) ALL\n"
    seen = rights(others, "a", "c", a="/usr/bin/a", c=(1, "", "no"))
    assert (seen.allowed, seen.refused, seen.asking) == ((), ("a", "c"), ())
    with pytest.raises(Unreachable, match="sudo allows a, b, and"):
        rights(others, "a", "b", a="/usr/bin/a", b="/usr/bin/b")


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("/etc/sudoers-rs:3: unknown setting\nsudo-rs 0.2.5\n", "no list"),
        ("Sudo version 1.9.16p2\nSudoers policy plugin version 1.9\n", None),
        ("not a sudo-rs 0.2\n", None),
    ],
)
def test_only_sudo_rs_tells_by_a_refusal_that_no_rule_is_free(version: str, said: str | None) -> None:
    if said is None:
        with pytest.raises(Unreachable, match="does not list its rules: no list"):
            rights((1, "", " no list\n"), "a", version=version)
    else:
        assert rights((1, "", " no list\n"), "a", version=version) == SudoRights((), ("a",), said)


def test_a_sudo_that_says_nothing_says_so() -> None:
    with pytest.raises(Unreachable, match="does not list its rules: it says nothing"):
        rights((1, "", ""), "a")


@pytest.mark.parametrize(
    ("command", "pattern"),
    [
        ("ALL", "*"),
        ("/usr/bin/", "*"),
        ("/usr/bin/cat", r"cat\ *"),
        ("/usr/bin/cat /etc/a b", r"cat\ /etc/a\ b"),
        ('/usr/bin/cat ""', r"cat\ "),
        ("^/usr/bin/cat$", ""),
        ("/usr/bin/c?t [ab]*", r"c?t\ [ab]*"),
        ("/usr/bin/a$b", r"a\$b\ *"),
    ],
)
def test_a_rule_as_a_shells_pattern(command: str, pattern: str) -> None:
    assert Grant(command, password=False).pattern == pattern


@pytest.mark.parametrize(
    ("rule", "command", "matches"),
    [
        ("/usr/bin/", "/usr/bin/cat x", True),
        ("/usr/bin/", "/usr/bin/more/cat", False),
        ("/usr/bin/cat", "/usr/bin/cat x", True),
        ('/usr/bin/cat ""', "/usr/bin/cat", True),
        ('/usr/bin/cat ""', "/usr/bin/cat x", False),
        ("/usr/bin/cat x", "/usr/bin/cat", False),
        ("/usr/bin/* x", "/usr/bin/cat x", True),
        ("^/usr/bin/c ^x$", "/usr/bin/cat xy", False),
        ("^/usr/bin/c ^x", "/usr/bin/cat xy", True),
    ],
)
def test_which_command_a_rule_is_about(rule: str, command: str, matches: bool) -> None:
    assert Grant(rule, password=False).matches(command) is matches


FREE, ASKS = Grant("/usr/bin/a", password=False), Grant("/usr/bin/a", password=True)
NEVER, ALL = Grant("/usr/bin/a", password=False, negated=True), Grant("ALL", password=True)


@pytest.mark.parametrize(
    ("rules", "asks", "arms"),
    [
        (Rules((FREE,)), False, ((r"a\ *", True),)),
        (Rules((FREE, ASKS)), True, ((r"a\ *", False), (r"a\ *", True))),
        (Rules((ASKS, FREE)), False, ((r"a\ *", True), (r"a\ *", False))),
        (Rules((NEVER,)), None, ((r"a\ *", False),)),
        (Rules((ASKS,), authenticate=False), False, ((r"a\ *", True),)),
        (Rules((ASKS,), authenticate=False, differs=True), None, ((r"a\ *", False),)),
        (Rules((FREE,), differs=True), False, ((r"a\ *", True),)),
        (Rules((FREE, ALL)), True, (("*", False),)),
        (Rules((ALL, FREE)), False, ((r"a\ *", True), ("*", False))),
        (Rules((Grant("^/usr/bin/a", password=False),)), False, ()),
        (Rules(()), None, ()),
    ],
)
def test_whether_a_rule_asks_and_what_a_shell_makes_of_it(
    rules: Rules, asks: bool | None, arms: tuple[tuple[str, bool], ...]
) -> None:
    assert rules.asks("/usr/bin/a") is asks
    assert rules.arms == arms


@pytest.mark.parametrize(
    ("listing", "rules"),
    [
        (f"{HEAD}    (root, ollama : adm) NOPASSWD: /usr/bin/a\n", Rules((FREE,))),
        (f"{HEAD}    (#0) PASSWD: /usr/bin/a\n", Rules((ASKS,))),
        (f"{HEAD}    (ollama, root) NOPASSWD: /usr/bin/a\nmore words\n", Rules((FREE,))),
        (
            f"{HEAD}    (o) ALL\n    (root) NOPASSWD: /usr/bin/b,\n        /usr/bin/a b\n        c\n    (me) ALL\n",
            Rules((Grant("/usr/bin/b", password=False), Grant("/usr/bin/a b c", password=False))),
        ),
        (f"{HEAD}    (ollama : root) NOPASSWD: /usr/bin/a\n", Rules(())),
        (f"{HEAD}    (root) NOPASSWD: /usr/bin/a, PASSWD: ALL\n", Rules((FREE, ALL))),
        (f"{HEAD}    (root) SETENV: NOPASSWD: !/usr/bin/a\n", Rules((NEVER,))),
        (f"{HEAD}    (root) NOPASSWD: CWD=/tmp TIMEOUT=5m sha224:x== /usr/bin/a\n", Rules((FREE,))),
        (f"Defaults\n    !authenticate\n{HEAD}    (root) ALL\n", Rules((ALL,), authenticate=False)),
        (f"Defaults\n    Defaults>root !authenticate\n{HEAD}    (root) ALL\n", Rules((ALL,), differs=True)),
        (f"Defaults\n    authenticate, x\n{HEAD}    (root) ALL\n", Rules((ALL,))),
        (f"Defaults\n    !authenticated_x\n{HEAD}    (root) ALL\n", Rules((ALL,))),
    ],
)
def test_what_a_listing_says(listing: str, rules: Rules) -> None:
    assert parse(listing) == rules


@pytest.mark.parametrize(
    ("status", "listing", "guarded"),
    [
        (0, f"{HEAD}    (ALL) NOPASSWD: ALL\n", None),
        (0, f"{HEAD}    (ALL) ALL\n", "sudo: a password is required"),
        (0, f"{HEAD}    (ALL) NOPASSWD: ALL, PASSWD: /usr/bin/a\n", "sudo: a password is required"),
        (0, f"{HEAD}    (root) NOPASSWD: /usr/bin/a\n", "sudo: a password is required"),
        (0, "", "sudo: a password is required"),
        (1, "", "it says no"),
        (127, "", None),
    ],
)
def test_what_stands_before_a_command_with_sudo(status: int, listing: str, guarded: str | None) -> None:
    put = guard(LocalBackend("").result(status, b"", listing.encode(), b"it says no\n"))
    assert bool(put) is (guarded is not None)
    assert guarded is None or f"*) echo '{guarded}' >&2; return 1 ;;" in put
