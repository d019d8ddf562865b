"""Where no machine can be booted, one sentence says why and what to do."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from spark_lab.machine import groups, requirements, userland

BEGINNING = "The lab's host cannot be a systemd machine here: "
END = "; without --lab-host systemd the lab runs its host by itself"


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """As on a machine that has all that it takes."""
    monkeypatch.delenv(userland.VARIABLE, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda name, path: f"{path}/{name}")
    monkeypatch.setattr(requirements, "INIT", "")
    monkeypatch.setattr(requirements, "_may_mount", lambda: True)
    monkeypatch.setattr(requirements, "_overlays", lambda: True)
    monkeypatch.setattr(groups, "hierarchies", lambda: [Path("/sys/fs/cgroup")])
    return monkeypatch


def said() -> str:
    sentence = requirements.lacking() or ""
    assert sentence.startswith(BEGINNING)
    assert sentence.endswith(END)
    return sentence.removeprefix(BEGINNING).removesuffix(END)


@pytest.mark.usefixtures("complete")
def test_nothing_is_lacking() -> None:
    assert requirements.lacking() is None


def test_another_system(complete: pytest.MonkeyPatch) -> None:
    complete.setattr(sys, "platform", "darwin")
    assert said() == "it is an overlay of the machine that it runs on, which has to be Linux, and this is darwin"


def test_not_root(complete: pytest.MonkeyPatch) -> None:
    complete.setattr(os, "geteuid", lambda: 1000)
    assert said() == "mounting an overlay and starting systemd takes root: run it as root"


def test_programs_missing(complete: pytest.MonkeyPatch) -> None:
    have = {"dbus-daemon", "curl", "sudo", "unshare", "nsenter", "setpriv"}
    complete.setattr(shutil, "which", lambda name, path: f"{path}/{name}" if name in have else None)
    assert said() == "there is no systemd-nspawn, no sshd: install openssh-server systemd-container"


def test_no_systemd(complete: pytest.MonkeyPatch) -> None:
    complete.setattr(requirements, "INIT", "nonexistent/systemd")
    assert said() == "there is no /nonexistent/systemd: install systemd"


def test_a_tree_that_is_not_there(complete: pytest.MonkeyPatch) -> None:
    complete.setenv(userland.VARIABLE, "/nonexistent")
    assert said() == "SPARK_LAB_USERLAND names /nonexistent, which is no directory: name a tree, or unset it"


def test_a_tree_without_a_program(complete: pytest.MonkeyPatch, tmp_path: Path) -> None:
    complete.setenv(userland.VARIABLE, str(tmp_path))
    complete.setattr(shutil, "which", lambda name, path: None if name == "sudo" else f"{path.partition(':')[0]}/{name}")
    assert said() == "there is no sudo: install sudo"


def test_a_root_that_may_not_mount(complete: pytest.MonkeyPatch) -> None:
    complete.setattr(requirements, "_may_mount", lambda: False)
    assert "lacks CAP_SYS_ADMIN" in said()


def test_no_overlayfs(complete: pytest.MonkeyPatch) -> None:
    complete.setattr(requirements, "_overlays", lambda: False)
    assert said() == "its kernel has no overlayfs: load the module overlay"


def test_no_control_groups(complete: pytest.MonkeyPatch) -> None:
    complete.setattr(groups, "hierarchies", list)
    assert said() == "systemd needs control groups, and there are none to write to: mount /sys/fs/cgroup"
