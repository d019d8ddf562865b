"""A diagnosis on one screen."""

from dataclasses import replace

import pytest

from spark_conformance.diagnosis.model import Diagnosis, Hop, HopState, HopView
from spark_conformance.diagnosis.terminal import MARKUP, TALLEST, failure, fit, hop_text, screen
from tests.diagnosis_report.recorded import KINDS, diagnosis


def text(shown: Diagnosis, width: int = 116, *, commands: bool = False) -> str:
    return "\n".join("".join(part for part, _ in line) for line in screen(shown, width, commands=commands))


def flat(shown: Diagnosis, *, commands: bool = False) -> str:
    return " ".join(text(shown, 2000, commands=commands).split())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [80, 116])
def test_it_fits_one_screen(kind: str, width: int) -> None:
    lines = screen(diagnosis(kind), width, commands=True)
    assert len(lines) <= TALLEST
    breakable = [line for line in lines if " " in line[-1][0]]
    assert max(sum(len(part) for part, _ in line) for line in breakable) <= width
    assert {style for line in lines for _, style in line} <= set(MARKUP)


def test_too_much_is_cut_to_one_screen_and_says_so() -> None:
    whole = diagnosis("as_documented")
    named = whole.causes[0]
    crowded = replace(whole, causes=(replace(named, supports=named.supports * 5),) * 2 + whole.findings * 2)
    assert len(screen(crowded, 116, commands=False)) <= TALLEST
    assert "more, in the report" in text(crowded)
    assert "made in 2.3 s" in text(crowded)


def test_what_no_screen_holds_ends_in_the_report() -> None:
    whole = diagnosis("as_documented")
    lines = screen(replace(whole, causes=whole.causes * 12), 80, commands=False)
    assert len(lines) == TALLEST
    assert lines[-1] == [("  the rest is in the report", "faint")]


def test_the_documented_403_is_answered_by_ollama() -> None:
    told = flat(diagnosis("as_documented"))
    for said in (
        "Why is GET https://ollama.goldfish.io/api/tags with the service token answered 403?",
        "→ 403, empty body, by Ollama, not by Access",
        "dns ✓ ─ tls ✓ ─ edge ✓ ─ access ✓ ─ tunnel ✓ ─ cloudflared ✓ ─ [ollama: 403]",
        "CAUSE (proven, at cloudflared): the ingress sends the public Host header",
        "for replayed on the host with Host localhost:11434, it answers 200",
        "document its ingress (section Tunnel Configuration) has no httpHostHeader",
        "remedy originRequest.httpHostHeader of the ingress rule for ollama.goldfish.io: localhost:11434",
        "by hand Zero Trust > Networks > Tunnels",
        "or PUT /accounts/",
        "WRONG AS WELL (proven): everyone gets past Access",
        "COULD NOT SEE api.rules, api.logs; the proof does not need it",
    ):
        assert said in told


def test_a_command_is_told_only_where_the_suite_has_it() -> None:
    command = "command pytest checks/ -m tunnel --remediate"
    assert command in flat(diagnosis("as_documented"), commands=True)
    assert "--remediate" not in flat(diagnosis("as_documented"))


def test_what_is_met_next_stands_after_what_answers() -> None:
    told = flat(diagnosis("access_then_ollama"))
    assert told.index("CAUSE (proven, at access)") < told.index("MET NEXT (proven, at cloudflared)")
    assert "[access: 403] ─ tunnel · ─ cloudflared · ─ ollama ·" in told


def test_what_cannot_be_told_apart_is_listed_with_what_would_decide() -> None:
    told = flat(diagnosis("edge_undetermined"))
    assert "ONE OF THESE: nothing shows which edge a custom rule of the zone stops the request" in told
    assert "decided by which part of the firewall logged this very request" in told
    assert "api.rules the API token lacks Zone WAF Read for goldfish.io; add that permission" in told
    assert "CAUSE (" not in told


def test_views_that_are_closed_for_one_reason_are_told_together() -> None:
    told = flat(diagnosis("lab_edge_rule"))
    assert "api.zone, api.access, api.tunnel, api.rules, api.logs the API token of" in told
    assert told.count("may not read the zone") == 1


def test_what_is_only_likely_is_not_called_proven() -> None:
    told = flat(diagnosis("from_outside"))
    assert "CAUSE (likely, at cloudflared)" in told
    assert "proven" not in told
    assert "cloudflared ? ─ ollama ?" in told
    assert "reached the tunnel, provably; which hop answered is not known" in told
    assert told.count("whether the connector counted them as errors") == 1


def test_no_answer_is_told_at_its_hop() -> None:
    assert "[tls: ✗]" in flat(diagnosis("tls_expired"))


def test_a_good_answer_needs_no_cause() -> None:
    shown = diagnosis("well")
    assert "NOTHING TO EXPLAIN" in flat(shown)
    answered = next(view for view in shown.hops if view.state == "answered")
    assert hop_text(answered, shown) == ("[ollama: 200]", "good")


def test_nothing_seen_is_no_cause() -> None:
    assert "CAUSE UNDETERMINED" in flat(diagnosis("nothing_seen"))


@pytest.mark.parametrize(
    ("state", "style"), [("passed", "good"), ("answered", "bad"), ("not reached", "faint"), ("unknown", "open")]
)
def test_each_state_of_a_hop_has_its_style(state: HopState, style: str) -> None:
    shown = diagnosis("as_documented")
    view = HopView(Hop.EDGE, state, "")
    assert hop_text(view, shown)[1] == style


def test_symbols_that_a_terminal_cannot_show_are_written_out() -> None:
    told = "dns ✓ ─ [tls: ✗] → a — b … 火"
    assert fit(told, "utf-8") == told
    assert fit(told, "ascii") == "dns ok - [tls: failed] -> a - b ... ?"
    assert fit("plain", "ascii") == "plain"


def test_a_failure_is_one_sentence() -> None:
    told = "".join(part for line in failure("ValueError: no", 2000) for part, _ in line)
    assert told == "the diagnosis failed: ValueError: no. This does not affect the verdicts above."
