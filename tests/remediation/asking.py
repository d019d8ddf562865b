"""An anonymous client that asks for the public name all the time, and remembers when it was let in."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from spark_lab.announcement import Announcement

BETWEEN_S = 0.02
PATH = "/api/tags"


@dataclass
class Anonymous:
    """What the client met: how often it asked, how often the service answered it, and for how long, in seconds."""

    asked: int = 0
    served: int = 0
    served_s: float = 0.0
    answers: set[int] = field(default_factory=set)


@contextmanager
def anonymous(lab: Announcement) -> Iterator[Anonymous]:
    """Ask without credentials for as long as the context lasts; at least once before it begins, and once at its end."""
    met = Anonymous()
    ended = threading.Event()
    with httpx.Client(verify=ssl.create_default_context(cafile=lab.ca), trust_env=False, timeout=60) as client:

        def ask() -> None:
            since = time.monotonic()
            try:
                answer = client.get(
                    f"https://127.0.0.1:{lab.port}{PATH}",
                    headers={"host": lab.hostname, "user-agent": "curl/8.5.0"},
                    extensions={"sni_hostname": lab.hostname},
                )
            except httpx.HTTPError:
                return
            met.asked += 1
            met.answers.add(answer.status_code)
            if answer.status_code == 200:
                met.served += 1
                met.served_s += time.monotonic() - since + BETWEEN_S

        def go_on() -> None:
            while not ended.wait(BETWEEN_S):
                ask()

        ask()
        thread = threading.Thread(target=go_on, daemon=True)
        thread.start()
        try:
            yield met
        finally:
            ended.set()
            thread.join()
            ask()
