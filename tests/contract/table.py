"""Both connectors side by side, as text for a note."""

from typing import Any

from tests.contract.observing import TIMES, observed, recorded
from tests.contract.varying import settled


def table(path: str | None, chosen: list[tuple[str, str]]) -> str:
    """What each scenario led to; where no genuine connector is at hand, its recording stands for it."""
    genuine = "cloudflared" if path else "cloudflared (recorded)"
    lines = [f"| scenario | what | stand-in | {genuine} | same |", "|---|---|---|---|---|"]
    for name, protocol in chosen:
        ours = settled(observed(None, name, protocol), name, protocol)
        theirs = settled(observed(path, name, protocol) if path else recorded(name, protocol), name, protocol)
        for key in [*ours, *(theirs.keys() - ours.keys())]:
            one, other = ours.get(key), theirs.get(key)
            same = "(time)" if key in TIMES else "yes" if one == other else "NO"
            lines.append(f"| {name} {protocol} | {key} | {_short(one)} | {_short(other)} | {same} |")
    return "\n".join(lines) + "\n"


def _short(value: Any) -> str:
    """A value in a cell: of a row its numbers, of a log how many different lines it has."""
    if isinstance(value, dict) and "total" in value:
        codes = ",".join(map(str, value["codes"])) or "none"
        return (
            f"{value['seen']}; +{value['total']}, errors +{value['errors']}, by code {codes}, {len(value['log'])} lines"
        )
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return f"{len(value)} lines"
    text = str(value).replace("|", "¦")
    return text if len(text) <= 60 else text[:57] + "…"
