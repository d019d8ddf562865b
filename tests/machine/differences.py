"""Where the two engines of the lab's host give different verdicts, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from spark_conformance.facts.model import needing
from spark_lab.faults.fault import Fault


@dataclass(frozen=True)
class Difference:
    """Facts that are conformant on the process engine and that nobody can look at on the machine."""

    reason: str
    unverified: frozenset[str]


ONLY_ROOT_READS = Difference(
    "on the machine only root may read the drop-in with the token, or look into /root; the process engine has one user",
    needing("cloudflared.token_present")
    | {"cloudflared.token_variable", "cloudflared.token_present", "cloudflared.local_config"},
)
DIFFERENCES: Mapping[str, Difference] = {
    "sudo-asks": ONLY_ROOT_READS,
    "sudo-missing": ONLY_ROOT_READS,
}
"""By the name of the fault. A difference that is not here is a bug in one of the engines."""
NONE = Difference("", frozenset())


def unverified_on_machine(fault: str) -> frozenset[str]:
    """What a fault keeps from being looked at on the machine, beyond what it does on the process engine."""
    return DIFFERENCES.get(fault, NONE).unverified


def on_machine(fault: Fault) -> Fault:
    """A fault as it shows on the machine."""
    return replace(fault, unverified=fault.unverified | unverified_on_machine(fault.name))
