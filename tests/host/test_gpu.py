"""The GPUs: what nvidia-smi lists, says besides, or cannot tell; and the kernel's driver, where it cannot."""

import pytest

from spark_conformance.core.verdict import Unmet, Unreachable
from spark_conformance.host import gpu
from spark_conformance.host.gpu import Gpu, Gpus, host_gpu, parse_gpus, parse_models
from tests.host.stubs import StubHost, run_on

LISTED = "NVIDIA GB10, [N/A], 580.126.09"
CORRUPTED = "WARNING: infoROM is corrupted at gpu 0000000F:01:00.0"
NO_DRIVER = (
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that it is running."
)
MISMATCH = "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 580.126"
NO_HANDLE = "Unable to determine the device handle for GPU0: 000F:01:00.0: Unknown Error\nNo devices were found"
IS_LOST = "Unable to determine the device handle for GPU0: 000F:01:00.0: GPU is lost. Reboot the system to recover"
NO_LIBRARY = (
    "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system. Please make sure, that it is, well, there"
)
INFORMATION = """Model: \t\t NVIDIA GB10
IRQ:   \t\t 311
GPU UUID: \t GPU-5ec2e7ca-5ec2-e7ca-5ec2-e7ca5ec2e7ca
Bus Location: \t 000f:01:00.0
GPU Excluded:\t No
"""


def _gpus(stub: StubHost, said: str, status: int, *, information: str = "") -> Gpus:
    stub.prints("nvidia-smi", said, status)
    stub.command("cat", f"case $1 in /proc/driver/*) printf '%s' '{information}' ;; *) exec /bin/cat \"$@\" ;; esac")
    return run_on(stub).get(host_gpu)


@pytest.mark.parametrize("memory", ["[N/A]", "[Not Supported]", "122880 MiB", "[Insufficient Permissions]"])
def test_memory_of_whatever_kind(stub: StubHost, memory: str) -> None:
    seen = _gpus(stub, f"NVIDIA GB10, {memory}, 580.95.05", 0)
    assert seen == Gpus((Gpu("NVIDIA GB10", memory, "580.95.05"),))
    assert seen.names == "NVIDIA GB10"


@pytest.mark.parametrize("said", [f"{LISTED}\n{CORRUPTED}", f"{CORRUPTED}\n{LISTED}"])
def test_a_gpu_with_a_warning_is_there_and_the_warning_is_told(stub: StubHost, said: str) -> None:
    seen = _gpus(stub, said, 14)
    assert (seen.names, seen.warning) == ("NVIDIA GB10", CORRUPTED)


@pytest.mark.parametrize("cell", ["[GPU requires reset]", "[GPU is lost]"])
def test_a_gpu_that_cannot_be_used_is_listed_and_of_no_use(stub: StubHost, cell: str) -> None:
    assert _gpus(stub, f"NVIDIA GB10, {cell}, {cell}", 0).names == f"NVIDIA GB10 {cell}"


def test_a_state_that_the_driver_does_not_know(stub: StubHost) -> None:
    with pytest.raises(Unreachable, match=r"lists NVIDIA GB10, and of its state \[Unknown Error\]"):
        _gpus(stub, "NVIDIA GB10, [Unknown Error], 580.95.05", 0)


@pytest.mark.parametrize(
    ("said", "status", "information"),
    [
        (NO_DRIVER, 9, ""),
        ("No devices were found", 6, ""),
        ("sh: nvidia-smi: not found", 127, ""),
        (NO_HANDLE, 255, ""),
        (IS_LOST, 15, INFORMATION),
    ],
)
def test_no_gpu(stub: StubHost, said: str, status: int, information: str) -> None:
    with pytest.raises(Unmet) as unmet:
        _gpus(stub, said, status, information=information)
    assert (unmet.value.fact, unmet.value.observed) == ("host.gpu", "no GPU")
    assert (said.split("\n", maxsplit=1)[0] in unmet.value.note) is (status != 127)


@pytest.mark.parametrize(("said", "status"), [("", 127), (NO_LIBRARY, 12), ("Insufficient Permissions", 4)])
def test_the_kernels_driver_tells_where_its_program_cannot_look(stub: StubHost, said: str, status: int) -> None:
    seen = _gpus(stub, said, status, information=INFORMATION)
    assert (seen.names, seen.warning.startswith("by the kernel's driver; ")) == ("NVIDIA GB10", True)


@pytest.mark.parametrize(
    ("said", "status"), [(MISMATCH, 18), (NO_HANDLE, 255), ("No devices were found", 6), (NO_DRIVER, 9)]
)
def test_a_driver_in_two_minds(stub: StubHost, said: str, status: int) -> None:
    with pytest.raises(Unreachable, match="the kernel's driver has NVIDIA GB10") as untold:
        _gpus(stub, said, status, information=INFORMATION)
    assert said.split("\n", maxsplit=1)[0] in untold.value.sentence


def test_the_kernel_is_asked_only_where_nothing_is_listed(stub: StubHost) -> None:
    stub.prints("nvidia-smi", LISTED)
    run_on(stub).get(host_gpu)
    assert gpu._KERNEL not in stub.backend.commands


@pytest.mark.parametrize(
    "garbage", ["", "\n", "No devices were found", "a, b", ",,\n", "NVIDIA-SMI has failed, because", NO_LIBRARY]
)
def test_what_is_no_gpu(garbage: str) -> None:
    assert parse_gpus(garbage) == ()


def test_the_files_of_the_kernels_driver() -> None:
    assert parse_models(INFORMATION * 2) == ("NVIDIA GB10", "NVIDIA GB10")
    assert parse_models("Model: \t\t Unknown\nIRQ: 5\n") == ("Unknown",)
    assert parse_models("cat: /proc: No such file") == ()
