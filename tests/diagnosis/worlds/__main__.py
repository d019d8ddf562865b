"""Draw worlds, ask a lab who answers in them and why, and hold the diagnosis against it.

`python -m tests.diagnosis.worlds --count 1000` tries a thousand, others each day; `--seed N` those of that number.
`--these A+B` tries a world of these settings, `--again` every recorded one. `--record` keeps what fails, made smaller,
in tests/diagnosis/worlds/recorded, where it stays a test; and `--these` as they are, whether they fail or not.
`--list` names the settings. Ends with 0 where nothing was said wrongly and at least 95 % of what decides was named, 1
otherwise, 2 for what it does not understand, 130 after Ctrl-C, which still shows what was found.
"""

import argparse
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

import httpx

from spark_conformance.observations import load_observations
from tests.diagnosis.worlds import drawing, recorded
from tests.diagnosis.worlds.making import Maker, World
from tests.diagnosis.worlds.recorded import Recorded
from tests.diagnosis.worlds.setting import SETTINGS
from tests.diagnosis.worlds.trying import Tried, attempt, smaller
from tests.labs import running

LEAST = 0.95
"""The share of worlds in which what decides must be among the causes named."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.diagnosis.worlds", description=__doc__)
    parser.add_argument("--count", type=int, default=50, metavar="N", help="how many worlds to draw (50)")
    today = datetime.now(UTC).date().toordinal()
    parser.add_argument("--seed", type=int, default=today, metavar="N", help="which ones (others each day)")
    parser.add_argument("--cheap", action="store_true", help="draw no setting of the host")
    parser.add_argument("--these", nargs="+", metavar="A+B", help="worlds of these settings in place of drawn ones")
    parser.add_argument("--again", action="store_true", help="the recorded worlds in place of drawn ones")
    parser.add_argument("--record", action="store_true", help="keep the worlds that fail, and write recorded ones anew")
    parser.add_argument("--list", action="store_true", help="name the settings, and try nothing")
    asked = parser.parse_args()
    if asked.list:
        return _list()
    try:
        worlds = _worlds(asked)
    except KeyError as unknown:
        parser.error(f"there is no setting {unknown}; --list names them")
    load_observations()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell's `&` leaves it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    found: list[Tried] = []
    try:
        _try(worlds, found, record=asked.record, every=bool(asked.these))
    except KeyboardInterrupt:
        _show(found, asked.seed)
        return 130
    except httpx.HTTPError as gone:
        sys.stderr.write(f"\nthe lab does not answer any more ({type(gone).__name__}); what was found until then:\n")
        _show(found, asked.seed)
        return 1
    _show(found, asked.seed)
    return 0 if _share(found) >= LEAST and not any(one.wrong for one in found) else 1


def _worlds(asked: argparse.Namespace) -> list[World]:
    if asked.again:
        return [recorded.read(path).all for path in recorded.everything()]
    if asked.these:
        return [drawing.named(names) for names in asked.these]
    return list(drawing.drawn(asked.seed, asked.count, cheap=asked.cheap))


def _try(worlds: list[World], found: list[Tried], *, record: bool, every: bool) -> None:
    kept = {recorded.read(path).all: recorded.read(path).said for path in recorded.everything()}
    begun = time.monotonic()
    with running() as lab, Maker(lab) as maker:
        for number, world in enumerate(worlds, start=1):
            tried = attempt(maker, world)
            found.append(tried)
            if tried.wrong or tried.missed or tried.problem:
                sys.stdout.write(f"{_told(tried)}\n")
                sys.stdout.flush()
            if record and (every or world in kept or tried.wrong or tried.missed):
                _record(maker, tried, kept, as_it_is=every)
            _progress(number, len(worlds), found, begun)
    sys.stderr.write("\n")


def _record(maker: Maker, tried: Tried, kept: dict[World, tuple[str, ...]], *, as_it_is: bool) -> None:
    """Keep a world: made smaller where it is new."""
    least = tried if as_it_is or tried.world in kept else smaller(maker, tried)
    if least.judgement is None or least.truth is None or least.scene is None:
        return
    missed = ("not named", *least.judgement.told) if least.missed else ()
    said = kept.get(least.world) or least.judgement.wrong or missed
    path = Recorded.of(least.world, least.truth, least.scene, said).write()
    kept[least.world] = said
    sys.stdout.write(f"  recorded: {path.name}\n")


def _progress(number: int, count: int, found: list[Tried], begun: float) -> None:
    left = (time.monotonic() - begun) / number * (count - number)
    wrong = sum(one.wrong for one in found)
    told = f"{number}/{count} worlds, {wrong} wrong, {_share(found):.1%} named, {left / 60:.0f} min left"
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{told} \033[K")
    elif number % 25 == 0 or number == count:
        sys.stderr.write(f"{told}\n")
    sys.stderr.flush()


def _share(found: Iterable[Tried]) -> float:
    """Of the worlds in which something decides and nothing is hidden, the share in which it was named."""
    open_ = [one.judgement.named for one in found if one.judgement and not one.hidden]
    asked = [named for named in open_ if named is not None]
    return sum(asked) / len(asked) if asked else 1.0


def _told(tried: Tried) -> str:
    """A world that failed, in a few lines."""
    if tried.judgement is None or tried.truth is None:
        return f"NOT MADE {drawing.name(tried.world)}\n  {tried.problem}"
    deciding = ", ".join(sorted(one.name for one in tried.truth.deciding())) or "nothing"
    wrong = "; ".join(tried.judgement.wrong) or "what decides is not named"
    return (
        f"{'WRONG' if tried.wrong else 'MISSED'} {drawing.name(tried.world)}\n"
        f"  {tried.truth.answered} by {deciding}: {wrong}\n  told: {'; '.join(tried.judgement.told) or 'no cause'}"
    )


def _show(found: list[Tried], seed: int) -> None:
    judged = [one.judgement for one in found if one.judgement]
    asked = [one for one in found if one.judgement and one.judgement.named is not None and not one.hidden]
    rows = {
        "worlds": len(found),
        "of these not made": len(found) - len(judged),
        "answered as in health": sum(one.named is None for one in judged),
        "with a view closed": sum(one.hidden for one in found),
        "something decides, all is seen": len(asked),
        "named": f"{sum(bool(one.judgement and one.judgement.named) for one in asked)} ({_share(found):.1%})",
        "no cause for what decides": sum(bool(one.judgement and one.judgement.nameless) for one in asked),
        "said wrongly": sum(one.wrong for one in found),
    }
    width = max(map(len, rows))
    sys.stdout.write(f"\nseed {seed}\n" + "".join(f"{name:{width}}  {value}\n" for name, value in rows.items()))
    _count("wrong", Counter(sentence for one in judged for sentence in one.wrong))
    missed = (setting.name for one in found if one.missed and one.truth for setting in one.truth.deciding())
    _count("not named", Counter(missed))


def _count(what: str, counted: Counter[str]) -> None:
    for name, times in counted.most_common():
        sys.stdout.write(f"{what}: {name}{f' ({times})' if times > 1 else ''}\n")


def _list() -> int:
    for one in SETTINGS.values():
        causes = ", ".join(sorted(one.causes)) or ("closes a view" if one.hides else "no cause")
        sys.stdout.write(f"{one.name:36} {one.part:16} {causes}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
