"""What a lab's process reads late, or not at all."""

import subprocess
import sys

import pytest
import service_identity

from spark_lab import lab
from spark_lab.tunnel import identity

SHOWN = "import sys, spark_lab.lab; print(*sys.modules)"
LATE = {"aioquic.tls": True, "asyncssh": False, "h2": False, "jwt": False, "starlette": False, "yaml": False}


def test_services_start_before_what_they_do_not_need_is_read() -> None:
    shown = subprocess.run([sys.executable, "-c", SHOWN], capture_output=True, text=True, check=True).stdout.split()
    assert {name: name in shown for name in LATE} == LATE


def test_nothing_more_is_read_once_the_lab_is_told_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(lab, "import_module", read.append)
    lab.read_later(["up"])
    assert read == []
    lab.read_later([])
    assert read == [*lab.LATER]


def test_what_is_put_off_is_read_at_its_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, identity.NAME)
    identity.put_off()
    later = sys.modules[identity.NAME]
    assert vars(later).get("VerificationError") is None
    assert later.VerificationError.__module__ == service_identity.VerificationError.__module__
    assert sys.modules[identity.NAME] is not later
    assert later.CertificateError.__name__ == "CertificateError"
