"""The reader of units against systemd itself, and the connector's settings in ways that systemd alone has.

A day tries one of these ways, `ENGINES=all` each.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Unreachable
from spark_conformance.facts.load import load
from spark_conformance.host.installed_token import cloudflared_token_in_use, cloudflared_valid_token
from spark_conformance.host.journal import cloudflared_journal
from spark_conformance.host.service import parse
from spark_conformance.host.token_files import cloudflared_token_files
from spark_conformance.syntax.units import effective
from spark_conformance.syntax.variables import environment_file
from spark_lab.announcement import Announcement
from spark_lab.faults.bench import Bench
from spark_lab.faults.connector import DROP_INS, UNIT, current_token
from tests.machine import ALL, needs_machine
from tests.matrix.selection import shared

pytestmark = needs_machine

ODD = r"""[Unit]
Description=x \
# comment
  y
[Service]
Type=oneshot
; a comment \
Environment=A=1 "B=two words" 'C=it\'s' D="mid"dle E=x\x41\101\u00e9\sz \
   # Environment=NOT=me
   F=after \
; G=not
   H=after2
Environment=I=%n/%p/%i/%%/%t J=$A ${A} K=a\\b "L=tab\tx" N= 2BAD=1 O=a=b M=unknown\q P=lost
Environment = Q = spaced R=1
Environment="S=x" "T=never closed U=1
EnvironmentFile=-/run/odd-1.env
EnvironmentFile=/run/odd-2.*
UnsetEnvironment=A "B=other" H=after2
ExecStart=/bin/sh -c 'env -0; printf "%%s|" "$@"' arg0 ${K} $J "quoted ${O}" %n \
  'a  b' \
  # no
  last
"""
VARIABLES = r"""# comment \
COMMENTED=1
A1=plain value   
 A2 = spaced
A3="double $x \$y \"q\" \\ \n `" tail
A4='single \n "x"
second line' 'more'
A5=un\quoted \
  continued
A6=a"b"c 'd'
export A7=1
;A8=1
A9=
A10="one\
two"
A11=x#y # z
A12=last"""  # noqa: W291 - blanks at an end do not count
SECOND = 'A1=second\r\nZ1=crlf\r\nZ2="q"\r\n'
OUT = "/run/odd.out"
OF_ITS_OWN = {"LANG", "PATH", "PWD", "INVOCATION_ID", "JOURNAL_STREAM", "SYSTEMD_EXEC_PID", "OLDPWD", "_", "SHLVL"}


@pytest.fixture
def bench(machine: Announcement) -> Iterator[Bench]:
    with closing(Bench(machine)) as found:
        yield found
        found.shell("rm -rf /etc/systemd/system/odd.service /run/odd* /run/tunnel && systemctl daemon-reload")


def _write(bench: Bench, path: str, text: str) -> None:
    bench.shell('umask 077; mkdir -p "$(dirname %s)"; cat >%s', path, path, stdin=text)


def test_the_reader_reads_as_systemd_does(bench: Bench) -> None:
    unit = ODD.replace("Type=oneshot", f"Type=oneshot\nStandardOutput=file:{OUT}")
    _write(bench, "/etc/systemd/system/odd.service", unit)
    _write(bench, "/run/odd-1.env", VARIABLES)
    _write(bench, "/run/odd-2.b", SECOND)
    bench.shell("systemctl daemon-reload && systemctl start odd")
    *variables, arguments = bench.shell(f"cat {OUT}").split("\0")
    seen = dict(variable.split("=", 1) for variable in variables)
    said = effective([unit], "odd.service")
    wanted = said.environment | environment_file(VARIABLES) | environment_file(SECOND)
    del wanted["A"], wanted["H"]
    assert {name: value for name, value in seen.items() if name not in OF_ITS_OWN} == wanted
    words = said.commands[0].words
    assert arguments.split("|")[:-1] == ["a\\b", "$A", "quoted a=b", "odd.service", "a  b", "last"]
    assert [words[4], *words[-2:]] == ["${K}", "a  b", "last"]
    shown = parse(
        "odd.service", bench.shell("systemctl show -p ExecStart,Environment,EnvironmentFiles,UnsetEnvironment odd")
    )
    assert (shown.command, shown.environment) == (" ".join(words), said.environment)
    assert (shown.environment_files, shown.unset) == (said.environment_files, said.unset)


@dataclass(frozen=True)
class Way:
    """A unit of the connector's in which `@TOKEN@` stands for the token, and what is told of it."""

    settings: str
    place: str
    holder: str
    log: str = ""
    """What is said of its log where the journal has no word of its connections."""


PROGRAM = "ExecStart=/usr/local/bin/cloudflared --no-autoupdate tunnel run"
FILE = "/run/tunnel/token"
WAYS = {
    "credential, by a variable": Way(
        f"LoadCredential=token:{FILE}\nEnvironment=TUNNEL_TOKEN_FILE=%d/token\n{PROGRAM}",
        f"the file {FILE}",
        FILE,
    ),
    "credential in the unit, its level warn": Way(
        "SetCredential=token:@TOKEN@\nEnvironment=TUNNEL_LOGLEVEL=warn\n"
        f"{PROGRAM} --token-file ${{CREDENTIALS_DIRECTORY}}/token",
        "the unit's SetCredential=",
        UNIT,
        "at level warn, set by the variable TUNNEL_LOGLEVEL",
    ),
    "variables of several lines by a pattern, its log in a file": Way(
        f"EnvironmentFile=/run/tunnel/*.env\nStandardError=append:/run/%p.log\n{PROGRAM}",
        "the variable TUNNEL_TOKEN",
        "/run/tunnel/its.env",
        "to /run/cloudflared.log",
    ),
}


@pytest.mark.parametrize("name", shared([*WAYS], 3, every=ALL))
def test_a_way_to_the_token_and_to_the_log(machine: Announcement, bench: Bench, name: str) -> None:
    way, token = WAYS[name], current_token(bench)
    _write(bench, FILE, f"{token}\n")
    _write(bench, "/run/tunnel/its.env", f'TUNNEL_TOKEN="{token[:60]}\n{token[60:]}"\n')
    bench.shell("rm -r %s", DROP_INS)
    _write(bench, UNIT, f"[Service]\nType=notify\n{way.settings.replace('@TOKEN@', token)}\n")
    bench.shell("systemctl daemon-reload && systemctl restart cloudflared")
    with closing(Run(load(Path(machine.target)))) as run:
        assert run.get(cloudflared_valid_token).place == way.place
        assert run.get(cloudflared_token_in_use).same
        assert [file.path for file in run.get(cloudflared_token_files).files] == [way.holder]
        if way.log:
            with pytest.raises(Unreachable, match=way.log):
                run.get(cloudflared_journal)
        else:
            assert len(run.get(cloudflared_journal).latest) == 4
