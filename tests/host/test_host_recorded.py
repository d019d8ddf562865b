"""The machine on a host of recordings: its clock, its memory and disk, its GPUs, and the connector's counters."""

from types import SimpleNamespace
from typing import Any

import pytest

from spark_conformance.core.verdict import NotApplicable, Unmet, Unreachable
from spark_conformance.host import clock
from spark_conformance.host.clock import ClockSkew, ClockSync, host_clock_skew, host_clock_sync
from spark_conformance.host.clock_keepers import Keepers, keepers
from spark_conformance.host.connection import target_host
from spark_conformance.host.counters import Counters, Moved, together
from spark_conformance.host.gpu import Gpu, Gpus, host_gpu, parse_gpus
from spark_conformance.host.machine import Machine, Release, host_release, machine
from spark_conformance.host.pulumi import HostPulumi, host_pulumi
from spark_conformance.host.resources import HostDisk, HostMemory, host_disk, host_memory, parse_meminfo
from spark_conformance.repository.jobs import Job
from spark_conformance.repository.workflow import Workflow, workflow
from tests.host.recorded import Recorded, Said, seen_on
from tests.host.stubs import run_on

# --- the clock


@pytest.mark.parametrize(
    ("date", "ahead_s", "uncertain_s"), [("1006.5", 5.5, 1.0), ("998.25\n", -2.75, 1.0), ("1006.%N", 5.5, 1.5)]
)
def test_a_clock_is_read_half_a_round_trip_after_it_was_asked(
    monkeypatch: pytest.MonkeyPatch, date: str, ahead_s: float, uncertain_s: float
) -> None:
    monotonic = iter([50.0, 52.0] * 3)
    monkeypatch.setattr(clock, "time", SimpleNamespace(time=lambda: 1000.0, monotonic=lambda: next(monotonic)))
    there = Recorded({"date": date})
    assert seen_on(there).get(host_clock_skew) == ClockSkew(ahead_s, uncertain_s)
    assert there.options == [{"fresh": True}] * 3


UNITS = """systemd-timesyncd.service loaded active running Network Time Synchronization
ptp4l.service loaded active running Precision Time Protocol
openntpd.service loaded active running x
not-ptp4l.service loaded active running x

"""


def test_the_programs_that_may_keep_a_clock() -> None:
    row = "C0A80105,ntp.example,3" + ",0" * 11
    seen = keepers(Recorded({"chronyc": row, "stat -c": "9", "list-units": UNITS}))
    assert [keeper.name for keeper in seen.answered] == ["chronyd", "systemd-timesyncd"]
    assert seen.silent == ("ptp4l.service", "openntpd.service")
    assert keepers(Recorded({"stat -c": "9", "list-units": "cron.service loaded"})) == Keepers((), ())


def test_systemds_own_word_is_told() -> None:
    assert seen_on(Recorded({"timedatectl": " yes\n"})).get(host_clock_sync) == ClockSync(True, "yes")
    seen = seen_on(Recorded({"timedatectl": "no\n", "list-units": ""})).get(host_clock_sync)
    assert seen == ClockSync(False, "systemd says no")


# --- memory, disk, names


MEMINFO = "MemTotal:       8388608 kB\nMemAvailable:    1048576 kB\n"


def test_memory_where_only_one_of_its_facts_is_stated() -> None:
    there, at = Recorded(files={"/m": MEMINFO}), {"path": "/m", "at_least": 1}
    alone = {"host__memory_available_gib": None, "host__memory_gib": None}
    assert seen_on(there, **{**alone, "host__memory_gib": at}).get(host_memory) == HostMemory(8.0, None)
    assert seen_on(there, **{**alone, "host__memory_available_gib": at}).get(host_memory) == HostMemory(None, 1.0)
    both = {"host__memory_gib": at, "host__memory_available_gib": at}
    assert seen_on(there, **both).get(host_memory) == HostMemory(8.0, 1.0)
    assert len(there.commands) == 3


def test_a_file_that_tells_nothing_of_memory_is_named() -> None:
    at = {
        "host__memory_gib": {"path": "/a", "at_least": 1},
        "host__memory_available_gib": {"path": "/b", "at_least": 1},
    }
    with pytest.raises(Unreachable, match="on the host /b says nothing about its memory"):
        seen_on(Recorded(files={"/a": MEMINFO, "/b": "x"}), **at).get(host_memory)
    assert parse_meminfo("MemTotal: 7 kB\nMemFree:\t8 kB\n MemX: 9 kB\n") == {"MemTotal": 7}
    assert HostMemory.told(0.0, "x") == 0.0


DF = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/a 9 9 1048576 1% /x\n"


@pytest.mark.parametrize(
    ("df", "files", "seen"),
    [
        (DF, {"/x": ""}, HostDisk("/x", "/dev/a", 1.0)),
        ((1, DF, "df: /x: closed"), {"/x": ""}, "closed; `dmesg` there may say what is wrong"),
        ((1, "", "df: no such"), {}, "/x: absent"),
        ("odd", {"/x": ""}, "odd; `dmesg` there"),
    ],
)
def test_the_room_on_a_disk(df: Said, files: dict[str, str], seen: HostDisk | str) -> None:
    run = seen_on(Recorded({"df -kP": df}, files), host__disk_free_gib={"path": "/x", "at_least": 1})
    if isinstance(seen, HostDisk):
        assert run.get(host_disk) == seen
    else:
        with pytest.raises((Unmet, Unreachable), match=seen):
            run.get(host_disk)


