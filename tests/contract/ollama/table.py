"""The contract as a table: how many answers are as recorded, and which are not."""

from tests.contract.ollama.asking import Answer
from tests.contract.ollama.differences import DIFFERENT
from tests.contract.ollama.observing import observed
from tests.contract.ollama.recordings import GENERATION, REQUESTS, load

KINDS = (
    ("host=", "Host headers"),
    ("origin=", "Origins"),
    ("nohost", "Host headers"),
    ("two hosts", "Host headers"),
    ("absolute", "Host headers"),
    ("/", "bodies"),
)
_METHODS = "methods and paths"


def kind_of(case: str) -> str:
    """The group that a case of the requests belongs to."""
    return next((kind for start, kind in KINDS if case.startswith(start)), _METHODS if case[:3].isupper() else "others")


def table(path: str | None) -> str:
    """Of the stand-in, or of the program at this path, in Markdown."""
    who = "stand-in" if path is None else path.rpartition("/")[2]
    lines = [f"| recording | setting | cases | {who}: as recorded |", "|---|---|---|---|"]
    odd: dict[tuple[str, str], str] = {}
    for name in (REQUESTS, GENERATION):
        recording = load(name)
        for setting, answers in recording.answers.items():
            found = observed(path, name, setting)
            groups: dict[str, list[str]] = {}
            for case in answers:
                groups.setdefault(name if name == GENERATION else kind_of(case), []).append(case)
            for group, cases in groups.items():
                same = [case for case in cases if found[case] == answers[case]]
                lines.append(f"| {group} | {setting} | {len(cases)} | {len(same)} |")
            odd |= {
                (name, case): _apart(answers[case], found[case]) for case in answers if found[case] != answers[case]
            }
    lines += ["", "| otherwise | recorded | answered | why |", "|---|---|---|---|"]
    for (name, case), told in odd.items():
        lines.append(f"| {case} | {told} | {DIFFERENT[name].get(case, 'NOT EXPLAINED')} |")
    return "\n".join(lines) + "\n"


def _apart(recorded: Answer, found: Answer) -> str:
    """What is different, in two cells: the status, or else headers and body."""
    if recorded.status != found.status:
        return f"{recorded.status} | {found.status}"
    pairs = [*zip(_lines(recorded), _lines(found), strict=False)]
    one, other = next(((one, other) for one, other in pairs if one != other), ("", ""))
    return f"{_short(one)} | {_short(other)}"


def _lines(answer: Answer) -> list[str]:
    return [*answer.headers, *answer.body.splitlines(), ""]


def _short(text: str) -> str:
    cell = text.replace("|", "¦")
    return cell if len(cell) <= 80 else cell[:77] + "…"
