"""Root causes and runs, made for tests."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from spark_conformance.core.verdict import Finding, Verdict
from spark_conformance.diagnosis.causes.catalogue import CASES
from spark_conformance.diagnosis.model import Named, Sign
from spark_conformance.history.changes import Change
from spark_conformance.notify.message import About
from spark_conformance.notify.steps import Known, Seen
from spark_conformance.notify.trouble import Since, Trouble

NIGHT = datetime(2026, 11, 1, 2, 23, tzinfo=UTC)
TODAY = NIGHT.date()
STATED = ("public.answers", "tunnel.http_host_header", "ollama.accepts_host", "dns.ttl", "host.gpu", "host.hostname")


def finding(fact: str, verdict: str = Verdict.NONCONFORMANT, observed: str = "no", cause: str = "") -> Finding:
    return Finding("pi", fact, f"checks/{fact}", "required", "notes", "it matters", "yes", verdict=verdict,
                   observed=observed, cause=cause)  # fmt: skip


def header(*facts: str, observed: str = "HTTP 403") -> Trouble:
    """The documented 403, with its cause."""
    named = Named(CASES["ollama-host-header"].cause, "proven", active=True,
                  supports=(Sign("replay.sent", 403, "the host answers 403 to that Host", "host"),))  # fmt: skip
    own = tuple(finding(fact, observed=observed) for fact in facts or STATED[:3])
    since = Since(NIGHT.replace(day=1), NIGHT.replace(day=2), 1, 30)
    change = Change("tunnel config: rules, 1, http host header", "localhost:11434", "nothing")
    return Trouble(
        "cause:ollama-host-header", "cause", named.cause.title, own, ("public.models",), named, since, (change,)
    )


def fact(name: str, observed: str = "no") -> Trouble:
    return Trouble(f"fact:{name}", "fact", f"{name}: {observed}", (finding(name, observed=observed),))


def hindrance(*facts: str, cause: str = "the host does not answer") -> Trouble:
    own = tuple(finding(one, Verdict.UNREACHABLE, "", cause=cause) for one in facts)
    return Trouble(f"hindrance:{facts[0]}", "hindrance", cause, own)


def known(trouble: Trouble, told: date = TODAY, *, is_open: bool = True) -> Known:
    return Known(trouble.key, trouble.facts, trouble.print, told, is_open, trouble.title)


def seen(*troubles: Trouble, **verdicts: str) -> Seen:
    """What a run saw: all else holds; `dns_ttl="blocked"` is another verdict."""
    found = dict.fromkeys(STATED, str(Verdict.CONFORMANT))
    found |= {one.fact: str(one.verdict) for trouble in troubles for one in trouble.own}
    found |= {name.replace("_", ".", 1): verdict for name, verdict in verdicts.items()}
    return Seen(troubles, {name: verdict for name, verdict in found.items() if verdict}, STATED)


def about(at: datetime = NIGHT, **verdicts: str) -> About:
    return About("pi", "llm.example.org", False, at, at, 1, "NOT CONFORMANT (1 of 2 facts conformant, exit code 1)",
                 None, "", verdicts)  # fmt: skip


class Sink:
    """A webhook that keeps what it gets, and answers as it is told: a status, or by cutting the connection (0)."""

    def __init__(self, statuses: Sequence[int] = (204,), headers: dict[str, str] | None = None) -> None:
        self.statuses = list(statuses)
        self.headers = headers or {}
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.url = ""

    def status(self) -> int:
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


@contextmanager
def sink(*statuses: int, **headers: str) -> Iterator[Sink]:
    """A webhook on loopback for as long as the context lasts."""
    kept = Sink(statuses or (204,), {name.replace("_", "-"): value for name, value in headers.items()})

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.got.append((dict(self.headers.items()), body))
            status = kept.status()
            if not status:
                self.connection.close()
                return
            self.send_response(status)
            for name, value in {"Content-Length": "0", **kept.headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 - the base class's own name

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    kept.url = f"http://127.0.0.1:{server.server_port}/hook/canary-in-the-path"
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
