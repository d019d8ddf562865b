"""Asking the lab who really answers: a client of our own sends the documented request, and the lab tells who made it.

Nothing here is of the suite: the names are looked up, TLS is spoken and the request is sent by the standard library
and dnspython, and who answered comes from the lab's edge (`answered`, by ray) and from its host's journal, by a mark.
"""

import contextlib
import http.client
import json
import re
import secrets
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from spark_conformance.facts.agent import user_agent
from spark_lab.announcement import Announcement
from spark_lab.faults.bench import Bench
from spark_lab.faults.operator import CLIENT_ID, CLIENT_SECRET

PATH = "/api/tags"
PATIENCE_S = 3.0
DNS_S = 0.5
LONGER = 5
"""How many times as long a silence is waited for once more."""
EDGE = "127.0.0.1"
LOGGED_S, LOOKS = 0.02, 10
"""How often it is looked, and how long apart, whether a service's line has come to the journal: looks take the longer
the busier the machine is."""
_UNSENDABLE = re.compile(r"^\s|\s$|[^\t\x20-\xff]")


@dataclass(frozen=True)
class Answered:
    """Who made an answer, and which one of its kind.

    `by`: `dns`, `tls`, `client` (it cannot send the request), `silence`, a maker of the lab's edge (Pipeline.makers),
    or, in place of its `behind`: `connector`, `origin`. `kind` tells apart what one maker answers for different
    reasons, as far as the answer itself shows it; the form of a refusal is none of them.
    """

    by: str
    kind: str = ""

    def __str__(self) -> str:
        return f"{self.by} ({self.kind})" if self.kind else self.by


def ask(bench: Bench, ours: str, *, token: bool = True) -> Answered:
    """Send the documented request; `ours` is the audience tag of the documented application.

    Without `token` it carries no credentials. Silence is one only where it lasts: a busy machine is slow.
    Raises OSError where the lab's own servers cannot be asked.
    """
    answered = _ask(bench, ours, token=token, longer=1)
    return _ask(bench, ours, token=token, longer=LONGER) if "silence" in str(answered) else answered


def _ask(bench: Bench, ours: str, *, token: bool, longer: int) -> Answered:
    lab = bench.lab
    kind = _resolved(lab, DNS_S * longer)
    if kind:
        return Answered("dns", kind)
    mark = secrets.token_hex(8)
    headers = _token(lab) if token else {}
    try:
        with _connected(lab, PATIENCE_S * longer) as secure:
            if headers is None:
                return Answered("client")
            got, body = _sent(lab, secure, f"{PATH}?mark={mark}", headers)
    except ssl.SSLError as error:
        return Answered("tls", error.reason or "")
    except (OSError, http.client.HTTPException):
        return Answered("silence")
    return _made(bench, mark, got, body, ours)


def _token(lab: Announcement) -> dict[str, str] | None:
    """The service token as clients find it; None where one of its parts is not there, or fits into no header."""
    config = json.loads((Path(lab.operator) / "pulumi.json").read_text(encoding="utf-8"))["config"]
    found = {name: config.get(key, {}).get("value") for name, key in (("Id", CLIENT_ID), ("Secret", CLIENT_SECRET))}
    if any(not value or _UNSENDABLE.search(value) for value in found.values()):
        return None
    return {f"CF-Access-Client-{name}": value for name, value in found.items()}


def _resolved(lab: Announcement, timeout_s: float) -> str:
    """What keeps the name from leading to the edge, by the first resolver that says anything; empty where nothing."""
    said = "silence"
    for resolver in lab.resolvers:
        address, _, port = resolver.rpartition(":")
        query = dns.message.make_query(lab.hostname, dns.rdatatype.A)
        try:
            answer = dns.query.udp(query, address, timeout=timeout_s, port=int(port))
        except (OSError, dns.exception.Timeout):
            continue
        if answer.rcode() not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
            said = "failure"
            continue
        addresses = {item.address for one in answer.answer if one.rdtype == dns.rdatatype.A for item in one}
        return "" if EDGE in addresses else "elsewhere" if addresses else "no address"
    return said


@contextlib.contextmanager
def _connected(lab: Announcement, timeout_s: float) -> Iterator[ssl.SSLSocket]:
    """A connection to the edge, its certificate verified. Raises OSError, ssl.SSLError."""
    context = ssl.create_default_context(cafile=lab.ca)
    with (
        socket.create_connection((EDGE, lab.port), timeout_s) as plain,
        context.wrap_socket(plain, server_hostname=lab.hostname) as secure,
    ):
        yield secure


def _sent(
    lab: Announcement, secure: ssl.SSLSocket, path: str, headers: dict[str, str]
) -> tuple[http.client.HTTPResponse, bytes]:
    usual = {"Host": lab.hostname, "User-Agent": user_agent(), "Accept": "application/json", "Connection": "close"}
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in {**usual, **headers}.items())]
    secure.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
    with contextlib.closing(http.client.HTTPResponse(secure, method="GET")) as response:
        response.begin()
        return response, response.read()


def _made(bench: Bench, mark: str, got: http.client.HTTPResponse, body: bytes, ours: str) -> Answered:
    """Who made the answer, by the lab's own books."""
    status, ray = got.status, got.headers.get("cf-ray", "")
    said = bench.switch("answered", ray=ray, mark=mark)
    by, _, application = str(said["by"]).partition(" ")
    if by == "access":
        return Answered(by, "ours" if application == ours else "another" if application else "none")
    if by in {"custom", "redirects", "record"}:
        return Answered(by, f"{status} {got.headers.get('location', '')}{len(body)}".strip())
    if by != "behind":
        return Answered(by)
    if status == 200 and b'"models"' in body:
        return Answered("origin", "served")
    for _ in range(LOOKS):
        if said["logged"]:
            break
        time.sleep(LOGGED_S)
        said = bench.switch("answered", ray=ray, mark=mark)
    origins = ",".join(said["logged"])
    return Answered("origin" if origins else "connector", f"{status} {origins}".strip())
