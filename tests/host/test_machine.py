"""What kind of machine it is, and what it has to spare."""

from pathlib import Path

import pytest

from spark_conformance.core.verdict import NotApplicable, Unmet, Unreachable
from spark_conformance.host.machine import Machine, host_release, machine, parse_values
from spark_conformance.host.resources import HostMemory, host_disk, host_memory, parse_df, parse_meminfo
from tests.host.stubs import StubHost, run_on

RELEASE = """DGX_NAME="DGX Spark"
DGX_PRETTY_NAME="NVIDIA DGX Spark"
DGX_SWBUILD_VERSION="7.2.3"
DGX_SERIAL_NUMBER="1983925001234"
"""
HEAD = "Filesystem     1024-blocks      Used Available Capacity Mounted on\n"
MEMINFO = "MemTotal:       125465600 kB\nMemFree:  61203456 kB\nMemAvailable:   71302400 kB\nHugePages_Total:       0\n"


def test_name_and_architecture(stub: StubHost) -> None:
    stub.prints("hostname", "spark-291b")
    stub.prints("uname", "aarch64")
    assert run_on(stub).get(machine) == Machine(answered=True, hostname="spark-291b", architecture="aarch64")


def test_a_machine_that_answers_and_does_not_know_its_name(stub: StubHost) -> None:
    stub.command("hostname", "exit 1")
    stub.prints("uname", "aarch64")
    assert run_on(stub).get(machine) == Machine(answered=True, hostname="", architecture="aarch64")


def test_a_release_file_is_shown_without_the_serial_number(stub: StubHost, tmp_path: Path) -> None:
    path = tmp_path / "dgx-release"
    path.write_text(RELEASE)
    seen = run_on(stub, host__release={"path": str(path), "value": "DGX Spark"}).get(host_release)
    assert seen.values["DGX_NAME"] == "DGX Spark"
    assert "1983925001234" not in str(seen)


def test_no_release_file(stub: StubHost, tmp_path: Path) -> None:
    run = run_on(stub, host__release={"path": str(tmp_path / "none"), "value": "DGX Spark"})
    with pytest.raises(Unmet, match="absent"):
        run.get(host_release)


def test_a_fact_that_is_not_stated_is_not_looked_up(stub: StubHost) -> None:
    with pytest.raises(NotApplicable):
        run_on(stub, host__release=None).get(host_release)


def test_values_are_read_with_and_without_quotes() -> None:
    assert parse_values("A=1\nB='two words'\n# C=3\nnot a value\nD=\"x=y\"") == {"A": "1", "B": "two words", "D": "x=y"}
    assert parse_values("") == {}


def test_memory_is_in_gib_and_each_from_its_file(stub: StubHost, tmp_path: Path) -> None:
    path = tmp_path / "meminfo"
    path.write_text(MEMINFO)
    total, available = {"path": str(path), "at_least": 115}, {"path": str(tmp_path / "none"), "at_least": 8}
    seen = run_on(stub, host__memory_gib=total, host__memory_available_gib=available).get(host_memory)
    assert seen.total_gib == pytest.approx(119.65, abs=0.01)
    assert seen.available_gib is None


def test_meminfo_in_pieces() -> None:
    assert parse_meminfo(MEMINFO)["MemAvailable"] == 71302400
    assert "HugePages_Total" not in parse_meminfo(MEMINFO)
    assert parse_meminfo("MemTotal: a lot") == {}


@pytest.mark.parametrize(
    ("output", "seen"),
    [
        (
            HEAD + "/dev/nvme0n1p2  3844537624 901234567 2747952344      25% /\n",
            ("/dev/nvme0n1p2", 2747952344 / 1024**2),
        ),
        ("x 1 1 1048576 1% /mnt/with blank\n", ("x", 1.0)),
        ("server:/export dir 1 1 2097152 1% /mnt\n", ("server:/export dir", 2.0)),
        (
            (
                "Filesystem           1024-blocks    Used Available Capacity Mounted on\n"
                "/dev/vda             264212084  29340140  77050772  28% /\n"
            ),
            ("/dev/vda", 77050772 / 1024**2),
        ),
        (
            (
                "Dateisystem    1024-Blöcke  Benutzt Verfügbar Kapazität Eingehängt auf\n"
                "/dev/vda         264212084 29339564  77051348       28% /\n"
            ),
            ("/dev/vda", 77051348 / 1024**2),
        ),
        (HEAD, None),
        ("", None),
        ("df: /none: No such file or directory\n", None),
    ],
)
def test_df(output: str, seen: tuple[str, float] | None) -> None:
    assert parse_df(output) == seen


def test_the_real_df_is_understood(stub: StubHost, tmp_path: Path) -> None:
    seen = run_on(stub, host__disk_free_gib={"path": str(tmp_path), "at_least": 1}).get(host_disk)
    assert seen.free_gib > 0


def test_a_disk_that_is_not_there(stub: StubHost, tmp_path: Path) -> None:
    run = run_on(stub, host__disk_free_gib={"path": str(tmp_path / "no; such 'dir'"), "at_least": 1})
    with pytest.raises(Unmet) as unmet:
        run.get(host_disk)
    assert unmet.value.observed.endswith("/no; such 'dir': absent")
    assert "No such file" in unmet.value.note


def test_a_disk_below_a_directory_that_is_closed_to_us(plain: StubHost) -> None:
    path = str(plain.bin.parent / "closed" / "models")
    with pytest.raises(Unreachable, match="Permission denied"):
        run_on(plain, host__disk_free_gib={"path": path, "at_least": 1}).get(host_disk)


def test_memory_that_no_file_tells_is_no_lack_of_it() -> None:
    with pytest.raises(Unreachable, match="no file tells MemAvailable"):
        HostMemory.told(None, "MemAvailable")


def test_a_disk_that_df_does_not_tell_of(stub: StubHost) -> None:
    stub.command("df", "echo 'df: /: Input/output error' >&2; exit 1")
    with pytest.raises(Unreachable, match="Input/output error"):
        run_on(stub).get(host_disk)


def test_a_meminfo_that_tells_nothing_is_no_lack_of_memory(stub: StubHost, tmp_path: Path) -> None:
    (tmp_path / "meminfo").touch()
    with pytest.raises(Unreachable, match="meminfo"):
        run_on(stub, host__memory_gib={"path": str(tmp_path / "meminfo"), "at_least": 1}).get(host_memory)


def test_a_release_file_that_is_closed_to_us(stub: StubHost) -> None:
    stub.command("cat", "exit 1")
    with pytest.raises(Unreachable, match="may not read"):
        run_on(stub, host__release={"path": "/etc/hostname", "value": "x"}).get(host_release)
