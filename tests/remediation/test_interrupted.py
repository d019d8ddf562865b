"""Ctrl-C in the midst of an apply, as a person presses it, and the way back."""

import sys
from pathlib import Path

from spark_conformance.core.verdict import Verdict
from spark_lab.announcement import Announcement
from spark_lab.faults import FAULTS, inflict
from tests.end_to_end.session import LEAN, project
from tests.labs import check_system
from tests.remediation.terminal import Terminal

ELSEWHERE = ["host", "access", "public", "dns", "pipeline"]
"""What a run that remedies would look at besides, as it was before and is afterwards."""


def test_it_tells_how_far_it_came_and_the_next_run_and_undo_know(lab: Announcement, tmp_path: Path) -> None:
    inflict(lab, [FAULTS["ollama-stopped"], FAULTS["cloudflared-stopped"]])
    place = project(tmp_path)
    (place / "mine.toml").write_text(f'extends = "{lab.target}"\nwithout = {ELSEWHERE}\n')
    command = [sys.executable, "-m", "pytest", *LEAN, "checks/", "--target", "mine.toml", "-m"]
    with Terminal([*command, "ollama or cloudflared", "--remediate", "apply"], place) as terminal:
        shown = terminal.until("remediating: restart cloudflared")
        assert shown.index("will change on") < shown.index("remediating: restart ollama")
        assert "Type its name" not in shown, "a lab that proves itself is changed unasked"
        terminal.press("\x03")
        terminal.until("interrupted: undoing what was begun")
        assert terminal.ends() == 2
    undo = "pytest checks/ --target mine.toml --remediate undo"
    told = terminal.shown[terminal.shown.index("REMEDIATION  INTERRUPTED") :]
    assert "2 made, " in told, told
    assert undo in " ".join(told.split())

    with Terminal([*command, "ollama", "--remediate", "undo"], place) as terminal:
        header = terminal.until("rootdir:")
        assert "AN UNFINISHED REMEDIATION of" in header
        assert "made        restart ollama.service" in header
        assert "not begun   wait until the connector" in header
        terminal.ends()
    assert "REMEDIATION  UNDONE" in terminal.shown
    findings = check_system(place / "mine.toml")
    assert findings["ollama.active"].verdict == findings["cloudflared.active"].verdict == Verdict.NONCONFORMANT
