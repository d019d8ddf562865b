"""Checks of the machine itself, as its shell shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spark_conformance.core.judging import Judge
    from spark_conformance.host.clock import ClockSkew, ClockSync
    from spark_conformance.host.gpu import Gpus
    from spark_conformance.host.machine import Machine, Release
    from spark_conformance.host.pulumi import HostPulumi
    from spark_conformance.host.resources import HostDisk, HostMemory
    from spark_conformance.host.sudo import SudoRights


@pytest.mark.fact("host.reachable")
def test_reachable(judge: Judge, machine: Machine) -> None:
    """A command sent to the host's shell does not come back, or fails.

    With [target.local] it is the shell of this machine.

    Not seen here: other ways to the machine than this one, such as the runner's own.
    """
    judge(machine.answered)


@pytest.mark.fact("host.hostname")
def test_hostname(judge: Judge, machine: Machine) -> None:
    """A machine that is not the documented one answers, or somebody renamed it.

    With [target.local] it is the machine that the suite runs on. Not seen: another machine with the same name; its
    host key tells the two apart, and SSH looks at that.
    """
    name = machine.told("hostname", machine.hostname)
    judge(name, ok=machine.is_named(judge.expect))


@pytest.mark.fact("host.sudo")
def test_sudo(judge: Judge, sudo_rights: SudoRights) -> None:
    """The suite's user may not run the service commands without a password, so a deployment stops half way.

    Of several rules about a command the last counts. Not seen: the runner's own rights, where it runs as another
    user than we log in as.
    """
    seen = sudo_rights
    refused = ", ".join(command for command in seen.refused if command not in seen.asking)
    said = f" ({seen.said})" if seen.said else ""
    notes = [f"sudo would not run: {refused}{said}"] if refused else []
    notes += [f"sudo would ask for a password: {', '.join(seen.asking)}"] if seen.asking else []
    judge(seen.allowed, note="; ".join(notes))


@pytest.mark.fact("host.release")
def test_release(judge: Judge, host_release: Release) -> None:
    """The release file does not call this machine what the document does: it is another one, or was installed again.

    DGX OS writes the file. Any of its values counts.

    Not seen here: that the file was copied from another machine.
    """
    values = host_release.values
    wanted = judge.expect.value
    judge(wanted if wanted in values.values() else values.get("DGX_NAME", "other values"), ok=wanted in values.values())


@pytest.mark.fact("host.architecture")
def test_architecture(judge: Judge, machine: Machine) -> None:
    """Another processor than documented: SSH leads to another machine, and the installed binaries do not fit it.

    Not seen here: that the shell is emulated: the kernel names the emulated processor to it.
    """
    judge(machine.told("uname -m", machine.architecture))


@pytest.mark.fact("host.gpu")
def test_gpu(judge: Judge, host_gpu: Gpus) -> None:
    """The driver shows another GPU, or none: inference then runs on the CPU, at a crawl.

    Not seen here: whether it works; ollama.gpu_share and ollama.generates show that.
    """
    judge(host_gpu.names, note=host_gpu.warning)


@pytest.mark.fact("host.memory_gib")
def test_memory(judge: Judge, host_memory: HostMemory) -> None:
    """The kernel sees less memory than the machine should have: a limit at boot, a fault, or another machine.

    Not seen here: how much of it a service may use (`MemoryMax=`), and whether it is sound.
    """
    judge(host_memory.told(host_memory.total_gib, "MemTotal"), note=f"MemTotal in {judge.expect.path}")


@pytest.mark.fact("host.memory_available_gib")
def test_memory_available(judge: Judge, host_memory: HostMemory) -> None:
    """Memory is about to run out, and the kernel may kill the model or the tunnel next.

    Not seen here: a peak between two looks, and a service's own limit (`MemoryMax=`).
    """
    judge(host_memory.told(host_memory.available_gib, "MemAvailable"), note=f"MemAvailable in {judge.expect.path}")


@pytest.mark.fact("host.disk_free_gib")
def test_disk_free(judge: Judge, host_disk: HostDisk) -> None:
    """The disk is nearly full: the next deployment, model or log line may not fit.

    Not seen: a lack of inodes (`df -i`), quotas, a filesystem that was mounted read-only after an error, and other
    filesystems, such as one of its own for the models.
    """
    judge(host_disk.free_gib, note=f"{host_disk.path} is on {host_disk.device}")


@pytest.mark.fact("host.clock_synchronised")
def test_clock_synchronised(judge: Judge, host_clock_sync: ClockSync) -> None:
    """Nothing keeps the host's clock in time.

    Not seen: whether the clock that it follows is right; host.clock_skew_s compares it with this machine's.
    """
    judge(host_clock_sync.synchronised, note=host_clock_sync.said)


@pytest.mark.fact("host.clock_skew_s")
def test_clock_skew(judge: Judge, host_clock_skew: ClockSkew) -> None:
    """The host's clock is off, or this machine's is.

    Not seen: both clocks off by the same.
    """
    skew = host_clock_skew
    where = "ahead of" if skew.ahead_s > 0 else "behind"
    told = f"the host is {abs(skew.ahead_s):.2f} s {where} this machine, give or take {skew.uncertain_s:.2f} s"
    judge(abs(skew.ahead_s), ok=skew.within(judge.expect.at_most), note=told)


@pytest.mark.fact("host.pulumi")
def test_pulumi(judge: Judge, host_pulumi: HostPulumi) -> None:
    """Deployments cannot read the tunnel's token.

    Not seen here: whether it starts, and which version it is, as it is looked for and not run; whether the runner's
    user finds it, too.
    """
    judge(host_pulumi.available, note=host_pulumi.told)