def test_a_machine_and_its_release() -> None:
    there = Recorded({"true": "", "hostname": "spark\n", "uname": (1, "", "x")}, {"/r": "A='1'\nMY_SERIAL=7\n"})
    assert seen_on(there).get(machine) == Machine(True, "spark", "")
    assert seen_on(Recorded()).get(machine) == Machine(False, "", "")
    run = seen_on(there, host__release={"path": "/r", "value": "x"})
    assert run.get(host_release) == Release("/r", {"A": "1"})
    assert Machine(True, "spark", "").told("hostname", "spark") == "spark"


# --- GPUs


LISTED = "NVIDIA GB10, [N/A], 580.126.09"


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        (f"{LISTED}\n", Gpus((Gpu("NVIDIA GB10", "[N/A]", "580.126.09"),))),
        (f"{LISTED}\n\n  \n note \nmore\n", Gpus((Gpu("NVIDIA GB10", "[N/A]", "580.126.09"),), "note more")),
        ((14, LISTED, "it is corrupted"), Gpus((Gpu("NVIDIA GB10", "[N/A]", "580.126.09"),), "it is corrupted")),
        ((0, LISTED, "a word beside"), Gpus((Gpu("NVIDIA GB10", "[N/A]", "580.126.09"),), "")),
    ],
)
def test_what_is_said_beside_the_gpus(said: Said, seen: Gpus) -> None:
    assert seen_on(Recorded({"nvidia-smi": said})).get(host_gpu) == seen


def test_gpus_that_cannot_be_used_are_told_with_why() -> None:
    lost, reset = Gpu("A", "[GPU is lost]", "[GPU requires reset]"), Gpu("B", "8 MiB", "1.2")
    assert Gpus((lost, reset)).names == "A [GPU is lost] [GPU requires reset], B"
    untold = "A, 8 MiB, 1.2\nB, 8 MiB, [Unknown Error]\n[Unknown Error], 1, 1.2"
    with pytest.raises(Unreachable, match=r"lists B, \[Unknown Error\], and of its state"):
        seen_on(Recorded({"nvidia-smi": untold})).get(host_gpu)
    assert parse_gpus("a, , 1.2\na, b, c\na, b, 1, 2\n") == ()


# --- the way there


def test_of_several_hosts_none_is_asked_for_all() -> None:
    replicas = [{"name": name, "ssh": {"host": name}} for name in ("a", "b")]
    run = run_on(None, target__ssh=None, target__replicas=replicas)
    with pytest.raises(Unreachable) as told:
        run.get(target_host)
    assert (told.value.cause, told.value.owner) == ("target.replicas", "host.reachable")
    assert told.value.sentence == "the target has several hosts (a, b), and this cannot be told of all of them at once"


# --- counters


def counters(total: int, who: str = "a", **codes: int) -> Counters:
    return Counters(who, total, 1, {code.removeprefix("c"): count for code, count in codes.items()})


def test_counters_that_did_not_move_and_codes_that_are_new() -> None:
    assert counters(10, c200=9).since(counters(10, c200=9)) == Moved(0, 0, {})
    assert counters(12, c200=9, c502=1).since(counters(10, c200=9)) == Moved(2, 0, {"502": 1})
    with pytest.raises(Unreachable, match=r"while its counters were watched \(a, then b\)"):
        counters(10, "b").since(counters(10))
    with pytest.raises(Unreachable, match=r"\(a, then a\)"):
        counters(9).since(counters(10))


@pytest.mark.parametrize(
    ("moved", "under_way"),
    [(Moved(3, 1, {"200": 1}), 1), (Moved(3, 0, {"200": 1, "403": 2}), 0), (Moved(1, 1, {"502": 1}), 0)],
)
def test_what_is_under_way_is_never_less_than_nothing(moved: Moved, under_way: int) -> None:
    assert moved.under_way == under_way
    assert together([moved, Moved(1, 2, {"200": 1})]).total == moved.total + 1
    assert together([moved, Moved(1, 2, {"200": 1})]).errors == moved.errors + 2
    assert together([Moved(1, 0, {"200": 1}), Moved(1, 0, {"200": 2, "403": 1})]).by_code == {"200": 3, "403": 1}


# --- pulumi


@pytest.mark.parametrize(
    ("path", "seen", "told"),
    [
        ("/usr/bin/pulumi\n", None, HostPulumi("/usr/bin/pulumi", False, "it is on the host, at /usr/bin/pulumi")),
        ("", True, HostPulumi("", True, "it is not on the host; w.yml installs it")),
        ("", False, HostPulumi("", False, "it is not on the host; w.yml does not install it either")),
        ("", Unmet("pipeline.workflow", "absent"),
         HostPulumi("", False, "it is not on the host, and no workflow installs it")),
        ("", NotApplicable("x"), HostPulumi("", False, "it is not on the host, and no workflow installs it")),
    ],
)  # fmt: skip
def test_where_pulumi_is(path: str, seen: Any, told: HostPulumi) -> None:
    jobs = (Job("a", (), brings_pulumi=seen),) if isinstance(seen, bool) else ()
    own = Workflow("w.yml", None, manual=True, inputs=(), unused_inputs=(), jobs=jobs) if jobs else seen
    found = seen_on(Recorded({"command -v pulumi": path}), {workflow: own}).get(host_pulumi)
    assert (found, found.available) == (told, bool(path) or seen is True)
