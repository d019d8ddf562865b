"""Makes a tree of Debian 13 for `test_userland`: `python -m tests.machine.debian DIRECTORY`, as root, with debootstrap.

With sudo-rs and uutils' coreutils beside sudo and GNU's, busybox, and two languages. It takes a minute, and 350 MB.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from spark_lab.machine.userland import VARIABLE

RELEASE = "trixie"
PACKAGES = (
    "systemd", "systemd-sysv", "dbus", "sudo", "sudo-rs", "rust-coreutils", "busybox", "locales", "openssh-server",
    "iproute2", "procps", "curl", "util-linux",
)  # fmt: skip
LANGUAGES = ("de_DE", "fr_FR")


def make(directory: Path) -> None:
    """Make the tree in a directory that is not there yet. Raises CalledProcessError where a step fails."""
    include = f"--include={','.join(PACKAGES)}"
    subprocess.run(["debootstrap", "--variant=minbase", include, RELEASE, str(directory)], check=True)
    for name in LANGUAGES:
        command = ["localedef", "-i", name, "-f", "UTF-8", f"{name}.UTF-8"]
        subprocess.run(["chroot", str(directory), *command], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.machine.debian", description=__doc__)
    parser.add_argument("directory", type=Path)
    directory = parser.parse_args().directory.resolve()
    if directory.exists():
        sys.exit(f"{directory} is there already: name one that is not, or remove it")
    if shutil.which("debootstrap") is None:
        sys.exit("there is no debootstrap: install the package of that name")
    try:
        make(directory)
    except subprocess.CalledProcessError as failed:
        sys.exit(f"{failed.cmd[0]} failed with status {failed.returncode}; {directory} is not complete: remove it")
    sys.stdout.write(f"{VARIABLE}={directory} python -m pytest tests/machine/test_userland.py\n")


if __name__ == "__main__":
    main()
